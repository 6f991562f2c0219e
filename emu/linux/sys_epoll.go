package linux

import (
	"math"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
)

// epollEventSize is that of struct epoll_event, which is packed on x86.
const epollEventSize = 12

// epollName is what the kernel calls an epoll, maxEpollEvents how many events may be
// asked for (EP_MAX_EVENTS).
const (
	epollName      = "anon_inode:[eventpoll]"
	maxEpollEvents = math.MaxInt32 / epollEventSize
)

func sysEpollCreate(t *Thread, c *call) (int64, errno) {
	if c.i32(0) <= 0 {
		return 0, abi.EINVAL
	}
	return t.epollCreate(0)
}

func sysEpollCreate1(t *Thread, c *call) (int64, errno) {
	if c.i32(0)&^abi.O_CLOEXEC != 0 {
		return 0, abi.EINVAL
	}
	return t.epollCreate(c.i32(0))
}

func (t *Thread) epollCreate(flags int) (int64, errno) {
	fd, e := t.k.host.EpollCreate(unix.EPOLL_CLOEXEC)
	return t.adopt(fd, e, epollName, flags|abi.O_RDWR)
}

func sysEpollCtl(t *Thread, c *call) (int64, errno) {
	ep, e := t.file(c.i32(0))
	if e != 0 {
		return 0, e
	}
	f, e := t.file(c.i32(2))
	if e != 0 {
		return 0, e
	}
	var ev []byte
	if c.i32(1) != unix.EPOLL_CTL_DEL {
		if ev, e = t.mem(c.addr(3), epollEventSize); e != 0 {
			return 0, e
		}
		// EPOLLWAKEUP needs a right that only matters to the host's power.
		le.PutUint32(ev, le.Uint32(ev)&^unix.EPOLLWAKEUP)
	}
	return 0, t.k.host.EpollCtl(ep.fd, c.i32(1), f.fd, ev)
}

func sysEpollWait(t *Thread, c *call) (int64, errno) {
	if ms := c.i32(3); ms >= 0 {
		t.deadlineIn(int64(ms) * 1e6)
	}
	return t.epollWait(c)
}

func sysEpollPwait(t *Thread, c *call) (int64, errno) {
	if ms := c.i32(3); ms >= 0 {
		t.deadlineIn(int64(ms) * 1e6)
	}
	return t.withMask(c.addr(4), c.Args[5], func() (int64, errno) { return t.epollWait(c) })
}

func sysEpollPwait2(t *Thread, c *call) (int64, errno) {
	if e := t.timeout(c.addr(3)); e != 0 {
		return 0, e
	}
	return t.withMask(c.addr(4), c.Args[5], func() (int64, errno) { return t.epollWait(c) })
}

func (t *Thread) epollWait(c *call) (int64, errno) {
	ep, e := t.file(c.i32(0))
	if e != 0 {
		return 0, e
	}
	n := c.i32(2)
	size := uint64(n) * epollEventSize
	switch {
	case n <= 0 || n > maxEpollEvents:
		return 0, abi.EINVAL
	case !t.k.accessOK(c.addr(1), size):
		return 0, abi.EFAULT
	}
	got, e := t.epollEvents(ep, c.addr(1), size)
	switch {
	case e == abi.EINTR || e == 0 && got == 0:
		if t.timedOut() {
			return 0, 0
		}
		return 0, t.park(wait{fds: []unix.PollFd{{Fd: int32(ep.fd), Events: unix.POLLIN}}, deadline: c.deadline, interrupted: abi.EINTR})
	case e != 0:
		return 0, e
	}
	return int64(got), 0
}

// epollEvents stores the events that are there. Only what is to be stored needs room.
func (t *Thread) epollEvents(ep *File, at guest.Addr, size uint64) (int, errno) {
	b, fault := t.buffer(at, size, guest.Write)
	switch {
	case fault == 0:
		return t.k.host.EpollWait(ep.fd, b)
	case ep.path != epollName:
		return 0, abi.EINVAL
	case polls(t.k.host, ep.fd, unix.POLLIN):
		return 0, fault
	}
	return 0, 0
}
