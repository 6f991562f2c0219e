package linux

import (
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
)

func TestTCP(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		addr := abi.Layout64.Bytes(&abi.SockaddrIn{Addr: [4]byte{127, 0, 0, 1}})
		l := g.must(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM, 0)
		g.must(unix.SYS_BIND, l, addr, len(addr))
		g.must(unix.SYS_LISTEN, l, 1)
		name, size := g.alloc(16), g.alloc(4)
		g.setU32(size, 16)
		g.must(unix.SYS_GETSOCKNAME, l, name, size)
		g.newThread(func(g *fakeThread) {
			c := g.must(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM, 0)
			g.must(unix.SYS_CONNECT, c, name, 16)
			g.must(unix.SYS_SENDTO, c, "ping", 4, 0, 0, 0)
			buf := g.alloc(16)
			g.check(g.must(unix.SYS_RECVFROM, c, buf, 8, unix.MSG_WAITALL, 0, 0) == 8, "MSG_WAITALL")
			g.must(unix.SYS_CLOSE, c)
			g.sys(unix.SYS_EXIT, 0)
		})
		g.fails(abi.EINVAL, unix.SYS_ACCEPT4, l, 0, 0, 1)
		c := g.must(unix.SYS_ACCEPT, l, 0, 0)
		buf := g.alloc(64)
		g.check(g.must(unix.SYS_READ, c, buf, 64) == 4 && string(g.get(buf, 4)) == "ping", "read")
		g.must(unix.SYS_WRITE, c, "pong", 4)
		g.must(unix.SYS_NANOSLEEP, &abi.Timespec{Nsec: 1e6}, 0)
		g.must(unix.SYS_WRITE, c, "pong", 4)
		g.check(g.must(unix.SYS_READ, c, buf, 64) == 0, "end of the connection")
		tv := le.AppendUint64(le.AppendUint64(nil, 0), 1000)
		g.must(unix.SYS_SETSOCKOPT, l, unix.SOL_SOCKET, unix.SO_RCVTIMEO, tv, 16)
		g.fails(abi.EAGAIN, unix.SYS_ACCEPT, l, 0, 0)
	})
}

// TestPassFiles sends a descriptor to another process.
func TestPassFiles(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		pair := g.alloc(8)
		g.must(unix.SYS_SOCKETPAIR, unix.AF_UNIX, unix.SOCK_STREAM, 0, pair)
		a, b := int64(g.u32(pair)), int64(g.u32(pair+4))
		message := func(g *fakeThread, control []byte) (msg, ctl uint64) {
			ctl = g.put(control)
			iov := g.put(le.AppendUint64(le.AppendUint64(nil, g.put([]byte("m"))), 1))
			return g.put(abi.Layout64.Bytes(&abi.Msghdr{Iov: iov, Iovlen: 1, Control: ctl, Controllen: uint64(len(control))})), ctl
		}
		r, w := g.pipe()
		g.fork(func(g *fakeThread) {
			g.must(unix.SYS_CLOSE, w)
			msg, ctl := message(g, make([]byte, 24))
			g.check(g.must(unix.SYS_RECVMSG, b, msg, 0) == 1, "recvmsg")
			fd := int64(g.u32(ctl + 16))
			g.check(fd == w, "descriptor %d", fd)
			g.check(g.must(unix.SYS_FCNTL, fd, abi.F_GETFL, 0)&abi.O_NONBLOCK == 0, "O_NONBLOCK of a passed pipe")
			g.must(unix.SYS_WRITE, fd, "passed", 6)
		})
		rights := appendCmsg(abi.Layout64, nil, &abi.Cmsghdr{Level: unix.SOL_SOCKET, Type: unix.SCM_RIGHTS}, le.AppendUint32(nil, uint32(w)))
		msg, _ := message(g, rights)
		g.must(unix.SYS_SENDMSG, a, msg, 0)
		buf := g.alloc(8)
		g.check(g.must(unix.SYS_READ, r, buf, 8) == 6, "read")
	})
}

func TestPollAndSelect(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		r, w := g.pipe()
		fds := append(abi.Layout64.Bytes(&abi.PollFD{FD: int32(r), Events: unix.POLLIN}), abi.Layout64.Bytes(&abi.PollFD{FD: 50, Events: unix.POLLIN})...)
		p := g.put(fds)
		g.check(g.must(unix.SYS_POLL, p, 2, -1) == 1 && g.u32(p+12)>>16 == unix.POLLNVAL, "invalid descriptor")
		g.check(g.must(unix.SYS_POLL, p, 1, 1) == 0, "timeout")
		g.newThread(func(g *fakeThread) {
			g.must(unix.SYS_WRITE, w, "x", 1)
			g.sys(unix.SYS_EXIT, 0)
		})
		g.check(g.must(unix.SYS_POLL, p, 1, -1) == 1 && g.u32(p+4)>>16 == unix.POLLIN, "readable")
		set := g.put(le.AppendUint64(nil, 1<<r|1<<w))
		g.check(g.must(unix.SYS_SELECT, w+1, set, set, 0, 0) == 2, "select")
		g.must(unix.SYS_READ, r, g.alloc(1), 1)
		in := g.put(le.AppendUint64(nil, 1<<r))
		g.check(g.must(unix.SYS_PSELECT6, w+1, in, 0, 0, &abi.Timespec{Nsec: 1e6}, 0) == 0 && g.u32(in) == 0, "pselect6")
		g.fails(abi.EBADF, unix.SYS_SELECT, 64, le.AppendUint64(nil, 1<<50), 0, 0, 0)
	})
}

func TestEpoll(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		ep := g.must(unix.SYS_EPOLL_CREATE1, 0)
		ev := g.must(unix.SYS_EVENTFD2, 0, 0)
		g.must(unix.SYS_EPOLL_CTL, ep, unix.EPOLL_CTL_ADD, ev, &abi.EpollEvent{Events: unix.EPOLLIN, Data: 0x123456789abc})
		out := g.alloc(24)
		g.check(g.must(unix.SYS_EPOLL_WAIT, ep, out, 2, 1) == 0, "timeout")
		g.fork(func(g *fakeThread) { g.must(unix.SYS_WRITE, ev, le.AppendUint64(nil, 3), 8) })
		g.check(g.must(unix.SYS_EPOLL_PWAIT, ep, out, 2, -1, 0) == 1, "event")
		var got abi.EpollEvent
		abi.Layout64.Get(g.get(out, 12), &got)
		g.check(got.Data == 0x123456789abc, "data %#x", got.Data)
		buf := g.alloc(8)
		g.must(unix.SYS_READ, ev, buf, 8)
		g.check(le.Uint64(g.get(buf, 8)) == 3, "count")
		tm := g.must(unix.SYS_TIMERFD_CREATE, abi.CLOCK_MONOTONIC, 0)
		g.must(unix.SYS_TIMERFD_SETTIME, tm, 0, &abi.Itimerspec{Value: abi.Timespec{Nsec: 1e6}}, 0)
		g.check(g.must(unix.SYS_READ, tm, buf, 8) == 8, "timerfd")
	})
}

func TestPidfd(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		r, w := g.pipe()
		pid := g.fork(func(g *fakeThread) { g.must(unix.SYS_READ, r, g.alloc(1), 1) })
		fd := g.must(unix.SYS_PIDFD_OPEN, pid, 0)
		p := &abi.PollFD{FD: int32(fd), Events: unix.POLLIN}
		g.check(g.must(unix.SYS_POLL, p, 1, 0) == 0, "the child lives")
		g.must(unix.SYS_WRITE, w, "x", 1)
		g.check(g.must(unix.SYS_POLL, p, 1, -1) == 1, "the child ended")
		info := g.alloc(abi.SiginfoSize)
		g.must(unix.SYS_WAITID, abi.P_PIDFD, fd, info, abi.WEXITED, 0)
		var v abi.Siginfo
		abi.Layout64.Get(g.get(info, abi.SiginfoSize), &v)
		g.check(int64(v.PID) == pid && v.Code == abi.CLD_EXITED, "%+v", v)
	})
}

func TestFutexTimeout(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		word := g.alloc(4)
		g.fails(abi.ETIMEDOUT, unix.SYS_FUTEX, word, abi.FUTEX_WAIT, 0, &abi.Timespec{Nsec: 1e6})
		g.fails(abi.EAGAIN, unix.SYS_FUTEX, word, abi.FUTEX_WAIT, 1, 0)
		g.fails(abi.EFAULT, unix.SYS_FUTEX, 0x1000, abi.FUTEX_WAIT, 0, 0)
		ts := g.alloc(16)
		g.must(unix.SYS_CLOCK_GETTIME, abi.CLOCK_REALTIME, ts)
		g.fails(abi.ETIMEDOUT, unix.SYS_FUTEX, word, abi.FUTEX_WAIT_BITSET|abi.FUTEX_CLOCK_REALTIME, 0, ts, 0, -1)
		shared := uint64(g.must(unix.SYS_MMAP, 0, 4096, 3, abi.MAP_SHARED|abi.MAP_ANONYMOUS, -1, 0))
		g.fork(func(g *fakeThread) {
			for g.sys(unix.SYS_FUTEX, shared, abi.FUTEX_WAKE, 1) == 0 {
				g.sys(unix.SYS_SCHED_YIELD)
			}
		})
		g.must(unix.SYS_FUTEX, shared, abi.FUTEX_WAIT, 0, 0)
		// Four waiters: one is woken, the others go to a second word.
		other := g.alloc(4)
		for range 4 {
			g.newThread(func(g *fakeThread) {
				g.must(unix.SYS_FUTEX, word, abi.FUTEX_WAIT, 0, 0)
				g.sys(unix.SYS_EXIT, 0)
			})
		}
		g.sys(unix.SYS_SCHED_YIELD)
		g.check(g.must(unix.SYS_FUTEX, word, abi.FUTEX_CMP_REQUEUE, 1, 9, other, 0) == 4, "requeue")
		g.check(g.must(unix.SYS_FUTEX, other, abi.FUTEX_WAKE, 9) == 3, "wake after requeue")
		const setOr = 2<<28 | 3<<24 | 5<<12 // *other |= 5; wake there if it was <= 0
		g.must(unix.SYS_FUTEX, word, abi.FUTEX_WAKE_OP, 1, 1, other, setOr)
		g.check(g.u32(other) == 5, "FUTEX_WAKE_OP left %d", g.u32(other))
	})
}

// TestSpinning: a thread that never calls does not keep the others from running.
func TestSpinning(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		word := g.alloc(4)
		g.newThread(func(g *fakeThread) {
			g.must(unix.SYS_NANOSLEEP, &abi.Timespec{Nsec: 1e6}, 0)
			g.setU32(word, 1)
			g.sys(unix.SYS_EXIT, 0)
		})
		for g.u32(word) == 0 {
			g.yield(fakeReq{idle: true})
		}
	})
}

func TestProcessVM(t *testing.T) {
	guestRun(t, func(g *fakeThread) {
		secret := g.put([]byte("parent"))
		parent := g.sys(unix.SYS_GETPID)
		g.fork(func(g *fakeThread) {
			g.c.Space.Write(guest.Addr(secret), []byte("child!"))
			buf := g.alloc(8)
			iov := func(a uint64) []byte { return le.AppendUint64(le.AppendUint64(nil, a), 6) }
			g.check(g.must(unix.SYS_PROCESS_VM_READV, parent, iov(buf), 1, iov(secret), 1, 0) == 6, "length")
			g.check(string(g.get(buf, 6)) == "parent", "%q", g.get(buf, 6))
		})
		_, status := g.wait()
		g.check(status == 0, "status %#x", status)
	})
}
