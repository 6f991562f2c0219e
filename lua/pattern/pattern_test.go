package pattern

import (
	"errors"
	"strings"
	"testing"

	glua "github.com/yuin/gopher-lua"

	"panda/lua/work"
)

// patience ends a call that looks too often.
type patience struct{ left int }

func (p *patience) Look(L *glua.LState) {
	if p.left--; p.left < 0 {
		L.RaiseError("out of patience")
	}
}

func (*patience) Room(*glua.LState, int) {}

// found is the first match and its captures as text, or the error.
func found(src, pat string) (text string) {
	L := glua.NewState(glua.Options{SkipOpenLibs: true})
	defer L.Close()
	defer func() {
		if e, ok := recover().(error); ok {
			var le *glua.ApiError
			if errors.As(e, &le) {
				e = errors.New(le.Object.String())
			}
			text = strings.TrimSpace(e.Error()) // it says where, which is nowhere
		}
	}()
	m := New(work.Ticker{Limits: &patience{10}, L: L}, src, pat)
	from, to, ok := m.Find(0)
	if !ok {
		return "none"
	}
	out := []string{src[from:to]}
	for i := range m.Captures() {
		out = append(out, m.Value(i, from, to).String())
	}
	return strings.Join(out, " ")
}

func TestMatcher(t *testing.T) {
	for _, c := range []struct{ src, pat, want string }{
		{"key = value", "(%w+)%s*=%s*(%w+)", "key = value key value"},
		{"hello", "()ll()", "ll 3 5"},
		{"xabc", "^abc", "none"},
		{"<a><b>", "<(.-)>", "<a> a"},
		{"f(a(b)c)d", "%b()", "(a(b)c)"},
		{"THE (quick) fox", "%f[%a]%l+", "quick"},
		{`say "it's" now`, `(["'])(.-)%1`, `"it's" " it's`},
		{"x]y", "[]]", "]"},
		{"Hello", "[a-y]+", "ello"},
		{"ab12", "%D*", "ab"},
		{"a", "%", "malformed pattern (ends with '%')"},
		{"a", "[a", "malformed pattern (missing ']')"},
		{"a", "a)", "invalid pattern capture"},
		{"a", "%1", "invalid capture index"},
		{"a", "(a", "unfinished capture"},
		{"a", strings.Repeat("(a)", maxCaptures+1), "none"},
		{strings.Repeat("a", 2*maxCaptures), strings.Repeat("(a)", maxCaptures+1), "too many captures"},
		{strings.Repeat("a", 2*maxPattern), strings.Repeat("a*", 2*maxPattern), "pattern too complex"},
		{strings.Repeat("a", 40), strings.Repeat("a*", 20) + "b", "out of patience"},
	} {
		if got := found(c.src, c.pat); got != c.want {
			t.Errorf("%q in %q: %s, want %s", c.pat, c.src, got, c.want)
		}
	}
}
