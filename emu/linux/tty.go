package linux

import (
	"slices"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/signal"
)

// Terminals and job control. A terminal's characters are the host's business; which
// session it belongs to, and which process group is in its foreground, is the
// guest's: to the host all guest processes are one, and its foreground group stays
// that of the emulator. What a terminal of the host sends to that group goes to the
// guest's (hostSignal); for the terminals that the guest itself makes, with
// /dev/ptmx, the kernel watches for the keys that are written to the other side.

// terminal is a terminal that a session may have.
type terminal struct {
	dev  uint64
	sid  int // session, 0 for none
	fg   int // foreground process group
	host bool
}

// Device numbers (Documentation/admin-guide/devices.txt).
const (
	ttyMajor, auxMajor, ptsMajor, ptsEnd = 4, 5, 136, 144
	ttyMinor, ptmxMinor                  = 0, 2
)

// isMaster reports whether a device number is that of /dev/ptmx.
func isMaster(dev uint64) bool { return abi.Major(dev) == auxMajor && abi.Minor(dev) == ptmxMinor }

// terminal is the one with a device number.
func (k *Kernel) terminal(dev uint64) *terminal {
	if i := slices.IndexFunc(k.ttys, func(x *terminal) bool { return x.dev == dev }); i >= 0 {
		return k.ttys[i]
	}
	x := &terminal{dev: dev}
	k.ttys = append(k.ttys, x)
	return x
}

// terminalOf is the terminal that a file is one of the sides of, nil for other
// files.
func (k *Kernel) terminalOf(p *Process, f *File) *terminal {
	switch major := abi.Major(f.rdev); {
	case f.mode != unix.S_IFCHR:
	case f.master != nil:
		return f.master
	case major == auxMajor && abi.Minor(f.rdev) == ttyMinor:
		return k.sessionTTY(p.job.sid)
	case (major == ttyMajor || major == auxMajor || major >= ptsMajor && major < ptsEnd) && !isMaster(f.rdev) && k.isTTY(f):
		return k.terminal(f.rdev)
	}
	return nil
}

// isTTY reports whether a file is a terminal.
func (k *Kernel) isTTY(f *File) bool {
	_, e := k.host.IoctlBuf(f.fd, unix.TCGETS, make([]byte, 64))
	return e == 0
}

// sessionTTY is the terminal of a session, nil for none.
func (k *Kernel) sessionTTY(sid int) *terminal {
	if i := slices.IndexFunc(k.ttys, func(x *terminal) bool { return x.sid == sid }); i >= 0 {
		return k.ttys[i]
	}
	return nil
}

// firstTTY gives the first session the terminal that it was started on.
func (k *Kernel) firstTTY(t *Thread) {
	for _, s := range t.files.slots {
		if s.file == nil || s.file.master != nil {
			continue
		}
		if x := k.terminalOf(t.p, s.file); x != nil {
			x.sid, x.fg, x.host = t.p.job.sid, t.p.job.pgid, true
			return
		}
	}
}

// noteOpenTTY notes what an open means: the other side of a new terminal, or a
// session that gets one (tty_open of the kernel).
func (t *Thread) noteOpenTTY(f *File, flags int) {
	k := t.k
	if isMaster(f.rdev) {
		b := make([]byte, 4)
		if _, e := k.host.IoctlBuf(f.fd, unix.TIOCGPTN, b); e == 0 {
			f.master = k.terminal(unix.Mkdev(ptsMajor, le.Uint32(b)))
			*f.master = terminal{dev: f.master.dev}
		}
		return
	}
	if flags&(abi.O_NOCTTY|abi.O_PATH) == 0 && t.p.job.sid == t.p.pid && k.sessionTTY(t.p.job.sid) == nil {
		if x := k.terminalOf(t.p, f); x != nil && x.sid == 0 {
			x.sid, x.fg = t.p.job.sid, t.p.job.pgid
		}
	}
}

// hangUp takes a terminal from its session, because the other side is closed or
// the leader has ended.
func (k *Kernel) hangUp(x *terminal) {
	if x.sid == 0 {
		return
	}
	told := k.inGroup(x.fg)
	if p := k.process(x.sid); p != nil && !p.exit.ended && !slices.Contains(told, p) {
		told = append(told, p)
	}
	x.sid, x.fg = 0, 0
	for _, p := range told {
		p.sendProcess(abi.Siginfo{Signo: abi.SIGHUP, Code: abi.SI_KERNEL})
		p.sendProcess(abi.Siginfo{Signo: abi.SIGCONT, Code: abi.SI_KERNEL})
	}
}

// leaderEnds hangs up the terminal of a session whose leader ends.
func (k *Kernel) leaderEnds(p *Process) {
	if p.job.sid != p.pid {
		return
	}
	if x := k.sessionTTY(p.job.sid); x != nil && !x.host {
		k.hangUp(x)
	}
}

// mayUse is what happens to a process in the background that uses its terminal: it
// is stopped by a signal, or gets an error (__tty_check_change of the kernel).
func (t *Thread) mayUse(f *File, sig int32) errno {
	if len(t.k.ttys) == 0 || f.mode != unix.S_IFCHR || f.master != nil {
		return 0
	}
	x := t.k.terminalOf(t.p, f)
	if x == nil || x.sid != t.p.job.sid || x.fg == t.p.job.pgid || x.fg == 0 {
		return 0
	}
	return t.stopBackground(sig)
}

// stopBackground stops the thread's process group, unless it does not let itself be
// stopped.
func (t *Thread) stopBackground(sig int32) errno {
	put := t.signal.mask&signal.Bit(sig) != 0 || t.p.signal.actions[sig].Handler == abi.SIG_IGN
	switch {
	case put && sig == abi.SIGTTOU:
		return 0
	case put || t.k.orphaned(t.p.job.pgid):
		return abi.EIO
	}
	for _, p := range t.k.inGroup(t.p.job.pgid) {
		p.sendProcess(abi.Siginfo{Signo: sig, Code: abi.SI_KERNEL})
	}
	return abi.ERESTARTSYS
}

// orphaned reports whether nobody in the session could continue a process group.
// The first process has a parent outside, of which the host tells.
func (k *Kernel) orphaned(pgid int) bool {
	return !slices.ContainsFunc(k.inGroup(pgid), func(p *Process) bool {
		if p == k.tasks.first {
			return !k.host.Orphaned()
		}
		return p.family.parent != nil && p.family.parent.job.pgid != pgid && p.family.parent.job.sid == p.job.sid
	})
}

// Places in struct termios.
const (
	termiosSize = 36
	lflagAt     = 12
	ccAt        = 17
)

// keys are the characters that a terminal turns into signals.
var keys = []struct {
	char int
	sig  int32
}{{unix.VINTR, abi.SIGINT}, {unix.VQUIT, abi.SIGQUIT}, {unix.VSUSP, abi.SIGTSTP}}

// termios is the mode of a terminal, by either side.
func (k *Kernel) termios(f *File) (b []byte, lflag uint32) {
	b = make([]byte, termiosSize)
	if _, e := k.host.IoctlBuf(f.fd, unix.TCGETS, b); e != 0 {
		return nil, 0
	}
	return b, le.Uint32(b[lflagAt:])
}

// echoTime is how long, in nanoseconds, the host may take to show a key.
const echoTime = 50e6

// signalTyped sends the signals for keys among the first n bytes that were written to the
// other side of a terminal. The host shows the key in the background; who is killed
// by the signal must not close the terminal before.
func (t *Thread) signalTyped(f *File, v [][]byte, n int) {
	mode, lflag := t.k.termios(f)
	if mode == nil || lflag&unix.ISIG == 0 {
		return
	}
	for _, b := range cut(v, n) {
		for _, c := range b {
			for _, key := range keys {
				if c != mode[ccAt+key.char] || c == 0 {
					continue
				}
				if lflag&unix.ECHO != 0 {
					t.k.host.Ppoll([]unix.PollFd{{Fd: int32(f.fd), Events: unix.POLLIN}}, echoTime)
				}
				t.k.signalGroup(f.master.fg, key.sig)
			}
		}
	}
}

func (k *Kernel) signalGroup(pgid int, sig int32) {
	if pgid == 0 {
		return
	}
	for _, p := range k.inGroup(pgid) {
		p.sendProcess(abi.Siginfo{Signo: sig, Code: abi.SI_KERNEL})
	}
}

// mayWrite is mayUse for writes, which only TOSTOP forbids.
func (t *Thread) mayWrite(f *File) errno {
	if len(t.k.ttys) == 0 || f.mode != unix.S_IFCHR || f.master != nil {
		return 0
	}
	x := t.k.terminalOf(t.p, f)
	if x == nil || x.sid != t.p.job.sid || x.fg == t.p.job.pgid || x.fg == 0 {
		return 0
	}
	if _, lflag := t.k.termios(f); lflag&unix.TOSTOP == 0 {
		return 0
	}
	return t.stopBackground(abi.SIGTTOU)
}
