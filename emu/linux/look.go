package linux

import (
	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/namei"
)

// Looking at what a path means: at a node of /proc, at a handle, or by its name.

// look is atName for calls that only look at what a path means, of a link at the
// link itself when AT_SYMLINK_NOFOLLOW is set.
func (t *Thread) look(dirfd int, p string, flags int) (namei.Target, errno) {
	if p == "" || flags&abi.AT_SYMLINK_NOFOLLOW == 0 {
		return t.atName(dirfd, p, flags)
	}
	tg, e := t.locate(dirfd, p, true)
	if dir, _ := namei.SplitLast(tg.Path); e != 0 || tg.Proc == "" && (dir == "" || dir == "/") {
		return tg, e
	}
	if tg.Proc != "" {
		return t.work.paths.Walk(tg, true, 0)
	}
	return t.work.paths.Pin(tg, unix.O_NOFOLLOW)
}

// statTarget is the attributes of what a path means.
func (t *Thread) statTarget(tg namei.Target, flags int) (unix.Stat_t, errno) {
	switch {
	case tg.Node != nil:
		return nodeOf(tg).stat(), 0
	case tg.Stat != nil:
		return *tg.Stat, 0
	}
	return t.k.host.Fstatat(tg.Dir, tg.Path, flags)
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

func (t *Thread) accessTarget(tg namei.Target, mode uint32, flags int) errno {
	switch {
	case tg.Stat != nil:
		return t.k.host.Faccessat(tg.Handle, "", mode, flags|abi.AT_EMPTY_PATH)
	case tg.Node == nil:
		return t.k.host.Faccessat(tg.Dir, tg.Path, mode, flags)
	case mode&^7 != 0:
		return abi.EINVAL
	}
	return t.may(nodeOf(tg), mode)
}

func (t *Thread) linkText(tg namei.Target) (string, errno) {
	switch {
	case tg.Node != nil:
		return tg.Node.Readlink()
	case tg.Stat == nil:
		return t.k.host.Readlinkat(tg.Dir, tg.Path)
	case tg.Stat.Mode&unix.S_IFMT != unix.S_IFLNK:
		return "", abi.EINVAL
	}
	return t.k.host.Readlinkat(tg.Handle, "")
}
