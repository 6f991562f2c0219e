package softfloat

// Exp2M1 is F2XM1: 2^a - 1 for a between -1 and 1. Outside, where the manual
// leaves the result open, Intel CPUs return a itself.
func (e *Env) Exp2M1(a F80) F80 {
	e.C1 = false
	x := unpack80(a)
	switch x.kind {
	case nan:
		return e.nan80(a, a)
	case zero:
		return a
	case infinite:
		if x.neg {
			return F80{intBit, sign80 | bias80}
		}
		return a
	}
	if x.exp > 0 || x.exp == 0 && x.hi != intBit {
		e.raise(PE)
		return a
	}
	if x.exp == 0 { // 2^1 - 1 and 2^-1 - 1
		x.exp -= int32(boolBit(x.neg))
		return e.finishApprox80(x, false)
	}
	return e.finishApprox80(exp2m1(x).inexact(), x.denormal)
}

// expSteps is the number of table entries for one octave.
const expSteps = 32

// exp2m1 splits x into m/32 + t and combines 2^(m/32) from the table with the
// series for 2^t - 1: T*(1+p) - 1 = T*p + (T-1).
func exp2m1(x num) num {
	scaled := x
	scaled.exp += 5
	mag, _ := NearestEven.round(scaled, scaled.exp+1)
	m := int32(mag)
	if x.neg {
		m = -m
	}
	if m == 0 {
		return expm1(mulWide(x, ln2))
	}
	table := exp2Table[m&(expSteps-1)]
	power := num{hi: table.hi, lo: table.lo, exp: m >> 5, attr: attr{kind: finite}}
	r := subWide(power, one)
	if t := subWide(x, small(int64(m), -5)); t.kind == finite {
		r = addWide(r, mulWide(power, expm1(mulWide(t, ln2))))
	}
	return r
}

// expm1 returns e^u - 1 = u + u^2 * (1/2! + u/3! + ...) for |u| < 1/64.
func expm1(u num) num {
	p := horner(expTerms[:], u.fix(), u.neg)
	return addWide(u, mulWide(mulWide(u, u), p.num()))
}
