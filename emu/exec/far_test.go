package exec_test

import (
	"math"
	"testing"

	"panda/emu/arch/x86/regs"
	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

// TestTableFromItsEnd reads a table by a register that counts from minus its size to 0, so
// that the register alone points outside the window. The block is not begun again and
// again, and counts as once wherever it is gone on with.
//
//	10000  nop
//	10001  mov rax, [rbx+20800]
//	10008  add rsi, rax
//	1000b  add rbx, 8
//	1000f  jnz 10000
//	10011  syscall
func TestTableFromItsEnd(t *testing.T) {
	m := newMachine(t, []byte{0x90, 0x48, 0x8b, 0x83, 0, 8, 2, 0, 0x48, 0x01, 0xc6, 0x48, 0x83, 0xc3, 8, 0x75, 0xef, 0x0f, 0x05})
	const words = 0x100
	table := make([]byte, 8*words)
	for i := range words {
		table[8*i] = byte(i)
	}
	m.Write(t, dataAt, table)
	m.CPU.W[regs.RBX] = uint64(0xffff_ffff_ffff_f800)
	blocks := map[guest.Addr]*uint64{}
	m.Bus.CountAt(&event.Owner{Name: "test"}, event.BeforeBlockExec, nil, func(in *event.Insn) *uint64 {
		if blocks[in.PC] == nil {
			blocks[in.PC] = new(uint64)
		}
		return blocks[in.PC]
	}, event.BlockFunc(func(*vcpu.CPU, *vcpu.TB) { t.Error("not counted") }))
	if s := m.Engine.Run(m.CPU, 1<<20); s != vcpu.StopSyscall {
		t.Fatalf("stop %v %v", s, &m.CPU.Exc)
	}
	if c := m.CPU; c.W[regs.RSI] != words*(words-1)/2 || c.Icount() != 5*words+1 {
		t.Errorf("rsi %d icount %d", c.W[regs.RSI], c.Icount())
	}
	n := map[guest.Addr]uint64{}
	for pc, count := range blocks { // each by itself
		if *count != 0 {
			n[pc] = *count
		}
	}
	if len(n) != 2 || n[codeAt] != words || n[codeAt+0x11] != 1 {
		t.Errorf("blocks: %v", n)
	}
	if turns := m.Engine.Stats.Turns; turns > words/4 {
		t.Errorf("%d turns", turns)
	}
}

// TestLastPage: a subscription to the last addresses that there are is one to nothing.
func TestLastPage(t *testing.T) {
	m := newMachine(t, loop)
	m.Engine.Run(m.CPU, 1000)
	for _, pc := range []uint64{math.MaxUint64 - 1, math.MaxUint64 - mmu.PageSize} {
		subscribe(t, m, event.InsnExec, event.PCFunc(func(*vcpu.CPU, guest.Addr) { t.Error("there is code") }), event.At(guest.Addr(pc)))
	}
	m.CPU.SetPC(codeAt)
	if s := m.Engine.Run(m.CPU, 1000); s != vcpu.StopSyscall {
		t.Errorf("stop %v", s)
	}
}
