package lua

import (
	"errors"
	"strings"
	"testing"

	glua "github.com/yuin/gopher-lua"
)

// TestInterrupt ends loops of every kind, also those that catch errors, and after
// each the state works as before.
func TestInterrupt(t *testing.T) {
	for _, loop := range []string{
		"while true do end",
		"repeat until false",
		"for i = 1, math.huge do end",
		"goto top",
		"local function f() return f() end f()",
		"while true do pcall(function() while true do end end) end",
		"while true do xpcall(function() while true do end end, function(m) while true do end end) end",
		"local c = coroutine.wrap(function() while true do coroutine.yield(1) end end) while true do c() end",
		"while true do local c = coroutine.create(function() while true do end end) coroutine.resume(c) end",
		"for _ in function() return 1 end do end",
		"local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) while true do pcall(function() return t[1] end) end",
		"table.sort({3, 2, 1}, function() while true do end end)",
		"('x'):gsub('x', function() while true do end end)",
		"string.find(('a'):rep(28) .. 'b', ('a?'):rep(28) .. ('a'):rep(28) .. 'c')",
		"('a'):rep(30000):gsub('.-.-.-.-b', '')",
		"for x in ('a'):rep(30000):gmatch('.-.-.-.-b') do end",
		"('a'):rep(30000):split('.-.-.-.-b')",
		"('('):rep(1e6):find('%b()')",
	} {
		text := "started(); " + loop
		if strings.HasPrefix(loop, "goto") {
			text = "started(); ::top:: goto top"
		}
		s := NewState(Options{})
		s.L.SetGlobal("started", s.bind(Row{fn: func(*State, *glua.LState) int {
			go Interrupt("stopped by a test", 0)
			return 0
		}}))
		_, err := s.Eval(text)
		if !errors.Is(err, ErrInterrupted) || !strings.Contains(err.Error(), "stopped by a test") {
			t.Errorf("%s: %v", loop, err)
		}
		if more, err := s.Eval("local n = 0 for i = 1, 1000 do n = n + i end assert(n == 500500)"); more || err != nil {
			t.Errorf("after %s: %v", loop, err)
		}
		if asked.Load() != nil {
			t.Errorf("after %s the interrupt still holds", loop)
		}
	}
}

// TestInterruptLate: an interrupt that meets no call can be taken back, and one
// with a delay lets short calls be.
func TestInterruptLate(t *testing.T) {
	s := NewState(Options{})
	Interrupt("too late", 0)
	Uninterrupt()
	if _, err := s.Eval("for i = 1, 100 do end"); err != nil {
		t.Error(err)
	}
	Interrupt("not yet", 3600e9)
	for range 100 {
		if _, err := s.Eval("for i = 1, 1000 do end"); err != nil {
			t.Error(err)
		}
	}
	Uninterrupt()
	if asked.Load() != nil {
		t.Error("the interrupt still holds")
	}
}

// TestInstructions: the table is gopher-lua's.
func TestInstructions(t *testing.T) {
	for i, f := range jumpTable {
		if f == nil || instructions[i] == nil {
			t.Errorf("no function of instruction %d", i)
		}
	}
}
