package linux

import (
	"math"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/hostfile"
	"panda/emu/linux/namei"
)

func statOf(st *unix.Stat_t) *abi.Stat {
	ts := func(t unix.Timespec) abi.Timespec { return abi.Timespec{Sec: t.Sec, Nsec: t.Nsec} }
	return &abi.Stat{
		Dev: st.Dev, Ino: st.Ino, Nlink: uint64(st.Nlink), Mode: st.Mode, UID: st.Uid, GID: st.Gid, Rdev: st.Rdev,
		Size: st.Size, Blksize: int64(st.Blksize), Blocks: st.Blocks, Atim: ts(st.Atim), Mtim: ts(st.Mtim), Ctim: ts(st.Ctim),
	}
}

// putStat stores attributes in the form that the call wants.
func (t *Thread) putStat(a guest.Addr, st *unix.Stat_t, e errno) (int64, errno) {
	if e != 0 {
		return 0, e
	}
	v := statOf(st)
	switch {
	case t.call.state.old:
		return 0, t.putOldStat(a, v)
	case t.lay().Word == 8:
	case t.call.wide():
		return 0, t.store(a, (*abi.Stat64)(v))
	case v.Size > math.MaxInt32 || v.Ino > math.MaxUint32 || v.Nlink > math.MaxUint16:
		return 0, abi.EOVERFLOW
	default:
		v.UID, v.GID = uint32(id16(v.UID)), uint32(id16(v.GID))
	}
	return 0, t.store(a, v)
}

func (t *Thread) statPath(c *call, flags int) (int64, errno) {
	p, e := t.path(c.addr(0))
	if e != 0 {
		return 0, e
	}
	tg, e := t.look(abi.AT_FDCWD, p, flags)
	if e != 0 {
		return 0, e
	}
	st, e := t.statTarget(tg, flags)
	return t.putStat(c.addr(1), &st, e)
}

func sysStat(t *Thread, c *call) (int64, errno)  { return t.statPath(c, 0) }
func sysLstat(t *Thread, c *call) (int64, errno) { return t.statPath(c, abi.AT_SYMLINK_NOFOLLOW) }

func sysFstat(t *Thread, c *call) (int64, errno) {
	f, e := t.file(c.i32(0))
	if e != 0 {
		return 0, e
	}
	if f.proc.node != nil {
		st := f.proc.node.stat()
		return t.putStat(c.addr(1), &st, 0)
	}
	st, e := t.k.host.Fstat(f.fd)
	return t.putStat(c.addr(1), &st, e)
}

func sysNewfstatat(t *Thread, c *call) (int64, errno) {
	tg, e := t.at(c, 0, 1, c.i32(3))
	if e != 0 {
		return 0, e
	}
	st, e := t.statTarget(tg, c.i32(3))
	return t.putStat(c.addr(2), &st, e)
}

func statxTime(t unix.StatxTimestamp) abi.StatxTime { return abi.StatxTime{Sec: t.Sec, Nsec: t.Nsec} }

func sysStatx(t *Thread, c *call) (int64, errno) {
	var tg namei.Target
	var e errno
	flags := c.i32(2)
	if c.Args[1] == 0 { // as an empty path, since Linux 6.11
		tg, e = t.atName(c.i32(0), "", flags)
	} else {
		tg, e = t.at(c, 0, 1, flags)
	}
	if e != 0 {
		return 0, e
	}
	if tg.Node != nil {
		return 0, t.store(c.addr(4), statxOf(nodeOf(tg).stat()))
	}
	if tg.Stat != nil {
		tg.Dir, tg.Path, flags = tg.Handle, "", flags|abi.AT_EMPTY_PATH
	}
	st, e := t.k.host.Statx(tg.Dir, tg.Path, flags, c.u32(3))
	if e != 0 {
		return 0, e
	}
	return 0, t.store(c.addr(4), &abi.Statx{
		Mask: st.Mask, Blksize: st.Blksize, Attributes: st.Attributes, Nlink: st.Nlink,
		UID: st.Uid, GID: st.Gid, Mode: st.Mode, Ino: st.Ino, Size: st.Size, Blocks: st.Blocks, AttributesMask: st.Attributes_mask,
		Atime: statxTime(st.Atime), Btime: statxTime(st.Btime), Ctime: statxTime(st.Ctime), Mtime: statxTime(st.Mtime),
		RdevMajor: st.Rdev_major, RdevMinor: st.Rdev_minor, DevMajor: st.Dev_major, DevMinor: st.Dev_minor, MntID: st.Mnt_id,
		DioMemAlign: st.Dio_mem_align, DioOffAlign: st.Dio_offset_align,
	})
}

func (t *Thread) putStatfs(a guest.Addr, st *unix.Statfs_t, e errno) (int64, errno) {
	if e != 0 {
		return 0, e
	}
	v := &abi.Statfs{
		Type: st.Type, Bsize: st.Bsize, Blocks: st.Blocks, Bfree: st.Bfree, Bavail: st.Bavail,
		Files: st.Files, Ffree: st.Ffree, Fsid: st.Fsid.Val, Namelen: st.Namelen, Frsize: st.Frsize, Flags: st.Flags,
	}
	switch {
	case t.lay().Word == 8:
	case t.call.wide():
		return 0, t.store(a, (*abi.Statfs64)(v))
	case (v.Blocks|v.Bfree|v.Bavail|v.Files|v.Ffree)>>32 != 0:
		return 0, abi.EOVERFLOW
	}
	return 0, t.store(a, v)
}

func sysStatfs(t *Thread, c *call) (int64, errno) {
	tg, e := t.here(c, 0, false)
	if e != 0 {
		return 0, e
	}
	name := tg.Full()
	if tg.Node != nil {
		name = namei.ProcTop
	}
	st, e := t.k.host.Statfs(name)
	return t.putStatfs(c.addr(1), &st, e)
}

func sysFstatfs(t *Thread, c *call) (int64, errno) {
	f, e := t.file(c.i32(0))
	if e != 0 {
		return 0, e
	}
	if f.proc.node != nil {
		st, e := t.k.host.Statfs(namei.ProcTop)
		return t.putStatfs(c.addr(1), &st, e)
	}
	st, e := t.k.host.Fstatfs(f.fd)
	return t.putStatfs(c.addr(1), &st, e)
}

func sysAccess(t *Thread, c *call) (int64, errno) {
	tg, e := t.here(c, 0, false)
	if e != 0 {
		return 0, e
	}
	return 0, t.accessTarget(tg, c.u32(1), 0)
}

func sysFaccessat(t *Thread, c *call) (int64, errno) { return t.accessAt(c, 0) }

func sysFaccessat2(t *Thread, c *call) (int64, errno) { return t.accessAt(c, c.i32(3)) }

func (t *Thread) accessAt(c *call, flags int) (int64, errno) {
	tg, e := t.at(c, 0, 1, flags)
	if e != 0 {
		return 0, e
	}
	return 0, t.accessTarget(tg, c.u32(2), flags)
}

func sysReadlink(t *Thread, c *call) (int64, errno) {
	return t.readlink(c, abi.AT_FDCWD, 0)
}

func sysReadlinkat(t *Thread, c *call) (int64, errno) { return t.readlink(c, c.i32(0), 1) }

// readlink has its path at argument arg; the buffer follows.
func (t *Thread) readlink(c *call, dirfd, arg int) (int64, errno) {
	size := c.i32(arg + 2)
	if size <= 0 {
		return 0, abi.EINVAL
	}
	p, e := t.path(c.addr(arg))
	if e != 0 {
		return 0, e
	}
	tg, e := t.look(dirfd, p, abi.AT_SYMLINK_NOFOLLOW|abi.AT_EMPTY_PATH)
	if e != 0 {
		return 0, e
	}
	link, e := t.linkText(tg)
	if e != 0 {
		return 0, e
	}
	n := min(len(link), size)
	return int64(n), t.copyOut(c.addr(arg+1), []byte(link[:n]))
}

func sysGetcwd(t *Thread, c *call) (int64, errno) {
	name, e := t.fs.name(t.k)
	if e == 0 && t.fs.proc != "" {
		_, e = t.procAt(t.fs.proc)
	}
	if e != 0 {
		return 0, e
	}
	b := append([]byte(name), 0)
	if uint64(len(b)) > c.Args[1] {
		return 0, abi.ERANGE
	}
	return int64(len(b)), t.copyOut(c.addr(0), b)
}

func sysChdir(t *Thread, c *call) (int64, errno) {
	tg, e := t.here(c, 0, false)
	if e != 0 {
		return 0, e
	}
	if tg.Node != nil {
		return 0, t.enterNode(nodeOf(tg))
	}
	fd, e := t.k.host.Openat(tg.Dir, tg.Path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if e != 0 {
		return 0, e
	}
	if e := t.k.host.Faccessat(tg.Dir, tg.Path, unix.X_OK, unix.AT_EACCESS); e != 0 {
		t.k.host.Close(fd)
		return 0, e
	}
	return 0, t.enterDir(fd)
}

func sysFchdir(t *Thread, c *call) (int64, errno) {
	f, e := t.file(c.i32(0))
	if e != 0 {
		return 0, e
	}
	if f.mode != unix.S_IFDIR {
		return 0, abi.ENOTDIR
	}
	if f.proc.node != nil {
		return 0, t.enterNode(f.proc.node)
	}
	fd, e := t.k.host.Openat(f.fd, ".", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if e != 0 {
		return 0, e
	}
	return 0, t.enterDir(fd)
}

// enterDir makes an opened directory the current one.
func (t *Thread) enterDir(fd int) errno {
	name, e := t.k.host.Readlinkat(unix.AT_FDCWD, hostfile.Path(fd))
	if e != 0 && e != abi.ENAMETOOLONG { // there it has no name that anybody can use
		t.k.host.Close(fd)
		return e
	}
	place := ""
	if st, e := t.k.host.Fstat(fd); e == 0 && t.k.procs.Has(fd, &st) {
		place = t.k.procs.Name(fd, &st)
	}
	t.fs.chdir(t.k, fd)
	t.fs.path, t.fs.proc = t.k.guestPath(name), place
	return 0
}

// enterNode makes a directory of /proc the current one.
func (t *Thread) enterNode(n *procNode) errno {
	if n.Typ() != unix.S_IFDIR {
		return abi.ENOTDIR
	}
	if e := t.may(n, 1); e != 0 {
		return e
	}
	fd, e := t.k.host.Openat(unix.AT_FDCWD, namei.ProcTop, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if e != 0 {
		return e
	}
	t.fs.chdir(t.k, fd)
	t.fs.path, t.fs.proc = n.path, n.path
	return 0
}
