package softfloat

// The exact path of add, subtract, multiply, divide, square root and fused
// multiply-add, for every format of up to 64 bits.

func (e *Env) binary(f *format, op func(Rounding, num, num) num, a, b uint64) uint64 {
	x, y := e.unpack(f, a), e.unpack(f, b)
	if x.kind == nan || y.kind == nan {
		return e.nan2(f, a, b)
	}
	return e.finish(f, op(e.Round, x, y), x.denormal || y.denormal)
}

// mulX is a * b, where infinity times zero is 2 (ARM ARM FPMulX).
func (e *Env) mulX(f *format, a, b uint64) uint64 {
	x, y := e.unpack(f, a), e.unpack(f, b)
	if x.kind == nan || y.kind == nan {
		return e.nan2(f, a, b)
	}
	r := product(e.Round, x, y)
	if r.kind == nan {
		return signOf(f, x.neg != y.neg) | uint64(f.bias+1)<<f.fracBits
	}
	return e.finish(f, r, x.denormal || y.denormal)
}

func (e *Env) sqrt(f *format, a uint64) uint64 {
	x := e.unpack(f, a)
	if x.kind == nan {
		return e.nan1(f, a)
	}
	return e.finish(f, squareRoot(x), x.denormal)
}

// mulAdd rounds a*b + c once.
func (e *Env) mulAdd(f *format, a, b, c uint64) uint64 {
	x, y, z := e.unpack(f, a), e.unpack(f, b), e.unpack(f, c)
	if x.kind == nan || y.kind == nan || z.kind == nan {
		return e.mulAddNaN(f, a, b, c)
	}
	r := product(e.Round, x, y)
	if r.kind != nan {
		r = sum(e.Round, r, z)
	}
	return e.finish(f, r, x.denormal || y.denormal || z.denormal)
}

// mulAddNaN is a fused multiply-add of operands one of which is a NaN. Whether a
// quiet NaN addend wins over the invalid product 0 * infinity and suppresses its
// flag, as on every Intel CPU with FMA3, or the product over it, is up to the
// architecture.
func (e *Env) mulAddNaN(f *format, a, b, c uint64) uint64 {
	r := e.rules()
	if r.invalidFirst && f.isNaN(c) && !f.isSignaling(c) {
		x, y := e.unpack(f, a), e.unpack(f, b)
		if x.kind != nan && y.kind != nan && product(e.Round, x, y).kind == nan {
			e.raise(IE)
			return e.defaultNaN(f)
		}
	}
	if r.addendFirst {
		return e.nan3(f, c, a, b)
	}
	return e.nan3(f, a, b, c)
}

// MulX32 is FMULX: a * b, where infinity times zero is 2.
func (e *Env) MulX32(a, b uint32) uint32 { return uint32(e.mulX(&binary32, uint64(a), uint64(b))) }

// MulX64 is FMULX.
func (e *Env) MulX64(a, b uint64) uint64 { return e.mulX(&binary64, a, b) }
