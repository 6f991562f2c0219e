package linux

import (
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostfile"
)

// guestPath is the guest's name of a host path.
func (k *Kernel) guestPath(host string) string { return k.fs.sysroot.Guest(host) }

// hostPath is where an absolute path of the guest lies on the host: in the
// sysroot if it is there. Links are followed within the sysroot.
func (k *Kernel) hostPath(name string) string { return k.lookup(name, false) }

func (k *Kernel) lookup(name string, nofollow bool) string {
	return k.fs.sysroot.Lookup(name, nofollow)
}

// target is what a path means: a name for the host, or a node of /proc that the
// kernel itself answers for.
type target struct {
	dir   int
	path  string
	guest string // absolute path in the guest; only a guess after links
	node  *procNode
	// proc is a place in /proc that path is relative to. No such target leaves
	// this file and walk.go.
	proc string
	// handle is a descriptor of what the path leads to, with its attributes, for who
	// only wants to look; see pin.
	handle int
	st     *unix.Stat_t
	// walked says that the path has no link left that the host could follow.
	walked bool
}

// full is a path that the host understands without the directory.
func (tg *target) full() string {
	switch {
	case tg.path == "":
		return hostfile.Path(tg.dir)
	case tg.path[0] == '/':
		return tg.path
	}
	return hostfile.Path(tg.dir) + "/" + tg.path
}

// onHost is the error e of an operation that nothing in the guest's /proc takes,
// 0 for a name of the host.
func (tg *target) onHost(e errno) errno {
	if tg.node == nil {
		return 0
	}
	return e
}

// locate says what a path is relative to a directory of the guest, without
// following it.
func (t *Thread) locate(dirfd int, name string, nofollow bool) (target, errno) {
	tg := target{dir: t.fs.cwd.fd, path: name, guest: name}
	switch {
	case name == "":
		return tg, abi.ENOENT
	case name[0] == '/':
		if rest, ok := inProcfs(name); ok {
			tg.proc, tg.path = procTop, rest
			return tg, 0
		}
		tg.path = t.k.lookup(name, nofollow)
		return tg, 0
	}
	base, e := t.base(dirfd, &tg)
	tg.guest = path.Join(base, name)
	return tg, e
}

// inProcfs cuts /proc off an absolute path.
func inProcfs(name string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix("/"+strings.TrimLeft(name, "/"), procTop)
	return rest, ok && (rest == "" || rest[0] == '/')
}

// base sets the directory that a relative path starts from.
func (t *Thread) base(dirfd int, tg *target) (string, errno) {
	if dirfd == abi.AT_FDCWD {
		tg.proc = t.fs.proc
		return t.fs.path, 0
	}
	f, e := t.file(dirfd)
	if e != 0 {
		return "", e
	}
	if f.mode != unix.S_IFDIR {
		return "", abi.ENOTDIR
	}
	tg.dir, tg.proc = f.fd, f.proc.name
	return f.path, 0
}

// resolve finds out what a path means, relative to a directory of the guest. The
// last name's link is followed unless nofollow is set. What it returns the host
// may use without being led into its own /proc/self.
func (t *Thread) resolve(dirfd int, name string, nofollow bool) (target, errno) {
	tg, e := t.locate(dirfd, name, nofollow)
	switch {
	case e != 0:
		return tg, e
	case tg.proc != "":
		return t.walk(tg, nofollow, 0)
	case nofollow:
		return t.pinParent(tg)
	}
	return t.pin(tg, 0)
}

// at looks at the path argument of a call, with AT_EMPTY_PATH and
// AT_SYMLINK_NOFOLLOW as flags say.
func (t *Thread) at(c *call, dir, name int, flags int) (target, errno) {
	p, e := t.path(c.addr(name))
	if e != 0 {
		return target{}, e
	}
	return t.look(c.i32(dir), p, flags)
}

func (t *Thread) atName(dirfd int, p string, flags int) (target, errno) {
	if p == "" && flags&abi.AT_EMPTY_PATH != 0 {
		tg := target{dir: t.fs.cwd.fd, guest: t.fs.path}
		if dirfd != abi.AT_FDCWD {
			f, e := t.file(dirfd)
			if e != 0 {
				return tg, e
			}
			tg.dir, tg.guest, tg.node = f.fd, f.path, f.proc.node
		} else if t.fs.proc != "" {
			return t.walk(target{proc: t.fs.proc, path: "."}, false, 0)
		}
		return tg, 0
	}
	return t.resolve(dirfd, p, flags&abi.AT_SYMLINK_NOFOLLOW != 0)
}

// here resolves the path argument of a call that knows no directory.
func (t *Thread) here(c *call, name int, nofollow bool) (target, errno) {
	p, e := t.path(c.addr(name))
	if e != 0 {
		return target{}, e
	}
	return t.resolve(abi.AT_FDCWD, p, nofollow)
}
