package emu

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"panda/emu/rr"
)

var (
	combinations = flag.Int("combinations", 50, "how many ways to replay are tried; 1000 with -long")
	oneSeed      = flag.Int64("combination", -1, "try the way with this seed alone")
	oneRecording = flag.String("recording", "", "replay this file in that way, not a new recording")
)

// recordedPrograms are programs whose recordings are replayed; those after the first
// four are larger.
var recordedPrograms = []steadyProgram{
	{"mixed", func(t *testing.T) (string, []string) {
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, bytes.Repeat([]byte("panda"), 5000), 0o600); err != nil {
			t.Fatal(err)
		}
		return compile(t, mixedSource), []string{file}
	}},
	{"world", func(t *testing.T) (string, []string) { return compile(t, worldSource), nil }},
	{"turns", func(t *testing.T) (string, []string) { return compile(t, turnsSource), nil }},
	{"guest", func(t *testing.T) (string, []string) { return guestProgram(t), []string{"/lib/nothing.so"} }},
	{"forks", func(t *testing.T) (string, []string) { return compile(t, forksSource), nil }},
	{"signals", func(t *testing.T) (string, []string) { return compile(t, signalsSource), nil }},
	{"go", goProgram},
	{"python", pythonProgram},
	{"bash", bashProgram},
}

// mixedSource is a short program that has something of everything: threads that copy and
// compare strings, timers, a child, a file that is mapped and written.
const mixedSource = `
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static volatile int ticks;
static void tick(int s) { ticks++; }
static unsigned long sum;
static void *work(void *p) {
	char a[300], *b;
	for (int i = 0; i < 40; i++) {
		struct timespec ts;
		clock_gettime(CLOCK_REALTIME, &ts);
		snprintf(a, sizeof a, "%ld %d %p", ts.tv_nsec, i, p);
		b = strdup(a);
		memset(a, 'x', sizeof a - 1);
		memcpy(a + 100, b, strlen(b) + 1);
		__sync_fetch_and_add(&sum, strlen(a) + strcmp(a, b) + (strchr(b, '7') ? 1 : 0));
		free(b);
		if (i % 8 == 0) usleep(50);
	}
	return 0;
}
int main(int n, char **args) {
	pthread_t t[3];
	struct itimerval it = {{0, 300}, {0, 300}};
	int s, fd = open(args[1], O_RDWR), p[2];
	char b[100];
	signal(SIGALRM, tick);
	setitimer(ITIMER_REAL, &it, 0);
	for (long i = 0; i < 3; i++) pthread_create(&t[i], 0, work, (void *)i);
	char *map = mmap(0, 40000, 3, MAP_SHARED, fd, 0);
	for (int i = 0; i < 10; i++) {
		pwrite(fd, &ticks, 4, i * 2000);
		memcpy(map + i * 2001, map + 100, 50);
		sum += map[i * 2000] + map[i * 1999];
		ftruncate(fd, 25000 + i * 100);
	}
	pipe(p);
	if (fork() == 0) {
		int len = snprintf(b, sizeof b, "%d %d", getpid(), rand());
		write(p[1], b, len);
		memcpy(map + 7, b, len);
		_exit(len);
	}
	wait(&s);
	n = read(p[0], b, sizeof b);
	for (int i = 0; i < 3; i++) pthread_join(t[i], 0);
	printf("%lu %d %d %.*s %.5s\n", sum, ticks, WEXITSTATUS(s), n, b, map + 7);
	return ticks & 7;
}
`

// combination is a way to record or to replay, by a seed.
type combination struct {
	*rand.Rand
	text  string // for who reads of a failure
	insns uint64 // about how many there are
	first func(m *Machine)
}

func newCombination(seed uint64, insns uint64) *combination {
	return &combination{Rand: rand.New(rand.NewPCG(seed, seed)), insns: insns, first: func(*Machine) {}}
}

func (c *combination) note(format string, a ...any) { c.text += fmt.Sprintf(format, a...) + " " }

func (c *combination) one(of int) bool { return c.IntN(of) == 0 }

// config chooses an engine.
func (c *combination) config(cfg *Config) {
	cfg.Accel, cfg.MMU = Accels[c.IntN(len(Accels))], MMU(c.IntN(2))
	cfg.Lockstep = c.one(12)
	c.note("%s %v lockstep=%v", cfg.Accel, cfg.MMU, cfg.Lockstep)
}

// taken is what was recorded.
type taken struct {
	file, output string
	status       int
	insns        uint64
}

// recordOnce records a program in a way, into a file that stays if the test fails.
func recordOnce(t *testing.T, p steadyProgram, seed uint64) *taken {
	t.Helper()
	path, args := p.make(t)
	out, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	c, file := newCombination(seed, 1_000_000), filepath.Join(t.TempDir(), p.name+".rr")
	fd := int(out.Fd())
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	cfg := Config{
		Program: &Program{
			Path: path, Args: append([]string{path}, args...), Env: []string{"LC_ALL=C", "PATH=/usr/bin:/bin"}, Dir: "/", Stdin: int(null.Fd()), Stdout: fd, Stderr: fd,
		},
		Record: &RecordTo{File: file},
	}
	if p.name == "world" {
		ready := bothered(t)
		c.first = func(m *Machine) { m.At(250_000, ready) } // it handles signals then
	}
	r := c.run(t, cfg)
	r.file = file
	b, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	r.output = string(b)
	return r
}

// run runs a machine in the way to its end.
func (c *combination) run(t *testing.T, cfg Config) *taken {
	t.Helper()
	c.config(&cfg)
	m, err := New(cfg)
	if err != nil {
		t.Fatalf("%s: %v", c.text, err)
	}
	defer m.Close()
	c.first(m)
	end := c.drive(t, m)
	defer end()
	for {
		status, done, err := m.Run()
		if err != nil {
			t.Fatalf("%s: %v", c.text, err)
		}
		if done {
			return &taken{status: status, insns: m.cpu.Icount()}
		}
	}
}

// replay replays a recording in the way that a seed chooses.
func (r *taken) replay(t *testing.T, seed uint64) {
	t.Helper()
	rec, err := rr.Open(r.file)
	if err != nil {
		t.Fatal(err)
	}
	defer rec.Close()
	c := newCombination(seed, r.insns)
	var out bytes.Buffer
	cfg, err := ReplayConfig(Config{}, rec)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Output[0], cfg.Output[1] = &out, &out
	got := c.run(t, cfg)
	if got.status != r.status || got.insns != r.insns || out.String() != r.output {
		t.Errorf("%s: status %d after %d instructions, output %q; want %d after %d, %q", c.text, got.status, got.insns, out.String(), r.status, r.insns, r.output)
	}
}

// again is how often a recording is replayed before another is made.
const again = 10

// TestCombinations replays recordings in ways that seeds choose: each must do what was
// recorded. They were made in such ways as well.
func TestCombinations(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("there is one engine")
	}
	programs, n := recordedPrograms[:4], *combinations
	if *long {
		programs, n = recordedPrograms, 1000
	}
	first := 0
	if *oneSeed >= 0 {
		first, n = int(*oneSeed), 1
	}
	var r *taken
	for i := first; i < first+n; i++ {
		seed := uint64(i)
		p := programs[i/again%len(programs)]
		if r == nil || i%again == 0 {
			r = recorded(t, p, seed/again)
		}
		if r == nil {
			continue // it is not there
		}
		if ok := t.Run(fmt.Sprintf("%s/%d", p.name, seed), func(t *testing.T) { r.replay(t, seed) }); !ok {
			t.Logf("again: go test ./emu -run TestCombinations -args -combination %d -recording %s", seed, r.keep(t))
		}
	}
}

// recorded is a recording of a program, nil if there is no such program here.
func recorded(t *testing.T, p steadyProgram, seed uint64) (r *taken) {
	if *oneRecording != "" {
		rec, err := rr.Open(*oneRecording)
		if err != nil {
			t.Fatal(err)
		}
		defer rec.Close()
		r = &taken{file: *oneRecording, status: rec.Summary.Status, insns: rec.Summary.Instructions}
		if b, err := os.ReadFile(*oneRecording + ".out"); err == nil {
			r.output = string(b)
		}
		return r
	}
	dir, err := os.MkdirTemp("", "recorded")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	t.Run(fmt.Sprintf("%s/record %d", p.name, seed), func(t *testing.T) {
		r = recordOnce(t, p, seed)
		file := filepath.Join(dir, filepath.Base(r.file))
		if err := os.Rename(r.file, file); err != nil {
			t.Fatal(err)
		}
		r.file = file
	})
	return r
}

// keep keeps a recording, and what it is to print.
func (r *taken) keep(t *testing.T) string {
	if *oneRecording != "" {
		return r.file
	}
	dir, err := os.MkdirTemp("", "failed")
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(r.file)
	name := filepath.Join(dir, filepath.Base(r.file))
	if err == nil {
		err = os.WriteFile(name, b, 0o600)
	}
	if err == nil {
		err = os.WriteFile(name+".out", []byte(r.output), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return name
}
