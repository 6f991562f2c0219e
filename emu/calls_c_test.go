package emu

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
)

// compileGuest makes a program with a compiler of C or C++, or skips.
func compileGuest(t testing.TB, compiler, source string, flags ...string) string {
	t.Helper()
	if _, err := exec.LookPath(compiler); err != nil {
		t.Skip("no ", compiler)
	}
	src := filepath.Join(t.TempDir(), "guest"+map[string]string{"gcc": ".c", "g++": ".cc"}[compiler])
	exe := strings.TrimSuffix(src, filepath.Ext(src))
	if err := os.WriteFile(src, []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(compiler, append([]string{"-w", "-o", exe, src}, flags...)...).CombinedOutput(); err != nil {
		if slices.Contains(flags, "-m32") || slices.Contains(flags, "-static") {
			t.Skipf("%s %v: %v %s", compiler, flags, err, out)
		}
		t.Fatalf("%s: %v %s", compiler, err, out)
	}
	return exe
}

// hookProgram runs a program with hooks on functions and gives what happened.
func hookProgram(t *testing.T, accel, path string, names ...string) string {
	t.Helper()
	var got string
	t.Run("", func(t *testing.T) {
		m := newMachineOn(t, accel, path)
		log := hookTrace(m, names...)
		m.finish(t)
		got = strings.Join(*log, " ")
	})
	return got
}

const jumpsSource = `
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>
#define NI __attribute__((noinline, noclone))
static jmp_buf b;
static sigjmp_buf sb;
static ucontext_t mc, c1, c2;
static char s1[16384], s2[16384], alt[65536];
static volatile int n;
NI void inner(void) { if (n++ < 2) longjmp(b, 1); __asm__ volatile(""); }
NI void outer(void) { inner(); __asm__ volatile(""); }
NI void handler(int s) { siglongjmp(sb, 1); }
NI int step(int x) { __asm__ volatile(""); return x + 1; }
NI void one(void) { step(1); swapcontext(&c1, &c2); step(2); }
NI void two(void) { step(3); swapcontext(&c2, &c1); step(4); }
NI void quits(void) { pthread_exit(0); }
static void *thread(void *p) { quits(); return p; }
int main(int argc, char **argv) {
	if (argc > 1) return 0;
	for (int i = 0; i < 3; i++) if (!setjmp(b)) outer();
	stack_t ss = { .ss_sp = alt, .ss_size = sizeof alt };
	struct sigaction a = { .sa_handler = handler, .sa_flags = SA_ONSTACK | SA_NODEFER };
	sigaltstack(&ss, 0), sigaction(SIGUSR1, &a, 0);
	for (int i = 0; i < 2; i++) if (!sigsetjmp(sb, 1)) raise(SIGUSR1);
	getcontext(&c1), c1.uc_stack.ss_sp = s1, c1.uc_stack.ss_size = sizeof s1, c1.uc_link = &mc;
	getcontext(&c2), c2.uc_stack.ss_sp = s2, c2.uc_stack.ss_size = sizeof s2, c2.uc_link = &mc;
	makecontext(&c1, one, 0), makecontext(&c2, two, 0);
	swapcontext(&mc, &c1);
	pthread_t t;
	pthread_create(&t, 0, thread, 0), pthread_join(t, 0);
	step(5);
	if (!fork()) execl(argv[0], argv[0], "x", (char *)0);
	wait(0);
	return 0;
}
`

// TestCallsJump leaves functions by what C has for it. When it shows that a call is
// over depends on the compiler; that it ends once, and how, does not.
func TestCallsJump(t *testing.T) {
	const order = ">outer >inner >outer >inner >outer >inner <inner <outer >handler >handler >one >step <step >two >step <step >step <step <one >quits >step <step"
	const ends = "xhandler:exec xhandler:unwound xhandler:unwound xinner:unwound xinner:unwound xouter:unwound xouter:unwound xquits:unwound xtwo:exec xtwo:exit"
	for _, opt := range []string{"-O0", "-O1", "-O2"} {
		path := compileGuest(t, "gcc", jumpsSource, opt, "-lpthread")
		for _, accel := range Accels {
			var calls, abandoned []string
			for _, x := range strings.Fields(hookProgram(t, accel, path, "inner", "outer", "handler", "step", "one", "two", "quits")) {
				if x[0] == 'x' {
					abandoned = append(abandoned, x)
				} else {
					calls = append(calls, x)
				}
			}
			slices.Sort(abandoned)
			if got, gone := strings.Join(calls, " "), strings.Join(abandoned, " "); got != order || gone != ends {
				t.Errorf("%s %s:\n%s\n%s\nwant\n%s\n%s", opt, accel, got, gone, order, ends)
			}
		}
	}
}

const leavesSource = `
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <unistd.h>
#define NI __attribute__((noinline, noclone))
static jmp_buf b;
static char alt[65536];
static int pipes[2];
NI void jumps(void) { longjmp(b, 1); __asm__ volatile(""); }
NI void between(void) { jumps(); __asm__ volatile(""); }
NI void catches(void) { if (!setjmp(b)) between(); __asm__ volatile(""); }
NI void handler(int s) { siglongjmp(b, 1); }
NI void raises(void) { raise(SIGUSR1); __asm__ volatile(""); }
NI void survives(void) { if (!sigsetjmp(b, 1)) raises(); __asm__ volatile(""); }
NI void quits(void) { pthread_exit(0); }
NI void waits(void) { char c; write(pipes[1], "", 1), pause(); __asm__ volatile(""); }
static void *thread(void *p) { if (p) quits(); waits(); return p; }
int main(void) {
	struct sigaction a = { .sa_handler = handler };
	stack_t ss = { .ss_sp = alt, .ss_size = sizeof alt };
	catches();
	sigaction(SIGUSR1, &a, 0), survives();
	a.sa_flags = SA_ONSTACK, sigaltstack(&ss, 0), sigaction(SIGUSR1, &a, 0), survives();
	pthread_t t;
	char c;
	pthread_create(&t, 0, thread, &t), pthread_join(t, 0);
	pipe(pipes), pthread_create(&t, 0, thread, 0), read(pipes[0], &c, 1);
	_exit(0);
}
`

// TestCallsLeave has hooks of their own on functions that are left together: as soon
// as the outer one returns, those within have ended, the innermost first.
func TestCallsLeave(t *testing.T) {
	names := []string{"catches", "between", "jumps", "survives", "raises", "handler", "quits", "waits"}
	const want = ">catches >between >jumps xjumps:unwound xbetween:unwound <catches" +
		" >survives >raises >handler xhandler:unwound xraises:unwound <survives" +
		" >survives >raises >handler xhandler:unwound xraises:unwound <survives" +
		" >quits xquits:unwound >waits xwaits:exit"
	for _, flags := range [][]string{{"-O0"}, {"-O2"}, {"-O1", "-m32"}} {
		t.Run(strings.Join(flags, ""), func(t *testing.T) {
			path := compileGuest(t, "gcc", leavesSource, append(flags, "-lpthread")...)
			for _, accel := range Accels {
				m := newMachineOn(t, accel, path)
				log := hookApart(m, names...)
				if m.finish(t); strings.Join(*log, " ") != want {
					t.Errorf("%s:\n%s\nwant\n%s", accel, strings.Join(*log, " "), want)
				}
			}
		})
	}
}

const throwsSource = `
#include <cstdio>
#define NI __attribute__((noinline, noclone))
extern "C" {
NI int deep(int n) { if (n == 0) throw 7; int r = deep(n - 1) + 1; __asm__ volatile(""); return r; }
NI int tries(int n) { int r = 0; try { r = deep(n); } catch (int e) { r = e; } __asm__ volatile(""); return r; }
}
int main() { int s = 0; for (int i = 0; i < 3; i++) s += tries(i); return s != 21; }
`

// TestCallsThrow leaves functions by exceptions of C++: each call of tries returns,
// and none of deep.
func TestCallsThrow(t *testing.T) {
	for _, opt := range []string{"-O0", "-O2"} {
		path := compileGuest(t, "g++", throwsSource, opt)
		for _, accel := range Accels {
			got := hookProgram(t, accel, path, "deep", "tries")
			if n := strings.Count(got, ">tries"); n != 3 || strings.Count(got, "<tries") != n || strings.Contains(got, "<deep") || strings.Count(got, ">deep") != 6 || strings.Count(got, "xdeep") != 6 {
				t.Errorf("%s %s: %s", opt, accel, got)
			}
		}
	}
}

const movesSource = `package main

import "os"

//go:noinline
func rec(n int) int {
	var room [64]int
	room[n%64] = n
	if n == 0 {
		return 1
	}
	return rec(n-1) + room[n%64]
}

func main() {
	c := make(chan int)
	for g := range 4 {
		go func() { c <- rec(200 + g) }()
	}
	s := 0
	for range 4 {
		s += <-c
	}
	if s == 0 {
		os.Exit(1)
	}
}
`

// TestCallsMove calls functions on stacks of Go's, which grow and are moved.
func TestCallsMove(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(movesSource), 0o644); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", "moves", "main.go")
	build.Dir, build.Env = dir, append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GO111MODULE=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v %s", err, out)
	}
	for _, accel := range Accels {
		got := hookProgram(t, accel, filepath.Join(dir, "moves"), "main.rec")
		in, out := strings.Count(got, ">main.rec"), strings.Count(got, "<main.rec")
		if want := 201 + 202 + 203 + 204; in != want || out != want || strings.Contains(got, "x") {
			t.Errorf("%s: %d calls, %d returned, want %d", accel, in, out, want)
		}
	}
}

// TestManyCalls: memory stays as it is however often a function returns, or does
// not.
func TestManyCalls(t *testing.T) {
	path := assemble(t, `
.globl _start, f, g
.text
_start:	mov $100000, %ecx
	mov %rsp, %r12
	lea 3f(%rip), %r13
1:	call f
	call g
2:	dec %ecx
	jnz 1b
	jmp 4f
3:	jmp 2b
4:
	xor %edi, %edi
	mov $60, %eax
	syscall
f:	ret
g:	mov %r12, %rsp
	jmp *%r13
`)
	for _, accel := range Accels {
		m := newMachineOn(t, accel, path)
		left, gone := 0, 0
		h := m.host.HookCalls(event.Symbol("f", "g"), nil, func(*vcpu.CPU, *event.Call) { left++ })
		h.Abandoned = func(*vcpu.CPU, *event.Call, string) { gone++ }
		most := 0
		m.host.InsnExec(event.Symbol("g"), func(*vcpu.CPU, guest.Addr) { most = max(most, h.InProgress()) })
		m.finish(t)
		if left != 100000 || gone != 100000 || most > 2 {
			t.Errorf("%s: %d returned, %d abandoned, %d at once", accel, left, gone, most)
		}
	}
}

// TestVdsoHooks hooks functions whose implementation is in the kernel's object.
func TestVdsoHooks(t *testing.T) {
	const source = `
#include <time.h>
#include <sys/time.h>
int main(void) {
	struct timeval v = {0}; struct timespec s = {0};
	gettimeofday(&v, 0), clock_gettime(CLOCK_REALTIME, &s);
	return !(time(0) == 42 && v.tv_sec == 0 && s.tv_sec == 0);
}`
	for _, flags := range [][]string{{}, {"-static"}, {"-m32"}} {
		t.Run(strings.Join(flags, ""), func(t *testing.T) {
			path := compileGuest(t, "gcc", source, flags...)
			for _, accel := range Accels {
				m := newMachineOn(t, accel, path)
				hits := 0
				for name, ret := range map[string]uint64{"time": 42, "gettimeofday": 0, "clock_gettime": 0} {
					m.host.HookCalls(event.Symbol(name), func(c *vcpu.CPU, call *event.Call) { hits++; call.Skip(c, ret) }, nil)
				}
				if m.finish(t); hits < 3 {
					t.Errorf("%s: %d hits", accel, hits)
				}
			}
		})
	}
}

// TestCallsFail: an error in what is told of a call's end is of the hook that it is
// told to, not of the one whose return ended it.
func TestCallsFail(t *testing.T) {
	path := compileGuest(t, "gcc", leavesSource, "-O0", "-lpthread")
	for _, accel := range Accels {
		m := newMachineOn(t, accel, path)
		fails := m.host.HookCalls(event.Symbol("jumps"), nil, func(*vcpu.CPU, *event.Call) {})
		fails.Abandoned = func(*vcpu.CPU, *event.Call, string) { panic("no") }
		log := hookApart(m, "catches", "between")
		m.finish(t)
		if got := strings.Join(*log, " "); got != ">catches >between xbetween:unwound <catches" || fails.Sub.Failed == nil {
			t.Errorf("%s: %s, failed: %v", accel, got, fails.Sub.Failed)
		}
	}
}

const vdsoSource = `
#include <time.h>
int main(void) { time_t a; time(&a); time(&a); return a == 0; }
`

// TestResolverHome: what a file's resolver finds in the vdso is a function of the
// file, to names, hooks and filters.
func TestResolverHome(t *testing.T) {
	m := newMachineOn(t, "", compileGuest(t, "gcc", vdsoSource))
	calls, insns, own := 0, 0, false
	libc := event.Module("libc.so.*")
	m.host.InsnExec(event.Options(libc, event.Symbol("time")), func(c *vcpu.CPU, pc guest.Addr) {
		calls++
		_, _, own = c.Machine.Module(pc)
		file := event.ModuleOf(c.Machine, pc)
		if at, ok := m.env.(Symbols).FindSymbol(file + "!time"); !ok || at != pc {
			t.Errorf("%s!time is at %#x, ran at %#x", file, uint64(at), uint64(pc))
		}
	})
	m.host.InsnExec(libc, func(c *vcpu.CPU, pc guest.Addr) {
		if name, _, _ := c.Machine.Symbol(pc); name == "time" {
			insns++
		}
	})
	m.finish(t)
	if own {
		t.Skip("this C library does not ask the vdso")
	}
	if calls != 2 || insns <= calls {
		t.Errorf("%d calls, %d instructions of time", calls, insns)
	}
}
