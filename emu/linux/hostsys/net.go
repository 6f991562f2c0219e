package hostsys

import "golang.org/x/sys/unix"

// Sockets. Addresses and options are bytes in the host's layout.

func (h *Host) Socket(domain, typ, proto int) (int, Errno) {
	return h.open(unix.SYS_SOCKET, num(domain), num(typ), num(proto))
}

func (h *Host) Socketpair(domain, typ, proto int) (fds [2]int32, e Errno) {
	p := new([2]int32)
	e = h.run(unix.SYS_SOCKETPAIR, num(domain), num(typ), num(proto), structOut(p))
	return *p, e
}

func (h *Host) Bind(fd int, addr []byte) Errno {
	return h.run(unix.SYS_BIND, num(fd), in(addr), num(len(addr)))
}

func (h *Host) Connect(fd int, addr []byte) Errno {
	return h.run(unix.SYS_CONNECT, num(fd), in(addr), num(len(addr)))
}

func (h *Host) Listen(fd, backlog int) Errno { return h.run(unix.SYS_LISTEN, num(fd), num(backlog)) }

func (h *Host) Shutdown(fd, how int) Errno { return h.run(unix.SYS_SHUTDOWN, num(fd), num(how)) }

// Accept, Sockname and Peername return the address whole.
func (h *Host) Accept(fd, flags int) (int, []byte, Errno) {
	b, n := sockaddrBuf()
	nfd, e := h.open(unix.SYS_ACCEPT4, num(fd), out(b), inout(bytesOf(n)), num(flags))
	return nfd, b[:min(int(*n), len(b))], e
}

func (h *Host) Sockname(fd int) ([]byte, Errno) { return h.name(unix.SYS_GETSOCKNAME, fd) }

func (h *Host) Peername(fd int) ([]byte, Errno) { return h.name(unix.SYS_GETPEERNAME, fd) }

func (h *Host) name(nr uintptr, fd int) ([]byte, Errno) {
	b, n := sockaddrBuf()
	e := h.run(nr, num(fd), out(b), inout(bytesOf(n)))
	return b[:min(int(*n), len(b))], e
}

func sockaddrBuf() ([]byte, *uint32) {
	b, n := make([]byte, unix.SizeofSockaddrAny+16), new(uint32)
	*n = uint32(len(b))
	return b, n
}

// Getsockopt returns the length of the option.
func (h *Host) Getsockopt(fd, level, name int, b []byte) (int, Errno) {
	n := new(uint32)
	*n = uint32(len(b))
	e := h.run(unix.SYS_GETSOCKOPT, num(fd), num(level), num(name), inout(b), inout(bytesOf(n)))
	return int(*n), e
}

func (h *Host) Setsockopt(fd, level, name int, b []byte) Errno {
	return h.run(unix.SYS_SETSOCKOPT, num(fd), num(level), num(name), in(b), num(len(b)))
}

func (h *Host) Sendmsg(fd int, m *Msg, flags int) (int, Errno) {
	return h.msg(m, unix.SYS_SENDMSG, num(fd), Arg{Dir: MsgIn}, num(flags))
}

func (h *Host) Recvmsg(fd int, m *Msg, flags int) (int, Errno) {
	return h.msg(m, unix.SYS_RECVMSG, num(fd), Arg{Dir: MsgOut}, num(flags))
}
