package linux

import (
	"golang.org/x/sys/unix"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/mm"
)

func sysMmap(t *Thread, c *call) (int64, errno) {
	return t.mmap(c, c.Args[5])
}

func (t *Thread) mmap(c *call, offset uint64) (int64, errno) {
	r := mm.Request{Addr: c.addr(0), Size: c.Args[1], Prot: mm.Prot(c.Args[2]), Flags: c.Args[3], File: -1, Offset: offset, MaxFD: t.maxFD()}
	typ := r.Flags & abi.MAP_TYPE
	f, e := t.mapped(c, &r)
	if e == 0 {
		e = knownMap(r.Flags)
	}
	if e != 0 {
		return 0, e
	}
	if c.abi.word() < t.p.abi.word() { // INT 0x80 in a 64-bit program
		r.Flags |= abi.MAP_32BIT
	}
	if f != nil {
		if !f.readable() || typ != abi.MAP_PRIVATE && r.Prot&guest.Write != 0 && !f.writable() {
			return 0, abi.EACCES
		}
		if e := t.mappable(f, &r); e != 0 {
			return 0, e
		}
		r.File, r.Name = f.fd, t.k.realPath(f)
	}
	if e := t.roomFor(r.Size, typ == abi.MAP_PRIVATE && r.Prot&guest.Write != 0); e != 0 {
		return 0, e
	}
	if accounts(&r) && t.k.overcommits(r.Size) {
		return 0, abi.ENOMEM
	}
	a, e := t.p.mm.Map(r)
	if e == 0 && r.Prot&guest.Exec != 0 {
		t.k.fireModules(event.ModuleMapped, t.k.modules(t.p.mm.Space, event.ModuleMapped, a, mm.RoundUp(r.Size)))
	}
	return int64(a), e
}

// mapped is the file of a map, nil for none, with the checks that come before all
// others.
func (t *Thread) mapped(c *call, r *mm.Request) (f *File, e errno) {
	huge, anonymous := r.Flags&abi.MAP_HUGETLB != 0, r.Flags&abi.MAP_ANONYMOUS != 0
	if r.Offset%mm.PageSize != 0 {
		return nil, abi.EINVAL
	}
	if !anonymous {
		if f, e = t.file(c.i32(4)); e == 0 && f.flags&abi.O_PATH != 0 {
			e = abi.EBADF
		}
	}
	switch {
	case e != 0:
		return nil, e
	case r.Size == 0, huge && !anonymous:
		return nil, abi.EINVAL
	case huge:
		return nil, hugeMap(r)
	}
	return f, 0
}

// hugePages are the sizes of huge pages by what MAP_HUGE_SHIFT says: their binary
// logarithm, or nothing.
var hugePages = map[uint64]uint64{0: 2 << 20, 21: 2 << 20, 30: 1 << 30}

// hugeMap refuses a map of huge pages: as on a machine where nobody has set any
// aside, which is what vm.nr_hugepages is for.
func hugeMap(r *mm.Request) errno {
	size := hugePages[r.Flags>>26&0x3f]
	if size == 0 || r.Flags&abi.MAP_FIXED != 0 && uint64(r.Addr)%size != 0 {
		return abi.EINVAL
	}
	return abi.ENOMEM
}

// legacyMap are the flags that a map may have with MAP_SHARED_VALIDATE: all that a
// kernel of old ignores or knows. MAP_SYNC is of files of a kind that is not here.
const legacyMap = abi.MAP_TYPE | abi.MAP_FIXED | abi.MAP_ANONYMOUS | abi.MAP_32BIT | abi.MAP_GROWSDOWN | abi.MAP_DENYWRITE |
	abi.MAP_EXECUTABLE | abi.MAP_LOCKED | abi.MAP_NORESERVE | abi.MAP_POPULATE | abi.MAP_NONBLOCK | abi.MAP_STACK | abi.MAP_HUGETLB |
	0x3f<<26

func knownMap(flags uint64) errno {
	anonymous := flags&abi.MAP_ANONYMOUS != 0
	switch flags & abi.MAP_TYPE {
	case abi.MAP_SHARED, abi.MAP_PRIVATE:
		return 0
	case abi.MAP_SHARED_VALIDATE:
		if !anonymous && flags&^legacyMap != 0 {
			return abi.EOPNOTSUPP
		}
		if !anonymous {
			return 0
		}
	}
	return abi.EINVAL
}

// mappable refuses what cannot be mapped. A socket is asked by Linux when what was
// there has been unmapped already.
func (t *Thread) mappable(f *File, r *mm.Request) errno {
	if f.proc.node != nil {
		return abi.ENODEV
	}
	switch f.mode {
	case unix.S_IFREG, unix.S_IFCHR, unix.S_IFBLK:
		return 0
	case unix.S_IFSOCK:
		if r.Flags&abi.MAP_FIXED != 0 {
			if e := t.p.mm.Unmap(r.Addr, r.Size); e != 0 {
				return e
			}
		}
	}
	return abi.ENODEV
}

func sysMunmap(t *Thread, c *call) (int64, errno) {
	gone := t.k.modules(t.p.mm.Space, event.ModuleUnmapped, c.addr(0), mm.RoundUp(c.Args[1]))
	e := t.p.mm.Unmap(c.addr(0), c.Args[1])
	if e == 0 {
		t.k.fireModules(event.ModuleUnmapped, gone)
	}
	return 0, e
}

func sysMprotect(t *Thread, c *call) (int64, errno) {
	const (
		known = abi.PROT_READ | abi.PROT_WRITE | abi.PROT_EXEC | abi.PROT_SEM
		grows = abi.PROT_GROWSDOWN | abi.PROT_GROWSUP
	)
	a, n, prot := c.addr(0), mm.RoundUp(c.Args[1]), c.Args[2]
	switch {
	case prot&grows == grows, a%mm.PageSize != 0:
		return 0, abi.EINVAL
	case c.Args[1] == 0:
		return 0, 0
	case a+guest.Addr(n) <= a:
		return 0, abi.ENOMEM
	case prot&^(known|grows) != 0:
		return 0, abi.EINVAL
	}
	if prot&grows != 0 {
		start, e := t.p.mm.GrowStart(a, n, prot&abi.PROT_GROWSUP != 0)
		if e != 0 {
			return 0, e
		}
		a, n = start, n+uint64(a-start)
	}
	if prot&abi.PROT_WRITE != 0 && !t.mayBecomeData(a, n) {
		return 0, abi.ENOMEM
	}
	return 0, t.p.mm.Protect(a, n, mm.Prot(prot))
}

// mayBecomeData applies RLIMIT_DATA to memory that is to be writable.
func (t *Thread) mayBecomeData(a guest.Addr, size uint64) bool {
	r, ok := t.p.mm.Space.Region(a)
	return !ok || r.Shared || mm.IsData(&r) || t.roomForData(size)
}

func sysPkeyMprotect(t *Thread, c *call) (int64, errno) {
	if c.i32(3) != -1 {
		return 0, abi.EINVAL
	}
	return sysMprotect(t, c)
}

func sysMremap(t *Thread, c *call) (int64, errno) {
	if old, size := c.Args[1], c.Args[2]; size > old {
		r, ok := t.p.mm.Space.Region(c.addr(0))
		if e := t.roomFor(size-old, ok && mm.IsData(&r)); e != 0 {
			return 0, e
		}
		if ok && mm.IsData(&r) && t.k.overcommits(size-old) {
			return 0, abi.ENOMEM
		}
	}
	a, e := t.p.mm.Remap(c.addr(0), c.Args[1], c.Args[2], c.Args[3], c.addr(4))
	return int64(a), e
}

func sysBrk(t *Thread, c *call) (int64, errno) {
	m := t.p.mm
	if to := c.addr(0); to > m.Brk && (t.roomFor(uint64(to-m.Brk), true) != 0 || t.k.overcommits(uint64(to-m.Brk))) {
		return int64(m.Brk), 0
	}
	return int64(m.SetBrk(c.addr(0))), 0
}

func sysZero(*Thread, *call) (int64, errno) { return 0, 0 }

// Membarrier commands (linux/membarrier.h).
const (
	membarrierQuery = 0
	membarrierKnown = 1 | 2 | 4 | 8 | 16 | 32 | 64
)

// sysMembarrier has nothing to do: threads take turns on one CPU.
func sysMembarrier(_ *Thread, c *call) (int64, errno) {
	switch cmd := c.i32(0); {
	case cmd == membarrierQuery:
		return membarrierKnown, 0
	case cmd&^membarrierKnown == 0 && cmd&(cmd-1) == 0 && c.u32(1) == 0:
		return 0, 0
	}
	return 0, abi.EINVAL
}

// sysGetMempolicy: one node, the default policy.
func sysGetMempolicy(t *Thread, c *call) (int64, errno) {
	if a := c.addr(0); a != 0 {
		if e := t.putU32(a, 0); e != 0 {
			return 0, e
		}
	}
	if a := c.addr(1); a != 0 && c.Args[2] != 0 {
		if c.Args[2] < 1 || c.Args[2] > 4096*8 {
			return 0, abi.EINVAL
		}
		word := uint64(t.lay().Word)
		b := make([]byte, (c.Args[2]+8*word-1)/(8*word)*word)
		b[0] = 1
		if e := t.copyOut(a, b); e != 0 {
			return 0, e
		}
	}
	return 0, 0
}
