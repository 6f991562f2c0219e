package lua

import (
	"fmt"
	"io"
	"strings"

	"panda/emu/event"
)

// LuaRC is a .luarc.json for the Lua language server.
const LuaRC = `{
  "runtime.version": "Lua 5.1",
  "diagnostics.globals": ["init_plugin", "uninit_plugin"],
  "workspace.library": ["."]
}
`

// metaTypes are the types of arguments by their names, and of results by the
// first word of their description.
var metaTypes = map[string]string{
	"addr": "integer|string", "func": "integer|string", "n": "integer", "i": "integer", "x": "number", "y": "number",
	"str": "string", "text": "string", "name": "string", "path": "string", "key": "string", "fmt": "string", "s": "string", "event": "panda.event",
	"pattern": "string", "doc": "string", "fn": "function", "f": "function", "t": "table",
	"integer": "integer", "number": "number", "string": "string", "boolean": "boolean", "table": "table", "list": "table",
	"handle": "panda.handle", "counts": "panda.counts", "plugin": "panda.plugin", "address": "integer", "iterator": "function", "true": "boolean",
}

// WriteMeta writes the module for editors: a file of LuaCATS annotations.
func WriteMeta(w io.Writer) {
	fmt.Fprint(w, "---@meta\n\n---@alias panda.event\n")
	for _, n := range event.Names() {
		fmt.Fprintf(w, "---| %q\n", n)
	}
	for _, m := range Modules() {
		m.writeMeta(w)
	}
	fmt.Fprint(w, "\n---@type panda.cpu\npanda.cpu = nil\n---@type table\npanda.keep = {}\n")
}

func (m *Module) writeMeta(w io.Writer) {
	object, isObject := strings.CutSuffix(m.Name, ":")
	table := object
	switch {
	case isObject:
		table = "_" + object
		fmt.Fprintf(w, "\n---%s\n---@class panda.%s\n", m.Doc, object)
		for _, f := range m.Fields {
			fmt.Fprintf(w, "---@field %s any %s\n", f.Name, f.Doc)
		}
		fmt.Fprintf(w, "---@field [string] any\nlocal %s = {}\n", table)
	case m.Name == "panda" || m.Name == "bit" || m.Name == "json":
		fmt.Fprintf(w, "\n---%s\n%s = {}\n", m.Doc, m.Name)
	}
	for _, r := range m.Rows {
		m.writeRow(w, table, &r)
	}
}

func (m *Module) writeRow(w io.Writer, table string, r *Row) {
	params := metaParams(r.Args)
	fmt.Fprintf(w, "\n---%s\n", r.Doc)
	var names []string
	for _, p := range params {
		fmt.Fprintf(w, "---@param %s %s\n", p.name, p.kind)
		names = append(names, strings.TrimSuffix(p.name, "?"))
	}
	if r.Returns != "" {
		fmt.Fprintf(w, "---@return %s\n", metaType(strings.Trim(strings.Fields(r.Returns)[0], ",")))
	}
	sep := "."
	if strings.HasSuffix(m.Name, ":") {
		sep = ":"
	}
	if table != "" {
		table += sep
	}
	fmt.Fprintf(w, "function %s%s(%s) end\n", table, r.Name, strings.Join(names, ", "))
}

func metaType(word string) string {
	if t, ok := metaTypes[word]; ok {
		return t
	}
	return "any"
}

type metaParam struct{ name, kind string }

// metaParams reads "addr[, value]", "…" and "{on=, by=}".
func metaParams(args string) []metaParam {
	if strings.HasPrefix(args, "{") {
		return []metaParam{{"declaration", "table"}}
	}
	var ps []metaParam
	optional := ""
	for part := range strings.SplitSeq(args, ",") {
		part = strings.TrimSpace(part)
		opens := strings.Contains(part, "[")
		name := strings.Trim(part, "[] ")
		switch part[:min(1, len(part))] {
		case "[":
			optional = "?"
		case "]":
			optional = ""
		}
		switch {
		case name == "":
		case strings.Contains(name, "..."):
			return append(ps, metaParam{"...", "any"})
		case strings.ContainsAny(name, "{}="):
			if n := len(ps); n == 0 || ps[n-1].name != "options"+optional {
				ps = append(ps, metaParam{"options" + optional, "table"})
			}
		default:
			ps = append(ps, metaParam{name + optional, metaType(name)})
		}
		if opens {
			optional = "?"
		}
	}
	return ps
}
