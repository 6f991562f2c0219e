package softfloat

// YLog2X is FYL2X: y * log2(x), x in ST(0) and y in ST(1).
func (e *Env) YLog2X(x, y F80) F80 {
	return e.yLog(x, y, func(n num) num {
		switch {
		case n.kind == zero:
			return special(pole, true)
		case n.neg:
			return special(nan, true)
		case n.kind == infinite:
			return n
		}
		return log2(n, subWide(n, one))
	})
}

// YLog2XP1 is FYL2XP1: y * log2(x + 1), exact to the end for small x.
func (e *Env) YLog2XP1(x, y F80) F80 {
	return e.yLog(x, y, func(n num) num {
		switch {
		case n.kind == zero:
			return n
		case n.kind == infinite && n.neg:
			return special(nan, true)
		case n.kind == infinite:
			return n
		}
		x1 := addWide(one, n)
		if x1.kind == zero {
			return special(pole, true)
		}
		if x1.neg {
			return special(nan, true)
		}
		return log2(x1, n)
	})
}

// yLog multiplies a logarithm by y. A logarithm of kind pole is -infinity.
func (e *Env) yLog(x, y F80, log func(num) num) F80 {
	e.C1 = false
	a, b := unpack80(x), unpack80(y)
	if isNaN80(a, b) {
		return e.nan80(x, y)
	}
	denormal := a.denormal || b.denormal
	l := log(a)
	if l.kind == nan {
		return e.finish80(l, denormal, 64)
	}
	return e.finishApprox80(timesLog(l, b), denormal)
}

func timesLog(l, y num) num {
	if l.kind == finite && y.kind == finite {
		return mulWide(l, y)
	}
	exactPole := l.kind == pole && y.kind == finite
	if l.kind == pole {
		l.kind = infinite
	}
	r := product(NearestEven, l, y)
	if exactPole {
		r.kind = pole
	}
	return r
}

// sqrt2 is the significand of the square root of two.
const sqrt2 = 0xB504F333F9DE6484

// log2 returns the logarithm of a positive x. less1 is x - 1, which the caller
// may know more exactly. With x = m * 2^k, m near one, and s = (m-1)/(m+1):
//
//	log2(x) = k + 2/ln(2) * (s + s^3/3 + s^5/5 + ...)
func log2(x, less1 num) num {
	k := x.exp
	if x.hi > sqrt2 {
		k++
	}
	m := x
	m.exp -= k
	if k != 0 {
		less1 = subWide(m, one)
	}
	if less1.kind == zero {
		return exactLog(k)
	}
	s := divWide(less1, addWide(m, one))
	w := mulWide(s, s)
	p := horner(oddTerms[:], w.fix(), false)
	l := mulWide(addWide(s, mulWide(mulWide(s, w), p.num())), twoLog2E)
	return addWide(fromInt(int64(k)), l).inexact()
}

// exactLog is the logarithm of 2^k. Intel CPUs compute a negative one slightly
// too small, which shows in C1 and in directed rounding.
func exactLog(k int32) num {
	l := fromInt(int64(k))
	if k < 0 {
		return subWide(l, small(-1, -126))
	}
	return l
}
