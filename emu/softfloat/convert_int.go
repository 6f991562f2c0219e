package softfloat

import (
	"math"
	"math/bits"
)

// intRange is an integer type as the target of a conversion: the largest
// magnitudes of both signs, and the value stored when the operand does not
// fit and rules do not saturate: "integer indefinite" (SDM vol. 1 4.8.3.7 and
// table 4-1), or for the unsigned types all ones (SDM vol. 2 "VCVTSD2USI").
type intRange struct{ neg, pos, indefinite uint64 }

var (
	rangeI16 = intRange{1 << 15, 1<<15 - 1, 1 << 15}
	rangeI32 = intRange{1 << 31, 1<<31 - 1, 1 << 31}
	rangeI64 = intRange{1 << 63, 1<<63 - 1, 1 << 63}
	rangeU16 = intRange{0, 1<<16 - 1, 1<<16 - 1}
	rangeU32 = intRange{0, 1<<32 - 1, 1<<32 - 1}
	rangeU64 = intRange{0, 1<<64 - 1, 1<<64 - 1}
)

// toInt rounds n to an integer in two's complement; up tells whether that
// increased its magnitude. A denormal that counts raises no DE here, only PE.
func (e *Env) toInt(n num, mode Rounding, to *intRange) (v uint64, up bool) {
	if n.kind == zero {
		return 0, false
	}
	if n.kind != finite || n.exp > 63 {
		return e.tooBig(n, to), false
	}
	mag, rem := split(n, n.exp+1)
	up = rem != 0 && mode.up(n.neg, mag&1 != 0, rem)
	mag += boolBit(up)
	if n.neg && mag > to.neg || !n.neg && mag > to.pos {
		return e.tooBig(n, to), false
	}
	e.notePE(rem != 0)
	if n.neg {
		return -mag, up
	}
	return mag, up
}

// tooBig is what stands for a number that does not fit.
func (e *Env) tooBig(n num, to *intRange) uint64 {
	e.raise(IE)
	switch {
	case !e.rules().saturate:
		return to.indefinite
	case n.kind == nan:
		return 0
	case n.neg:
		return -to.neg
	}
	return to.pos
}

func (e *Env) intOf32(a uint32, mode Rounding, to *intRange) uint64 {
	v, _ := e.toInt(e.unpack(&binary32, uint64(a)), mode, to)
	return v
}

func (e *Env) intOf64(a uint64, mode Rounding, to *intRange) uint64 {
	v, _ := e.toInt(e.unpack(&binary64, a), mode, to)
	return v
}

// The conversions round by Env.Round, those with Trunc toward zero.

func (e *Env) F32ToI32(a uint32) int32  { return int32(e.intOf32(a, e.Round, &rangeI32)) }
func (e *Env) F32ToI64(a uint32) int64  { return int64(e.intOf32(a, e.Round, &rangeI64)) }
func (e *Env) F32ToU32(a uint32) uint32 { return uint32(e.intOf32(a, e.Round, &rangeU32)) }
func (e *Env) F32ToU64(a uint32) uint64 { return e.intOf32(a, e.Round, &rangeU64) }
func (e *Env) F64ToI32(a uint64) int32  { return int32(e.intOf64(a, e.Round, &rangeI32)) }
func (e *Env) F64ToI64(a uint64) int64  { return int64(e.intOf64(a, e.Round, &rangeI64)) }
func (e *Env) F64ToU32(a uint64) uint32 { return uint32(e.intOf64(a, e.Round, &rangeU32)) }
func (e *Env) F64ToU64(a uint64) uint64 { return e.intOf64(a, e.Round, &rangeU64) }

func (e *Env) F32ToU32Trunc(a uint32) uint32 { return uint32(e.intOf32(a, TowardZero, &rangeU32)) }
func (e *Env) F32ToU64Trunc(a uint32) uint64 { return e.intOf32(a, TowardZero, &rangeU64) }
func (e *Env) F64ToU32Trunc(a uint64) uint32 { return uint32(e.intOf64(a, TowardZero, &rangeU32)) }
func (e *Env) F64ToU64Trunc(a uint64) uint64 { return e.intOf64(a, TowardZero, &rangeU64) }

// The truncating conversions to signed integers are what compilers emit for
// casts; the host does them where the operand is in range.

func (e *Env) F32ToI32Trunc(a uint32) int32 {
	if x := math.Float32frombits(a); plain32(a) && x >= -1<<31 && x < 1<<31 {
		i := int32(x)
		e.notePE(float32(i) != x)
		return i
	}
	return int32(e.intOf32(a, TowardZero, &rangeI32))
}

func (e *Env) F32ToI64Trunc(a uint32) int64 {
	if x := math.Float32frombits(a); plain32(a) && x >= -1<<63 && x < 1<<63 {
		i := int64(x)
		e.notePE(float32(i) != x)
		return i
	}
	return int64(e.intOf32(a, TowardZero, &rangeI64))
}

func (e *Env) F64ToI32Trunc(a uint64) int32 {
	if x := math.Float64frombits(a); plain64(a) && x > -1<<31-1 && x < 1<<31 {
		i := int32(x)
		e.notePE(float64(i) != x)
		return i
	}
	return int32(e.intOf64(a, TowardZero, &rangeI32))
}

func (e *Env) F64ToI64Trunc(a uint64) int64 {
	if x := math.Float64frombits(a); plain64(a) && x >= -1<<63 && x < 1<<63 {
		i := int64(x)
		e.notePE(float64(i) != x)
		return i
	}
	return int64(e.intOf64(a, TowardZero, &rangeI64))
}

func (e *Env) notePE(inexact bool) {
	if inexact {
		e.raise(PE)
	}
}

// Integers to floating point: only PE is possible.

func (e *Env) I32ToF32(v int32) uint32 { return e.I64ToF32(int64(v)) }

func (e *Env) U32ToF32(v uint32) uint32 { return uint32(e.pack(&binary32, fromUint(false, uint64(v)))) }
func (e *Env) U64ToF32(v uint64) uint32 { return uint32(e.pack(&binary32, fromUint(false, v))) }
func (e *Env) U64ToF64(v uint64) uint64 { return e.pack(&binary64, fromUint(false, v)) }

// I32ToF64 is always exact.
func (e *Env) I32ToF64(v int32) uint64 { return math.Float64bits(float64(v)) }

// U32ToF64 is always exact.
func (e *Env) U32ToF64(v uint32) uint64 { return math.Float64bits(float64(v)) }

func (e *Env) I64ToF32(v int64) uint32 {
	if v>>24 == 0 || v>>24 == -1 || e.quick() && e.inexactSeen() {
		return math.Float32bits(float32(v))
	}
	return uint32(e.pack(&binary32, fromInt(v)))
}

func (e *Env) I64ToF64(v int64) uint64 {
	if v>>53 == 0 || v>>53 == -1 || e.quick() && e.inexactSeen() {
		return math.Float64bits(float64(v))
	}
	return e.pack(&binary64, fromInt(v))
}

// roundInt rounds to an integer in the same format (ROUNDSD). It raises PE
// unless told not to, and never DE.
func (e *Env) roundInt(f *format, a uint64, mode Rounding, suppressInexact bool) uint64 {
	n := e.unpack(f, a)
	switch {
	case n.kind == nan:
		return e.nan1(f, a)
	case n.kind == zero:
		return a & f.signBit
	case n.kind == infinite || n.exp >= f.prec-1:
		return a
	}
	mag, rem := mode.round(n, n.exp+1)
	if rem == 0 {
		return a
	}
	e.notePE(!suppressInexact)
	if mag == 0 {
		return a & f.signBit
	}
	exp := 63 - bits.LeadingZeros64(mag)
	frac := mag << (f.fracBits - uint(exp)) & f.fracMask
	return a&f.signBit | uint64(int32(exp)+f.bias)<<f.fracBits | frac
}

// RoundInt32 is ROUNDSS or FRINT with an explicit mode.
func (e *Env) RoundInt32(a uint32, mode Rounding, suppressInexact bool) uint32 {
	return uint32(e.roundInt(&binary32, uint64(a), mode, suppressInexact))
}

// RoundInt64 is ROUNDSD or FRINT with an explicit mode.
func (e *Env) RoundInt64(a uint64, mode Rounding, suppressInexact bool) uint64 {
	return e.roundInt(&binary64, a, mode, suppressInexact)
}
