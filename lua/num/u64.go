package num

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	glua "github.com/yuin/gopher-lua"
)

// U64 is a whole number above 2^53 as a Lua value. Being a Go value type that
// implements glua.LValue, it is equal to itself by value and works as a table
// key. Its metatable gives it arithmetic, which wraps modulo 2^64.
//
// Normal form: a whole number in [-2^53, 2^53] is always a glua.LNumber, a
// larger one always a U64; a negative one below -2^53 is its two's complement.
// Everything that gives a value to Lua goes through Int or Signed.
type U64 uint64

// MaxPlain is the largest whole number that a float64 holds together with all
// smaller ones.
const MaxPlain = 1 << 53

// Type makes U64 a Lua value; Lua's type() says "userdata".
func (U64) Type() glua.LValueType { return glua.LTUserData }

func (u U64) String() string { return "0x" + strconv.FormatUint(uint64(u), 16) }

// Format prints the number under the integer verbs.
func (u U64) Format(f fmt.State, verb rune) {
	switch verb {
	case 's', 'v', 'q':
		fmt.Fprintf(f, fmt.FormatString(f, verb), u.String())
	default:
		fmt.Fprintf(f, fmt.FormatString(f, verb), uint64(u))
	}
}

// Int is the normal form of an unsigned number.
func Int(v uint64) glua.LValue {
	if v <= MaxPlain {
		return glua.LNumber(v)
	}
	return U64(v)
}

// Signed is the normal form of a signed number.
func Signed(v int64) glua.LValue {
	if v >= -MaxPlain && v <= MaxPlain {
		return glua.LNumber(v)
	}
	return U64(v)
}

// IsWhole reports whether a number is an integer in the normal form's range;
// outside of it a float64 is a float whose last digits are not known.
func IsWhole(n glua.LNumber) bool {
	return n >= -MaxPlain && n <= MaxPlain && n == glua.LNumber(math.Trunc(float64(n)))
}

// Bits is the two's complement of an integer value; ok is false for what is
// no integer.
func Bits(v glua.LValue) (u uint64, ok bool) {
	switch n := v.(type) {
	case U64:
		return uint64(n), true
	case glua.LNumber:
		if IsWhole(n) {
			return uint64(int64(n)), true
		}
		return WholeFloat(float64(n))
	case glua.LString:
		if p, ok := Parse(string(n)); ok {
			return Bits(p)
		}
	}
	return 0, false
}

// WholeFloat takes a float outside of the normal form that is a whole number of
// 64 bits, such as 1e18.
func WholeFloat(f float64) (uint64, bool) {
	switch {
	case f != math.Trunc(f):
		return 0, false
	case f >= 0 && f < 1<<64:
		return uint64(f), true
	case f < 0 && f >= -1<<63:
		return uint64(int64(f)), true
	}
	return 0, false
}

// Float is a number as a float, for functions that are about floats.
func Float(v glua.LValue) (float64, bool) {
	switch n := v.(type) {
	case glua.LNumber:
		return float64(n), true
	case U64:
		return float64(n), true
	case glua.LString:
		if p, ok := Parse(string(n)); ok {
			return Float(p)
		}
	}
	return 0, false
}

// Parse reads a number as Lua source spells it, with white space around
// and a sign. Whole numbers are exact; a hexadecimal one of more than 64 bits
// is none, a decimal one is a float.
func Parse(s string) (glua.LValue, bool) {
	s = strings.TrimSpace(s)
	body, neg := strings.CutPrefix(s, "-")
	if !neg {
		body, _ = strings.CutPrefix(s, "+")
	}
	if body == "" || body[0] == '-' || body[0] == '+' || strings.ContainsAny(body, "_nNiI") {
		return nil, false // strconv takes 1_000, Inf and NaN; Lua does not
	}
	v, ok := parseMagnitude(body)
	if ok && neg {
		return Neg(v), true
	}
	return v, ok
}

func parseMagnitude(s string) (glua.LValue, bool) {
	if hex, ok := cutHex(s); ok && !strings.ContainsAny(hex, ".pP") {
		u, err := strconv.ParseUint(hex, 16, 64)
		return Int(u), err == nil
	}
	if u, err := strconv.ParseUint(s, 10, 64); err == nil {
		return Int(u), true
	}
	if hex, ok := cutHex(s); ok && !strings.ContainsAny(hex, "pP") {
		s += "p0" // strconv wants an exponent
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return nil, false
	}
	return glua.LNumber(f), true
}

func cutHex(s string) (string, bool) {
	if len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		return s[2:], true
	}
	return "", false
}
