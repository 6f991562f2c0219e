package softfloat

import "math"

// Compares, minima and maxima. A denormal operand that is used raises DE only
// when no operand is a NaN.

// relate compares for every format. signal: a quiet NaN raises IE as well
// (SDM vol. 1 table 4-7, ARM ARM FPCompare).
func (e *Env) relate(f *format, a, b uint64, signal bool) Relation {
	x, y := e.unpack(f, a), e.unpack(f, b)
	if x.kind == nan || y.kind == nan {
		if signal || f.isSignaling(a) || f.isSignaling(b) {
			e.raise(IE)
		}
		return Unordered
	}
	e.noteDenormal(x.denormal || y.denormal)
	return compare(x, y)
}

// Cmp32 compares; with signal a quiet NaN is invalid too (COMISS, FCMPE), else
// not (UCOMISS, FCMP).
func (e *Env) Cmp32(a, b uint32, signal bool) Relation {
	if plain32(a) && plain32(b) {
		x, y := math.Float32frombits(a), math.Float32frombits(b)
		switch {
		case x < y:
			return Less
		case x > y:
			return Greater
		case x == y:
			return Equal
		}
	}
	return e.relate(&binary32, uint64(a), uint64(b), signal)
}

// Cmp64 compares, as Cmp32.
func (e *Env) Cmp64(a, b uint64, signal bool) Relation {
	if plain64(a) && plain64(b) {
		x, y := math.Float64frombits(a), math.Float64frombits(b)
		switch {
		case x < y:
			return Less
		case x > y:
			return Greater
		case x == y:
			return Equal
		}
	}
	return e.relate(&binary64, a, b, signal)
}

// choose returns the minimum (want is Less) or maximum by the rules. SSE's is a
// if it relates to b as wanted, else b: also for two zeros and for NaNs (SDM
// vol. 2 "MINSD"). A denormal chosen under DAZ comes out as a zero, but a NaN
// comes out unchanged, even a signaling one.
func (e *Env) choose(f *format, a, b uint64, want Relation) uint64 {
	if e.rules().ordered {
		return e.extremum(f, a, b, want)
	}
	r := b
	if e.relate(f, a, b, true) == want {
		r = a
	}
	if e.DAZ && r&f.infinity == 0 {
		r &= f.signBit
	}
	return r
}

// extremum is the minimum or maximum where -0 is less than 0 and a NaN makes a
// NaN (ARM ARM FPMin, FPMax).
func (e *Env) extremum(f *format, a, b uint64, want Relation) uint64 {
	x, y := e.unpack(f, a), e.unpack(f, b)
	if x.kind == nan || y.kind == nan {
		return e.nan2(f, a, b)
	}
	e.noteDenormal(x.denormal || y.denormal)
	r := compare(x, y)
	switch {
	case r == Equal && x.neg == (want == Less): // of two zeros the one asked for
		y = x
	case r == want:
		b, y = a, x
	}
	if y.kind == zero {
		return signOf(f, y.neg)
	}
	return b
}

// numeric is extremum where a quiet NaN loses against a number (ARM ARM FPMinNum,
// FPMaxNum; minNum of IEEE 754-2008).
func (e *Env) numeric(f *format, a, b uint64, want Relation) uint64 {
	quietA, quietB := f.isNaN(a) && !f.isSignaling(a), f.isNaN(b) && !f.isSignaling(b)
	worst := signOf(f, want == Greater) | f.infinity
	switch {
	case quietA && !quietB:
		a = worst
	case quietB && !quietA:
		b = worst
	}
	return e.extremum(f, a, b, want)
}

// Min32 is MINSS with a the destination operand, or FMIN.
func (e *Env) Min32(a, b uint32) uint32 {
	return uint32(e.choose(&binary32, uint64(a), uint64(b), Less))
}

// Max32 is MAXSS, or FMAX.
func (e *Env) Max32(a, b uint32) uint32 {
	return uint32(e.choose(&binary32, uint64(a), uint64(b), Greater))
}

// Min64 is MINSD with a the destination operand, or FMIN.
func (e *Env) Min64(a, b uint64) uint64 {
	if plain64(a) && plain64(b) {
		x, y := math.Float64frombits(a), math.Float64frombits(b)
		if x < y {
			return a
		}
		if x >= y && (x != 0 || e.Rules == SSE) {
			return b
		}
	}
	return e.choose(&binary64, a, b, Less)
}

// Max64 is MAXSD, or FMAX.
func (e *Env) Max64(a, b uint64) uint64 {
	if plain64(a) && plain64(b) {
		x, y := math.Float64frombits(a), math.Float64frombits(b)
		if x > y {
			return a
		}
		if x <= y && (x != 0 || e.Rules == SSE) {
			return b
		}
	}
	return e.choose(&binary64, a, b, Greater)
}

// MinNum32 is FMINNM; a quiet NaN loses against a number.
func (e *Env) MinNum32(a, b uint32) uint32 {
	return uint32(e.numeric(&binary32, uint64(a), uint64(b), Less))
}

// MaxNum32 is FMAXNM.
func (e *Env) MaxNum32(a, b uint32) uint32 {
	return uint32(e.numeric(&binary32, uint64(a), uint64(b), Greater))
}

// MinNum64 is FMINNM.
func (e *Env) MinNum64(a, b uint64) uint64 { return e.numeric(&binary64, a, b, Less) }

// MaxNum64 is FMAXNM.
func (e *Env) MaxNum64(a, b uint64) uint64 { return e.numeric(&binary64, a, b, Greater) }
