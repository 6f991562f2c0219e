package softfloat

import "math/bits"

// Remainder is the outcome of FPREM or FPREM1. When Partial (C2), the
// exponents were too far apart and Value is only reduced; else Quotient holds
// the low bits of the quotient, for C0 (bit 2), C3 (bit 1) and C1 (bit 0).
type Remainder struct {
	Value    F80
	Quotient uint8
	Partial  bool
}

// Rem80 is FPREM: a - b*q with q rounded toward zero.
func (e *Env) Rem80(a, b F80) Remainder { return e.remainder(a, b, false) }

// Rem1of80 is FPREM1, the IEEE remainder: q is rounded to nearest even.
func (e *Env) Rem1of80(a, b F80) Remainder { return e.remainder(a, b, true) }

func (e *Env) remainder(a, b F80, nearest bool) Remainder {
	e.C1 = false
	x, y := unpack80(a), unpack80(b)
	denormal := x.denormal || y.denormal
	switch {
	case isNaN80(x, y):
		return Remainder{Value: e.nan80(a, b)}
	case x.kind == infinite || y.kind == zero:
		return Remainder{Value: e.finish80(special(nan, true), false, 64)}
	case x.kind == zero || y.kind == infinite:
		x.denormal = denormal
		return Remainder{Value: e.same80(x)}
	case x.exp-y.exp >= 64:
		return Remainder{Value: e.finish80(reducePartly(x, y), denormal, 64), Partial: true}
	}
	x, q := reduce(x, y)
	if nearest {
		x, q = nearestRemainder(x, y, q)
	}
	return Remainder{Value: e.finish80(x, denormal, 64), Quotient: uint8(q & 7)}
}

// reducePartly reduces x by 32 to 63 bits, as Intel CPUs do, so that the next
// distance of the exponents is a multiple of 32; the manual leaves it open.
func reducePartly(x, y num) num {
	apart := x.exp - y.exp
	y.exp += apart - (32 + apart%32)
	x, _ = reduce(x, y)
	return x
}

// reduce returns the remainder and quotient of the magnitudes, with the sign
// of x, for exponents less than 64 apart.
func reduce(x, y num) (num, uint64) {
	apart := x.exp - y.exp
	if apart < 0 {
		return x, 0
	}
	// hi.lo is x in units of the last place of y; hi < 2^63 <= y.hi.
	hi, lo := x.hi>>1>>uint(63-apart), x.hi<<uint(apart)
	q, r := bits.Div64(hi, lo, y.hi)
	if r == 0 {
		return special(zero, x.neg), q
	}
	n := num{hi: r, exp: y.exp, attr: attr{kind: finite, neg: x.neg}}
	return n.normalize(), q
}

// nearestRemainder takes y once more from r if that brings it closer to zero.
func nearestRemainder(r, y num, q uint64) (num, uint64) {
	if r.kind == zero {
		return r, q
	}
	double := r
	double.exp++
	c := compareMagnitude(double, y)
	if c < 0 || c == 0 && q&1 == 0 {
		return r, q
	}
	y.neg = !r.neg
	return sum(NearestEven, r, y), q + 1
}
