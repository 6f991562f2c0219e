package softfloat

import "math/bits"

// 128-bit arithmetic for the transcendental instructions. Their results are
// computed to about 120 bits and rounded once to 64, so they are correctly
// rounded but for about one operand in 2^55.
//
// Two representations: num where relative accuracy counts, and fix inside
// polynomials, where all terms are below one and speed counts.

// fix is the fraction hi.lo / 2^128.
type fix struct{ hi, lo uint64 }

// mul returns a * b but for a few units in the last place.
func (a fix) mul(b fix) fix {
	hi, lo := bits.Mul64(a.hi, b.hi)
	cross1, _ := bits.Mul64(a.hi, b.lo)
	cross2, _ := bits.Mul64(a.lo, b.hi)
	lo, c1 := bits.Add64(lo, cross1, 0)
	lo, c2 := bits.Add64(lo, cross2, 0)
	return fix{hi + c1 + c2, lo}
}

func (a fix) add(b fix) fix {
	lo, c := bits.Add64(a.lo, b.lo, 0)
	return fix{a.hi + b.hi + c, lo}
}

func (a fix) sub(b fix) fix {
	lo, c := bits.Sub64(a.lo, b.lo, 0)
	return fix{a.hi - b.hi - c, lo}
}

// horner returns c[0] + c[1]*u + c[2]*u^2 ..., with alternating signs if
// asked. Every partial sum must lie between zero and one.
func horner(c []fix, u fix, alternate bool) fix {
	sum := c[len(c)-1]
	for i := len(c) - 2; i >= 0; i-- {
		if p := sum.mul(u); alternate {
			sum = c[i].sub(p)
		} else {
			sum = c[i].add(p)
		}
	}
	return sum
}

// fix returns the magnitude of n, which must be below one.
func (n num) fix() fix {
	hi, lo := shiftJam(n.hi, n.lo, uint(-1-n.exp))
	return fix{hi, lo}
}

// num returns a, which must not be zero.
func (a fix) num() num {
	n := num{hi: a.hi, lo: a.lo, exp: -1, attr: attr{kind: finite}}
	return n.normalize()
}

// addWide returns x + y.
func addWide(x, y num) num { return sum(NearestEven, x, y) }

// subWide returns x - y.
func subWide(x, y num) num { return minus(NearestEven, x, y) }

// mulWide returns x * y for finite numbers with 128-bit significands.
func mulWide(x, y num) num {
	p := fix{x.hi, x.lo}.mul(fix{y.hi, y.lo})
	n := num{hi: p.hi, lo: p.lo, exp: x.exp + y.exp + 1, attr: attr{kind: finite, neg: x.neg != y.neg}}
	return n.normalize()
}

// divWide returns x / y for finite numbers with 128-bit significands, by long
// division with digits of 64 bits.
func divWide(x, y num) num {
	exp := x.exp - y.exp
	hi, lo, below := x.hi, x.lo, uint64(0)
	if hi > y.hi || hi == y.hi && lo >= y.lo {
		below = lo << 63
		hi, lo = hi>>1, lo>>1|hi<<63
	} else {
		exp--
	}
	q1, hi, lo := digit(hi, lo, below, y)
	q0, _, _ := digit(hi, lo, 0, y)
	return num{hi: q1, lo: q0, exp: exp, attr: attr{kind: finite, neg: x.neg != y.neg}}
}

// digit divides hi.lo.next by the significand of y, which is larger than
// hi.lo, and returns one digit and the remainder.
func digit(hi, lo, next uint64, y num) (q, remHi, remLo uint64) {
	q = ^uint64(0)
	if hi < y.hi {
		q, _ = bits.Div64(hi, lo, y.hi)
	}
	// q is at most two too large, because it ignores y.lo.
	for {
		p1, p0 := bits.Mul64(q, y.lo)
		p2, mid := bits.Mul64(q, y.hi)
		p1, c := bits.Add64(p1, mid, 0)
		p2 += c
		r0, b := bits.Sub64(next, p0, 0)
		r1, b := bits.Sub64(lo, p1, b)
		_, b = bits.Sub64(hi, p2, b)
		if b == 0 {
			return q, r1, r0
		}
		q--
	}
}

// inexact marks n as not exact, whatever its bits look like.
func (n num) inexact() num {
	n.lo |= 1
	return n
}

// small returns a number with up to 64 bits of magnitude, scaled by 2^exp.
func small(v int64, exp int32) num {
	n := fromInt(v)
	n.exp += exp
	return n
}
