package linux

import (
	"math"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/namei"
)

// onPath resolves the path of a call and does something with it, unless that is a
// file of /proc: then nodeErr is the result.
func (t *Thread) onPath(dirfd, arg int, flags int, nodeErr errno, do func(tg namei.Target) errno) (int64, errno) {
	p, e := t.path(t.call.addr(arg))
	if e != 0 {
		return 0, e
	}
	tg, e := t.atName(dirfd, p, flags)
	if e == 0 && tg.Node != nil {
		return 0, nodeErr
	}
	if e != 0 {
		return 0, e
	}
	return 0, do(tg)
}

func sysMkdir(t *Thread, c *call) (int64, errno)   { return t.mkdir(abi.AT_FDCWD, 0, c.u32(1)) }
func sysMkdirat(t *Thread, c *call) (int64, errno) { return t.mkdir(c.i32(0), 1, c.u32(2)) }

func (t *Thread) mkdir(dirfd, arg int, mode uint32) (int64, errno) {
	return t.onPath(dirfd, arg, abi.AT_SYMLINK_NOFOLLOW, abi.EEXIST, func(tg namei.Target) (e errno) {
		t.umasked(func() { e = t.k.host.Mkdirat(tg.Dir, tg.Path, mode) })
		return e
	})
}

func sysMknod(t *Thread, c *call) (int64, errno) {
	return t.mknod(abi.AT_FDCWD, 0, c.u32(1), c.Args[2])
}

func sysMknodat(t *Thread, c *call) (int64, errno) {
	return t.mknod(c.i32(0), 1, c.u32(2), c.Args[3])
}

func (t *Thread) mknod(dirfd, arg int, mode uint32, dev uint64) (int64, errno) {
	return t.onPath(dirfd, arg, abi.AT_SYMLINK_NOFOLLOW, abi.EEXIST, func(tg namei.Target) (e errno) {
		t.umasked(func() { e = t.k.host.Mknodat(tg.Dir, tg.Path, mode, dev) })
		return e
	})
}

func sysRmdir(t *Thread, c *call) (int64, errno) {
	return t.unlink(abi.AT_FDCWD, 0, abi.AT_REMOVEDIR)
}

func sysUnlink(t *Thread, c *call) (int64, errno)   { return t.unlink(abi.AT_FDCWD, 0, 0) }
func sysUnlinkat(t *Thread, c *call) (int64, errno) { return t.unlink(c.i32(0), 1, c.i32(2)) }

func (t *Thread) unlink(dirfd, arg, flags int) (int64, errno) {
	return t.onPath(dirfd, arg, abi.AT_SYMLINK_NOFOLLOW, abi.EPERM, func(tg namei.Target) errno {
		return t.k.host.Unlinkat(tg.Dir, tg.Path, flags)
	})
}

// onPaths resolves two paths, neither of them followed.
func (t *Thread) onPaths(dir1, arg1, flags1, dir2, arg2 int, do func(a, b namei.Target) errno) (int64, errno) {
	return t.onPath(dir1, arg1, flags1, abi.EXDEV, func(a namei.Target) errno {
		_, e := t.onPath(dir2, arg2, abi.AT_SYMLINK_NOFOLLOW, abi.EXDEV, func(b namei.Target) errno { return do(a, b) })
		return e
	})
}

func (t *Thread) rename(dir1, arg1, dir2, arg2, flags int) (int64, errno) {
	return t.onPaths(dir1, arg1, abi.AT_SYMLINK_NOFOLLOW, dir2, arg2, func(a, b namei.Target) errno {
		return t.k.host.Renameat2(a.Dir, a.Path, b.Dir, b.Path, flags)
	})
}

func sysRename(t *Thread, c *call) (int64, errno) {
	return t.rename(abi.AT_FDCWD, 0, abi.AT_FDCWD, 1, 0)
}
func sysRenameat(t *Thread, c *call) (int64, errno) { return t.rename(c.i32(0), 1, c.i32(2), 3, 0) }
func sysRenameat2(t *Thread, c *call) (int64, errno) {
	return t.rename(c.i32(0), 1, c.i32(2), 3, c.i32(4))
}

func (t *Thread) link(dir1, arg1, dir2, arg2, flags int) (int64, errno) {
	resolve := flags & abi.AT_EMPTY_PATH
	if flags&abi.AT_SYMLINK_FOLLOW == 0 {
		resolve |= abi.AT_SYMLINK_NOFOLLOW
	}
	return t.onPaths(dir1, arg1, resolve, dir2, arg2, func(a, b namei.Target) errno {
		return t.k.host.Linkat(a.Dir, a.Path, b.Dir, b.Path, flags)
	})
}

func sysLink(t *Thread, c *call) (int64, errno) {
	return t.link(abi.AT_FDCWD, 0, abi.AT_FDCWD, 1, 0)
}

func sysLinkat(t *Thread, c *call) (int64, errno) { return t.link(c.i32(0), 1, c.i32(2), 3, c.i32(4)) }

func (t *Thread) symlink(dest, dirfd, arg int) (int64, errno) {
	to, e := t.path(t.call.addr(dest))
	if e != 0 {
		return 0, e
	}
	return t.onPath(dirfd, arg, abi.AT_SYMLINK_NOFOLLOW, abi.EEXIST, func(tg namei.Target) errno {
		return t.k.host.Symlinkat(to, tg.Dir, tg.Path)
	})
}

func sysSymlink(t *Thread, c *call) (int64, errno)   { return t.symlink(0, abi.AT_FDCWD, 1) }
func sysSymlinkat(t *Thread, c *call) (int64, errno) { return t.symlink(0, c.i32(1), 2) }

func (t *Thread) chmod(dirfd, arg int, mode uint32) (int64, errno) {
	return t.onPath(dirfd, arg, 0, abi.EPERM, func(tg namei.Target) errno { return t.k.host.Fchmodat(tg.Dir, tg.Path, mode) })
}

func sysChmod(t *Thread, c *call) (int64, errno)    { return t.chmod(abi.AT_FDCWD, 0, c.u32(1)) }
func sysFchmodat(t *Thread, c *call) (int64, errno) { return t.chmod(c.i32(0), 1, c.u32(2)) }

func sysFchmod(t *Thread, c *call) (int64, errno) {
	return t.onFile(c, func(f *File) errno {
		if f.proc.node != nil {
			return abi.EPERM
		}
		return t.k.host.Fchmod(f.fd, c.u32(1))
	})
}

func (t *Thread) chown(dirfd, arg, flags int) (int64, errno) {
	c := &t.call
	return t.onPath(dirfd, arg, flags, abi.EPERM, func(tg namei.Target) errno {
		return t.k.host.Fchownat(tg.Dir, tg.Path, c.i32(arg+1), c.i32(arg+2), flags)
	})
}

func sysChown(t *Thread, c *call) (int64, errno) { return t.chown(abi.AT_FDCWD, 0, 0) }
func sysLchown(t *Thread, c *call) (int64, errno) {
	return t.chown(abi.AT_FDCWD, 0, abi.AT_SYMLINK_NOFOLLOW)
}

func sysFchownat(t *Thread, c *call) (int64, errno) { return t.chown(c.i32(0), 1, c.i32(4)) }

func sysFchown(t *Thread, c *call) (int64, errno) {
	return t.onFile(c, func(f *File) errno {
		if f.proc.node != nil {
			return abi.EPERM
		}
		return t.k.host.Fchown(f.fd, c.i32(1), c.i32(2))
	})
}

// onFile does something with the file of the first argument.
func (t *Thread) onFile(c *call, do func(f *File) errno) (int64, errno) {
	f, e := t.file(c.i32(0))
	if e != 0 {
		return 0, e
	}
	return 0, do(f)
}

// utimes sets times of a path; with no path, of the directory's descriptor.
func (t *Thread) utimes(dirfd, arg, flags int, times *[2]unix.Timespec) (int64, errno) {
	if t.call.Args[arg] == 0 {
		f, e := t.file(dirfd)
		if e != 0 {
			return 0, e
		}
		return 0, t.k.host.Utimensat(f.fd, "", times, flags)
	}
	return t.onPath(dirfd, arg, flags, abi.EPERM, func(tg namei.Target) errno {
		return t.k.host.Utimensat(tg.Dir, tg.Path, times, flags)
	})
}

func sysUtimensat(t *Thread, c *call) (int64, errno) {
	var times *[2]unix.Timespec
	if a := c.addr(2); a != 0 {
		times = new([2]unix.Timespec)
		for i := range times {
			var ts abi.Timespec
			if e := t.loadTimeAt(a, i, &ts); e != 0 {
				return 0, e
			}
			times[i] = unix.Timespec{Sec: ts.Sec, Nsec: ts.Nsec}
		}
	}
	return t.utimes(c.i32(0), 1, c.i32(3), times)
}

// timevals reads two times in microseconds.
func (t *Thread) timevals(a guest.Addr) (*[2]unix.Timespec, errno) {
	if a == 0 {
		return nil, 0
	}
	times := new([2]unix.Timespec)
	for i := range times {
		var tv abi.Timeval
		if e := t.loadAt(a, i, &tv); e != 0 {
			return nil, e
		}
		if tv.Usec < 0 || tv.Usec >= 1e6 {
			return nil, abi.EINVAL
		}
		times[i] = unix.Timespec{Sec: tv.Sec, Nsec: tv.Usec * 1000}
	}
	return times, 0
}

func sysUtimes(t *Thread, c *call) (int64, errno) {
	times, e := t.timevals(c.addr(1))
	if e != 0 {
		return 0, e
	}
	return t.utimes(abi.AT_FDCWD, 0, 0, times)
}

func sysFutimesat(t *Thread, c *call) (int64, errno) {
	times, e := t.timevals(c.addr(2))
	if e != 0 {
		return 0, e
	}
	return t.utimes(c.i32(0), 1, 0, times)
}

func sysUtime(t *Thread, c *call) (int64, errno) {
	var times *[2]unix.Timespec
	if a := c.addr(1); a != 0 {
		var u abi.Utimbuf
		if e := t.load(a, &u); e != 0 {
			return 0, e
		}
		times = &[2]unix.Timespec{{Sec: u.Actime}, {Sec: u.Modtime}}
	}
	return t.utimes(abi.AT_FDCWD, 0, 0, times)
}

func sysTruncate(t *Thread, c *call) (int64, errno) {
	return t.onPath(abi.AT_FDCWD, 0, 0, abi.EACCES, func(tg namei.Target) errno {
		if e := t.resizablePath(tg.Full(), c.i64(1)); e != 0 {
			return e
		}
		e := t.k.host.Truncate(tg.Full(), c.i64(1))
		if e == 0 {
			t.k.noteResizedAt(tg)
		}
		return e
	})
}

// noteResizedAt is noteResized for a file that has just been cut off by its name.
func (k *Kernel) noteResizedAt(tg namei.Target) {
	if fd, e := k.host.Openat(tg.Dir, tg.Path, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0); e == 0 {
		k.mem.group.FileResized(fd)
		k.host.Close(fd)
	}
}

func sysFtruncate(t *Thread, c *call) (int64, errno) {
	return t.onFile(c, func(f *File) errno {
		if f.proc.node != nil {
			return abi.EINVAL
		}
		if e := t.resizable(f, c.i64(1)); e != 0 {
			return e
		}
		defer t.k.noteResized(f)
		return t.k.host.Ftruncate(f.fd, c.i64(1))
	})
}

func sysFallocate(t *Thread, c *call) (int64, errno) {
	return t.onFile(c, func(f *File) errno {
		mode, off, n := c.i32(1), c.i64(2), c.i64(3)
		if grows := mode&unix.FALLOC_FL_KEEP_SIZE == 0 && off >= 0 && n > 0 && off <= math.MaxInt64-n; grows {
			if e := t.resizable(f, off+n); e != 0 {
				return e
			}
		}
		defer t.k.noteResized(f)
		return t.k.host.Fallocate(f.fd, mode, off, n)
	})
}

func sysFsync(t *Thread, c *call) (int64, errno) {
	return t.onFile(c, func(f *File) errno { return t.k.host.Fsync(f.fd) })
}

func sysFdatasync(t *Thread, c *call) (int64, errno) {
	return t.onFile(c, func(f *File) errno { return t.k.host.Fdatasync(f.fd) })
}

func sysSyncfs(t *Thread, c *call) (int64, errno) {
	return t.onFile(c, func(f *File) errno { return t.k.host.Syncfs(f.fd) })
}

func sysSync(t *Thread, c *call) (int64, errno) {
	t.k.host.Sync()
	return 0, 0
}

func sysSyncFileRange(t *Thread, c *call) (int64, errno) {
	return t.onFile(c, func(f *File) errno { return t.k.host.SyncFileRange(f.fd, c.i64(1), c.i64(2), c.i32(3)) })
}

func sysFadvise64(t *Thread, c *call) (int64, errno) {
	return t.onFile(c, func(f *File) errno { return t.k.host.Fadvise(f.fd, c.i64(1), c.i64(2), c.i32(3)) })
}

func sysReadahead(t *Thread, c *call) (int64, errno) {
	return t.onFile(c, func(f *File) errno { return t.k.host.Readahead(f.fd, c.i64(1), c.Args[2]) })
}

func sysUmask(t *Thread, c *call) (int64, errno) {
	old := t.fs.umask
	t.fs.umask = c.u32(0) & 0o777
	return int64(old), 0
}

func sysChroot(t *Thread, c *call) (int64, errno) { return 0, abi.EPERM }
