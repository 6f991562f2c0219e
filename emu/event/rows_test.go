package event

import (
	"slices"
	"strings"
	"testing"

	"panda/emu/guest"
	"panda/emu/vcpu"
)

// TestDisorder: a constant without its row, or with one in another place, is told,
// with the row.
func TestDisorder(t *testing.T) {
	if text := disorder(Rows[:]); text != "" {
		t.Error(text)
	}
	lacks := append(slices.Delete(slices.Clone(Rows[:]), int(ThreadStart), int(ThreadStart)+1), Row{})
	if text := disorder(lacks); text != "thread_exit stands in place 23, after process_exit; its constant is 24" {
		t.Error(text)
	}
	last := append(slices.Clone(Rows[:]), Row{})
	if text := disorder(last); text != "none for constant 28, after shutdown" {
		t.Error(text)
	}
}

// TestFieldClasses: a class that fields have is that of an event, and the other way
// round.
func TestFieldClasses(t *testing.T) {
	var ofEvents, ofFields []string
	for i := range Rows {
		ofEvents = append(ofEvents, strings.Fields(Rows[i].Class)...)
	}
	for _, f := range Fields {
		for c := range strings.FieldsSeq(f.Classes) {
			if !slices.Contains(ofEvents, c) {
				t.Errorf("field %s: no event is of class %q", f.Name, c)
			}
			ofFields = append(ofFields, c)
		}
	}
	for i := range Rows {
		for c := range strings.FieldsSeq(Rows[i].Class) {
			if !slices.Contains(ofFields, c) {
				t.Errorf("event %s: no field is of class %q", Rows[i].Name, c)
			}
		}
	}
}

// fieldOf are arguments that are a field by another name, or, where that is empty,
// none, since they are no number and no text.
var fieldOf = map[string]string{
	"path": "name", "buf": "value", "vector": "number", "args": "arg6", "…": "arg6", "tb": "pc", "next_tb": "", "call": "", "exception": "",
}

// TestArgumentsAreFields: what a callback is given, by=, value= and when can name.
func TestArgumentsAreFields(t *testing.T) {
	none := func(string) (r vcpu.Register) { return nil }
	for i := range Rows {
		for arg := range strings.FieldsSeq(strings.NewReplacer(",", " ", "{", " ", "}", " ").Replace(Rows[i].Args)) {
			name, other := fieldOf[arg]
			if !other {
				name = arg
			}
			if name == "" {
				continue
			}
			if _, err := Rows[i].Kind.FindField(name, none); err != nil {
				t.Errorf("an argument without a field: %v", err)
			}
		}
	}
}

// TestOwnFields: fields of few events tell what those are about.
func TestOwnFields(t *testing.T) {
	none := func(string) vcpu.Register { return nil }
	e := &Env{
		OldASID: 7, Thread: &Thread{TID: 1, PID: 2, Status: 3}, Process: &Process{PID: 4, Parent: 5, Status: 6},
		Exception: &guest.Exception{Vector: 8, Code: 9}, Module: &MappedModule{Start: 10, End: 12},
	}
	for _, c := range []struct {
		kind Kind
		name string
		want uint64
	}{
		{ThreadExit, "status", 3},
		{ProcessExit, "status", 6},
		{ProcessFork, "parent", 5},
		{ASIDChanged, "old", 7},
		{BeforeException, "code", 9},
		{ModuleMapped, "end", 12},
	} {
		f, err := c.kind.FindField(c.name, none)
		if err != nil {
			t.Error(err)
		} else if v := f.Get(e); v.Num != c.want {
			t.Errorf("%v %s: %v", c.kind, c.name, v)
		}
	}
}
