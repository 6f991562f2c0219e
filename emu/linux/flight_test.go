package linux

import (
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
)

// enclosedRun is guestRun for a kernel whose sockets lead to nobody else.
func enclosedRun(t *testing.T, fn func(k *Kernel, g *fakeThread)) {
	t.Helper()
	s := newSession(t)
	s.cfg.Host.Walks = true
	if status := s.run(func(g *fakeThread) { fn(s.kernel, g) }); status != 0 {
		t.Errorf("status %d: %s", status, s.output())
	}
}

func (g *fakeThread) socketpair(typ int) (a, b int64) {
	p := g.alloc(8)
	g.must(unix.SYS_SOCKETPAIR, unix.AF_UNIX, typ, 0, p)
	return int64(g.u32(p)), int64(g.u32(p + 4))
}

// header is a message of one byte with control data.
func (g *fakeThread) header(control []byte) (msg, ctl uint64) {
	ctl = g.put(control)
	iov := g.put(le.AppendUint64(le.AppendUint64(nil, g.put([]byte("m"))), 1))
	return g.put(abi.Layout64.Bytes(&abi.Msghdr{Iov: iov, Iovlen: 1, Control: ctl, Controllen: uint64(len(control))})), ctl
}

// pass sends descriptors.
func (g *fakeThread) pass(to int64, fds ...int64) int64 {
	var data []byte
	for _, fd := range fds {
		data = le.AppendUint32(data, uint32(fd))
	}
	msg, _ := g.header(appendCmsg(abi.Layout64, nil, &abi.Cmsghdr{Level: unix.SOL_SOCKET, Type: unix.SCM_RIGHTS}, data))
	return g.sys(unix.SYS_SENDMSG, to, msg, unix.MSG_DONTWAIT)
}

func (g *fakeThread) close(fds ...int64) {
	for _, fd := range fds {
		g.must(unix.SYS_CLOSE, fd)
	}
}

// TestFlightsCount: files that only messages hold, in sockets that only messages
// hold, count as open ones until they are thrown away.
func TestFlightsCount(t *testing.T) {
	enclosedRun(t, func(k *Kernel, g *fakeThread) {
		const room = 40
		before := k.files.open
		k.limits.Files = before + room
		held := int64(-1)
		for n := 0; k.files.open+4 < k.limits.Files; n++ {
			g.check(n < room, "%d messages hold %d files", n, k.files.open-before)
			a, b := g.socketpair(unix.SOCK_STREAM)
			fds := []int64{g.must(unix.SYS_EVENTFD2, 0, 0)}
			if held >= 0 {
				fds = append(fds, held)
			}
			g.check(g.pass(a, fds...) == 1, "sendmsg")
			g.close(append(fds, a)...)
			held = b
		}
		k.limits.Files = k.files.open
		g.check(g.pass(held, held) == -int64(abi.ETOOMANYREFS), "more than the limit")
		g.check(len(k.sockets.flights) >= room/3-2, "%d in flight", len(k.sockets.flights))
		g.close(held)
		g.check(k.files.open == before && len(k.sockets.flights) == 0, "%d open, %d in flight", k.files.open-before, len(k.sockets.flights))
	})
}

// TestFlights: what was passed is the same open file; a message that goes with its
// socket gives its files up.
func TestFlights(t *testing.T) {
	enclosedRun(t, func(k *Kernel, g *fakeThread) {
		for _, typ := range []int{unix.SOCK_STREAM, unix.SOCK_DGRAM, unix.SOCK_SEQPACKET} {
			before := k.files.open
			a, b := g.socketpair(typ)
			r, w := g.pipe()
			buf := g.alloc(8)
			g.check(g.pass(a, w, w) == 1 && g.pass(a, w) == 1, "sendmsg")
			g.close(w)
			for _, flags := range []int{unix.MSG_PEEK, unix.MSG_CMSG_CLOEXEC} {
				msg, ctl := g.header(make([]byte, 24))
				g.check(g.must(unix.SYS_RECVMSG, b, msg, flags) == 1, "recvmsg")
				fd, last := int64(g.u32(ctl+16)), int64(g.u32(ctl+20))
				g.must(unix.SYS_WRITE, last, "passed", 6)
				g.check(g.must(unix.SYS_READ, r, buf, 8) == 6, "read")
				g.close(fd, last)
			}
			g.must(unix.SYS_FCNTL, r, abi.F_SETFL, abi.O_NONBLOCK)
			g.fails(abi.EAGAIN, unix.SYS_READ, r, buf, 8)
			g.close(a, b)
			g.check(g.must(unix.SYS_READ, r, buf, 8) == 0, "the end")
			g.close(r)
			g.check(k.files.open == before && len(k.sockets.flights) == 0, "%d open, %d in flight", k.files.open-before, len(k.sockets.flights))
		}
	})
}

// TestFlightsUnseen: a receiver that asks for no control data lets the files go; who
// waits for their end, or is at the limit because of them, is not kept.
func TestFlightsUnseen(t *testing.T) {
	enclosedRun(t, func(k *Kernel, g *fakeThread) {
		a, b := g.socketpair(unix.SOCK_DGRAM)
		buf := g.alloc(1)
		for range 2 {
			r, w := g.pipe()
			g.check(g.pass(a, w) == 1, "sendmsg")
			g.close(w)
			g.must(unix.SYS_READ, b, buf, 1)
			g.check(g.must(unix.SYS_READ, r, buf, 1) == 0, "the end of a pipe")
			g.close(r)
		}
		fd := g.must(unix.SYS_EVENTFD2, 0, 0)
		g.check(g.pass(a, fd) == 1, "sendmsg")
		g.close(fd)
		g.must(unix.SYS_READ, b, buf, 1)
		k.limits.Files = k.files.open
		g.check(g.pass(a, b) == 1, "at the limit")
	})
}
