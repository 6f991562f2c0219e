package lua

import (
	"fmt"
	"io"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"panda/lua/library"
)

// Row is one function that scripts can call. Help, completion, API.md and the
// bindings are made from the rows.
type Row struct {
	Name    string
	Args    string // as in "addr[, value]"
	Returns string // what it gives, in a few words; empty for nothing
	Doc     string // one sentence or two
	fn      func(s *State, L *glua.LState) int
}

// Field is a value that an object of the module offers under a name.
type Field struct {
	Name string
	Doc  string
}

// Module is a table of functions under one global name; the empty name stands
// for the globals themselves, a name with a colon for the methods of an object.
type Module struct {
	Name   string
	Doc    string
	Rows   []Row
	Fields []Field
}

// The libraries that know no state.
var (
	bitModule    = ofLibrary(library.Bit)
	stringModule = ofLibrary(library.String)
	jsonModule   = ofLibrary(library.JSON)
	mathModule   = ofLibrary(library.Math)
	tableModule  = ofLibrary(library.Table)
)

// ofLibrary gives the functions of a library what the state keeps for them.
func ofLibrary(m library.Module) Module {
	ours := Module{Name: m.Name, Doc: m.Doc}
	for _, r := range m.Rows {
		do := func(s *State, L *glua.LState) int { return r.Do(s.library, L) }
		ours.Rows = append(ours.Rows, Row{r.Name, r.Args, r.Returns, r.Doc, do})
	}
	return ours
}

// Modules lists everything that scripts can call beyond Lua 5.1, in the order
// of the documentation.
func Modules() []Module {
	ms := []Module{pandaModule, cpuModule, handleModule, aggModule, batchModule, pluginModule, eventModule}
	ms = append(ms, viewModules()...)
	return append(ms, baseModule, bitModule, stringModule, jsonModule, mathModule, tableModule, ioModule, osModule)
}

// open puts the rows of a module into a table.
func (s *State) open(m Module, t *glua.LTable) *glua.LTable {
	for _, r := range s.rows(m) {
		if r.fn != nil { // else the library's own, after an addition of ours
			t.RawSetString(r.Name, s.bind(r))
		}
	}
	s.mods[m.Name] = t
	return t
}

func (s *State) bind(r Row) *glua.LFunction {
	return s.L.NewFunction(func(L *glua.LState) int { return r.fn(s, L) })
}

// Signature is how a call of the row is written, as in "cpu:read(addr, n)".
func (m *Module) Signature(r *Row) string {
	call := r.Name + "(" + r.Args + ")"
	switch {
	case r.Args == "{" || strings.HasPrefix(r.Args, "{"):
		call = r.Name + r.Args
	case m.Name == "":
		return call
	}
	if strings.HasSuffix(m.Name, ":") {
		return m.Name + call
	}
	return m.Name + "." + call
}

// WriteAPI writes the reference of all modules as Markdown.
func WriteAPI(w io.Writer) {
	fmt.Fprintf(w, "# Lua reference\n\nMade from the tables of the package; `go test ./lua -update` renews it.\n")
	for _, m := range Modules() {
		title := m.Name
		if title == "" {
			title = "Globals"
		}
		fmt.Fprintf(w, "\n## %s\n\n%s\n\n", strings.TrimSuffix(title, ":"), m.Doc)
		for _, r := range m.Rows {
			ret := ""
			if r.Returns != "" {
				ret = " → " + r.Returns
			}
			fmt.Fprintf(w, "- `%s`%s: %s\n", m.Signature(&r), ret, r.Doc)
		}
		for _, f := range m.Fields {
			fmt.Fprintf(w, "- `%s.%s`: %s\n", strings.TrimSuffix(m.Name, ":"), f.Name, f.Doc)
		}
	}
	writeEvents(w)
}

// Help finds the documentation of a function, "on", "panda.on" or "cpu:read";
// the text is empty when there is none.
func Help(name string) string {
	var b strings.Builder
	for _, m := range Modules() {
		for _, r := range m.Rows {
			full := strings.Trim(m.Name, ":") + "." + r.Name
			if r.Name != name && full != strings.ReplaceAll(name, ":", ".") {
				continue
			}
			fmt.Fprintf(&b, "%s\n", m.Signature(&r))
			if r.Returns != "" {
				fmt.Fprintf(&b, "    → %s\n", r.Returns)
			}
			fmt.Fprintf(&b, "    %s\n", r.Doc)
		}
	}
	return b.String()
}
