package linux

import (
	"math"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostfile"
	"panda/emu/linux/namei"
)

// openReq is one of the calls that open a file.
type openReq struct {
	dir     int
	name    string
	flags   int
	mode    uint32
	resolve uint64
	small   bool // a file that is too large for 31 bits is refused
}

func sysOpen(t *Thread, c *call) (int64, errno) {
	return t.open(c, abi.AT_FDCWD, 0, c.i32(1), c.u32(2))
}

func sysCreat(t *Thread, c *call) (int64, errno) {
	return t.open(c, abi.AT_FDCWD, 0, abi.O_CREAT|abi.O_WRONLY|abi.O_TRUNC|abi.O_LARGEFILE, c.u32(1))
}

func sysOpenat(t *Thread, c *call) (int64, errno) {
	return t.open(c, c.i32(0), 1, c.i32(2), c.u32(3))
}

func sysOpenat2(t *Thread, c *call) (int64, errno) {
	if c.Args[3] < 24 {
		return 0, abi.EINVAL
	}
	var how abi.OpenHow
	if e := t.load(c.addr(2), &how); e != 0 {
		return 0, e
	}
	name, e := t.path(c.addr(1))
	if e != 0 {
		return 0, e
	}
	return t.openFile(c, openReq{c.i32(0), name, int(how.Flags), uint32(how.Mode), how.Resolve, false})
}

func (t *Thread) open(c *call, dir, name, flags int, mode uint32) (int64, errno) {
	p, e := t.path(c.addr(name))
	if e != 0 {
		return 0, e
	}
	small := c.abi.word() == 4 && flags&(abi.O_LARGEFILE|abi.O_PATH) == 0
	return t.openFile(c, openReq{dir, p, flags, mode, 0, small})
}

func (t *Thread) openFile(c *call, r openReq) (int64, errno) {
	if o := c.state.opening; o != nil {
		return t.openEnd(o)
	}
	if e := t.mayInstall(); e != 0 {
		return 0, e
	}
	nofollow := r.flags&abi.O_NOFOLLOW != 0 || r.flags&(abi.O_CREAT|abi.O_EXCL) == abi.O_CREAT|abi.O_EXCL
	if r.small && r.flags&abi.O_TRUNC != 0 && t.isLarge(r, nofollow) {
		r.flags &^= abi.O_TRUNC // it is refused as it is
	}
	tg, fd, e := t.openPath(r, nofollow)
	if tg.Node != nil && e == 0 {
		f, e := t.openNode(nodeOf(tg), r.flags)
		if e != 0 {
			return 0, e
		}
		return t.install(f, r.flags&abi.O_CLOEXEC != 0)
	}
	if e == abi.ENXIO || e == 0 && r.flags&(abi.O_NONBLOCK|abi.O_PATH) == 0 && r.flags&abi.O_ACCMODE == abi.O_RDONLY {
		if id, yes := t.waitsForEnd(tg, fd, e); yes {
			return t.openFIFO(c, tg, r, fd, id)
		}
	}
	if e != 0 {
		return 0, e
	}
	if r.small {
		if st, e := t.k.host.Fstat(fd); e == 0 && tooLarge(&st) {
			t.k.host.Close(fd)
			return 0, abi.EOVERFLOW
		}
	}
	return t.opened(fd, tg, r)
}

// tooLarge reports whether a file has a size that a 32-bit program asks for with
// O_LARGEFILE (open(2)).
func tooLarge(st *unix.Stat_t) bool {
	return st.Mode&unix.S_IFMT == unix.S_IFREG && st.Size > math.MaxInt32
}

// isLarge is tooLarge of what an open will find.
func (t *Thread) isLarge(r openReq, nofollow bool) bool {
	tg, e := t.resolve(r.dir, r.name, nofollow)
	if e != 0 {
		return false
	}
	flags := 0
	if nofollow {
		flags = abi.AT_SYMLINK_NOFOLLOW
	}
	st, e := t.statTarget(tg, flags)
	return e == 0 && tooLarge(&st)
}

// openPath opens a path on the host, or finds a node of /proc.
func (t *Thread) openPath(r openReq, nofollow bool) (tg namei.Target, fd int, e errno) {
	if r.resolve&namei.Confined != 0 {
		tg, e = t.locateBelow(r)
	} else {
		tg, e = t.locate(r.dir, r.name, nofollow)
	}
	if e != 0 {
		return tg, -1, e
	}
	if tg.Proc == "" {
		var walk bool
		if fd, walk, e = t.openHost(tg, r); !walk {
			return tg, fd, e
		}
	}
	if tg, e = t.work.paths.Walk(tg, nofollow, r.resolve); e != 0 || tg.Node != nil {
		return tg, -1, e
	}
	fd, _, e = t.openHost(tg, r)
	return tg, fd, e
}

// locateBelow is locate for a path that must not leave its directory.
func (t *Thread) locateBelow(r openReq) (namei.Target, errno) {
	switch {
	case r.name == "":
		return namei.Target{}, abi.ENOENT
	case r.name[0] == '/' && r.resolve&unix.RESOLVE_BENEATH != 0:
		return namei.Target{}, abi.EXDEV
	}
	tg := namei.Target{Dir: t.fs.cwd.fd, Path: "./" + strings.TrimLeft(r.name, "/")}
	base, e := t.base(r.dir, &tg)
	tg.Guest = path.Join(base, r.name)
	return tg, e
}

// openFlags are the flags of an open that the host may see, pathFlags those that
// mean something with O_PATH: openat2 refuses the others.
const (
	openFlags = abi.O_ACCMODE | abi.O_CREAT | abi.O_EXCL | abi.O_NOCTTY | abi.O_TRUNC | abi.O_APPEND | abi.O_NONBLOCK | unix.O_SYNC | unix.O_ASYNC |
		abi.O_DIRECT | abi.O_LARGEFILE | abi.O_DIRECTORY | abi.O_NOFOLLOW | abi.O_NOATIME | abi.O_CLOEXEC | unix.O_TMPFILE
	pathFlags = abi.O_PATH | abi.O_DIRECTORY | abi.O_NOFOLLOW | abi.O_CLOEXEC
)

// openHost opens the host's file, so that it never keeps a reader waiting. Where
// the host cannot be trusted with the path, walk is set.
func (t *Thread) openHost(tg namei.Target, r openReq) (fd int, walk bool, e errno) {
	flags := r.flags&openFlags | unix.O_CLOEXEC | unix.O_NONBLOCK | unix.O_NOCTTY
	if r.flags&abi.O_PATH != 0 {
		flags = r.flags&pathFlags | unix.O_CLOEXEC
	}
	if tg.Walked {
		if tg.Dir != unix.AT_FDCWD {
			flags |= unix.O_NOFOLLOW
		}
		t.umasked(func() { fd, e = t.k.host.Openat(tg.Dir, tg.Path, flags, r.mode) })
		return fd, false, e
	}
	how := &unix.OpenHow{Flags: uint64(flags), Resolve: r.resolve | unix.RESOLVE_NO_MAGICLINKS}
	if flags&(unix.O_CREAT|unix.O_TMPFILE&^unix.O_DIRECTORY) != 0 {
		how.Mode = uint64(r.mode & 0o7777)
	}
	t.umasked(func() { fd, e = t.k.host.Openat2(tg.Dir, tg.Path, how) })
	if e != 0 {
		return -1, (r.resolve&namei.Confined == 0 || e == abi.ELOOP) && t.work.paths.MayBeProc(tg.Dir, tg.Path, e), e
	}
	st, e := t.k.host.Fstat(fd)
	if e == 0 && !t.k.procs.Has(fd, &st) {
		return fd, false, 0
	}
	t.k.host.Close(fd)
	return -1, e == 0, e
}

// umasked runs f, which creates a file, under the guest's umask.
func (t *Thread) umasked(f func()) {
	if t.fs.umask != t.k.umask {
		defer t.k.host.Umask(t.k.host.Umask(t.fs.umask))
	}
	f()
}

// opened makes a descriptor of a host file.
func (t *Thread) opened(fd int, tg namei.Target, r openReq) (int64, errno) {
	f := t.k.newFile(fd, tg.Guest, r.flags)
	if f.mode == unix.S_IFDIR && f.proc.name == "" {
		f.path = t.k.realPath(f)
	}
	if f.mode == unix.S_IFCHR {
		t.noteOpenTTY(f, r.flags)
	}
	if f.mode == unix.S_IFIFO {
		t.k.meet()
	}
	if r.flags&abi.O_TRUNC != 0 {
		t.k.noteResized(f)
	}
	return t.install(f, r.flags&abi.O_CLOEXEC != 0)
}

func sysClose(t *Thread, c *call) (int64, errno) {
	fd := c.i32(0)
	if _, e := t.file(fd); e != 0 {
		return 0, e
	}
	t.files.drop(t.k, fd)
	return 0, 0
}

func sysCloseRange(t *Thread, c *call) (int64, errno) {
	first, last, flags := c.u32(0), c.u32(1), c.u32(2)
	const unshare, cloexec = 2, 4
	if first > last || flags&^(unshare|cloexec) != 0 {
		return 0, abi.EINVAL
	}
	if flags&unshare != 0 && t.files.refs > 1 {
		own := t.files.clone()
		t.files.unref(t.k)
		t.files = own
	}
	for i := int(first); i < len(t.files.slots) && i <= int(last); i++ {
		if flags&cloexec != 0 {
			t.files.slots[i].cloexec = t.files.slots[i].file != nil
		} else {
			t.files.drop(t.k, i)
		}
	}
	return 0, 0
}

// openFirst opens the standard files and the working directory of the first
// process.
func (k *Kernel) openFirst(t *Thread) error {
	t.files = &fdTable{refs: 1}
	for i, fd := range []int{k.cfg.Command.Stdin, k.cfg.Command.Stdout, k.cfg.Command.Stderr} {
		if f := k.wrap(fd); f != nil {
			t.files.set(i, f, false)
		}
	}
	dir := k.cfg.Command.Dir
	if dir == "" {
		dir = "."
	}
	fd, e := k.host.Openat(unix.AT_FDCWD, dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if e != 0 {
		return &pathError{"change to directory", dir, e}
	}
	name, _ := k.host.Readlinkat(unix.AT_FDCWD, hostfile.Path(fd))
	t.fs = &fsContext{refs: 1, cwd: &workDir{fd, 1}, path: k.guestPath(name)}
	if st, e := k.host.Fstat(fd); e == 0 && k.procs.Has(fd, &st) {
		t.fs.proc = k.procs.Name(fd, &st)
	}
	k.umask = k.host.Umask(0)
	k.host.Umask(k.umask)
	t.fs.umask = k.umask
	return nil
}

// pathError is what the user did wrong with a path.
type pathError struct {
	what, path string
	err        error
}

func (p *pathError) Error() string { return p.what + " " + p.path + ": " + p.err.Error() }
func (p *pathError) Unwrap() error { return p.err }

// baseName is the last name of a path.
func baseName(p string) string { return path.Base(p) }
