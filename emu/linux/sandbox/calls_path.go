package sandbox

import (
	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostsys"
)

// Calls that open, make, move and remove names.

func callOpenat(s *Sandbox, c *hostsys.Call) (int64, errno) {
	return s.openAt(opening{dir: fdArg(c, 0), path: strArg(c, 1), flags: intArg(c, 2), mode: numArg(c, 3)})
}

// resolveCached is RESOLVE_CACHED (linux/openat2.h): only without waiting.
const resolveCached = 0x20

// resolveKnown are the ways of openat2 that the walk understands. That magic
// links and mounts are not crossed is always so.
const resolveKnown = unix.RESOLVE_BENEATH | unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_XDEV | resolveCached

func callOpenat2(s *Sandbox, c *hostsys.Call) (int64, errno) {
	how := as[unix.OpenHow](c.Args[2].Buf)
	switch {
	case how == nil || how.Resolve&^resolveKnown != 0:
		return 0, abi.EINVAL
	case how.Resolve&resolveCached != 0:
		return 0, abi.EAGAIN
	}
	return s.openAt(opening{dir: fdArg(c, 0), path: strArg(c, 1), flags: int(how.Flags), mode: uint32(how.Mode), resolve: how.Resolve})
}

// vacant resolves a path that shall lead to nothing yet. Only a directory's may end
// in a slash.
func (s *Sandbox) vacant(dirfd int, path string, isDir bool) (place, errno) {
	p, e := s.resolveAs(dirfd, path, false, parent)
	switch {
	case e != 0:
		return p, e
	case p.at != nil || p.file != nil:
		return p, abi.EEXIST
	case p.slash && !isDir:
		return p, abi.ENOENT
	}
	return p, s.mayChange(p.dir, nil)
}

func callMkdirat(s *Sandbox, c *hostsys.Call) (int64, errno) {
	p, e := s.vacant(fdArg(c, 0), strArg(c, 1), true)
	if e != 0 {
		return 0, e
	}
	s.add(p.dir, p.name, s.newInode(unix.S_IFDIR|numArg(c, 2)&0o1777&^s.umask))
	return 0, 0
}

func callMknodat(s *Sandbox, c *hostsys.Call) (int64, errno) {
	p, e := s.vacant(fdArg(c, 0), strArg(c, 1), false)
	if e != 0 {
		return 0, e
	}
	mode := numArg(c, 2)
	if mode&unix.S_IFMT == 0 {
		mode |= unix.S_IFREG
	}
	n := s.newInode(mode &^ s.umask)
	switch {
	case n.typ == unix.S_IFREG:
		e = s.setContent(n, "")
	case n.typ == unix.S_IFIFO:
		n.fifo, e = s.newFIFO()
	case n.typ != unix.S_IFSOCK:
		e = abi.EPERM // no devices
	}
	if e != 0 {
		return 0, e
	}
	s.add(p.dir, p.name, n)
	return 0, 0
}

func callSymlinkat(s *Sandbox, c *hostsys.Call) (int64, errno) {
	target := strArg(c, 0)
	if target == "" {
		return 0, abi.ENOENT
	}
	p, e := s.vacant(fdArg(c, 1), strArg(c, 2), false)
	if e != 0 {
		return 0, e
	}
	n := s.newInode(unix.S_IFLNK | 0o777)
	n.target, n.st.Size = target, int64(len(target))
	s.add(p.dir, p.name, n)
	return 0, 0
}

func callLinkat(s *Sandbox, c *hostsys.Call) (int64, errno) {
	flags := intArg(c, 4)
	if flags&^(unix.AT_SYMLINK_FOLLOW|unix.AT_EMPTY_PATH) != 0 {
		return 0, abi.EINVAL
	}
	if flags&unix.AT_SYMLINK_FOLLOW == 0 {
		flags |= unix.AT_SYMLINK_NOFOLLOW
	}
	from, e := s.at(c, 0, flags)
	if e != 0 {
		return 0, e
	}
	to, e := s.vacant(fdArg(c, 2), strArg(c, 3), false)
	switch {
	case e != 0:
		return 0, e
	case from.at == nil:
		return 0, abi.EXDEV // a pipe, or what the guest was started with
	case from.at.ino.isDir() || from.at.ino.fixed:
		return 0, abi.EPERM
	}
	s.add(to.dir, to.name, from.at.ino)
	from.at.ino.st.Ctim = s.now()
	return 0, 0
}

func callUnlinkat(s *Sandbox, c *hostsys.Call) (int64, errno) {
	p, e := s.resolveAs(fdArg(c, 0), strArg(c, 1), false, parent)
	switch {
	case e != 0:
		return 0, e
	case intArg(c, 2)&^unix.AT_REMOVEDIR != 0:
		return 0, abi.EINVAL
	case p.file != nil:
		return 0, abi.EPERM
	case p.at == nil:
		return 0, abi.ENOENT
	case intArg(c, 2)&unix.AT_REMOVEDIR != 0:
		return 0, s.rmdir(p)
	case p.slash && !p.at.ino.isDir():
		return 0, abi.ENOTDIR
	case p.slash:
		return 0, abi.EISDIR
	}
	if e := s.mayChange(p.dir, p.at); e != 0 {
		return 0, e
	}
	if p.at.ino.isDir() {
		return 0, abi.EISDIR
	}
	s.remove(p.at)
	return 0, 0
}

func (s *Sandbox) rmdir(p place) errno {
	switch {
	case p.end == "..":
		return abi.ENOTEMPTY
	case p.end == ".":
		return abi.EINVAL
	case p.at.parent == nil:
		return abi.EBUSY
	}
	if e := s.mayChange(p.dir, p.at); e != 0 {
		return e
	}
	if !p.at.ino.isDir() {
		return abi.ENOTDIR
	}
	if e := s.empty(p.at); e != 0 {
		return e
	}
	s.remove(p.at)
	return 0
}

func (s *Sandbox) empty(dir *entry) errno {
	names, e := s.names(dir)
	if e == 0 && len(names) > 0 {
		e = abi.ENOTEMPTY
	}
	return e
}

func callRenameat2(s *Sandbox, c *hostsys.Call) (int64, errno) {
	flags := intArg(c, 4)
	from, e := s.resolveAs(fdArg(c, 0), strArg(c, 1), false, parent)
	if e != 0 {
		return 0, e
	}
	to, e := s.resolveAs(fdArg(c, 2), strArg(c, 3), false, parent)
	switch {
	case e != 0:
		return 0, e
	case flags&^(unix.RENAME_NOREPLACE|unix.RENAME_EXCHANGE) != 0 || flags == unix.RENAME_NOREPLACE|unix.RENAME_EXCHANGE:
		return 0, abi.EINVAL
	case from.file != nil || to.file != nil:
		return 0, abi.EPERM
	case to.name == "" && from.name != "" && flags == unix.RENAME_NOREPLACE:
		return 0, abi.EEXIST
	case from.name == "" || to.name == "":
		return 0, abi.EBUSY
	case from.at == nil || flags == unix.RENAME_EXCHANGE && to.at == nil:
		return 0, abi.ENOENT
	case flags == unix.RENAME_NOREPLACE && to.at != nil:
		return 0, abi.EEXIST
	}
	if e := s.mayRename(from, to, flags); e != 0 {
		return 0, e
	}
	if flags == unix.RENAME_EXCHANGE {
		s.exchange(from.at, to.at)
		return 0, 0
	}
	if to.at != nil && to.at.ino == from.at.ino {
		return 0, 0
	}
	if to.at != nil {
		s.remove(to.at)
	}
	s.move(from.at, to.dir, to.name)
	return 0, 0
}

// mayRename checks a rename, in the order of the kernel: where things are, then who
// may do it, then what is replaced, which must be of the same sort.
func (s *Sandbox) mayRename(from, to place, flags int) errno {
	isDir, exchange := from.at.ino.isDir(), flags == unix.RENAME_EXCHANGE
	switch {
	case exchange && to.slash && !to.at.ino.isDir(), !isDir && (from.slash || to.slash && !exchange):
		return abi.ENOTDIR
	case isDir && to.dir.within(from.at), exchange && to.at.ino.isDir() && from.dir.within(to.at):
		return abi.EINVAL
	case to.at != nil && to.at != from.at && from.dir.within(to.at):
		return abi.ENOTEMPTY
	case to.at != nil && to.at.ino == from.at.ino:
		return 0
	}
	if e := s.mayChange(from.dir, from.at); e != 0 {
		return e
	}
	if e := s.mayChange(to.dir, to.at); e != 0 {
		return e
	}
	switch {
	case exchange || to.at == nil:
	case isDir && !to.at.ino.isDir():
		return abi.ENOTDIR
	case !isDir && to.at.ino.isDir():
		return abi.EISDIR
	}
	if e := s.mayMove(from, to, exchange); e != 0 || exchange || to.at == nil || !isDir {
		return e
	}
	return s.empty(to.at)
}

// mayMove checks whether directories that get another parent may be written: their
// entry for it changes.
func (s *Sandbox) mayMove(from, to place, exchange bool) errno {
	if from.dir == to.dir {
		return 0
	}
	if from.at.ino.isDir() {
		if e := s.may(from.at.ino, 2); e != 0 {
			return e
		}
	}
	if exchange && to.at.ino.isDir() {
		return s.may(to.at.ino, 2)
	}
	return 0
}

func (s *Sandbox) exchange(a, b *entry) {
	if a == b {
		return
	}
	dir, name := a.parent, a.name
	s.take(a)
	toDir, toName := b.parent, b.name
	s.move(b, dir, name)
	a.parent, a.name, a.home = toDir, toName, false
	toDir.ino.put(a)
	if a.ino.isDir() {
		toDir.ino.links++
	} else {
		a.ino.links++
	}
	s.touchDir(toDir)
}

func callUmask(s *Sandbox, c *hostsys.Call) (int64, errno) {
	old := s.umask
	s.umask = numArg(c, 0) & 0o777
	return int64(old), 0
}
