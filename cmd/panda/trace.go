package main

import (
	"errors"
	"flag"
	"io/fs"
	"path/filepath"
	"time"

	"panda/cmd/panda/reload"
	"panda/emu"
	"panda/emu/plugin"
)

// traceOptions are those of panda trace, besides those of panda.
type traceOptions struct {
	include, exclude []string
	dir              string
}

const traceUsage = `usage: panda trace -i [FILE!]FUNCTION [options] PROGRAM [ARG…]

Prints the calls of functions; * and ? stand for any text. Each function has a
handler in Lua, DIR/FILE/FUNCTION.lua, which is written when the function is
called first. Edit it: what is saved takes effect while the program runs.

`

func (t *traceOptions) flags(f *flag.FlagSet) {
	list := func(into *[]string) func(string) error {
		return func(s string) error { *into = append(*into, s); return nil }
	}
	f.Func("i", "trace the functions that match: `[FILE!]FUNCTION`", list(&t.include))
	f.Func("x", "leave out the functions that match: `[FILE!]FUNCTION`", list(&t.exclude))
	f.StringVar(&t.dir, "handlers", "__handlers__", "the `directory` of the handlers")
}

func (t *traceOptions) check() error {
	if len(t.include) == 0 {
		return errors.New("trace: -i names the functions to trace, as in -i 'libc.so.6!mem*'")
	}
	return nil
}

// start loads the script trace, and watches its handlers until stop is called.
func (t *traceOptions) start(m *emu.Machine, warn func(format string, a ...any)) (stop func(), err error) {
	args := []plugin.Arg{{Key: "dir", Value: t.dir}}
	for _, p := range t.include {
		args = append(args, plugin.Arg{Key: "include", Value: p})
	}
	for _, p := range t.exclude {
		args = append(args, plugin.Arg{Key: "exclude", Value: p})
	}
	l, err := m.Plugins().Load("trace", args)
	if err != nil {
		return nil, err
	}
	reload, ok := l.Lookup("reload").(plugin.Func)
	if !ok {
		return nil, errors.New("this script named trace is not panda's own: it exports no function reload")
	}
	w := &handlerWatch{seen: map[string]time.Time{}, reload: func(path string) {
		m.Do(func() {
			if _, err := reload([]any{path}); err != nil {
				warn("trace: %v", err)
			}
		})
	}}
	return w.start(t.dir), nil
}

// handlerWatch tells of files below a directory that are new or have changed.
type handlerWatch struct {
	seen   map[string]time.Time
	reload func(path string)
}

// handlerTick is how soon a saved handler is noticed.
const handlerTick = 200 * time.Millisecond

func (w *handlerWatch) start(dir string) (stop func()) {
	return reload.Every(handlerTick, func() { w.look(dir) })
}

// look walks the directory. What cannot be read now is looked at again later.
func (w *handlerWatch) look(dir string) {
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".lua" {
			return nil
		}
		if now := reload.ModTime(path); !now.IsZero() && !now.Equal(w.seen[path]) {
			w.seen[path] = now
			w.reload(path)
		}
		return nil
	})
}
