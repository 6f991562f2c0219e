package pc_test

import (
	"testing"

	"panda/emu"
	"panda/emu/arch/x86/regs"
)

// TestNMI: the handler counts in BX and takes its time; another one has to wait for its IRET.
func TestNMI(t *testing.T) {
	image := make([]byte, 0x40)
	copy(image, "\xfa"+ // cli
		"\xc7\x06\x08\x00\x20\x7c"+ // mov word [8], 7c20h
		"\xc7\x06\x0a\x00\x00\x00"+ // mov word [10], 0
		"\xeb\xfe") // jmp $
	copy(image[0x20:], "\x43\xb9\x64\x00\xe2\xfe\xcf") // inc bx; mov cx, 100; loop $; iret
	for _, accel := range emu.Accels {
		b := newBare(t, image, accel, "max")
		steps := []struct {
			insns int64
			nmi   bool
			want  uint64
		}{{100, true, 0}, {20, true, 1}, {20, false, 1}, {200, false, 2}, {300, true, 2}, {20, false, 3}}
		for i, s := range steps {
			b.run(t, s.insns)
			if got := b.c.W[regs.RBX]; got != s.want {
				t.Fatalf("%s, step %d: %d interrupts, want %d", accel, i, got, s.want)
			}
			if s.nmi {
				b.CPU().CPU().NMI()
			}
		}
	}
}

// TestShutdown: when the stack has no room for the frame of an exception, the CPU gives up.
func TestShutdown(t *testing.T) {
	for _, accel := range emu.Accels {
		e := newBare(t, []byte("\xbc\x01\x00\x50"), accel, "max").run(t, 1000) // mov sp, 1; push ax
		if !e.ended || e.status != 0 || e.icount != 1 {
			t.Errorf("%s: ended %v with %d at icount %d", accel, e.ended, e.status, e.icount)
		}
	}
}
