package exec_test

import (
	"testing"

	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

// TestPatchedUndefined stores into instructions that raised an exception: all bytes
// that decided that are watched, also in the next page.
func TestPatchedUndefined(t *testing.T) {
	for _, r := range []struct {
		name, bad, good string
	}{
		{"lock with a register", "\xf0\x0f\xab\xc8\x90", "\xf0\x0f\xab\x0c\x24"}, // bts [rsp], ecx
		{"ud2", "\x0f\x0b\x00", "\x0f\x1f\x00"},
		{"ud0", "\x0f\xff\xc0", "\x0f\x1f\xc0"},
		{"no such opcode", "\x0f\x0a\x00", "\x0f\x1f\x00"},
		{"vvvv that is not used", "\xc5\xf0\x28\xc1", "\xc5\xf8\x28\xc1"},
		{"no such map", "\xc4\xff\x78\x28\xc1", "\xc4\xe1\x78\x28\xc1"},
		{"group", "\xfe\xf8", "\xfe\xc0"},
		{"after others", "\x90\x90\x48\x8d\x40\x01\xd9\xd1", "\x90\x90\x48\x8d\x40\x01\xd9\xd0"},
		{"too long", "\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x90", "\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x90\x90"},
		{"privileged", "\x0f\x32", "\x0f\x31"},
	} {
		t.Run(r.name, func(t *testing.T) {
			for cut := 0; cut <= len(r.bad); cut += max(1, (len(r.bad)-1)/2) {
				for from := range len(r.bad) {
					if r.bad[from] != r.good[from] {
						patchUndefined(t, r.bad, r.good, from, codeAt+mmu.PageSize-guest.Addr(cut))
						break
					}
				}
			}
		})
	}
}

// patchUndefined runs bad code at an address and, from another page, stores the
// good one from a byte on and runs it.
func patchUndefined(t *testing.T, bad, good string, from int, at guest.Addr) {
	t.Helper()
	m := newMachine(t, []byte{0xf3, 0xa4, 0xff, 0xe3}) // rep movsb; jmp rbx
	m.Map(t, codeAt+mmu.PageSize, mmu.PageSize, guest.Read|guest.Write|guest.Exec)
	m.Write(t, at, append([]byte(bad), 0x90, 0x90, 0x0f, 0x05))
	m.Write(t, dataAt, []byte(good[from:]))
	w := &m.CPU.W
	for range 2 {
		m.CPU.SetPC(at)
		w[regs.RSP] = uint64(dataAt) + 0x800
		if s := m.Engine.Run(m.CPU, 100); s != vcpu.StopException {
			t.Fatalf("%#x: stop %v", uint64(at), s)
		}
	}
	m.CPU.SetPC(codeAt)
	w[regs.RBX], w[regs.RSI], w[regs.RDI], w[regs.RCX] = uint64(at), uint64(dataAt), uint64(at)+uint64(from), uint64(len(good)-from)
	if s := m.Engine.Run(m.CPU, 100); s != vcpu.StopSyscall {
		t.Fatalf("%#x: stop %v, exception %+v", uint64(at), s, m.CPU.Exc)
	}
}
