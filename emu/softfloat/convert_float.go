package softfloat

import "math"

// nanTo carries a NaN to another format: the payload keeps its upper bits
// (SDM vol. 1 4.8.3.6, ARM ARM FPConvertNaN).
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

// half is the format of binary16 in this environment.
func (e *Env) half() *format {
	if e.AltHalf {
		return &altHalf
	}
	return &binary16
}

// fromHalf widens: DAZ does not apply and half-precision denormals raise no DE
// (SDM vol. 1 14.4.1, ARM ARM FPUnpackCV).
func (e *Env) fromHalf(to *format, a uint16) uint64 {
	h := *e
	h.Masks, h.DAZ, h.Flags = AllFlags, false, 0
	r := h.convert(e.half(), to, uint64(a))
	e.raise(h.Flags &^ DE)
	return r
}

// toHalf narrows: DAZ applies, FTZ does not. The alternative format has no place
// for NaNs and infinities.
func (e *Env) toHalf(from *format, a uint64, mode Rounding) uint16 {
	h := *e
	h.Round, h.FTZ = mode, false
	if mag := a &^ from.signBit; e.AltHalf && mag >= from.infinity {
		e.raise(IE)
		r := uint16(signOf(&binary16, mag != a))
		if mag == from.infinity {
			r |= uint16(altHalf.infinity)
		}
		return r
	}
	r := h.convert(from, e.half(), a)
	e.raise(h.Flags)
	return uint16(r)
}

// F16ToF32 is VCVTPH2PS for one element, or FCVT.
func (e *Env) F16ToF32(a uint16) uint32 { return uint32(e.fromHalf(&binary32, a)) }

// F16ToF64 is FCVT.
func (e *Env) F16ToF64(a uint16) uint64 { return e.fromHalf(&binary64, a) }

// F32ToF16 is VCVTPS2PH for one element, or FCVT. mode is that of an immediate;
// pass Env.Round when there is none.
func (e *Env) F32ToF16(a uint32, mode Rounding) uint16 {
	return e.toHalf(&binary32, uint64(a), mode)
}

// F64ToF16 likewise.
func (e *Env) F64ToF16(a uint64, mode Rounding) uint16 { return e.toHalf(&binary64, a, mode) }
