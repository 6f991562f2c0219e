package library

import (
	"sort"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"panda/lua/num"
	"panda/lua/val"
	"panda/lua/work"
)

// Table is added to Lua's module table.
var Table = Module{
	Name: "table",
	Doc:  "Added to or corrected in Lua's table library.",
	Rows: []Row{
		{"sort", "t[, less]", "", "Lua's; numbers and U64 may be mixed.", tableSort},
		{"concat", "t[, sep[, from[, to]]]", "string", "Lua's.", tableConcat},
		{"pack", "...", "table", "A table of its arguments, their count in field n.", tablePack},
		{"unpack", "t[, from[, to]]", "values", "The elements of a list.", Unpack},
		{"keys", "t", "table", "The keys of a table, sorted.", tableKeys},
	},
}

func tableConcat(s *Env, L *glua.LState) int {
	t, sep := L.CheckTable(1), L.OptString(2, "")
	from, to := L.OptInt(3, 1), L.OptInt(4, t.Len())
	ticks := s.ticker(L)
	size := 0
	for i := from; i <= to; i++ {
		ticks.Step(1)
		v := t.RawGetInt(i)
		if !glua.LVCanConvToString(v) && !num.Is(v) {
			L.RaiseError("invalid value (%s) at index %d in table for concat", val.TypeName(v), i)
		}
		if size += val.TextLen(v) + len(sep); size > work.MaxString {
			L.RaiseError("resulting string too large")
		}
	}
	s.room(L, size)
	var b strings.Builder
	b.Grow(size)
	for i := from; i <= to; i++ {
		ticks.Step(1)
		if i > from {
			b.WriteString(sep)
		}
		b.WriteString(t.RawGetInt(i).String())
	}
	return val.PushString(L, b.String())
}

// Unpack gives the elements of a list.
func Unpack(_ *Env, L *glua.LState) int {
	t := L.CheckTable(1)
	from, to := L.OptInt(2, 1), L.OptInt(3, t.Len())
	if to < from {
		return 0
	}
	n := val.CheckResults(L, to-from+1)
	for i := from; i <= to; i++ {
		L.Push(t.RawGetInt(i))
	}
	return n
}

func tablePack(_ *Env, L *glua.LState) int {
	t := L.NewTable()
	as := val.Args(L, 1)
	for i, v := range as {
		t.RawSetInt(i+1, v)
	}
	t.RawSetString("n", glua.LNumber(len(as)))
	L.Push(t)
	return 1
}

func tableSort(s *Env, L *glua.LState) int {
	t := L.CheckTable(1)
	vs := make([]glua.LValue, t.Len())
	for i := range vs {
		vs[i] = t.RawGetInt(i + 1)
	}
	before := func(a, b glua.LValue) bool { return val.Less(L, a, b) }
	if fn, ok := L.Get(2).(*glua.LFunction); ok {
		before = func(a, b glua.LValue) bool { return glua.LVAsBool(val.Call(L, fn, a, b)) }
	}
	ticks := s.ticker(L)
	sort.Slice(vs, func(i, j int) bool {
		ticks.Step(1)
		return before(vs[i], vs[j])
	})
	for i, v := range vs {
		t.RawSetInt(i+1, v)
	}
	return 0
}

func tableKeys(s *Env, L *glua.LState) int {
	var ks []glua.LValue
	ticks := s.ticker(L)
	L.CheckTable(1).ForEach(func(k, _ glua.LValue) { ks = append(ks, k) })
	sort.SliceStable(ks, func(i, j int) bool {
		ticks.Step(1)
		return val.KeyLess(ks[i], ks[j])
	})
	t := L.NewTable()
	for _, k := range ks {
		t.Append(k)
	}
	L.Push(t)
	return 1
}
