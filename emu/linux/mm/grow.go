package mm

import (
	"slices"

	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/mmu"
)

// stackGap is how far a map that grows down stays from the one below it: the
// kernel's stack_guard_gap.
const stackGap = 256 * PageSize

// noteGrowing remembers that a new map grows down.
func (m *MM) noteGrowing(r Request, at guest.Addr) {
	if r.Flags&abi.MAP_GROWSDOWN != 0 && r.File < 0 {
		if i, known := slices.BinarySearch(m.growing, at); !known {
			m.growing = slices.Insert(m.growing, i, at)
		}
	}
}

// GrowDown extends a map that grows down to an address below it where nothing is,
// up to a size of limit, and reports whether it did.
func (m *MM) GrowDown(a guest.Addr, limit uint64) bool {
	to := a &^ (PageSize - 1)
	i, _ := slices.BinarySearch(m.growing, a+1) // the lowest one above a
	if i == len(m.growing) {
		return false
	}
	start := m.growing[i]
	r, ok := m.Space.Region(start)
	switch {
	case !ok || r.Start != start || uint64(to) < MinAddr+stackGap:
		return false
	case uint64(r.End-to) > limit || !m.Space.Free(to-stackGap, uint64(start-to)+stackGap):
		return false
	case m.Space.Map(to, uint64(start-to), r.Prot, mmu.Anonymous(r.Name)) != nil:
		return false
	}
	m.growing[i] = to
	return true
}

// GrowStart is where the first map of a range begins, if it grows down: the range of
// mprotect with PROT_GROWSDOWN begins there. None grows up.
func (m *MM) GrowStart(a guest.Addr, size uint64, up bool) (guest.Addr, errno) {
	r, ok := m.Space.Next(a)
	_, grows := slices.BinarySearch(m.growing, r.Start)
	switch {
	case !ok, r.Start >= a+guest.Addr(size), up && r.Start > a:
		return 0, abi.ENOMEM
	case up, !grows && r.Name != "[stack]":
		return 0, abi.EINVAL
	}
	return r.Start, 0
}
