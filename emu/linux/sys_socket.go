package linux

import (
	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/hostsys"
)

// Sockets are the host's, in non-blocking mode. Addresses and options have the
// same layout for every guest and host here, except for what names a file or a
// process: see sockaddr and control.

// typeFlags are the flags in the type of a socket.
const typeFlags = unix.SOCK_NONBLOCK | unix.SOCK_CLOEXEC

func (t *Thread) adoptSocket(fd int, e errno, flags int) (int64, errno) {
	return t.adopt(fd, e, "socket:", abi.O_RDWR|flags&typeFlags)
}

func sysSocket(t *Thread, c *call) (int64, errno) {
	fd, e := t.k.host.Socket(c.i32(0), c.i32(1)|typeFlags, c.i32(2))
	return t.adoptSocket(fd, e, c.i32(1))
}

func sysSocketpair(t *Thread, c *call) (int64, errno) {
	fds, e := t.k.host.Socketpair(c.i32(0), c.i32(1)|typeFlags, c.i32(2))
	if e != 0 {
		return 0, e
	}
	flags := abi.O_RDWR | c.i32(1)&typeFlags
	return t.twoFiles(c, 3, fds, [2]int{flags, flags}, "socket:")
}

func cString(b []byte) string {
	for i, ch := range b {
		if ch == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}

func sysBind(t *Thread, c *call) (int64, errno) {
	f, e := t.socket(c.i32(0))
	if e != 0 {
		return 0, e
	}
	addr, own, e := t.sockaddr(c.addr(1), uint64(c.u32(2)), abi.EADDRINUSE)
	if e != 0 {
		return 0, e
	}
	if t.umasked(func() { e = t.k.host.Bind(f.fd, addr) }); e == 0 {
		t.k.noteName(f, addr, own)
	}
	return 0, e
}

func sysConnect(t *Thread, c *call) (int64, errno) {
	f, e := t.socket(c.i32(0))
	if e != 0 {
		return 0, e
	}
	if c.state.begun { // the connection was begun before the call parked
		return 0, t.connected(f)
	}
	addr, _, e := t.sockaddr(c.addr(1), uint64(c.u32(2)), abi.ECONNREFUSED)
	if e != 0 {
		return 0, e
	}
	e = t.k.host.Connect(f.fd, addr)
	switch {
	case e == abi.EINPROGRESS && !f.nonblock():
		c.state.begun = true
		return 0, t.waitFor(f, unix.POLLOUT)
	case e == abi.EAGAIN && !f.nonblock(): // the backlog of a Unix socket is full
		return 0, t.park(wait{deadline: t.k.host.Now() + lockRetry, interrupted: abi.ERESTARTSYS})
	}
	return 0, e
}

// connected is the result of a connection that was waited for.
func (t *Thread) connected(f *File) errno {
	if n, _ := t.k.host.Ppoll([]unix.PollFd{{Fd: int32(f.fd), Events: unix.POLLOUT}}, 0); n == 0 {
		if e := t.waitFor(f, unix.POLLOUT); e != abi.EAGAIN {
			return e
		}
		return abi.EINPROGRESS
	}
	b := make([]byte, 4)
	if _, e := t.k.host.Getsockopt(f.fd, unix.SOL_SOCKET, unix.SO_ERROR, b); e != 0 {
		return e
	}
	return errno(le.Uint32(b))
}

func sysListen(t *Thread, c *call) (int64, errno) {
	return t.onFile(c, func(f *File) errno { return t.k.host.Listen(f.fd, c.i32(1)) })
}

func sysAccept(t *Thread, c *call) (int64, errno)  { return t.accept(c, 0) }
func sysAccept4(t *Thread, c *call) (int64, errno) { return t.accept(c, c.i32(3)) }

func (t *Thread) accept(c *call, flags int) (int64, errno) {
	if flags&^typeFlags != 0 {
		return 0, abi.EINVAL
	}
	f, e := t.socket(c.i32(0))
	if e != 0 {
		return 0, e
	}
	if e := t.mayInstall(); e != 0 {
		return 0, e
	}
	if !f.ready(t.k.host, unix.POLLIN) {
		return 0, t.waitFor(f, unix.POLLIN)
	}
	fd, addr, e := t.k.host.Accept(f.fd, typeFlags)
	if e == abi.EAGAIN {
		return 0, t.waitFor(f, unix.POLLIN)
	}
	n, e := t.adoptSocket(fd, e, flags)
	if e != 0 {
		return 0, e
	}
	if e := t.putSockaddr(c.addr(1), c.addr(2), addr); e != 0 {
		t.files.drop(t.k, int(n))
		return 0, e
	}
	return n, 0
}

func (t *Thread) sockName(c *call, get func(fd int) ([]byte, errno)) (int64, errno) {
	f, e := t.socket(c.i32(0))
	if e != 0 {
		return 0, e
	}
	addr, e := get(f.fd)
	if e != 0 {
		return 0, e
	}
	return 0, t.putSockaddr(c.addr(1), c.addr(2), addr)
}

func sysGetsockname(t *Thread, c *call) (int64, errno) { return t.sockName(c, t.k.host.Sockname) }
func sysGetpeername(t *Thread, c *call) (int64, errno) { return t.sockName(c, t.k.host.Peername) }

func sysShutdown(t *Thread, c *call) (int64, errno) {
	return t.onFile(c, func(f *File) errno { return t.k.host.Shutdown(f.fd, c.i32(1)) })
}

// maxOption is more than any option takes; what is after it is not looked at.
const maxOption = 64 << 10

func sysSetsockopt(t *Thread, c *call) (int64, errno) {
	f, e := t.socket(c.i32(0))
	if e != 0 {
		return 0, e
	}
	if c.i32(4) < 0 {
		return 0, abi.EINVAL
	}
	m, e := t.mem(c.addr(3), min(uint64(c.u32(4)), maxOption))
	if e != 0 {
		return 0, e
	}
	if t.lay() != abi.Layout64 && timeOption(c.i32(1), c.i32(2)) && len(m) >= t.lay().Size(&abi.Timeval{}) {
		m = relayout(t.lay(), abi.Layout64, m)
	}
	return 0, t.k.host.Setsockopt(f.fd, c.i32(1), c.i32(2), m)
}

// timeOption reports whether an option is a struct timeval of the guest's long.
func timeOption(level, opt int) bool {
	return level == unix.SOL_SOCKET && (opt == abi.SO_RCVTIMEO_OLD || opt == abi.SO_SNDTIMEO_OLD)
}

// relayout makes a struct timeval, or timespec, of another layout.
func relayout(from, to *abi.Layout, b []byte) []byte {
	var tv abi.Timeval
	from.Get(b, &tv)
	return to.Bytes(&tv)
}

func sysGetsockopt(t *Thread, c *call) (int64, errno) {
	f, e := t.socket(c.i32(0))
	if e != 0 {
		return 0, e
	}
	room, e := t.u32(c.addr(4))
	if e != 0 {
		return 0, e
	}
	if int32(room) < 0 {
		return 0, abi.EINVAL
	}
	b := make([]byte, min(room, 64<<10))
	convert := t.lay() != abi.Layout64 && timeOption(c.i32(1), c.i32(2))
	if convert {
		b = make([]byte, abi.Layout64.Size(&abi.Timeval{}))
	}
	n, e := t.k.host.Getsockopt(f.fd, c.i32(1), c.i32(2), b)
	if e != 0 {
		return 0, e
	}
	if convert {
		b = relayout(abi.Layout64, t.lay(), b)
		n = min(len(b), int(room))
	}
	if e := t.copyOut(c.addr(3), b[:min(n, len(b))]); e != 0 {
		return 0, e
	}
	return 0, t.putU32(c.addr(4), uint32(n))
}

// socketDeadline applies SO_RCVTIMEO or SO_SNDTIMEO to a call about to wait.
func (t *Thread) socketDeadline(f *File, events int16) {
	if t.call.deadline != 0 {
		return
	}
	opt := unix.SO_RCVTIMEO
	if events == unix.POLLOUT {
		opt = unix.SO_SNDTIMEO
	}
	b := make([]byte, 16)
	if _, e := t.k.host.Getsockopt(f.fd, unix.SOL_SOCKET, opt, b); e != 0 {
		return
	}
	if ns := int64(le.Uint64(b))*1e9 + int64(le.Uint64(b[8:]))*1e3; ns != 0 {
		t.deadlineIn(ns)
	}
}

func sysSendto(t *Thread, c *call) (int64, errno) {
	f, e := t.socket(c.i32(0))
	if e != 0 {
		return 0, e
	}
	v, e := t.buffers(nil, c.addr(1), c.Args[2], guest.Read)
	if e != 0 && c.Args[2] != 0 {
		return 0, e
	}
	m := &hostsys.Msg{Iov: v}
	if c.addr(4) != 0 {
		if m.Name, _, e = t.sockaddr(c.addr(4), uint64(c.u32(5)), abi.ECONNREFUSED); e != 0 {
			return 0, e
		}
	}
	return t.sendMsg(f, m, c.i32(3))
}

// sendMsg sends a message whole, waiting for room.
func (t *Thread) sendMsg(f *File, m *hostsys.Msg, flags int) (int64, errno) {
	c := &t.call
	iov := m.Iov
	for {
		if c.progress > 0 {
			m.Iov, m.Control = skip(iov, c.progress), nil
		}
		if !f.ready(t.k.host, unix.POLLOUT) && flags&unix.MSG_DONTWAIT == 0 {
			return t.partial(t.waitFor(f, unix.POLLOUT))
		}
		n, e := t.k.host.Sendmsg(f.fd, m, flags|unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		switch {
		case e == abi.EAGAIN && flags&unix.MSG_DONTWAIT == 0:
			return t.partial(t.waitFor(f, unix.POLLOUT))
		case e != 0:
			if e == abi.EPIPE && flags&unix.MSG_NOSIGNAL == 0 {
				t.send(abi.Siginfo{Signo: abi.SIGPIPE, Code: abi.SI_USER, PID: int32(t.p.pid), UID: t.k.uid()}, false)
			}
			return t.partial(e)
		}
		t.k.noteUse(f, unix.POLLOUT)
		c.progress += int64(n)
		if n == 0 || c.progress >= size(iov) || f.nonblock() || flags&unix.MSG_DONTWAIT != 0 {
			return c.progress, 0
		}
	}
}

func size(v [][]byte) (n int64) {
	for _, b := range v {
		n += int64(len(b))
	}
	return n
}

func sysRecvfrom(t *Thread, c *call) (int64, errno) {
	f, e := t.socket(c.i32(0))
	if e != 0 {
		return 0, e
	}
	v, e := t.buffers(nil, c.addr(1), c.Args[2], guest.Write)
	if e != 0 && c.Args[2] != 0 {
		return 0, e
	}
	m := &hostsys.Msg{Iov: v}
	if c.addr(4) != 0 {
		m.Name = make([]byte, maxSockaddr)
	}
	n, e := t.recvMsg(f, m, c.i32(3))
	if e != 0 {
		return 0, e
	}
	if len(m.Name) == 0 && c.addr(4) != 0 {
		return n, t.putU32(c.addr(5), 0)
	}
	return n, t.putSockaddr(c.addr(4), c.addr(5), m.Name)
}
