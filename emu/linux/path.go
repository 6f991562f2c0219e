package linux

import (
	"path"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/namei"
)

// newPaths is what resolves the paths of a thread.
func (t *Thread) newPaths() namei.Resolver {
	return namei.Resolver{Host: t.k.host, Procs: t.k.procs, Proc: procView{t}}
}

// guestPath is the guest's name of a host path.
func (k *Kernel) guestPath(host string) string { return k.sysroot.Guest(host) }

// hostPath is where an absolute path of the guest lies on the host: in the
// sysroot if it is there. Links are followed within the sysroot.
func (k *Kernel) hostPath(name string) string { return k.lookup(name, false) }

func (k *Kernel) lookup(name string, nofollow bool) string {
	return k.sysroot.Lookup(name, nofollow)
}

// locate says what a path is relative to a directory of the guest, without
// following it.
func (t *Thread) locate(dirfd int, name string, nofollow bool) (namei.Target, errno) {
	tg := namei.Target{Dir: t.fs.cwd.fd, Path: name, Guest: name}
	switch {
	case name == "":
		return tg, abi.ENOENT
	case name[0] == '/':
		if rest, ok := namei.InProcfs(name); ok {
			tg.Proc, tg.Path = namei.ProcTop, rest
			return tg, 0
		}
		tg.Path = t.k.lookup(name, nofollow)
		return tg, 0
	}
	base, e := t.base(dirfd, &tg)
	tg.Guest = path.Join(base, name)
	return tg, e
}

// base sets the directory that a relative path starts from.
func (t *Thread) base(dirfd int, tg *namei.Target) (string, errno) {
	if dirfd == abi.AT_FDCWD {
		tg.Proc = t.fs.proc
		return t.fs.path, 0
	}
	f, e := t.file(dirfd)
	if e != 0 {
		return "", e
	}
	if f.mode != unix.S_IFDIR {
		return "", abi.ENOTDIR
	}
	tg.Dir, tg.Proc = f.fd, f.proc.name
	return f.path, 0
}

// resolve finds out what a path means, relative to a directory of the guest. The
// last name's link is followed unless nofollow is set. What it returns the host
// may use without being led into its own /proc/self.
func (t *Thread) resolve(dirfd int, name string, nofollow bool) (namei.Target, errno) {
	tg, e := t.locate(dirfd, name, nofollow)
	switch {
	case e != 0:
		return tg, e
	case tg.Proc != "":
		return t.work.paths.Walk(tg, nofollow, 0)
	case nofollow:
		return t.work.paths.PinParent(tg)
	}
	return t.work.paths.Pin(tg, 0)
}

// at looks at the path argument of a call, with AT_EMPTY_PATH and
// AT_SYMLINK_NOFOLLOW as flags say.
func (t *Thread) at(c *call, dir, name int, flags int) (namei.Target, errno) {
	p, e := t.path(c.addr(name))
	if e != 0 {
		return namei.Target{}, e
	}
	return t.look(c.i32(dir), p, flags)
}

func (t *Thread) atName(dirfd int, p string, flags int) (namei.Target, errno) {
	if p == "" && flags&abi.AT_EMPTY_PATH != 0 {
		tg := namei.Target{Dir: t.fs.cwd.fd, Guest: t.fs.path}
		if dirfd != abi.AT_FDCWD {
			f, e := t.file(dirfd)
			if e != 0 {
				return tg, e
			}
			tg.Dir, tg.Guest, tg.Node = f.fd, f.path, f.proc.node.orNil()
		} else if t.fs.proc != "" {
			return t.work.paths.Walk(namei.Target{Proc: t.fs.proc, Path: "."}, false, 0)
		}
		return tg, 0
	}
	return t.resolve(dirfd, p, flags&abi.AT_SYMLINK_NOFOLLOW != 0)
}

// here resolves the path argument of a call that knows no directory.
func (t *Thread) here(c *call, name int, nofollow bool) (namei.Target, errno) {
	p, e := t.path(c.addr(name))
	if e != 0 {
		return namei.Target{}, e
	}
	return t.resolve(abi.AT_FDCWD, p, nofollow)
}
