package lua

import (
	"fmt"

	glua "github.com/yuin/gopher-lua"

	"panda/emu/guest"
	"panda/lua/num"
	"panda/lua/val"
)

// argAddr is argument n as an address: a number, or the name of a symbol.
func (s *State) argAddr(L *glua.LState, n int) guest.Addr {
	v := L.Get(n)
	if u, ok := num.Bits(v); ok {
		return guest.Addr(u)
	}
	name, ok := v.(glua.LString)
	if !ok {
		L.ArgError(n, val.Expected("address", v))
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
