package softfloat

import "math"

// As arith64.go. Exactness of products is cheaper here: that of two binary32
// numbers is exact in binary64.

const (
	inf32 = 0xFF << 23
	min32 = 1 << 23
)

func plain32(a uint32) bool { return a<<1-1 >= min32<<1-1 }

func settled32(r uint32) bool { return r<<1-(min32<<1+1) < (inf32-min32)<<1-1 }

func exactSum32(x, y, s float32) bool {
	part := s - x
	return (x-(s-part))+(y-part) == 0
}

// exactProduct32 reports p = x * y without rounding.
func exactProduct32(x, y, p float32) bool {
	return float64(float64(x)*float64(y)) == float64(p)
}

// Add32 returns a + b (ADDSS).
func (e *Env) Add32(a, b uint32) uint32 {
	if e.quick() && plain32(a) && plain32(b) {
		x, y := math.Float32frombits(a), math.Float32frombits(b)
		s := x + y
		r := math.Float32bits(s)
		if (settled32(r) || s == 0) && (e.inexactSeen() || exactSum32(x, y, s)) {
			return r
		}
	}
	return uint32(e.binary(&binary32, sum, uint64(a), uint64(b)))
}

// Sub32 returns a - b (SUBSS).
func (e *Env) Sub32(a, b uint32) uint32 {
	if e.quick() && plain32(a) && plain32(b) {
		x, y := math.Float32frombits(a), math.Float32frombits(b)
		s := x - y
		r := math.Float32bits(s)
		if (settled32(r) || s == 0) && (e.inexactSeen() || exactSum32(x, -y, s)) {
			return r
		}
	}
	return uint32(e.binary(&binary32, minus, uint64(a), uint64(b)))
}

// Mul32 returns a * b (MULSS).
func (e *Env) Mul32(a, b uint32) uint32 {
	if e.quick() && plain32(a) && plain32(b) {
		x, y := math.Float32frombits(a), math.Float32frombits(b)
		p := x * y
		r := math.Float32bits(p)
		if settled32(r) && (e.inexactSeen() || exactProduct32(x, y, p)) {
			return r
		}
		if p == 0 && (x == 0 || y == 0) {
			return r
		}
	}
	return uint32(e.binary(&binary32, product, uint64(a), uint64(b)))
}

// Div32 returns a / b (DIVSS).
func (e *Env) Div32(a, b uint32) uint32 {
	if e.quick() && plain32(a) && plain32(b) {
		x, y := math.Float32frombits(a), math.Float32frombits(b)
		q := x / y
		r := math.Float32bits(q)
		if settled32(r) && (e.inexactSeen() || exactProduct32(q, y, x)) {
			return r
		}
		if q == 0 && x == 0 {
			return r
		}
	}
	return uint32(e.binary(&binary32, quotient, uint64(a), uint64(b)))
}

// Sqrt32 returns the square root of a (SQRTSS).
func (e *Env) Sqrt32(a uint32) uint32 {
	if e.quick() && plain32(a) {
		x := math.Float32frombits(a)
		// The root of a binary32 in binary64 is wide enough that rounding
		// it once more gives the correctly rounded binary32.
		s := float32(math.Sqrt(float64(x)))
		r := math.Float32bits(s)
		if settled32(r) && (e.inexactSeen() || exactProduct32(s, s, x)) {
			return r
		}
		if x == 0 {
			return a
		}
	}
	return uint32(e.sqrt(&binary32, uint64(a)))
}

// MulAdd32 returns a*b + c rounded once (VFMADDxxxSS with a, b the factors in
// the instruction's operand order).
//
// The product is exact in binary64. Rounding the sum twice, to binary64 and
// then to binary32, is wrong only if the first lands on the midpoint of two
// binary32 numbers, which shows in the bits to be cut.
func (e *Env) MulAdd32(a, b, c uint32) uint32 {
	if e.quick() && e.inexactSeen() && plain32(a) && plain32(b) && plain32(c) {
		x, y, z := math.Float32frombits(a), math.Float32frombits(b), math.Float32frombits(c)
		s := float64(float64(x)*float64(y)) + float64(z)
		r := math.Float32bits(float32(s))
		if settled32(r) && math.Float64bits(s)&(1<<29-1) != 1<<28 {
			return r
		}
	}
	return uint32(e.mulAdd(&binary32, uint64(a), uint64(b), uint64(c)))
}
