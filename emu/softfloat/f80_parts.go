package softfloat

// FRNDINT, FSCALE, FXTRACT and the remainders: operations on the parts of a
// number. None obeys precision control.

// RoundInt80 is FRNDINT.
func (e *Env) RoundInt80(a F80) F80 {
	e.C1 = false
	x := unpack80(a)
	if x.kind == nan {
		return e.nan80(a, a)
	}
	if x.denormal {
		e.raise(DE)
		if e.unmasked(DE) {
			return F80{}
		}
	}
	if x.kind != finite || x.exp >= 63 {
		return a
	}
	mag, rem := split(x, x.exp+1)
	if rem != 0 {
		e.raise(PE)
		e.C1 = e.Round.up(x.neg, mag&1 != 0, rem)
	}
	r := fromUint(x.neg, mag+boolBit(e.C1))
	if r.kind == zero {
		return F80{0, signOf80(x.neg)}
	}
	return F80{r.hi, signOf80(x.neg) | uint16(r.exp+bias80)}
}

// scaleLimit is an exponent change that leaves the range from anywhere, even
// after the exponent is wrapped for a trap.
const scaleLimit = 1 << 17

// Scale80 is FSCALE: a times two to the power of b without its fraction.
func (e *Env) Scale80(a, b F80) F80 {
	e.C1 = false
	x, y := unpack80(a), unpack80(b)
	if isNaN80(x, y) {
		return e.nan80(a, b)
	}
	denormal := x.denormal || y.denormal
	switch {
	case y.kind == infinite:
		x = scaleByInfinity(x, y.neg)
	case y.kind == zero:
		return e.same80(x)
	case x.kind == finite:
		x.exp += scaleStep(y)
	}
	return e.finish80(x, denormal, 64)
}

// scaleStep returns y cut to an integer, within limits.
func scaleStep(y num) int32 {
	step := int32(scaleLimit)
	if y.exp < 17 {
		whole, _ := split(y, y.exp+1)
		step = int32(whole)
	}
	if y.neg {
		return -step
	}
	return step
}

func scaleByInfinity(x num, down bool) num {
	switch {
	case down && x.kind == infinite || !down && x.kind == zero:
		return special(nan, true)
	case down:
		return special(zero, x.neg)
	}
	return special(infinite, x.neg)
}

// Extract80 is FXTRACT: the exponent as a number, and the significand with the
// exponent of one. FXTRACT leaves the significand on top of the stack.
func (e *Env) Extract80(a F80) (exponent, significand F80) {
	e.C1 = false
	x := unpack80(a)
	switch x.kind {
	case nan:
		r := e.nan80(a, a)
		return r, r
	case infinite:
		return infinity80(false), a
	case zero:
		e.raise(ZE)
		return infinity80(true), a
	}
	if x.denormal {
		e.raise(DE)
	}
	return e.I64ToF80(int64(x.exp)), F80{x.hi, signOf80(x.neg) | bias80}
}
