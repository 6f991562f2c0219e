package mmu

import "panda/emu/guest"

// FindFree finds size bytes between lo and hi where nothing is mapped: the
// highest place when down is set, else the lowest.
func (s *Space) FindFree(size uint64, lo, hi guest.Addr, down bool) (guest.Addr, bool) {
	hi = min(hi, guest.Addr(s.Limit))
	if lo >= hi || size == 0 || size > uint64(hi-lo) {
		return 0, false
	}
	if down {
		return s.regions.freeBelow(guest.Addr(size), lo, hi)
	}
	return s.regions.freeAbove(guest.Addr(size), lo, hi)
}

// freeAbove is the lowest place of n bytes in [lo, hi).
func (l *regionList) freeAbove(n, lo, hi guest.Addr) (guest.Addr, bool) {
	for i := l.from(lo).chunk; i < len(l.chunks) && lo < hi; i++ {
		c := &l.chunks[i]
		if c.start > lo && min(c.start, hi)-lo >= n {
			return lo, true
		}
		if c.gap >= n {
			if at, ok := c.freeAbove(n, lo, hi); ok {
				return at, true
			}
		}
		lo = max(lo, c.end)
	}
	return lo, lo < hi && hi-lo >= n
}

// freeAbove is the lowest place between two regions.
func (c *chunk) freeAbove(n, lo, hi guest.Addr) (guest.Addr, bool) {
	at := c.start
	for i := range c.regions {
		from, to := max(at, lo), min(c.regions[i].Start, hi)
		if from < to && to-from >= n {
			return from, true
		}
		at = c.regions[i].End
	}
	return 0, false
}

// freeBelow is the highest place of n bytes in [lo, hi).
func (l *regionList) freeBelow(n, lo, hi guest.Addr) (guest.Addr, bool) {
	for i := min(l.from(hi).chunk, len(l.chunks)-1); i >= 0 && lo < hi; i-- {
		c := &l.chunks[i]
		if c.end < hi && hi-max(c.end, lo) >= n {
			return hi - n, true
		}
		if c.gap >= n {
			if at, ok := c.freeBelow(n, lo, hi); ok {
				return at, true
			}
		}
		hi = min(hi, c.start)
	}
	return hi - n, lo < hi && hi-lo >= n
}

// freeBelow is the highest place between two regions.
func (c *chunk) freeBelow(n, lo, hi guest.Addr) (guest.Addr, bool) {
	at := c.end
	for i := len(c.regions) - 1; i >= 0; i-- {
		from, to := max(c.regions[i].End, lo), min(at, hi)
		if from < to && to-from >= n {
			return to - n, true
		}
		at = c.regions[i].Start
	}
	return 0, false
}
