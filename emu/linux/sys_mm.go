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
	r := mm.Request{Addr: c.addr(0), Size: c.Args[1], Prot: mm.Prot(c.Args[2]), Flags: c.Args[3], File: -1, Offset: offset}
	typ := r.Flags & abi.MAP_TYPE
	if typ != abi.MAP_SHARED && typ != abi.MAP_PRIVATE && typ != abi.MAP_SHARED_VALIDATE {
		return 0, abi.EINVAL
	}
	if c.abi.word < t.p.abi.word { // INT 0x80 in a 64-bit program
		r.Flags |= abi.MAP_32BIT
	}
	if r.Flags&abi.MAP_ANONYMOUS == 0 {
		f, e := t.file(c.i32(4))
		if e != 0 {
			return 0, e
		}
		if !f.readable() || typ != abi.MAP_PRIVATE && r.Prot&guest.Write != 0 && !f.writable() {
			return 0, abi.EACCES
		}
		r.File, r.Name = f.fd, t.k.realPath(f)
	}
	if e := t.roomFor(r.Size); e != 0 {
		return 0, e
	}
	a, e := t.p.mm.Map(r)
	if e == 0 && r.Prot&guest.Exec != 0 {
		t.k.fireModules(event.ModuleMapped, t.k.modules(t.p.mm.Space, event.ModuleMapped, a, mm.RoundUp(r.Size)))
	}
	return int64(a), e
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
	const known = abi.PROT_READ | abi.PROT_WRITE | abi.PROT_EXEC | abi.PROT_SEM
	if c.Args[2]&^known != 0 {
		return 0, abi.EINVAL
	}
	return 0, t.p.mm.Protect(c.addr(0), c.Args[1], mm.Prot(c.Args[2]))
}

func sysPkeyMprotect(t *Thread, c *call) (int64, errno) {
	if c.i32(3) != -1 {
		return 0, abi.EINVAL
	}
	return sysMprotect(t, c)
}

func sysMremap(t *Thread, c *call) (int64, errno) {
	if old, size := c.Args[1], c.Args[2]; size > old && t.roomFor(size-old) != 0 {
		return 0, abi.ENOMEM
	}
	a, e := t.p.mm.Remap(c.addr(0), c.Args[1], c.Args[2], c.Args[3], c.addr(4))
	return int64(a), e
}

func sysBrk(t *Thread, c *call) (int64, errno) {
	m := t.p.mm
	if to := c.addr(0); to > m.Brk && t.roomFor(uint64(to-m.Brk)) != 0 {
		return int64(m.Brk), 0
	}
	return int64(m.SetBrk(c.addr(0))), 0
}

// passedAdvice is the advice that changes what is in memory: the host must do it.
// All other advice is about speed.
var passedAdvice = map[int]bool{abi.MADV_DONTNEED: true, abi.MADV_FREE: true, abi.MADV_REMOVE: true}

func sysMadvise(t *Thread, c *call) (int64, errno) {
	a, size := c.addr(0), mm.RoundUp(c.Args[1])
	switch {
	case a%mm.PageSize != 0 || size == 0 && c.Args[1] != 0:
		return 0, abi.EINVAL
	case size == 0:
		return 0, 0
	case c.i32(2) < 0 || c.i32(2) > 25 && c.i32(2) != 100 && c.i32(2) != 101:
		return 0, abi.EINVAL
	case !t.p.mm.Space.Mapped(a, size):
		return 0, abi.ENOMEM
	case passedAdvice[c.i32(2)]:
		return 0, hostErrno(t.p.mm.Space.Advise(a, size, c.i32(2)))
	}
	return 0, 0
}

// hostErrno is the errno of an error of mmu.
func hostErrno(err error) errno {
	if e, ok := err.(unix.Errno); ok {
		return errno(e)
	}
	if err != nil {
		return abi.ENOMEM
	}
	return 0
}

func sysMincore(t *Thread, c *call) (int64, errno) {
	a, size := c.addr(0), mm.RoundUp(c.Args[1])
	if a%mm.PageSize != 0 {
		return 0, abi.EINVAL
	}
	if size > t.p.mm.Space.Limit || !t.p.mm.Space.Mapped(a, size) {
		return 0, abi.ENOMEM
	}
	vec, e := t.out(c.addr(2), size/mm.PageSize)
	if e != 0 || len(vec) == 0 {
		return 0, e
	}
	return 0, hostErrno(t.p.mm.Space.Resident(a, vec))
}

func sysMsync(t *Thread, c *call) (int64, errno) {
	a, size, flags := c.addr(0), mm.RoundUp(c.Args[1]), c.i32(2)
	switch {
	case a%mm.PageSize != 0 || flags&^(abi.MS_ASYNC|abi.MS_INVALIDATE|abi.MS_SYNC) != 0 || flags&abi.MS_ASYNC != 0 && flags&abi.MS_SYNC != 0:
		return 0, abi.EINVAL
	case size == 0:
		return 0, 0
	case !t.p.mm.Space.Mapped(a, size):
		return 0, abi.ENOMEM
	}
	return 0, hostErrno(t.p.mm.Space.Sync(a, size, flags))
}

// sysMlock only checks: the host keeps guest memory as it likes.
func sysMlock(t *Thread, c *call) (int64, errno) {
	a := c.addr(0) &^ (mm.PageSize - 1)
	size := mm.RoundUp(c.Args[1] + uint64(c.addr(0)-a))
	if size != 0 && !t.p.mm.Space.Mapped(a, size) {
		return 0, abi.ENOMEM
	}
	return 0, 0
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
		b, e := t.out(a, (c.Args[2]+8*word-1)/(8*word)*word)
		if e != 0 {
			return 0, e
		}
		clear(b)
		b[0] = 1
	}
	return 0, 0
}
