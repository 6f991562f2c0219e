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

// EpollCtl and EpollWait speak of events in the x86 layout of 12 bytes.
func (h *Host) EpollCtl(epfd, op, fd int, ev []byte) Errno {
	return h.run(unix.SYS_EPOLL_CTL, num(epfd), num(op), num(fd), in(ev))
}

func (h *Host) EpollWait(epfd int, evs []byte) (int, Errno) {
	return h.open(unix.SYS_EPOLL_WAIT, num(epfd), out(evs), num(len(evs)/12), num(0))
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
