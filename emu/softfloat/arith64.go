package softfloat

import "math"

// Each function first computes on the host, which rounds to nearest, and keeps
// that value if no operand is denormal, the result is well inside the normal
// range (or an exact zero), and the precision flag cannot change: it is set
// already, or the result is exact. NaN and infinity fail the range test, and
// DAZ and FTZ do not matter to what passes it.

const (
	inf64 = 0x7FF << 52
	min64 = 1 << 52 // the smallest normal number

	// From this biased exponent on, the error of a product is itself a
	// normal number, so that math.FMA can find it.
	safeExp64 = 128
)

// plain64 reports that a is not denormal.
func plain64(a uint64) bool { return a<<1-1 >= min64<<1-1 }

// settled64 reports that a rounded result can have been neither tiny nor too
// large. The smallest normal number may have been tiny before rounding.
func settled64(r uint64) bool { return r<<1-(min64<<1+1) < (inf64-min64)<<1-1 }

// safe64 reports that an exact zero of a residual computed by math.FMA near
// the magnitude r means exactness.
func safe64(r uint64) bool { return r<<1>>53 >= safeExp64 }

// quick reports the mode in which the host's results can be used at all.
func (e *Env) quick() bool { return e.Round == NearestEven }

func (e *Env) inexactSeen() bool { return e.Flags&PE != 0 }

// exactSum64 reports that s = x + y lost nothing (Knuth's two-sum).
func exactSum64(x, y, s float64) bool {
	part := s - x
	return (x-(s-part))+(y-part) == 0
}

// Add64 returns a + b (ADDSD).
func (e *Env) Add64(a, b uint64) uint64 {
	if e.quick() && plain64(a) && plain64(b) {
		x, y := math.Float64frombits(a), math.Float64frombits(b)
		s := x + y
		r := math.Float64bits(s)
		if (settled64(r) || s == 0) && (e.inexactSeen() || exactSum64(x, y, s)) {
			return r
		}
	}
	return e.binary(&binary64, sum, a, b)
}

// Sub64 returns a - b (SUBSD).
func (e *Env) Sub64(a, b uint64) uint64 {
	if e.quick() && plain64(a) && plain64(b) {
		x, y := math.Float64frombits(a), math.Float64frombits(b)
		s := x - y
		r := math.Float64bits(s)
		if (settled64(r) || s == 0) && (e.inexactSeen() || exactSum64(x, -y, s)) {
			return r
		}
	}
	return e.binary(&binary64, minus, a, b)
}

// Mul64 returns a * b (MULSD).
func (e *Env) Mul64(a, b uint64) uint64 {
	if e.quick() && plain64(a) && plain64(b) {
		x, y := math.Float64frombits(a), math.Float64frombits(b)
		p := x * y
		r := math.Float64bits(p)
		if settled64(r) && (e.inexactSeen() || safe64(r) && math.FMA(x, y, -p) == 0) {
			return r
		}
		if p == 0 && (x == 0 || y == 0) {
			return r
		}
	}
	return e.binary(&binary64, product, a, b)
}

// Div64 returns a / b (DIVSD).
func (e *Env) Div64(a, b uint64) uint64 {
	if e.quick() && plain64(a) && plain64(b) {
		x, y := math.Float64frombits(a), math.Float64frombits(b)
		q := x / y
		r := math.Float64bits(q)
		if settled64(r) && (e.inexactSeen() || safe64(a) && math.FMA(q, y, -x) == 0) {
			return r
		}
		if q == 0 && x == 0 {
			return r
		}
	}
	return e.binary(&binary64, quotient, a, b)
}

// Sqrt64 returns the square root of a (SQRTSD).
func (e *Env) Sqrt64(a uint64) uint64 {
	if e.quick() && plain64(a) {
		x := math.Float64frombits(a)
		s := math.Sqrt(x)
		r := math.Float64bits(s)
		if settled64(r) && (e.inexactSeen() || safe64(a) && math.FMA(s, s, -x) == 0) {
			return r
		}
		if x == 0 {
			return a
		}
	}
	return e.sqrt(&binary64, a)
}

// MulAdd64 returns a*b + c rounded once (VFMADDxxxSD with a, b the factors in
// the instruction's operand order).
func (e *Env) MulAdd64(a, b, c uint64) uint64 {
	if e.quick() && e.inexactSeen() && plain64(a) && plain64(b) && plain64(c) {
		x, y, z := math.Float64frombits(a), math.Float64frombits(b), math.Float64frombits(c)
		if r := math.Float64bits(math.FMA(x, y, z)); settled64(r) {
			return r
		}
	}
	return e.mulAdd(&binary64, a, b, c)
}
