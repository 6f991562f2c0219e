package mm

import (
	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/mmu"
)

// Request is an mmap call.
type Request struct {
	Addr   guest.Addr
	Size   uint64
	Prot   guest.Access
	Flags  uint64
	File   int // host descriptor, -1 for none
	Offset uint64
	Name   string
	MaxFD  int // see mmu.Mapping
}

// Map is mmap.
func (m *MM) Map(r Request) (guest.Addr, errno) {
	size := RoundUp(r.Size)
	switch {
	case r.Size == 0 || r.Offset%PageSize != 0:
		return 0, abi.EINVAL
	case size == 0 || size > m.end():
		return 0, abi.ENOMEM
	}
	at, e := m.place(r, size)
	switch {
	case e != 0:
		return 0, e
	case r.File >= 0 && r.Offset+size <= r.Offset: // the host knows whether the file's own limit is lower
		return 0, abi.EOVERFLOW
	}
	shared := r.Flags&abi.MAP_TYPE != abi.MAP_PRIVATE
	mapping := mmu.Mapping{File: r.File, Offset: r.Offset, Shared: shared, Name: r.Name, MaxFD: r.MaxFD}
	if r.File < 0 {
		mapping.Offset, mapping.GrowsDown = 0, r.Flags&abi.MAP_GROWSDOWN != 0
		if shared {
			mapping.Name = "/dev/zero (deleted)"
		}
	}
	return at, errnoOf(m.Space.Map(at, size, r.Prot, mapping))
}

// place chooses the address of a map.
func (m *MM) place(r Request, size uint64) (guest.Addr, errno) {
	if r.Flags&(abi.MAP_FIXED|abi.MAP_FIXED_NOREPLACE) != 0 {
		return r.Addr, m.fixed(r, size)
	}
	lo, hi := guest.Addr(MinAddr), m.Layout.MapTop
	if hint := guest.Addr(RoundUp(uint64(r.Addr))); hint >= MinAddr && uint64(hint) <= m.end()-size && m.Space.Free(hint, size) {
		return hint, 0
	}
	if r.Flags&abi.MAP_32BIT != 0 {
		lo, hi = 0x40000000, 0x80000000
	}
	if at, ok := m.Space.FindFree(size, lo, hi, true); ok {
		return at, 0
	}
	if r.Flags&abi.MAP_32BIT == 0 {
		if at, ok := m.Space.FindFree(size, m.Layout.StackTop, guest.Addr(m.end()), false); ok {
			return at, 0
		}
	}
	return 0, abi.ENOMEM
}

func (m *MM) fixed(r Request, size uint64) errno {
	switch {
	case r.Addr%PageSize != 0:
		return abi.EINVAL
	case size > m.end() || uint64(r.Addr) > m.end()-size:
		return abi.ENOMEM
	case r.Addr < MinAddr:
		return abi.EPERM
	case r.Flags&abi.MAP_FIXED_NOREPLACE != 0 && !m.Space.Free(r.Addr, size):
		return abi.EEXIST
	}
	return 0
}

// Unmap is munmap.
func (m *MM) Unmap(a guest.Addr, n uint64) errno {
	size, end := RoundUp(n), uint64(m.Layout.End)
	if a%PageSize != 0 || size == 0 || size > end || uint64(a) > end-size {
		return abi.EINVAL
	}
	if uint64(a) >= m.end() {
		return 0 // nothing is ever there
	}
	return errnoOf(m.Space.Unmap(a, min(size, m.end()-uint64(a))))
}

// Protect is mprotect.
func (m *MM) Protect(a guest.Addr, n uint64, prot guest.Access) errno {
	size := RoundUp(n)
	switch {
	case a%PageSize != 0:
		return abi.EINVAL
	case n == 0:
		return 0
	case size == 0:
		return abi.ENOMEM
	}
	inside := min(size, m.Space.Limit-min(m.Space.Limit, uint64(a)))
	if inside != 0 {
		if e := errnoOf(m.Space.Protect(a, inside, prot)); e != 0 {
			return e
		}
	}
	if inside < size {
		return abi.ENOMEM
	}
	return 0
}

// SetBrk is brk: it returns where the heap ends now.
func (m *MM) SetBrk(to guest.Addr) guest.Addr {
	if to < m.BrkStart || uint64(to) > m.end()-PageSize {
		return m.Brk
	}
	have, want := guest.Addr(RoundUp(uint64(m.Brk))), guest.Addr(RoundUp(uint64(to)))
	switch {
	case want > have:
		// One page stays free, so that the heap does not touch the next map.
		if !m.Space.Free(have, uint64(want-have)+PageSize) ||
			m.Space.Map(have, uint64(want-have), guest.Read|guest.Write, mmu.Anonymous("[heap]")) != nil {
			return m.Brk
		}
	case want < have:
		if m.Space.Unmap(want, uint64(have-want)) != nil {
			return m.Brk
		}
	}
	m.Brk = to
	return to
}

// Remap is mremap.
func (m *MM) Remap(old guest.Addr, oldLen, newLen uint64, flags uint64, to guest.Addr) (guest.Addr, errno) {
	oldSize, newSize := RoundUp(oldLen), RoundUp(newLen)
	if e := m.checkRemap(old, oldSize, to, newSize, flags); e != 0 {
		return 0, e
	}
	r, ok := m.Space.Region(old)
	switch {
	case !ok:
		return 0, abi.EFAULT
	case oldSize == 0 && (!r.Shared || flags&abi.MREMAP_MAYMOVE == 0):
		return 0, abi.EINVAL
	}
	if flags&abi.MREMAP_FIXED != 0 {
		if e := m.clearTarget(to, newSize); e != 0 {
			return 0, e
		}
	}
	switch {
	case !m.Space.Mapped(old, PageSize): // it was the target
		return 0, abi.EFAULT
	case oldSize == 0:
		return m.duplicate(old, newSize, flags, to)
	}
	return m.remap(old, oldSize, newSize, flags, to)
}

// remap is mremap when nothing is at the new address.
func (m *MM) remap(old guest.Addr, oldSize, newSize uint64, flags uint64, to guest.Addr) (guest.Addr, errno) {
	fixed, leave := flags&abi.MREMAP_FIXED != 0, flags&abi.MREMAP_DONTUNMAP != 0
	if fixed && oldSize == newSize && !leave {
		return to, m.moveAll(old, to, oldSize)
	}
	if oldSize > newSize { // what is cut off may be several maps, or none
		if e := m.Unmap(old+guest.Addr(newSize), oldSize-newSize); e != 0 {
			return 0, e
		}
		oldSize = newSize
	}
	r, ok := m.Space.Region(old)
	switch {
	case !ok || uint64(r.End-old) < oldSize:
		return 0, abi.EFAULT
	case leave:
		return m.evacuate(r, old, oldSize, flags, to)
	case fixed:
		return to, errnoOf(m.Space.Move(old, oldSize, to, newSize))
	}
	return m.resize(old, oldSize, newSize, flags)
}

// moveAll moves all that is mapped in a range, which may be several maps and gaps
// (mremap(2), since Linux 6.17).
func (m *MM) moveAll(old, to guest.Addr, size uint64) errno {
	end := old + guest.Addr(size)
	for at := old; at < end; {
		r, ok := m.Space.Next(at)
		if !ok || r.Start >= end {
			break
		}
		at = max(at, r.Start)
		next := min(r.End, end)
		n := uint64(next - at)
		if err := m.Space.Move(at, n, to+(at-old), n); err != nil {
			return errnoOf(err)
		}
		at = next
	}
	return 0
}

// clearTarget unmaps what a map is to be moved over.
func (m *MM) clearTarget(to guest.Addr, size uint64) errno {
	if e := m.fixed(Request{Addr: to}, size); e != 0 {
		return e
	}
	return errnoOf(m.Space.Unmap(to, size))
}

// evacuate moves the pages of private memory and leaves an empty map behind.
func (m *MM) evacuate(r mmu.Region, old guest.Addr, size uint64, flags uint64, to guest.Addr) (guest.Addr, errno) {
	if r.Shared || r.Ino != 0 {
		return 0, abi.EINVAL
	}
	if flags&abi.MREMAP_FIXED == 0 {
		var e errno
		if to, e = m.place(Request{Addr: to}, size); e != 0 {
			return 0, e
		}
	}
	if err := m.Space.Move(old, size, to, size); err != nil {
		return 0, errnoOf(err)
	}
	return to, errnoOf(m.Space.Map(old, size, r.Prot, mmu.Anonymous(r.Name)))
}

// checkRemap checks what does not depend on what is mapped. The new address is
// checked for MREMAP_DONTUNMAP too.
func (m *MM) checkRemap(old guest.Addr, oldSize uint64, to guest.Addr, newSize, flags uint64) errno {
	const known = abi.MREMAP_MAYMOVE | abi.MREMAP_FIXED | abi.MREMAP_DONTUNMAP
	end := uint64(m.Layout.End)
	switch {
	case flags&^known != 0, old%PageSize != 0, newSize == 0, newSize > end:
		return abi.EINVAL
	case flags&(abi.MREMAP_FIXED|abi.MREMAP_DONTUNMAP) == 0:
		return 0
	case to%PageSize != 0, uint64(to) > end-newSize, flags&abi.MREMAP_MAYMOVE == 0,
		flags&abi.MREMAP_DONTUNMAP != 0 && oldSize != newSize,
		old < to+guest.Addr(newSize) && to < old+guest.Addr(oldSize):
		return abi.EINVAL
	}
	return 0
}

// resize makes a map larger, in place if it can.
func (m *MM) resize(old guest.Addr, oldSize, newSize uint64, flags uint64) (guest.Addr, errno) {
	end := old + guest.Addr(oldSize)
	if newSize == oldSize {
		return old, 0
	}
	if r, _ := m.Space.Region(old); r.End == end && m.Space.Free(end, newSize-oldSize) {
		return old, errnoOf(m.Space.Grow(end, newSize-oldSize))
	}
	if flags&abi.MREMAP_MAYMOVE == 0 {
		return 0, abi.ENOMEM
	}
	at, e := m.place(Request{}, newSize)
	if e != 0 {
		return 0, e
	}
	return at, errnoOf(m.Space.Move(old, oldSize, at, newSize))
}

// duplicate makes a second map of shared memory: an old size of 0 asks for it.
func (m *MM) duplicate(old guest.Addr, size uint64, flags uint64, to guest.Addr) (guest.Addr, errno) {
	if flags&abi.MREMAP_FIXED == 0 {
		var e errno
		if to, e = m.place(Request{}, size); e != 0 {
			return 0, e
		}
	}
	return to, errnoOf(m.Space.Alias(old, to, size))
}

// Anonymous maps memory at a place that the kernel chooses.
func (m *MM) Anonymous(size uint64, name string) (guest.Addr, errno) {
	return m.Map(Request{Size: size, Prot: guest.Read | guest.Write, Flags: abi.MAP_PRIVATE, File: -1, Name: name})
}
