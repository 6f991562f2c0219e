package softfloat

// Packed BCD (SDM vol. 1 4.7): 18 digits, two to a byte, lowest first, then a
// byte whose top bit is the sign.

const maxBCD = 999_999_999_999_999_999

var rangeBCD = intRange{neg: maxBCD, pos: maxBCD, indefinite: 1 << 63}

// indefiniteBCD is what FBSTP stores for an operand that does not fit.
var indefiniteBCD = [10]byte{7: 0xC0, 8: 0xFF, 9: 0xFF}

// F80ToBCD is FBSTP; it rounds by Env.Round.
func (e *Env) F80ToBCD(a F80) (b [10]byte) {
	n := unpack80(a)
	v, up := e.toInt(n, e.Round, &rangeBCD)
	e.C1 = up
	if v == rangeBCD.indefinite {
		return indefiniteBCD
	}
	if n.neg {
		v = -v
		b[9] = 0x80
	}
	for i := range 9 {
		b[i] = byte(v%10 | v/10%10<<4)
		v /= 100
	}
	return b
}

// BCDToF80 is FBLD: always exact, and it raises nothing. Digits above nine
// count with their value, as Intel CPUs do where the manual leaves it open.
func (e *Env) BCDToF80(b [10]byte) F80 {
	e.C1 = false
	v := uint64(0)
	for i := 8; i >= 0; i-- {
		v = v*100 + uint64(b[i]>>4)*10 + uint64(b[i]&15)
	}
	n := fromUint(b[9]&0x80 != 0, v)
	if n.kind == zero {
		return F80{0, signOf80(n.neg)}
	}
	return F80{n.hi, signOf80(n.neg) | uint16(n.exp+bias80)}
}
