package softfloat

import "math/bits"

// The trigonometric instructions reduce their argument with the 66-bit value
// of pi that Intel documents (SDM vol. 1 8.3.8): near multiples of pi the
// results differ from the mathematical ones, but agree with the CPU's. After
// the reduction, which is exact, everything is computed to 120 bits.

// halfPi66 is pi/2 in units of 2^-65, an integer of 66 bits.
const (
	halfPi66Hi = 3
	halfPi66Lo = 0x243F6A8885A308D3
)

const maxTrigExp = 62 // FSIN and the like give up from 2^63 on

// angle is a reduced argument: the original is rest + quadrant * pi/2.
type angle struct {
	rest     num
	quadrant uint
}

// reduceAngle takes the nearest multiple of pi/2 from x, exponent at most 62.
func reduceAngle(x num) angle {
	if x.exp < -1 {
		return angle{rest: x}
	}
	// hi.lo is |x| in units of 2^-65, and below 2^128.
	shift := uint(x.exp + 2)
	hi, lo := x.hi>>(64-shift), x.hi<<shift
	k, _ := bits.Div64(hi>>2, lo>>2|hi<<62, halfPi66Hi<<62|halfPi66Lo>>2)
	remHi, remLo := lessHalfPi(hi, lo, k)
	for int64(remHi) < 0 { // the divisor was cut by two bits
		k--
		remHi, remLo = lessHalfPi(hi, lo, k)
	}
	rest := fixedAngle(remHi, remLo)
	overHi, overLo := lessHalfPi(remHi, remLo, 1)
	overLo, borrow := bits.Sub64(0, overLo, 0)
	if over := fixedAngle(-overHi-borrow, overLo); compareMagnitude(over, rest) < 0 {
		k++
		rest = over
		rest.neg = true
	}
	if x.neg {
		rest.neg = !rest.neg
		k = -k
	}
	return angle{rest, uint(k & 3)}
}

// lessHalfPi returns hi.lo - k * halfPi66 modulo 2^128.
func lessHalfPi(hi, lo, k uint64) (uint64, uint64) {
	pHi, pLo := bits.Mul64(k, halfPi66Lo)
	lo, b := bits.Sub64(lo, pLo, 0)
	return hi - pHi - k*halfPi66Hi - b, lo
}

// fixedAngle returns hi.lo * 2^-65. No argument is an exact multiple of
// halfPi66, which is odd and longer than a significand, so it is not zero.
func fixedAngle(hi, lo uint64) num {
	n := num{hi: hi, lo: lo, exp: 127 - 65, attr: attr{kind: finite}}
	return n.normalize()
}

// Below these exponents Intel CPUs take an argument for its own sine or
// tangent, and one for its cosine, whatever the rounding mode.
const (
	tinySine    = -68
	tinyTangent = -33
)

// sine returns sin(r) = r - r^3 * (1/3! - r^2/5! + ...) for |r| <= pi/4.
func sine(r num) num {
	if r.exp < tinySine {
		return r
	}
	w := mulWide(r, r)
	p := horner(sinTerms[:], w.fix(), true)
	return subWide(r, mulWide(mulWide(r, w), p.num())).inexact()
}

// cosine returns cos(r) = 1 - r^2 * (1/2! - r^2/4! + ...) for |r| <= pi/4.
func cosine(r num) num {
	if r.exp < tinySine {
		return one
	}
	w := mulWide(r, r)
	p := horner(cosTerms[:], w.fix(), true)
	return subWide(one, mulWide(w, p.num())).inexact()
}

func (a angle) sin() num {
	r := a.rest
	if a.quadrant&1 != 0 {
		r = cosine(r)
	} else {
		r = sine(r)
	}
	r.neg = r.neg != (a.quadrant&2 != 0)
	return r
}

func (a angle) cos() num {
	a.quadrant++
	return a.sin()
}

func (a angle) tan() num {
	if a.quadrant == 0 && a.rest.exp < tinyTangent {
		return a.rest
	}
	return divWide(a.sin(), a.cos()).inexact()
}

// trig handles what the four instructions share: f gets a finite non-zero
// argument in range; atZero is the result for zero. ok is false when the
// argument is too large, which is told by C2, the operand left alone.
func (e *Env) trig(a F80, f func(angle) num, atZero func(num) num) (r F80, ok bool) {
	e.C1 = false
	x := unpack80(a)
	switch {
	case x.kind == nan:
		return e.nan80(a, a), true
	case x.kind == infinite:
		return e.finish80(special(nan, true), false, 64), true
	case x.kind == zero:
		return e.pack80(atZero(x), 64), true
	case x.exp > maxTrigExp:
		return a, false
	}
	return e.finishApprox80(f(reduceAngle(x)), x.denormal), true
}

func itself(x num) num { return x }
func unity(num) num    { return one }

// Sin80 is FSIN.
func (e *Env) Sin80(a F80) (r F80, ok bool) { return e.trig(a, angle.sin, itself) }

// Cos80 is FCOS.
func (e *Env) Cos80(a F80) (r F80, ok bool) { return e.trig(a, angle.cos, unity) }

// Tan80 is FPTAN without the one it pushes; for a NaN result it pushes that
// NaN instead.
func (e *Env) Tan80(a F80) (r F80, ok bool) {
	return e.trig(a, angle.tan, itself)
}

// SinCos80 is FSINCOS.
func (e *Env) SinCos80(a F80) (sin, cos F80, ok bool) {
	sin, ok = e.Sin80(a)
	if !ok {
		return a, a, false
	}
	cos, _ = e.Cos80(a)
	return sin, cos, true
}
