package lua

import (
	"fmt"
	"math"

	glua "github.com/yuin/gopher-lua"

	"panda/emu/guest"
	"panda/lua/num"
)

// The argument checks of the bindings. All of them raise Lua's argument error.

// argInt is argument n as an integer of 64 bits, two's complement.
func argInt(L *glua.LState, n int) uint64 {
	v, ok := num.Bits(L.Get(n))
	if !ok {
		L.ArgError(n, expected("integer", L.Get(n)))
	}
	return v
}

func expected(what string, got glua.LValue) string {
	if f, ok := got.(glua.LNumber); ok {
		return fmt.Sprintf("%s expected, got %v", what, f)
	}
	name := typeName(got)
	if got == glua.LNil {
		name = "no value"
	}
	return fmt.Sprintf("%s expected, got %s", what, name)
}

func optInt(L *glua.LState, n int, def uint64) uint64 {
	if L.Get(n) == glua.LNil {
		return def
	}
	return argInt(L, n)
}

// argLen is argument n as a length or count, optional when def is not negative.
func argLen(L *glua.LState, n, def int) int {
	if L.Get(n) == glua.LNil && def >= 0 {
		return def
	}
	v := argInt(L, n)
	if v > math.MaxInt32 {
		L.ArgError(n, "out of range")
	}
	return int(v)
}

// argFloat is argument n as a float.
func argFloat(L *glua.LState, n int) float64 {
	f, ok := num.Float(L.Get(n))
	if !ok {
		L.ArgError(n, expected("number", L.Get(n)))
	}
	return f
}

// argAddr is argument n as an address: a number, or the name of a symbol.
func (s *State) argAddr(L *glua.LState, n int) guest.Addr {
	v := L.Get(n)
	if u, ok := num.Bits(v); ok {
		return guest.Addr(u)
	}
	name, ok := v.(glua.LString)
	if !ok {
		L.ArgError(n, expected("address", v))
	}
	if s.host == nil {
		L.ArgError(n, fmt.Sprintf("no symbol %q: no guest yet", string(name)))
	}
	a, ok := s.host.Core().Lookup(string(name))
	if !ok {
		L.ArgError(n, fmt.Sprintf("no symbol %q", string(name)))
	}
	return a
}

// pushError gives nil and a message, as Lua's own library does for what the
// world does wrong.
func pushError(L *glua.LState, err error) int {
	L.Push(glua.LNil)
	L.Push(glua.LString(err.Error()))
	return 2
}

func pushString(L *glua.LState, s string) int {
	L.Push(glua.LString(s))
	return 1
}

func pushInt(L *glua.LState, v uint64) int {
	L.Push(num.Int(v))
	return 1
}
