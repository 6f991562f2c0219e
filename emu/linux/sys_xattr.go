package linux

import (
	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/hostfile"
)

// maxXattr is the longest value, or list, of extended attributes.
const maxXattr = 64 << 10

// xattrWhere is what the first argument of a call names.
type xattrWhere uint8

const (
	byPath xattrWhere = iota
	byLink
	byFD
)

// xattrPath is a host path of the call's file.
func (t *Thread) xattrPath(c *call, where xattrWhere) (name string, nofollow bool, e errno) {
	if where == byFD {
		f, e := t.file(c.i32(0))
		if e != 0 {
			return "", false, e
		}
		return hostfile.Path(f.fd), false, 0
	}
	tg, e := t.here(c, 0, where == byLink)
	if e != 0 {
		return "", false, e
	}
	return tg.Full(), where == byLink, tg.OnHost(abi.EOPNOTSUPP)
}

// xattrOut gives get a buffer of the size that the call has room for.
func (t *Thread) xattrOut(a guest.Addr, size uint64, get func(b []byte) (int, errno)) (int64, errno) {
	b := make([]byte, min(size, maxXattr))
	n, e := get(b)
	if e != 0 {
		return 0, e
	}
	return int64(n), t.copyOut(a, b[:min(n, len(b))])
}

func getxattr(where xattrWhere) sysFunc {
	return func(t *Thread, c *call) (int64, errno) {
		p, nofollow, e := t.xattrPath(c, where)
		if e != 0 {
			return 0, e
		}
		name, e := t.str(c.addr(1), 256)
		if e != 0 {
			return 0, xattrName(e)
		}
		return t.xattrOut(c.addr(2), c.Args[3], func(b []byte) (int, errno) { return t.k.host.Getxattr(p, nofollow, name, b) })
	}
}

func listxattr(where xattrWhere) sysFunc {
	return func(t *Thread, c *call) (int64, errno) {
		p, nofollow, e := t.xattrPath(c, where)
		if e != 0 {
			return 0, e
		}
		return t.xattrOut(c.addr(1), c.Args[2], func(b []byte) (int, errno) { return t.k.host.Listxattr(p, nofollow, b) })
	}
}

func setxattr(where xattrWhere) sysFunc {
	return func(t *Thread, c *call) (int64, errno) {
		p, nofollow, e := t.xattrPath(c, where)
		if e != 0 {
			return 0, e
		}
		name, e := t.str(c.addr(1), 256)
		if e != 0 {
			return 0, xattrName(e)
		}
		if c.Args[3] > maxXattr {
			return 0, abi.E2BIG
		}
		value, e := t.mem(c.addr(2), c.Args[3])
		if e != 0 {
			return 0, e
		}
		return 0, t.k.host.Setxattr(p, nofollow, name, value, c.i32(4))
	}
}

func removexattr(where xattrWhere) sysFunc {
	return func(t *Thread, c *call) (int64, errno) {
		p, nofollow, e := t.xattrPath(c, where)
		if e != 0 {
			return 0, e
		}
		name, e := t.str(c.addr(1), 256)
		if e != 0 {
			return 0, xattrName(e)
		}
		return 0, t.k.host.Removexattr(p, nofollow, name)
	}
}

// xattrName is the error of a name that is too long.
func xattrName(e errno) errno {
	if e == abi.ENAMETOOLONG {
		return abi.ERANGE
	}
	return e
}
