package sandbox

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostsys"
)

// place is where a path leads: a name of a directory, and what has that name.
type place struct {
	dir   *entry
	name  string // empty when the path ends in "." or "..", or is "/"
	at    *entry // nil when there is nothing
	slash bool   // the path ends in a slash: nothing but a directory will do
	end   string // in place of a name: ".", ".." or nothing for /
	file  *file  // an open file, which the emulator itself named
}

// walker follows a path.
type walker struct {
	s       *Sandbox
	root    *entry // what "/" and ".." at the top mean
	at      *entry
	todo    []string
	links   int
	follow  bool // also the last name
	slash   bool
	last    string // "." or ".." when the path ended so
	resolve uint64 // RESOLVE_ of openat2, and what follows
}

const (
	// creating says that the last name may be that of a new file.
	creating = 1 << 62
	// parent ends a walk at the last name, whatever that is.
	parent = 1 << 61
)

const (
	maxLinks = 40
	maxName  = 255
)

// split cuts a path into names. A last "." stays: it is no name to make or remove.
func split(path string) (names []string, slash bool) {
	for name := range strings.SplitSeq(path, "/") {
		if name != "" && name != "." {
			names = append(names, name)
		}
	}
	if end := strings.TrimRight(path, "/"); end == "." || strings.HasSuffix(end, "/.") {
		names = append(names, ".")
	}
	return names, strings.HasSuffix(path, "/")
}

// walk follows a path from a directory.
func (s *Sandbox) walk(from *entry, path string, follow bool) (place, errno) {
	return s.walkAs(from, path, follow, 0)
}

func (s *Sandbox) walkAs(from *entry, path string, follow bool, resolve uint64) (place, errno) {
	if path == "" {
		return place{}, abi.ENOENT
	}
	w := &walker{s: s, root: s.view.root, at: from, follow: follow, resolve: resolve}
	if resolve&(unix.RESOLVE_IN_ROOT|unix.RESOLVE_BENEATH) != 0 {
		w.root = from
	}
	if e := w.begin(path); e != 0 {
		return place{}, e
	}
	return w.run()
}

// begin puts the names of a path before those that are left.
func (w *walker) begin(path string) errno {
	if len(path) >= unix.PathMax {
		return abi.ENAMETOOLONG
	}
	names, slash := split(path)
	if len(w.todo) == 0 {
		w.slash = w.slash || slash
	}
	w.todo = append(names, w.todo...)
	if path[0] == '/' {
		if w.resolve&unix.RESOLVE_BENEATH != 0 {
			return abi.EXDEV
		}
		w.at = w.root
	}
	return 0
}

func (w *walker) run() (place, errno) {
	for len(w.todo) > 0 {
		name := w.todo[0]
		w.todo, w.last = w.todo[1:], name
		if e := w.enter(name); e != 0 {
			return place{}, e
		}
		switch name {
		case ".":
			continue
		case "..":
			if e := w.up(); e != 0 {
				return place{}, e
			}
			continue
		}
		p, done, e := w.down(name)
		if e != 0 || done {
			return p, e
		}
	}
	if !w.at.ino.isDir() {
		return place{}, abi.ENOTDIR
	}
	return place{dir: w.at, at: w.at, slash: true, end: w.last}, 0
}

// enter checks that a name may be looked for where the walk is.
func (w *walker) enter(name string) errno {
	switch {
	case !w.at.ino.isDir():
		return abi.ENOTDIR
	case len(name) > maxName:
		return abi.ENAMETOOLONG
	case w.at.ino.own:
		return w.s.may(w.at.ino, 1)
	}
	return 0 // the host checks
}

func (w *walker) up() errno {
	switch {
	case w.at == w.root || w.at.parent == nil:
		if w.resolve&unix.RESOLVE_BENEATH != 0 {
			return abi.EXDEV
		}
	default:
		w.at = w.at.parent
	}
	return 0
}

// down goes to a name, or ends the walk there.
func (w *walker) down(name string) (p place, done bool, e errno) {
	last := len(w.todo) == 0
	if last && w.slash && w.resolve&creating != 0 {
		return place{}, false, abi.EISDIR
	}
	if w.at == w.s.view.proc && isDynamic(name) {
		return place{}, false, abi.ELOOP // the personality follows it
	}
	child, e := w.s.child(w.at, name)
	if e == abi.ENOENT && last {
		return place{dir: w.at, name: name, slash: w.slash}, true, 0
	}
	if e != 0 {
		return place{}, false, e
	}
	if last && w.resolve&parent != 0 {
		return place{dir: w.at, name: name, at: child, slash: w.slash}, true, 0
	}
	if child.ino.typ == unix.S_IFLNK && (!last || w.follow || w.slash) {
		return place{}, false, w.link(child)
	}
	if !last {
		w.at = child
		return place{}, false, 0
	}
	if w.slash && !child.ino.isDir() {
		return place{}, false, abi.ENOTDIR
	}
	return place{dir: w.at, name: name, at: child, slash: w.slash}, true, 0
}

func (w *walker) link(e *entry) errno {
	if w.links++; w.links > maxLinks || w.resolve&unix.RESOLVE_NO_SYMLINKS != 0 {
		return abi.ELOOP
	}
	if e.ino.target == "" {
		return abi.ENOENT
	}
	return w.begin(e.ino.target)
}

// fdPath is the personality's and our own name for a descriptor of the emulator.
func fdPath(fd int) string { return fdPrefix + strconv.Itoa(fd) }

const fdPrefix = "/proc/self/fd/"

// cutFD takes a descriptor off a path that begins with one.
func cutFD(path string) (fd int, rest string, ok bool) {
	rest, ok = strings.CutPrefix(path, fdPrefix)
	if !ok {
		return 0, "", false
	}
	digits, rest, _ := strings.Cut(rest, "/")
	fd, err := strconv.Atoi(digits)
	return fd, rest, err == nil
}

// resolve finds the file of a call's path. What the personality calls
// /proc/self/fd/N is a descriptor of the emulator: it is one that the sandbox
// gave out, or nothing.
func (s *Sandbox) resolve(dirfd int, path string, follow bool) (place, errno) {
	return s.resolveAs(dirfd, path, follow, 0)
}

func (s *Sandbox) resolveAs(dirfd int, path string, follow bool, how uint64) (place, errno) {
	if fd, rest, ok := cutFD(path); ok {
		f := s.open[fd]
		if f == nil {
			return place{}, abi.ENOENT
		}
		if rest == "" {
			return place{file: f, at: f.at}, 0
		}
		dirfd, path = fd, rest
	}
	from := s.cwd
	if path != "" && path[0] != '/' && dirfd != unix.AT_FDCWD || how&(unix.RESOLVE_IN_ROOT|unix.RESOLVE_BENEATH) != 0 {
		f := s.open[dirfd]
		switch {
		case dirfd == unix.AT_FDCWD:
		case f == nil:
			return place{}, abi.EBADF
		case f.at == nil || !f.at.ino.isDir():
			return place{}, abi.ENOTDIR
		default:
			from = f.at
		}
	}
	return s.walkAs(from, path, follow, how)
}

// there resolves a path that must lead to something.
func (s *Sandbox) there(dirfd int, path string, follow bool) (place, errno) {
	p, e := s.resolve(dirfd, path, follow)
	if e == 0 && p.at == nil && p.file == nil {
		e = abi.ENOENT
	}
	return p, e
}

// at resolves arguments dir and dir+1 of a call, following links unless flags
// forbid it. An empty path is the descriptor itself.
func (s *Sandbox) at(c *hostsys.Call, dir int, flags int) (place, errno) {
	fd, path := fdArg(c, dir), strArg(c, dir+1)
	if path != "" {
		return s.there(fd, path, flags&unix.AT_SYMLINK_NOFOLLOW == 0)
	}
	if flags&unix.AT_EMPTY_PATH == 0 {
		return place{}, abi.ENOENT
	}
	if fd == unix.AT_FDCWD {
		return place{dir: s.cwd, at: s.cwd}, 0
	}
	f := s.open[fd]
	if f == nil {
		return place{}, abi.EBADF
	}
	return place{file: f, at: f.at}, 0
}
