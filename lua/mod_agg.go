package lua

import (
	"strings"

	glua "github.com/yuin/gopher-lua"

	"panda/emu/event"
	"panda/emu/vcpu"
)

var aggModule = Module{
	Name: "counts:",
	Doc: "What `panda.count` and the other aggregations return. Keys are read by `c[key]`, of two fields by `c:get(a, b)`; `pairs(c)` walks keys and values, the largest first. " +
		"It is printed when the script ends, unless it was declared with `print = false`.",
	Rows: []Row{
		{"get", "[key, ...]", "number, or a list {lo, hi, n} for histograms", "The value of a key, 0 (nil for min, max, avg) if it did not occur; without key that of an aggregation without by.", aggGet},
		{"clear", "", "", "Forgets everything.", aggClear},
		{"pairs", "", "iterator", "Walks keys and values, the largest first; a key of several fields is a list.", aggPairs},
		{"keys", "", "list", "The keys, the largest first.", aggKeys},
		{"total", "", "integer", "How many events were taken.", aggTotal},
		{"text", "", "string", "The table as it is printed at exit.", aggText},
		{"print", "", "", "Prints the table now.", aggPrint},
		{"stop", "", "", "Takes no more events.", aggStop},
	},
}

// aggRows are the functions that declare aggregations.
func aggRows() []Row {
	var rs []Row
	for i := range aggOps {
		op := &aggOps[i]
		args := "{on=, by=, …filter}"
		if op.value {
			args = "{on=, value=, by=, …filter}"
		}
		rs = append(rs, Row{op.name, args, "counts", op.doc + ", by the fields that by names.", func(s *State, L *glua.LState) int {
			return s.aggregate(L, op)
		}})
	}
	return rs
}

// aggOptions are the keys of a declaration that are no filter.
var aggOptions = []string{"on", "by", "value", "limit", "lo", "hi", "step", "title", "print", "sort"}

func (s *State) aggregate(L *glua.LState, op *aggOp) int {
	s.needHost(L)
	t := L.CheckTable(1)
	on, ok := t.RawGetString("on").(glua.LString)
	if !ok {
		L.RaiseError("panda.%s: on= must name an event", op.name)
	}
	k, err := event.ParseKind(string(on))
	if err != nil {
		L.RaiseError("%v", err)
	}
	if k.Class() == "" {
		L.RaiseError("panda.%s: %v cannot be aggregated", op.name, k)
	}
	a := &aggregation{s: s, op: op, aggCells: aggCells{cells: map[aggKey]*aggCell{}, nums: map[uint64]*aggCell{}}}
	a.since = s.host.CPU().Icount()
	a.fields(L, k, t)
	a.options(L, t)
	a.attach(k, s.filter(L, k, t, aggOptions...))
	if t.RawGetString("print") != glua.LFalse {
		s.aggs = append(s.aggs, a)
	}
	L.Push(s.aggValue(a))
	return 1
}

func (a *aggregation) fields(L *glua.LState, k event.Kind, t *glua.LTable) {
	a.title = a.op.name + " of " + k.String()
	static, placed := true, true
	if by := t.RawGetString("by"); by != glua.LNil {
		var names []string
		list(by, func(v glua.LValue) {
			name, ok := v.(glua.LString)
			if !ok || len(a.by) == maxKeys {
				L.RaiseError("panda.%s: by= names up to %d fields", a.op.name, maxKeys)
			}
			f := a.s.field(L, k, string(name))
			a.by, names = append(a.by, f), append(names, string(name))
			static = static && f.Static
			placed = placed && (f.Static || f.Name == "size" && strings.HasPrefix(k.Class(), "mem"))
		})
		a.title += " by " + strings.Join(names, ", ")
	}
	if a.static = static && k.Class() != "exc" && !strings.HasPrefix(k.Class(), "sys"); a.static {
		a.cache = make([]cached, minCache)
	}
	a.placed = placed && (a.static || strings.HasPrefix(k.Class(), "mem"))
	if !a.op.value {
		return
	}
	name, ok := t.RawGetString("value").(glua.LString)
	if !ok {
		L.RaiseError("panda.%s: value= must name a field or register", a.op.name)
	}
	a.value = a.s.field(L, k, string(name))
	a.title = a.op.name + " of " + string(name) + " on " + strings.TrimPrefix(a.title, a.op.name+" of ")
}

func (a *aggregation) options(L *glua.LState, t *glua.LTable) {
	num := func(key string, def int64) int64 {
		v := t.RawGetString(key)
		if v == glua.LNil {
			return def
		}
		u, ok := bits64(v)
		if !ok {
			L.RaiseError("panda.%s: %s= must be an integer", a.op.name, key)
		}
		return int64(u)
	}
	def := int64(0)
	if a.op.name == "top" {
		def = 10
	}
	a.limit = int(max(num("limit", def), 0))
	a.lo, a.hi, a.step = num("lo", 0), num("hi", 100), num("step", 10)
	if a.op.name == "lhist" && (a.step <= 0 || a.hi <= a.lo || (a.hi-a.lo)/a.step > 1000) {
		L.RaiseError("panda.lhist: lo=%d hi=%d step=%d give no histogram", a.lo, a.hi, a.step)
	}
	if a.op.name == "last" {
		if len(a.by) == 0 {
			L.RaiseError("panda.last: by= must name the fields to keep")
		}
		a.limit = int(min(max(num("limit", 10), 1), 1<<20))
		a.ring = make([]aggKey, 0, a.limit)
	}
	switch by := t.RawGetString("sort"); by {
	case glua.LNil, glua.LString("value"):
	case glua.LString("key"):
		a.byKey = true
	default:
		L.RaiseError("panda.%s: sort= is \"key\" or \"value\"", a.op.name)
	}
	if name, ok := t.RawGetString("title").(glua.LString); ok {
		a.title = string(name)
	}
}

// attach subscribes. What is merely counted is counted by translated code, by
// places if the key depends on the place only.
func (a *aggregation) attach(k event.Kind, f *event.Filter) {
	h := a.s.host
	if (k == event.InsnExec || k == event.AfterInsnExec) && f.PC == nil {
		f.PC = everywhere
	}
	counts := a.op.add == nil && a.ring == nil && (k == event.InsnExec || k == event.BeforeBlockExec || strings.HasPrefix(k.Class(), "mem"))
	switch {
	case counts && len(a.by) == 0:
		a.direct = new(uint64)
		a.subs = append(a.subs, h.Counter(k, f, a.direct))
		return
	case counts && a.placed:
		at := func(in *event.Insn) *uint64 {
			return &a.find(&event.Env{CPU: h.CPU(), PC: in.PC, Mem: &vcpu.MemAccess{PC: in.PC, Size: in.Size}}).n
		}
		a.subs = append(a.subs, h.CounterAt(k, f, at, k.Each(a.hit)))
	default:
		a.subs = append(a.subs, h.Subscribe(k, f, k.Each(a.hit)))
	}
	if a.cache != nil { // another program may stand at the same addresses
		a.subs = append(a.subs, h.Subscribe(event.ProcessStart, nil, event.ProcessFunc(a.forgetCache)).Unlisted())
	}
}

// field finds what by= or value= names: a field, or one rounded down to
// multiples as in "addr:4096".
func (s *State) field(L *glua.LState, k event.Kind, name string) *event.Field {
	name, multiple, rounded := strings.Cut(name, ":")
	f, err := k.FindField(name, s.needCPU(L).Machine.Arch.Lookup)
	if err != nil {
		L.RaiseError("%v", err)
	}
	if !rounded {
		return f
	}
	step, ok := bits64(glua.LString(multiple))
	if !ok || step == 0 || f.Type == event.TextValue {
		L.RaiseError("%v: field %s cannot be rounded to %q", k, name, multiple)
	}
	down, get := *f, f.Get
	down.Get = func(e *event.Env) event.Value {
		v := get(e)
		rest := v.Num % step
		if v.Type == event.SignedValue && int64(v.Num) < 0 {
			rest = (step - -v.Num%step) % step // down, not towards zero
		}
		v.Num -= rest
		return v
	}
	return &down
}
