package lua

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"panda/emu/event"
	"panda/emu/vcpu"
	"panda/lua/num"
	"panda/lua/val"
)

func (a *aggregation) forgetCache(*vcpu.CPU, *event.Process) { clear(a.cache) }

// aggValue makes the Lua object of an aggregation.
func (s *State) aggValue(a *aggregation) *glua.LUserData {
	methods := s.open(aggModule, s.L.NewTable())
	mt := s.L.NewTable()
	mt.RawSetString("__index", s.L.NewFunction(func(L *glua.LState) int {
		if fn := methods.RawGet(L.Get(2)); fn != glua.LNil {
			L.Push(fn)
			return 1
		}
		return a.push(L, []glua.LValue{L.Get(2)})
	}))
	mt.RawSetString("__len", s.L.NewFunction(func(L *glua.LState) int { return val.PushInt(L, uint64(len(a.sorted()))) }))
	mt.RawSetString("__pairs", methods.RawGetString("pairs"))
	mt.RawSetString("__tostring", methods.RawGetString("text"))
	ud := s.L.NewUserData()
	ud.Value, ud.Metatable = a, mt
	return ud
}

func checkAgg(L *glua.LState) *aggregation {
	if ud, ok := L.Get(1).(*glua.LUserData); ok {
		if a, ok := ud.Value.(*aggregation); ok {
			return a
		}
	}
	L.ArgError(1, "aggregation expected: methods are called with a colon")
	return nil
}

// row is a key with what it has gathered.
type row struct {
	key  aggKey
	cell *aggCell
}

// rows lists the rows, those of last in their order, others in none.
func (a *aggregation) rows() []row {
	if a.direct != nil {
		if *a.direct == 0 {
			return nil
		}
		return []row{{cell: &aggCell{n: *a.direct}}}
	}
	var rs []row
	for i := range a.ring {
		rs = append(rs, row{a.ring[(a.at+i)%len(a.ring)], &aggCell{n: 1}})
	}
	for k, c := range a.cells {
		if c.n > 0 {
			rs = append(rs, row{k, c})
		}
	}
	return rs
}

// sorted lists the rows, the largest first.
func (a *aggregation) sorted() []row {
	rs := a.rows()
	if a.ring != nil {
		return rs
	}
	slices.SortFunc(rs, func(x, y row) int {
		if a.byKey {
			return compareKeys(x.key, y.key)
		}
		return cmp.Or(cmp.Compare(a.op.order(y.cell), a.op.order(x.cell)), compareKeys(x.key, y.key))
	})
	return rs
}

func compareKeys(x, y aggKey) int {
	for i := range x {
		if x[i].Less(y[i]) {
			return -1
		}
		if y[i].Less(x[i]) {
			return 1
		}
	}
	return 0
}

// push gives the value of a key, which may be a list.
func (a *aggregation) push(L *glua.LState, key []glua.LValue) int {
	if len(key) == 1 {
		if t, ok := key[0].(*glua.LTable); ok {
			key = nil
			list(t, func(v glua.LValue) { key = append(key, v) })
		}
	}
	for _, r := range a.rows() {
		if a.hasKey(r.key, key) {
			L.Push(a.op.get(L, a, r.cell))
			return 1
		}
	}
	L.Push(a.op.get(L, a, new(aggCell)))
	switch a.op.name {
	case "min", "max", "avg":
		L.Push(glua.LNil)
	}
	return 1
}

func (a *aggregation) hasKey(k aggKey, want []glua.LValue) bool {
	if len(want) != len(a.by) {
		return false
	}
	for i, w := range want {
		if luaValue(k[i]) != w {
			return false
		}
	}
	return true
}

func (a *aggregation) keyValue(L *glua.LState, k aggKey) glua.LValue {
	switch len(a.by) {
	case 0:
		return glua.LString("")
	case 1:
		return luaValue(k[0])
	}
	t := L.NewTable()
	for i := range a.by {
		t.Append(luaValue(k[i]))
	}
	return t
}

func aggGet(_ *State, L *glua.LState) int { return checkAgg(L).push(L, val.Args(L, 2)) }

func aggClear(_ *State, L *glua.LState) int {
	a := checkAgg(L)
	a.others = aggCell{}
	for _, c := range a.cells { // translated code may hold the counters
		*c = aggCell{}
	}
	a.ring, a.at, a.since = a.ring[:0], 0, a.s.host.CPU().Icount()
	a.forgetCache(nil, nil)
	if a.direct != nil {
		*a.direct = 0
	}
	return 0
}

func aggPairs(_ *State, L *glua.LState) int {
	a := checkAgg(L)
	rs, i := a.sorted(), 0
	L.Push(L.NewFunction(func(L *glua.LState) int {
		if i == len(rs) {
			return 0
		}
		r := rs[i]
		i++
		L.Push(a.keyValue(L, r.key))
		L.Push(a.op.get(L, a, r.cell))
		return 2
	}))
	return 1
}

func aggKeys(_ *State, L *glua.LState) int {
	a := checkAgg(L)
	t := L.NewTable()
	for _, r := range a.sorted() {
		t.Append(a.keyValue(L, r.key))
	}
	L.Push(t)
	return 1
}

func aggTotal(_ *State, L *glua.LState) int {
	n := checkAgg(L).others.n
	for _, r := range checkAgg(L).rows() {
		n += r.cell.n
	}
	return val.PushInt(L, n)
}

func aggText(_ *State, L *glua.LState) int {
	var b strings.Builder
	checkAgg(L).print(&b)
	return val.PushString(L, b.String())
}

func aggPrint(s *State, L *glua.LState) int {
	checkAgg(L).write(s.out())
	return 0
}

func aggStop(_ *State, L *glua.LState) int {
	for _, sub := range checkAgg(L).subs {
		sub.Remove()
	}
	return 0
}

// print writes the table, the largest first.
func (a *aggregation) print(w io.Writer) {
	rs := a.sorted()
	if len(a.by) == 0 && len(rs) <= 1 && !a.op.hist() {
		text := "0"
		if len(rs) == 1 {
			text = a.op.show(a, rs[0].cell)
		}
		fmt.Fprintf(w, "%s: %s\n", a.title, text)
		return
	}
	fmt.Fprintf(w, "%s:\n", a.title)
	more := 0
	if a.limit > 0 && len(rs) > a.limit {
		more = len(rs) - a.limit
		rs = rs[:a.limit]
	}
	a.printRows(w, rs)
	switch {
	case len(rs) == 0:
		fmt.Fprintln(w, "  (no events)")
	case more > 0:
		fmt.Fprintf(w, "  (%d more)\n", more)
	}
	if a.others.n > 0 {
		fmt.Fprintf(w, "  (%d events of further keys: the memory of scripts is full)\n", a.others.n)
	}
}

func (o *aggOp) hist() bool { return o.name == "hist" || o.name == "lhist" }

func (a *aggregation) printRows(w io.Writer, rs []row) {
	keys, vals := make([]string, len(rs)), make([]string, len(rs))
	kw, vw := 0, 0
	for i, r := range rs {
		keys[i], vals[i] = a.keyText(r.key), a.op.show(a, r.cell)
		kw, vw = max(kw, len(keys[i])), max(vw, len(vals[i]))
	}
	for i := range rs {
		if a.op.hist() {
			if keys[i] != "" {
				fmt.Fprintf(w, "  %s\n", keys[i])
			}
			fmt.Fprint(w, vals[i])
			continue
		}
		if a.ring != nil {
			fmt.Fprintf(w, "  %s\n", keys[i])
			continue
		}
		fmt.Fprintf(w, "  %-*s  %*s\n", kw, keys[i], vw, vals[i])
	}
}

func (a *aggregation) keyText(k aggKey) string {
	return strings.Join(a.keyTexts(k), ", ")
}

// buckets lists a histogram's ranges in order, without the empty ends.
func (a *aggregation) buckets(c *aggCell) (los, his []string, ns []uint64) {
	for i, n := range c.hist {
		if n == 0 && len(ns) == 0 {
			continue
		}
		lo, hi := a.bucketRange(int64(i) - 1)
		los, his, ns = append(los, lo), append(his, hi), append(ns, n)
	}
	return los, his, ns
}

func (a *aggregation) bucketRange(b int64) (lo, hi string) {
	if a.op.name == "lhist" {
		end := (a.hi - a.lo + a.step - 1) / a.step
		switch b {
		case -1:
			return "", fmt.Sprint(a.lo)
		case end:
			return fmt.Sprint(a.hi), ""
		}
		return fmt.Sprint(a.lo + b*a.step), fmt.Sprint(min(a.lo+(b+1)*a.step, a.hi))
	}
	switch b {
	case -1:
		return "", "0"
	case 0:
		return "0", "1"
	case 64:
		return fmt.Sprint(uint64(1) << 63), ""
	}
	return fmt.Sprint(uint64(1) << (b - 1)), fmt.Sprint(uint64(1) << b)
}

// getHist gives a list of {lo=, hi=, n=}.
func getHist(L *glua.LState, a *aggregation, c *aggCell) glua.LValue {
	t := L.NewTable()
	los, his, ns := a.buckets(c)
	for i, n := range ns {
		b := L.NewTable()
		if lo := num.Of(glua.LString(los[i])); lo != nil {
			b.RawSetString("lo", lo)
		}
		if hi := num.Of(glua.LString(his[i])); hi != nil {
			b.RawSetString("hi", hi)
		}
		b.RawSetString("n", num.Int(n))
		t.Append(b)
	}
	return t
}

func showHist(a *aggregation, c *aggCell) string {
	const bar = 40
	var out strings.Builder
	los, his, ns := a.buckets(c)
	most := slices.Max(append(ns, 1))
	names, width := make([]string, len(ns)), 0
	for i := range ns {
		names[i] = fmt.Sprintf("[%s, %s)", los[i], his[i])
		width = max(width, len(names[i]))
	}
	for i, n := range ns {
		fmt.Fprintf(&out, "  %-*s %10d |%-*s|\n", width, names[i], n, bar, strings.Repeat("@", int(n*bar/most)))
	}
	return out.String()
}
