package emu

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"panda/emu/event"
	"panda/emu/exec"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// Dump is what -d prints about translations, and where.
type Dump struct {
	Out   io.Writer
	Items []string
}

// dumpItems are the items of -d with their meanings.
var dumpItems = []struct{ Name, Doc string }{
	{"in_asm", "guest code of each block when it is translated"},
	{"op", "IR as the translator wrote it"},
	{"op_ins", "IR with instrumentation"},
	{"op_opt", "IR after the passes"},
	{"out_asm", "machine code of the jit"},
	{"lockstep", "run each block on the interpreter too, and stop where the results differ"},
	{"softmmu", "reach memory through a TLB, as that of a whole machine; slower, to try it"},
	{"windows", "look after each change of the guest's memory whether its window on the host is whole; slow"},
	{"strace", "system calls, as -strace"},
	{"sched", "each change from a guest thread to another, with the instruction count"},
}

// DumpItems lists the items of -d.
func DumpItems() string {
	var s strings.Builder
	for _, i := range dumpItems {
		fmt.Fprintf(&s, "  %-8s %s\n", i.Name, i.Doc)
	}
	return s.String()
}

// ParseDump reads a comma-separated list of items.
func ParseDump(list string) ([]string, error) {
	if list == "" {
		return nil, nil
	}
	var names []string
	for _, i := range dumpItems {
		names = append(names, i.Name)
	}
	items := strings.Split(list, ",")
	for _, i := range items {
		if !slices.Contains(names, i) {
			return nil, fmt.Errorf("-d: no item %q%s", i, event.DidYouMean(i, names))
		}
	}
	return items, nil
}

// stages are the items that print IR, by the engine's stage.
var stages = map[string]string{"translated": "op", "instrumented": "op_ins", "optimised": "op_opt"}

// hook is the engine's OnTranslate, nil when nothing is asked for.
func (d Dump) hook(m *Machine, backend exec.Backend) func(tb *vcpu.TB, b *ir.Block, stage string) {
	if d.Out == nil || len(d.Items) == 0 {
		return nil
	}
	return func(tb *vcpu.TB, b *ir.Block, stage string) {
		if stage == "translated" && slices.Contains(d.Items, "in_asm") {
			m.dumpGuest(d.Out, tb)
		}
		if slices.Contains(d.Items, stages[stage]) {
			fmt.Fprintf(d.Out, "%s %s", stage, ir.Print(b, m.guest.SlotNames()))
		}
		if host, ok := backend.(interface{ Code() []byte }); ok && stage == "compiled" && slices.Contains(d.Items, "out_asm") {
			m.dumpHost(d.Out, uint64(uintptr(tb.Entry)), host.Code())
		}
	}
}

// onSwitch is the kernel's OnSwitch, nil when nobody asks for it.
func (d Dump) onSwitch() func(icount uint64, pid, tid int) {
	if d.Out == nil || !slices.Contains(d.Items, "sched") {
		return nil
	}
	return func(icount uint64, pid, tid int) {
		fmt.Fprintf(d.Out, "SWITCH: icount %d process %d thread %d\n", icount, pid, tid)
	}
}

func (m *Machine) dumpGuest(w io.Writer, tb *vcpu.TB) {
	sym, off, ok := m.cpu.Machine.Symbol(tb.PC)
	where := ""
	if ok {
		where = fmt.Sprintf(" <%s+%#x>", sym, off)
	}
	fmt.Fprintf(w, "IN:%s\n", where)
	for _, i := range tb.Marks {
		code := make([]byte, i.Len)
		if err := m.cpu.Read(guest.Addr(i.PC), code); err != nil {
			fmt.Fprintf(w, "%#016x: %v\n", i.PC, err)
			continue
		}
		text, _ := m.cpu.Machine.Arch.Disasm(m.cpu, code, guest.Addr(i.PC), m.symbol)
		fmt.Fprintf(w, "%#016x: %s\n", i.PC, text)
	}
}

// dumpHost prints machine code of an x86-64 host, which the guest's disassembler
// for such code can read.
func (m *Machine) dumpHost(w io.Writer, pc uint64, code []byte) {
	fmt.Fprintf(w, "OUT: %d bytes\n", len(code))
	disasm := m.guest.View(64).Disasm
	for len(code) > 0 {
		text, n := disasm(m.cpu, code, guest.Addr(pc), nil)
		fmt.Fprintf(w, "%#016x: %s\n", pc, text)
		code, pc = code[n:], pc+uint64(n)
	}
}

// symbol is the symbol lookup of disassembly.
func (m *Machine) symbol(a uint64) (string, uint64, bool) {
	return m.cpu.Machine.Symbol(guest.Addr(a))
}
