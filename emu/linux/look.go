package linux

import (
	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
)

// Looking at what a path means: at a node of /proc, at a handle, or by its name.

// look is atName for calls that only look at what a path means, of a link at the
// link itself when AT_SYMLINK_NOFOLLOW is set.
func (t *Thread) look(dirfd int, p string, flags int) (target, errno) {
	if p == "" || flags&abi.AT_SYMLINK_NOFOLLOW == 0 {
		return t.atName(dirfd, p, flags)
	}
	tg, e := t.locate(dirfd, p, true)
	if dir, _ := splitLast(tg.path); e != 0 || tg.proc == "" && (dir == "" || dir == "/") {
		return tg, e
	}
	if tg.proc != "" {
		return t.walk(tg, true, 0)
	}
	return t.pin(tg, unix.O_NOFOLLOW)
}

// statTarget is the attributes of what a path means.
func (t *Thread) statTarget(tg target, flags int) (unix.Stat_t, errno) {
	switch {
	case tg.node != nil:
		return tg.node.stat(), 0
	case tg.st != nil:
		return *tg.st, 0
	}
	return t.k.host.Fstatat(tg.dir, tg.path, flags)
}

// statxOf is attributes in the form of statx.
func statxOf(st unix.Stat_t) *abi.Statx {
	ts := func(t unix.Timespec) abi.StatxTime { return abi.StatxTime{Sec: t.Sec, Nsec: uint32(t.Nsec)} }
	return &abi.Statx{
		Mask: unix.STATX_BASIC_STATS, Blksize: uint32(st.Blksize), Nlink: uint32(st.Nlink), UID: st.Uid, GID: st.Gid, Mode: uint16(st.Mode), Ino: st.Ino,
		Size: uint64(st.Size), Blocks: uint64(st.Blocks), Atime: ts(st.Atim), Ctime: ts(st.Ctim), Mtime: ts(st.Mtim),
		DevMajor: unix.Major(uint64(st.Dev)), DevMinor: unix.Minor(uint64(st.Dev)),
	}
}

func (t *Thread) accessTarget(tg target, mode uint32, flags int) errno {
	switch {
	case tg.st != nil:
		return t.k.host.Faccessat(tg.handle, "", mode, flags|abi.AT_EMPTY_PATH)
	case tg.node == nil:
		return t.k.host.Faccessat(tg.dir, tg.path, mode, flags)
	case mode&^7 != 0:
		return abi.EINVAL
	}
	return t.may(tg.node, mode)
}

func (t *Thread) linkText(tg target) (string, errno) {
	switch {
	case tg.node != nil:
		return tg.node.readlink()
	case tg.st == nil:
		return t.k.host.Readlinkat(tg.dir, tg.path)
	case tg.st.Mode&unix.S_IFMT != unix.S_IFLNK:
		return "", abi.EINVAL
	}
	return t.k.host.Readlinkat(tg.handle, "")
}
