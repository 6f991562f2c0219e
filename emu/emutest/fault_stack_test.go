package emutest

import (
	"testing"

	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/mmu"
)

// TestFaultStack: accesses at a stack pointer that no CPU has an address for fault as others
// do, whatever machine code has for the stack.
func TestFaultStack(t *testing.T) {
	eachEngine(t, func(t *testing.T) {
		b := NewBare(t, 64, "max")
		b.Map(t, hotCode, mmu.PageSize, guest.Read|guest.Exec)
		b.Write(t, hotCode, []byte{0x58, 0xeb, 0xfd}) // pop rax; jmp to it
		w := &b.CPU.W
		for _, sp := range []uint64{1 << 63, 1<<63 + 0x10, 1<<62 + 0xff0, 1 << 48} {
			w[regs.RSP], w[regs.RIP], w[regs.RAX] = sp, uint64(hotCode), 7
			b.Engine.Run(b.CPU, 100)
			if v := b.CPU.Exc.Vector; v != 12 || w[regs.RAX] != 7 || w[regs.RSP] != sp || w[regs.RIP] != uint64(hotCode) {
				t.Errorf("rsp %#x: vector %d, rax %#x, rsp %#x", sp, v, w[regs.RAX], w[regs.RSP])
			}
		}
	})
}
