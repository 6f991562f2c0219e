package x86

import (
	"testing"

	"panda/emu/vcpu"
)

// TestClassify: what instructions do to the flow of control, and how long they are.
func TestClassify(t *testing.T) {
	for _, x := range []struct {
		bits  int
		code  string
		class vcpu.Class
		n     int
	}{
		{64, "\xe8\x00\x00\x00\x00", vcpu.ClassCall, 5},
		{64, "\xff\xd0", vcpu.ClassCall, 2},         // call rax
		{64, "\x67\xff\x10\x90", vcpu.ClassCall, 3}, // call [eax]
		{64, "\xff\x18", vcpu.ClassCall, 2},         // call far [rax]
		{32, "\x9a\x00\x00\x00\x00\x00\x00", vcpu.ClassCall, 7},
		{64, "\x9a\x00\x00\x00\x00\x00\x00", vcpu.ClassPlain, 0}, // none in 64-bit code
		{64, "\xc3", vcpu.ClassReturn, 1},
		{64, "\xf3\xc3", vcpu.ClassReturn, 2},
		{64, "\xc2\x08\x00", vcpu.ClassReturn, 3},
		{64, "\xcb", vcpu.ClassReturn, 1},
		{64, "\x48\xcf", vcpu.ClassReturn, 2},
		{64, "\xeb\x00", vcpu.ClassJump, 2},
		{64, "\xff\xe0", vcpu.ClassJump, 2},
		{64, "\x74\x00", vcpu.ClassBranch, 2},
		{64, "\x0f\x8f\x00\x00\x00\x00", vcpu.ClassBranch, 6},
		{64, "\xe3\x00", vcpu.ClassBranch, 2},
		{64, "\xe2\x00", vcpu.ClassBranch, 2},
		{64, "\x90", vcpu.ClassPlain, 1},
		{64, "\x0f\x05", vcpu.ClassPlain, 2}, // syscall: what comes next follows it
		{64, "\x0f", vcpu.ClassPlain, 0},
		{64, "", vcpu.ClassPlain, 0},
	} {
		if class, n := newView(x.bits).Classify([]byte(x.code)); class != x.class || n != x.n {
			t.Errorf("% x in %d bits: class %d, %d bytes", x.code, x.bits, class, n)
		}
	}
	for row, class := range classes {
		if class == vcpu.ClassPlain {
			t.Errorf("%s is in the table for nothing", row)
		}
	}
}
