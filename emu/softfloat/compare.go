package softfloat

import "math"

// Compares, and the minimum and maximum of SSE, which are a compare and a
// choice. All raise DE only when no operand is a NaN.

// relate compares for every format. signal: a quiet NaN raises IE as well
// (COMISS; SDM vol. 1 table 4-7 and vol. 2 "COMISS").
func (e *Env) relate(f *format, a, b uint64, signal bool) Relation {
	x, y := e.unpack(f, a), e.unpack(f, b)
	if x.kind == nan || y.kind == nan {
		if signal || f.isSignaling(a) || f.isSignaling(b) {
			e.raise(IE)
		}
		return Unordered
	}
	if x.denormal || y.denormal {
		e.raise(DE)
	}
	return compare(x, y)
}

// Cmp32 compares as COMISS (signal) or UCOMISS.
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

// Cmp64 compares as COMISD (signal) or UCOMISD.
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

// choose returns a if it relates to b as wanted, else b: also for two zeros
// and for NaNs (SDM vol. 2 "MINSD"). A denormal chosen under DAZ comes out as
// a zero, but a NaN comes out unchanged, even a signaling one.
func (e *Env) choose(f *format, a, b uint64, want Relation) uint64 {
	r := b
	if e.relate(f, a, b, true) == want {
		r = a
	}
	if e.DAZ && r&f.infinity == 0 {
		r &= f.signBit
	}
	return r
}

// Min32 is MINSS with a the destination operand.
func (e *Env) Min32(a, b uint32) uint32 {
	return uint32(e.choose(&binary32, uint64(a), uint64(b), Less))
}

// Max32 is MAXSS with a the destination operand.
func (e *Env) Max32(a, b uint32) uint32 {
	return uint32(e.choose(&binary32, uint64(a), uint64(b), Greater))
}

// Min64 is MINSD with a the destination operand.
func (e *Env) Min64(a, b uint64) uint64 {
	if plain64(a) && plain64(b) {
		x, y := math.Float64frombits(a), math.Float64frombits(b)
		if x < y {
			return a
		}
		if x >= y {
			return b
		}
	}
	return e.choose(&binary64, a, b, Less)
}

// Max64 is MAXSD with a the destination operand.
func (e *Env) Max64(a, b uint64) uint64 {
	if plain64(a) && plain64(b) {
		x, y := math.Float64frombits(a), math.Float64frombits(b)
		if x > y {
			return a
		}
		if x <= y {
			return b
		}
	}
	return e.choose(&binary64, a, b, Greater)
}
