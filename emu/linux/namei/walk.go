package namei

import (
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
)

// maxLinks is how many links a path may have (path_resolution(7)).
const maxLinks = 40

// place is where a walk is.
type place struct {
	dir   int    // on the host
	proc  string // in /proc; empty on the host
	guest string // the guest's name of it on the host; a guess
}

// walker follows a path name by name.
type walker struct {
	place
	r        *Resolver
	start    place
	pins     int // of the call before the walk
	todo     []string
	slash    bool // the path ends in a slash
	nofollow bool
	links    int
	resolve  uint64 // RESOLVE_ of openat2
}

// Walk follows a path that the host cannot be trusted with.
func (r *Resolver) Walk(tg Target, nofollow bool, resolve uint64) (Target, errno) {
	w := &walker{r: r, place: place{tg.Dir, tg.Proc, path.Dir(tg.Guest)}, nofollow: nofollow, resolve: resolve}
	w.start, w.pins = w.place, len(r.pins)
	if e := w.begin(tg.Path, tg.Proc != ""); e != 0 {
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
			found.Walked = true
			return *found, e
		}
		w.tidy()
	}
	return w.here()
}

// tidy closes the places that the walk has left.
func (w *walker) tidy() {
	r := w.r
	kept := r.pins[:w.pins]
	for _, fd := range r.pins[w.pins:] {
		if fd == w.dir || fd == w.start.dir {
			kept = append(kept, fd)
		} else {
			r.Host.Close(fd)
		}
	}
	r.pins = kept
}

// begin puts the names of a path before those that are left.
func (w *walker) begin(p string, rooted bool) errno {
	if len(p) >= abi.PATH_MAX {
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

// Confined is the ways of openat2 that keep a path below where it starts.
const Confined = unix.RESOLVE_BENEATH | unix.RESOLVE_IN_ROOT

// up goes to the parent directory.
func (w *walker) up() errno {
	if w.resolve&Confined != 0 && w.atStart() {
		if w.resolve&unix.RESOLVE_BENEATH != 0 {
			return abi.EXDEV
		}
		return 0
	}
	switch {
	case w.proc == "":
		w.guest = path.Dir(w.guest)
		return w.enter(w.dir, "..", unix.O_DIRECTORY)
	case w.proc != ProcTop:
		w.proc = path.Dir(w.proc)
		return 0
	case w.resolve&Confined != 0:
		return abi.EXDEV
	}
	return w.toRoot()
}

// atStart reports whether the walk is where it began.
func (w *walker) atStart() bool {
	if w.proc != "" || w.start.proc != "" {
		return w.proc == w.start.proc
	}
	a, e := w.r.Host.Fstat(w.dir)
	b, f := w.r.Host.Fstat(w.start.dir)
	return e == 0 && f == 0 && a.Dev == b.Dev && a.Ino == b.Ino
}

// enter goes to a directory of the host, or, when it is in a procfs, of the guest's
// /proc.
func (w *walker) enter(dir int, name string, flags int) errno {
	h := w.r.Host
	fd, e := h.Openat(dir, name, unix.O_PATH|unix.O_CLOEXEC|flags, 0)
	if e != 0 {
		return e
	}
	st, e := h.Fstat(w.r.Pinned(fd))
	if e != 0 {
		return e
	}
	if w.r.Procs.Has(fd, &st) {
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
	w.proc = w.r.Procs.Name(fd, st)
	return 0
}

// here is the place itself, when the path ends without a name.
func (w *walker) here() (Target, errno) {
	if w.proc == "" {
		return Target{Dir: w.dir, Path: ".", Guest: w.guest, Walked: true}, 0
	}
	node, e := w.r.Proc.ProcAt(w.proc)
	if e != 0 {
		return Target{}, e
	}
	return *node.Target(), 0
}

// onHost goes to a name in a directory of the host. It returns what the path leads
// to when that is the end.
func (w *walker) onHost(name string, last bool) (*Target, errno) {
	h := w.r.Host
	found := &Target{Dir: w.dir, Path: name, Guest: path.Join(w.guest, name)}
	if last && w.slash {
		found.Path += "/"
	}
	fd, e := h.Openat(w.dir, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if e == abi.ENOENT && last {
		return found, 0
	} else if e != 0 {
		return nil, e
	}
	st, e := h.Fstat(w.r.Pinned(fd))
	switch {
	case e != 0:
		return nil, e
	case st.Mode&unix.S_IFMT == unix.S_IFLNK && !w.r.Procs.Has(fd, &st):
		if last && w.nofollow && !w.slash {
			return found, 0
		}
		to, e := h.Readlinkat(fd, "")
		if e != 0 {
			return nil, e
		}
		return nil, w.follow(to)
	case w.r.Procs.Has(fd, &st):
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
	if rest, ok := InProcfs(to); ok && to[0] == '/' && w.resolve&(Confined|unix.RESOLVE_NO_XDEV) == 0 {
		w.proc = ProcTop
		return w.begin(rest, true)
	}
	return w.begin(to, false)
}

// inProc goes to a name in a directory of /proc.
func (w *walker) inProc(name string, last bool) (*Target, errno) {
	node, e := w.r.Proc.ProcAt(w.proc + "/" + name)
	if e != 0 {
		return nil, e
	}
	switch node.Typ() {
	case unix.S_IFDIR:
		w.proc = node.Name()
		return nil, 0
	case unix.S_IFLNK:
		if last && w.nofollow && !w.slash {
			return node.Target(), 0
		}
		return w.followNode(node, last)
	}
	if !last || w.slash {
		return nil, abi.ENOTDIR
	}
	return node.Target(), 0
}

// followNode follows a link of /proc. Some have a text, others lead to an open
// file.
func (w *walker) followNode(node Node, last bool) (*Target, errno) {
	if !node.Opens() {
		to, e := node.Readlink()
		if e != 0 {
			return nil, e
		}
		return nil, w.follow(to)
	}
	if w.links++; w.links > maxLinks || w.resolve&(unix.RESOLVE_NO_SYMLINKS|unix.RESOLVE_NO_MAGICLINKS) != 0 {
		return nil, abi.ELOOP
	}
	if w.resolve&Confined != 0 {
		return nil, abi.EXDEV
	}
	to, e := node.Open()
	switch {
	case e != 0:
		return nil, e
	case to.Proc != "":
		w.proc = to.Proc
		return nil, 0
	case to.Dir != unix.AT_FDCWD: // a directory
		w.guest = to.Guest
		return nil, w.enter(to.Dir, ".", unix.O_DIRECTORY)
	case last && !w.slash:
		return &to, 0
	}
	w.guest = to.Guest
	return nil, w.enter(to.Dir, to.Path, unix.O_DIRECTORY)
}
