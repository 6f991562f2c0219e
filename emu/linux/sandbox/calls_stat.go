package sandbox

import (
	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostsys"
)

// Calls about attributes.

// statPlace is the attributes of what a path leads to. A path that names a
// descriptor is itself a link when it is not followed.
func (s *Sandbox) statPlace(p place, path string, follow bool) (unix.Stat_t, errno) {
	switch {
	case p.file != nil && path != "" && !follow:
		n := s.newInode(unix.S_IFLNK | 0o700)
		n.st.Size, n.st.Nlink = 64, 1
		return n.st, 0
	case p.at != nil:
		return s.stat(p.at.ino)
	}
	return s.statFile(p.file)
}

func (s *Sandbox) statFile(f *file) (unix.Stat_t, errno) {
	if f.at != nil {
		return s.stat(f.at.ino)
	}
	fd, ok := s.fdOf(f)
	if !ok {
		return unix.Stat_t{}, abi.EBADF
	}
	return s.host.Fstat(fd)
}

func callFstat(s *Sandbox, c *hostsys.Call) (int64, errno) {
	f := s.open[fdArg(c, 0)]
	if f.at == nil {
		return s.direct(c)
	}
	st, e := s.stat(f.at.ino)
	return putStat(c, 1, &st, e)
}

func putStat(c *hostsys.Call, arg int, st *unix.Stat_t, e errno) (int64, errno) {
	if e != 0 {
		return 0, e
	}
	out := as[unix.Stat_t](c.Args[arg].Buf)
	if out == nil {
		return 0, abi.EFAULT
	}
	*out = *st
	return 0, 0
}

// statAt resolves and stats.
func (s *Sandbox) statAt(c *hostsys.Call, flags int) (unix.Stat_t, errno) {
	p, e := s.at(c, 0, flags)
	if e != 0 {
		return unix.Stat_t{}, e
	}
	return s.statPlace(p, strArg(c, 1), flags&unix.AT_SYMLINK_NOFOLLOW == 0)
}

func callFstatat(s *Sandbox, c *hostsys.Call) (int64, errno) {
	st, e := s.statAt(c, intArg(c, 3))
	return putStat(c, 2, &st, e)
}

func statxTime(t unix.Timespec) unix.StatxTimestamp {
	return unix.StatxTimestamp{Sec: int64(t.Sec), Nsec: uint32(t.Nsec)}
}

func callStatx(s *Sandbox, c *hostsys.Call) (int64, errno) {
	st, e := s.statAt(c, intArg(c, 2))
	if e != 0 {
		return 0, e
	}
	out := as[unix.Statx_t](c.Args[4].Buf)
	if out == nil {
		return 0, abi.EFAULT
	}
	*out = unix.Statx_t{
		Mask: unix.STATX_BASIC_STATS, Blksize: uint32(st.Blksize), Nlink: uint32(st.Nlink), Uid: st.Uid, Gid: st.Gid,
		Mode: uint16(st.Mode), Ino: st.Ino, Size: uint64(st.Size), Blocks: uint64(st.Blocks),
		Atime: statxTime(st.Atim), Mtime: statxTime(st.Mtim), Ctime: statxTime(st.Ctim),
		Rdev_major: unix.Major(uint64(st.Rdev)), Rdev_minor: unix.Minor(uint64(st.Rdev)),
		Dev_major: unix.Major(uint64(st.Dev)), Dev_minor: unix.Minor(uint64(st.Dev)),
	}
	return 0, 0
}

func callStatfs(s *Sandbox, c *hostsys.Call) (int64, errno) {
	p, e := s.there(unix.AT_FDCWD, strArg(c, 0), true)
	if e != 0 {
		return 0, e
	}
	return putStatfs(c, p.at)
}

func callFstatfs(s *Sandbox, c *hostsys.Call) (int64, errno) {
	at := s.open[fdArg(c, 0)].at
	if at == nil {
		return s.direct(c)
	}
	return putStatfs(c, at)
}

// putStatfs describes the one file system that there is beside /proc.
func putStatfs(c *hostsys.Call, at *entry) (int64, errno) {
	out := as[unix.Statfs_t](c.Args[1].Buf)
	if out == nil {
		return 0, abi.EFAULT
	}
	if at != nil && at.ino.id.dev == procDev {
		*out = unix.Statfs_t{Type: unix.PROC_SUPER_MAGIC, Bsize: 4096, Frsize: 4096, Namelen: maxName}
		return 0, 0
	}
	const blocks = 4 << 20 // 16 GiB, half of them free
	*out = unix.Statfs_t{
		Type: unix.OVERLAYFS_SUPER_MAGIC, Bsize: 4096, Frsize: 4096, Blocks: blocks, Bfree: blocks / 2, Bavail: blocks / 2,
		Files: 1 << 20, Ffree: 1 << 19, Namelen: maxName,
	}
	return 0, 0
}

func callFaccessat(s *Sandbox, c *hostsys.Call) (int64, errno) {
	p, e := s.at(c, 0, intArg(c, 3))
	if e != 0 {
		return 0, e
	}
	st, e := s.statPlace(p, "", true)
	if e == 0 && !s.user.allows(&st, numArg(c, 2)&7) {
		e = abi.EACCES
	}
	return 0, e
}

func callReadlinkat(s *Sandbox, c *hostsys.Call) (int64, errno) {
	p, e := s.at(c, 0, unix.AT_SYMLINK_NOFOLLOW|unix.AT_EMPTY_PATH)
	if e != 0 {
		return 0, e
	}
	target := ""
	switch {
	case p.file != nil && strArg(c, 1) != "":
		target, e = s.nameOf(p.file)
	case p.at != nil && p.at.ino.typ == unix.S_IFLNK:
		target = p.at.ino.target
	default:
		e = abi.EINVAL
	}
	if e != 0 {
		return 0, e
	}
	return int64(copy(c.Args[2].Buf, target)), 0
}

// nameOf is where the link of a descriptor in /proc leads.
func (s *Sandbox) nameOf(f *file) (string, errno) {
	if f.at != nil {
		return f.at.path()
	}
	fd, ok := s.fdOf(f)
	if !ok {
		return "", abi.ENOENT
	}
	name, e := s.host.Readlinkat(unix.AT_FDCWD, fdPath(fd))
	if e == 0 && name[0] == '/' && f.kind == stdio {
		if p, e := s.walk(s.view.root, name, true); e != 0 || p.at == nil {
			return "/dev/host" + itoa(f.number), 0 // a file of the host that is no business of the guest
		}
	}
	return name, e
}

// change prepares a file for a change of its attributes by its owner.
func (s *Sandbox) change(p place) (*inode, errno) {
	switch {
	case p.at == nil:
		return nil, abi.EPERM // nameless, or the user's
	case p.at.ino.fixed:
		return nil, abi.EPERM
	case !s.isOwner(p.at.ino):
		return nil, abi.EPERM
	}
	if e := s.ownAttrs(p.at.ino); e != 0 {
		return nil, e
	}
	p.at.ino.st.Ctim = s.now()
	return p.at.ino, 0
}

func (s *Sandbox) chmod(p place, mode uint32) (int64, errno) {
	n, e := s.change(p)
	if e == 0 {
		n.st.Mode = n.typ | mode&0o7777
	}
	return 0, e
}

func callFchmodat(s *Sandbox, c *hostsys.Call) (int64, errno) {
	p, e := s.at(c, 0, unix.AT_EMPTY_PATH)
	if e != 0 {
		return 0, e
	}
	return s.chmod(p, numArg(c, 2))
}

func callFchmod(s *Sandbox, c *hostsys.Call) (int64, errno) {
	f := s.open[fdArg(c, 0)]
	if f.kind == plain {
		return s.direct(c)
	}
	return s.chmod(place{file: f, at: f.at}, numArg(c, 1))
}

// chown changes the ids that are not -1. Only the superuser may give files away;
// others may give them to their own groups.
func (s *Sandbox) chown(p place, uid, gid uint32) (int64, errno) {
	const keep = ^uint32(0)
	n, e := s.change(p)
	if e != 0 {
		return 0, e
	}
	if s.user.uid != 0 && (uid != keep && uid != n.st.Uid || gid != keep && gid != n.st.Gid && !s.user.in(gid)) {
		return 0, abi.EPERM
	}
	if uid != keep {
		n.st.Uid = uid
	}
	if gid != keep {
		n.st.Gid = gid
	}
	if !n.isDir() {
		n.st.Mode &^= unix.S_ISUID | unix.S_ISGID
	}
	return 0, 0
}

func (u *user) in(gid uint32) bool {
	for _, g := range u.groups {
		if g == gid {
			return true
		}
	}
	return gid == u.gid
}

func callFchownat(s *Sandbox, c *hostsys.Call) (int64, errno) {
	p, e := s.at(c, 0, intArg(c, 4))
	if e != 0 {
		return 0, e
	}
	return s.chown(p, numArg(c, 2), numArg(c, 3))
}

func callFchown(s *Sandbox, c *hostsys.Call) (int64, errno) {
	f := s.open[fdArg(c, 0)]
	if f.kind == plain {
		return s.direct(c)
	}
	return s.chown(place{file: f, at: f.at}, numArg(c, 1), numArg(c, 2))
}

func callUtimensat(s *Sandbox, c *hostsys.Call) (int64, errno) {
	var p place
	var e errno
	if c.Args[1].Dir == hostsys.Number { // the descriptor itself
		f := s.open[fdArg(c, 0)]
		if f == nil {
			return 0, abi.EBADF
		}
		p = place{file: f, at: f.at}
	} else if p, e = s.at(c, 0, intArg(c, 3)); e != 0 {
		return 0, e
	}
	times := [2]unix.Timespec{{Nsec: unix.UTIME_NOW}, {Nsec: unix.UTIME_NOW}}
	if t := as[[2]unix.Timespec](c.Args[2].Buf); t != nil {
		times = *t
	}
	return 0, s.utimes(p, times)
}

// utimes sets times. To now they may be set by whoever may write.
func (s *Sandbox) utimes(p place, times [2]unix.Timespec) errno {
	if p.at == nil || p.at.ino.fixed {
		return abi.EPERM
	}
	for _, t := range times {
		if t.Nsec != unix.UTIME_NOW && t.Nsec != unix.UTIME_OMIT && (t.Nsec < 0 || t.Nsec >= 1e9) {
			return abi.EINVAL
		}
	}
	n := p.at.ino
	now := times[0].Nsec == unix.UTIME_NOW && times[1].Nsec == unix.UTIME_NOW
	if !s.isOwner(n) && (!now || s.may(n, 2) != 0) {
		if now {
			return abi.EACCES
		}
		return abi.EPERM
	}
	if e := s.ownAttrs(n); e != 0 {
		return e
	}
	if n.typ == unix.S_IFREG {
		return s.host.Utimensat(n.data, "", &times, 0)
	}
	n.st.Ctim = s.now()
	for i, field := range []*unix.Timespec{&n.st.Atim, &n.st.Mtim} {
		switch times[i].Nsec {
		case unix.UTIME_OMIT:
		case unix.UTIME_NOW:
			*field = n.st.Ctim
		default:
			*field = times[i]
		}
	}
	return 0
}

func callTruncate(s *Sandbox, c *hostsys.Call) (int64, errno) {
	p, e := s.there(unix.AT_FDCWD, strArg(c, 0), true)
	switch {
	case e != 0:
		return 0, e
	case p.file != nil && p.at == nil:
		return 0, abi.EINVAL
	case p.at.ino.isDir():
		return 0, abi.EISDIR
	case p.at.ino.typ != unix.S_IFREG:
		return 0, abi.EINVAL
	case p.at.ino.fixed:
		return 0, abi.EACCES
	}
	if e := s.may(p.at.ino, 2); e != 0 {
		return 0, e
	}
	if e := s.copyUp(p.at.ino, c.Args[1].Num == 0); e != 0 {
		return 0, e
	}
	return 0, s.host.Ftruncate(p.at.ino.data, int64(c.Args[1].Num))
}
