package lua

import (
	"fmt"

	glua "github.com/yuin/gopher-lua"

	"panda/emu/event"
	"panda/emu/vcpu"
	"panda/lua/num"
	"panda/lua/val"
)

var batchModule = Module{
	Name: "batch:",
	Doc:  "Events that were collected, as the callback of `panda.batch` gets them; `#batch` of them, numbered from 1. It is empty when the callback has returned.",
	Rows: []Row{
		{"get", "i", "pc, addr, size, value, icount, thread", "All fields of event i; those that were not asked for are 0.", batchGet},
		{"each", "", "iterator", "Walks the events: for i, pc, addr, size, value, icount, thread in batch:each().", batchEach},
		{"lines", "format, field...", "string", "The events as lines of text that string.format would make of the fields, all of them integers: batch:lines(\"%x %d\", \"pc\", \"size\").", batchLines},
	},
}

// batchFields are the fields of records, in the order of batch:get.
var batchFields = []struct {
	name string
	bit  vcpu.Fields
	get  func(r *vcpu.Record) uint64
}{
	{"pc", vcpu.FieldPC, func(r *vcpu.Record) uint64 { return uint64(r.PC) }},
	{"addr", vcpu.FieldAddr, func(r *vcpu.Record) uint64 { return uint64(r.Addr) }},
	{"size", vcpu.FieldSize, func(r *vcpu.Record) uint64 { return uint64(r.Size) }},
	{"value", vcpu.FieldValue, func(r *vcpu.Record) uint64 { return r.Value }},
	{"icount", vcpu.FieldIcount, func(r *vcpu.Record) uint64 { return r.Icount }},
	{"thread", vcpu.FieldThread, func(r *vcpu.Record) uint64 { return uint64(r.Thread) }},
}

// batch is the records that the running callback sees.
type batch struct{ rs []vcpu.Record }

func pandaBatch(s *State, L *glua.LState) int {
	h := s.needHost(L)
	k := s.kind(L, 1)
	t := L.CheckTable(2)
	cb := s.newCallback(k, L.CheckFunction(3))
	fields := batchMask(L, t.RawGetString("fields"))
	n := 0
	if v := t.RawGetString("n"); v != glua.LNil {
		u, ok := num.Bits(v)
		if !ok || u == 0 || u > 1<<24 {
			L.RaiseError("panda.batch: n= must be a number from 1 to %d", 1<<24)
		}
		n = int(u)
	}
	f := s.filter(L, k, t, "fields", "n")
	if (k == event.InsnExec || k == event.AfterInsnExec) && f.PC == nil {
		f.PC = everywhere
	}
	b := new(batch)
	view := s.batchValue(b)
	got, err := h.BatchFiltered(k, f, fields, n, func(rs []vcpu.Record) {
		b.rs = rs
		defer func() { b.rs = nil }()
		cb.bare([]glua.LValue{view})
	})
	if err != nil {
		L.RaiseError("panda.batch: %v", err)
	}
	cb.sub = got.Sub
	L.Push(s.handleOf(cb))
	return 1
}

func batchMask(L *glua.LState, v glua.LValue) (m vcpu.Fields) {
	if v == glua.LNil {
		return vcpu.AllFields
	}
	list(v, func(e glua.LValue) {
		i, err := batchField(e.String())
		if err != nil {
			L.RaiseError("panda.batch: %v", err)
		}
		m |= batchFields[i].bit
	})
	return m
}

func batchField(name string) (int, error) {
	var known []string
	for i, f := range batchFields {
		if f.name == name {
			return i, nil
		}
		known = append(known, f.name)
	}
	return 0, fmt.Errorf("a batch has no field %q%s", name, event.DidYouMean(name, known))
}

func (s *State) batchValue(b *batch) *glua.LUserData {
	ud := s.object(batchModule, b, nil, func() string { return fmt.Sprintf("batch of %d events", len(b.rs)) })
	mt := ud.Metatable.(*glua.LTable)
	mt.RawSetString("__len", s.L.NewFunction(func(L *glua.LState) int { return val.PushInt(L, uint64(len(b.rs))) }))
	return ud
}

func checkBatch(L *glua.LState) *batch {
	if ud, ok := L.Get(1).(*glua.LUserData); ok {
		if b, ok := ud.Value.(*batch); ok {
			return b
		}
	}
	L.ArgError(1, "batch expected: methods are called with a colon")
	return nil
}

func (b *batch) push(s *State, L *glua.LState, i int) int {
	for _, f := range batchFields {
		L.Push(s.box(f.get(&b.rs[i])))
	}
	return len(batchFields)
}

func batchGet(s *State, L *glua.LState) int {
	b, i := checkBatch(L), val.ArgLen(L, 2, -1)
	if i < 1 || i > len(b.rs) {
		L.ArgError(2, fmt.Sprintf("there are %d events", len(b.rs)))
	}
	return b.push(s, L, i-1)
}

func batchEach(s *State, L *glua.LState) int {
	b, i := checkBatch(L), 0
	L.Push(L.NewFunction(func(L *glua.LState) int {
		if i >= len(b.rs) {
			return 0
		}
		i++
		L.Push(glua.LNumber(i))
		return 1 + b.push(s, L, i-1)
	}))
	return 1
}

// batchLines is for traces that are written to a file: no Lua runs per event.
func batchLines(_ *State, L *glua.LState) int {
	b, format := checkBatch(L), L.CheckString(2)+"\n"
	var cols []int
	for i := 3; i <= L.GetTop(); i++ {
		col, err := batchField(L.CheckString(i))
		if err != nil {
			L.ArgError(i, err.Error())
		}
		cols = append(cols, col)
	}
	var out []byte
	values := make([]any, len(cols))
	for i := range b.rs {
		for j, c := range cols {
			values[j] = batchFields[c].get(&b.rs[i])
		}
		out = fmt.Appendf(out, format, values...)
	}
	return val.PushString(L, string(out))
}
