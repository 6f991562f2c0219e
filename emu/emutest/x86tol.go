package emutest

import (
	"math"

	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
)

// tolerates reports whether a register word may differ from the recorded one:
// the manual leaves room for approximate instructions.
func (v *Vector) tolerates(r ir.Ref, got, want *regs.Words) bool {
	switch {
	case v.Tol == "rcp" && r >= regs.YMM:
		g, w := got[r], want[r]
		return nearF32(uint32(g), uint32(w)) && nearF32(uint32(g>>32), uint32(w>>32))
	case v.Tol == "x87" && r < regs.YMM:
		r &^= 1 // the mantissa, before sign and exponent
		return nearF80(got[r], got[r+1], want[r], want[r+1])
	}
	return false
}

// tolerated are the bits of FSW that do not count: C1 and PE of an approximate
// result.
func (v *Vector) tolerated() uint64 {
	if v.Tol == "x87" {
		return 0x220
	}
	return 0
}

// nearF80 compares results of the transcendental instructions: they may be 2^13
// units in the last place apart, also across a power of two.
func nearF80(aMan, aSE, bMan, bSE uint64) bool {
	const ulps = 1 << 13
	switch {
	case aSE == bSE:
		return aMan-bMan+ulps <= 2*ulps
	case aSE == bSE+1:
		return aMan <= 1<<63+ulps/2 && bMan >= ^uint64(ulps)
	case bSE == aSE+1:
		return bMan <= 1<<63+ulps/2 && aMan >= ^uint64(ulps)
	}
	return false
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
