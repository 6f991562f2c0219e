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
		m.growing = append(slices.DeleteFunc(m.growing, func(a guest.Addr) bool { return a == at }), at)
	}
}

// GrowDown extends a map that grows down to an address below it where nothing is,
// up to a size of limit, and reports whether it did.
func (m *MM) GrowDown(a guest.Addr, limit uint64) bool {
	if len(m.growing) == 0 {
		return false
	}
	to := a &^ (PageSize - 1)
	i := -1 // the lowest one above a
	for j, start := range m.growing {
		if start > a && (i < 0 || start < m.growing[i]) {
			i = j
		}
	}
	if i < 0 {
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

// GrowStart is where the map of an address begins, if it grows down: the range of
// mprotect with PROT_GROWSDOWN begins there.
func (m *MM) GrowStart(a guest.Addr) (guest.Addr, errno) {
	r, ok := m.Space.Region(a)
	switch {
	case !ok:
		return 0, abi.ENOMEM
	case r.Name != "[stack]" && !slices.Contains(m.growing, r.Start):
		return 0, abi.EINVAL
	}
	return r.Start, 0
}
