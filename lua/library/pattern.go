package library

import (
	"strconv"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"panda/lua/num"
	"panda/lua/pattern"
	"panda/lua/val"
)

// The functions of Lua's string library that take patterns.

func stringFind(s *Env, L *glua.LState) int {
	src, pat := L.CheckString(1), L.CheckString(2)
	start := startIndex(L, src)
	if L.ToBool(4) || !strings.ContainsAny(pat, pattern.Specials) {
		i := -1
		if start <= len(src) {
			i = strings.Index(src[start:], pat)
		}
		if i < 0 {
			L.Push(glua.LNil)
			return 1
		}
		L.Push(glua.LNumber(start + i + 1))
		L.Push(glua.LNumber(start + i + len(pat)))
		return 2
	}
	m := pattern.New(s.ticker(L), src, pat)
	from, to, ok := m.Find(start)
	if !ok {
		L.Push(glua.LNil)
		return 1
	}
	L.Push(glua.LNumber(from + 1))
	L.Push(glua.LNumber(to))
	if m.Captures() == 0 {
		return 2
	}
	return 2 + m.Push(from, to)
}

func stringMatch(s *Env, L *glua.LState) int {
	src, pat := L.CheckString(1), L.CheckString(2)
	m := pattern.New(s.ticker(L), src, pat)
	from, to, ok := m.Find(startIndex(L, src))
	if !ok {
		L.Push(glua.LNil)
		return 1
	}
	return m.Push(from, to)
}

// startIndex is argument 3 as an offset; negative ones count from the end.
func startIndex(L *glua.LState, s string) int {
	i := L.OptInt(3, 1)
	if i < 0 {
		i = len(s) + i + 1
	}
	return max(i-1, 0)
}

func stringGmatch(s *Env, L *glua.LState) int {
	src, pat := L.CheckString(1), L.CheckString(2)
	pos := 0
	L.Push(L.NewFunction(func(L *glua.LState) int {
		m := pattern.New(s.ticker(L), src, pat)
		if m.Anchored && pos > 0 {
			return 0
		}
		from, to, ok := m.Find(pos)
		if !ok {
			pos = len(src) + 1
			return 0
		}
		if pos = to; to == from {
			pos++
		}
		return m.Push(from, to)
	}))
	return 1
}

func stringGsub(s *Env, L *glua.LState) int {
	src, pat := L.CheckString(1), L.CheckString(2)
	g := replacer{Matcher: pattern.New(s.ticker(L), src, pat), with: L.Get(3)}
	switch v := g.with.(type) {
	case glua.LNumber:
		g.with = glua.LString(v.String())
	case glua.LString, *glua.LTable, *glua.LFunction:
	default:
		L.ArgError(3, val.Expected("string, function or table", v))
	}
	most := len(src) + 1
	if L.Get(4) != glua.LNil {
		most = min(L.CheckInt(4), most)
	}
	n, pos := 0, 0
	for n < most {
		g.Step(1)
		to, ok := g.At(pos)
		if ok {
			n++
			g.replace(pos, to)
		}
		switch {
		case ok && to > pos:
			pos = to
		case pos < len(src):
			g.append(src[pos : pos+1])
			pos++
		default:
			most = n
		}
		if g.Anchored {
			break
		}
	}
	g.append(src[min(pos, len(src)):])
	L.Push(glua.LString(g.out))
	L.Push(glua.LNumber(n))
	return 2
}

// replacer builds what gsub gives.
type replacer struct {
	*pattern.Matcher
	with glua.LValue
	out  []byte
}

func (g *replacer) append(s string) {
	if n := len(g.out) + len(s); n > cap(g.out) { // it grows by a half or more
		g.Room(n + n/2)
	}
	g.out = append(g.out, s...)
}

// replace appends what stands for the match in [from, to).
func (g *replacer) replace(from, to int) {
	var v glua.LValue
	switch with := g.with.(type) {
	case glua.LString:
		g.template(string(with), from, to)
		return
	case *glua.LTable:
		v = g.L.GetTable(with, g.Value(0, from, to))
	default:
		g.L.Push(with)
		n := g.Push(from, to)
		g.L.Call(n, 1)
		v = g.L.Get(-1)
		g.L.Pop(1)
	}
	switch {
	case glua.LVIsFalse(v):
		g.append(g.Src[from:to])
	case glua.LVCanConvToString(v) || num.Is(v):
		g.append(v.String())
	default:
		g.L.RaiseError("invalid replacement value (a %s)", val.TypeName(v))
	}
}

// template appends a text in which %0 to %9 stand for captures.
func (g *replacer) template(t string, from, to int) {
	for {
		i := strings.IndexByte(t, '%')
		if i < 0 || i+1 == len(t) {
			g.append(t)
			return
		}
		g.Step(1)
		g.append(t[:i])
		switch c := t[i+1]; {
		case c == '0':
			g.append(g.Src[from:to])
		case c >= '0' && c <= '9':
			g.append(textOf(g.Value(int(c-'1'), from, to)))
		default:
			g.append(t[i+1 : i+2])
		}
		t = t[i+2:]
	}
}

func textOf(v glua.LValue) string {
	if n, ok := v.(glua.LNumber); ok {
		return strconv.Itoa(int(n))
	}
	return v.String()
}
