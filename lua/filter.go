package lua

import (
	"fmt"
	"slices"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
	"panda/lua/num"
	"panda/lua/val"
)

// filterKey is a row of what a filter table may hold besides what the kind's
// own row in event.Rows names.
type filterKey struct {
	name, doc string
	put       func(p *filterParser, v glua.LValue)
}

var filterKeys = []filterKey{
	{"pc", "address of the instruction: a number, a symbol, \"lo-hi\", {lo, hi}, or a list of these", func(p *filterParser, v glua.LValue) { p.f.PC = p.ranges(v) }},
	{"bytes", "first bytes of the instruction: \"0f 05 | 0f ?? 90\"", func(p *filterParser, v glua.LValue) { p.bytes(v) }},
	{"mnemonic", "name or list of names, * and ? allowed", func(p *filterParser, v glua.LValue) { p.f.Mnemonic = p.names(v) }},
	{"class", "what the instruction does: \"call\", \"return\", \"jump\", \"branch\" or \"plain\", or a list of these", func(p *filterParser, v glua.LValue) { p.f.Class = p.classes(v) }},
	{"symbol", "first instruction of a symbol: name or list, * and ? allowed", func(p *filterParser, v glua.LValue) { p.f.Symbol = p.names(v) }},
	{"module", "file that the code comes from: base name or list, * and ? allowed", func(p *filterParser, v glua.LValue) { p.f.Module = p.names(v) }},
	{"addr", "address of the memory access, as pc", func(p *filterParser, v glua.LValue) { p.f.Addr = p.ranges(v) }},
	{"size", "bytes of the memory access", func(p *filterParser, v glua.LValue) { p.f.Size = int(p.integer(v)) }},
	{"name", "name of the system call or program, or list, * and ? allowed", func(p *filterParser, v glua.LValue) { p.f.Names = p.names(v) }},
	{"number", "number of the system call or exception, or list", func(p *filterParser, v glua.LValue) { p.f.Numbers = p.numbers(v) }},
}

// commonKeys are known to every kind.
var commonKeys = []filterKey{
	{"process", "program name or number of the process, or list, * and ? allowed", func(p *filterParser, v glua.LValue) { p.f.Process = p.names(v) }},
	{"thread", "number of the thread, or list", func(p *filterParser, v glua.LValue) { p.f.Thread = p.numbers(v) }},
	{"when", "condition over fields, registers and memory: \"rax == 0 and u32(rsp + 8) > 5\", \"name == 'open*' and ret < 0\"", func(p *filterParser, v glua.LValue) { p.when(v) }},
	{"every", "call at every n-th match only", func(p *filterParser, v glua.LValue) { p.f.Every = p.positive(v) }},
	{"limit", "call n times at most", func(p *filterParser, v glua.LValue) { p.f.Limit = p.positive(v) }},
	{"once", "call once", func(p *filterParser, v glua.LValue) {
		if glua.LVAsBool(v) {
			p.f.Limit = 1
		}
	}},
}

// FilterKeys lists what the filter table of an event may hold.
func FilterKeys(k event.Kind) []string {
	keys := strings.Fields(event.Rows[k].Filters)
	for _, r := range commonKeys {
		keys = append(keys, r.name)
	}
	return keys
}

// AggregationKeys lists what the declaration of an aggregation may hold besides
// a filter.
func AggregationKeys() []string { return slices.Clone(aggOptions) }

// FieldsOf lists the fields of an event.
func FieldsOf(k event.Kind) (fs []event.Field) {
	for i := range event.Fields {
		f := &event.Fields[i]
		if found, err := k.FindField(f.Name, noRegister); err == nil && found == f {
			fs = append(fs, *f)
		}
	}
	return fs
}

func noRegister(string) vcpu.Register { return nil }

// filterParser makes an event.Filter of a table. Mistakes are Lua errors at the
// caller's line.
type filterParser struct {
	s    *State
	L    *glua.LState
	kind event.Kind
	key  string
	f    event.Filter
}

// filter reads a filter table. The keys in ignore belong to the caller.
func (s *State) filter(L *glua.LState, k event.Kind, t *glua.LTable, ignore ...string) *event.Filter {
	p := &filterParser{s: s, L: L, kind: k}
	var keys []string
	t.ForEach(func(key, _ glua.LValue) {
		name, ok := key.(glua.LString)
		if !ok {
			L.RaiseError("%v: a filter has no key %s", k, key)
		}
		keys = append(keys, string(name))
	})
	slices.Sort(keys) // so that of two mistakes the same is told each time
	for _, key := range keys {
		if !slices.Contains(ignore, key) {
			p.put(key, t.RawGetString(key))
		}
	}
	return &p.f
}

func (p *filterParser) put(key string, v glua.LValue) {
	p.key = key
	for _, r := range commonKeys {
		if r.name == key {
			r.put(p, v)
			return
		}
	}
	takes := FilterKeys(p.kind)
	for _, r := range filterKeys {
		if r.name == key && slices.Contains(takes, key) {
			r.put(p, v)
			return
		}
	}
	p.unknown(key, takes)
}

func (p *filterParser) unknown(key string, takes []string) {
	p.L.RaiseError("%v has no filter %q%s; it takes: %s", p.kind, key, event.DidYouMean(key, takes), strings.Join(takes, ", "))
}

func (p *filterParser) errorf(format string, a ...any) {
	p.L.RaiseError("%v: filter %s: %s", p.kind, p.key, fmt.Sprintf(format, a...))
}

func (p *filterParser) bytes(v glua.LValue) {
	text, ok := v.(glua.LString)
	if !ok {
		p.errorf("%s", val.Expected("text such as \"0f 05\"", v))
	}
	var err error
	if p.f.Bytes, err = event.ParsePattern(string(text)); err != nil {
		p.L.RaiseError("%v: filter %v", p.kind, err)
	}
}

func (p *filterParser) when(v glua.LValue) {
	text, ok := v.(glua.LString)
	if !ok {
		p.errorf("%s", val.Expected("text such as \"rax == 0\"", v))
	}
	x, err := event.ParseWhen(p.kind, string(text), p.s.needCPU(p.L).Machine.Arch.Lookup)
	if err != nil {
		p.L.RaiseError("%v: %v", p.kind, err)
	}
	p.f.When = x
}

func (p *filterParser) integer(v glua.LValue) uint64 {
	u, ok := num.Bits(v)
	if !ok {
		p.errorf("%s", val.Expected("integer", v))
	}
	return u
}

func (p *filterParser) positive(v glua.LValue) uint64 {
	u := p.integer(v)
	if int64(u) <= 0 {
		p.errorf("must be positive")
	}
	return u
}

// list applies do to an element or to each of a list.
func list(v glua.LValue, do func(glua.LValue)) {
	t, ok := v.(*glua.LTable)
	if !ok {
		do(v)
		return
	}
	for i := 1; i <= t.Len(); i++ {
		do(t.RawGetInt(i))
	}
}

func (p *filterParser) names(v glua.LValue) (names []string) {
	list(v, func(e glua.LValue) {
		text, ok := e.(glua.LString)
		if n, isNum := e.(glua.LNumber); isNum && p.key == "process" {
			text, ok = glua.LString(n.String()), true
		}
		if !ok {
			p.errorf("%s", val.Expected("name or list of names", e))
		}
		names = append(names, string(text))
	})
	if names == nil {
		p.errorf("the list is empty")
	}
	return names
}

func (p *filterParser) classes(v glua.LValue) (cs []vcpu.Class) {
	for _, name := range p.names(v) {
		c, err := vcpu.ParseClass(name)
		if err != nil {
			p.errorf("%v", err)
		}
		cs = append(cs, c)
	}
	return cs
}

func (p *filterParser) numbers(v glua.LValue) (ns []int64) {
	list(v, func(e glua.LValue) { ns = append(ns, int64(p.integer(e))) })
	if ns == nil {
		p.errorf("the list is empty")
	}
	return ns
}

// ranges reads addresses: a number, text, a pair of numbers which is a range,
// or a list of such things.
func (p *filterParser) ranges(v glua.LValue) []event.Range {
	t, ok := v.(*glua.LTable)
	if !ok {
		return []event.Range{p.one(v)}
	}
	if t.Len() == 2 && num.Is(t.RawGetInt(1)) && num.Is(t.RawGetInt(2)) {
		return []event.Range{p.pair(t)}
	}
	var rs []event.Range
	for i := 1; i <= t.Len(); i++ {
		rs = append(rs, p.element(t.RawGetInt(i)))
	}
	if rs == nil {
		p.errorf("the list is empty")
	}
	return rs
}

func (p *filterParser) element(v glua.LValue) event.Range {
	if t, ok := v.(*glua.LTable); ok {
		if t.Len() == 1 {
			return p.one(t.RawGetInt(1))
		}
		return p.pair(t)
	}
	return p.one(v)
}

func (p *filterParser) pair(t *glua.LTable) event.Range {
	if t.Len() != 2 {
		p.errorf("a range is written {lo, hi}")
	}
	return p.span(p.address(t.RawGetInt(1)), p.address(t.RawGetInt(2)))
}

func (p *filterParser) span(lo, hi guest.Addr) event.Range {
	if hi <= lo {
		p.errorf("the range from %#x to %#x is empty", uint64(lo), uint64(hi))
	}
	return event.Range{Lo: lo, Hi: hi}
}

func (p *filterParser) one(v glua.LValue) event.Range {
	if text, ok := v.(glua.LString); ok {
		if lo, hi, isRange := strings.Cut(string(text), "-"); isRange {
			return p.span(p.address(glua.LString(strings.TrimSpace(lo))), p.address(glua.LString(strings.TrimSpace(hi))))
		}
	}
	a := p.address(v)
	return event.Range{Lo: a, Hi: a + 1}
}

func (p *filterParser) address(v glua.LValue) guest.Addr {
	if u, ok := num.Bits(v); ok {
		return guest.Addr(u)
	}
	text, ok := v.(glua.LString)
	if !ok {
		p.errorf("%s", val.Expected("address", v))
	}
	a, ok := p.s.host.Core().Lookup(string(text))
	if !ok {
		p.errorf("no symbol %q", string(text))
	}
	return a
}
