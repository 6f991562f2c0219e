package syntax

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	glua "github.com/yuin/gopher-lua"
)

func TestErrors(t *testing.T) {
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
		{"\n\nx = " + strings.Repeat("not ", 2*maxDepth) + "1", "f.lua:3: chunk has too many syntax levels", false},
	} {
		_, err := Compile("f.lua", c.src, &Helpers{}, nil)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q\n got %v\nwant %s", c.src, err, c.want)
			continue
		}
		if se, ok := err.(*Error); ok && se.Incomplete != c.incomplete {
			t.Errorf("%q: incomplete = %v", c.src, se.Incomplete)
		}
	}
}

// TestPrelex: newer spellings become those of the parser, and all else stays.
func TestPrelex(t *testing.T) {
	for src, want := range map[string]string{
		"#!/usr/bin/panda\nx = 1":    "\nx = 1",
		`"\x41\u{20ac}\n"`:           `"\065\226\130\172\n"`,
		"\"a\\z \n  b\" c":           "\"ab\"\n c",
		"007ULL + 1ll + 0xffULL":     "7 + 1 + 0xff",
		"-- 007ULL \"\\x41\"":        "-- 007ULL \"\\x41\"",
		"[==[ 007 ]] \\x41 ]==] 007": "[==[ 007 ]] \\x41 ]==] 7",
		"--[[ 007\n]] x1ll = a..b":   "--[[ 007\n]] x1ll = a..b",
		"1..2":                       "1..2",
		"00.5e-3 .. .5":              "0.5e-3 .. .5",
	} {
		if got, err := prelex("f", src); err != nil || got != want {
			t.Errorf("%q becomes %q, %v, want %q", src, got, err, want)
		}
	}
}

// TestRewrite: what could leave the range of plain numbers calls its helper, and
// nothing else does.
func TestRewrite(t *testing.T) {
	h, names := marked()
	for src, want := range map[string]string{
		"local x = ... return x + 1":                            "+",
		"local x = ... return 1 - x, x * 2, x ^ 2":              "* - ^",
		"local x = ... return x / 2, x % 2, -x, x == 1":         "",
		"local x = ... return x < 1, x >= 2":                    "< <=",
		"local x = ... return x < 'a', #x + 1, #x < 5":          "",
		"local n = 0 while n < 10 do n = n + 1 end return n":    "",
		"local n = 0 while n < 10 do n = n + 4096 end return n": "+ <",
		"for i = 1, 10 do local x = i * 2 end":                  "",
		"local n = ... for i = 1, n do end":                     "limit",
		"local n = ... for i = n, 10 do end":                    "steps",
		"return 1 + 2, 2 ^ 10, 0xffffffffffffffff - 1":          "",
		"local x = ... return x .. 1":                           "",
	} {
		if got := called(t, src, h, nil, names); got != want {
			t.Errorf("%s: helpers %q, want %q", src, got, want)
		}
	}
	limits := &Limits{Size: 100, Ended: func() string { return "" }}
	if got := called(t, "local x = ... return x .. 1 .. x", h, limits, names); got != "concat" {
		t.Errorf("a concatenation under limits calls %q", got)
	}
}

// marked are helpers, and what to call them.
func marked() (*Helpers, map[glua.LValue]string) {
	h := &Helpers{Arith: map[string]*glua.LFunction{}}
	names := map[glua.LValue]string{}
	mark := func(name string) *glua.LFunction {
		fn := &glua.LFunction{}
		names[fn] = name
		return fn
	}
	for _, sign := range []string{"+", "-", "*", "/", "%", "^"} {
		h.Arith[sign] = mark(sign)
	}
	h.Less, h.LessEqual, h.Steps, h.Limit, h.Concat = mark("<"), mark("<="), mark("steps"), mark("limit"), mark("concat")
	return h, names
}

// called are the helpers among the constants of a chunk.
func called(t *testing.T, src string, h *Helpers, limits *Limits, names map[glua.LValue]string) string {
	t.Helper()
	p, err := Compile("f", src, h, limits)
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	var got []string
	for _, c := range p.Constants {
		if name := names[c]; name != "" {
			got = append(got, name)
		}
	}
	slices.Sort(got)
	return strings.Join(slices.Compact(got), " ")
}

func TestLimits(t *testing.T) {
	why := ""
	limits := &Limits{Size: 1 << 20, Ended: func() string { return why }}
	long := "local t = {" + strings.Repeat("1, ", maxConstants+2) + "}"
	for _, c := range []struct{ src, why, want string }{
		{"return 1", "", ""},
		{"return 1", "time is over", "time is over"},
		{strings.Repeat(" ", 1<<20+1), "", fmt.Sprintf("chunk of %d bytes is too large: the limits of scripts allow %d", 1<<20+1, 1<<20)},
		{long, "", "function has too many constants"},
	} {
		why = c.why
		_, err := Compile("f", c.src, &Helpers{}, limits)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.20q: %v, want %q", c.src, err, c.want)
		}
	}
}
