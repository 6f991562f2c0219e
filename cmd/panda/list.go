package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"panda/emu/event"
	"panda/emu/plugin"
	"panda/lua"
	"panda/scripts"
)

// list prints the events, fields, plugins and scripts whose names match, with
// what they are for.
func list(w io.Writer, glob string) error {
	if _, err := path.Match(glob, ""); err != nil {
		return fmt.Errorf("pattern %q: %w", glob, err)
	}
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	l := &lister{t: t, glob: glob}
	for _, part := range []func(*lister) error{(*lister).events, (*lister).fields, (*lister).plugins, (*lister).scripts} {
		if err := part(l); err != nil {
			return err
		}
	}
	if l.n == 0 {
		return fmt.Errorf("no event, field, plugin or script matches %q%s", glob, event.DidYouMean(glob, event.Names()))
	}
	return t.Flush()
}

// lister prints rows "kind name text", with further lines below the text.
type lister struct {
	t    io.Writer
	glob string
	n    int
}

func (l *lister) row(kind, name, text string, more ...string) {
	fmt.Fprintf(l.t, "%s\t%s\t%s\n", kind, name, text)
	for _, m := range more {
		fmt.Fprintf(l.t, "\t\t  %s\n", m)
	}
	l.n++
}

// matches reports whether one of the names is asked for, or all of a kind.
func (l *lister) matches(kind string, names ...string) bool {
	return slices.ContainsFunc(append(names, kind), func(n string) bool {
		ok, err := path.Match(l.glob, n)
		return ok && err == nil
	})
}

func (l *lister) events() error {
	for i := range event.Rows {
		r := &event.Rows[i]
		if !l.matches("event", append(r.Aliases, r.Name)...) {
			continue
		}
		var more []string
		for _, d := range [][2]string{{"arguments", "cpu, " + r.Args}, {"returns", r.Returns}, {"filters", strings.Join(lua.FilterKeys(r.Kind), " ")}, {"fields", strings.Join(r.Kind.FieldNames(), " ")}, {"cost", r.Cost}} {
			if text := strings.TrimSuffix(d[1], ", "); text != "" {
				more = append(more, d[0]+": "+text)
			}
		}
		l.row("event", names(r.Name, r.Aliases), r.Doc, more...)
	}
	for i := range event.Absent {
		if a := &event.Absent[i]; l.matches("event", append(a.Aliases, a.Name)...) {
			l.row("event", names(a.Name, a.Aliases), a.Doc, "cannot occur here: "+a.Why)
		}
	}
	return nil
}

// names is a name with others of the same.
func names(name string, aliases []string) string {
	if len(aliases) > 0 {
		name += " (" + strings.Join(aliases, ", ") + ")"
	}
	return name
}

func (l *lister) fields() error {
	for _, f := range event.Fields {
		if l.matches("field", f.Name) {
			l.row("field", f.Name, f.Doc, "of events: "+f.Classes)
		}
	}
	return nil
}

func (l *lister) plugins() error {
	for _, p := range plugin.Registered() {
		if l.matches("plugin", p.Name) {
			l.row("plugin", p.Name, p.Doc)
		}
	}
	return nil
}

// scripts lists those in the binary and those that the search path has.
func (l *lister) scripts() error {
	files, err := fs.Glob(scripts.FS, "*.lua")
	for _, f := range files {
		if name := strings.TrimSuffix(f, ".lua"); l.matches("script", name) {
			l.row("script", name, scripts.Summary(scripts.FS, f), scripts.Head(scripts.FS, f)...)
		}
	}
	if err != nil {
		return err
	}
	if dir := os.Getenv("PANDA_PLUGIN_DIR"); dir != "" {
		own := os.DirFS(dir)
		files, err = fs.Glob(own, "*.lua")
		for _, f := range files {
			if name := strings.TrimSuffix(f, ".lua"); l.matches("script", name) {
				l.row("script", name, scripts.Summary(own, f), "file: "+filepath.Join(dir, f))
			}
		}
	}
	return err
}

// luaMeta writes what editors need to know of the Lua module into a directory.
func luaMeta(args []string) error {
	if len(args) != 1 {
		return errors.New("lua-meta wants one directory")
	}
	var meta bytes.Buffer
	lua.WriteMeta(&meta)
	if err := os.MkdirAll(args[0], 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(args[0], "panda.lua"), meta.Bytes(), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(args[0], ".luarc.json"), []byte(lua.LuaRC), 0o644)
}
