package hostsys

import "golang.org/x/sys/unix"

// Waiting, and the descriptors made for it.

// Ppoll waits for at most timeout nanoseconds, for ever when it is negative.
func (h *Host) Ppoll(fds []unix.PollFd, timeout int64) (int, Errno) {
	ts := &h.ts
	if *ts = unix.NsecToTimespec(timeout); timeout < 0 {
		ts = nil
	}
	return h.open(unix.SYS_PPOLL, inout(pollBytes(fds)), num(len(fds)), structIn(ts), num(0), num(8))
}

func (h *Host) Eventfd(init uint32, flags int) (int, Errno) {
	return h.open(unix.SYS_EVENTFD2, num(init), num(flags))
}

func (h *Host) EpollCreate(flags int) (int, Errno) {
	return h.open(unix.SYS_EPOLL_CREATE1, num(flags))
}

// x86Event is the size of an event in the x86 layout, of which EpollCtl and
// EpollWait speak. Other hosts have four bytes of padding between its parts.
const x86Event = 12

// SizeofEpollEvent is the size of the host's struct epoll_event.
const SizeofEpollEvent = int64(hostEvent)

// EpollCtl takes an event in the x86 layout, or nil.
func (h *Host) EpollCtl(epfd, op, fd int, ev []byte) Errno {
	if ev != nil && hostEvent != x86Event {
		padded := make([]byte, hostEvent)
		copy(padded, ev[:4])
		copy(padded[hostEvent-8:], ev[4:])
		ev = padded
	}
	return h.run(unix.SYS_EPOLL_CTL, num(epfd), num(op), num(fd), in(ev))
}

// mostEvents is how many events are converted at once; who asks for more gets the
// others next time.
const mostEvents = 4096

// EpollWait fills events in the x86 layout without waiting.
func (h *Host) EpollWait(epfd int, evs []byte) (int, Errno) {
	raw := evs
	if hostEvent != x86Event {
		evs = evs[:min(len(evs), mostEvents*x86Event)]
		raw = make([]byte, len(evs)/x86Event*hostEvent)
	}
	n, e := h.open(unix.SYS_EPOLL_PWAIT, num(epfd), out(raw), num(len(evs)/x86Event), num(0), Arg{}, num(8))
	for i := 0; i < n && hostEvent != x86Event; i++ {
		copy(evs[x86Event*i:], raw[hostEvent*i:][:4])
		copy(evs[x86Event*i+4:], raw[hostEvent*i+hostEvent-8:][:8])
	}
	return n, e
}

func (h *Host) TimerfdCreate(clock, flags int) (int, Errno) {
	return h.open(unix.SYS_TIMERFD_CREATE, num(clock), num(flags))
}

func (h *Host) TimerfdSettime(fd, flags int, it *unix.ItimerSpec) (old unix.ItimerSpec, e Errno) {
	p := new(unix.ItimerSpec)
	e = h.run(unix.SYS_TIMERFD_SETTIME, num(fd), num(flags), structIn(it), structOut(p))
	return *p, e
}

func (h *Host) TimerfdGettime(fd int) (it unix.ItimerSpec, e Errno) {
	p := new(unix.ItimerSpec)
	e = h.run(unix.SYS_TIMERFD_GETTIME, num(fd), structOut(p))
	return *p, e
}

func (h *Host) InotifyInit(flags int) (int, Errno) {
	return h.open(unix.SYS_INOTIFY_INIT1, num(flags))
}

func (h *Host) InotifyAdd(fd int, path string, mask uint32) (int, Errno) {
	return h.open(unix.SYS_INOTIFY_ADD_WATCH, num(fd), str(path), num(mask))
}

func (h *Host) InotifyRemove(fd, wd int) Errno {
	return h.run(unix.SYS_INOTIFY_RM_WATCH, num(fd), num(wd))
}
