package softfloat

import "math/bits"

// F80 is a double extended-precision number as the x87 keeps it: Man is the
// significand with its explicit integer bit on top, SE sign and exponent
// (SDM vol. 1 4.2.2 and table 8-3).
type F80 struct {
	Man uint64
	SE  uint16
}

const (
	bias80   = 16383
	maxExp80 = 0x7FFF
	sign80   = 0x8000
	intBit   = 1 << 63
	quiet80  = 1 << 62
)

// Indefinite80 is the NaN of a masked invalid operation and of an empty
// register (SDM vol. 1 table 4-3).
var Indefinite80 = F80{intBit | quiet80, 0xFFFF}

// Class80 is what FXAM tells apart (SDM vol. 1 table 8-3, vol. 2 "FXAM").
type Class80 uint8

const (
	Zero80 Class80 = iota
	Normal80
	Denormal80 // pseudo-denormals too
	Infinity80
	NaN80
	Unsupported80 // pseudo-infinity, pseudo-NaN, unnormal: invalid operands
)

func (v F80) exp() uint16 { return v.SE & maxExp80 }

// Negative returns the sign bit, which every class has.
func (v F80) Negative() bool { return v.SE&sign80 != 0 }

// Neg is FCHS and Abs is FABS: bit operations that raise nothing.
func (v F80) Neg() F80 { return F80{v.Man, v.SE ^ sign80} }
func (v F80) Abs() F80 { return F80{v.Man, v.SE &^ sign80} }

// Class classifies v.
func (v F80) Class() Class80 {
	switch exp := v.exp(); {
	case exp == 0 && v.Man == 0:
		return Zero80
	case exp == 0:
		return Denormal80
	case v.Man&intBit == 0:
		return Unsupported80
	case exp != maxExp80:
		return Normal80
	case v.Man<<1 == 0:
		return Infinity80
	}
	return NaN80
}

func (v F80) isSignaling() bool { return v.Class() == NaN80 && v.Man&quiet80 == 0 }

func (v F80) quieted() F80 { return F80{v.Man | quiet80, v.SE} }

// unpack80 reads an operand; unsupported ones count as NaN, which nan80
// sorts out.
func unpack80(v F80) num {
	exp := int32(v.exp())
	if exp-1 < maxExp80-1 && v.Man&intBit != 0 && exp != 0 {
		return num{hi: v.Man, exp: exp - bias80, attr: attr{kind: finite, neg: v.Negative()}}
	}
	switch v.Class() {
	case Zero80:
		return special(zero, v.Negative())
	case Infinity80:
		return special(infinite, v.Negative())
	case NaN80, Unsupported80:
		return special(nan, v.Negative())
	}
	// A pseudo-denormal has the integer bit but the exponent of denormals.
	lz := bits.LeadingZeros64(v.Man)
	return num{
		hi:   v.Man << uint(lz),
		exp:  1 - bias80 - int32(lz),
		attr: attr{kind: finite, neg: v.Negative(), denormal: true},
	}
}

func signOf80(neg bool) uint16 {
	if neg {
		return sign80
	}
	return 0
}

func infinity80(neg bool) F80 { return F80{intBit, maxExp80 | signOf80(neg)} }

// isNaN80 reports that nan80 has to choose the result.
func isNaN80(x, y num) bool { return x.kind == nan || y.kind == nan }

// nan80 is the NaN rule of the x87 (SDM vol. 1 table 4-7): an unsupported
// operand is invalid; a quiet NaN wins over a signaling one; of two alike the
// larger significand wins, and of equal ones the positive.
func (e *Env) nan80(a, b F80) F80 {
	aClass, bClass := a.Class(), b.Class()
	if aClass == Unsupported80 || bClass == Unsupported80 {
		e.raise(IE)
		return Indefinite80
	}
	if a.isSignaling() || b.isSignaling() {
		e.raise(IE)
	}
	if aClass != NaN80 || bClass == NaN80 && yields80(a, b) {
		return b.quieted()
	}
	return a.quieted()
}

// yields80 tells whether NaN a gives way to NaN b.
func yields80(a, b F80) bool {
	if a.isSignaling() != b.isSignaling() {
		return a.isSignaling()
	}
	if a.Man != b.Man {
		return a.Man < b.Man
	}
	return a.Negative()
}
