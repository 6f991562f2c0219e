package exec_test

import (
	"testing"

	"panda/emu/arch/x86/regs"
	"panda/emu/emutest"
	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
)

// TestSelfModifying overwrites the instruction after the store, in the same
// block:
//
//	10000  mov byte [rip+3], 0xc0   (the modrm of the next but one)
//	10007  nop
//	10008  inc ecx → inc eax
//	1000a  syscall
func TestSelfModifying(t *testing.T) {
	m := newMachine(t, []byte{0xc6, 0x05, 2, 0, 0, 0, 0xc0, 0x90, 0xff, 0xc1, 0x0f, 0x05})
	for range 2 { // once translated cold, once with the block in the cache
		m.Write(t, codeAt+9, []byte{0xc1})
		m.CPU.SetPC(codeAt)
		m.CPU.W[regs.RAX] = 0
		if s := m.Engine.Run(m.CPU, 100); s != vcpu.StopSyscall {
			t.Fatalf("stop %v %v", s, &m.CPU.Exc)
		}
		if m.CPU.W[regs.RAX] != 1 {
			t.Errorf("rax %d", m.CPU.W[regs.RAX])
		}
	}
	if m.Engine.Stats.SMC == 0 {
		t.Error("no store into code was seen")
	}
}

// TestChangingPage stores into its own page over and over: into data beside the
// code, into a function, and into the instruction that comes next. The page is
// left writable after a while, which nothing but speed may show.
//
//	10000  mov ecx, 100
//	10005  mov [rip+0x1f5], ecx     (10200: data)
//	1000b  mov [rip+0xf0], ecx      (10101: the immediate of the function)
//	10011  mov [rip+2], cl          (10019: the immediate after it)
//	10017  add ebx, 0
//	1001d  call 10100
//	10022  dec ecx
//	10024  jnz 10005
//	10026  syscall
//	10100  mov eax, 0; add esi, eax; ret
func TestChangingPage(t *testing.T) {
	m := newMachine(t, []byte{
		0xb9, 100, 0, 0, 0,
		0x89, 0x0d, 0xf5, 1, 0, 0,
		0x89, 0x0d, 0xf0, 0, 0, 0,
		0x88, 0x0d, 2, 0, 0, 0,
		0x81, 0xc3, 0, 0, 0, 0,
		0xe8, 0xde, 0, 0, 0,
		0xff, 0xc9,
		0x75, 0xdf,
		0x0f, 0x05,
	})
	m.Write(t, codeAt+0x100, []byte{0xb8, 0, 0, 0, 0, 0x01, 0xc6, 0xc3})
	m.CPU.W[regs.RSP] = uint64(dataAt) + 0x800
	if s := m.Engine.Run(m.CPU, 10000); s != vcpu.StopSyscall {
		t.Fatalf("stop %v %v", s, &m.CPU.Exc)
	}
	if c := m.CPU; c.W[regs.RBX] != 5050 || c.W[regs.RSI] != 5050 || c.Icount() != 1+100*10+1 {
		t.Errorf("rbx %d rsi %d icount %d", c.W[regs.RBX], c.W[regs.RSI], c.Icount())
	}
	if n := m.Engine.Stats.Blocks; m.Engine.Stats.SMC < 100 {
		t.Errorf("%d stores seen, %d blocks", m.Engine.Stats.SMC, n)
	}
	for range 2 { // a change by others is seen as well
		m.Write(t, codeAt+0x101, []byte{7})
		m.CPU.SetPC(codeAt + 0x100)
		m.CPU.W[regs.RSI] = 0
		m.Engine.Run(m.CPU, 2)
		if m.CPU.W[regs.RSI] != 7 {
			t.Errorf("rsi %d", m.CPU.W[regs.RSI])
		}
	}
}

func TestInvalidateOnce(t *testing.T) {
	m := newMachine(t, loop)
	asked := 0
	subscribe(t, m, event.BeforeBlockExecInvalidateOpt, event.BlockBoolFunc(func(*vcpu.CPU, *vcpu.TB) bool {
		asked++
		return true
	}), event.At(0x10012))
	if s := m.Engine.Run(m.CPU, 1000); s != vcpu.StopSyscall || m.CPU.Icount() != loopInsns {
		t.Errorf("stop %v icount %d", s, m.CPU.Icount())
	}
	if asked != 2 { // once for the block, once for its new translation
		t.Errorf("asked %d times", asked)
	}
}

// TestDeadBlocks: blocks whose code is gone do not pile up.
func TestDeadBlocks(t *testing.T) {
	const rounds = 40_000
	m := newMachine(t, loop)
	for n := range rounds {
		m.Map(t, codeAt, 0x1000, guest.Read|guest.Write|guest.Exec)
		m.Write(t, codeAt, loop)
		m.CPU.SetPC(codeAt)
		if s := m.Engine.Run(m.CPU, 1000); s != vcpu.StopSyscall {
			t.Fatalf("round %d: stop %v", n, s)
		}
	}
	if n, dead := m.Engine.Stats.Flushes, m.Engine.Stats.Blocks; n == 0 || n > 5 || dead < 3*rounds {
		t.Errorf("all blocks were dropped %d times for %d dead ones", n, dead)
	}
}

// TestHotChanging: a hot block in a page that changes is translated again once.
func TestHotChanging(t *testing.T) {
	m := newMachine(t, []byte{
		0xb9, 100, 0, 0, 0, // mov ecx, 100
		0x89, 0x0d, 0xf5, 1, 0, 0, // mov [rip+0x1f5], ecx
		0xff, 0xc9, // dec ecx
		0x75, 0xf6, // jnz to the store
		0xb9, 0x00, 0x00, 0x00, 0x01, // mov ecx, 0x1000000
		0xff, 0xc0, // inc eax
		0xff, 0xc9, // dec ecx
		0x75, 0xfa, // jnz to the inc
		0x0f, 0x05,
	})
	if s := m.Engine.Run(m.CPU, 1<<40); s != vcpu.StopSyscall || m.Engine.Stats.Hot > 4 {
		t.Errorf("stop %v, %+v", s, m.Engine.Stats)
	}
}

// TestManyModes: more modes than there are jump caches, each with a branch that looks into
// its own.
func TestManyModes(t *testing.T) {
	const modes = 80
	m := emutest.NewBare(t, 32, "max")
	m.Map(t, 0x100000, 0x10000, guest.Read|guest.Exec)
	for i := range modes {
		at := guest.Addr(0x100000 + i*0x100)
		m.Write(t, at, []byte{0xff, 0xe3})                              // jmp ebx
		m.Write(t, at+0x10, []byte{0xb8, byte(i), 0, 0, 0, 0xcd, 0x80}) // mov eax, i; int 0x80
	}
	c := m.CPU
	for n := range 15 * modes {
		i := n / 3 % modes
		c.W[regs.Base+regs.CS], c.W[regs.RBX] = uint64(i*0x100), 0x100010
		c.SetPC(0x100000)
		if s := m.Engine.Run(c, 100); s != vcpu.StopSyscall || c.W[regs.RAX] != uint64(i) {
			t.Fatalf("mode %d: stop %v, eax %d", i, s, c.W[regs.RAX])
		}
	}
}
