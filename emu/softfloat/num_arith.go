package softfloat

import (
	"math"
	"math/bits"
)

// The operations of this file take operands that are not NaN and return the
// exact result, cut with a sticky bit where it is infinitely long. A result
// of kind nan means "invalid operation", of kind pole "zero divide".
//
// The rounding mode matters to them only for the sign of an exact zero sum
// (SDM vol. 1 4.8.3.1).

// sum returns x + y. With 128-bit significands of at most 107 significant
// bits a sticky bit is enough: where more than one bit cancels, the operands
// were at most one binary place apart and nothing was shifted out.
func sum(m Rounding, x, y num) num {
	if x.kind != finite || y.kind != finite {
		return sumSpecial(m, x, y)
	}
	if compareMagnitude(x, y) < 0 {
		x, y = y, x
	}
	hi, lo := shiftJam(y.hi, y.lo, uint(x.exp-y.exp))
	if x.neg != y.neg {
		return difference(m, x, hi, lo)
	}
	var carry uint64
	x.lo, carry = bits.Add64(x.lo, lo, 0)
	x.hi, carry = bits.Add64(x.hi, hi, carry)
	if carry != 0 {
		x.lo = x.lo>>1 | x.hi<<63 | x.lo&1
		x.hi = x.hi>>1 | 1<<63
		x.exp++
	}
	return x
}

// difference takes hi.lo, not greater than x, from the magnitude of x.
func difference(m Rounding, x num, hi, lo uint64) num {
	var borrow uint64
	x.lo, borrow = bits.Sub64(x.lo, lo, 0)
	x.hi, _ = bits.Sub64(x.hi, hi, borrow)
	if x.hi|x.lo == 0 {
		return special(zero, m == Down)
	}
	return x.normalize()
}

func sumSpecial(m Rounding, x, y num) num {
	switch {
	case x.kind == infinite && y.kind == infinite && x.neg != y.neg:
		return special(nan, true)
	case x.kind == infinite:
		return x
	case y.kind == infinite:
		return y
	case x.kind == finite:
		return x
	case y.kind == finite:
		return y
	case x.neg != y.neg:
		return special(zero, m == Down)
	}
	return x
}

// minus returns x - y.
func minus(m Rounding, x, y num) num {
	y.neg = !y.neg
	return sum(m, x, y)
}

// product returns x * y, exact for operands with lo == 0.
func product(_ Rounding, x, y num) num {
	neg := x.neg != y.neg
	if x.kind != finite || y.kind != finite {
		return productSpecial(x.kind, y.kind, neg)
	}
	hi, lo := bits.Mul64(x.hi, y.hi)
	exp := x.exp + y.exp + 1
	if hi>>63 == 0 {
		hi = hi<<1 | lo>>63
		lo <<= 1
		exp--
	}
	return num{hi: hi, lo: lo, exp: exp, attr: attr{kind: finite, neg: neg}}
}

func productSpecial(x, y kind, neg bool) num {
	anyInf := x == infinite || y == infinite
	anyZero := x == zero || y == zero
	switch {
	case anyInf && anyZero:
		return special(nan, true)
	case anyInf:
		return special(infinite, neg)
	}
	return special(zero, neg)
}

// quotient returns x / y for operands with lo == 0: 64 bits, the next bit,
// and a sticky bit.
func quotient(_ Rounding, x, y num) num {
	neg := x.neg != y.neg
	if x.kind != finite || y.kind != finite {
		return quotientSpecial(x.kind, y.kind, neg)
	}
	exp := x.exp - y.exp
	var q, r uint64
	if x.hi < y.hi {
		exp--
		q, r = bits.Div64(x.hi, 0, y.hi)
	} else {
		q, r = bits.Div64(x.hi>>1, x.hi<<63, y.hi)
	}
	return num{hi: q, lo: tail(r, y.hi-r), exp: exp, attr: attr{kind: finite, neg: neg}}
}

// tail turns a remainder into the bits below a quotient: r is the distance to
// it from below, left what is missing to the next quotient.
func tail(r, left uint64) uint64 {
	switch {
	case r == 0:
		return 0
	case r < left:
		return 1
	}
	return 1<<63 | boolBit(r != left)
}

func quotientSpecial(x, y kind, neg bool) num {
	switch {
	case x == infinite && y == infinite || x == zero && y == zero:
		return special(nan, true)
	case x == infinite:
		return special(infinite, neg)
	case y == zero:
		return special(pole, neg)
	}
	return special(zero, neg)
}

// squareRoot returns the root of x, with lo == 0, as quotient does.
func squareRoot(x num) num {
	switch {
	case x.kind == zero:
		return x
	case x.neg:
		return special(nan, true)
	case x.kind != finite:
		return x
	}
	hi, lo := x.hi, uint64(0)
	if x.exp&1 == 0 {
		hi, lo = hi>>1, hi<<63
	}
	s, remHi, remLo := root128(hi, lo)
	r := num{hi: s, exp: x.exp >> 1, attr: x.attr}
	if remHi|remLo != 0 {
		// The root lies above s + 1/2 if (s + 1/2)^2 = s^2 + s + 1/4 does.
		r.lo = 1 | boolBit(remHi != 0 || remLo > s)<<63
	}
	return r
}

// root128 returns s = floor(sqrt(hi.lo)) and hi.lo - s^2 for hi >= 2^62. The
// host's root is good to about 52 bits; one correction in float64 leaves at
// most a few units, which the loops remove, so the result is exact.
func root128(hi, lo uint64) (s, remHi, remLo uint64) {
	s = math.MaxUint64
	if f := math.Sqrt(float64(hi)) * (1 << 32); f < 1<<64 {
		s = uint64(f)
	}
	remHi, remLo = lessSquare(hi, lo, s)
	diff := float64(int64(remHi))*(1<<64) + float64(remLo)
	s += uint64(int64(diff / (2 * float64(s))))
	if s < 1<<62 { // wrapped: the root is at the top of its range
		s = math.MaxUint64
	}
	remHi, remLo = lessSquare(hi, lo, s)
	for int64(remHi) < 0 {
		s--
		remHi, remLo = lessSquare(hi, lo, s)
	}
	for s != math.MaxUint64 && exceedsTwice(s, remHi, remLo) {
		s++
		remHi, remLo = lessSquare(hi, lo, s)
	}
	return s, remHi, remLo
}

// exceedsTwice tells whether hi.lo > 2s: then (s+1)^2 still fits.
func exceedsTwice(s, hi, lo uint64) bool {
	return hi > s>>63 || hi == s>>63 && lo > s<<1
}

func lessSquare(hi, lo, s uint64) (uint64, uint64) {
	sqHi, sqLo := bits.Mul64(s, s)
	lo, borrow := bits.Sub64(lo, sqLo, 0)
	hi, _ = bits.Sub64(hi, sqHi, borrow)
	return hi, lo
}
