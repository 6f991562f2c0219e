package softfloat

// The estimates of ARM and the steps that better them (ARM ARM FPRecipEstimate,
// FPRSqrtEstimate, FPRecipStepFused, FPRSqrtStepFused and, of A32, FPRecipStep
// and FPRSqrtStep).

// recipEstimate is 1/a for a from 1/2 to 1 in steps of 1/512: 9 bits of a result
// from 1 to 2.
func recipEstimate(a uint32) uint64 {
	b := uint32(1<<19) / (2*a + 1)
	return uint64(b+1) / 2
}

// rsqrtEstimate is 1/sqrt(a) for a from 1/4 to 1 in steps of 1/512, which lose
// the last bit above 1/2: 9 bits likewise.
func rsqrtEstimate(a uint32) uint64 {
	if a < 256 {
		a = 2*a + 1
	} else {
		a = (a | 1) * 2
	}
	b := uint32(512)
	for a*(b+1)*(b+1) < 1<<28 {
		b++
	}
	return uint64(b+1) / 2
}

// estimated packs an estimate of 9 bits with the biased exponent of its one,
// which is not below -1.
func estimated(f *format, neg bool, exp int32, estimate uint64) uint64 {
	frac := estimate & 0xff << (f.fracBits - 8)
	if exp < 1 { // denormal
		frac = (frac | 1<<f.fracBits) >> uint(1-exp)
		exp = 0
	}
	return signOf(f, neg) | uint64(exp)<<f.fracBits | frac
}

// recip estimates 1/a.
func (e *Env) recip(f *format, a uint64) uint64 {
	x := e.unpack(f, a)
	switch {
	case x.kind == nan:
		return e.nan1(f, a)
	case x.kind == infinite:
		return signOf(f, x.neg)
	case x.kind == zero:
		e.raise(ZE)
		return signOf(f, x.neg) | f.infinity
	}
	e.noteDenormal(x.denormal)
	switch {
	case x.exp < -f.bias-1:
		return e.packHuge(f, x.neg, true)
	case e.FTZ && x.exp >= f.bias-1:
		e.raise(UE)
		return signOf(f, x.neg)
	}
	return estimated(f, x.neg, f.bias-1-x.exp, recipEstimate(uint32(x.hi>>55)))
}

// rsqrt estimates 1/sqrt(a).
func (e *Env) rsqrt(f *format, a uint64) uint64 {
	x := e.unpack(f, a)
	switch {
	case x.kind == nan:
		return e.nan1(f, a)
	case x.kind == zero:
		e.raise(ZE)
		return signOf(f, x.neg) | f.infinity
	case x.neg:
		e.raise(IE)
		return e.defaultNaN(f)
	case x.kind == infinite:
		return 0
	}
	e.noteDenormal(x.denormal)
	// a is from 1/4 to 1 times a power of four.
	scaled := uint32(x.hi >> 55)
	if x.exp&1 == 0 {
		scaled >>= 1
	}
	return estimated(f, false, f.bias-1+(1-x.exp)>>1, rsqrtEstimate(scaled))
}

func (e *Env) noteDenormal(denormal bool) {
	if denormal {
		e.raise(DE)
	}
}

// step is from - a*b, halved if asked. An infinity times zero counts as zero. The
// product is not rounded if the step is fused; then a is negated, which shows in
// a NaN.
func (e *Env) step(f *format, a, b uint64, from int64, halve, fused bool) uint64 {
	if fused {
		a ^= f.signBit
	}
	x, y := e.unpack(f, a), e.unpack(f, b)
	if x.kind == nan || y.kind == nan {
		return e.nan2(f, a, b)
	}
	p := product(e.Round, x, y)
	switch {
	case p.kind == nan:
		p = special(zero, fused)
	case !fused:
		p = e.unpack(f, e.finish(f, p, false))
	}
	if !fused {
		p.neg = !p.neg
	}
	r := sum(e.Round, fromInt(from), p)
	if halve {
		r.exp--
	}
	return e.finish(f, r, x.denormal || y.denormal)
}

// RecipEstimate32 is FRECPE: 1/a to 8 bits.
func (e *Env) RecipEstimate32(a uint32) uint32 { return uint32(e.recip(&binary32, uint64(a))) }

// RecipEstimate64 is FRECPE.
func (e *Env) RecipEstimate64(a uint64) uint64 { return e.recip(&binary64, a) }

// RSqrtEstimate32 is FRSQRTE: 1/sqrt(a) to 8 bits.
func (e *Env) RSqrtEstimate32(a uint32) uint32 { return uint32(e.rsqrt(&binary32, uint64(a))) }

// RSqrtEstimate64 is FRSQRTE.
func (e *Env) RSqrtEstimate64(a uint64) uint64 { return e.rsqrt(&binary64, a) }

// RecipStep32 is 2 - a*b: FRECPS if fused, else A32's VRECPS.
func (e *Env) RecipStep32(a, b uint32, fused bool) uint32 {
	return uint32(e.step(&binary32, uint64(a), uint64(b), 2, false, fused))
}

// RecipStep64 is 2 - a*b, as RecipStep32.
func (e *Env) RecipStep64(a, b uint64, fused bool) uint64 {
	return e.step(&binary64, a, b, 2, false, fused)
}

// RSqrtStep32 is (3 - a*b) / 2: FRSQRTS if fused, else A32's VRSQRTS.
func (e *Env) RSqrtStep32(a, b uint32, fused bool) uint32 {
	return uint32(e.step(&binary32, uint64(a), uint64(b), 3, true, fused))
}

// RSqrtStep64 is (3 - a*b) / 2, as RSqrtStep32.
func (e *Env) RSqrtStep64(a, b uint64, fused bool) uint64 {
	return e.step(&binary64, a, b, 3, true, fused)
}
