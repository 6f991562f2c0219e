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

func (e *Env) sqrt(f *format, a uint64) uint64 {
	x := e.unpack(f, a)
	if x.kind == nan {
		return e.nan1(f, a)
	}
	return e.finish(f, squareRoot(x), x.denormal)
}

// mulAdd rounds a*b + c once. A NaN addend wins over the invalid product
// 0 * infinity and suppresses its flag, as on every Intel CPU with FMA3.
func (e *Env) mulAdd(f *format, a, b, c uint64) uint64 {
	x, y, z := e.unpack(f, a), e.unpack(f, b), e.unpack(f, c)
	if x.kind == nan || y.kind == nan || z.kind == nan {
		return e.nan3(f, a, b, c)
	}
	r := product(e.Round, x, y)
	if r.kind != nan {
		r = sum(e.Round, r, z)
	}
	return e.finish(f, r, x.denormal || y.denormal || z.denormal)
}
