package sandbox

import (
	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostsys"
)

// Calls on descriptors.

func callClose(s *Sandbox, c *hostsys.Call) (int64, errno) { return 0, s.close(fdArg(c, 0)) }

// callNothing does what the host would do for nobody's good.
func callNothing(*Sandbox, *hostsys.Call) (int64, errno) { return 0, 0 }

// madeFD, madePair and so on note what the host made.
func madeFD(s *Sandbox, c *hostsys.Call) { s.adopt(int(c.Ret), &file{kind: plain}) }

func madeMemfd(s *Sandbox, c *hostsys.Call) { s.adopt(int(c.Ret), &file{kind: plain, seals: true}) }

func madePair(arg int) func(s *Sandbox, c *hostsys.Call) {
	return func(s *Sandbox, c *hostsys.Call) {
		for _, fd := range list[int32](c.Args[arg].Buf) {
			s.adopt(int(fd), &file{kind: plain})
		}
	}
}

// written is how many bytes a call would write.
func written(c *hostsys.Call) int64 {
	total := len(c.Args[1].Buf)
	for _, b := range c.Vec {
		total += len(b)
	}
	return int64(total)
}

// swallows reports whether what is written to the file must not reach the host.
func (f *file) swallows() bool {
	return f.kind == special && f.at != nil && (f.at.ino.device == "random" || f.at.ino.device == "urandom")
}

func callGetdents(s *Sandbox, c *hostsys.Call) (int64, errno) {
	f := s.open[fdArg(c, 0)]
	if f.kind != directory {
		return 0, abi.ENOTDIR
	}
	if f.pos == 0 {
		if e := s.readDir(f); e != 0 {
			return 0, e
		}
	}
	total := 0
	for b := c.Args[1].Buf; f.pos < len(f.entries); f.pos++ {
		n := abi.PutDirent64(b[total:], &f.entries[f.pos])
		if n == 0 && total == 0 {
			return 0, abi.EINVAL
		}
		if n == 0 {
			break
		}
		total += n
	}
	return int64(total), 0
}

// readDir takes the names of a directory as of now.
func (s *Sandbox) readDir(f *file) errno {
	if f.at.gone {
		f.entries = nil
		return 0
	}
	names, e := s.names(f.at)
	if e != 0 {
		return e
	}
	up := f.at
	if up.parent != nil {
		up = up.parent
	}
	f.entries = append([]abi.Dirent{{Ino: f.at.ino.id.ino, Type: unix.DT_DIR, Name: "."}, {Ino: up.ino.id.ino, Type: unix.DT_DIR, Name: ".."}}, names...)
	for i := range f.entries {
		f.entries[i].Off = int64(i + 1)
	}
	return 0
}

func callLseek(s *Sandbox, c *hostsys.Call) (int64, errno) {
	f := s.open[fdArg(c, 0)]
	switch f.kind {
	case directory:
	case stdio:
		return s.seekStdio(c)
	default:
		return s.direct(c)
	}
	off := int64(c.Args[1].Num)
	switch intArg(c, 2) {
	case unix.SEEK_SET:
	case unix.SEEK_CUR:
		off += int64(f.pos)
	default:
		return 0, abi.EINVAL
	}
	if off < 0 {
		return 0, abi.EINVAL
	}
	if f.pos == 0 && off > 0 {
		if e := s.readDir(f); e != 0 {
			return 0, e
		}
	}
	f.pos = int(min(off, int64(len(f.entries))))
	return off, 0
}

// seekStdio goes back when it got to a place where the guest may not write.
func (s *Sandbox) seekStdio(c *hostsys.Call) (int64, errno) {
	fd := fdArg(c, 0)
	before, _ := s.host.Lseek(fd, 0, unix.SEEK_CUR)
	at, e := s.direct(c)
	if e != 0 {
		return at, e
	}
	if e := s.past(fd, at); e != 0 {
		s.host.Lseek(fd, before, unix.SEEK_SET)
		return 0, e
	}
	return at, 0
}

// callFcntl knows the commands that the personality needs.
func callFcntl(s *Sandbox, c *hostsys.Call) (int64, errno) {
	f := s.open[fdArg(c, 0)]
	switch intArg(c, 1) {
	case unix.F_DUPFD_CLOEXEC:
		fd, e := s.direct(c)
		if e != 0 {
			return 0, e
		}
		return s.adopt(int(fd), f)
	case unix.F_GETFD, unix.F_GETFL:
		return s.direct(c)
	case unix.F_SETFL:
		c.Args[2].Num &^= unix.O_ASYNC
		c.Args[2].Num |= s.appends(fdArg(c, 0), f)
		return s.direct(c)
	case unix.F_SETPIPE_SZ:
		if n := c.Args[2].Num; n > usualPipe && s.charge(int64(min(n, maxCopy))) != 0 {
			return 0, abi.EPERM
		}
		return s.direct(c)
	case unix.F_GETPIPE_SZ:
		return s.direct(c)
	case unix.F_ADD_SEALS, unix.F_GET_SEALS:
		if f.seals {
			return s.direct(c)
		}
	case unix.F_OFD_GETLK, unix.F_OFD_SETLK:
		return s.lock(c, f)
	}
	return 0, abi.EINVAL
}

// appends is O_APPEND for a file that the guest was started with to append to: it does
// not get at what is there.
func (s *Sandbox) appends(fd int, f *file) uint64 {
	if f.kind != stdio {
		return 0
	}
	fl, _ := s.host.Fcntl(fd, unix.F_GETFL, 0)
	return uint64(fl) & unix.O_APPEND
}

func callFlock(s *Sandbox, c *hostsys.Call) (int64, errno) {
	return s.lock(c, s.open[fdArg(c, 0)])
}

// lock locks a file. The host's own file is copied before, so that no process of
// the host ever waits for the guest.
func (s *Sandbox) lock(c *hostsys.Call, f *file) (int64, errno) {
	if f.kind == regular {
		if e := s.copyUp(f.at.ino, false); e != 0 {
			return 0, e
		}
	}
	if f.kind == pathOnly {
		return 0, abi.EBADF
	}
	return s.direct(c)
}

// ioctls are the requests that reach the host, all of them about the descriptor
// itself and not about the machine, with the size of their buffers.
var ioctls = map[uint32]int{
	unix.TCGETS: 36, unix.TCSETS: 36, unix.TCSETSW: 36, unix.TCSETSF: 36,
	unix.TCGETS2: 44, unix.TCSETS2: 44, unix.TCSETSW2: 44, unix.TCSETSF2: 44,
	unix.TCSBRK: 0, unix.TCXONC: 0, unix.TCFLSH: 0, unix.TCSBRKP: 0,
	unix.TIOCGWINSZ: 8, unix.TIOCSWINSZ: 8, unix.TIOCOUTQ: 4, unix.TIOCGETD: 4,
	unix.TIOCINQ: 4, abi.FIOQSIZE: 8, unix.SIOCATMARK: 4,
}

func callIoctl(s *Sandbox, c *hostsys.Call) (int64, errno) {
	f := s.open[fdArg(c, 0)]
	size, ok := ioctls[numArg(c, 1)]
	switch arg := &c.Args[2]; {
	case !ok, f.kind == directory, f.kind == pathOnly:
		return 0, abi.ENOTTY
	case size == 0 && arg.Dir != hostsys.Number:
		return 0, abi.EFAULT
	case size > 0 && (arg.Dir != hostsys.InOut || len(arg.Buf) < size):
		return 0, abi.EFAULT
	}
	return s.direct(c)
}

// checkPoll holds the descriptors of a poll against those that exist.
func checkPoll(s *Sandbox, c *hostsys.Call) errno {
	for _, p := range list[unix.PollFd](c.Args[0].Buf) {
		if int(p.Fd) != s.host.Wake && p.Fd >= 0 && s.open[int(p.Fd)] == nil {
			return abi.EBADF
		}
	}
	return 0
}

// Extended attributes. Those of the namespace user are kept; others do not exist.

func (s *Sandbox) xattrPlace(c *hostsys.Call) (*inode, errno) {
	follow := c.Nr != unix.SYS_LGETXATTR && c.Nr != unix.SYS_LSETXATTR && c.Nr != unix.SYS_LLISTXATTR && c.Nr != unix.SYS_LREMOVEXATTR
	p, e := s.there(unix.AT_FDCWD, strArg(c, 0), follow)
	switch {
	case e != 0:
		return nil, e
	case p.at == nil || p.at.ino.fixed:
		return nil, abi.EOPNOTSUPP
	}
	return p.at.ino, s.loadXattrs(p.at.ino)
}

func isUser(name string) bool { return len(name) > 5 && name[:5] == "user." }

func callGetxattr(s *Sandbox, c *hostsys.Call) (int64, errno) {
	n, e := s.xattrPlace(c)
	if e != 0 {
		return 0, e
	}
	v, ok := n.xattrs[strArg(c, 1)]
	if !ok {
		return 0, abi.ENODATA
	}
	return fill(c, 2, v)
}

// fill gives a call bytes, or their number when it has no buffer.
func fill(c *hostsys.Call, arg int, v []byte) (int64, errno) {
	b := c.Args[arg].Buf
	if len(b) > 0 && len(b) < len(v) {
		return 0, abi.ERANGE
	}
	copy(b, v)
	return int64(len(v)), 0
}

func callListxattr(s *Sandbox, c *hostsys.Call) (int64, errno) {
	n, e := s.xattrPlace(c)
	if e == abi.EOPNOTSUPP {
		return 0, 0
	}
	if e != 0 {
		return 0, e
	}
	var b []byte
	for _, name := range sortedKeys(n.xattrs) {
		b = append(append(b, name...), 0)
	}
	return fill(c, 1, b)
}

// changeXattr prepares a change of an attribute.
func (s *Sandbox) changeXattr(c *hostsys.Call) (*inode, errno) {
	n, e := s.xattrPlace(c)
	switch {
	case e != 0:
		return nil, e
	case !isUser(strArg(c, 1)):
		return nil, abi.EOPNOTSUPP
	case n.typ != unix.S_IFREG && !n.isDir():
		return nil, abi.EPERM
	}
	if e := s.may(n, 2); e != 0 {
		return nil, e
	}
	return n, s.ownAttrs(n)
}

func callSetxattr(s *Sandbox, c *hostsys.Call) (int64, errno) {
	n, e := s.changeXattr(c)
	if e != 0 {
		return 0, e
	}
	name, flags := strArg(c, 1), intArg(c, 4)
	_, have := n.xattrs[name]
	switch {
	case have && flags&unix.XATTR_CREATE != 0:
		return 0, abi.EEXIST
	case !have && flags&unix.XATTR_REPLACE != 0:
		return 0, abi.ENODATA
	}
	if e := s.charge(int64(len(name) + len(c.Args[2].Buf))); e != 0 {
		return 0, e
	}
	if n.xattrs == nil {
		n.xattrs = map[string][]byte{}
	}
	n.xattrs[name] = append([]byte{}, c.Args[2].Buf...)
	n.st.Ctim = s.now()
	return 0, 0
}

func callRemovexattr(s *Sandbox, c *hostsys.Call) (int64, errno) {
	n, e := s.changeXattr(c)
	if e != 0 {
		return 0, e
	}
	if _, ok := n.xattrs[strArg(c, 1)]; !ok {
		return 0, abi.ENODATA
	}
	delete(n.xattrs, strArg(c, 1))
	n.st.Ctim = s.now()
	return 0, 0
}
