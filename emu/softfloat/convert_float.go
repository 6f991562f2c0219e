package softfloat

import "math"

// nanTo carries a NaN to another format: the payload keeps its upper bits
// (SDM vol. 1 4.8.3.6).
func (e *Env) nanTo(from, to *format, a uint64) uint64 {
	a = e.nan1(from, a)
	frac := a & from.fracMask << (64 - from.fracBits) >> (64 - to.fracBits)
	return signOf(to, a&from.signBit != 0) | to.infinity | frac
}

func (e *Env) convert(from, to *format, a uint64) uint64 {
	n := e.unpack(from, a)
	if n.kind == nan {
		return e.nanTo(from, to, a)
	}
	return e.finish(to, n, n.denormal)
}

// F32ToF64 is CVTSS2SD; only IE and DE are possible.
func (e *Env) F32ToF64(a uint32) uint64 {
	if x := math.Float32frombits(a); plain32(a) && x == x {
		return math.Float64bits(float64(x))
	}
	return e.convert(&binary32, &binary64, uint64(a))
}

// F64ToF32 is CVTSD2SS.
func (e *Env) F64ToF32(a uint64) uint32 {
	if e.quick() && plain64(a) {
		x := math.Float64frombits(a)
		s := float32(x)
		r := math.Float32bits(s)
		if settled32(r) && (e.inexactSeen() || float64(s) == x) || x == 0 {
			return r
		}
	}
	return uint32(e.convert(&binary64, &binary32, a))
}

// F16ToF32 is VCVTPH2PS for one element: DAZ does not apply and half-precision
// denormals raise no DE (SDM vol. 1 14.4.1).
func (e *Env) F16ToF32(a uint16) uint32 {
	h := Env{Masks: AllFlags}
	r := h.convert(&binary16, &binary32, uint64(a))
	e.raise(h.Flags &^ DE)
	return uint32(r)
}

// F32ToF16 is VCVTPS2PH for one element: it obeys DAZ but not FTZ. mode is
// that of the immediate; pass Env.Round when it asks for MXCSR's.
func (e *Env) F32ToF16(a uint32, mode Rounding) uint16 {
	h := *e
	h.Round, h.FTZ = mode, false
	r := h.convert(&binary32, &binary16, uint64(a))
	e.raise(h.Flags)
	return uint16(r)
}
