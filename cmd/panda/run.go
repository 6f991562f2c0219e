package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"panda/cmd/panda/interrupt"
	"panda/cmd/panda/prompt"
	"panda/cmd/panda/reload"
	"panda/emu"
	"panda/emu/plugin"
	"panda/lua"
	_ "panda/native/all"
	"panda/scripts"
)

// runProgram runs the program of the command line to its end.
func runProgram(o *options, stdout, stderr io.Writer) (status int, err error) {
	cfg, done, err := o.subject(stdout, stderr)
	if err != nil {
		return 0, err
	}
	defer done()
	export, err := o.sandbox.openExport()
	if err != nil {
		return 0, err
	}
	var m *emu.Machine
	if o.system != nil {
		cfg.System = o.system.config(func() { m.Do(func() { m.Exit(0) }) }, stderr)
	}
	m, err = emu.New(cfg)
	if option := (*emu.OptionError)(nil); errors.As(err, &option) {
		return 0, fmt.Errorf("-%w", err)
	} else if err != nil {
		return 0, err
	}
	j := interrupt.New()
	if o.system != nil {
		j.Serve(m.Stop, m.Disconnect, func() {})
		defer takeSignals(j.Take)()
	} else if err := m.Divert(j.Take); err != nil {
		m.Close()
		return 0, err
	}
	status, err = o.drive(m, j, stdout, stderr)
	j.Enter(interrupt.Ending)
	err = errors.Join(err, writeExport(m, export, stderr))
	o.end(m, stderr)
	sig := m.Killed()
	if end := (interrupt.Killed{}); errors.As(err, &end) {
		sig, err, status = end.Sig, nil, 128+end.Sig
		j.Restore() // the prompt may have been about to ask
	} else if o.replay != nil && o.replay.verify && !o.wantsHelp() {
		return o.replay.verdict(m, cfg, err, o.json, stdout, stderr)
	} else if j.Ends() != 0 && errors.Is(err, lua.ErrInterrupted) {
		fmt.Fprintf(stderr, "panda: %v\n", err)
		sig, err, status = j.Ends(), nil, 128+j.Ends()
	}
	if o.lost != nil && err == nil { // said when it happened
		return max(status, exitFailed), nil
	}
	if err == nil && sig != 0 {
		done()
		interrupt.Die(sig) // so that who waits for us sees what happened
	}
	return status, err
}

// drive loads the plugins and runs the program, or the prompt.
func (o *options) drive(m *emu.Machine, j *interrupt.Judge, stdout, stderr io.Writer) (status int, err error) {
	if err := o.load(m, stderr); err != nil {
		return 0, err
	}
	if err := o.confine(m, stderr); err != nil {
		return 0, err
	}
	if o.watch {
		stop := reload.Watch(m.Plugins(), m.Do, func(format string, a ...any) { fmt.Fprintf(stderr, "panda: "+format+"\n", a...) })
		defer stop()
	}
	if o.trace != nil {
		stop, err := o.trace.start(m, func(format string, a ...any) { fmt.Fprintf(stderr, "panda: "+format+"\n", a...) })
		if err != nil {
			return 0, err
		}
		defer stop()
	}
	if o.repl {
		status, err = o.prompt(m, j, stdout, stderr)
	} else {
		var done bool
		j.Enter(interrupt.Running)
		run := m.Run
		switch {
		case o.replay != nil:
			run = func() (int, bool, error) { return o.replay.run(m, j, o.json, stderr) }
		case o.system != nil:
			run = func() (int, bool, error) { return o.system.run(m, j) }
		}
		if status, done, err = run(); err == nil && !done {
			status, err = o.afterStop(m, j, stdout, stderr)
		}
	}
	return status, err
}

// end closes a machine. What the run was like includes what plugins do at its end.
func (o *options) end(m *emu.Machine, stderr io.Writer) {
	m.End()
	if o.verbose {
		report(m, stderr)
	}
	m.Close()
	o.record.tell(m, o.json, stderr)
}

// prompt serves the user.
func (o *options) prompt(m *emu.Machine, j *interrupt.Judge, stdout, stderr io.Writer) (status int, err error) {
	out := keptWriter{stdout, func(err error) { o.lose("output of the prompt", err, stderr) }}
	return prompt.Run(m, j, os.Stdin, out, prompt.Options{Path: searchPath(), Colors: prompt.Colors(stdout), Fixed: o.replay != nil || o.record.wanted()})
}

// afterStop serves a script that stopped the guest: with the prompt, if there is a
// user to type. The guest's own input is not taken for commands.
func (o *options) afterStop(m *emu.Machine, j *interrupt.Judge, stdout, stderr io.Writer) (status int, err error) {
	if info, err := os.Stdin.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 && prompt.Colors(stdout) {
		return o.prompt(m, j, stdout, stderr)
	}
	fmt.Fprintf(stderr, "panda: a script stopped the guest at %#x, which ends the run here; on a terminal or with -i there is a prompt\n", uint64(m.CPU().PC()))
	return exitFailed, nil // the guest has not ended
}

// subject is the machine's configuration with what it runs; done closes what it opened.
func (o *options) subject(stdout, stderr io.Writer) (cfg emu.Config, done func(), err error) {
	cfg, files, err := o.config(stdout, stderr)
	if err != nil {
		return cfg, files, err
	}
	if o.replay != nil && !o.wantsHelp() {
		r, err := o.replay.open(stderr)
		if err != nil {
			return cfg, files, err
		}
		cfg, err = o.replay.config(cfg, r, o.json, stdout, stderr)
		for i, w := range cfg.Output {
			if w != nil {
				cfg.Output[i] = keptWriter{w, func(err error) { o.lose("output of the program", err, stderr) }}
			}
		}
		return cfg, func() { files(); r.Close() }, err
	}
	if o.system != nil {
		return cfg, files, nil
	}
	if cfg.Program, err = o.programConfig(); err == nil {
		cfg.Record, err = o.record.to(cfg.Program.Path)
	}
	return cfg, files, err
}

// programConfig is the program of the command line.
func (o *options) programConfig() (*emu.Program, error) {
	path, err := findProgram(o.program[0], o.sysroot)
	if err != nil {
		return nil, err
	}
	env, err := o.environment(os.Environ())
	if err != nil {
		return nil, err
	}
	p := &emu.Program{
		Path: path, Args: slices.Clone(o.program), Env: env, Sysroot: o.sysroot, SchedSeed: o.seed,
		Stdin: 0, Stdout: 1, Stderr: 2, Sandbox: o.sandbox.config(), Limits: o.sandbox.limits, Layout: o.layout,
	}
	if o.argv0 != "" {
		p.Args[0] = o.argv0
	}
	return p, nil
}

// config makes the rest of the machine's configuration; done closes what it opened.
func (o *options) config(stdout, stderr io.Writer) (cfg emu.Config, done func(), err error) {
	done = func() {}
	items, err := parseDump(o.dump)
	if err != nil {
		return cfg, done, err
	}
	out := stderr
	if o.dumpFile != "" {
		f, err := os.Create(o.dumpFile)
		if err != nil {
			return cfg, done, fmt.Errorf("-D: %w", err)
		}
		out, done = f, func() { f.Close() }
	}
	out = keptWriter{out, func(err error) { o.lose("what -d and -strace print", err, stderr) }}
	cfg = emu.Config{
		Arch: o.arch, CPU: o.cpu, Accel: o.accel, MMU: o.mmu, Window: o.window, Lockstep: o.lockstep, Export: o.export, Strict: o.strict,
		Warn:    func(format string, a ...any) { fmt.Fprintf(stderr, "panda: "+format+"\n", a...) },
		Log:     slog.New(slog.DiscardHandler),
		Loaders: []plugin.Loader{lua.NewLoader(o.luaOptions(stdout, stderr))},
		Files:   plugin.Finder{Dirs: searchPath(), Embedded: scripts.FS},
		Dump:    emu.Dump{Out: out},
	}
	if o.strace {
		cfg.Strace = out
	}
	for _, i := range items {
		i.set(&cfg)
	}
	if o.verbose {
		cfg.Log = slog.New(slog.NewTextHandler(stderr, nil))
	}
	return cfg, done, nil
}

// What a call of an untrusted script may take unless the user says otherwise.
const (
	untrustedDeadline = 10 * time.Second
	untrustedMemory   = 1 << 30
)

// lose notes that output is lost, and says so the first time.
func (o *options) lose(what string, err error, stderr io.Writer) {
	if o.lost == nil {
		o.lost = err
		fmt.Fprintf(stderr, "panda: %s is lost: %v\n", what, err)
	}
}

// keptWriter tells of what cannot be written to a writer.
type keptWriter struct {
	io.Writer
	lost func(err error)
}

func (w keptWriter) Write(b []byte) (int, error) {
	n, err := w.Writer.Write(b)
	if err != nil {
		w.lost(err)
	}
	return n, err
}

// luaOptions are the options of scripts.
func (o *options) luaOptions(out, stderr io.Writer) lua.Options {
	opts := lua.Options{Out: out, Lost: func(err error) { o.lose("output of a script", err, stderr) }, Color: prompt.Colors(out), Deadline: o.deadline, Memory: o.memory << 20, Untrusted: o.untrust}
	if o.untrust {
		opts.Deadline = cmp.Or(opts.Deadline, untrustedDeadline)
		opts.Memory = cmp.Or(opts.Memory, untrustedMemory)
	}
	switch {
	case o.json:
		opts.Format = "json"
	case o.tsv:
		opts.Format = "tsv"
	}
	return opts
}

// findProgram finds a program as a shell does: a name without a slash in PATH.
func findProgram(name, sysroot string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	if sysroot != "" {
		for _, d := range filepath.SplitList(os.Getenv("PATH")) {
			if _, err := os.Stat(filepath.Join(sysroot, d, name)); err == nil {
				return filepath.Join(d, name), nil
			}
		}
	}
	path, err := exec.LookPath(name)
	if errors.Is(err, exec.ErrNotFound) {
		err = fmt.Errorf("%w; panda -help says what panda runs", err)
	}
	return path, err
}

// searchPath is where -panda looks for scripts.
func searchPath() []string {
	dirs := []string{"."}
	if d := os.Getenv("PANDA_PLUGIN_DIR"); d != "" {
		dirs = append(dirs, d)
	}
	return dirs
}

// load loads the plugins in the order of the command line, then the one-liners.
func (o *options) load(m *emu.Machine, stderr io.Writer) error {
	p := m.Plugins()
	for _, a := range o.args {
		if err := p.AddArg(a); err != nil {
			return err
		}
	}
	for _, l := range o.plugins {
		if l.file != "" {
			if _, err := p.LoadFile(l.file, nil); err != nil {
				return err
			}
		}
		for _, s := range l.specs {
			if _, err := p.Load(s.Name, s.Args); err != nil {
				return err
			}
		}
	}
	for i, text := range o.lua {
		name := "-e"
		if i > 0 {
			name = fmt.Sprintf("-e#%d", i+1)
		}
		script, err := p.Loaders[0].Open(name, []byte(text))
		if err != nil {
			return err
		}
		if _, err := p.Start(name, "", script, nil); err != nil {
			return err
		}
	}
	for _, s := range p.Strays() { // it may be loaded later
		fmt.Fprintf(stderr, "panda: -panda-arg: no plugin %s is loaded\n", s)
	}
	return nil
}

// report says what the run was like.
func report(m *emu.Machine, w io.Writer) {
	s := m.Stats()
	fmt.Fprintf(w, "panda: %d instructions; %d blocks of %d instructions translated, %d copied, %d taken over from a process that had ended, %d flushes, %d stores into code\n",
		m.CPU().Icount(), s.Blocks, s.Insns, s.Copied, s.Reused, s.Flushes, s.SMC)
	for _, sub := range m.Bus().All() {
		fmt.Fprintf(w, "panda: %s: %s\n", sub.Owner.Name, sub.Explain())
	}
	for _, u := range m.Unsupported() {
		fmt.Fprintf(w, "panda: system call not supported: %s\n", u)
	}
}
