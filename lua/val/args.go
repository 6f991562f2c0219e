package val

import (
	"fmt"
	"math"

	glua "github.com/yuin/gopher-lua"

	"panda/lua/num"
)

// The argument checks. All of them raise Lua's argument error.

// ArgInt is argument n as an integer of 64 bits, two's complement.
func ArgInt(L *glua.LState, n int) uint64 {
	v, ok := num.Bits(L.Get(n))
	if !ok {
		L.ArgError(n, Expected("integer", L.Get(n)))
	}
	return v
}

// Expected says that an argument is of another kind than it should be.
func Expected(what string, got glua.LValue) string {
	if f, ok := got.(glua.LNumber); ok {
		return fmt.Sprintf("%s expected, got %v", what, f)
	}
	name := TypeName(got)
	if got == glua.LNil {
		name = "no value"
	}
	return fmt.Sprintf("%s expected, got %s", what, name)
}

// OptInt is argument n as an integer, def if there is none.
func OptInt(L *glua.LState, n int, def uint64) uint64 {
	if L.Get(n) == glua.LNil {
		return def
	}
	return ArgInt(L, n)
}

// ArgLen is argument n as a length or count, optional when def is not negative.
func ArgLen(L *glua.LState, n, def int) int {
	if L.Get(n) == glua.LNil && def >= 0 {
		return def
	}
	v := ArgInt(L, n)
	if v > math.MaxInt32 {
		L.ArgError(n, "out of range")
	}
	return int(v)
}

// ArgFloat is argument n as a float.
func ArgFloat(L *glua.LState, n int) float64 {
	f, ok := num.Float(L.Get(n))
	if !ok {
		L.ArgError(n, Expected("number", L.Get(n)))
	}
	return f
}

// PushError gives nil and a message, as Lua's own library does for what the
// world does wrong.
func PushError(L *glua.LState, err error) int {
	L.Push(glua.LNil)
	L.Push(glua.LString(err.Error()))
	return 2
}

// PushString gives text.
func PushString(L *glua.LState, s string) int {
	L.Push(glua.LString(s))
	return 1
}

// PushInt gives an unsigned number.
func PushInt(L *glua.LState, v uint64) int {
	L.Push(num.Int(v))
	return 1
}

// Args are the arguments from one on.
func Args(L *glua.LState, from int) []glua.LValue {
	var as []glua.LValue
	for i := from; i <= L.GetTop(); i++ {
		as = append(as, L.Get(i))
	}
	return as
}

// maxResults bounds how many values one call gives: the stack of Lua grows by
// small steps, each of which copies it.
const maxResults = 1 << 16

// CheckResults raises an error when n results are too many; it gives n.
func CheckResults(L *glua.LState, n int) int {
	if n < 0 || n > maxResults {
		L.RaiseError("too many results: one call gives at most %d", maxResults)
	}
	return n
}
