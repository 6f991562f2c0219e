package linux

import (
	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostsys"
)

// recvMsg receives a message; with MSG_WAITALL a stream waits until the buffers
// are full.
func (t *Thread) recvMsg(f *File, m *hostsys.Msg, flags int) (int64, errno) {
	c := &t.call
	iov, name, control := m.Iov, m.Name, m.Control
	for {
		if !f.ready(t.k.host, unix.POLLIN) && flags&unix.MSG_DONTWAIT == 0 {
			return t.partial(t.waitFor(f, unix.POLLIN))
		}
		m.Iov, m.Name, m.Control = skip(iov, c.progress), name, control
		n, e := t.k.host.Recvmsg(f.fd, m, flags&^unix.MSG_WAITALL|unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC)
		switch {
		case e == abi.EAGAIN && flags&(unix.MSG_DONTWAIT|unix.MSG_ERRQUEUE) == 0:
			return t.partial(t.waitFor(f, unix.POLLIN))
		case e != 0:
			return t.partial(e)
		}
		t.k.noteUse(f, unix.POLLIN)
		switch {
		case n == 0 || !t.waitsForAll(f, flags) || c.progress+int64(n) >= size(iov):
			return c.progress + int64(n), 0
		case flags&unix.MSG_PEEK != 0:
			return t.peekAll(f, int64(n))
		}
		if c.progress += int64(n); hasRights(m.Control) { // descriptors end what is read at once
			return c.progress, 0
		}
	}
}

// waitsForAll reports whether a call with flags goes on until its buffers are full.
// Packets stay apart.
func (t *Thread) waitsForAll(f *File, flags int) bool {
	const no = unix.MSG_DONTWAIT | unix.MSG_OOB | unix.MSG_ERRQUEUE
	return flags&unix.MSG_WAITALL != 0 && flags&no == 0 && !f.nonblock() && t.socketOption(f, unix.SO_TYPE) == unix.SOCK_STREAM
}

// socketOption is an option that is a number.
func (t *Thread) socketOption(f *File, opt int) int {
	b := make([]byte, 4)
	if _, e := t.k.host.Getsockopt(f.fd, unix.SOL_SOCKET, opt, b); e != 0 {
		return -1
	}
	return int(int32(le.Uint32(b)))
}

// peekAll is the result of a look at n bytes that wanted more. TCP waits for them,
// while the sender may send; no descriptor says when they are there.
func (t *Thread) peekAll(f *File, n int64) (int64, errno) {
	over := []unix.PollFd{{Fd: int32(f.fd), Events: unix.POLLRDHUP}}
	t.k.host.Ppoll(over, 0)
	if t.socketOption(f, unix.SO_PROTOCOL) != unix.IPPROTO_TCP || over[0].Revents != 0 {
		return n, 0
	}
	if t.socketDeadline(f, unix.POLLIN); t.timedOut() {
		return n, 0
	}
	retry := t.k.host.Now() + lockRetry
	if t.call.deadline != 0 {
		retry = min(retry, t.call.deadline)
	}
	if e := t.park(wait{deadline: retry, interrupted: abi.ERESTARTSYS}); e == blocked {
		return 0, e
	}
	return n, 0
}

// hasRights reports whether control data of the host passes descriptors.
func hasRights(control []byte) (has bool) {
	cmsgs(abi.Layout64, control, func(h *abi.Cmsghdr, _ []byte) errno {
		has = has || h.Level == unix.SOL_SOCKET && h.Type == unix.SCM_RIGHTS
		return 0
	})
	return has
}
