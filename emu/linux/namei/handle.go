package namei

import (
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostfile"
	"panda/emu/linux/hostsys"
)

// Resolver finds out what the paths of a thread mean. What it opens to name files by
// is open until Unpin.
type Resolver struct {
	Host  *hostsys.Host
	Procs *Procfs
	Proc  ProcTree
	pins  []int
}

// ProcTree is the guest's /proc as a thread sees it.
type ProcTree interface {
	// ProcAt finds the node of a clean path at or below /proc. Links are not followed.
	ProcAt(name string) (Node, errno)
}

// Pinned keeps a descriptor open until the call is done.
func (r *Resolver) Pinned(fd int) int {
	r.pins = append(r.pins, fd)
	return fd
}

// Unpin closes what the call had opened to name files by.
func (r *Resolver) Unpin() {
	for _, fd := range r.pins {
		r.Host.Close(fd)
	}
	r.pins = r.pins[:0]
}

// OpenHandle opens a path as a handle. Where the host cannot be trusted with the
// path, walk is set.
func (r *Resolver) OpenHandle(dir int, name string, flags uint64) (fd int, st unix.Stat_t, walk bool, e errno) {
	how := &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC | flags, Resolve: unix.RESOLVE_NO_MAGICLINKS}
	if fd, e = r.Host.Openat2(dir, name, how); e != 0 {
		return -1, st, r.MayBeProc(dir, name, e), e
	}
	if st, e = r.Host.Fstat(fd); e != 0 || r.Procs.Has(fd, &st) {
		r.Host.Close(fd)
		return -1, st, e == 0, e
	}
	return r.Pinned(fd), st, false, 0
}

// MayBeProc reports whether a path that the host failed to open with e might
// lead into the guest's /proc all the same: through a link, or to a process or a
// descriptor that the host does not know.
func (r *Resolver) MayBeProc(dir int, name string, e errno) bool {
	switch e {
	case abi.ELOOP, abi.ENOSYS, abi.EXDEV:
		return true
	case abi.ENOENT, abi.ENOTDIR, abi.EACCES, abi.ESRCH:
		return !r.Host.Walks && !r.withoutLinks(dir, name) && !r.endsOutside(dir, name)
	}
	return false
}

// withoutLinks reports whether the host meets no link on a path, so that its names
// tell where it leads.
func (r *Resolver) withoutLinks(dir int, name string) bool {
	if strings.Contains(name, "proc") {
		return false
	}
	how := &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_SYMLINKS}
	fd, e := r.Host.Openat2(dir, name, how)
	if e == 0 {
		r.Host.Close(fd)
	}
	return e != abi.ELOOP
}

// endsOutside reports whether a path comes to a directory that is in no procfs and
// lacks the next name.
func (r *Resolver) endsOutside(dir int, name string) bool {
	for {
		parent, last := SplitLast(name)
		if parent == "" {
			return false
		}
		how := &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC | unix.O_DIRECTORY, Resolve: unix.RESOLVE_NO_MAGICLINKS}
		fd, e := r.Host.Openat2(dir, parent, how)
		if e == abi.ENOENT && len(parent) < len(name) {
			name = parent
			continue
		} else if e != 0 {
			return false
		}
		defer r.Host.Close(fd)
		st, e := r.Host.Fstat(fd)
		if e != 0 || r.Procs.Has(fd, &st) {
			return false
		}
		_, e = r.Host.Fstatat(fd, strings.TrimRight(last, "/"), unix.AT_SYMLINK_NOFOLLOW)
		return e == abi.ENOENT
	}
}

// Pin makes a handle of what a path leads to, or of the link that is its last name
// when flags has O_NOFOLLOW. Such a handle has no name for the host.
func (r *Resolver) Pin(tg Target, flags uint64) (Target, errno) {
	if r.Host.Walks {
		return r.probe(tg, flags&unix.O_NOFOLLOW != 0)
	}
	fd, st, walk, e := r.OpenHandle(tg.Dir, tg.Path, flags)
	switch {
	case walk:
		return r.Walk(tg, flags&unix.O_NOFOLLOW != 0, 0)
	case e != 0:
		return tg, e
	}
	tg.Handle, tg.Stat = fd, &st
	tg.Dir, tg.Path, tg.Walked = unix.AT_FDCWD, hostfile.Path(fd), true
	return tg, 0
}

// probe asks a host that walks itself whether a path is its business.
func (r *Resolver) probe(tg Target, nofollow bool) (Target, errno) {
	flags := 0
	if nofollow {
		flags = unix.AT_SYMLINK_NOFOLLOW
	}
	if r.Host.Faccessat(tg.Dir, tg.Path, unix.F_OK, flags) == abi.ELOOP {
		return r.Walk(tg, nofollow, 0)
	}
	return tg, 0
}

// PinParent makes a handle of the directory that holds the last name of a path.
func (r *Resolver) PinParent(tg Target) (Target, errno) {
	dir, name := SplitLast(tg.Path)
	switch {
	case dir == "" || dir == "/":
		return tg, 0
	case r.Host.Walks:
		return r.probe(tg, true)
	}
	if strings.HasSuffix(name, "/") { // the last link is followed after all, unless the call makes or removes a directory
		if _, _, walk, e := r.OpenHandle(tg.Dir, tg.Path, 0); walk || e != 0 {
			return r.Walk(tg, true, 0)
		}
	}
	fd, _, walk, e := r.OpenHandle(tg.Dir, dir, unix.O_DIRECTORY)
	switch {
	case walk:
		return r.Walk(tg, true, 0)
	case e != 0:
		return tg, e
	}
	tg.Dir, tg.Path, tg.Walked = fd, name, true
	return tg, 0
}

// SplitLast cuts a path before its last name, which keeps the slashes after it.
func SplitLast(p string) (dir, name string) {
	end := len(strings.TrimRight(p, "/"))
	at := strings.LastIndexByte(p[:end], '/') + 1
	return p[:at], p[at:]
}
