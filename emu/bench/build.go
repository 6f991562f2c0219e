package main

import (
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed kernels
var kernels embed.FS

// work is a run of a kernel: its program, the size of its work at scale 1, and
// what else is on its command line.
type work struct {
	name, program string
	size          float64
	args          []string
}

// works are the rows of the table.
var works = []work{
	{"W0 hello", "w0_hello", 0, nil},
	{"W1 int-mix", "w1_mix", 60, nil},
	{"W2 sha256", "w2_sha256", 60, nil},
	{"W3a ptr-chase", "w3_mem", 30, []string{"chase"}},
	{"W3b memcpy", "w3_mem", 150, []string{"copy"}},
	{"W3c quicksort", "w3_mem", 100, []string{"sort"}},
	{"W4a nbody", "w4_fp", 150, []string{"nbody"}},
	{"W4b mandelbrot", "w4_fp", 250, []string{"mandel"}},
	{"W4c x87 nbody", "w4_x87", 50, []string{"nbody"}},
	{"W4d x87 mandel", "w4_x87", 100, []string{"mandel"}},
	{"W5a interp", "w5_interp", 100, nil},
	{"W5b vcall", "w5_interp", 200, []string{"vcall"}},
	{"W6 call-ret", "w6_call", 300, nil},
	{"W7 syscall", "w7_sys", 100, nil},
	{"W8a rep-string", "w8_str", 1500, []string{"rep"}},
	{"W8b sse2-string", "w8_str", 800, []string{"sse"}},
	{"W8c byte-loops", "w8_str", 4000, []string{"byte"}},
	{"W9 atomics", "w9_atomic", 1500, nil},
	{"W10 smc", "w10_smc", 1000, nil},
	{"W11 cold-code", "w11_cold", 100, nil},
}

// target says how to build for a guest, and what emulates it elsewhere.
type target struct {
	cc, qemu string
	flags    []string
}

var targets = map[string]target{
	"x86_64": {"gcc", "qemu-x86_64", nil},
	"i386":   {"i686-linux-gnu-gcc", "qemu-i386", []string{"-march=i686"}},
}

// cflags make programs without a C library that do what their source says.
var cflags = strings.Fields(`-O2 -std=gnu11 -ffreestanding -nostdlib -static -no-pie -fno-pie -fno-stack-protector
	-fcf-protection=none -fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns -fno-optimize-sibling-calls
	-fno-strict-aliasing -Wl,--build-id=none`)

// noInline keeps calls calls.
var noInline = []string{"-fno-ipa-icf", "-fno-inline"}

// moreFlags are what the compiler is told of a program besides.
var moreFlags = map[string][]string{
	"w4_x87":    {"-mfpmath=387"},
	"w5_interp": noInline,
	"w6_call":   noInline,
}

// build makes the programs and panda in a directory and lists who is compared.
func build(o *options, dir string) ([]peer, error) {
	t, ok := targets[o.guest]
	if !ok {
		return nil, fmt.Errorf("-guest %s: there are x86_64 and i386", o.guest)
	}
	if err := os.CopyFS(dir, kernels); err != nil {
		return nil, err
	}
	built := map[string]bool{}
	for _, w := range works {
		if built[w.program] || !o.match.MatchString(w.name) && w.size > 0 {
			continue
		}
		built[w.program] = true
		if err := t.compile(dir, w.program); err != nil {
			return nil, err
		}
	}
	panda := filepath.Join(dir, "panda")
	if err := run("go", "build", "-o", panda, "panda/cmd/panda"); err != nil {
		return nil, err
	}
	peers := append([]peer{{name: "native"}, {name: "panda", prefix: []string{panda}}}, o.peers...)
	if path, err := exec.LookPath(t.qemu); err == nil {
		peers = append(peers, peer{name: "qemu", prefix: []string{path}})
	}
	return peers, nil
}

func (t target) compile(dir, program string) error {
	args := append(append([]string{}, cflags...), t.flags...)
	args = append(args, moreFlags[program]...)
	src := filepath.Join(dir, "kernels", program+".c")
	return run(t.cc, append(args, "-o", filepath.Join(dir, program), src, "-lgcc")...)
}

// run runs a command that is to succeed.
func run(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
