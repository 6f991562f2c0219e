package softfloat

import "math/bits"

type kind uint8

const (
	zero kind = iota
	finite
	infinite
	nan  // as an operand: any NaN; as a result: an invalid operation
	pole // only as a result: finite / 0
)

// num is an unpacked operand or an unrounded result. A finite one stands for
//
//	(-1)^neg * hi.lo * 2^(exp-127)
//
// where hi.lo is a 128-bit integer with its top bit set, so exp is the
// exponent of the value written as 1.xxx. The bottom bit of lo is sticky: it
// is also set when something smaller was lost.
type num struct {
	hi, lo uint64
	exp    int32
	attr   // apart, so that the compiler keeps a num in registers (4 fields at most)
}

type attr struct {
	kind     kind
	neg      bool
	denormal bool // the operand was a denormal, to be told by DE
}

func special(k kind, neg bool) num { return num{attr: attr{kind: k, neg: neg}} }

func boolBit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// split cuts the significand after prec bits: q is the integer above the cut,
// rem the fraction below it in the form Rounding.up wants. prec may be any
// number up to 64, as rounding to a denormal or to an integer needs.
func split(n num, prec int32) (q, rem uint64) {
	switch {
	case prec == 64:
		return n.hi, n.lo
	case prec >= 0:
		return n.hi >> uint(64-prec), n.hi<<uint(prec) | boolBit(n.lo != 0)
	}
	return 0, 1
}

// round cuts n after prec bits and rounds what is left.
func (m Rounding) round(n num, prec int32) (q, rem uint64) {
	q, rem = split(n, prec)
	if rem != 0 && m.up(n.neg, q&1 != 0, rem) {
		q++
	}
	return q, rem
}

// fromUint returns the number (-1)^neg * mag.
func fromUint(neg bool, mag uint64) num {
	if mag == 0 {
		return special(zero, neg)
	}
	lz := bits.LeadingZeros64(mag)
	return num{hi: mag << uint(lz), exp: int32(63 - lz), attr: attr{kind: finite, neg: neg}}
}

// fromInt returns v.
func fromInt(v int64) num {
	if v < 0 {
		return fromUint(true, -uint64(v))
	}
	return fromUint(false, uint64(v))
}

// normalize shifts a finite significand up until its top bit is set.
func (n num) normalize() num {
	if n.hi == 0 {
		n.hi, n.lo = n.lo, 0
		n.exp -= 64
	}
	if s := uint(bits.LeadingZeros64(n.hi)); s != 0 {
		n.hi = n.hi<<s | n.lo>>(64-s)
		n.lo <<= s
		n.exp -= int32(s)
	}
	return n
}

// shiftJam shifts hi.lo right by d and ors all bits lost into the bottom bit.
func shiftJam(hi, lo uint64, d uint) (uint64, uint64) {
	switch {
	case d == 0:
		return hi, lo
	case d < 64:
		return hi >> d, lo>>d | hi<<(64-d) | boolBit(lo<<(64-d) != 0)
	case d < 128:
		lost := lo != 0 || hi<<(128-d) != 0
		return 0, hi>>(d-64) | boolBit(lost)
	}
	return 0, boolBit(hi|lo != 0)
}

// compareMagnitude orders two finite numbers without their signs.
func compareMagnitude(x, y num) int {
	switch {
	case x.exp != y.exp:
		return int(x.exp - y.exp)
	case x.hi != y.hi:
		return order(x.hi, y.hi)
	}
	return order(x.lo, y.lo)
}

func order(a, b uint64) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}

// compare relates two numbers that are not NaN.
func compare(x, y num) Relation {
	switch {
	case x.kind == zero && y.kind == zero:
		return Equal
	case x.kind == zero:
		return relationOf(!y.neg)
	case y.kind == zero || x.neg != y.neg:
		return relationOf(x.neg)
	}
	c := int(x.kind) - int(y.kind)
	if c == 0 && x.kind == finite {
		c = compareMagnitude(x, y)
	}
	if c == 0 {
		return Equal
	}
	return relationOf(c < 0 != x.neg)
}

func relationOf(less bool) Relation {
	if less {
		return Less
	}
	return Greater
}
