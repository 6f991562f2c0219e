package num

import (
	"math"
	"math/bits"

	glua "github.com/yuin/gopher-lua"
)

// The arithmetic that the rewritten source and the metatable of U64 share. Two
// integers give an integer, exact where it is in the normal form's range and
// modulo 2^64 beyond; anything else is float arithmetic. A nil result says that
// an operand is no number.

// Operation is an operation on two numbers.
type Operation func(a, b glua.LValue) glua.LValue

// inPlain reports whether a float64 result is exact if the operands were whole:
// at ±2^53 and beyond it may have been rounded.
func inPlain(r glua.LNumber) bool { return r > -MaxPlain && r < MaxPlain }

// Add adds.
func Add(a, b glua.LValue) glua.LValue {
	x, ok1 := a.(glua.LNumber)
	y, ok2 := b.(glua.LNumber)
	if ok1 && ok2 {
		if r := x + y; inPlain(r) {
			return r
		}
		if IsWhole(x) && IsWhole(y) {
			return Signed(int64(x) + int64(y))
		}
	}
	return wrapped(a, b, func(x, y uint64) uint64 { return x + y }, func(x, y float64) float64 { return x + y })
}

// Sub subtracts.
func Sub(a, b glua.LValue) glua.LValue {
	x, ok1 := a.(glua.LNumber)
	y, ok2 := b.(glua.LNumber)
	if ok1 && ok2 {
		if r := x - y; inPlain(r) {
			return r
		}
		if IsWhole(x) && IsWhole(y) {
			return Signed(int64(x) - int64(y))
		}
	}
	return wrapped(a, b, func(x, y uint64) uint64 { return x - y }, func(x, y float64) float64 { return x - y })
}

func mul(a, b glua.LValue) glua.LValue {
	x, ok1 := a.(glua.LNumber)
	y, ok2 := b.(glua.LNumber)
	if ok1 && ok2 {
		r := x * y
		if inPlain(r) {
			return r
		}
		if IsWhole(x) && IsWhole(y) {
			if p := int64(x) * int64(y); r >= -MaxPlain && r <= MaxPlain {
				return Signed(p)
			} else {
				return Int(uint64(p))
			}
		}
	}
	return wrapped(a, b, func(x, y uint64) uint64 { return x * y }, func(x, y float64) float64 { return x * y })
}

// wrapped applies whole to two integers and float to anything else.
func wrapped(a, b glua.LValue, whole func(x, y uint64) uint64, float func(x, y float64) float64) glua.LValue {
	a, b = Of(a), Of(b)
	if a == nil || b == nil {
		return nil
	}
	if IsInt(a) && IsInt(b) {
		x, _ := Bits(a)
		y, _ := Bits(b)
		return Int(whole(x, y))
	}
	return floatOp(a, b, float)
}

func floatOp(a, b glua.LValue, f func(x, y float64) float64) glua.LValue {
	x, ok1 := Float(a)
	y, ok2 := Float(b)
	if !ok1 || !ok2 {
		return nil
	}
	return glua.LNumber(f(x, y))
}

// Of converts what Lua takes for a number, else gives nil.
func Of(v glua.LValue) glua.LValue {
	switch n := v.(type) {
	case glua.LNumber, U64:
		return v
	case glua.LString:
		if p, ok := Parse(string(n)); ok {
			return p
		}
	}
	return nil
}

// IsInt reports whether a value is an integer, text not among them.
func IsInt(v glua.LValue) bool {
	switch n := v.(type) {
	case U64:
		return true
	case glua.LNumber:
		return IsWhole(n)
	}
	return false
}

// Magnitude splits an integer into sign and absolute value. A U64 is positive.
func Magnitude(v glua.LValue) (neg bool, m uint64) {
	if n, ok := v.(glua.LNumber); ok && n < 0 {
		return true, uint64(-n)
	}
	m, _ = Bits(v)
	return false, m
}

// IsWide reports whether whole division is asked for: one of two integers is a
// U64, whose quotient as a float would lose digits.
func IsWide(a, b glua.LValue) bool {
	_, wa := a.(U64)
	_, wb := b.(U64)
	return (wa || wb) && IsInt(a) && IsInt(b)
}

// Div divides as Lua does, but whole towards zero when a U64 is involved.
func Div(a, b glua.LValue) glua.LValue {
	a, b = Of(a), Of(b)
	if a == nil || b == nil {
		return nil
	}
	if !IsWide(a, b) {
		return floatOp(a, b, func(x, y float64) float64 { return x / y })
	}
	na, x := Magnitude(a)
	nb, y := Magnitude(b)
	if y == 0 {
		return glua.LNumber(math.Inf(1))
	}
	if q := Int(x / y); na == nb {
		return q
	} else {
		return Neg(q)
	}
}

// Mod is Lua's: the result has the sign of the divisor.
func Mod(a, b glua.LValue) glua.LValue {
	a, b = Of(a), Of(b)
	if a == nil || b == nil {
		return nil
	}
	if !IsWide(a, b) {
		return floatOp(a, b, floorMod)
	}
	na, x := Magnitude(a)
	nb, y := Magnitude(b)
	if y == 0 {
		return glua.LNumber(math.NaN())
	}
	r := x % y
	if r != 0 && na != nb {
		r = y - r
	}
	if nb {
		return Neg(Int(r))
	}
	return Int(r)
}

func floorMod(x, y float64) float64 {
	r := math.Mod(x, y)
	if r != 0 && (r < 0) != (y < 0) {
		r += y
	}
	return r
}

// pow is exact for integers as long as the result has 64 bits, else a float.
func pow(a, b glua.LValue) glua.LValue {
	a, b = Of(a), Of(b)
	if a == nil || b == nil {
		return nil
	}
	if n, ok := b.(glua.LNumber); ok && IsInt(a) && IsWhole(n) && n >= 0 {
		if v, ok := wholePower(a, uint64(n)); ok {
			return v
		}
	}
	return floatOp(a, b, math.Pow)
}

func wholePower(a glua.LValue, n uint64) (glua.LValue, bool) {
	neg, base := Magnitude(a)
	r := uint64(1)
	for i := uint64(0); i < n && r != 0 && base != 1; i++ {
		hi, lo := bits.Mul64(r, base)
		if hi != 0 {
			return nil, false
		}
		r = lo
	}
	if !neg || n%2 == 0 {
		return Int(r), true
	}
	return Neg(Int(r)), r <= MaxPlain
}

// Neg is unary minus.
func Neg(v glua.LValue) glua.LValue {
	switch n := Of(v).(type) {
	case glua.LNumber:
		return -n
	case U64:
		return Int(-uint64(n))
	}
	return nil
}

// Compare orders two numbers: -1, 0, +1; ok is false when one is no number or
// not a number (NaN). Strings are no numbers here, as in Lua.
func Compare(a, b glua.LValue) (order int, ok bool) {
	switch x := a.(type) {
	case glua.LNumber:
		switch y := b.(type) {
		case glua.LNumber:
			return cmpFloat(float64(x), float64(y))
		case U64:
			return cmpMixed(float64(x), uint64(y))
		}
	case U64:
		switch y := b.(type) {
		case glua.LNumber:
			order, ok = cmpMixed(float64(y), uint64(x))
			return -order, ok
		case U64:
			return cmpOrdered(uint64(x), uint64(y)), true
		}
	}
	return 0, false
}

func cmpFloat(x, y float64) (int, bool) {
	return cmpOrdered(x, y), x == x && y == y
}

func cmpMixed(f float64, u uint64) (int, bool) {
	switch {
	case f != f:
		return 0, false
	case f < 0:
		return -1, true
	case f >= 1<<64:
		return 1, true
	}
	return cmpOrdered(uint64(f), u), true // u is above 2^53, where f is whole
}

func cmpOrdered[T uint64 | float64](x, y T) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}
