package emu

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
)

// turnsSource is a program whose threads and processes meet in all the ways that
// depend on no clock.
const turnsSource = `
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static volatile int turn, spins, done;
static int to[2], ev;
static void on(int sig) { spins++; }
static void *locks(void *p) {
	for (int i = 0; i < 300; i++) {
		pthread_mutex_lock(&m);
		syscall(SYS_getppid);
		while (turn % 3 != (long)p) pthread_cond_wait(&c, &m);
		turn++;
		pthread_cond_broadcast(&c);
		pthread_mutex_unlock(&m);
	}
	return 0;
}
static void *spin(void *p) {
	while (!done) { spins++; if (spins % 1000 == 0) sched_yield(); }
	return 0;
}
static void *maps(void *p) {
	for (int i = 0; i < 100; i++) {
		unsigned char *code = mmap(0, 4096, 7, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		code[0] = 0xc3;
		((void (*)(void))code)();
		munmap(code, 4096);
		long one = 1;
		write(ev, &one, 8);
	}
	return 0;
}
int main(void) {
	pthread_t t[5];
	long n;
	char b;
	signal(SIGUSR1, on);
	pipe(to);
	ev = eventfd(0, 0);
	for (long i = 0; i < 3; i++) pthread_create(&t[i], 0, locks, (void *)i);
	pthread_create(&t[3], 0, spin, 0);
	pthread_create(&t[4], 0, maps, 0);
	if (fork() == 0) {
		for (int i = 0; i < 200; i++) write(to[1], "x", 1);
		_exit(0);
	}
	close(to[1]);
	while (read(to[0], &b, 1) == 1) pthread_kill(t[3], SIGUSR1);
	for (int i = 0; i < 100; i += n) read(ev, &n, 8);
	for (int i = 0; i < 3; i++) pthread_join(t[i], 0);
	done = 1;
	for (int i = 3; i < 5; i++) pthread_join(t[i], 0);
	wait(0);
	return turn == 900 ? 0 : 1;
}
`

// compile builds a program, or skips.
func compile(t *testing.T, source string) string {
	t.Helper()
	dir := t.TempDir()
	src, exe := filepath.Join(dir, "guest.c"), filepath.Join(dir, "guest")
	if err := os.WriteFile(src, []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("gcc", "-O1", "-w", "-pthread", "-o", exe, src).CombinedOutput(); err != nil {
		t.Skipf("no compiler: %v %s", err, out)
	}
	return exe
}

// change is a switch to a thread. Ids count from that of the first process.
type change struct {
	icount   uint64
	pid, tid int
}

// turnsOf runs a program the way that drive does and lists its switches.
func turnsOf(t *testing.T, exe, accel string, seed uint64, drive func(m *Machine)) []change {
	t.Helper()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	var trace bytes.Buffer
	fd := int(null.Fd())
	m, err := New(Config{
		Program: &Program{Path: exe, Args: []string{exe}, Env: []string{"LC_ALL=C"}, Stdin: fd, Stdout: fd, Stderr: fd, SchedSeed: seed},
		Accel:   accel, Dump: Dump{Out: &trace, Switches: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if drive != nil {
		drive(m)
	}
	for done := false; !done; {
		var status int
		if status, done, err = m.Run(); err != nil || done && status != 0 {
			t.Fatalf("status %d %v", status, err)
		}
	}
	var cs []change
	for line := range bytes.Lines(trace.Bytes()) {
		var c change
		if _, err := fmt.Sscanf(string(line), "SWITCH: icount %d process %d thread %d", &c.icount, &c.pid, &c.tid); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		c.pid, c.tid = c.pid-os.Getpid(), c.tid-os.Getpid()
		cs = append(cs, c)
	}
	return cs
}

// stepped steps one by one from an instruction on.
func stepped(from uint64, n int) func(m *Machine) {
	return func(m *Machine) {
		m.At(from, m.Stop)
		for m.Run(); n > 0; n-- {
			m.Step(1)
		}
	}
}

// disturbed stops, steps and taps again and again.
func disturbed(m *Machine) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		m.At(m.cpu.Icount()+r.Uint64N(20_000), m.Stop)
		m.Run()
		m.Do(func() {})
		if _, done, _ := m.Step(r.Int64N(3000)); done {
			return
		}
	}
}

// watched has callbacks on blocks, calls and some instructions.
func watched(m *Machine) {
	o := m.owner()
	m.bus.Subscribe(o, event.BeforeBlockExec, nil, event.BlockFunc(func(*vcpu.CPU, *vcpu.TB) {}))
	m.bus.Subscribe(o, event.SyscallLeave, nil, event.SyscallFunc(func(*vcpu.CPU, *event.Syscall) {}))
	m.bus.Count(o, event.InsnExec, nil, new(uint64))
	f, _ := event.NewFilter(event.Bytes("c3"))
	m.bus.Subscribe(o, event.InsnExec, f, event.PCFunc(func(*vcpu.CPU, guest.Addr) {}))
}

// TestTurns: threads change places at the same instructions on each engine, and
// whoever stops, steps or watches changes nothing.
func TestTurns(t *testing.T) {
	exe := compile(t, turnsSource)
	want := turnsOf(t, exe, "interp", 0, nil)
	if len(want) < 500 {
		t.Fatalf("%d switches are too few", len(want))
	}
	window := want[len(want)/2].icount
	accels := []string{"interp"}
	if runtime.GOARCH == "amd64" {
		accels = append(accels, "jit")
	}
	for _, accel := range accels {
		for _, way := range []struct {
			name  string
			drive func(m *Machine)
		}{
			{"free", nil},
			{"stepped", stepped(window, 50_000)},
			{"disturbed", disturbed},
			{"watched", watched},
			{"watched and disturbed", func(m *Machine) { watched(m); disturbed(m) }},
			{"unchained", func(m *Machine) { m.engine.SetChaining(false) }},
		} {
			got := turnsOf(t, exe, accel, 0, way.drive)
			if slices.Equal(got, want) {
				continue
			}
			i := 0
			for i < min(len(got), len(want)) && got[i] == want[i] {
				i++
			}
			t.Errorf("%s %s: %d switches, want %d; from number %d on:\ngot  %v\nwant %v", accel, way.name, len(got), len(want), i, got[i:min(i+3, len(got))], want[i:min(i+3, len(want))])
		}
	}
	if other := turnsOf(t, exe, "", 1, nil); slices.Equal(other, want) {
		t.Error("another seed changes nothing")
	}
}

// spinSource is a program whose main thread spins until another ends it.
const spinSource = `
#include <pthread.h>
#include <unistd.h>
static volatile int done;
static void *ends(void *p) { done = 1; return 0; }
int main(void) {
	pthread_t t;
	pthread_create(&t, 0, ends, 0);
	while (!done) {}
	return 0;
}
`

// TestStepSpinner: who is stepped one by one starves nobody.
func TestStepSpinner(t *testing.T) {
	m := newTestMachine(t, compile(t, spinSource))
	for n := 0; n < 2_000_000; n++ {
		if status, done, err := m.Step(1); err != nil || done {
			if status != 0 || err != nil {
				t.Errorf("status %d %v", status, err)
			}
			return
		}
	}
	t.Error("the other thread never runs")
}
