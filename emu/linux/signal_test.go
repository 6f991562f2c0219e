package linux

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/signal"
)

func TestHandler(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		var got []int
		g.handle(abi.SIGUSR1, abi.SA_SIGINFO, func(g *fakeThread, sig int) {
			var info abi.Siginfo
			abi.Layout64.Get(g.get(g.c.W[regs.RSI], abi.SiginfoSize), &info)
			g.check(info.Code == abi.SI_USER && int64(info.PID) == g.e.first(), "%+v", info)
			got = append(got, sig)
			g.must(unix.SYS_GETPID) // a call within a handler
		})
		pid := g.sys(unix.SYS_GETPID)
		g.check(g.sys(unix.SYS_KILL, pid, abi.SIGUSR1) == 0 && len(got) == 1, "handled %v", got)
		set := le.AppendUint64(nil, signal.Bit(abi.SIGUSR1))
		g.must(unix.SYS_RT_SIGPROCMASK, abi.SIG_BLOCK, set, 0, 8)
		g.must(unix.SYS_KILL, pid, abi.SIGUSR1)
		g.must(unix.SYS_KILL, pid, abi.SIGUSR1)
		pending := g.alloc(8)
		g.must(unix.SYS_RT_SIGPENDING, pending, 8)
		g.check(le.Uint64(g.get(pending, 8)) == signal.Bit(abi.SIGUSR1) && len(got) == 1, "blocked signal")
		g.must(unix.SYS_RT_SIGPROCMASK, abi.SIG_UNBLOCK, set, 0, 8)
		g.check(len(got) == 2, "a standard signal is pending once: %v", got)
	})
}

// TestSigreturnText: a trace says which signals the handler's return blocks, as its
// frame does.
func TestSigreturnText(t *testing.T) {
	s := newSession(t)
	var b strings.Builder
	s.cfg.Strace = &b
	s.run(func(g *fakeThread) {
		g.handle(abi.SIGUSR1, 0, func(*fakeThread, int) {})
		g.must(unix.SYS_RT_SIGPROCMASK, abi.SIG_BLOCK, le.AppendUint64(nil, signal.Bit(abi.SIGHUP)), 0, 8)
		g.must(unix.SYS_KILL, g.sys(unix.SYS_GETPID), abi.SIGUSR1)
	})
	if !strings.Contains(b.String(), "\nrt_sigreturn({mask=[HUP]})") {
		t.Error(b.String())
	}
}

// TestNoWait: a signal that a mask lets through comes before a time of nothing.
func TestNoWait(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		handled := 0
		g.handle(abi.SIGUSR1, 0, func(*fakeThread, int) { handled++ })
		g.must(unix.SYS_RT_SIGPROCMASK, abi.SIG_BLOCK, le.AppendUint64(nil, signal.Bit(abi.SIGUSR1)), 0, 8)
		none, now := g.alloc(8), &abi.Timespec{}
		for n := 1; n <= 2; n++ {
			g.must(unix.SYS_KILL, g.e.first(), abi.SIGUSR1)
			if n == 1 {
				g.fails(abi.EINTR, unix.SYS_PPOLL, 0, 0, now, none, 8)
			} else {
				masked := le.AppendUint64(le.AppendUint64(nil, none), 8)
				g.fails(abi.EINTR, unix.SYS_PSELECT6, 0, 0, 0, 0, now, masked)
			}
			g.check(handled == n, "handled %d of %d", handled, n)
		}
		g.check(g.must(unix.SYS_PPOLL, 0, 0, now, none, 8) == 0, "nothing comes")
	})
}

func TestRestart(t *testing.T) {
	for _, row := range []struct {
		flags int
		want  int64
	}{{abi.SA_RESTART, 1}, {0, -int64(abi.EINTR)}} {
		guestRun(t, func(g *fakeThread) {
			handled := 0
			g.handle(abi.SIGUSR1, row.flags, func(*fakeThread, int) { handled++ })
			r, w := g.pipe()
			parent := g.sys(unix.SYS_GETPID)
			g.fork(func(g *fakeThread) {
				g.must(unix.SYS_KILL, parent, abi.SIGUSR1)
				g.must(unix.SYS_NANOSLEEP, &abi.Timespec{Nsec: 2e6}, 0)
				g.must(unix.SYS_WRITE, w, "x", 1)
			})
			n := g.sys(unix.SYS_READ, r, g.alloc(1), 1)
			g.check(n == row.want && handled == 1, "read gives %d, %d signals", n, handled)
			g.wait()
			// pause is never restarted after a handler.
			g.fork(func(g *fakeThread) { g.must(unix.SYS_KILL, parent, abi.SIGUSR1) })
			g.check(g.sys(unix.SYS_PAUSE) == -int64(abi.EINTR), "pause")
		})
	}
}

func TestSigsuspend(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		handled := 0
		g.handle(abi.SIGCHLD, 0, func(g *fakeThread, _ int) { handled++ })
		set := le.AppendUint64(nil, signal.Bit(abi.SIGCHLD))
		g.must(unix.SYS_RT_SIGPROCMASK, abi.SIG_BLOCK, set, 0, 8)
		g.fork(func(g *fakeThread) {})
		g.check(g.sys(unix.SYS_RT_SIGSUSPEND, make([]byte, 8), 8) == -int64(abi.EINTR) && handled == 1, "handled %d", handled)
		old := g.alloc(8)
		g.must(unix.SYS_RT_SIGPROCMASK, abi.SIG_BLOCK, 0, old, 8)
		g.check(le.Uint64(g.get(old, 8)) == signal.Bit(abi.SIGCHLD), "mask after sigsuspend is %#x", le.Uint64(g.get(old, 8)))
	})
}

func TestSigtimedwait(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		set := le.AppendUint64(nil, signal.Bit(abi.SIGUSR2))
		g.must(unix.SYS_RT_SIGPROCMASK, abi.SIG_BLOCK, set, 0, 8)
		g.fails(abi.EAGAIN, unix.SYS_RT_SIGTIMEDWAIT, set, 0, &abi.Timespec{Nsec: 1e6}, 8)
		parent := g.sys(unix.SYS_GETPID)
		g.fork(func(g *fakeThread) { g.must(unix.SYS_KILL, parent, abi.SIGUSR2) })
		info := g.alloc(abi.SiginfoSize)
		g.check(g.must(unix.SYS_RT_SIGTIMEDWAIT, set, info, 0, 8) == abi.SIGUSR2, "signal")
		g.check(g.u32(info) == abi.SIGUSR2, "siginfo")
	})
}

func TestAltStack(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		stack := g.alloc(16384)
		g.must(unix.SYS_SIGALTSTACK, &abi.Stack{SP: stack, Size: 16384}, 0)
		on := false
		g.handle(abi.SIGUSR1, abi.SA_ONSTACK, func(g *fakeThread, _ int) {
			sp := g.c.W[regs.RSP]
			on = sp > stack && sp < stack+16384
			g.fails(abi.EPERM, unix.SYS_SIGALTSTACK, &abi.Stack{SP: stack, Size: 4096}, 0)
		})
		g.must(unix.SYS_TKILL, g.sys(unix.SYS_GETTID), abi.SIGUSR1)
		g.check(on, "handler is not on its stack")
	})
}

func TestFaults(t *testing.T) {
	rows := []struct {
		exc  guest.Exception
		sig  int
		code int32
		addr bool
	}{
		{guest.Exception{Vector: vecPage, HasCode: true, Code: pfWrite, Addr: 0x10}, abi.SIGSEGV, abi.SEGV_MAPERR, true},
		{guest.Exception{Vector: vecPage, HasCode: true, Code: pfWrite | pfPresent, Addr: 0x400000}, abi.SIGSEGV, abi.SEGV_ACCERR, true},
		{guest.Exception{Vector: vecDivide}, abi.SIGFPE, abi.FPE_INTDIV, false},
		{guest.Exception{Vector: vecUndefined}, abi.SIGILL, abi.ILL_ILLOPN, false},
		{guest.Exception{Vector: vecBreak, Next: true}, abi.SIGTRAP, abi.SI_KERNEL, false},
		{guest.Exception{Vector: vecGeneral, HasCode: true}, abi.SIGSEGV, abi.SI_KERNEL, false},
	}
	for _, row := range rows {
		guestRun(t, func(g *fakeThread) {
			handled := false
			g.handle(row.sig, abi.SA_SIGINFO, func(g *fakeThread, sig int) {
				var info abi.Siginfo
				abi.Layout64.Get(g.get(g.c.W[regs.RSI], abi.SiginfoSize), &info)
				g.check(info.Code == row.code, "vector %d: code %d, want %d", row.exc.Vector, info.Code, row.code)
				g.check(!row.addr || info.Addr == uint64(row.exc.Addr), "vector %d: address %#x", row.exc.Vector, info.Addr)
				handled = true
			})
			g.yield(fakeReq{exc: &row.exc})
			g.check(handled, "vector %d is not handled", row.exc.Vector)
		})
	}
}

func TestDeath(t *testing.T) {
	s := newSession(t)
	status := s.run(func(g *fakeThread) {
		g.yield(fakeReq{exc: &guest.Exception{Vector: vecPage, Addr: 0x123}})
	})
	if status != 128+abi.SIGSEGV || !strings.Contains(s.output(), "prog: Segmentation fault (pc") || !strings.Contains(s.output(), "address 0x123") {
		t.Errorf("%d %q", status, s.output())
	}
}

// TestBlockedFault: a fault that is blocked or ignored kills.
func TestBlockedFault(t *testing.T) {
	s := newSession(t)
	status := s.run(func(g *fakeThread) {
		g.must(unix.SYS_RT_SIGACTION, abi.SIGFPE, &abi.Sigaction{Handler: abi.SIG_IGN}, 0, 8)
		g.yield(fakeReq{exc: &guest.Exception{Vector: vecDivide}})
	})
	if status != 128+abi.SIGFPE {
		t.Error(status)
	}
}

func TestStopContinue(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		pid := g.fork(func(g *fakeThread) {
			g.must(unix.SYS_KILL, g.sys(unix.SYS_GETPID), abi.SIGSTOP)
			g.sys(unix.SYS_EXIT_GROUP, 6)
		})
		a := g.alloc(4)
		next := func(options int) uint32 {
			g.check(g.must(unix.SYS_WAIT4, pid, a, options, 0) == pid, "pid")
			return g.u32(a)
		}
		g.check(next(abi.WUNTRACED) == abi.SIGSTOP<<8|0x7f, "stop %#x", g.u32(a))
		g.must(unix.SYS_KILL, pid, abi.SIGCONT)
		g.check(next(abi.WCONTINUED) == 0xffff, "continue %#x", g.u32(a))
		g.check(next(0) == 6<<8, "exit %#x", g.u32(a))
	})
}

func TestTimers(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		count := 0
		g.handle(abi.SIGALRM, 0, func(*fakeThread, int) { count++ })
		ms := abi.Timeval{Usec: 1000}
		g.must(unix.SYS_SETITIMER, 0, &abi.Itimerval{Interval: ms, Value: ms}, 0)
		for count < 3 {
			g.fails(abi.EINTR, unix.SYS_PAUSE)
		}
		g.must(unix.SYS_SETITIMER, 0, &abi.Itimerval{}, 0)
		var value uint64
		g.handle(abi.SIGRTMIN+1, abi.SA_SIGINFO, func(g *fakeThread, _ int) {
			var info abi.Siginfo
			abi.Layout64.Get(g.get(g.c.W[regs.RSI], abi.SiginfoSize), &info)
			value = info.Value
		})
		id := g.alloc(4)
		g.must(unix.SYS_TIMER_CREATE, abi.CLOCK_MONOTONIC, &abi.Sigevent{Value: 77, Signo: abi.SIGRTMIN + 1, Notify: abi.SIGEV_SIGNAL}, id)
		g.must(unix.SYS_TIMER_SETTIME, int(g.u32(id)), 0, &abi.Itimerspec{Value: abi.Timespec{Nsec: 1e6}}, 0)
		g.fails(abi.EINTR, unix.SYS_PAUSE)
		g.check(value == 77, "value %d", value)
		g.must(unix.SYS_TIMER_DELETE, int(g.u32(id)))
		g.fails(abi.EINVAL, unix.SYS_TIMER_DELETE, int(g.u32(id)))
	})
}

func TestSignalfd(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		set := le.AppendUint64(nil, signal.Bit(abi.SIGUSR1))
		g.must(unix.SYS_RT_SIGPROCMASK, abi.SIG_BLOCK, set, 0, 8)
		fd := g.must(unix.SYS_SIGNALFD4, -1, set, 8, 0)
		parent := g.sys(unix.SYS_GETPID)
		g.fork(func(g *fakeThread) { g.must(unix.SYS_KILL, parent, abi.SIGUSR1) })
		p := &abi.PollFD{FD: int32(fd), Events: unix.POLLIN}
		g.check(g.must(unix.SYS_POLL, p, 1, 1000) == 1, "poll")
		buf := g.alloc(128)
		g.check(g.must(unix.SYS_READ, fd, buf, 128) == 128 && g.u32(buf) == abi.SIGUSR1, "read")
		g.check(g.must(unix.SYS_POLL, p, 1, 0) == 0, "still readable")
	})
}

func TestSigpipe(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		hit := false
		g.handle(abi.SIGPIPE, 0, func(*fakeThread, int) { hit = true })
		r, w := g.pipe()
		g.must(unix.SYS_CLOSE, r)
		g.fails(abi.EPIPE, unix.SYS_WRITE, w, "x", 1)
		g.check(hit, "no SIGPIPE")
	})
}

func TestBadFrame(t *testing.T) {
	s := newSession(t)
	if status := s.run(func(g *fakeThread) {
		g.c.W[regs.RSP] = 0x1000
		g.sys(unix.SYS_RT_SIGRETURN)
	}); status != 128+abi.SIGSEGV {
		t.Error(status)
	}
}
