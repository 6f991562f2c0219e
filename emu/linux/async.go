package linux

import (
	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/signal"
)

// Signals of files: O_ASYNC and F_SETOWN (fcntl(2)). The files are polled together
// with what threads wait for; one that is found ready sends its signal, and is not
// looked at again before it has been used.

// notify says whom a file tells that it is ready.
type notify struct {
	kind, id int   // F_OWNER_ constant; 0 for nobody
	sig      int32 // of F_SETSIG, 0 for SIGIO
	told     int16 // events since whose signal the file has not been used
}

// The bands of signals: events of poll(2), as the kernel pairs them with a code.
const (
	pollInBand  = 0x41  // POLLIN, POLLRDNORM
	pollOutBand = 0x304 // POLLOUT, POLLWRNORM, POLLWRBAND
)

// setAsync sets or clears O_ASYNC.
func (k *Kernel) setAsync(f *File, on bool) {
	if on == (f.flags&abi.O_ASYNC != 0) {
		return
	}
	if f.flags ^= abi.O_ASYNC; on {
		f.notify.told = 0
		k.files.async = append(k.files.async, f)
	} else {
		k.files.async = remove(k.files.async, f)
	}
}

// noteUse notes that a file was read or written: it may have become ready again, and
// what is at its other end for another thread.
func (k *Kernel) noteUse(f *File, events int16) {
	k.sched.stirred = k.sched.stirred || f.mode != unix.S_IFREG && f.mode != unix.S_IFCHR
	if f.flags&abi.O_ASYNC != 0 {
		f.notify.told &^= events
	}
}

// asyncFDs adds the files that may send a signal.
func (k *Kernel) asyncFDs(fds []unix.PollFd) []unix.PollFd {
	for _, f := range k.files.async {
		fd := int32(f.fd)
		if f.notify.id == 0 {
			fd = -1
		}
		fds = append(fds, unix.PollFd{Fd: fd, Events: (unix.POLLIN | unix.POLLOUT) &^ f.notify.told})
	}
	return fds
}

// signalAsync sends the signals of the files that have become ready. fds are those
// of asyncFDs.
func (k *Kernel) signalAsync(fds []unix.PollFd) {
	for i, p := range fds {
		if p.Revents&(unix.POLLHUP|unix.POLLERR) != 0 {
			p.Revents |= unix.POLLIN
		}
		f := k.files.async[i]
		if come := p.Revents & p.Events; come != 0 {
			f.notify.told |= come
			k.tellOwner(f, come)
		}
	}
}

func (k *Kernel) tellOwner(f *File, come int16) {
	n := &f.notify
	info := abi.Siginfo{Signo: abi.SIGIO, Code: abi.SI_KERNEL}
	if n.sig != 0 {
		info = abi.Siginfo{Signo: n.sig, Code: abi.POLL_OUT, Poll: true, Band: pollOutBand, FD: k.descriptorOf(f)}
		if come&unix.POLLIN != 0 {
			info.Code, info.Band = abi.POLL_IN, pollInBand
		}
	}
	switch n.kind {
	case abi.F_OWNER_TID:
		if t := k.thread(n.id); t != nil {
			t.send(info, false)
		}
	case abi.F_OWNER_PGRP:
		for _, p := range k.inGroup(n.id) {
			p.sendProcess(info)
		}
	default:
		if p := k.process(n.id); p != nil {
			p.sendProcess(info)
		}
	}
}

// descriptorOf is a number by which the owner knows the file.
func (k *Kernel) descriptorOf(f *File) int32 {
	if p := k.process(f.notify.id); p != nil && !p.exit.ended {
		for i, s := range p.leader().files.slots {
			if s.file == f {
				return int32(i)
			}
		}
	}
	return -1
}

// setOwner names whom to tell.
func (t *Thread) setOwner(f *File, kind, id int) errno {
	found := id == 0
	switch kind {
	case abi.F_OWNER_TID:
		found = found || t.k.thread(id) != nil
	case abi.F_OWNER_PID:
		found = found || t.k.process(id) != nil
	case abi.F_OWNER_PGRP:
		found = found || len(t.k.inGroup(id)) != 0
	default:
		return abi.EINVAL
	}
	if !found {
		return abi.ESRCH
	}
	f.notify.kind, f.notify.id = kind, id
	return 0
}

func fcntlSetOwn(t *Thread, c *call, f *File) (int64, errno) {
	id := c.i32(2)
	if id < 0 {
		return 0, t.setOwner(f, abi.F_OWNER_PGRP, -id)
	}
	return 0, t.setOwner(f, abi.F_OWNER_PID, id)
}

func fcntlGetOwn(_ *Thread, _ *call, f *File) (int64, errno) {
	if f.notify.kind == abi.F_OWNER_PGRP {
		return int64(-f.notify.id), 0
	}
	return int64(f.notify.id), 0
}

func fcntlSetOwnEx(t *Thread, c *call, f *File) (int64, errno) {
	var o abi.FOwnerEx
	if e := t.load(guest.Addr(c.Args[2]), &o); e != 0 {
		return 0, e
	}
	return 0, t.setOwner(f, int(o.Type), int(o.PID))
}

func fcntlGetOwnEx(t *Thread, c *call, f *File) (int64, errno) {
	return 0, t.store(c.addr(2), &abi.FOwnerEx{Type: int32(f.notify.kind), PID: int32(f.notify.id)})
}

func fcntlSetSig(_ *Thread, c *call, f *File) (int64, errno) {
	sig := c.i32(2)
	if sig != 0 && !signal.Valid(sig) {
		return 0, abi.EINVAL
	}
	f.notify.sig = int32(sig)
	return 0, 0
}
