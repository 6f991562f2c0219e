// Command watch runs a program with one subscription in Go, for the bench to
// time:
//
//	watch MODE PROGRAM [ARGUMENT…]
//
// With COUNT set in the environment it prints how many events it has seen.
package main

import (
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"

	"panda/emu"
	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
)

// n counts the events.
var n uint64

// modes are the subscriptions.
var modes = map[string]func(b *event.Bus, o *event.Owner){
	"none": func(*event.Bus, *event.Owner) {},
	// Counters that stand in the code.
	"count": func(b *event.Bus, o *event.Owner) { b.Count(o, event.InsnExec, nil, &n) },
	"sizes": sizes,
	// Functions that are called.
	"insn": func(b *event.Bus, o *event.Owner) {
		b.Subscribe(o, event.InsnExec, nil, event.PCFunc(func(*vcpu.CPU, guest.Addr) { n++ }))
	},
	"tb": func(b *event.Bus, o *event.Owner) {
		b.Subscribe(o, event.BeforeBlockExec, nil, event.BlockFunc(func(*vcpu.CPU, *vcpu.TB) { n++ }))
	},
	"mem": func(b *event.Bus, o *event.Owner) {
		for _, k := range accesses {
			b.Subscribe(o, k, nil, event.MemFunc(func(*vcpu.CPU, *vcpu.MemAccess) { n++ }))
		}
	},
	// Records of all accesses.
	"batch": func(b *event.Bus, o *event.Owner) {
		for _, k := range accesses {
			b.Collect(o, k, nil, vcpu.FieldPC|vcpu.FieldAddr|vcpu.FieldSize, 0, take)
		}
	},
}

// accesses are the kinds that tell of each access once.
var accesses = []event.Kind{event.VirtMemBeforeRead, event.VirtMemBeforeWrite}

// bySize are counts of accesses by the logarithm of their size.
var bySize [6]uint64

func sizes(b *event.Bus, o *event.Owner) {
	for _, k := range accesses {
		for i := range bySize {
			b.Count(o, k, &event.Filter{Size: 1 << i}, &bySize[i])
		}
	}
}

// sum is what the consumer makes of the records.
var sum guest.Addr

func take(rs []vcpu.Record) {
	n += uint64(len(rs))
	s := sum
	for i := range rs {
		s += rs[i].Addr
	}
	sum = s
}

func main() {
	if len(os.Args) < 3 || modes[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: watch MODE PROGRAM [ARGUMENT…]")
		os.Exit(2)
	}
	debug.SetGCPercent(800) // as the command does
	m, err := emu.New(emu.Config{
		Program: &emu.Program{Path: os.Args[2], Args: os.Args[2:], Env: os.Environ(), Stdin: 0, Stdout: 1, Stderr: 2},
		Log:     slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "watch:", err)
		os.Exit(1)
	}
	modes[os.Args[1]](m.Bus(), &event.Owner{Name: "watch"})
	status, _, err := m.Run()
	m.Close()
	if err != nil {
		fmt.Fprintln(os.Stderr, "watch:", err)
		os.Exit(1)
	}
	if os.Getenv("COUNT") != "" {
		for _, k := range bySize {
			n += k
		}
		fmt.Fprintln(os.Stderr, n, sum)
	}
	os.Exit(status)
}
