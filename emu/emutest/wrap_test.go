package emutest

import (
	"testing"

	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/vcpu"
)

// TestWrap: in 32-bit mode an operand that goes on behind 4 GiB is beyond its segment;
// one that ends there is on a page that is missing.
func TestWrap(t *testing.T) {
	const stack, general, page = 12, 13, 14
	flat, _ := regs.FlatDescriptor(regs.UserData)
	for name, x := range map[string]struct { // each is a test of its own
		code   []byte
		esp    uint64
		base   uint64 // of gs
		vector uint8
	}{
		"mov eax, [-2]":    {[]byte{0xa1, 0xfe, 0xff, 0xff, 0xff}, 0x8000, 0, general},
		"mov eax, [-4]":    {[]byte{0xa1, 0xfc, 0xff, 0xff, 0xff}, 0x8000, 0, page},
		"mov [-1], al":     {[]byte{0xa2, 0xff, 0xff, 0xff, 0xff}, 0x8000, 0, page},
		"mov eax, gs:[-2]": {[]byte{0x65, 0xa1, 0xfe, 0xff, 0xff, 0xff}, 0x8000, 0x1000, general},
		"mov eax, gs:[8]":  {[]byte{0x65, 0xa1, 8, 0, 0, 0}, 0x8000, 0xfffffff0, page},
		"mov eax, ss:[-2]": {[]byte{0x36, 0xa1, 0xfe, 0xff, 0xff, 0xff}, 0x8000, 0, stack},
		"movups [-8]":      {[]byte{0x0f, 0x10, 0x05, 0xf8, 0xff, 0xff, 0xff}, 0x8000, 0, general},
		"push at 2":        {[]byte{0x50}, 2, 0, stack},
		"push at 0":        {[]byte{0x50}, 0, 0, page},
	} {
		m := NewBare(t, 32, "max")
		m.Map(t, 0x10000, 0x1000, guest.Read|guest.Exec|guest.Write)
		m.Write(t, 0x10000, append(x.code, 0x0f, 0x0b))
		m.CPU.SetPC(0x10000)
		regs.LoadSegment(m.CPU.W[:], regs.GS, regs.UserData, flat)
		m.CPU.W[regs.RSP], m.CPU.W[regs.Base+regs.GS] = x.esp, x.base
		if s := m.Engine.Run(m.CPU, 10); s != vcpu.StopException || m.CPU.Exc.Vector != x.vector {
			t.Errorf("%s: stop %v, exception %v, want vector %d", name, s, &m.CPU.Exc, x.vector)
		}
	}
}
