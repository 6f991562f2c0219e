package emu

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/plugin"
	"panda/emu/vcpu"
)

const guestSource = `
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
int state = 5;
long add(long a, long b, long c, long d, long e, long f, long g, long h) {
	return a + 2*b + 3*c + 4*d + 5*e + 6*f + 7*g + 8*h;
}
long writes(void) { state++; return write(1, "nested\n", 7); }
long crashes(void) { return *(volatile long *)16; }
long loops(void) { for (;;); }
long leaves(void) { _exit(3); }
int twice(int n) { return 2 * n; }
int chain(int n) { return n ? 1 + chain(n - 1) : 0; }
static void *thread(void *p) { return p; }
int main(int argc, char **argv) {
	pthread_t t;
	int s = 0;
	for (int i = 0; i < 100; i++) s += twice(i);
	s += chain(5);
	printf("%d %d %d\n", s, (int)strlen(argv[0]) > 0, state);
	fflush(stdout);
	if (argc > 1) {
		pthread_create(&t, 0, thread, 0); pthread_join(t, 0);
		if (fork() == 0) _exit(7);
		wait(0);
		void *l = dlopen(argv[1], RTLD_NOW);
		if (l) dlclose(l);
	}
	return 0;
}
`

// guestProgram compiles the guest, or skips.
func guestProgram(t testing.TB, flags ...string) string {
	t.Helper()
	dir := t.TempDir()
	src, exe := filepath.Join(dir, "guest.c"), filepath.Join(dir, "guest")
	if err := os.WriteFile(src, []byte(guestSource), 0o644); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"-O0", "-w", "-o", exe, src}, flags...)
	if out, err := exec.Command("gcc", args...).CombinedOutput(); err != nil {
		t.Skipf("no compiler for %v: %v %s", flags, err, out)
	}
	return exe
}

// testPlugin is a plugin made of a function.
type testPlugin struct {
	init   func(h *plugin.Host) error
	closes func() error
}

func (p *testPlugin) Init(h *plugin.Host) error { return p.init(h) }

func (p *testPlugin) Close() error {
	if p.closes == nil {
		return nil
	}
	return p.closes()
}

// testMachine is a machine with a plugin, and what it said.
type testMachine struct {
	*Machine
	host *plugin.Host
	out  *os.File
	told []string
}

func newTestMachine(t testing.TB, path string, args ...string) *testMachine {
	t.Helper()
	return newMachineOn(t, "", path, args...)
}

// newMachineOn is newTestMachine on an engine.
func newMachineOn(t testing.TB, accel, path string, args ...string) *testMachine {
	t.Helper()
	out, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	tm := &testMachine{out: out}
	tm.Machine, err = New(Config{
		Program: &Program{
			Path: path, Args: append([]string{path}, args...), Env: []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"},
			Stdin: 0, Stdout: int(out.Fd()), Stderr: int(out.Fd()),
		},
		Accel: accel,
		Warn:  func(format string, a ...any) { tm.told = append(tm.told, fmt.Sprintf(format, a...)) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tm.Close(); out.Close() })
	_, err = tm.Plugins().Start("test", "", &testPlugin{init: func(h *plugin.Host) error { tm.host = h; return nil }}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tm
}

// finish runs the guest to its end and gives what it printed.
func (tm *testMachine) finish(t testing.TB) string {
	t.Helper()
	for {
		status, done, err := tm.Run()
		if err != nil || done && status != 0 {
			t.Fatalf("status %d, %v; %v", status, err, tm.told)
		}
		if done {
			break
		}
	}
	b, err := os.ReadFile(tm.out.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestGuestCall calls guest functions from a callback: results, the stack of
// arguments, system calls, and whatever can go wrong. The program sees nothing of
// it but what the functions did.
func TestGuestCall(t *testing.T) {
	for _, flags := range [][]string{nil, {"-m32"}, {"-static"}} {
		t.Run(strings.Join(append(flags, "gcc"), ""), func(t *testing.T) {
			tm := newTestMachine(t, guestProgram(t, flags...))
			hits := 0
			tm.host.InsnExec(event.Symbol("chain"), func(c *vcpu.CPU, pc guest.Addr) {
				if hits++; hits > 2 {
					return
				}
				icount, sp := c.Icount(), c.SP()
				for _, r := range []struct {
					name string
					args []uint64
					want uint64
					err  string
				}{
					{"add", []uint64{1, 2, 3, 4, 5, 6, 7, 8}, 1 + 4 + 9 + 16 + 25 + 36 + 49 + 64, ""},
					{"twice", []uint64{21}, 42, ""},
					{"writes", nil, 7, ""},
					{"crashes", nil, 0, "failed at pc"},
					{"loops", nil, 0, "did not return in time"},
					{"leaves", nil, 0, "exit_group, which is not done"},
				} {
					at, ok := tm.host.Core().Lookup(r.name)
					if !ok {
						t.Fatalf("no %s", r.name)
					}
					got, err := tm.host.CallLimited(100_000, at, r.args...)
					if r.err != "" && (err == nil || !strings.Contains(err.Error(), r.err)) || r.err == "" && (err != nil || got != r.want) {
						t.Errorf("%s: %d, %v", r.name, got, err)
					}
				}
				if c.Icount() != icount || c.SP() != sp || c.PC() != pc {
					t.Error("the state has changed")
				}
			})
			if out := tm.finish(t); out != "nested\nnested\n9905 1 7\n" {
				t.Errorf("printed %q; %v", out, tm.told)
			}
			for _, r := range tm.host.Core().Regions() {
				if strings.Contains(r.File, "panda call") {
					t.Error("a stack is left")
				}
			}
		})
	}
}

// TestHookCalls counts calls and returns, also recursive ones, replaces a result,
// and needs no translation for a return from a known place.
func TestHookCalls(t *testing.T) {
	tm := newTestMachine(t, guestProgram(t))
	var args, results []uint64
	depth, deepest := 0, 0
	tm.host.HookCalls(event.Symbol("twice"), nil, func(c *vcpu.CPU, call *event.Call) {
		if call.Result(c) == 198 {
			call.SetResult(c, 1000)
		}
	})
	tm.host.HookCalls(event.Symbol("chain"), func(c *vcpu.CPU, call *event.Call) {
		n := call.Arg(c, 0)
		args = append(args, n)
		depth++
		deepest = max(deepest, depth)
		if call.Data = n; n == 0 {
			call.Skip(c, 100)
			depth--
		}
	}, func(c *vcpu.CPU, call *event.Call) {
		depth--
		results = append(results, call.Data.(uint64)*1000+call.Result(c))
	})
	out := tm.finish(t)
	if out != fmt.Sprintf("%d 1 5\n", 9900-198+1000+105) || depth != 0 || deepest != 6 {
		t.Errorf("printed %q, depth %d %d; %v", out, depth, deepest, tm.told)
	}
	if !slices.Equal(args, []uint64{5, 4, 3, 2, 1, 0}) || !slices.Equal(results, []uint64{1101, 2102, 3103, 4104, 5105}) {
		t.Errorf("arguments %v, results %v", args, results)
	}
	if s := tm.Stats(); s.Flushes > 1 || s.Partial > 80 {
		t.Errorf("%d flushes and %d changes of subscriptions for a hundred calls", s.Flushes, s.Partial)
	}
}

// TestResolvers: a hook on an indirect function fires at the implementation, when
// it is set before the program runs and when it is set later.
func TestResolvers(t *testing.T) {
	for _, flags := range [][]string{nil, {"-static"}, {"-m32"}} {
		t.Run(strings.Join(append(flags, "gcc"), ""), func(t *testing.T) {
			early := newTestMachine(t, guestProgram(t, flags...), "12345")
			lengths := func(tm *testMachine, got *[]uint64) {
				tm.host.HookCalls(event.Symbol("strlen"), nil, func(c *vcpu.CPU, call *event.Call) { *got = append(*got, call.Result(c)) })
			}
			var first, second []uint64
			lengths(early, &first)
			early.finish(t)
			late := newTestMachine(t, early.cfg.Program.Path)
			late.host.InsnExec(event.Symbol("main"), func(*vcpu.CPU, guest.Addr) {
				lengths(late, &second)
				at, ok := late.host.Core().Lookup("strlen")
				name, _, _ := late.CPU().Machine.Symbol(at)
				if !ok || strings.Contains(name, "@") {
					t.Errorf("strlen is found at %#x %s", uint64(at), name)
				}
			})
			late.finish(t)
			for _, sub := range late.Bus().All() {
				if sub.Owner.Name == "resolvers" {
					t.Error("a subscription of panda's own is listed: ", sub.Explain())
				}
			}
			want := uint64(len(early.cfg.Program.Path))
			if !slices.Contains(first, want) || !slices.Contains(second, want) {
				t.Errorf("%v: strlen returned %v and %v, want %d among them", flags, first, second, want)
			}
		})
	}
}

// TestAliases: every name of an address matches, and the name that programs write
// is shown.
func TestAliases(t *testing.T) {
	tm := newTestMachine(t, guestProgram(t))
	names := map[string]int{}
	for _, n := range []string{"printf", "_IO_printf", "write", "__write"} {
		tm.host.InsnExec(event.Symbol(n), func(c *vcpu.CPU, pc guest.Addr) {
			shown, _, _ := c.Machine.Symbol(pc)
			names[n+" "+shown]++
		})
	}
	tm.finish(t)
	if names["printf printf"] == 0 || names["write write"] == 0 || names["__write write"] == 0 {
		t.Errorf("%v", names)
	}
	if s := tm.host.Symbols("libc.so.6!prin"); len(s) != 0 {
		t.Errorf("%v of a guest that has ended", s)
	}
}

// TestSymbols lists names for completion.
func TestSymbols(t *testing.T) {
	tm := newTestMachine(t, guestProgram(t))
	var all, file []string
	tm.host.InsnExec(event.Symbol("main"), func(*vcpu.CPU, guest.Addr) {
		all, file = tm.host.Symbols("twi"), tm.host.Symbols("libc.so.6!strle")
	})
	tm.finish(t)
	if !slices.Contains(all, "twice") || !slices.Equal(file, []string{"libc.so.6!strlen"}) && len(file) == 0 {
		t.Errorf("%v %v", all, file)
	}
}

// TestSystemEvents: threads, processes and modules come and go.
func TestSystemEvents(t *testing.T) {
	tm := newTestMachine(t, guestProgram(t), "libm.so.6")
	var got []string
	note := func(format string, a ...any) { got = append(got, fmt.Sprintf(format, a...)) }
	pid := 0
	sub := func(k event.Kind, fn any) { tm.host.Subscribe(k, nil, fn) }
	sub(event.ProcessFork, event.ProcessFunc(func(c *vcpu.CPU, p *event.Process) {
		pid = p.Parent
		note("fork %d", p.PID-p.Parent)
	}))
	sub(event.ProcessExit, event.ProcessFunc(func(c *vcpu.CPU, p *event.Process) { note("exit %#x", p.Status) }))
	sub(event.ThreadStart, event.ThreadFunc(func(c *vcpu.CPU, th *event.Thread) {
		ts := tm.host.Threads()
		i := slices.IndexFunc(ts, func(x plugin.Thread) bool { return x.TID == th.TID })
		note("thread %v %s", th.TID == th.PID, ts[i].State)
	}))
	sub(event.ThreadExit, event.ThreadFunc(func(c *vcpu.CPU, th *event.Thread) { note("thread ends %#x", th.Status) }))
	module := func(what string) event.ModuleFunc {
		return func(c *vcpu.CPU, m *event.MappedModule) {
			if strings.HasPrefix(filepath.Base(m.Path), "libm") {
				_, ok := c.Machine.Arch, c.Read(m.Start, make([]byte, 1)) == nil
				note("%s %v %v", what, m.End > m.Start, ok)
			}
		}
	}
	sub(event.ModuleMapped, module("mapped"))
	sub(event.ModuleUnmapped, module("unmapped"))
	tm.finish(t)
	want := []string{"thread false ready", "thread ends 0x0", "fork 2", "thread true ready", "thread ends 0x700", "exit 0x700", "mapped true true", "unmapped true false", "thread ends 0x0", "exit 0x0"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if pid == 0 {
		t.Error("no parent")
	}
}

// TestTimersAndStep: a timer acts in a running program at its count, and stopping
// there is exact.
func TestTimersAndStep(t *testing.T) {
	tm := newTestMachine(t, guestProgram(t))
	var at []uint64
	tm.At(1234, func() { at = append(at, tm.CPU().Icount()); tm.Stop() })
	every := tm.host.Every(10_000, func() { at = append(at, tm.CPU().Icount()) })
	if _, done, err := tm.Run(); done || err != nil || tm.CPU().Icount() != 1234 {
		t.Fatalf("done %v, %v, icount %d", done, err, tm.CPU().Icount())
	}
	if _, done, err := tm.Step(30_000); done || err != nil || tm.CPU().Icount() != 31_234 {
		t.Fatalf("done %v, %v, icount %d", done, err, tm.CPU().Icount())
	}
	every.Remove()
	tm.finish(t)
	if !slices.Equal(at, []uint64{1234, 10_000, 20_000, 30_000}) {
		t.Errorf("%v", at)
	}
}

// TestDo: what is asked for while nothing runs waits for the next run and leaves
// no stop after it; a stop is not lost.
func TestDo(t *testing.T) {
	tm := newTestMachine(t, guestProgram(t))
	n := 0
	tm.Do(func() { n++ })
	if _, done, _ := tm.Step(1000); done || n != 1 || tm.CPU().Icount() != 1000 {
		t.Fatalf("%d calls, icount %d", n, tm.CPU().Icount())
	}
	tm.At(2000, func() { tm.Do(func() { n++ }); tm.Stop() })
	if _, done, _ := tm.Run(); done || tm.CPU().Icount() != 2000 {
		t.Fatalf("the stop is lost: icount %d", tm.CPU().Icount())
	}
	tm.At(3000, func() { tm.Do(func() { n++ }) })
	if _, done, _ := tm.Run(); !done || n != 3 {
		t.Errorf("done %v, %d calls", done, n)
	}
}

// BenchmarkLeaveHook runs python3 up to a print, bare and with a leave hook on
// malloc.
func BenchmarkLeaveHook(b *testing.B) {
	for _, hook := range []bool{false, true} {
		b.Run(fmt.Sprint(hook), func(b *testing.B) {
			for b.Loop() {
				const path = "/usr/bin/python3"
				if _, err := os.Stat(path); err != nil {
					b.Skip(err)
				}
				tm := newTestMachine(b, path, "-c", "print(1)")
				if hook {
					tm.host.HookCalls(event.Symbol("malloc"), nil, func(*vcpu.CPU, *event.Call) {})
				}
				tm.finish(b)
			}
		})
	}
}
