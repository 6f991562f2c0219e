package linux

import (
	"slices"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
)

// creds are the user and group ids of a process: real, effective, saved. They
// begin as the emulator's; changes stay within the guest, so that to the host's
// files the guest is always who started it.
type creds struct {
	uid, gid [3]uint32
	groups   []uint32
}

func (k *Kernel) hostCreds() creds {
	c := creds{uid: k.host.Resids(unix.SYS_GETRESUID), gid: k.host.Resids(unix.SYS_GETRESGID)}
	c.groups, _ = k.host.Getgroups()
	c.groups = slices.Clone(c.groups)
	return c
}

const (
	realID = iota
	effectiveID
	savedID
)

func getuid(which int) sysFunc {
	return func(t *Thread, _ *call) (int64, errno) { return int64(t.p.creds.uid[which]), 0 }
}

func getgid(which int) sysFunc {
	return func(t *Thread, _ *call) (int64, errno) { return int64(t.p.creds.gid[which]), 0 }
}

// idsOf is the ids that a call changes.
type idsOf func(c *creds) *[3]uint32

func uids(c *creds) *[3]uint32 { return &c.uid }
func gids(c *creds) *[3]uint32 { return &c.gid }

func (c *creds) privileged() bool { return c.uid[effectiveID] == 0 }

// setID is setuid and setgid.
func setID(of idsOf) sysFunc {
	return func(t *Thread, c *call) (int64, errno) {
		cr, id := &t.p.creds, c.u32(0)
		ids := of(cr)
		switch {
		case cr.privileged():
			*ids = [3]uint32{id, id, id}
		case id == ids[realID] || id == ids[savedID]:
			ids[effectiveID] = id
		default:
			return 0, abi.EPERM
		}
		return 0, 0
	}
}

const keepID = ^uint32(0)

// setIDs is setresuid and setresgid; with two arguments setreuid and setregid.
func setIDs(of idsOf, n int) sysFunc {
	return func(t *Thread, c *call) (int64, errno) {
		cr := &t.p.creds
		ids := of(cr)
		now := *ids
		for i := range n {
			id := c.u32(i)
			if id == keepID {
				continue
			}
			if !cr.privileged() && !slices.Contains(ids[:], id) {
				return 0, abi.EPERM
			}
			now[i] = id
		}
		if n == 2 && (c.u32(0) != keepID || c.u32(1) != keepID && c.u32(1) != ids[realID]) {
			now[savedID] = now[effectiveID]
		}
		*ids = now
		return 0, 0
	}
}

func getIDs(of idsOf) sysFunc {
	return func(t *Thread, c *call) (int64, errno) {
		for i, id := range of(&t.p.creds) {
			if e := t.putU32(c.addr(i), id); e != 0 {
				return 0, e
			}
		}
		return 0, 0
	}
}

// setFSID sets no id of its own: it answers with the effective one.
func setFSID(of idsOf) sysFunc {
	return func(t *Thread, _ *call) (int64, errno) { return int64(of(&t.p.creds)[effectiveID]), 0 }
}

func sysGetgroups(t *Thread, c *call) (int64, errno) {
	gs := t.p.creds.groups
	switch n := c.i32(0); {
	case n < 0 || n > 0 && n < len(gs):
		return 0, abi.EINVAL
	case n == 0:
		return int64(len(gs)), 0
	}
	for i, g := range gs {
		if e := t.putU32(c.addr(1)+guest.Addr(4*i), g); e != 0 {
			return 0, e
		}
	}
	return int64(len(gs)), 0
}

func sysSetgroups(t *Thread, c *call) (int64, errno) {
	n := c.u32(0)
	if !t.p.creds.privileged() {
		return 0, abi.EPERM
	}
	if n > 65536 {
		return 0, abi.EINVAL
	}
	gs := make([]uint32, n)
	for i := range gs {
		g, e := t.u32(c.addr(1) + guest.Addr(4*i))
		if e != 0 {
			return 0, e
		}
		gs[i] = g
	}
	t.p.creds.groups = gs
	return 0, 0
}

// Capability ABI versions and their number of data structs (linux/capability.h).
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
