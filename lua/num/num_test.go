package num

import (
	"fmt"
	"math"
	"math/big"
	"testing"

	glua "github.com/yuin/gopher-lua"
)

// edges are where rounding, signs and wrapping happen.
var edges = []uint64{
	0, 1, 2, 7, 1 << 31, 1<<32 + 1, 1<<53 - 1, 1 << 53, 1<<53 + 1, 1 << 54, 1<<62 + 3, 1<<63 - 1, 1 << 63, 1<<63 + 1,
	^uint64(0) - 1, ^uint64(0), ^uint64(1<<53 - 1), ^uint64(1 << 53), 0xffffffff81030c64,
}

// TestNormalForm: each whole number has one form, from which its bits come back.
func TestNormalForm(t *testing.T) {
	for _, u := range edges {
		_, wide := Int(u).(U64)
		if b, ok := Bits(Int(u)); !ok || b != u || wide != (u > MaxPlain) {
			t.Errorf("Int(%#x) is %v, wide %v, of %#x", u, Int(u), wide, b)
		}
		i := int64(u)
		_, wide = Signed(i).(U64)
		if b, ok := Bits(Signed(i)); !ok || b != u || wide != (i > MaxPlain || i < -MaxPlain) {
			t.Errorf("Signed(%d) is %v, wide %v, of %#x", i, Signed(i), wide, b)
		}
		if v, ok := Parse(fmt.Sprint(u)); !ok || v != Int(u) {
			t.Errorf("%d is read as %v", u, v)
		}
		if v, ok := Parse(fmt.Sprintf("%#x", u)); !ok || v != Int(u) {
			t.Errorf("%#x is read as %v", u, v)
		}
	}
}

// TestOperators holds what is whole against numbers without bounds, modulo 2^64.
func TestOperators(t *testing.T) {
	whole := map[string]func(z, x, y *big.Int) *big.Int{"+": (*big.Int).Add, "-": (*big.Int).Sub, "*": (*big.Int).Mul}
	for _, x := range edges {
		for _, y := range edges {
			for sign, op := range whole {
				z := op(new(big.Int), new(big.Int).SetUint64(x), new(big.Int).SetUint64(y))
				want := z.And(z, new(big.Int).SetUint64(^uint64(0))).Uint64()
				if got, ok := Bits(Operate(sign, Int(x), Int(y))); !ok || got != want {
					t.Errorf("%#x %s %#x = %#x, want %#x", x, sign, y, got, want)
				}
			}
			if order, ok := Compare(Int(x), Int(y)); !ok || order != new(big.Int).SetUint64(x).Cmp(new(big.Int).SetUint64(y)) {
				t.Errorf("%#x and %#x: order %d", x, y, order)
			}
		}
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]glua.LValue{
		" 12 ": glua.LNumber(12), "-0x10": glua.LNumber(-16), "+1e3": glua.LNumber(1000), "0x.8": glua.LNumber(0.5),
		"18446744073709551616": glua.LNumber(1 << 64), "0x0000000000000000001": glua.LNumber(1),
		"-18446744073709551615": glua.LNumber(1), "1e999": glua.LNumber(math.Inf(1)),
		"": nil, "0x": nil, "1_0": nil, "nan": nil, "inf": nil, "--1": nil, "0x10000000000000000": nil, "1 2": nil,
	} {
		if v, ok := Parse(text); ok != (want != nil) || ok && v != want {
			t.Errorf("%q is %v, want %v", text, v, want)
		}
	}
}

// TestNoNumbers: what is none is said, not computed with.
func TestNoNumbers(t *testing.T) {
	for _, v := range []glua.LValue{glua.LNil, glua.LTrue, glua.LString("x"), new(glua.LTable)} {
		for _, o := range Operators {
			if got := o.Do(v, U64(1<<60)); got != nil {
				t.Errorf("%v %s number is %v", v, o.Sign, got)
			}
		}
		if _, ok := Compare(v, glua.LNumber(1)); ok || Neg(v) != nil || Is(v) || IsInt(v) {
			t.Errorf("%v counts as a number", v)
		}
	}
	if _, ok := Compare(glua.LNumber(math.NaN()), U64(1<<60)); ok {
		t.Error("NaN has an order")
	}
}
