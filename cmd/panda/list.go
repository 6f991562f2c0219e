package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"panda/emu/event"
	"panda/emu/plugin"
	"panda/lua"
	"panda/scripts"
)

// list prints the events, plugins and scripts whose names match.
func list(w io.Writer, glob string) error {
	rows, err := event.Glob(glob)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	n := len(rows)
	for _, r := range rows {
		name := r.Name
		if len(r.Aliases) > 0 {
			name += " (" + strings.Join(r.Aliases, ", ") + ")"
		}
		fmt.Fprintf(t, "event\t%s\t%s\n", name, r.Doc)
		for _, l := range [][2]string{{"arguments", "cpu, " + r.Args}, {"returns", r.Returns}, {"filters", r.Filters}, {"cost", r.Cost}} {
			if l[1] = strings.TrimSuffix(l[1], ", "); l[1] != "" {
				fmt.Fprintf(t, "\t\t  %s: %s\n", l[0], l[1])
			}
		}
	}
	for _, p := range plugin.Registered() {
		if ok, _ := path.Match(glob, p.Name); ok {
			fmt.Fprintf(t, "plugin\t%s\t%s\n", p.Name, p.Doc)
			n++
		}
	}
	files, err := fs.Glob(scripts.FS, "*.lua")
	if err != nil {
		return err
	}
	for _, f := range files {
		name := strings.TrimSuffix(f, ".lua")
		if ok, _ := path.Match(glob, name); ok {
			fmt.Fprintf(t, "script\t%s\t%s\n", name, summary(f))
			n++
		}
	}
	if n == 0 {
		return fmt.Errorf("no event, plugin or script matches %q%s", glob, event.DidYouMean(glob, event.Names()))
	}
	return t.Flush()
}

// summary is the first comment line of a script, without its name.
func summary(file string) string {
	f, err := scripts.FS.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	line, _ := bufio.NewReader(f).ReadString('\n')
	line = strings.TrimSpace(strings.TrimLeft(line, "- "))
	_, text, ok := strings.Cut(line, ": ")
	if !ok {
		return line
	}
	return text
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
