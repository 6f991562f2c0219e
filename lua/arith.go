package lua

import (
	"math"
	"math/bits"

	glua "github.com/yuin/gopher-lua"
)

// The arithmetic that the rewritten source and the metatable of U64 share. Two
// integers give an integer, exact where it is in the normal form's range and
// modulo 2^64 beyond; anything else is float arithmetic. A nil result says that
// an operand is no number.

// arith is an operation on two numbers.
type arith func(a, b glua.LValue) glua.LValue

// inPlain reports whether a float64 result is exact if the operands were whole:
// at ±2^53 and beyond it may have been rounded.
func inPlain(r glua.LNumber) bool { return r > -maxPlain && r < maxPlain }

func add(a, b glua.LValue) glua.LValue {
	x, ok1 := a.(glua.LNumber)
	y, ok2 := b.(glua.LNumber)
	if ok1 && ok2 {
		if r := x + y; inPlain(r) {
			return r
		}
		if isWhole(x) && isWhole(y) {
			return Signed(int64(x) + int64(y))
		}
	}
	return wrapped(a, b, func(x, y uint64) uint64 { return x + y }, func(x, y float64) float64 { return x + y })
}

func sub(a, b glua.LValue) glua.LValue {
	x, ok1 := a.(glua.LNumber)
	y, ok2 := b.(glua.LNumber)
	if ok1 && ok2 {
		if r := x - y; inPlain(r) {
			return r
		}
		if isWhole(x) && isWhole(y) {
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
		if isWhole(x) && isWhole(y) {
			if p := int64(x) * int64(y); r >= -maxPlain && r <= maxPlain {
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
	a, b = number(a), number(b)
	if a == nil || b == nil {
		return nil
	}
	if isInt(a) && isInt(b) {
		x, _ := bits64(a)
		y, _ := bits64(b)
		return Int(whole(x, y))
	}
	return floatOp(a, b, float)
}

func floatOp(a, b glua.LValue, f func(x, y float64) float64) glua.LValue {
	x, ok1 := float64Of(a)
	y, ok2 := float64Of(b)
	if !ok1 || !ok2 {
		return nil
	}
	return glua.LNumber(f(x, y))
}

// number converts what Lua takes for a number, else gives nil.
func number(v glua.LValue) glua.LValue {
	switch n := v.(type) {
	case glua.LNumber, U64:
		return v
	case glua.LString:
		if p, ok := parseNumber(string(n)); ok {
			return p
		}
	}
	return nil
}

func isInt(v glua.LValue) bool {
	switch n := v.(type) {
	case U64:
		return true
	case glua.LNumber:
		return isWhole(n)
	}
	return false
}

// magnitude splits an integer into sign and absolute value. A U64 is positive.
func magnitude(v glua.LValue) (neg bool, m uint64) {
	if n, ok := v.(glua.LNumber); ok && n < 0 {
		return true, uint64(-n)
	}
	m, _ = bits64(v)
	return false, m
}

// isWide reports whether whole division is asked for: one of two integers is a
// U64, whose quotient as a float would lose digits.
func isWide(a, b glua.LValue) bool {
	_, wa := a.(U64)
	_, wb := b.(U64)
	return (wa || wb) && isInt(a) && isInt(b)
}

// div divides as Lua does, but whole towards zero when a U64 is involved.
func div(a, b glua.LValue) glua.LValue {
	a, b = number(a), number(b)
	if a == nil || b == nil {
		return nil
	}
	if !isWide(a, b) {
		return floatOp(a, b, func(x, y float64) float64 { return x / y })
	}
	na, x := magnitude(a)
	nb, y := magnitude(b)
	if y == 0 {
		return glua.LNumber(math.Inf(1))
	}
	if q := Int(x / y); na == nb {
		return q
	} else {
		return negate(q)
	}
}

// mod is Lua's: the result has the sign of the divisor.
func mod(a, b glua.LValue) glua.LValue {
	a, b = number(a), number(b)
	if a == nil || b == nil {
		return nil
	}
	if !isWide(a, b) {
		return floatOp(a, b, floorMod)
	}
	na, x := magnitude(a)
	nb, y := magnitude(b)
	if y == 0 {
		return glua.LNumber(math.NaN())
	}
	r := x % y
	if r != 0 && na != nb {
		r = y - r
	}
	if nb {
		return negate(Int(r))
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
	a, b = number(a), number(b)
	if a == nil || b == nil {
		return nil
	}
	if n, ok := b.(glua.LNumber); ok && isInt(a) && isWhole(n) && n >= 0 {
		if v, ok := wholePower(a, uint64(n)); ok {
			return v
		}
	}
	return floatOp(a, b, math.Pow)
}

func wholePower(a glua.LValue, n uint64) (glua.LValue, bool) {
	neg, base := magnitude(a)
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
	return negate(Int(r)), r <= maxPlain
}

// negate is unary minus.
func negate(v glua.LValue) glua.LValue {
	switch n := number(v).(type) {
	case glua.LNumber:
		return -n
	case U64:
		return Int(-uint64(n))
	}
	return nil
}

// compare orders two numbers: -1, 0, +1; ok is false when one is no number or
// not a number (NaN). Strings are no numbers here, as in Lua.
func compare(a, b glua.LValue) (order int, ok bool) {
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
