package linux

import (
	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
)

// changesTTY are the requests that a process in the background may not make.
var changesTTY = map[uint32]bool{
	unix.TCSETS: true, unix.TCSETSW: true, unix.TCSETSF: true, unix.TCSETS2: true, unix.TCSETSW2: true, unix.TCSETSF2: true,
	unix.TCSBRK: true, unix.TCSBRKP: true, unix.TCXONC: true, unix.TCFLSH: true,
}

// ownTTY is the file's terminal if it is that of the caller's session; the other
// side of a terminal may always ask.
func (t *Thread) ownTTY(f *File) (*terminal, errno) {
	x := t.k.terminalOf(t.p, f)
	if x == nil || f.master == nil && x.sid != t.p.job.sid {
		return nil, abi.ENOTTY
	}
	return x, 0
}

func ioctlGetPgrp(t *Thread, f *File, a guest.Addr) (int64, errno) {
	x, e := t.ownTTY(f)
	if e != 0 {
		return 0, e
	}
	return 0, t.putU32(a, uint32(x.fg))
}

func ioctlSetPgrp(t *Thread, f *File, a guest.Addr) (int64, errno) {
	x, e := t.ownTTY(f)
	if e != 0 {
		return 0, e
	}
	if x.sid != t.p.job.sid {
		return 0, abi.ENOTTY
	}
	if e := t.mayUse(f, abi.SIGTTOU); e != 0 {
		return 0, e
	}
	pgid, e := t.u32(a)
	if e != 0 {
		return 0, e
	}
	switch members := t.k.inGroup(int(pgid)); {
	case int32(pgid) < 0:
		return 0, abi.EINVAL
	case len(members) == 0:
		return 0, abi.ESRCH
	case members[0].job.sid != t.p.job.sid:
		return 0, abi.EPERM
	}
	x.fg = int(pgid)
	return 0, 0
}

func ioctlGetSid(t *Thread, f *File, a guest.Addr) (int64, errno) {
	x, e := t.ownTTY(f)
	if e != 0 {
		return 0, e
	}
	if x.sid == 0 {
		return 0, abi.ENOTTY
	}
	return 0, t.putU32(a, uint32(x.sid))
}

// ioctlSetTty gives the terminal to the session of the caller, who leads it.
func ioctlSetTty(t *Thread, f *File, _ guest.Addr) (int64, errno) {
	x := t.k.terminalOf(t.p, f)
	switch {
	case x == nil || f.master != nil:
		return 0, abi.ENOTTY
	case x.sid == t.p.job.sid && t.p.job.sid == t.p.pid:
		return 0, 0
	case t.p.job.sid != t.p.pid || t.k.sessionTTY(t.p.job.sid) != nil || x.sid != 0:
		return 0, abi.EPERM
	}
	x.sid, x.fg = t.p.job.sid, t.p.job.pgid
	return 0, 0
}

// ioctlNoTty: a leader that gives up the terminal takes it from the session.
func ioctlNoTty(t *Thread, f *File, _ guest.Addr) (int64, errno) {
	x, e := t.ownTTY(f)
	if e != 0 || f.master != nil {
		return 0, abi.ENOTTY
	}
	if t.p.job.sid == t.p.pid {
		t.k.hangUp(x)
	}
	return 0, 0
}

// ioctlWinsize sets the size. The foreground is told; for the host's terminal the
// host does that.
func ioctlWinsize(t *Thread, f *File, a guest.Addr) (int64, errno) {
	want, e := t.mem(a, 8)
	if e != 0 {
		return 0, e
	}
	have := make([]byte, 8)
	t.k.host.IoctlBuf(f.fd, unix.TIOCGWINSZ, have)
	if _, e := t.k.host.IoctlBuf(f.fd, unix.TIOCSWINSZ, want); e != 0 {
		return 0, e
	}
	if x := t.k.terminalOf(t.p, f); x != nil && !x.host && string(have) != string(want) {
		t.k.signalGroup(x.fg, abi.SIGWINCH)
	}
	return 0, 0
}

func ioctlPtPeer(t *Thread, f *File, a guest.Addr) (int64, errno) {
	flags := int(a)
	fd, e := t.k.host.Ioctl(f.fd, unix.TIOCGPTPEER, uint64(a)|unix.O_CLOEXEC|unix.O_NONBLOCK|unix.O_NOCTTY)
	if e != 0 {
		return 0, e
	}
	peer := t.k.newFile(int(fd), "", flags)
	t.noteOpenTTY(peer, flags)
	return t.install(peer, flags&abi.O_CLOEXEC != 0)
}
