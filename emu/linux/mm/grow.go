package mm

import (
	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/mmu"
)

// stackGap is how far a map that grows down stays from the one below it: the
// kernel's stack_guard_gap.
const stackGap = 256 * PageSize

// GrowDown extends a map that grows down to an address below it where nothing is,
// up to a size of limit, and reports whether it did.
func (m *MM) GrowDown(a guest.Addr, limit uint64) bool {
	to := a &^ (PageSize - 1)
	r, ok := m.Space.Next(a)
	if !ok || !r.GrowsDown || r.Start <= a || uint64(to) < MinAddr+stackGap {
		return false
	}
	start := r.Start
	return uint64(r.End-to) <= limit && m.Space.Free(to-stackGap, uint64(start-to)+stackGap) &&
		m.Space.Map(to, uint64(start-to), r.Prot, mmu.Mapping{File: -1, Name: r.Name, GrowsDown: true}) == nil
}

// GrowStart is where the first map of a range begins, if it grows down: the range of
// mprotect with PROT_GROWSDOWN begins there. None grows up.
func (m *MM) GrowStart(a guest.Addr, size uint64, up bool) (guest.Addr, errno) {
	r, ok := m.Space.Next(a)
	switch {
	case !ok, r.Start >= a+guest.Addr(size), up && r.Start > a:
		return 0, abi.ENOMEM
	case up, !r.GrowsDown && r.Name != "[stack]":
		return 0, abi.EINVAL
	}
	return r.Start, 0
}
