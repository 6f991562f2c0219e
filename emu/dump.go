package emu

import (
	"fmt"
	"io"

	"panda/emu/exec"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// Dump is what is printed about translations and turns, and where.
type Dump struct {
	Out io.Writer

	Guest                               bool // guest code of each block when it is translated
	Translated, Instrumented, Optimised bool // IR as the translator wrote it, with instrumentation, after the passes
	Host                                bool // machine code
	Switches                            bool // each change from a guest thread to another
}

// hook is the engine's OnTranslate, nil when nothing is asked for.
func (d Dump) hook(m *Machine, backend exec.Backend) func(tb *vcpu.TB, b *ir.Block, stage string) {
	stages := map[string]bool{"translated": d.Translated, "instrumented": d.Instrumented, "optimised": d.Optimised}
	if d.Out == nil || !d.Guest && !d.Host && !stages["translated"] && !stages["instrumented"] && !stages["optimised"] {
		return nil
	}
	return func(tb *vcpu.TB, b *ir.Block, stage string) {
		if stage == "translated" && d.Guest {
			m.dumpGuest(d.Out, tb)
		}
		if stages[stage] {
			fmt.Fprintf(d.Out, "%s %s", stage, ir.Print(b, m.guest.SlotNames()))
		}
		if host, ok := backend.(interface{ Code() []byte }); ok && stage == "compiled" && d.Host {
			m.dumpHost(d.Out, uint64(uintptr(tb.Entry)), host.Code())
		}
	}
}

// onSwitch is the kernel's OnSwitch, nil when nobody asks for it.
func (d Dump) onSwitch() func(icount uint64, pid, tid int) {
	if d.Out == nil || !d.Switches {
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

// dumpHost prints machine code of the host.
func (m *Machine) dumpHost(w io.Writer, pc uint64, code []byte) {
	fmt.Fprintf(w, "OUT: %d bytes\n", len(code))
	for len(code) > 0 {
		text, n := disasmHost(m.cpu, code, pc)
		fmt.Fprintf(w, "%#016x: %s\n", pc, text)
		code, pc = code[n:], pc+uint64(n)
	}
}

// symbol is the symbol lookup of disassembly.
func (m *Machine) symbol(a uint64) (string, uint64, bool) {
	return m.cpu.Machine.Symbol(guest.Addr(a))
}
