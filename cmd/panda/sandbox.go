package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"panda/emu"
	"panda/emu/linux"
	"panda/emu/linux/sandbox"
)

// sandboxOptions are the options that keep the program from the host.
type sandboxOptions struct {
	on     bool
	export string   // where the changes are written as a tar
	allow  []string // what the program may read
	write  []string // where plugins may write
	limit  string   // what all processes together may have
	limits linux.Limits
}

// loadedFreely is what -sandbox does not do: a script runs, to begin with, before panda is
// confined, since it may load and open what it needs.
const loadedFreely = "what a script does as it is loaded, as all of -e, is not confined: -untrusted is for scripts that one does not trust"

func (o *sandboxOptions) flags(f *flag.FlagSet) {
	f.BoolVar(&o.on, "sandbox", false, "keep what the program writes in memory and hide the host from it: files, network, processes; "+loadedFreely)
	f.StringVar(&o.export, "sandbox-export", "", "write what the program changed to a tar `file` at exit")
	f.StringVar(&o.limit, "limit", "", "limit what all processes of the guest may have together: `mem=SIZE,files=N,procs=N`, each or none (with -sandbox mem=8g,files=4096,procs=1024)")
	f.Func("allow", "let the sandboxed program read a `path`", func(s string) error { o.allow = append(o.allow, s); return nil })
	f.Func("allow-write", "let plugins write in a `directory` under -sandbox, instead of the current one", func(s string) error { o.write = append(o.write, s); return nil })
}

// check refuses options that would do nothing, and reads the limits.
func (o *sandboxOptions) check() (err error) {
	if !o.on && (o.export != "" || len(o.allow)+len(o.write) > 0) {
		return errors.New("-sandbox-export, -allow and -allow-write need -sandbox")
	}
	if o.on {
		o.limits = sandboxLimits
	}
	for _, dir := range o.write {
		if _, err := os.Stat(dir); err != nil {
			return fmt.Errorf("-allow-write: %w", err)
		}
	}
	o.limits, err = parseLimits(o.limit, o.limits)
	return err
}

// config is the sandbox of the machine, nil for none.
func (o *sandboxOptions) config() *sandbox.Config {
	if !o.on {
		return nil
	}
	return &sandbox.Config{Allow: o.allow, Home: os.Getenv("HOME")}
}

// confine holds panda itself to what the sandbox needs, once everything that it
// opens is open. Plugins and scripts may write where the user is, or where
// -allow-write says. A recording that has no name yet gets it there.
func (o *options) confine(m *emu.Machine, stderr io.Writer) error {
	confine := sandbox.ConfineReplay
	out := sandbox.Outside{Write: o.sandbox.write}
	switch box := m.Sandbox(); {
	case box == nil && !o.sandbox.on:
		return nil
	case box == nil:
	case o.repl:
		confine, out.Names = box.Confine, o.record.dirs()
	default:
		if err := m.Begin(); err != nil {
			return err
		}
		confine = box.Confine
	}
	if len(o.plugins)+len(o.lua) > 0 || o.repl {
		out.Read = searchPath()
		for _, p := range o.plugins {
			if p.file != "" {
				out.Read = append(out.Read, filepath.Dir(p.file))
			}
		}
		if len(out.Write) == 0 {
			out.Write = []string{"."}
		}
	}
	level, err := confine(out)
	if err == nil && o.verbose {
		fmt.Fprintf(stderr, "panda: sandbox: %s\n", level)
	}
	return err
}

// openExport opens the file of -sandbox-export, before it is too late.
func (o *sandboxOptions) openExport() (*os.File, error) {
	if o.export == "" {
		return nil, nil
	}
	f, err := os.Create(o.export)
	if err != nil {
		return nil, fmt.Errorf("-sandbox-export: %w", err)
	}
	return f, nil
}

// writeExport writes the changes of the sandbox.
func writeExport(m *emu.Machine, f *os.File, stderr io.Writer) error {
	if f == nil {
		return nil
	}
	err := m.Sandbox().Export(f, func(format string, a ...any) { fmt.Fprintf(stderr, "panda: "+format+"\n", a...) })
	return errors.Join(err, f.Close())
}
