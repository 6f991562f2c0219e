package main

import (
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

//go:embed plugin
var plugin embed.FS

// What it costs to watch: the kernels under subscriptions in Go, against the same
// without, and against qemu with a plugin that does as much.

// The kernels do less when they are watched: much less where each event is told,
// but enough for what costs little to be seen.
const (
	lightScale = 0.5
	heavyScale = 0.05
)

// light are the modes of the program watch that cost little, besides nothing and
// scripts; heavy are the others.
var (
	light = []string{"none", "count", "sizes"}
	heavy = []string{"none", "insn", "tb", "mem", "batch"}
)

// The scripts: one that hardly ever calls Lua, and one that does nothing.
const (
	rareScript = `panda.on("insn_exec", {mnemonic = "syscall"}, function() end)`
	noScript   = `return`
)

// price is a column: the ratio of two peers' times, or for per the nanoseconds
// that an event of that mode takes.
type price struct {
	head, a, b string
	per        bool
}

var prices = []price{
	{"count insns", "light count", "light none", false},
	{"count accesses by size", "light sizes", "light none", false},
	{"Lua on `syscall`", "lua", "no lua", false},
	{"ns per call on insn", "insn", "none", true},
	{"call on TB / qemu", "tb", "qemu-tb", false},
	{"batch of accesses / qemu", "batch", "qemu-mem", false},
	{"call on access / qemu", "mem", "qemu-mem", false},
	{"call on insn / qemu", "insn", "qemu-insn", false},
}

// benchWatch prints the table of prices.
func benchWatch(o *options, dir string) error {
	few, many, err := buildWatch(o, dir)
	if err != nil {
		return err
	}
	small, large := *o, *o
	small.scale *= heavyScale
	large.scale *= lightScale
	t := &priceTable{peers: append(slices.Clone(few), many...), means: make([]means, len(prices))}
	t.heading(o)
	for _, w := range works {
		if w.size == 0 || !o.match.MatchString(w.name) {
			continue
		}
		insns, err := countInsns(&small, dir, w)
		if err != nil {
			return err
		}
		t.row(w.name, append(measure(&large, dir, w, few), measure(&small, dir, w, many)...), insns)
	}
	return t.finish()
}

// buildWatch makes what runs the programs: what costs little, and what costs much.
func buildWatch(o *options, dir string) (few, many []peer, err error) {
	if _, err := build(o, dir); err != nil {
		return nil, nil, err
	}
	watch, panda := filepath.Join(dir, "watch"), filepath.Join(dir, "panda")
	if err := run("go", "build", "-o", watch, "panda/emu/bench/watch"); err != nil {
		return nil, nil, err
	}
	for _, mode := range light {
		few = append(few, peer{name: "light " + mode, prefix: []string{watch, mode}})
	}
	few = append(few, peer{name: "no lua", prefix: []string{panda, "-e", noScript}}, peer{name: "lua", prefix: []string{panda, "-e", rareScript}})
	for _, mode := range heavy {
		many = append(many, peer{name: mode, prefix: []string{watch, mode}})
	}
	qemu := targets[o.guest].qemu
	file, err := buildPlugin(dir, qemu)
	if err != nil {
		fmt.Printf("no qemu with plugins: %v\n\n", err)
		return few, many, nil
	}
	for _, mode := range []string{"tb", "insn", "mem"} {
		many = append(many, peer{name: "qemu-" + mode, prefix: []string{qemu, "-plugin", file + ",mode=" + mode}})
	}
	return few, many, nil
}

// versions of qemu's functions for plugins that the plugin knows.
const versions = 8

// buildPlugin compiles the plugin for a qemu, which says whether it takes it.
func buildPlugin(dir, qemu string) (file string, err error) {
	if _, err := exec.LookPath(qemu); err != nil {
		return "", err
	}
	if err := os.CopyFS(dir, plugin); err != nil {
		return "", err
	}
	for v := 1; v <= versions; v++ {
		file = filepath.Join(dir, fmt.Sprintf("plugin%d.so", v))
		src := filepath.Join(dir, "plugin", "watch.c")
		if err = run("gcc", "-O2", "-shared", "-fPIC", fmt.Sprintf("-DAPI=%d", v), "-o", file, src); err != nil {
			return "", err
		}
		if err = run(qemu, "-plugin", file+",mode=tb", filepath.Join(dir, "w0_hello")); err == nil {
			return file, nil
		}
	}
	return "", err
}

var number = regexp.MustCompile(`\d+`)

// countInsns is how many instructions a kernel runs.
func countInsns(o *options, dir string, w work) (float64, error) {
	argv := w.command(o, dir)
	c := exec.Command(filepath.Join(dir, "watch"), append([]string{"count"}, argv...)...)
	c.Env = append(os.Environ(), "COUNT=1")
	var text strings.Builder
	c.Stderr = &text
	if err := c.Run(); err != nil {
		return 0, fmt.Errorf("%s: %w", w.name, err)
	}
	return strconv.ParseFloat(number.FindString(text.String()), 64)
}

// priceTable prints rows as they come.
type priceTable struct {
	peers []peer
	means []means // of the ratios, by column
	bad   bool
}

func (t *priceTable) heading(o *options) {
	heads := []string{"kernel"}
	for _, p := range prices {
		heads = append(heads, p.head)
	}
	fmt.Printf("guest %s, watched: ratios of cpu time, to nobody watching or to qemu, medians of %d rounds\n\n| %s |\n|---%s|\n",
		o.guest, o.rounds, strings.Join(heads, " | "), strings.Repeat("|--:", len(prices)))
}

// find is the series of a peer, nil if it is not there or failed.
func (t *priceTable) find(all []series, name string) *series {
	for n, p := range t.peers {
		if p.name != name {
			continue
		}
		if all[n].err != nil {
			t.bad = true
			return nil
		}
		return &all[n]
	}
	return nil
}

func (t *priceTable) row(name string, all []series, insns float64) {
	cells := []string{name}
	for n, p := range prices {
		a, b := t.find(all, p.a), t.find(all, p.b)
		switch {
		case a == nil || b == nil:
			cells = append(cells, "-")
		case p.per:
			cells = append(cells, fmt.Sprintf("%.1f", (median(a.times)-median(b.times))*1e9/insns))
		default:
			r := ratio(*a, *b)
			t.means[n].add(r)
			cells = append(cells, fmt.Sprintf("%.2f", r))
		}
	}
	fmt.Printf("| %s |\n", strings.Join(cells, " | "))
}

// finish prints the geometric means.
func (t *priceTable) finish() error {
	cells := []string{"geometric mean"}
	for n := range t.means {
		cells = append(cells, t.means[n].text())
	}
	fmt.Printf("| %s |\n", strings.Join(cells, " | "))
	if t.bad {
		return fmt.Errorf("some runs failed")
	}
	return nil
}
