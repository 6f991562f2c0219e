package hostsys

import "golang.org/x/sys/unix"

// Calls on names, relative to a directory's descriptor or unix.AT_FDCWD.

func (h *Host) Openat(dir int, path string, flags int, mode uint32) (int, Errno) {
	return h.open(unix.SYS_OPENAT, num(dir), str(path), num(flags|unix.O_LARGEFILE), num(mode))
}

func (h *Host) Openat2(dir int, path string, how *unix.OpenHow) (int, Errno) {
	return h.open(unix.SYS_OPENAT2, num(dir), str(path), structIn(how), num(unix.SizeofOpenHow))
}

func (h *Host) Fstatat(dir int, path string, flags int) (st unix.Stat_t, e Errno) {
	e = h.run(unix.SYS_NEWFSTATAT, num(dir), str(path), structOut(&h.stat), num(flags))
	return h.stat, e
}

func (h *Host) Statx(dir int, path string, flags int, mask uint32) (st unix.Statx_t, e Errno) {
	p := new(unix.Statx_t)
	e = h.run(unix.SYS_STATX, num(dir), str(path), num(flags), num(mask), structOut(p))
	return *p, e
}

func (h *Host) Faccessat(dir int, path string, mode uint32, flags int) Errno {
	return h.run(unix.SYS_FACCESSAT2, num(dir), str(path), num(mode), num(flags))
}

func (h *Host) Readlinkat(dir int, path string) (string, Errno) {
	b := make([]byte, unix.PathMax)
	n, e := h.open(unix.SYS_READLINKAT, num(dir), str(path), out(b), num(len(b)))
	if e != 0 {
		return "", e
	}
	return string(b[:n]), 0
}

func (h *Host) Statfs(path string) (st unix.Statfs_t, e Errno) {
	p := new(unix.Statfs_t)
	e = h.run(unix.SYS_STATFS, str(path), structOut(p))
	return *p, e
}

func (h *Host) Truncate(path string, size int64) Errno {
	return h.run(unix.SYS_TRUNCATE, str(path), num(size))
}

func (h *Host) Mkdirat(dir int, path string, mode uint32) Errno {
	return h.run(unix.SYS_MKDIRAT, num(dir), str(path), num(mode))
}

func (h *Host) Mknodat(dir int, path string, mode uint32, dev uint64) Errno {
	return h.run(unix.SYS_MKNODAT, num(dir), str(path), num(mode), num(dev))
}

func (h *Host) Unlinkat(dir int, path string, flags int) Errno {
	return h.run(unix.SYS_UNLINKAT, num(dir), str(path), num(flags))
}

func (h *Host) Renameat2(dir int, path string, toDir int, to string, flags int) Errno {
	return h.run(unix.SYS_RENAMEAT2, num(dir), str(path), num(toDir), str(to), num(flags))
}

func (h *Host) Linkat(dir int, path string, toDir int, to string, flags int) Errno {
	return h.run(unix.SYS_LINKAT, num(dir), str(path), num(toDir), str(to), num(flags))
}

func (h *Host) Symlinkat(target string, dir int, path string) Errno {
	return h.run(unix.SYS_SYMLINKAT, str(target), num(dir), str(path))
}

// Fchmodat follows links.
func (h *Host) Fchmodat(dir int, path string, mode uint32) Errno {
	return h.run(unix.SYS_FCHMODAT, num(dir), str(path), num(mode))
}

func (h *Host) Fchownat(dir int, path string, uid, gid, flags int) Errno {
	return h.run(unix.SYS_FCHOWNAT, num(dir), str(path), num(uid), num(gid), num(flags))
}

// Utimensat with an empty path means the descriptor itself; times nil is now.
func (h *Host) Utimensat(dir int, path string, times *[2]unix.Timespec, flags int) Errno {
	p := str(path)
	if path == "" {
		p = num(0)
	}
	return h.run(unix.SYS_UTIMENSAT, num(dir), p, structIn(times), num(flags))
}

// Extended attributes. A path is followed unless nofollow is set.

func (h *Host) Getxattr(path string, nofollow bool, name string, b []byte) (int, Errno) {
	return h.open(pick(nofollow, unix.SYS_LGETXATTR, unix.SYS_GETXATTR), str(path), str(name), out(b), num(len(b)))
}

func (h *Host) Setxattr(path string, nofollow bool, name string, b []byte, flags int) Errno {
	return h.run(pick(nofollow, unix.SYS_LSETXATTR, unix.SYS_SETXATTR), str(path), str(name), in(b), num(len(b)), num(flags))
}

func (h *Host) Listxattr(path string, nofollow bool, b []byte) (int, Errno) {
	return h.open(pick(nofollow, unix.SYS_LLISTXATTR, unix.SYS_LISTXATTR), str(path), out(b), num(len(b)))
}

func (h *Host) Removexattr(path string, nofollow bool, name string) Errno {
	return h.run(pick(nofollow, unix.SYS_LREMOVEXATTR, unix.SYS_REMOVEXATTR), str(path), str(name))
}

func pick(cond bool, yes, no uintptr) uintptr {
	if cond {
		return yes
	}
	return no
}
