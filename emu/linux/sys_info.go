package linux

import (
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/cred"
	"panda/emu/linux/mm"
)

func sysUname(t *Thread, c *call) (int64, errno) {
	u, e := t.uname()
	if e != 0 {
		return 0, e
	}
	return 0, t.store(c.addr(0), u)
}

// uname is what the kernel says of itself. Under the personality of a 32-bit
// machine it names one.
func (t *Thread) uname() (*abi.Utsname, errno) {
	u, e := t.k.host.Uname()
	if e != 0 {
		return nil, e
	}
	machine := t.k.guest.Machine
	if t.p.persona&persMask == persLinux32 {
		machine = t.k.guest.Narrow
	}
	return &abi.Utsname{
		Sysname: unix.ByteSliceToString(u.Sysname[:]), Nodename: t.k.uts.hostname.or(u.Nodename[:]),
		Release: unix.ByteSliceToString(u.Release[:]), Version: unix.ByteSliceToString(u.Version[:]),
		Machine: machine, Domainname: t.k.uts.domainname.or(u.Domainname[:]),
	}, 0
}

// ownName is a name of the machine that the guest has set for itself: the host keeps
// its own.
type ownName struct {
	set  bool
	name string
}

const ownNames = "the guest's own: the host keeps its"

func (n ownName) or(host []byte) string {
	if n.set {
		return n.name
	}
	return unix.ByteSliceToString(host)
}

// nameRows are the files of /proc that are these names.
var nameRows = map[string]*procRow{
	"/proc/sys/kernel/hostname":   nameRow(func(k *Kernel) *ownName { return &k.uts.hostname }),
	"/proc/sys/kernel/domainname": nameRow(func(k *Kernel) *ownName { return &k.uts.domainname }),
}

func nameRow(of func(k *Kernel) *ownName) *procRow {
	return &procRow{
		mode: regular | 0o644,
		text: func(n *procNode) string {
			if own := of(n.k); own.set {
				return own.name + "\n"
			}
			text, _ := n.k.hostText(n.path)
			return text
		},
		set: func(n *procNode, text string) errno {
			text, _, _ = strings.Cut(text, "\n")
			text, _, _ = strings.Cut(text, "\x00")
			*of(n.k) = ownName{true, text[:min(len(text), maxHostname)]}
			return 0
		},
	}
}

// maxHostname is __NEW_UTS_LEN.
const maxHostname = 64

// setName sets the name that of chooses, for the superuser.
func setName(of func(k *Kernel) *ownName) func(t *Thread, c *call) (int64, errno) {
	return func(t *Thread, c *call) (int64, errno) {
		switch n := c.i32(1); {
		case t.p.creds.UID[cred.Effective] != 0:
			return 0, abi.EPERM
		case n < 0 || n > maxHostname:
			return 0, abi.EINVAL
		}
		b, e := t.mem(c.addr(0), uint64(c.u32(1)))
		if e == 0 {
			*of(t.k) = ownName{true, cString(b)}
		}
		return 0, e
	}
}

func sysSysinfo(t *Thread, c *call) (int64, errno) {
	s, e := t.k.host.Sysinfo()
	if e != 0 {
		return 0, e
	}
	v := &abi.Sysinfo{
		Uptime: s.Uptime, Loads: s.Loads, Totalram: s.Totalram, Freeram: s.Freeram,
		Sharedram: s.Sharedram, Bufferram: s.Bufferram, Totalswap: s.Totalswap, Freeswap: s.Freeswap, Procs: s.Procs,
		Totalhigh: s.Totalhigh, Freehigh: s.Freehigh, Unit: s.Unit,
	}
	if t.lay().Word == 4 {
		inPages(v)
	}
	return 0, t.store(c.addr(0), v)
}

// inPages makes counts that 32 bits do not hold ones of pages.
func inPages(v *abi.Sysinfo) {
	sizes := []*uint64{&v.Totalram, &v.Freeram, &v.Sharedram, &v.Bufferram, &v.Totalswap, &v.Freeswap, &v.Totalhigh, &v.Freehigh}
	if v.Totalram>>32 == 0 && v.Totalswap>>32 == 0 {
		return
	}
	for v.Unit < mm.PageSize {
		v.Unit <<= 1
		for _, p := range sizes {
			*p >>= 1
		}
	}
}

// Of the personality only the execution domain matters (linux/personality.h).
const (
	persMask    = 0xff
	persLinux32 = 8
	persKeep    = 0xffffffff
)

func sysPersonality(t *Thread, c *call) (int64, errno) {
	old := t.p.persona
	if c.u32(0) != persKeep {
		t.p.persona = c.u32(0)
	}
	return int64(old), 0
}

// sysKcmp compares files: the only question that programs ask.
func sysKcmp(t *Thread, c *call) (int64, errno) {
	const file, vm, files, fs, sighand = 0, 1, 2, 3, 4
	a, b := t.k.thread(c.i32(0)), t.k.thread(c.i32(1))
	if a == nil || b == nil {
		return 0, abi.ESRCH
	}
	same := false
	switch c.i32(2) {
	case file:
		f, e := a.file(c.i32(3))
		if e != 0 {
			return 0, e
		}
		g, e := b.file(c.i32(4))
		if e != 0 {
			return 0, e
		}
		same = f == g
	case vm:
		same = a.p.mm == b.p.mm
	case files:
		same = a.files == b.files
	case fs:
		same = a.fs == b.fs
	case sighand:
		same = a.p.signal.actions == b.p.signal.actions
	default:
		return 0, abi.EINVAL
	}
	if same {
		return 0, 0
	}
	return 1, 0
}

// sysProcessVMReadv and sysProcessVMWritev copy between guest processes.
func sysProcessVMReadv(t *Thread, c *call) (int64, errno)  { return t.processVM(c, false) }
func sysProcessVMWritev(t *Thread, c *call) (int64, errno) { return t.processVM(c, true) }

func (t *Thread) processVM(c *call, write bool) (int64, errno) {
	p, e := t.about(c.i32(0))
	if e != 0 {
		return 0, e
	}
	if p.exit.ended || c.Args[5] != 0 {
		return 0, abi.EINVAL
	}
	access := guest.Write
	if write {
		access = guest.Read
	}
	local, _, e := t.iovecs(c.addr(1), c.i32(2), access)
	if e != 0 {
		return 0, e
	}
	for i := range min(c.i32(4), maxIovec) {
		var iov abi.Iovec
		if e := t.loadAt(c.addr(3), i, &iov); e != 0 {
			return 0, e
		}
		done := c.progress
		if e := t.exchange(p, iov, local, write); e != 0 {
			return t.partial(e)
		}
		local = skip(local, c.progress-done)
	}
	return c.progress, 0
}

// exchange copies between local buffers and one range of another process, page by
// page: up to the first that is not there.
func (t *Thread) exchange(p *Process, iov abi.Iovec, local [][]byte, write bool) errno {
	for at, left := iov.Base, iov.Len; left > 0 && len(local) > 0; {
		n := min(left, uint64(len(local[0])), mm.PageSize-at%mm.PageSize)
		do := p.mm.Space.Load
		if write {
			do = p.mm.Space.Store
		}
		if do(guest.Addr(at), local[0][:n]) != nil {
			return abi.EFAULT
		}
		at, left, t.call.progress = at+n, left-n, t.call.progress+int64(n)
		local = skip(local, int64(n))
	}
	return 0
}
