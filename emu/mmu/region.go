package mmu

import (
	"slices"
	"sort"

	"panda/emu/guest"
)

// Region is a range of pages that were mapped alike.
type Region struct {
	Start, End guest.Addr
	Prot       guest.Access
	Shared     bool
	Name       string // of the file, or of the use in brackets
	Offset     uint64 // in the file
	Dev, Ino   uint64 // of the file
	DontFork   bool   // a clone does not have it
	WipeOnFork bool   // a clone has zeroes there
}

// region is a Region with the file behind it.
type region struct {
	Region
	file *backing // nil: private anonymous memory
}

// offset is where in the file the bytes at a come from.
func (r *region) offset(a guest.Addr) uint64 { return r.Offset + uint64(a-r.Start) }

// Regions lists what is mapped, sorted by address.
func (s *Space) Regions() []Region {
	rs := make([]Region, len(s.regions))
	for i := range s.regions {
		rs[i] = s.regions[i].Region
	}
	return rs
}

// Region finds the region of an address.
func (s *Space) Region(a guest.Addr) (Region, bool) {
	if r := s.find(a); r != nil {
		return r.Region, true
	}
	return Region{}, false
}

// Next finds the first region that ends above an address.
func (s *Space) Next(a guest.Addr) (Region, bool) {
	if i := s.index(a); i < len(s.regions) {
		return s.regions[i].Region, true
	}
	return Region{}, false
}

// find is the region of an address, nil if there is none. The pointer holds
// until the map changes.
func (s *Space) find(a guest.Addr) *region {
	if s.last < len(s.regions) {
		if r := &s.regions[s.last]; r.Start <= a && a < r.End {
			return r
		}
	}
	if i := s.index(a); i < len(s.regions) && s.regions[i].Start <= a {
		s.last = i
		return &s.regions[i]
	}
	return nil
}

// index is that of the first region that ends above a.
func (s *Space) index(a guest.Addr) int {
	return sort.Search(len(s.regions), func(i int) bool { return s.regions[i].End > a })
}

// covering are the regions that touch [start, end).
func (s *Space) covering(start, end guest.Addr) []region {
	i := s.index(start)
	j := i
	for j < len(s.regions) && s.regions[j].Start < end {
		j++
	}
	return s.regions[i:j]
}

// covered reports whether every page of [start, end) is mapped.
func (s *Space) covered(start, end guest.Addr) bool {
	at := start
	for _, r := range s.covering(start, end) {
		if r.Start > at {
			return false
		}
		at = r.End
	}
	return at >= end
}

// splitAt makes a region boundary at a.
func (s *Space) splitAt(a guest.Addr) {
	i := s.index(a)
	if i == len(s.regions) || s.regions[i].Start >= a {
		return
	}
	low, high := s.regions[i], s.regions[i]
	low.End, high.Start = a, a
	if high.file != nil {
		high.Offset += uint64(a - low.Start)
		high.file.refs++
	}
	s.regions[i] = low
	s.regions = slices.Insert(s.regions, i+1, high)
}

// cut removes the regions of [start, end) from the list.
func (s *Space) cut(start, end guest.Addr) {
	s.splitAt(start)
	s.splitAt(end)
	i := s.index(start)
	n := len(s.covering(start, end))
	for _, r := range s.regions[i : i+n] {
		s.dropFile(r.file)
	}
	s.regions = slices.Delete(s.regions, i, i+n)
}

// insert adds a region where nothing is, and joins it with its neighbours.
func (s *Space) insert(r region) {
	i := s.index(r.Start)
	s.regions = slices.Insert(s.regions, i, r)
	s.join(i + 1)
	s.join(i)
}

// join makes one of the regions i-1 and i if they are alike.
func (s *Space) join(i int) bool {
	if i < 1 || i >= len(s.regions) || !alike(&s.regions[i-1], &s.regions[i]) {
		return false
	}
	s.dropFile(s.regions[i].file)
	s.regions[i-1].End = s.regions[i].End
	s.regions = slices.Delete(s.regions, i, i+1)
	return true
}

func alike(a, b *region) bool {
	return a.End == b.Start && a.Prot == b.Prot && a.Shared == b.Shared && a.Name == b.Name && a.file == b.file &&
		a.DontFork == b.DontFork && a.WipeOnFork == b.WipeOnFork &&
		(a.file == nil || a.Offset+uint64(a.End-a.Start) == b.Offset)
}

// joinAll joins alike regions around [start, end).
func (s *Space) joinAll(start, end guest.Addr) {
	for i := s.index(start); i < len(s.regions) && s.regions[i].Start <= end; {
		if !s.join(i) {
			i++
		}
	}
}

// Free reports whether nothing is mapped in [a, a+size), all of it in the window.
func (s *Space) Free(a guest.Addr, size uint64) bool {
	return s.inside(a, size) && len(s.covering(a, a+guest.Addr(size))) == 0
}

// FindFree finds size bytes between lo and hi where nothing is mapped: the
// highest place when down is set, else the lowest.
func (s *Space) FindFree(size uint64, lo, hi guest.Addr, down bool) (guest.Addr, bool) {
	hi = min(hi, guest.Addr(s.Limit))
	if lo >= hi || size == 0 || size > uint64(hi-lo) {
		return 0, false
	}
	n := guest.Addr(size)
	if down {
		return s.freeBelow(n, lo, hi)
	}
	for _, r := range s.covering(lo, hi) {
		if r.Start >= lo && r.Start-lo >= n {
			return lo, true
		}
		lo = max(lo, r.End)
	}
	return lo, lo < hi && hi-lo >= n
}

func (s *Space) freeBelow(n, lo, hi guest.Addr) (guest.Addr, bool) {
	rs := s.covering(lo, hi)
	for i := len(rs) - 1; i >= 0; i-- {
		if rs[i].End <= hi && hi-rs[i].End >= n {
			return hi - n, true
		}
		hi = min(hi, rs[i].Start)
	}
	return hi - n, hi >= lo && hi-lo >= n
}

// Mapped reports whether every page of [a, a+size) is mapped.
func (s *Space) Mapped(a guest.Addr, size uint64) bool {
	return size <= s.Limit && uint64(a) <= s.Limit-size && s.covered(a, a+guest.Addr(size))
}
