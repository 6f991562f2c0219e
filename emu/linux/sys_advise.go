package linux

import (
	"golang.org/x/sys/unix"

	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/mm"
	"panda/emu/mmu"
)

// emptying is the advice that changes what is in memory. All other advice is about
// speed. What is to be freed when memory is short (MADV_FREE) is freed at once, so that
// it does not depend on the host whether it is still there.
var emptying = map[int]func(s *mmu.Space, r *mmu.Region, a guest.Addr, size uint64) error{
	abi.MADV_DONTNEED: discard,
	abi.MADV_FREE: func(s *mmu.Space, r *mmu.Region, a guest.Addr, size uint64) error {
		if r.Shared || r.Ino != 0 {
			return unix.EINVAL
		}
		return s.Discard(a, size)
	},
	abi.MADV_REMOVE: func(s *mmu.Space, _ *mmu.Region, a guest.Addr, size uint64) error { return s.Punch(a, size) },
}

func discard(s *mmu.Space, _ *mmu.Region, a guest.Addr, size uint64) error { return s.Discard(a, size) }

// forkAdvice is the advice about what a child gets (madvise(2)).
var forkAdvice = map[int]func(r *mmu.Region){
	abi.MADV_DONTFORK:   func(r *mmu.Region) { r.DontFork = true },
	abi.MADV_DOFORK:     func(r *mmu.Region) { r.DontFork = false },
	abi.MADV_WIPEONFORK: func(r *mmu.Region) { r.WipeOnFork = true },
	abi.MADV_KEEPONFORK: func(r *mmu.Region) { r.WipeOnFork = false },
}

// populating is the advice to have pages at hand, with the access for that.
var populating = map[int]guest.Access{abi.MADV_POPULATE_READ: guest.Read, abi.MADV_POPULATE_WRITE: guest.Write}

func sysMadvise(t *Thread, c *call) (int64, errno) {
	a, size, advice := c.addr(0), mm.RoundUp(c.Args[1]), c.i32(2)
	switch {
	case advice < 0 || advice > 25 && advice != 100 && advice != 101,
		a%mm.PageSize != 0, size == 0 && c.Args[1] != 0, a+guest.Addr(size) < a:
		return 0, abi.EINVAL
	case size == 0:
		return 0, 0
	case populating[advice] != 0:
		return 0, populate(t.p.mm.Space, a, size, populating[advice])
	}
	return 0, t.advise(a, size, advice)
}

// advise goes from map to map. Gaps are an error at the end.
func (t *Thread) advise(a guest.Addr, size uint64, advice int) errno {
	s := t.p.mm.Space
	gap := !s.Mapped(a, size)
	for end := a + guest.Addr(size); a < end; {
		r, ok := s.Next(a)
		if !ok || r.Start >= end {
			break
		}
		a = max(a, r.Start)
		next := min(r.End, end)
		if e := adviseMap(s, &r, a, uint64(next-a), advice); e != 0 {
			return e
		}
		a = next
	}
	if gap {
		return abi.ENOMEM
	}
	return 0
}

// adviseMap applies advice to a part of a map. Only private memory without a file
// can be wiped.
func adviseMap(s *mmu.Space, r *mmu.Region, a guest.Addr, size uint64, advice int) errno {
	switch {
	case advice == abi.MADV_WIPEONFORK && (r.Shared || r.Ino != 0):
		return abi.EINVAL
	case forkAdvice[advice] != nil:
		s.Change(a, size, forkAdvice[advice])
	case emptying[advice] != nil:
		return hostErrno(emptying[advice](s, r, a, size))
	}
	return 0
}

// populate says whether all pages can be had.
func populate(s *mmu.Space, a guest.Addr, size uint64, access guest.Access) errno {
	switch f := s.Check(a, size, access); {
	case f == nil:
		return 0
	case f.Bus:
		return abi.EFAULT
	case f.Mapped:
		return abi.EINVAL
	}
	return abi.ENOMEM
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

// sysMincore tells of the pages up to the first gap before it fails there.
func sysMincore(t *Thread, c *call) (int64, errno) {
	a, to, size := c.addr(0), c.addr(2), mm.RoundUp(c.Args[1])
	switch {
	case a%mm.PageSize != 0:
		return 0, abi.EINVAL
	case !t.k.accessOK(a, c.Args[1]):
		return 0, abi.ENOMEM
	case !t.k.accessOK(to, size/mm.PageSize):
		return 0, abi.EFAULT
	}
	var vec [4096]byte
	for size > 0 {
		r, ok := t.p.mm.Space.Region(a)
		if !ok {
			return 0, abi.ENOMEM
		}
		part := vec[:min(min(size, uint64(r.End-a))/mm.PageSize, uint64(len(vec)))]
		if e := hostErrno(t.p.mm.Space.Resident(a, part)); e != 0 {
			return 0, e
		}
		if e := t.copyOut(to, part); e != 0 {
			return 0, e
		}
		n := uint64(len(part))
		a, to, size = a+guest.Addr(n*mm.PageSize), to+guest.Addr(n), size-n*mm.PageSize
	}
	return 0, 0
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

// sysMlock only checks whether all pages can be had: the host keeps guest memory as it
// likes.
func sysMlock(t *Thread, c *call) (int64, errno) {
	a, size, e := lockRange(t, c)
	if e == 0 && t.p.mm.Space.Check(a, size, guest.Read) != nil {
		e = abi.ENOMEM
	}
	return 0, e
}

// sysMlock2 can leave the pages to their first use.
func sysMlock2(t *Thread, c *call) (int64, errno) {
	switch flags := c.u32(2); {
	case flags&^abi.MLOCK_ONFAULT != 0:
		return 0, abi.EINVAL
	case flags != 0:
		return sysMunlock(t, c)
	}
	return sysMlock(t, c)
}

func sysMunlock(t *Thread, c *call) (int64, errno) {
	_, _, e := lockRange(t, c)
	return 0, e
}

// lockRange is the pages of mlock and munlock, which must be mapped.
func lockRange(t *Thread, c *call) (a guest.Addr, size uint64, e errno) {
	a = c.addr(0) &^ (mm.PageSize - 1)
	size = mm.RoundUp(c.Args[1] + uint64(c.addr(0)-a))
	switch {
	case a+guest.Addr(size) < a:
		return 0, 0, abi.EINVAL
	case size != 0 && !t.p.mm.Space.Mapped(a, size):
		return 0, 0, abi.ENOMEM
	}
	return a, size, 0
}
