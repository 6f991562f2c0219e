package linux

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
)

// rootDir is the sysroot.
type rootDir struct {
	fd   int
	path string
}

func (r *rootDir) close(k *Kernel) {
	if r != nil {
		k.host.Close(r.fd)
	}
}

// openSysroot opens the directory of -L.
func (k *Kernel) openSysroot() error {
	if k.cfg.Sysroot == "" {
		return nil
	}
	fd, e := k.host.Openat(unix.AT_FDCWD, k.cfg.Sysroot, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if e != 0 {
		return fmt.Errorf("open sysroot %s: %w", k.cfg.Sysroot, e)
	}
	name, e := k.host.Readlinkat(unix.AT_FDCWD, fdPath(fd))
	if e != 0 {
		return fmt.Errorf("open sysroot %s: %w", k.cfg.Sysroot, e)
	}
	k.sysroot = &rootDir{fd, strings.TrimSuffix(name, "/")}
	return nil
}

// fdPath names an open file of the emulator to the host.
func fdPath(fd int) string { return "/proc/self/fd/" + strconv.Itoa(fd) }

// guestPath is the guest's name of a host path.
func (k *Kernel) guestPath(host string) string {
	if k.sysroot != nil {
		if rest, ok := strings.CutPrefix(host, k.sysroot.path); ok && (rest == "" || rest[0] == '/') {
			return path.Join("/", rest)
		}
	}
	return host
}

// hostPath is where an absolute path of the guest lies on the host: in the
// sysroot if it is there. Links are followed within the sysroot.
func (k *Kernel) hostPath(name string) string { return k.lookup(name, false) }

func (k *Kernel) lookup(name string, nofollow bool) string {
	if k.sysroot == nil {
		return name
	}
	how := &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT}
	if nofollow {
		how.Flags |= unix.O_NOFOLLOW
	}
	fd, e := k.host.Openat2(k.sysroot.fd, name, how)
	if e != 0 {
		return name
	}
	defer k.host.Close(fd)
	real, e := k.host.Readlinkat(unix.AT_FDCWD, fdPath(fd))
	if e != 0 {
		return name
	}
	if strings.HasSuffix(name, "/") {
		real += "/"
	}
	return real
}

// target is what a path means: a name for the host, or a node of /proc that the
// kernel itself answers for.
type target struct {
	dir   int
	path  string
	guest string // absolute path in the guest; only a guess after links
	node  *procNode
}

// full is a path that the host understands without the directory.
func (tg *target) full() string {
	switch {
	case tg.path == "":
		return fdPath(tg.dir)
	case tg.path[0] == '/':
		return tg.path
	}
	return fdPath(tg.dir) + "/" + tg.path
}

// resolve finds out what a path means, relative to a directory of the guest. The
// last name's link is followed unless nofollow is set; only /proc cares.
func (t *Thread) resolve(dirfd int, name string, nofollow bool) (target, errno) {
	if name == "" {
		return target{}, abi.ENOENT
	}
	tg := target{dir: t.fs.cwd, path: name, guest: name}
	if name[0] != '/' {
		base, e := t.base(dirfd, &tg)
		if e != 0 {
			return tg, e
		}
		tg.guest = path.Join(base, name)
		fromRoot := base == "/" && strings.HasPrefix(tg.guest, "/proc") && !strings.Contains(name, "..")
		if !strings.HasPrefix(base, "/proc") && !fromRoot {
			return tg, 0
		}
	}
	clean := deviceLink(path.Clean(tg.guest))
	if clean == "/proc" {
		return t.resolveNode(tg, t.k.procRoot(), nofollow)
	}
	if strings.HasPrefix(clean, "/proc/") {
		if node := t.procNode(clean); node != nil {
			return t.resolveNode(tg, node, nofollow)
		}
	}
	tg.path = t.k.lookup(tg.guest, nofollow)
	return tg, 0
}

// base sets the directory that a relative path starts from.
func (t *Thread) base(dirfd int, tg *target) (string, errno) {
	if dirfd == abi.AT_FDCWD {
		return t.fs.path, 0
	}
	f, e := t.file(dirfd)
	if e != 0 {
		return "", e
	}
	if f.mode != unix.S_IFDIR {
		return "", abi.ENOTDIR
	}
	tg.dir = f.fd
	return f.path, 0
}

// deviceLink replaces the names in /dev that are links to descriptors: followed
// by the host they would lead to the emulator's.
func deviceLink(name string) string {
	switch name {
	case "/dev/stdin":
		return "/proc/self/fd/0"
	case "/dev/stdout":
		return "/proc/self/fd/1"
	case "/dev/stderr":
		return "/proc/self/fd/2"
	}
	if rest, ok := strings.CutPrefix(name, "/dev/fd"); ok && (rest == "" || rest[0] == '/') {
		return "/proc/self/fd" + rest
	}
	return name
}

// at resolves the path argument of a call, with AT_EMPTY_PATH and
// AT_SYMLINK_NOFOLLOW as flags say.
func (t *Thread) at(c *call, dir, name int, flags int) (target, errno) {
	p, e := t.path(c.addr(name))
	if e != 0 {
		return target{}, e
	}
	return t.atName(c.i32(dir), p, flags)
}

func (t *Thread) atName(dirfd int, p string, flags int) (target, errno) {
	if p == "" && flags&abi.AT_EMPTY_PATH != 0 {
		tg := target{dir: t.fs.cwd, guest: t.fs.path}
		if dirfd != abi.AT_FDCWD {
			f, e := t.file(dirfd)
			if e != 0 {
				return tg, e
			}
			tg.dir, tg.guest = f.fd, f.path
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
