package linux

import (
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
)

// TestTimeLimit: SIGXCPU in each second from the soft limit on, SIGKILL at the hard
// one; timers that count the time of the process.
func TestTimeLimit(t *testing.T) {
	s := newSession(t)
	late, profiled := 0, 0
	status := s.run(func(g *fakeThread) {
		spend := func(ns int64) {
			s.kernel.sched.cur.spend(ns)
			g.must(unix.SYS_GETPID)
		}
		g.handle(abi.SIGXCPU, 0, func(*fakeThread, int) { late++ })
		g.handle(abi.SIGPROF, 0, func(*fakeThread, int) { profiled++ })
		g.must(unix.SYS_SETRLIMIT, unix.RLIMIT_CPU, &abi.Rlimit{Cur: 2, Max: 4})
		ms := abi.Timeval{Usec: 1000}
		g.must(unix.SYS_SETITIMER, unix.ITIMER_PROF, &abi.Itimerval{Interval: ms, Value: ms}, 0)
		for _, want := range []struct {
			ns         int64
			late, prof int
		}{{500_000, 0, 0}, {500_000, 0, 1}, {1e9, 0, 2}, {1e9, 1, 3}, {5e8, 1, 4}, {5e8, 2, 5}} {
			spend(want.ns)
			g.check(late == want.late && profiled == want.prof, "after %d: %d times late, profiled %d, want %+v", want.ns, late, profiled, want)
		}
		spend(1e9)
		t.Error("it runs on")
	})
	if status != 128+abi.SIGKILL {
		t.Errorf("status %d", status)
	}
}

// TestTimes: the times of children count once they are waited for.
func TestTimes(t *testing.T) {
	s := newSession(t)
	s.run(func(g *fakeThread) {
		g.fork(func(g *fakeThread) { s.kernel.sched.cur.spend(7e8) })
		g.wait()
		a := g.alloc(32)
		g.must(unix.SYS_TIMES, a)
		own, children := le.Uint64(g.get(a, 8)), le.Uint64(g.get(a+16, 8))
		g.check(own == 0 && children == 70, "own %d, children %d", own, children)
		g.must(unix.SYS_GETRUSAGE, unix.RUSAGE_CHILDREN, g.alloc(144))
		g.fails(abi.EINVAL, unix.SYS_GETRUSAGE, 7, g.alloc(144))
	})
}

// TestZombiesCount: a process that nobody has waited for takes one of the threads
// that there may be.
func TestZombiesCount(t *testing.T) {
	s := newSession(t)
	s.run(func(g *fakeThread) {
		s.kernel.limits.Threads = 5
		for range 4 {
			g.fork(func(*fakeThread) {})
			g.must(unix.SYS_WAITID, abi.P_ALL, 0, 0, abi.WEXITED|abi.WNOWAIT, 0)
		}
		g.fails(abi.EAGAIN, unix.SYS_FORK)
		g.wait()
		g.fork(func(*fakeThread) {})
	})
}
