package main

import (
	"fmt"
	"io"
	"strings"

	"panda/emu"
	"panda/emu/event"
)

// dumpItem is a row of what -d takes.
type dumpItem struct {
	name, doc string
	set       func(c *emu.Config)
}

var dumpItems = []dumpItem{
	{"in_asm", "guest code of each block when it is translated", func(c *emu.Config) { c.Dump.Guest = true }},
	{"op", "IR as the translator wrote it", func(c *emu.Config) { c.Dump.Translated = true }},
	{"op_ins", "IR with instrumentation", func(c *emu.Config) { c.Dump.Instrumented = true }},
	{"op_opt", "IR after the passes", func(c *emu.Config) { c.Dump.Optimised = true }},
	{"out_asm", "machine code of the jit", func(c *emu.Config) { c.Dump.Host = true }},
	{"strace", "system calls, as -strace", func(c *emu.Config) { c.Strace = c.Dump.Out }},
	{"sched", "each change from a guest thread to another, with the instruction count", func(c *emu.Config) { c.Dump.Switches = true }},
	{"windows", "look after each change of the guest's memory whether its window on the host is whole; slow", func(c *emu.Config) { c.Audit = true }},
	{"lockstep", "the same as -lockstep", func(c *emu.Config) { c.Lockstep = true }},
	{"softmmu", "the same as -mmu soft", func(c *emu.Config) { c.MMU = emu.Soft }},
}

// dumpHelp lists the items.
func dumpHelp(w io.Writer) {
	fmt.Fprint(w, "\nItems of -d:\n")
	for _, i := range dumpItems {
		fmt.Fprintf(w, "  %-8s %s\n", i.name, i.doc)
	}
}

// parseDump reads a comma-separated list of items.
func parseDump(list string) (items []dumpItem, err error) {
	if list == "" {
		return nil, nil
	}
	var names []string
	for _, i := range dumpItems {
		names = append(names, i.name)
	}
next:
	for name := range strings.SplitSeq(list, ",") {
		for _, i := range dumpItems {
			if i.name == name {
				items = append(items, i)
				continue next
			}
		}
		return nil, fmt.Errorf("-d: no item %q%s; there are %s", name, event.DidYouMean(name, names), strings.Join(names, ", "))
	}
	return items, nil
}
