package softfloat

// Fixed is an integer or fixed-point type: the value is the integer divided by
// 2 to the power of Frac.
type Fixed struct {
	Bits     uint8 // 16, 32 or 64
	Unsigned bool
	Frac     uint8
}

// limits are the integers that a type holds.
func (t Fixed) limits() *intRange {
	switch t {
	case Fixed{Bits: 16, Frac: t.Frac}:
		return &rangeI16
	case Fixed{Bits: 16, Unsigned: true, Frac: t.Frac}:
		return &rangeU16
	case Fixed{Bits: 32, Frac: t.Frac}:
		return &rangeI32
	case Fixed{Bits: 32, Unsigned: true, Frac: t.Frac}:
		return &rangeU32
	case Fixed{Bits: 64, Unsigned: true, Frac: t.Frac}:
		return &rangeU64
	}
	return &rangeI64
}

// toFixed rounds an operand to the type, in its low Bits.
func (e *Env) toFixed(f *format, a uint64, to Fixed, mode Rounding) uint64 {
	n := e.unpack(f, a)
	n.exp += int32(to.Frac)
	v, _ := e.toInt(n, mode, to.limits())
	return v << (64 - to.Bits) >> (64 - to.Bits)
}

// num is the number that the low Bits of v stand for.
func (t Fixed) num(v uint64) num {
	cut := 64 - t.Bits
	n := fromInt(int64(v<<cut) >> cut)
	if t.Unsigned {
		n = fromUint(false, v<<cut>>cut)
	}
	n.exp -= int32(t.Frac)
	return n
}

// F32ToFixed converts to an integer or fixed-point number in the low bits of the
// result.
func (e *Env) F32ToFixed(a uint32, to Fixed, mode Rounding) uint64 {
	return e.toFixed(&binary32, uint64(a), to, mode)
}

// F64ToFixed likewise.
func (e *Env) F64ToFixed(a uint64, to Fixed, mode Rounding) uint64 {
	return e.toFixed(&binary64, a, to, mode)
}

// FixedToF32 converts from an integer or fixed-point number in the low bits of v.
func (e *Env) FixedToF32(v uint64, from Fixed) uint32 {
	return uint32(e.pack(&binary32, from.num(v)))
}

// FixedToF64 likewise.
func (e *Env) FixedToF64(v uint64, from Fixed) uint64 { return e.pack(&binary64, from.num(v)) }
