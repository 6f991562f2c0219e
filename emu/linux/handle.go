package linux

import (
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostfile"
)

// Handles of files for calls that take a path: see walk.go.

// pinned keeps a descriptor open until the call is done.
func (t *Thread) pinned(fd int) int {
	t.iov.pins = append(t.iov.pins, fd)
	return fd
}

// unpin closes what the call had opened to name files by.
func (t *Thread) unpin() {
	for _, fd := range t.iov.pins {
		t.k.host.Close(fd)
	}
	t.iov.pins = t.iov.pins[:0]
}

// openHandle opens a path as a handle. Where the host cannot be trusted with the
// path, walk is set.
func (t *Thread) openHandle(dir int, name string, flags uint64) (fd int, st unix.Stat_t, walk bool, e errno) {
	k := t.k
	how := &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC | flags, Resolve: unix.RESOLVE_NO_MAGICLINKS}
	if fd, e = k.host.Openat2(dir, name, how); e != 0 {
		return -1, st, t.mayBeProc(dir, name, e), e
	}
	if st, e = k.host.Fstat(fd); e != 0 || k.isProc(fd, &st) {
		k.host.Close(fd)
		return -1, st, e == 0, e
	}
	return t.pinned(fd), st, false, 0
}

// mayBeProc reports whether a path that the host failed to open with e might
// lead into the guest's /proc all the same: through a link, or to a process or a
// descriptor that the host does not know.
func (t *Thread) mayBeProc(dir int, name string, e errno) bool {
	switch e {
	case abi.ELOOP, abi.ENOSYS, abi.EXDEV:
		return true
	case abi.ENOENT, abi.ENOTDIR, abi.EACCES, abi.ESRCH:
		return !t.k.host.Walks && !t.withoutLinks(dir, name) && !t.endsOutside(dir, name)
	}
	return false
}

// withoutLinks reports whether the host meets no link on a path, so that its names
// tell where it leads.
func (t *Thread) withoutLinks(dir int, name string) bool {
	if strings.Contains(name, "proc") {
		return false
	}
	how := &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_SYMLINKS}
	fd, e := t.k.host.Openat2(dir, name, how)
	if e == 0 {
		t.k.host.Close(fd)
	}
	return e != abi.ELOOP
}

// endsOutside reports whether a path comes to a directory that is in no procfs and
// lacks the next name.
func (t *Thread) endsOutside(dir int, name string) bool {
	for {
		parent, last := splitLast(name)
		if parent == "" {
			return false
		}
		how := &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC | unix.O_DIRECTORY, Resolve: unix.RESOLVE_NO_MAGICLINKS}
		fd, e := t.k.host.Openat2(dir, parent, how)
		if e == abi.ENOENT && len(parent) < len(name) {
			name = parent
			continue
		} else if e != 0 {
			return false
		}
		defer t.k.host.Close(fd)
		st, e := t.k.host.Fstat(fd)
		if e != 0 || t.k.isProc(fd, &st) {
			return false
		}
		_, e = t.k.host.Fstatat(fd, strings.TrimRight(last, "/"), unix.AT_SYMLINK_NOFOLLOW)
		return e == abi.ENOENT
	}
}

// pin makes a handle of what a path leads to, or of the link that is its last name
// when flags has O_NOFOLLOW. Such a handle has no name for the host.
func (t *Thread) pin(tg target, flags uint64) (target, errno) {
	if t.k.host.Walks {
		return t.probe(tg, flags&unix.O_NOFOLLOW != 0)
	}
	fd, st, walk, e := t.openHandle(tg.dir, tg.path, flags)
	switch {
	case walk:
		return t.walk(tg, flags&unix.O_NOFOLLOW != 0, 0)
	case e != 0:
		return tg, e
	}
	tg.handle, tg.st = fd, &st
	tg.dir, tg.path, tg.walked = unix.AT_FDCWD, hostfile.Path(fd), true
	return tg, 0
}

// probe asks a host that walks itself whether a path is its business.
func (t *Thread) probe(tg target, nofollow bool) (target, errno) {
	flags := 0
	if nofollow {
		flags = unix.AT_SYMLINK_NOFOLLOW
	}
	if t.k.host.Faccessat(tg.dir, tg.path, unix.F_OK, flags) == abi.ELOOP {
		return t.walk(tg, nofollow, 0)
	}
	return tg, 0
}

// pinParent makes a handle of the directory that holds the last name of a path.
func (t *Thread) pinParent(tg target) (target, errno) {
	dir, name := splitLast(tg.path)
	switch {
	case dir == "" || dir == "/":
		return tg, 0
	case t.k.host.Walks:
		return t.probe(tg, true)
	}
	if strings.HasSuffix(name, "/") { // the last link is followed after all, unless the call makes or removes a directory
		if _, _, walk, e := t.openHandle(tg.dir, tg.path, 0); walk || e != 0 {
			return t.walk(tg, true, 0)
		}
	}
	fd, _, walk, e := t.openHandle(tg.dir, dir, unix.O_DIRECTORY)
	switch {
	case walk:
		return t.walk(tg, true, 0)
	case e != 0:
		return tg, e
	}
	tg.dir, tg.path, tg.walked = fd, name, true
	return tg, 0
}

// splitLast cuts a path before its last name, which keeps slashes behind it.
func splitLast(p string) (dir, name string) {
	end := len(strings.TrimRight(p, "/"))
	at := strings.LastIndexByte(p[:end], '/') + 1
	return p[:at], p[at:]
}
