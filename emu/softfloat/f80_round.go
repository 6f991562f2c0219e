package softfloat

// bits returns the significand length that PC selects. The reserved encoding
// 01 acts as double extended.
func (p Precision) bits() int32 {
	switch p {
	case Single:
		return 24
	case Double:
		return 53
	}
	return 64
}

// wrap80 is added to or taken from the exponent when an overflow or underflow
// traps (SDM vol. 1 8.5.4, 8.5.5): the handler gets a usable significand.
const wrap80 = 24576

// finish80 is finish for x87 results of prec significant bits.
func (e *Env) finish80(r num, denormal bool, prec int32) F80 {
	switch {
	case r.kind == nan:
		e.raise(IE)
		return Indefinite80
	case r.kind == pole:
		e.raise(ZE)
		return infinity80(r.neg)
	case denormal:
		e.raise(DE)
		if e.unmasked(DE) {
			return F80{}
		}
	}
	return e.pack80(r, prec)
}

// finishApprox80 delivers a transcendental result, which raises PE even where
// it is exact, and UE whenever it is tiny.
func (e *Env) finishApprox80(r num, denormal bool) F80 {
	v := e.finish80(r, denormal, 64)
	if r.kind != finite || denormal && e.unmasked(DE) {
		return v
	}
	e.raise(PE)
	if v.exp() == 0 {
		e.raise(UE)
	}
	return v
}

// round80 rounds to prec bits and leaves the significand at the top of man,
// with the exponent as if it had no limits.
func (e *Env) round80(n num, prec int32) (man uint64, exp int32, inexact, up bool) {
	q, rem := split(n, prec)
	up = rem != 0 && e.Round.up(n.neg, q&1 != 0, rem)
	man, exp = q<<uint(64-prec), n.exp+bias80
	if up {
		man += 1 << uint(64-prec)
		if man == 0 {
			man, exp = intBit, exp+1
		}
	}
	return man, exp, rem != 0, up
}

// same80 delivers an operand as the result: it raises DE, but no underflow,
// and turns a pseudo-denormal into the normal number that it is.
func (e *Env) same80(x num) F80 {
	if x.denormal {
		e.raise(DE)
	}
	masked := Env{Masks: AllFlags}
	return masked.pack80(x, 64)
}

// pack80 rounds a result to prec bits and sets C1.
func (e *Env) pack80(n num, prec int32) F80 {
	switch n.kind {
	case zero:
		return F80{0, signOf80(n.neg)}
	case infinite:
		return infinity80(n.neg)
	}
	man, exp, inexact, up := e.round80(n, prec)
	if exp < 1 || exp >= maxExp80 {
		if !e.unmasked(rangeFault(exp)) {
			return e.packMasked80(n, exp, prec)
		}
		e.raise(rangeFault(exp))
		exp += rangeWrap(exp)
		if exp < 1 || exp >= maxExp80 {
			return e.packMassive80(n.neg, exp)
		}
	}
	e.notePE(inexact)
	e.C1 = up
	return F80{man, signOf80(n.neg) | uint16(exp)}
}

// rangeFault tells what an exponent out of range raises.
func rangeFault(exp int32) Flags {
	if exp < 1 {
		return UE
	}
	return OE
}

func rangeWrap(exp int32) int32 {
	if exp < 1 {
		return wrap80
	}
	return -wrap80
}

// packMassive80 delivers a result, of FSCALE only, that is out of range even
// after the exponent was wrapped (SDM vol. 1 8.5.4, 8.5.5).
func (e *Env) packMassive80(neg bool, exp int32) F80 {
	e.raise(PE)
	if exp < 1 {
		return F80{0, signOf80(neg)}
	}
	e.C1 = true
	return infinity80(neg)
}

func (e *Env) packMasked80(n num, exp, prec int32) F80 {
	if exp < 1 {
		return e.packTiny80(n, prec)
	}
	return e.packHuge80(n.neg, prec)
}

// packTiny80 delivers a denormal or zero. Precision control cuts at the same
// bit of the significand field as for normal numbers.
func (e *Env) packTiny80(n num, prec int32) F80 {
	exp := n.exp + bias80
	q, rem := split(n, prec-(1-exp))
	if rem != 0 {
		e.raise(UE | PE)
	}
	if rem != 0 && e.Round.up(n.neg, q&1 != 0, rem) {
		e.C1 = true
		q++
	}
	man := q << uint(64-prec)
	return F80{man, signOf80(n.neg) | uint16(man>>63)}
}

func (e *Env) packHuge80(neg bool, prec int32) F80 {
	e.raise(OE | PE)
	if e.Round.overflowsToInf(neg) {
		e.C1 = true
		return infinity80(neg)
	}
	return F80{^uint64(0) << uint(64-prec), signOf80(neg) | maxExp80 - 1}
}
