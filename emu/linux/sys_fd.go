package linux

import (
	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
)

func sysDup(t *Thread, c *call) (int64, errno) {
	f, e := t.file(c.i32(0))
	if e != 0 {
		return 0, e
	}
	f.refs++
	return t.install(f, false)
}

func sysDup2(t *Thread, c *call) (int64, errno) {
	if c.i32(0) == c.i32(1) {
		_, e := t.file(c.i32(0))
		return int64(c.i32(0)), e
	}
	return t.dupTo(c.i32(0), c.i32(1), false)
}

func sysDup3(t *Thread, c *call) (int64, errno) {
	if c.i32(0) == c.i32(1) || c.i32(2)&^abi.O_CLOEXEC != 0 {
		return 0, abi.EINVAL
	}
	return t.dupTo(c.i32(0), c.i32(1), c.i32(2) != 0)
}

func (t *Thread) dupTo(from, to int, cloexec bool) (int64, errno) {
	f, e := t.file(from)
	if e != 0 {
		return 0, e
	}
	if to < 0 || uint64(to) >= t.p.rlimits[unix.RLIMIT_NOFILE].Cur {
		return 0, abi.EBADF
	}
	f.refs++
	if to < len(t.files.slots) {
		t.files.drop(t.k, to)
	}
	t.files.set(to, f, cloexec)
	return int64(to), 0
}

// fcntls are the commands that the kernel itself answers.
var fcntls = map[int]func(t *Thread, c *call, f *File) (int64, errno){
	abi.F_DUPFD:         func(t *Thread, c *call, f *File) (int64, errno) { return t.dupFrom(c, f, false) },
	abi.F_DUPFD_CLOEXEC: func(t *Thread, c *call, f *File) (int64, errno) { return t.dupFrom(c, f, true) },
	abi.F_GETFD:         fcntlGetfd,
	abi.F_SETFD:         fcntlSetfd,
	abi.F_GETFL:         fcntlGetfl,
	abi.F_SETFL:         fcntlSetfl,
	abi.F_GETLK:         fcntlLock, abi.F_SETLK: fcntlLock, abi.F_SETLKW: fcntlLock,
	abi.F_GETLK64: fcntlLock, abi.F_SETLK64: fcntlLock, abi.F_SETLKW64: fcntlLock,
	abi.F_OFD_GETLK: fcntlLock, abi.F_OFD_SETLK: fcntlLock, abi.F_OFD_SETLKW: fcntlLock,
	abi.F_SETOWN: fcntlSetOwn, abi.F_GETOWN: fcntlGetOwn, abi.F_SETOWN_EX: fcntlSetOwnEx, abi.F_GETOWN_EX: fcntlGetOwnEx,
	abi.F_SETSIG: fcntlSetSig,
	abi.F_GETSIG: func(_ *Thread, _ *call, f *File) (int64, errno) { return int64(f.notify.sig), 0 },
}

// fcntlNumbers are the commands with a number as argument that the host answers.
var fcntlNumbers = map[int]bool{
	abi.F_SETPIPE_SZ: true, abi.F_GETPIPE_SZ: true, abi.F_ADD_SEALS: true, abi.F_GET_SEALS: true,
	abi.F_GETLEASE: true, abi.F_SETLEASE: true,
}

func sysFcntl(t *Thread, c *call) (int64, errno) {
	f, e := t.file(c.i32(0))
	if e != 0 {
		return 0, e
	}
	cmd := c.i32(1)
	if do := fcntls[cmd]; do != nil {
		return do(t, c, f)
	}
	if fcntlNumbers[cmd] {
		return t.k.host.Fcntl(f.fd, cmd, c.i64(2))
	}
	return 0, abi.EINVAL
}

func (t *Thread) dupFrom(c *call, f *File, cloexec bool) (int64, errno) {
	least := c.i32(2)
	if least < 0 || uint64(least) >= t.p.rlimits[unix.RLIMIT_NOFILE].Cur {
		return 0, abi.EINVAL
	}
	f.refs++
	return t.installFrom(f, cloexec, least)
}

func fcntlGetfd(t *Thread, c *call, _ *File) (int64, errno) {
	if t.files.slots[c.i32(0)].cloexec {
		return abi.FD_CLOEXEC, 0
	}
	return 0, 0
}

func fcntlSetfd(t *Thread, c *call, _ *File) (int64, errno) {
	t.files.slots[c.i32(0)].cloexec = c.i32(2)&abi.FD_CLOEXEC != 0
	return 0, 0
}

// fcntlGetfl: a 64-bit program always has O_LARGEFILE.
func fcntlGetfl(t *Thread, _ *call, f *File) (int64, errno) {
	if t.lay().Word == 8 {
		return int64(f.flags | abi.O_LARGEFILE), 0
	}
	return int64(f.flags), 0
}

// settable are the status flags that F_SETFL changes.
const settable = abi.O_APPEND | abi.O_NONBLOCK | abi.O_ASYNC | abi.O_DIRECT | abi.O_NOATIME

// fcntlSetfl keeps the host's descriptor non-blocking, or polled: only the guest
// sees O_NONBLOCK come and go.
func fcntlSetfl(t *Thread, c *call, f *File) (int64, errno) {
	want := c.i32(2) & settable
	if changed := (f.flags ^ want) & (abi.O_APPEND | abi.O_DIRECT | abi.O_NOATIME); changed != 0 {
		have, _ := t.k.host.Fcntl(f.fd, unix.F_GETFL, 0)
		if _, e := t.k.host.Fcntl(f.fd, unix.F_SETFL, have^int64(changed)); e != 0 {
			return 0, e
		}
	}
	t.k.setAsync(f, want&abi.O_ASYNC != 0)
	f.flags = f.flags&^settable | want
	return 0, 0
}

// lockCommands maps lock commands to those of the host that belong to the open
// file: to the host all guest processes are one, so its own record locks would
// not keep them apart.
var lockCommands = map[int]struct {
	host int
	wait bool
}{
	abi.F_GETLK64: {unix.F_OFD_GETLK, false}, abi.F_SETLK64: {unix.F_OFD_SETLK, false}, abi.F_SETLKW64: {unix.F_OFD_SETLK, true},
	abi.F_GETLK: {unix.F_OFD_GETLK, false}, abi.F_SETLK: {unix.F_OFD_SETLK, false}, abi.F_SETLKW: {unix.F_OFD_SETLK, true},
	abi.F_OFD_GETLK: {unix.F_OFD_GETLK, false}, abi.F_OFD_SETLK: {unix.F_OFD_SETLK, false}, abi.F_OFD_SETLKW: {unix.F_OFD_SETLK, true},
}

func fcntlLock(t *Thread, c *call, f *File) (int64, errno) {
	var l abi.Flock
	at, e := t.lockStruct(c, &l)
	if e == 0 {
		e = t.load(c.addr(2), at)
	}
	if e != 0 {
		return 0, e
	}
	cmd := lockCommands[c.i32(1)]
	h := &unix.Flock_t{Type: l.Type, Whence: l.Whence, Start: l.Start, Len: l.Len}
	e = t.k.host.FcntlLock(f.fd, cmd.host, h)
	if e == abi.EAGAIN && cmd.wait {
		return 0, t.retryLock()
	}
	if e != 0 || cmd.host != unix.F_OFD_GETLK {
		return 0, e
	}
	l.Type = h.Type
	if h.Type != unix.F_UNLCK {
		l.Whence, l.Start, l.Len, l.PID = h.Whence, h.Start, h.Len, h.Pid
	}
	return 0, t.store(c.addr(2), at)
}

// lockStruct is l in the form that the command has in memory. The commands with
// 64 in their names exist where longs have 32 bits.
func (t *Thread) lockStruct(c *call, l *abi.Flock) (abi.Struct, errno) {
	switch cmd := c.i32(1); {
	case cmd <= abi.F_SETLKW:
		return l, 0
	case t.lay().Word == 8 && cmd <= abi.F_SETLKW64:
		return nil, abi.EINVAL
	}
	return (*abi.Flock64)(l), 0
}

// lockRetry is how long to wait, in nanoseconds, before a lock is tried again:
// the host tells nobody when it becomes free.
const lockRetry = 2e6

func (t *Thread) retryLock() errno {
	return t.park(wait{deadline: t.k.host.Now() + lockRetry, interrupted: abi.ERESTARTSYS})
}

func sysFlock(t *Thread, c *call) (int64, errno) {
	f, e := t.file(c.i32(0))
	if e != 0 {
		return 0, e
	}
	e = t.k.host.Flock(f.fd, c.i32(1)|unix.LOCK_NB)
	if e == abi.EAGAIN && c.i32(1)&unix.LOCK_NB == 0 {
		e = t.retryLock()
	}
	return 0, e
}

func sysPipe(t *Thread, c *call) (int64, errno)  { return t.pipe(c, 0) }
func sysPipe2(t *Thread, c *call) (int64, errno) { return t.pipe(c, c.i32(1)) }

func (t *Thread) pipe(c *call, flags int) (int64, errno) {
	const direct = abi.O_DIRECT // packets
	if flags&^(abi.O_CLOEXEC|abi.O_NONBLOCK|direct) != 0 {
		return 0, abi.EINVAL
	}
	fds, e := t.k.host.Pipe(unix.O_CLOEXEC | unix.O_NONBLOCK | flags&direct)
	if e != 0 {
		return 0, e
	}
	return t.twoFiles(c, 0, fds, [2]int{abi.O_RDONLY | flags, abi.O_WRONLY | flags}, "pipe")
}

// twoFiles installs a pair and stores its descriptors.
func (t *Thread) twoFiles(c *call, arg int, fds [2]int32, flags [2]int, name string) (int64, errno) {
	var got [2]int64
	for i, fd := range fds {
		n, e := t.adopt(int(fd), 0, name, flags[i])
		if e != 0 {
			if i == 0 {
				t.k.host.Close(int(fds[1]))
			} else {
				t.files.drop(t.k, int(got[0]))
			}
			return 0, e
		}
		got[i] = n
	}
	e := t.putU32(c.addr(arg), uint32(got[0]))
	if e == 0 {
		e = t.putU32(c.addr(arg)+4, uint32(got[1]))
	}
	if e != 0 {
		t.files.drop(t.k, int(got[0]))
		t.files.drop(t.k, int(got[1]))
	}
	return 0, e
}

func sysMemfdCreate(t *Thread, c *call) (int64, errno) {
	name, e := t.str(c.addr(0), 250)
	if e != 0 {
		return 0, abi.EINVAL
	}
	fd, e := t.k.host.Memfd(name, c.i32(1)|unix.MFD_CLOEXEC)
	if e != 0 {
		return 0, e
	}
	return t.install(t.k.newFile(fd, "/memfd:"+name+" (deleted)", abi.O_RDWR), c.i32(1)&unix.MFD_CLOEXEC != 0)
}
