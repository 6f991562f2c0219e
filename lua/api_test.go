package lua

import (
	"bytes"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"panda/emu/event"
)

var update = flag.Bool("update", false, "rewrite API.md")

// TestAPI holds API.md against the tables.
func TestAPI(t *testing.T) {
	var b bytes.Buffer
	WriteAPI(&b)
	if *update {
		if err := os.WriteFile("API.md", b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	old, err := os.ReadFile("API.md")
	if err != nil || !bytes.Equal(old, b.Bytes()) {
		t.Errorf("API.md is not in step with the tables (%v); go test ./lua -update renews it", err)
	}
}

// TestRows: every row is documented and bound, every kind and filter key of the
// events is known to the bindings.
func TestRows(t *testing.T) {
	s := NewState(Options{})
	for _, m := range Modules() {
		for _, r := range m.Rows {
			if r.Doc == "" || !strings.HasSuffix(r.Doc, ".") {
				t.Errorf("%s: no sentence of documentation", m.Signature(&r))
			}
			if r.fn == nil && m.Name != "io" {
				t.Errorf("%s: no function", m.Signature(&r))
			}
			if Help(r.Name) == "" {
				t.Errorf("%s: no help", r.Name)
			}
		}
	}
	for _, name := range []string{"print", "panda.on", "bit.band", "string.pack", "json.encode", "math.floor", "table.sort", "io.open"} {
		if ret := evalIn(t, s, "return type("+name+")"); ret[0].String() != "function" {
			t.Errorf("%s is a %s", name, ret[0])
		}
	}
	for i := range event.Rows {
		k := event.Rows[i].Kind
		(&callback{s: s, kind: k}).gofunc()
		for _, f := range strings.Fields(event.Rows[i].Filters) {
			if !slices.ContainsFunc(filterKeys, func(r filterKey) bool { return r.name == f }) {
				t.Errorf("%v: filter %s is not known to Lua", k, f)
			}
		}
	}
}

// TestInLua runs the tests that are written in Lua.
func TestInLua(t *testing.T) {
	files, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), "_test.lua") {
			continue
		}
		t.Run(file.Name(), func(t *testing.T) {
			src, err := os.ReadFile("testdata/" + file.Name())
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			s := newState("testdata/"+file.Name(), Options{Out: &out})
			if ret := evalNamed(t, s, file.Name(), string(src)); len(ret) == 0 || ret[0].String() != "true" {
				t.Error(out.String())
			}
		})
	}
}

func TestEval(t *testing.T) {
	var out bytes.Buffer
	s := NewState(Options{Out: &out})
	for _, c := range []struct {
		line, want string
		more       bool
	}{
		{"1 + 1", "2\n", false},
		{"= 0xffffffff81030c64", "0xffffffff81030c64\n", false},
		{"x = 5", "", false},
		{"x, nil, 'a'", "5\tnil\ta\n", false},
		{"for i = 1, 2 do", "", true},
		{"f(", "", true},
		{"1 +", "", true},
		{"[[abc", "", true},
		{"for i = 1, 2 do print(i) end", "1\n2\n", false},
		{"{ [0xffffffffffffffff] = {} }", "{\n  [0xffffffffffffffff] = {}\n}\n", false},
		{"", "", false},
	} {
		out.Reset()
		more, err := s.Eval(c.line)
		if err != nil || more != c.more || out.String() != c.want {
			t.Errorf("%q: more=%v %v\n%s", c.line, more, err, out.String())
		}
	}
	if v, err := s.Number("x * 2"); v != 10 || err != nil {
		t.Error(v, err)
	}
}

// TestMeta: the annotations are a Lua file, and every row is in it.
func TestMeta(t *testing.T) {
	var b bytes.Buffer
	WriteMeta(&b)
	s := NewState(Options{})
	if _, err := s.compile("panda.d.lua", b.String()); err != nil {
		t.Fatal(err)
	}
	for _, m := range Modules() {
		for _, r := range m.Rows {
			if !strings.Contains(b.String(), r.Name+"(") {
				t.Errorf("%s is not in the annotations", r.Name)
			}
		}
	}
	for _, want := range []string{
		"---@param addr integer|string\n---@param value? any\n---@return integer\nfunction _cpu:u32(addr, value) end",
		"---@param event panda.event\n---@param filter? any\n---@param fn function\n---@return panda.handle\nfunction panda.on(event, filter, fn) end",
		"---@param declaration table\n---@return panda.counts\nfunction panda.count(declaration) end",
		"function bit.band(x, ...) end",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no\n%s", want)
		}
	}
}
