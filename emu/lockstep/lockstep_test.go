package lockstep_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"panda/emu/arch/x86/regs"
	"panda/emu/emutest"
	"panda/emu/exec"
	"panda/emu/guest"
	"panda/emu/interp"
	"panda/emu/lockstep"
	"panda/emu/vcpu"
)

// broken does something wrong after each block at an address.
type broken struct {
	interp.Engine
	at    guest.Addr
	wrong func(c *vcpu.CPU)
}

func (b *broken) Enter(c *vcpu.CPU, tb *vcpu.TB) any {
	fault := b.Engine.Enter(c, tb)
	if tb.PC == b.at {
		b.wrong(c)
	}
	return fault
}

// The program stores, loops, calls a helper that stores, and ends with a fault:
//
//	10000  mov ecx, 5
//	10005  mov ebx, 0x20000
//	1000a  add [rbx], rcx
//	1000d  dec rcx
//	10010  jnz 1000a
//	10012  fnstenv [rbx+8]
//	10015  mov eax, [0x666]
var program = []byte{
	0xb9, 5, 0, 0, 0,
	0xbb, 0, 0, 2, 0,
	0x48, 0x01, 0x0b,
	0x48, 0xff, 0xc9,
	0x75, 0xf8,
	0xd9, 0x73, 0x08,
	0x8b, 0x04, 0x25, 0x66, 6, 0, 0,
}

func run(t *testing.T, b exec.Backend, program []byte) (k *lockstep.Backend, m *emutest.Bare, report string) {
	m = emutest.NewBare(t, 64, "max")
	m.Map(t, 0x10000, 0x1000, guest.Read|guest.Exec)
	m.Map(t, 0x20000, 0x1000, guest.Read|guest.Write)
	m.Write(t, 0x10000, program)
	m.CPU.SetPC(0x10000)
	k = lockstep.New(b)
	k.Names = m.Guest.SlotNames()
	e := exec.New(m.Guest, k, m.Bus, m.CPU)
	defer func() {
		if r, ok := recover().(*lockstep.Report); ok {
			report = r.Text
		}
	}()
	if s := e.Run(m.CPU, 1000); s != vcpu.StopException || m.CPU.Exc.Addr != 0x666 {
		t.Errorf("stop %v %v", s, &m.CPU.Exc)
	}
	return k, m, ""
}

// TestAgree: the interpreter beside itself finds nothing, and the guest sees each
// store once.
func TestAgree(t *testing.T) {
	k, m, report := run(t, new(interp.Engine), program)
	if report != "" || k.Blocks < 4 || k.Skipped != 0 {
		t.Errorf("%d blocks, %d skipped, %s", k.Blocks, k.Skipped, report)
	}
	var b [12]byte
	if m.CPU.Read(0x20000, b[:]); b[0] != 5+4+3+2+1 || b[8] != 0x7f {
		t.Errorf("memory % x", b)
	}
	if n := m.CPU.Icount(); n != 2+5*3+1 {
		t.Errorf("icount %d", n)
	}
}

// TestApart: the interpreter beside itself returns from each block, also from those
// that are known to lead to each other, here by a jump to the next instruction.
func TestApart(t *testing.T) {
	at := bytes.Index(program, []byte{0x75, 0xf8})
	k, m, report := run(t, new(interp.Engine), slices.Concat(program[:at], []byte{0xeb, 0x00, 0x75, 0xf6}, program[at+2:]))
	if n := m.CPU.Icount(); report != "" || n != 2+5*4+1 || k.Blocks != 5+5+1 {
		t.Errorf("%d blocks, icount %d, %s", k.Blocks, n, report)
	}
}

// TestDiffer: each kind of difference is found, where it arises.
func TestDiffer(t *testing.T) {
	for _, row := range []struct {
		name, want string
		at         guest.Addr
		wrong      func(c *vcpu.CPU)
	}{
		{"register", "rdx: 0x1, interpreter 0x0", 0x1000a, func(c *vcpu.CPU) { c.W[regs.RDX] = 1 }},
		{"vector", "interpreter 0x0", 0x10000, func(c *vcpu.CPU) { c.W[regs.YMM] = 1 }},
		{"store", "memory at 0x20000: 63", 0x1000a, func(c *vcpu.CPU) { c.Span(0x20000, 1, guest.Write)[0] = 0x63 }},
		{"helper's store", "memory at 0x20008: 00", 0x10012, func(c *vcpu.CPU) { c.Span(0x20008, 1, guest.Write)[0] = 0 }},
		{"count", "icount: 4, interpreter 5", 0x10000, func(c *vcpu.CPU) { c.Left++ }},
		{"pc", "rip: 0x10001, interpreter 0x1000a", 0x10000, func(c *vcpu.CPU) { c.W[c.Machine.Arch.PC] = 0x10001 }},
		{"instruction", "instruction of the fault: 0x0, interpreter 0x1", 0x10012, func(c *vcpu.CPU) { c.Insn = 0 }},
	} {
		_, _, report := run(t, &broken{at: row.at, wrong: row.wrong}, program)
		if !strings.Contains(report, row.want) {
			t.Errorf("%s: %q has no %q", row.name, report, row.want)
		}
	}
}
