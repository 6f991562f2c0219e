package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// table prints rows as they come, and keeps what is for benchstat.
type table struct {
	w     io.Writer
	o     *options
	peers []peer
	stat  bytes.Buffer
	bad   bool
}

// newTable prints the heading.
func newTable(w io.Writer, o *options, peers []peer) *table {
	t := &table{w: w, o: o, peers: peers}
	heads := []string{"kernel"}
	for _, p := range peers {
		heads = append(heads, p.name)
	}
	t.eachRatio(func(a, b int) { heads = append(heads, peers[a].name+"/"+peers[b].name) })
	fmt.Fprintf(w, "guest %s, seconds of cpu time, medians of %d rounds\n\n| %s |\n|---%s|\n",
		o.guest, o.rounds, strings.Join(heads, " | "), strings.Repeat("|--:", len(heads)-1))
	fmt.Fprintf(&t.stat, "goos: linux\ngoarch: %s\npkg: panda/emu/bench\n", o.guest)
	return t
}

// eachRatio calls f for the ratios of the table: everybody to the host, and to
// qemu, which is the last if it is there.
func (t *table) eachRatio(f func(a, b int)) {
	last := len(t.peers) - 1
	for n := 1; n <= last; n++ {
		f(n, 0)
	}
	for n := 1; n < last && t.peers[last].name == "qemu"; n++ {
		f(n, last)
	}
}

// row prints the row of a kernel.
func (t *table) row(w work, all []series) {
	cells := []string{w.name}
	for n, s := range all {
		if s.err != nil {
			t.bad = true
			cells = append(cells, s.err.Error())
			continue
		}
		cells = append(cells, fmt.Sprintf("%.3f", median(s.times)))
		for _, cpu := range s.times {
			fmt.Fprintf(&t.stat, "Benchmark%s/%s 1 %.0f ns/op\n", strings.ReplaceAll(w.name, " ", "_"), t.peers[n].name, cpu*1e9)
		}
	}
	t.eachRatio(func(a, b int) {
		if all[a].err != nil || all[b].err != nil {
			cells = append(cells, "-")
			return
		}
		cells = append(cells, fmt.Sprintf("%.2f", ratio(all[a], all[b])))
	})
	fmt.Fprintf(t.w, "| %s |\n", strings.Join(cells, " | "))
}

// finish writes the file for benchstat.
func (t *table) finish() error {
	if t.o.benchstat != "" {
		if err := os.WriteFile(t.o.benchstat, t.stat.Bytes(), 0o666); err != nil {
			return err
		}
	}
	if t.bad {
		return errors.New("some runs failed")
	}
	return nil
}
