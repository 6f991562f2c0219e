package library

import (
	"math"
	"math/rand/v2"

	glua "github.com/yuin/gopher-lua"

	"panda/lua/num"
	"panda/lua/val"
)

// Math is added to Lua's module math.
var Math = Module{
	Name: "math",
	Doc:  "Lua's functions, exact for integers of 64 bits, and a few of Lua 5.3.",
	Rows: append(floatRows(),
		Row{"floor", "x", "integer", "The largest integer not above x.", mathRound(math.Floor)},
		Row{"ceil", "x", "integer", "The smallest integer not below x.", mathRound(math.Ceil)},
		Row{"abs", "x", "number", "The amount of x.", mathAbs},
		Row{"max", "x, ...", "number", "The largest of its arguments.", mathPick(1)},
		Row{"min", "x, ...", "number", "The smallest of its arguments.", mathPick(-1)},
		Row{"fmod", "x, y", "number", "The remainder of a division, with the sign of x.", mathFmod},
		Row{"idiv", "x, y", "integer", "x divided by y, rounded down.", mathIdiv},
		Row{"type", "x", "\"integer\", \"float\" or nil", "What kind of number x is.", mathType},
		Row{"random", "[[m, ]n]", "number", "Lua's: a float in [0, 1), or an integer from 1 to n, or from m to n. A script's numbers are the same in each run.", mathRandom},
		Row{"randomseed", "n", "", "Begins the sequence of math.random that belongs to n.", mathRandomseed},
		Row{"tointeger", "x", "integer or nil", "x if it is an integer of 64 bits.", mathToInteger},
	),
}

// floatRows are the functions of floats that a U64 may be given to.
func floatRows() []Row {
	var rs []Row
	for _, f := range []struct {
		name string
		do   func(float64) float64
	}{{"sqrt", math.Sqrt}, {"exp", math.Exp}, {"log10", math.Log10}} {
		rs = append(rs, Row{f.name, "x", "number", "Lua's.", func(_ *Env, L *glua.LState) int {
			L.Push(glua.LNumber(f.do(val.ArgFloat(L, 1))))
			return 1
		}})
	}
	return append(rs, Row{"log", "x[, base]", "number", "The logarithm of x, natural or to the base.", func(_ *Env, L *glua.LState) int {
		v := math.Log(val.ArgFloat(L, 1))
		switch {
		case L.Get(2) == glua.LNumber(2):
			v = math.Log2(val.ArgFloat(L, 1))
		case L.Get(2) != glua.LNil:
			v /= math.Log(val.ArgFloat(L, 2))
		}
		L.Push(glua.LNumber(v))
		return 1
	}})
}

func argNumber(L *glua.LState, n int) glua.LValue {
	v := num.Of(L.Get(n))
	if v == nil {
		L.ArgError(n, val.Expected("number", L.Get(n)))
	}
	return v
}

func mathRound(f func(float64) float64) func(*Env, *glua.LState) int {
	return func(_ *Env, L *glua.LState) int {
		v := argNumber(L, 1)
		if n, ok := v.(glua.LNumber); ok {
			v = glua.LNumber(f(float64(n)))
			if u, ok := num.WholeFloat(float64(n)); ok && !num.IsWhole(n) {
				v = num.Int(u) // 2^60 as a float is that integer
			}
		}
		L.Push(v)
		return 1
	}
}

func mathAbs(_ *Env, L *glua.LState) int {
	v := argNumber(L, 1)
	if n, ok := v.(glua.LNumber); ok {
		v = glua.LNumber(math.Abs(float64(n)))
	}
	L.Push(v)
	return 1
}

func mathPick(sign int) func(*Env, *glua.LState) int {
	return func(_ *Env, L *glua.LState) int {
		best := argNumber(L, 1)
		for i := 2; i <= L.GetTop(); i++ {
			v := argNumber(L, i)
			if order, ok := num.Compare(v, best); ok && order == sign {
				best = v
			}
		}
		L.Push(best)
		return 1
	}
}

func mathFmod(_ *Env, L *glua.LState) int {
	a, b := argNumber(L, 1), argNumber(L, 2)
	if !num.IsWide(a, b) {
		L.Push(glua.LNumber(math.Mod(val.ArgFloat(L, 1), val.ArgFloat(L, 2))))
		return 1
	}
	neg, x := num.Magnitude(a)
	_, y := num.Magnitude(b)
	if y == 0 {
		L.ArgError(2, "zero")
	}
	r := num.Int(x % y)
	if neg {
		r = num.Neg(r)
	}
	L.Push(r)
	return 1
}

func mathIdiv(_ *Env, L *glua.LState) int {
	a, b := argNumber(L, 1), argNumber(L, 2)
	if b == glua.LNumber(0) {
		L.ArgError(2, "zero")
	}
	q := num.Div(a, b)
	n, ok := q.(glua.LNumber)
	switch {
	case !num.IsWide(a, b) && ok:
		q = glua.LNumber(math.Floor(float64(n)))
	case !isZero(num.Mod(a, b)) && negative(a) != negative(b):
		q = num.Sub(q, glua.LNumber(1)) // div cuts off towards zero
	}
	L.Push(q)
	return 1
}

func isZero(v glua.LValue) bool { return v == glua.LNumber(0) }

func negative(v glua.LValue) bool {
	neg, _ := num.Magnitude(v)
	return neg
}

func mathType(_ *Env, L *glua.LState) int {
	v := L.CheckAny(1)
	switch {
	case !num.Is(v):
		L.Push(glua.LNil)
	case num.IsInt(v):
		L.Push(glua.LString("integer"))
	default:
		L.Push(glua.LString("float"))
	}
	return 1
}

// newRandom is the sequence of random numbers that begins with a seed.
func newRandom(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

func mathRandom(s *Env, L *glua.LState) int {
	lo, n := int64(1), L.GetTop()
	switch n {
	case 0:
		L.Push(glua.LNumber(s.random.Float64()))
		return 1
	case 1:
	case 2:
		lo = int64(argWhole(L, 1))
	default:
		L.RaiseError("wrong number of arguments")
	}
	hi := int64(argWhole(L, n))
	if hi < lo {
		L.ArgError(n, "interval is empty")
	}
	var v uint64
	if span := uint64(hi) - uint64(lo) + 1; span != 0 {
		v = s.random.Uint64N(span)
	} else {
		v = s.random.Uint64() // all 64 bits
	}
	L.Push(num.Signed(lo + int64(v)))
	return 1
}

func mathRandomseed(s *Env, L *glua.LState) int {
	s.random = newRandom(argWhole(L, 1))
	return 0
}

// argWhole takes a number as Lua 5.1's functions do, without its fraction.
func argWhole(L *glua.LState, n int) uint64 {
	v := argNumber(L, n)
	if f, ok := v.(glua.LNumber); ok {
		v = glua.LNumber(math.Trunc(float64(f)))
	}
	u, ok := num.Bits(v)
	if !ok {
		L.ArgError(n, "number has no integer representation")
	}
	return u
}

func mathToInteger(_ *Env, L *glua.LState) int {
	v := L.Get(1)
	if !num.Is(v) {
		L.Push(glua.LNil)
		return 1
	}
	if u, ok := num.Bits(v); !ok {
		L.Push(glua.LNil)
	} else if n, isPlain := v.(glua.LNumber); isPlain && num.IsWhole(n) {
		L.Push(v)
	} else {
		L.Push(num.Int(u))
	}
	return 1
}
