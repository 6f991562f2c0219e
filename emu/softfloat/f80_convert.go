package softfloat

// widen rewrites v, already unpacked to n, as an F80 of the same value and
// raises nothing; a signaling NaN stays signaling.
func widen(f *format, v uint64, n num) F80 {
	sign := signOf80(n.neg)
	switch n.kind {
	case zero:
		return F80{0, sign}
	case infinite:
		return infinity80(n.neg)
	case nan:
		return F80{intBit | v<<(64-f.fracBits)>>1, sign | maxExp80}
	}
	return F80{n.hi, sign | uint16(n.exp+bias80)}
}

// load80 is FLD of a narrower format: always exact.
func (e *Env) load80(f *format, v uint64) F80 {
	e.C1 = false
	n := e.unpack(f, v)
	r := widen(f, v, n)
	switch {
	case n.kind == nan:
		return e.nan80(r, r)
	case n.denormal:
		e.raise(DE)
	}
	return r
}

// F32ToF80 is FLD m32fp.
func (e *Env) F32ToF80(v uint32) F80 { return e.load80(&binary32, uint64(v)) }

// F64ToF80 is FLD m64fp.
func (e *Env) F64ToF80(v uint64) F80 { return e.load80(&binary64, v) }

// I64ToF80 is FILD, for all its widths: always exact.
func (e *Env) I64ToF80(v int64) F80 {
	e.C1 = false
	n := fromInt(v)
	if n.kind == zero {
		return F80{}
	}
	return F80{n.hi, signOf80(n.neg) | uint16(n.exp+bias80)}
}

// store80 is FST to a narrower format. A denormal operand is not an exception
// here.
func (e *Env) store80(f *format, a F80) uint64 {
	e.C1 = false
	n := unpack80(a)
	if n.kind == nan {
		return e.storeNaN80(f, e.nan80(a, a))
	}
	exp := n.exp + f.bias
	if n.kind != finite || exp < 1 || exp >= f.maxExp-1 {
		return e.storeRare80(f, n)
	}
	q, rem := split(n, f.prec)
	if rem != 0 {
		e.raise(PE)
		e.C1 = e.Round.up(n.neg, q&1 != 0, rem)
	}
	return signOf(f, n.neg) | (uint64(exp-1)<<f.fracBits + q + boolBit(e.C1))
}

// storeRare80 handles what may overflow or underflow. When that traps, nothing
// is stored and nothing rounded, so neither PE nor C1 appears.
func (e *Env) storeRare80(f *format, n num) uint64 {
	s := *e
	s.Flags = 0
	r := s.pack(f, n)
	if s.Flags&^s.Masks&(OE|UE) != 0 {
		e.raise(s.Flags & (OE | UE))
		return r
	}
	e.raise(s.Flags)
	e.C1 = s.Flags&PE != 0 && grew(n, s.unpack(f, r))
	return r
}

// grew tells whether rounding moved the finite n away from zero.
func grew(n, rounded num) bool {
	if rounded.kind != finite {
		return rounded.kind == infinite
	}
	return compareMagnitude(rounded, n) > 0
}

func (e *Env) storeNaN80(f *format, v F80) uint64 {
	return signOf(f, v.Negative()) | f.infinity | v.Man<<1>>(64-f.fracBits)
}

// F80ToF32 is FST m32fp.
func (e *Env) F80ToF32(a F80) uint32 { return uint32(e.store80(&binary32, a)) }

// F80ToF64 is FST m64fp.
func (e *Env) F80ToF64(a F80) uint64 { return e.store80(&binary64, a) }

// int80 is FIST and FISTTP.
func (e *Env) int80(a F80, mode Rounding, to *intRange) (v uint64) {
	v, e.C1 = e.toInt(unpack80(a), mode, to)
	return v
}

// The conversions to integers round by Env.Round (FIST), those with Trunc
// toward zero (FISTTP).

func (e *Env) F80ToI16(a F80) int16 { return int16(e.int80(a, e.Round, &rangeI16)) }
func (e *Env) F80ToI32(a F80) int32 { return int32(e.int80(a, e.Round, &rangeI32)) }
func (e *Env) F80ToI64(a F80) int64 { return int64(e.int80(a, e.Round, &rangeI64)) }

func (e *Env) F80ToI16Trunc(a F80) int16 { return int16(e.int80(a, TowardZero, &rangeI16)) }
func (e *Env) F80ToI32Trunc(a F80) int32 { return int32(e.int80(a, TowardZero, &rangeI32)) }
func (e *Env) F80ToI64Trunc(a F80) int64 { return int64(e.int80(a, TowardZero, &rangeI64)) }
