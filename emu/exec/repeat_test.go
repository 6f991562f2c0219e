package exec_test

import (
	"testing"

	"panda/emu/arch/x86/regs"
	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
)

// TestRepeatCount: a repeated instruction counts the same wherever translated code
// and watches lie in what it stores to, and steps do not change that.
func TestRepeatCount(t *testing.T) {
	const size = 0x14800 // five cuts
	plain := countRepeat(t, size, nil, 0)
	if plain != 7 {
		t.Fatalf("%d instructions: it is not cut", plain)
	}
	for _, at := range []guest.Addr{0, 0x123, 0x3fff, 0x4001, 0x9abc, size - 2} {
		for _, step := range []int64{0, 1, 3} {
			if got := countRepeat(t, size, []guest.Addr{at, at / 3}, step); got != plain {
				t.Errorf("code at %#x, steps of %d: %d instructions, want %d", uint64(at), step, got, plain)
			}
		}
	}
}

// countRepeat stores size bytes by rep stosb over translated code at some places, and
// gives the count of instructions up to a system call. It steps n at a time, if n is
// not 0.
func countRepeat(t *testing.T, size uint64, code []guest.Addr, n int64) uint64 {
	m := newMachine(t, []byte{0xf3, 0xaa, 0x0f, 0x05}) // rep stosb; syscall
	const area = guest.Addr(0x100000)
	m.Map(t, area, 0x20000, guest.Read|guest.Write|guest.Exec)
	watched := 0
	if len(code) > 0 {
		subscribe(t, m, event.VirtMemBeforeWrite, event.MemFunc(func(*vcpu.CPU, *vcpu.MemAccess) { watched++ }), event.Addresses(area+code[0], area+code[0]+1))
	}
	for _, at := range code {
		m.Write(t, area+at, []byte{0x0f, 0x05}) // syscall
		m.CPU.SetPC(area + at)
		if stop := m.Engine.Run(m.CPU, 100); stop != vcpu.StopSyscall {
			t.Fatal(stop)
		}
	}
	m.CPU.W[regs.RDI], m.CPU.W[regs.RCX] = uint64(area), size
	m.CPU.SetPC(codeAt)
	before := m.CPU.Icount()
	stop := vcpu.StopBudget
	for stop == vcpu.StopBudget {
		budget := n
		if budget == 0 {
			budget = 1 << 20
		}
		stop = m.Engine.Run(m.CPU, budget)
	}
	if end := uint64(area) + size; stop != vcpu.StopSyscall || m.CPU.W[regs.RDI] != end || len(code) > 0 && watched == 0 {
		t.Fatalf("stop %v, rdi %#x, want %#x; %d accesses", stop, m.CPU.W[regs.RDI], end, watched)
	}
	return m.CPU.Icount() - before
}
