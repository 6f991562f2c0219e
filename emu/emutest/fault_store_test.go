package emutest

import (
	"testing"

	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/mmu"
)

// TestFaultX87Store: a store that faults leaves C1 as the operation before it set it,
// and the value on the stack.
func TestFaultX87Store(t *testing.T) {
	eachEngine(t, func(t *testing.T) {
		b := NewBare(t, 64, "max")
		b.Map(t, hotCode, mmu.PageSize, guest.Read|guest.Exec)
		b.Write(t, hotCode, []byte{
			0xdb, 0xe3, 0xd9, 0xe8, 0xd8, 0xc0, // fninit; fld1; fadd st, st: 2
			0xd9, 0xe8, 0xd8, 0xc1, 0xde, 0xf9, // fld1; fadd st, st(1): 3; fdivp: 2/3, rounded up
			0xdd, 0x1f, // fstp qword ptr [rdi]
		})
		w := &b.CPU.W
		w[regs.RDI], w[regs.RIP] = uint64(hotData), uint64(hotCode)
		b.Engine.Run(b.CPU, 100)
		if v := b.CPU.Exc.Vector; v != 14 || w[regs.FSW]&(1<<9) == 0 || w[regs.FTop] != 7 || w[regs.FTag] != 1<<7 {
			t.Errorf("vector %d, status %#x, top %d, tags %#x", v, w[regs.FSW], w[regs.FTop], w[regs.FTag])
		}
	})
}
