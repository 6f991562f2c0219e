package emutest

import (
	"math"

	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
)

// tolerates reports whether a register word may differ from the recorded one:
// the manual leaves room for approximate instructions.
func (v *Vector) tolerates(r ir.Ref, got, want uint64) bool {
	if v.Tol != "rcp" || r < regs.YMM {
		return false
	}
	return nearF32(uint32(got), uint32(want)) && nearF32(uint32(got>>32), uint32(want>>32))
}

// nearF32 compares the results of reciprocals: the CPU's own error and ours are
// at most 1.5*2^-12 each, and denormal results may be zeros.
func nearF32(a, b uint32) bool {
	if a == b {
		return true
	}
	x, y := float64(math.Float32frombits(a)), float64(math.Float32frombits(b))
	const tiny = 0x1p-126
	if math.Abs(x) < tiny && math.Abs(y) < tiny {
		return true
	}
	return math.Signbit(x) == math.Signbit(y) && math.Abs(x-y) <= 0x1p-11*math.Abs(y)
}
