package lua

import (
	"fmt"
	"strings"
	"testing"

	glua "github.com/yuin/gopher-lua"
)

func TestErrors(t *testing.T) {
	s := NewState(Options{})
	for _, c := range []struct{ src, want string }{
		{"local x\nreturn x + 1", "test:2: attempt to perform arithmetic on a nil value"},
		{"return {} < 1", "attempt to compare table with number"},
		{"return 0xffffffffffffffff < {}", "attempt to compare number with table"},
		{"return 1 < 'x'", "attempt to compare number with string"},
		{"return nil .. 0xffffffffffffffff", "attempt to concatenate a nil value"},
		{"return string.rep('x', 1e10)", "too large"},
		{"return string.format('%d', 'x')", "bad argument #2 to format (number expected, got string)"},
		{"return string.format('%d')", "bad argument #2 to format (number expected, got no value)"},
		{"return bit.band(1.5)", "integer expected, got 1.5"},
		{"return string.pack('i1', 200)", "integer overflow"},
		{"return panda.on('insn_exec', print)", "there is no guest"},
		{"local t = {} t[1] = t return json.encode(t)", "contains itself"},
		{"local function f() return f() + 1 end return f()", "stack overflow"},
		{"local function f() return pcall(f) end assert(f() == 5)", "assertion failed"},
		{"for i = 1, {} do end", "must be a number"},
		{"for i = nil, 3 do end", "'for' initial value must be a number"},
		{"return require 'nothing.here'", "nothing/here.lua"},
	} {
		fn, err := s.compile("test", c.src)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = s.run(fn); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\n got %v\nwant %s", c.src, err, c.want)
		}
	}
}

func TestSyntaxErrors(t *testing.T) {
	s := NewState(Options{})
	for _, c := range []struct {
		src, want  string
		incomplete bool
	}{
		{"x = = 1", "f.lua:1: syntax error near '='", false},
		{"local x = 1\nif x then\n", "f.lua:2: syntax error near '<eof>'", true},
		{"x = [[abc\n", "f.lua:1: unterminated multiline string", true},
		{"x = 'abc\n'", "f.lua:2: unterminated string near 'abc'", false},
		{"\nx = '\\xg0'", `f.lua:2: two hexadecimal digits expected near '\xg0'`, false},
		{"x = 0x11112222333344445", "f.lua:1: number of more than 64 bits", false},
		{"x = 'a\\z\n\n  b' y = = 2", "f.lua:3: syntax error near '='", false},
		{"goto nowhere", "f.lua:", false},
	} {
		_, err := s.compile("f.lua", c.src)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q\n got %v\nwant %s", c.src, err, c.want)
			continue
		}
		if se, ok := err.(*SyntaxError); ok && se.Incomplete != c.incomplete {
			t.Errorf("%q: incomplete = %v", c.src, se.Incomplete)
		}
	}
}

// TestCaughtErrors: a caught error must not cut closures off from the locals of
// functions that still run.
func TestCaughtErrors(t *testing.T) {
	ret := eval(t, `
		local x = 0
		local function inc() x = x + 1 end
		local ok, err = pcall(error, "boom")
		x = 5 inc()
		local ok2, tr = xpcall(function() local y = nil; return y.z end, debug.traceback)
		inc()
		return x, ok, err, ok2, tr:find("stack traceback", 1, true) ~= nil, select("#", pcall(function() return 1, nil, nil end))`)
	if got := fmt.Sprint(ret); got != "[7 false boom false true 4]" {
		t.Error(got)
	}
}

func evalNamed(t testing.TB, s *State, name, src string) []glua.LValue {
	t.Helper()
	fn, err := s.compile(name, src)
	if err != nil {
		t.Fatal(err)
	}
	ret, err := s.run(fn)
	if err != nil {
		t.Fatal(err)
	}
	return ret
}
