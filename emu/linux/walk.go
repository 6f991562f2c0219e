package linux

import (
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
)

// The host's /proc/self is the emulator. So the host must never be the one to
// follow a path of the guest into it, whatever names, links, mounts or
// descriptors lead there.
//
// Three facts make that cheap. A link that the host follows by itself, as those of
// /proc/PID/fd, is refused by openat2 with RESOLVE_NO_MAGICLINKS. Without them a path
// that goes into a procfs ends in one, which shows by the device number of what was
// opened. And a name in a directory that is not in a procfs, not followed, is safe
// by itself.
//
// So a path is opened by the host first: for good by open, as a handle (O_PATH) by
// the other calls, which then use the handle, or a handle of the parent directory.
// When the host refuses or what it opened lies in a procfs, the path is walked here,
// name by name. The walk knows two kinds of places: a directory of the host, and a
// path in the guest's /proc. Any procfs, wherever it is mounted, is the guest's /proc.

// procTop is where the guest's /proc is.
const procTop = "/proc"

// maxLinks is how many links a path may have (path_resolution(7)).
const maxLinks = 40

// isProc reports whether an open file lies in a procfs of the host.
func (k *Kernel) isProc(fd int, st *unix.Stat_t) bool {
	dev := uint64(st.Dev)
	if unix.Major(dev) != 0 { // a disk
		return false
	}
	is, known := k.fs.procDevs[dev]
	if !known {
		fs, e := k.host.Fstatfs(fd)
		is = e == 0 && fs.Type == unix.PROC_SUPER_MAGIC
		if e == 0 {
			k.fs.procDevs[dev] = is
		}
	}
	return is
}

// place is where a walk is.
type place struct {
	dir   int    // on the host
	proc  string // in /proc; empty on the host
	guest string // the guest's name of it on the host; a guess
}

// walker follows a path name by name.
type walker struct {
	place
	t        *Thread
	start    place
	pins     int // of the call before the walk
	todo     []string
	slash    bool // the path ends in a slash
	nofollow bool
	links    int
	resolve  uint64 // RESOLVE_ of openat2
}

// walk follows a path that the host cannot be trusted with.
func (t *Thread) walk(tg target, nofollow bool, resolve uint64) (target, errno) {
	w := &walker{t: t, place: place{tg.dir, tg.proc, path.Dir(tg.guest)}, nofollow: nofollow, resolve: resolve}
	w.start, w.pins = w.place, len(t.iov.pins)
	if e := w.begin(tg.path, tg.proc != ""); e != 0 {
		return tg, e
	}
	for len(w.todo) > 0 {
		name := w.todo[0]
		w.todo = w.todo[1:]
		step := w.onHost
		if w.proc != "" {
			step = w.inProc
		}
		switch name {
		case ".":
			continue
		case "..":
			if e := w.up(); e != 0 {
				return tg, e
			}
			continue
		}
		if found, e := step(name, len(w.todo) == 0); e != 0 || found != nil {
			if found == nil {
				return tg, e
			}
			found.walked = true
			return *found, e
		}
		w.tidy()
	}
	return w.here()
}

// tidy closes the places that the walk has left.
func (w *walker) tidy() {
	t := w.t
	kept := t.iov.pins[:w.pins]
	for _, fd := range t.iov.pins[w.pins:] {
		if fd == w.dir || fd == w.start.dir {
			kept = append(kept, fd)
		} else {
			t.k.host.Close(fd)
		}
	}
	t.iov.pins = kept
}

// begin puts the names of a path before those that are left.
func (w *walker) begin(p string, rooted bool) errno {
	if len(p) >= maxPath {
		return abi.ENAMETOOLONG
	}
	var names []string
	for name := range strings.SplitSeq(p, "/") {
		if name != "" {
			names = append(names, name)
		}
	}
	if len(w.todo) == 0 {
		w.slash = w.slash || strings.HasSuffix(p, "/")
	}
	w.todo = append(names, w.todo...)
	if rooted || p == "" || p[0] != '/' {
		return 0
	}
	return w.toRoot()
}

// toRoot goes to the root directory.
func (w *walker) toRoot() errno {
	switch {
	case w.resolve&unix.RESOLVE_BENEATH != 0:
		return abi.EXDEV
	case w.resolve&unix.RESOLVE_IN_ROOT != 0:
		w.place = w.start
		return 0
	}
	w.guest = "/"
	return w.enter(unix.AT_FDCWD, "/", unix.O_DIRECTORY)
}

// confined is the ways of openat2 that keep a path below where it starts.
const confined = unix.RESOLVE_BENEATH | unix.RESOLVE_IN_ROOT

// up goes to the parent directory.
func (w *walker) up() errno {
	if w.resolve&confined != 0 && w.atStart() {
		if w.resolve&unix.RESOLVE_BENEATH != 0 {
			return abi.EXDEV
		}
		return 0
	}
	switch {
	case w.proc == "":
		w.guest = path.Dir(w.guest)
		return w.enter(w.dir, "..", unix.O_DIRECTORY)
	case w.proc != procTop:
		w.proc = path.Dir(w.proc)
		return 0
	case w.resolve&confined != 0:
		return abi.EXDEV
	}
	return w.toRoot()
}

// atStart reports whether the walk is where it began.
func (w *walker) atStart() bool {
	if w.proc != "" || w.start.proc != "" {
		return w.proc == w.start.proc
	}
	a, e := w.t.k.host.Fstat(w.dir)
	b, f := w.t.k.host.Fstat(w.start.dir)
	return e == 0 && f == 0 && a.Dev == b.Dev && a.Ino == b.Ino
}

// enter goes to a directory of the host, or, when it is in a procfs, of the guest's
// /proc.
func (w *walker) enter(dir int, name string, flags int) errno {
	h := w.t.k.host
	fd, e := h.Openat(dir, name, unix.O_PATH|unix.O_CLOEXEC|flags, 0)
	if e != 0 {
		return e
	}
	st, e := h.Fstat(w.t.pinned(fd))
	if e != 0 {
		return e
	}
	if w.t.k.isProc(fd, &st) {
		return w.enterProc(fd, &st)
	}
	w.dir, w.proc = fd, ""
	return 0
}

// enterProc goes to the place in /proc of an open file of a procfs.
func (w *walker) enterProc(fd int, st *unix.Stat_t) errno {
	if w.resolve&unix.RESOLVE_NO_XDEV != 0 {
		return abi.EXDEV
	}
	w.proc = w.t.k.procName(fd, st)
	return 0
}

// here is the place itself, when the path ends without a name.
func (w *walker) here() (target, errno) {
	if w.proc == "" {
		return target{dir: w.dir, path: ".", guest: w.guest, walked: true}, 0
	}
	node, e := w.t.procAt(w.proc)
	if e != 0 {
		return target{}, e
	}
	return *node.target(), 0
}

// onHost goes to a name in a directory of the host. It returns what the path leads
// to when that is the end.
func (w *walker) onHost(name string, last bool) (*target, errno) {
	h := w.t.k.host
	found := &target{dir: w.dir, path: name, guest: path.Join(w.guest, name)}
	if last && w.slash {
		found.path += "/"
	}
	fd, e := h.Openat(w.dir, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if e == abi.ENOENT && last {
		return found, 0
	} else if e != 0 {
		return nil, e
	}
	st, e := h.Fstat(w.t.pinned(fd))
	switch {
	case e != 0:
		return nil, e
	case st.Mode&unix.S_IFMT == unix.S_IFLNK && !w.t.k.isProc(fd, &st):
		if last && w.nofollow && !w.slash {
			return found, 0
		}
		to, e := h.Readlinkat(fd, "")
		if e != 0 {
			return nil, e
		}
		return nil, w.follow(to)
	case w.t.k.isProc(fd, &st):
		return nil, w.enterProc(fd, &st)
	case last && (!w.slash || st.Mode&unix.S_IFMT == unix.S_IFDIR):
		return found, 0
	case st.Mode&unix.S_IFMT != unix.S_IFDIR:
		return nil, abi.ENOTDIR
	}
	w.dir, w.guest = fd, path.Join(w.guest, name)
	return nil, 0
}

// follow puts the text of a link in place of its name.
func (w *walker) follow(to string) errno {
	if w.links++; w.links > maxLinks || w.resolve&unix.RESOLVE_NO_SYMLINKS != 0 {
		return abi.ELOOP
	}
	if to == "" {
		return abi.ENOENT
	}
	if rest, ok := inProcfs(to); ok && to[0] == '/' && w.resolve&(confined|unix.RESOLVE_NO_XDEV) == 0 {
		w.proc = procTop
		return w.begin(rest, true)
	}
	return w.begin(to, false)
}

// inProc goes to a name in a directory of /proc.
func (w *walker) inProc(name string, last bool) (*target, errno) {
	node, e := w.t.procAt(w.proc + "/" + name)
	if e != 0 {
		return nil, e
	}
	switch node.typ() {
	case unix.S_IFDIR:
		w.proc = node.path
		return nil, 0
	case unix.S_IFLNK:
		if last && w.nofollow && !w.slash {
			return node.target(), 0
		}
		return w.followNode(node, last)
	}
	if !last || w.slash {
		return nil, abi.ENOTDIR
	}
	return node.target(), 0
}

// followNode follows a link of /proc. Some have a text, others lead to an open
// file.
func (w *walker) followNode(node *procNode, last bool) (*target, errno) {
	if node.row.open == nil {
		to, e := node.readlink()
		if e != 0 {
			return nil, e
		}
		return nil, w.follow(to)
	}
	if w.links++; w.links > maxLinks || w.resolve&(unix.RESOLVE_NO_SYMLINKS|unix.RESOLVE_NO_MAGICLINKS) != 0 {
		return nil, abi.ELOOP
	}
	if w.resolve&confined != 0 {
		return nil, abi.EXDEV
	}
	to, e := node.row.open(node)
	switch {
	case e != 0:
		return nil, e
	case to.proc != "":
		w.proc = to.proc
		return nil, 0
	case to.dir != unix.AT_FDCWD: // a directory
		w.guest = to.guest
		return nil, w.enter(to.dir, ".", unix.O_DIRECTORY)
	case last && !w.slash:
		return &to, 0
	}
	w.guest = to.guest
	return nil, w.enter(to.dir, to.path, unix.O_DIRECTORY)
}
