package linux

import (
	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/namei"
	"panda/emu/linux/signal"
)

func sysEventfd(t *Thread, c *call) (int64, errno)  { return t.eventfd(c.u32(0), 0) }
func sysEventfd2(t *Thread, c *call) (int64, errno) { return t.eventfd(c.u32(0), c.i32(1)) }

func (t *Thread) eventfd(init uint32, flags int) (int64, errno) {
	fd, e := t.k.host.Eventfd(init, flags|unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	return t.adopt(fd, e, "anon_inode:[eventfd]", flags&(abi.O_CLOEXEC|abi.O_NONBLOCK)|abi.O_RDWR)
}

func sysTimerfdCreate(t *Thread, c *call) (int64, errno) {
	fd, e := t.k.host.TimerfdCreate(c.i32(0), c.i32(1)|unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	return t.adopt(fd, e, "anon_inode:[timerfd]", c.i32(1)|abi.O_RDWR)
}

func hostSpec(s *abi.Itimerspec) *unix.ItimerSpec {
	return &unix.ItimerSpec{
		Interval: unix.Timespec{Sec: s.Interval.Sec, Nsec: s.Interval.Nsec},
		Value:    unix.Timespec{Sec: s.Value.Sec, Nsec: s.Value.Nsec},
	}
}

func guestSpec(s *unix.ItimerSpec) *abi.Itimerspec {
	return &abi.Itimerspec{
		Interval: abi.Timespec{Sec: s.Interval.Sec, Nsec: s.Interval.Nsec},
		Value:    abi.Timespec{Sec: s.Value.Sec, Nsec: s.Value.Nsec},
	}
}

func sysTimerfdSettime(t *Thread, c *call) (int64, errno) {
	f, e := t.file(c.i32(0))
	if e != 0 {
		return 0, e
	}
	var spec abi.Itimerspec
	if e := t.loadSpec(c.addr(2), &spec); e != 0 {
		return 0, e
	}
	old, e := t.k.host.TimerfdSettime(f.fd, c.i32(1), hostSpec(&spec))
	if e != 0 {
		return 0, e
	}
	return 0, t.storeSpec(c.addr(3), guestSpec(&old))
}

func sysTimerfdGettime(t *Thread, c *call) (int64, errno) {
	f, e := t.file(c.i32(0))
	if e != 0 {
		return 0, e
	}
	spec, e := t.k.host.TimerfdGettime(f.fd)
	if e != 0 {
		return 0, e
	}
	if c.addr(1) == 0 {
		return 0, abi.EFAULT
	}
	return 0, t.storeSpec(c.addr(1), guestSpec(&spec))
}

func sysInotifyInit(t *Thread, _ *call) (int64, errno)  { return t.inotify(0) }
func sysInotifyInit1(t *Thread, c *call) (int64, errno) { return t.inotify(c.i32(0)) }

func (t *Thread) inotify(flags int) (int64, errno) {
	fd, e := t.k.host.InotifyInit(flags | unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	return t.adopt(fd, e, "anon_inode:inotify", flags)
}

func sysInotifyAddWatch(t *Thread, c *call) (int64, errno) {
	f, e := t.file(c.i32(0))
	if e != 0 {
		return 0, e
	}
	tg, e := t.here(c, 1, c.u32(2)&unix.IN_DONT_FOLLOW != 0)
	if e != 0 {
		return 0, e
	}
	name := tg.Full()
	if tg.Node != nil { // nothing happens there that anybody is told of
		name = namei.ProcTop
	}
	wd, e := t.k.host.InotifyAdd(f.fd, name, c.u32(2))
	return int64(wd), e
}

func sysInotifyRmWatch(t *Thread, c *call) (int64, errno) {
	return t.onFile(c, func(f *File) errno { return t.k.host.InotifyRemove(f.fd, c.i32(1)) })
}

// signalFile is a signalfd. Its host file is an eventfd that is readable while
// a signal of the mask is pending for the thread that looks.
type signalFile struct{ mask uint64 }

func sysSignalfd(t *Thread, c *call) (int64, errno)  { return t.signalfd(c, 0) }
func sysSignalfd4(t *Thread, c *call) (int64, errno) { return t.signalfd(c, c.i32(3)) }

func (t *Thread) signalfd(c *call, flags int) (int64, errno) {
	if c.Args[2] != 8 || flags&^(abi.O_CLOEXEC|abi.O_NONBLOCK) != 0 {
		return 0, abi.EINVAL
	}
	mask, e := t.u64(c.addr(1))
	if e != 0 {
		return 0, e
	}
	mask &^= signal.Unblockable
	if fd := c.i32(0); fd != -1 {
		f, e := t.file(fd)
		if e != 0 {
			return 0, e
		}
		if f.signals == nil {
			return 0, abi.EINVAL
		}
		f.signals.mask = mask
		t.k.signalFiles()
		return int64(fd), 0
	}
	fd, e := t.k.host.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if e != 0 {
		return 0, e
	}
	f := t.k.newFile(fd, "anon_inode:[signalfd]", flags|abi.O_RDWR)
	f.signals = &signalFile{mask}
	t.k.files.signalFDs = append(t.k.files.signalFDs, f)
	t.k.signalFiles()
	return t.install(f, flags&abi.O_CLOEXEC != 0)
}

// signalFiles makes each signalfd readable exactly when a process that has it
// open has a signal for it.
func (k *Kernel) signalFiles() {
	for _, f := range k.files.signalFDs {
		var b [8]byte
		k.host.Read(f.fd, b[:])
		for _, t := range k.tasks.threads {
			if (t.signal.pending.Set|t.p.signal.pending.Set)&f.signals.mask != 0 && t.files.has(f) {
				b[0] = 1
				k.host.Write(f.fd, []byte{1, 0, 0, 0, 0, 0, 0, 0})
				break
			}
		}
	}
}

func (ft *fdTable) has(f *File) bool {
	for _, s := range ft.slots {
		if s.file == f {
			return true
		}
	}
	return false
}

// readSignals is a read of a signalfd.
func (t *Thread) readSignals(f *File, v [][]byte) (int64, errno) {
	size := t.lay().Size(&abi.SignalfdSiginfo{})
	if len(v[0]) < size {
		return 0, abi.EINVAL
	}
	n := 0
	for ; n+size <= len(v[0]); n += size {
		set := (t.signal.pending.Set | t.p.signal.pending.Set) & f.signals.mask
		if set == 0 {
			break
		}
		info := t.next(set)
		t.lay().Put(v[0][n:], &abi.SignalfdSiginfo{
			Signo: uint32(info.Signo), Errno: info.Errno, Code: info.Code, PID: uint32(info.PID),
			UID: info.UID, Status: info.Status, Int: int32(info.Value), Ptr: info.Value, Overrun: uint32(info.Overrun),
			TID: uint32(info.TimerID), Addr: info.Addr,
		})
	}
	t.k.signalFiles()
	if n == 0 {
		return 0, t.waitFor(f, unix.POLLIN)
	}
	return int64(n), 0
}

// pidFile makes a pidfd: an eventfd that becomes readable when the process ends.
func (k *Kernel) pidFile(p *Process, flags int) (*File, errno) {
	fd, e := k.host.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if e != 0 {
		return nil, e
	}
	f := k.newFile(fd, "anon_inode:[pidfd]", abi.O_RDWR|flags)
	f.process = p
	p.pidfds = append(p.pidfds, f)
	if p.exit.ended {
		k.pidEnded(f)
	}
	return f, 0
}

func (k *Kernel) pidEnded(f *File) { k.host.Write(f.fd, []byte{1, 0, 0, 0, 0, 0, 0, 0}) }

func sysPidfdOpen(t *Thread, c *call) (int64, errno) {
	p := t.k.process(c.i32(0))
	if p == nil {
		return 0, abi.ESRCH
	}
	f, e := t.k.pidFile(p, c.i32(1)&abi.O_NONBLOCK)
	if e != 0 {
		return 0, e
	}
	return t.install(f, true)
}

// sysPidfdSendSignal takes a pidfd, or the open directory of a process in /proc.
// sysPidfdSendSignal takes a pidfd, or the open directory of a process in /proc.
func sysPidfdSendSignal(t *Thread, c *call) (int64, errno) {
	if c.u32(3) != 0 {
		return 0, abi.EINVAL
	}
	f, e := t.file(c.i32(0))
	if e != 0 {
		return 0, e
	}
	p := f.process
	if p == nil {
		p = f.procProcess()
	}
	if p == nil {
		return 0, abi.EBADF
	}
	if t.k.process(p.pid) != p {
		p = nil // somebody has waited for it
	}
	sig := c.i32(1)
	if c.addr(2) == 0 {
		return 0, t.queue(p, t.userInfo(sig, abi.SI_USER))
	}
	var info abi.Siginfo
	if e := t.load(c.addr(2), &info); e != 0 {
		return 0, e
	} else if info.Signo != int32(sig) {
		return 0, abi.EINVAL
	}
	return 0, t.queueOwn(p, info)
}

// procProcess is the process whose directory in /proc the file is; nil if it is none.
func (f *File) procProcess() *Process {
	if n := f.proc.node; n != nil && (n.row == &processRow || n.row == &endedRow) && f.flags&abi.O_PATH == 0 {
		return n.p
	}
	return nil
}

func sysPidfdGetfd(t *Thread, c *call) (int64, errno) {
	f, e := t.file(c.i32(0))
	if e != 0 {
		return 0, e
	}
	if f.process == nil || f.process.exit.ended {
		return 0, abi.EBADF
	}
	got, e := f.process.leader().file(c.i32(1))
	if e != 0 {
		return 0, e
	}
	got.refs++
	return t.install(got, true)
}
