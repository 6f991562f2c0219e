package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestFairness: whatever threads wait for with others that take it again and
// again, all of them get on. Progress is counted, in rounds of the main thread and
// of the others: the same for each engine, and for each seed about as much.
func TestFairness(t *testing.T) {
	prog := buildC(t, "fair")
	for _, name := range strings.Fields(execute(t, "", "", prog).stdout) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range 2 {
				r := panda(t, "", "-sched-seed", fmt.Sprint(seed), prog, name)
				var main, others int
				if n, _ := fmt.Sscan(r.stdout, &main, &others); n != 2 || r.status != 0 {
					t.Fatalf("seed %d: it does not end: %+v", seed, r)
				}
				if others < main || others > 10_000*main {
					t.Errorf("seed %d: %d rounds, the others %d", seed, main, others)
				}
				if seed != 0 || strings.HasPrefix(name, "trylock") { // the interpreter takes a while for those
					continue
				}
				if i := panda(t, "", "-accel", "interp", prog, name); i.stdout != r.stdout {
					t.Errorf("the interpreter counts %q, the fastest engine %q", i.stdout, r.stdout)
				}
			}
		})
	}
}

// daemonThread is a Python program whose daemon thread lets the interpreter's lock
// go for a short call only.
const daemonThread = `
import os, sys, threading
n, way = 0, sys.argv[1]
null = os.open('/dev/null', os.O_WRONLY)
f = os.fdopen(null, 'w')
def run():
    global n
    while True:
        n += 1
        if way == 'flush': f.write('.'); f.flush()
        elif way == 'write': os.write(null, b'.')
        elif way == 'getppid': os.getppid()
        else: sum(range(100))
r, w = os.pipe()
threading.Thread(target=run, daemon=True).start()
rounds = 0
while rounds < 100:
    last = n
    while n < last + 3: os.sched_yield()
    os.write(w, b'x'); os.read(r, 1)
    rounds += 1
os.write(1, b'%d %d' % (rounds, n))
os._exit(0)
`

// TestPythonDaemonThread: the main thread gets on beside a daemon thread. Python lets it
// wait for 5 ms at a time, so how far the daemon gets is also how fast the host is.
func TestPythonDaemonThread(t *testing.T) {
	need(t, "python3")
	for _, way := range []string{"flush", "write", "getppid", "compute"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			r := panda(t, t.TempDir(), "python3", "-c", daemonThread, way)
			var main, daemon int
			if n, _ := fmt.Sscan(r.stdout, &main, &daemon); n != 2 || daemon > 200_000*main {
				t.Errorf("%+v", r)
			}
		})
	}
}
