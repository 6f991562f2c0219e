package softfloat

import "math"

// Atan80 is FPATAN: the angle of the point (x, y), x in ST(0), y in ST(1).
func (e *Env) Atan80(x, y F80) F80 {
	e.C1 = false
	a, b := unpack80(x), unpack80(y)
	if isNaN80(a, b) {
		return e.nan80(x, y)
	}
	r := atan2(b, a)
	r.neg = b.neg
	return e.finishApprox80(r, a.denormal || b.denormal)
}

// atan2 returns the angle of (x, |y|), between zero and pi (SDM vol. 2
// "FPATAN", table of results).
func atan2(y, x num) num {
	left := x.neg
	x.neg, y.neg = false, false
	if y.kind == zero || x.kind == infinite && y.kind != infinite {
		if left {
			return pi
		}
		return special(zero, false)
	}
	var r num
	switch {
	case x.kind == zero || y.kind == infinite && x.kind != infinite:
		return halfPi
	case x.kind == infinite: // both are
		r = atanTable[atanSteps]
	case compareMagnitude(y, x) <= 0:
		r = atanRatio(y, x)
	default:
		r = subWide(halfPi, atanRatio(x, y))
	}
	if left {
		r = subWide(pi, r)
	}
	return r
}

// atanSteps is the number of table entries between zero and one.
const atanSteps = 16

// atanRatio returns atan(a/b) for 0 < a <= b. With c = j/16 near a/b,
// atan(a/b) = atan(c) + atan(t), t = (a - c*b) / (b + c*a).
func atanRatio(a, b num) num {
	j := nearestStep(a, b)
	if j == 0 {
		return atanSeries(divWide(a, b))
	}
	c := small(j, -4)
	t := subWide(a, mulWide(c, b))
	if t.kind == zero {
		return atanTable[j]
	}
	return addWide(atanTable[j], atanSeries(divWide(t, addWide(b, mulWide(c, a)))))
}

// nearestStep returns a/b in sixteenths, roughly rounded.
func nearestStep(a, b num) int64 {
	apart := b.exp - a.exp
	if apart > 8 {
		return 0
	}
	ratio := float64(a.hi) / float64(b.hi) / float64(int(1)<<uint(apart))
	return int64(math.Floor(ratio*atanSteps + 0.5))
}

// atanSeries returns atan(t) = t - t^3 * (1/3 - t^2/5 + ...) for |t| <= 1/31.
func atanSeries(t num) num {
	if t.exp < tinyTangent {
		return t
	}
	w := mulWide(t, t)
	p := horner(oddTerms[:atanTerms], w.fix(), true)
	return subWide(t, mulWide(mulWide(t, w), p.num())).inexact()
}
