package linux

import (
	"slices"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/cred"
)

func (k *Kernel) hostCreds() cred.Creds {
	c := cred.Creds{UID: k.host.Resids(unix.SYS_GETRESUID), GID: k.host.Resids(unix.SYS_GETRESGID)}
	c.Groups, _ = k.host.Getgroups()
	c.Groups = slices.Clone(c.Groups)
	return c
}

func getuid(which int) sysFunc {
	return func(t *Thread, _ *call) (int64, errno) { return int64(t.p.creds.UID[which]), 0 }
}

func getgid(which int) sysFunc {
	return func(t *Thread, _ *call) (int64, errno) { return int64(t.p.creds.GID[which]), 0 }
}

// setID is setuid and setgid.
func setID(of cred.Of) sysFunc {
	return func(t *Thread, c *call) (int64, errno) { return 0, t.p.creds.Set(of, c.u32(0)) }
}

// setIDs is setresuid and setresgid; with two arguments setreuid and setregid.
func setIDs(of cred.Of, n int) sysFunc {
	return func(t *Thread, c *call) (int64, errno) {
		var to []uint32
		for i := range n {
			to = append(to, c.u32(i))
		}
		return 0, t.p.creds.SetEach(of, to...)
	}
}

// idForm is how ids lie in memory.
type idForm struct {
	size guest.Addr
	put  func(t *Thread, a guest.Addr, id uint32) errno
	get  func(b []byte) uint32
}

var ids32 = &idForm{4, (*Thread).putU32, le.Uint32}

// getIDs stores the real, effective and saved id.
func (f *idForm) getIDs(of cred.Of) sysFunc {
	return func(t *Thread, c *call) (int64, errno) {
		for i, id := range of(&t.p.creds) {
			if e := f.put(t, c.addr(i), id); e != 0 {
				return 0, e
			}
		}
		return 0, 0
	}
}

// setFSID sets no id of its own: it answers with the effective one.
func setFSID(of cred.Of) sysFunc {
	return func(t *Thread, _ *call) (int64, errno) { return int64(of(&t.p.creds)[cred.Effective]), 0 }
}

func (f *idForm) getGroups(t *Thread, c *call) (int64, errno) {
	gs := t.p.creds.Groups
	switch n := c.i32(0); {
	case n < 0 || n > 0 && n < len(gs):
		return 0, abi.EINVAL
	case n == 0:
		return int64(len(gs)), 0
	}
	for i, g := range gs {
		if e := f.put(t, c.addr(1)+f.size*guest.Addr(i), g); e != 0 {
			return 0, e
		}
	}
	return int64(len(gs)), 0
}

func (f *idForm) setGroups(t *Thread, c *call) (int64, errno) {
	n := c.u32(0)
	if !t.p.creds.Privileged() {
		return 0, abi.EPERM
	}
	if n > 65536 {
		return 0, abi.EINVAL
	}
	b, e := t.mem(c.addr(1), uint64(f.size)*uint64(n))
	if e != 0 {
		return 0, e
	}
	gs := make([]uint32, n)
	for i := range gs {
		gs[i] = f.get(b[int(f.size)*i:])
	}
	t.p.creds.Groups = gs
	return 0, 0
}

// capVersions are versions of the capability ABI and their number of data structs
// (linux/capability.h).
var capVersions = map[uint32]int{0x19980330: 1, 0x20071026: 2, 0x20080522: 2}

const capVersionNow = 0x20080522

func sysCapget(t *Thread, c *call) (int64, errno) {
	var h abi.CapHeader
	if e := t.load(c.addr(0), &h); e != 0 {
		return 0, e
	}
	n, ok := capVersions[h.Version]
	if !ok {
		h.Version = capVersionNow
		if e := t.store(c.addr(0), &h); e != 0 {
			return 0, e
		}
		if c.addr(1) == 0 {
			return 0, 0
		}
		return 0, abi.EINVAL
	}
	if c.addr(1) == 0 {
		return 0, 0
	}
	head, data := make([]byte, 8), make([]byte, 12*n)
	le.PutUint32(head, h.Version)
	if e := t.k.host.Capget(head, data); e != 0 {
		return 0, e
	}
	return 0, t.copyOut(c.addr(1), data)
}

// sysCapset accepts what gives up rights: to the host they stay.
func sysCapset(t *Thread, c *call) (int64, errno) {
	var h abi.CapHeader
	if e := t.load(c.addr(0), &h); e != 0 {
		return 0, e
	}
	if capVersions[h.Version] == 0 {
		return 0, abi.EINVAL
	}
	return 0, 0
}
