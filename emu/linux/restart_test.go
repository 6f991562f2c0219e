package linux

import (
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/signal"
)

// waitsShort is how long the calls with a time wait.
const waitsShort = 20e6

// waiting is a call that blocks until its time has passed or its files have
// something to read, with what it says when the process was stopped and
// continued meanwhile, and when a handler ran that restarts calls. A handler that
// does not restart them always means EINTR.
type waiting struct {
	name              string
	call              func(g *fakeThread, pipe, sock int64) int64
	stopped, handlers errno
}

func short(g *fakeThread) uint64 { return g.arg(&abi.Timespec{Nsec: waitsShort}) }

// later is the point waitsShort from now.
func later(g *fakeThread) *abi.Timespec {
	a := g.alloc(16)
	g.must(unix.SYS_CLOCK_GETTIME, abi.CLOCK_MONOTONIC, a)
	ns := int64(le.Uint64(g.get(a, 8)))*1e9 + int64(le.Uint64(g.get(a+8, 8))) + waitsShort
	return &abi.Timespec{Sec: ns / 1e9, Nsec: ns % 1e9}
}

func pollFD(fd int64) *abi.PollFD { return &abi.PollFD{FD: int32(fd), Events: unix.POLLPRI} }

var waitings = []waiting{
	{"nanosleep", func(g *fakeThread, _, _ int64) int64 { return g.sys(unix.SYS_NANOSLEEP, short(g), 0) }, 0, abi.EINTR},
	{"clock_nanosleep", func(g *fakeThread, _, _ int64) int64 {
		return g.sys(unix.SYS_CLOCK_NANOSLEEP, abi.CLOCK_MONOTONIC, abi.TIMER_ABSTIME, later(g), 0)
	}, 0, abi.EINTR},
	{"poll", func(g *fakeThread, p, _ int64) int64 { return g.sys(unix.SYS_POLL, pollFD(p), 1, 20) }, 0, abi.EINTR},
	{"ppoll", func(g *fakeThread, p, _ int64) int64 { return g.sys(unix.SYS_PPOLL, pollFD(p), 1, short(g), 0, 8) }, 0, abi.EINTR},
	{"select", func(g *fakeThread, p, _ int64) int64 {
		return g.sys(unix.SYS_SELECT, 0, 0, 0, 0, &abi.Timeval{Usec: waitsShort / 1000})
	}, 0, abi.EINTR},
	{"pselect6", func(g *fakeThread, p, _ int64) int64 { return g.sys(unix.SYS_PSELECT6, 0, 0, 0, 0, short(g), 0) }, 0, abi.EINTR},
	{"epoll_wait", func(g *fakeThread, _, _ int64) int64 {
		return g.sys(unix.SYS_EPOLL_WAIT, g.must(unix.SYS_EPOLL_CREATE1, 0), g.alloc(12), 1, 20)
	}, abi.EINTR, abi.EINTR},
	{"read", func(g *fakeThread, p, _ int64) int64 { return g.sys(unix.SYS_READ, p, g.alloc(1), 1) }, 0, 0},
	{"recvfrom", func(g *fakeThread, _, s int64) int64 { return g.sys(unix.SYS_RECVFROM, s, g.alloc(1), 1, 0, 0, 0) }, 0, 0},
	{"recvfrom with a time", func(g *fakeThread, _, s int64) int64 {
		g.must(unix.SYS_SETSOCKOPT, s, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &abi.Timeval{Sec: 100}, 16)
		return g.sys(unix.SYS_RECVFROM, s, g.alloc(1), 1, 0, 0, 0)
	}, abi.EINTR, abi.EINTR},
	{"futex", func(g *fakeThread, _, _ int64) int64 {
		return g.sys(unix.SYS_FUTEX, g.put([]byte{1, 0, 0, 0}), abi.FUTEX_WAIT, 1, short(g))
	}, abi.ETIMEDOUT, abi.EINTR},
	{"futex until", func(g *fakeThread, _, _ int64) int64 {
		return g.sys(unix.SYS_FUTEX, g.put([]byte{1, 0, 0, 0}), abi.FUTEX_WAIT_BITSET, 1, later(g), 0, 1)
	}, abi.ETIMEDOUT, abi.EINTR},
	{"rt_sigtimedwait", func(g *fakeThread, _, _ int64) int64 {
		return g.sys(unix.SYS_RT_SIGTIMEDWAIT, le.AppendUint64(nil, signal.Bit(abi.SIGUSR2)), 0, &abi.Timespec{Sec: 100}, 8)
	}, abi.EINTR, abi.EINTR},
	{"wait4", func(g *fakeThread, _, _ int64) int64 {
		g.fork(func(g *fakeThread) { g.must(unix.SYS_NANOSLEEP, short(g), 0) })
		return g.sys(unix.SYS_WAIT4, -1, 0, 0, 0)
	}, 0, 0},
}

// TestWaitsInterrupted: what blocking calls say of a stop and of handlers (signal(7)).
func TestWaitsInterrupted(t *testing.T) {
	for _, w := range waitings {
		t.Run(w.name, func(t *testing.T) {
			for _, how := range []struct {
				what  string
				flags int
				want  errno
			}{{"stopped", 0, w.stopped}, {"handler", 0, abi.EINTR}, {"handler that restarts", abi.SA_RESTART, w.handlers}} {
				guestRun(t, func(g *fakeThread) { w.interrupt(g, how.what, how.flags, how.want) })
			}
		})
	}
}

// interrupt makes the call in a child and disturbs that.
func (w *waiting) interrupt(g *fakeThread, what string, flags int, want errno) {
	pipeR, pipeW := g.pipe()
	pair := g.alloc(8)
	g.must(unix.SYS_SOCKETPAIR, unix.AF_UNIX, unix.SOCK_STREAM, 0, pair)
	handled := false
	g.handle(abi.SIGUSR1, flags, func(*fakeThread, int) { handled = true })
	child := g.fork(func(g *fakeThread) {
		n := w.call(g, pipeR, int64(g.u32(pair)))
		g.sys(unix.SYS_EXIT_GROUP, -min(n, 0))
	})
	letRun(g)
	if what == "stopped" {
		g.must(unix.SYS_KILL, child, abi.SIGSTOP)
		pid := g.must(unix.SYS_WAIT4, child, 0, abi.WUNTRACED, 0)
		g.check(pid == child, "wait4 gives %d", pid)
		g.must(unix.SYS_KILL, child, abi.SIGCONT)
	} else {
		g.must(unix.SYS_KILL, child, abi.SIGUSR1)
	}
	letRun(g)
	g.must(unix.SYS_WRITE, pipeW, "x", 1)
	g.must(unix.SYS_WRITE, int64(g.u32(pair+4)), "x", 1)
	_, status := g.wait()
	g.check(status == uint32(want)<<8 && handled == (what != "stopped"), "%s, %s: status %#x, want errno %d", w.name, what, status, int(want))
}

// letRun lets the other threads run until they wait.
func letRun(g *fakeThread) {
	for range 10 {
		g.must(unix.SYS_SCHED_YIELD)
	}
}
