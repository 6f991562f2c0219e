package sandbox

import (
	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
)

// kind says what a descriptor is.
type kind uint8

const (
	plain     kind = iota // made by the guest and of no name: pipe, socket, eventfd …
	regular               // a file of the tree
	directory             // the host has an empty memory file for it
	pathOnly              // O_PATH: so here
	special               // a device or FIFO of the tree
	stdio                 // the guest was started with it
)

// file is an open file. The personality has the host's descriptor of it, or
// several.
type file struct {
	kind    kind
	refs    int
	at      *entry // nil without a name
	flags   int
	entries []abi.Dirent // of a directory that is being read
	pos     int
	fifo    *fifo
	seals   bool   // a memory file of the guest
	number  uint64 // of a descriptor that the guest was started with
}

// adopt notes a descriptor that the personality is given.
func (s *Sandbox) adopt(fd int, f *file) (int64, errno) {
	if old := s.open[fd]; old != nil {
		s.unref(old)
	}
	s.open[fd] = f
	f.refs++
	if f.at != nil {
		f.at.ino.opens++
	}
	return int64(fd), 0
}

// close ends a descriptor.
func (s *Sandbox) close(fd int) errno {
	f := s.open[fd]
	if f == nil {
		return abi.EBADF
	}
	delete(s.open, fd)
	e := s.host.Close(fd)
	s.unref(f)
	return e
}

func (s *Sandbox) unref(f *file) {
	f.refs--
	if f.at != nil {
		f.at.ino.opens--
		s.forget(f.at.ino)
	}
	if f.refs == 0 && f.fifo != nil {
		f.fifo.leave(f.flags)
	}
}

// opening is an open call.
type opening struct {
	dir     int
	path    string
	flags   int
	mode    uint32
	resolve uint64
}

func (o *opening) has(flag int) bool { return o.flags&flag == flag }
func (o *opening) access() int       { return o.flags & unix.O_ACCMODE }

// wants is the permission bits that an access mode needs.
func (o *opening) wants() (bits uint32) {
	switch o.access() {
	case unix.O_RDONLY:
		bits = 4
	case unix.O_WRONLY:
		bits = 2
	default:
		bits = 6
	}
	if o.has(unix.O_TRUNC) {
		bits |= 2
	}
	return bits
}

// openAt opens a path.
func (s *Sandbox) openAt(o opening) (int64, errno) {
	follow := !o.has(unix.O_NOFOLLOW) && !o.has(unix.O_CREAT|unix.O_EXCL)
	if o.has(unix.O_CREAT) && !o.has(unix.O_PATH) {
		o.resolve |= creating
	}
	p, e := s.resolveAs(o.dir, o.path, follow, o.resolve)
	switch {
	case e != 0:
		return 0, e
	case p.name == "" && o.resolve&creating != 0 && p.file == nil && !o.has(unix.O_EXCL):
		return 0, abi.EISDIR
	case p.file != nil:
		return s.reopen(p.file, o)
	case o.has(unix.O_TMPFILE) && !o.has(unix.O_PATH):
		return s.openUnnamed(p, o)
	case p.at == nil:
		return s.create(p, o)
	case o.has(unix.O_CREAT | unix.O_EXCL):
		return 0, abi.EEXIST
	}
	return s.openEntry(p.at, o)
}

// create makes the file that an open did not find.
func (s *Sandbox) create(p place, o opening) (int64, errno) {
	if !o.has(unix.O_CREAT) || o.has(unix.O_PATH) {
		return 0, abi.ENOENT
	}
	if o.has(unix.O_DIRECTORY) {
		return 0, abi.EINVAL
	}
	if e := s.mayChange(p.dir, nil); e != 0 {
		return 0, e
	}
	n := s.newInode(unix.S_IFREG | o.mode&0o7777&^s.umask)
	if e := s.setContent(n, ""); e != 0 {
		return 0, e
	}
	return s.openContent(s.add(p.dir, p.name, n), o)
}

// openUnnamed is O_TMPFILE.
func (s *Sandbox) openUnnamed(p place, o opening) (int64, errno) {
	switch {
	case p.at == nil:
		return 0, abi.ENOENT
	case !p.at.ino.isDir():
		return 0, abi.ENOTDIR
	case o.access() == unix.O_RDONLY:
		return 0, abi.EINVAL
	}
	if e := s.mayChange(p.at, nil); e != 0 {
		return 0, e
	}
	n := s.newInode(unix.S_IFREG | o.mode&0o7777&^s.umask)
	if e := s.setContent(n, ""); e != 0 {
		return 0, e
	}
	at := &entry{parent: p.at, name: "#" + itoa(n.id.ino), ino: n, gone: true}
	o.flags &^= unix.O_TMPFILE
	return s.openContent(at, o)
}

// openEntry opens what has a name.
func (s *Sandbox) openEntry(at *entry, o opening) (int64, errno) {
	n := at.ino
	switch {
	case n.isDir() || o.has(unix.O_PATH):
		return s.openPlace(at, o)
	case o.has(unix.O_DIRECTORY):
		return 0, abi.ENOTDIR
	case n.typ == unix.S_IFLNK:
		return 0, abi.ELOOP
	case n.typ == unix.S_IFSOCK:
		return 0, abi.ENXIO
	}
	if e := s.may(n, o.wants()); e != 0 {
		return 0, e
	}
	switch {
	case n.device != "":
		return s.openDevice(at, o)
	case n.hostFile != "":
		return s.openProc(at, o)
	case n.fifo != nil:
		return s.openFIFO(at, o)
	case n.typ != unix.S_IFREG:
		return 0, abi.EACCES // a device or FIFO of the host
	case n.fixed && o.wants()&2 != 0:
		return 0, abi.EACCES
	}
	return s.openContent(at, o)
}

// openPlace opens a directory, or a file for its name only. The host has nothing
// to do with it: the descriptor is that of an empty file, one for each inode, so
// that locks and identities work.
func (s *Sandbox) openPlace(at *entry, o opening) (int64, errno) {
	n := at.ino
	if o.has(unix.O_DIRECTORY) && !n.isDir() {
		return 0, abi.ENOTDIR
	}
	f := &file{kind: pathOnly, at: at, flags: o.flags}
	if !o.has(unix.O_PATH) {
		if o.access() != unix.O_RDONLY || o.flags&(unix.O_CREAT|unix.O_TRUNC) != 0 {
			return 0, abi.EISDIR
		}
		if e := s.may(n, 4); e != 0 {
			return 0, e
		}
		f.kind = directory
	}
	var fd int
	var e errno
	if n.isDir() {
		if n.data < 0 {
			n.data, e = s.host.Memfd("directory", unix.MFD_CLOEXEC)
		}
		if e == 0 {
			fd, e = s.host.Openat(unix.AT_FDCWD, fdPath(n.data), unix.O_RDONLY|unix.O_CLOEXEC, 0)
		}
	} else {
		fd, e = s.host.Memfd("path", unix.MFD_CLOEXEC)
	}
	if e != 0 {
		return 0, e
	}
	return s.adopt(fd, f)
}

// passedFlags are the flags of an open that the host sees.
const passedFlags = unix.O_ACCMODE | unix.O_APPEND | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_SYNC | unix.O_NOATIME

// openContent opens a regular file that may be opened: the host's, or, to write,
// the sandbox's copy.
func (s *Sandbox) openContent(at *entry, o opening) (int64, errno) {
	n := at.ino
	f := &file{kind: regular, at: at, flags: o.flags}
	if o.wants()&2 != 0 {
		if e := s.copyUp(n, o.has(unix.O_TRUNC)); e != 0 {
			return 0, e
		}
	}
	fd, e := s.contentFD(n, o.flags&(passedFlags|unix.O_TRUNC))
	if e != 0 {
		return 0, e
	}
	return s.adopt(fd, f)
}

// contentFD opens the content of a regular file once more.
func (s *Sandbox) contentFD(n *inode, flags int) (int, errno) {
	if n.data >= 0 {
		fd, e := s.host.Openat(unix.AT_FDCWD, fdPath(n.data), flags|unix.O_CLOEXEC, 0)
		if e == abi.EPERM && flags&unix.O_NOATIME != 0 {
			fd, e = s.host.Openat(unix.AT_FDCWD, fdPath(n.data), flags&^unix.O_NOATIME|unix.O_CLOEXEC, 0)
		}
		return fd, e
	}
	fd, e := s.openLower(n.lower, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY)
	if e != 0 {
		return fd, e
	}
	if st, e := s.host.Fstat(fd); e != 0 || st.Mode&unix.S_IFMT != unix.S_IFREG {
		s.host.Close(fd)
		return 0, abi.EACCES
	}
	return fd, 0
}

// openDevice hands out a device of /dev.
func (s *Sandbox) openDevice(at *entry, o opening) (int64, errno) {
	f := &file{kind: special, at: at, flags: o.flags}
	if at.ino.device == "tty" {
		return s.openTTY(f, o)
	}
	fd, e := s.host.Fcntl(s.devices[at.ino.device], unix.F_DUPFD_CLOEXEC, 3)
	if e != 0 {
		return 0, e
	}
	return s.adopt(int(fd), f)
}

// openTTY finds the terminal among the descriptors that the guest was started
// with.
func (s *Sandbox) openTTY(f *file, o opening) (int64, errno) {
	for fd := range 3 {
		if s.open[fd] == nil {
			continue
		}
		if _, e := s.host.IoctlBuf(fd, unix.TCGETS, make([]byte, 64)); e == 0 {
			return s.again(fd, f, o)
		}
	}
	return 0, abi.ENXIO
}

// again opens what a descriptor of the host leads to once more, with no more
// access than it has. Where the host does not permit that it is duplicated.
func (s *Sandbox) again(fd int, f *file, o opening) (int64, errno) {
	fl, e := s.host.Fcntl(fd, unix.F_GETFL, 0)
	if e != 0 {
		return 0, e
	}
	if has := int(fl) & unix.O_ACCMODE; has != unix.O_RDWR && has != o.access() || fl&unix.O_PATH != 0 {
		return 0, abi.EACCES
	}
	n, e := s.host.Openat(unix.AT_FDCWD, fdPath(fd), o.flags&passedFlags|int(fl)&unix.O_APPEND|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if e == abi.EACCES || e == abi.EPERM {
		var dup int64
		dup, e = s.host.Fcntl(fd, unix.F_DUPFD_CLOEXEC, 3)
		n = int(dup)
	}
	if e != 0 {
		return 0, e
	}
	return s.adopt(n, f)
}

// reopen opens /proc/self/fd/N.
func (s *Sandbox) reopen(f *file, o opening) (int64, errno) {
	if o.has(unix.O_CREAT | unix.O_EXCL) {
		return 0, abi.EEXIST
	}
	switch {
	case f.kind == stdio || f.kind == special && f.at.ino.device == "tty" || f.kind == plain:
		fd, ok := s.fdOf(f)
		if !ok {
			return 0, abi.EBADF
		}
		if o.has(unix.O_PATH) || o.has(unix.O_DIRECTORY) {
			return 0, abi.EACCES
		}
		if f.kind != plain {
			return s.again(fd, &file{kind: f.kind, at: f.at, flags: o.flags}, o)
		}
		n, e := s.host.Openat(unix.AT_FDCWD, fdPath(fd), o.flags&(passedFlags|unix.O_TRUNC)|unix.O_CLOEXEC, 0)
		if e != 0 {
			return 0, e
		}
		return s.adopt(n, &file{kind: plain, flags: o.flags, seals: f.seals})
	}
	return s.openEntry(f.at, o)
}

// fdOf finds a descriptor of an open file.
func (s *Sandbox) fdOf(f *file) (int, bool) {
	for fd, g := range s.open { // all are alike
		if f == g {
			return fd, true
		}
	}
	return 0, false
}
