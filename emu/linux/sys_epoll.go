package linux

import (
	"math"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
)

// epollName is what the kernel calls an epoll.
const epollName = "anon_inode:[eventpoll]"

// hostEvent is the size of a struct epoll_event as hostsys takes it: packed.
const hostEvent = 12

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
		var v abi.EpollEvent
		if e := t.load(c.addr(3), &v); e != 0 {
			return 0, e
		}
		// EPOLLWAKEUP needs a right that only matters to the host's power.
		ev = le.AppendUint64(le.AppendUint32(nil, v.Events&^unix.EPOLLWAKEUP), v.Data)
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
	one := t.lay().Size(&abi.EpollEvent{})
	size := uint64(n) * uint64(one)
	switch {
	case n <= 0 || n > math.MaxInt32/one: // EP_MAX_EVENTS
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
	one := t.lay().Size(&abi.EpollEvent{})
	n, e := t.fill(at, size, func(b []byte) (int, errno) {
		wait := t.k.host.EpollWait
		if !t.lay().EpollPacked {
			wait = t.widerEvents
		}
		n, e := wait(ep.fd, b)
		return n * one, e
	})
	switch {
	case e != abi.EFAULT:
		return n / one, e
	case ep.path != epollName:
		return 0, abi.EINVAL
	case polls(t.k.host, ep.fd, unix.POLLIN):
		return 0, e
	}
	return 0, 0
}

// widerEvents stores the events that are there where they have a gap.
func (t *Thread) widerEvents(ep int, b []byte) (int, errno) {
	one := t.lay().Size(&abi.EpollEvent{})
	raw := make([]byte, len(b)/one*hostEvent)
	n, e := t.k.host.EpollWait(ep, raw)
	for i := range max(n, 0) {
		ev := raw[i*hostEvent:]
		t.lay().Put(b[i*one:], &abi.EpollEvent{Events: le.Uint32(ev), Data: le.Uint64(ev[4:])})
	}
	return n, e
}
