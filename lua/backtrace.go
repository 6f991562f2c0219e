package lua

import (
	glua "github.com/yuin/gopher-lua"

	"panda/emu/event"
	"panda/lua/num"
	"panda/lua/val"
)

func cpuBacktrace(s *State, L *glua.LState) int {
	c := s.checkCPU(L)
	t := L.NewTable()
	for _, f := range event.Backtrace(c, min(val.ArgLen(L, 2, 20), maxListed)) {
		r := L.NewTable()
		r.RawSetString("pc", num.Int(uint64(f.PC)))
		r.RawSetString("sp", num.Int(uint64(f.SP)))
		r.RawSetString("symbol", glua.LString(SymbolAt(c, f.PC)))
		t.Append(r)
	}
	L.Push(t)
	return 1
}
