package val

import (
	"slices"
	"strings"
	"testing"

	glua "github.com/yuin/gopher-lua"

	"panda/lua/num"
)

// raised is the error of a Go function that Lua calls with arguments.
func raised(t *testing.T, fn glua.LGFunction, args ...glua.LValue) string {
	t.Helper()
	L := glua.NewState(glua.Options{SkipOpenLibs: true})
	defer L.Close()
	err := L.CallByParam(glua.P{Fn: L.NewFunction(fn), Protect: true}, args...)
	if err == nil {
		return ""
	}
	return strings.TrimSpace(err.(*glua.ApiError).Object.String()) // it says where, which is nowhere
}

func TestArguments(t *testing.T) {
	take := map[string]glua.LGFunction{
		"int":   func(L *glua.LState) int { return PushInt(L, ArgInt(L, 1)) },
		"opt":   func(L *glua.LState) int { return PushInt(L, OptInt(L, 1, 7)) },
		"len":   func(L *glua.LState) int { return PushInt(L, uint64(ArgLen(L, 1, -1))) },
		"float": func(L *glua.LState) int { ArgFloat(L, 1); return 0 },
		"many":  func(L *glua.LState) int { return CheckResults(L, maxResults+1) },
	}
	for _, c := range []struct {
		how  string
		arg  glua.LValue
		want string
	}{
		{"int", num.Int(1 << 63), ""},
		{"int", glua.LString("0x10"), ""},
		{"int", glua.LNumber(1.5), "bad argument #1 to main chunk (integer expected, got 1.5)"},
		{"int", glua.LNil, "bad argument #1 to main chunk (integer expected, got no value)"},
		{"opt", glua.LNil, ""},
		{"opt", glua.LTrue, "bad argument #1 to main chunk (integer expected, got boolean)"},
		{"len", glua.LNil, "bad argument #1 to main chunk (integer expected, got no value)"},
		{"len", num.Int(1 << 60), "bad argument #1 to main chunk (out of range)"},
		{"float", num.Int(1 << 60), ""},
		{"float", new(glua.LTable), "bad argument #1 to main chunk (number expected, got table)"},
		{"many", glua.LNil, "too many results: one call gives at most 65536"},
	} {
		if got := raised(t, take[c.how], c.arg); got != c.want {
			t.Errorf("%s of %v: %q, want %q", c.how, c.arg, got, c.want)
		}
	}
}

// TestOrder: numbers of both forms come by their value, then text.
func TestOrder(t *testing.T) {
	want := []glua.LValue{glua.LNumber(-1), glua.LNumber(3), num.Int(1<<60 + 1), num.Int(1 << 63), glua.LString("10"), glua.LString("a"), new(glua.LTable)}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, func(a, b glua.LValue) int {
		switch {
		case KeyLess(a, b):
			return -1
		case KeyLess(b, a):
			return 1
		}
		return 0
	})
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	less := func(L *glua.LState) int { Less(L, L.Get(1), L.Get(2)); return 0 }
	for _, c := range []struct {
		a, b glua.LValue
		want string
	}{
		{num.Int(1 << 60), glua.LNumber(1), ""},
		{glua.LString("a"), glua.LString("b"), ""},
		{num.Int(1 << 60), glua.LString("b"), "attempt to compare number with string"},
		{glua.LNil, glua.LNumber(1), "attempt to compare nil with number"},
	} {
		if got := raised(t, less, c.a, c.b); got != c.want {
			t.Errorf("%v < %v: %q, want %q", c.a, c.b, got, c.want)
		}
	}
}
