package user_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"panda/emu"
	"panda/emu/arch/toy"
	"panda/emu/arch/toy/user"
	"panda/emu/plugin"
)

// way is how a machine runs its guest.
type way struct {
	name     string
	accel    string
	mmu      emu.MMU
	lockstep bool
}

// ways are all that do not differ for a guest.
var ways = []way{
	{"interp", "interp", emu.Window, false},
	{"interp-soft", "interp", emu.Soft, false},
	{"jit", "jit", emu.Window, false},
	{"jit-soft", "jit", emu.Soft, false},
	{"jit-lockstep", "jit", emu.Window, true},
	{"jit-soft-lockstep", "jit", emu.Soft, true},
}

// outcome is what a run has come to.
type outcome struct {
	out    string // what the guest printed
	strace string
	log    string // what the plugin wrote
	status int
	killed int // the signal
}

// watcher is a plugin made of a function, which writes a log.
type watcher struct {
	watch func(h *plugin.Host, log *bytes.Buffer)
	log   *bytes.Buffer
}

func (w *watcher) Init(h *plugin.Host) error { w.watch(h, w.log); return nil }
func (*watcher) Close() error                { return nil }

// run runs a program in one way.
func run(t *testing.T, w way, path string, watch func(h *plugin.Host, log *bytes.Buffer)) (o outcome) {
	t.Helper()
	out, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	var trace, log bytes.Buffer
	m, err := emu.New(emu.Config{
		Arch: "toy", Accel: w.accel, MMU: w.mmu, Lockstep: w.lockstep, Strict: true, Strace: &trace,
		Warn: func(format string, a ...any) { fmt.Fprintf(&log, format+"\n", a...) },
		Program: &emu.Program{
			Path: path, Args: []string{"program"},
			Stdin: 0, Stdout: int(out.Fd()), Stderr: int(out.Fd()),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if watch != nil {
		if _, err := m.Plugins().Start("watcher", "", &watcher{watch, &log}, nil); err != nil {
			t.Fatal(err)
		}
	}
	status, done, err := m.Run()
	if err != nil || !done {
		t.Fatalf("%s: %v, %v\n%s", w.name, done, err, &trace)
	}
	m.End()
	b, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	return outcome{string(b), trace.String(), log.String(), status, m.Killed()}
}

// everywhere runs a program in all ways, which must not differ.
func everywhere(t *testing.T, text string, watch func(h *plugin.Host, log *bytes.Buffer)) (first outcome) {
	t.Helper()
	path := program(t, text)
	for i, w := range ways {
		if w.accel == "jit" && !machineCode(t) {
			continue
		}
		o := run(t, w, path, watch)
		if i == 0 {
			first = o
		} else if o != first {
			t.Errorf("%s:\n%+v\n%s:\n%+v", w.name, o, ways[0].name, first)
		}
	}
	return first
}

// machineCode reports whether the host has an engine that makes it.
func machineCode(t *testing.T) bool {
	b, _, err := emu.NewBackend("jit", new(toy.Guest).View(0))
	if err != nil {
		t.Logf("interpreted alone: %v", err)
		return false
	}
	if c, ok := b.(io.Closer); ok {
		c.Close()
	}
	return true
}

func program(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, user.Assemble(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// want compares what a run has come to.
func (o outcome) want(t *testing.T, out string, status int, log string) {
	t.Helper()
	if o.out != out || o.status != status || o.log != log {
		t.Errorf("printed %q with status %d, want %q with %d\nlog\n%swant\n%s\n%s", o.out, o.status, out, status, o.log, log, o.strace)
	}
}
