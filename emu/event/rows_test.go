package event

import (
	"slices"
	"strings"
	"testing"

	"panda/emu/vcpu"
)

// TestRows: each constant has its row, in its place.
func TestRows(t *testing.T) {
	for i := range Rows {
		switch r := &Rows[i]; {
		case r.Name == "":
			t.Fatalf("Rows has no row in place %d, after %s: each constant has one", i, Rows[max(i-1, 0)].Name)
		case int(r.Kind) != i:
			t.Fatalf("%s stands in place %d of Rows, its constant is %d: rows and constants have one order", r.Name, i, r.Kind)
		}
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
