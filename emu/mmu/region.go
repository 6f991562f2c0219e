package mmu

import (
	"iter"

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
	Changed    int64  // when the file was changed last, in nanoseconds, as it was when it was mapped first
	DontFork   bool   // a clone does not have it
	WipeOnFork bool   // a clone has zeroes there
	GrowsDown  bool   // see Mapping
}

// region is a Region with the file behind it.
type region struct {
	Region
	file    *backing // nil: private anonymous memory
	charged bool     // it was its own once, and keeps what was stored
}

// offset is where in the file the bytes at a come from.
func (r *region) offset(a guest.Addr) uint64 { return r.Offset + uint64(a-r.Start) }

// Regions lists what is mapped, sorted by address.
func (s *Space) Regions() []Region {
	n, _ := s.regions.count()
	rs := make([]Region, 0, n)
	for r := range s.regions.all() {
		rs = append(rs, r.Region)
	}
	return rs
}

// Size is how many bytes are mapped.
func (s *Space) Size() uint64 { return s.regions.size() }

// Own is how many bytes are private and may be written.
func (s *Space) Own() uint64 { return s.regions.own() }

// Overlapping are the regions that touch [a, a+size), in order. The map must not
// change meanwhile.
func (s *Space) Overlapping(a guest.Addr, size uint64) iter.Seq[Region] {
	end := a + guest.Addr(min(size, uint64(^a)))
	return func(yield func(Region) bool) {
		for r := range s.regions.between(a, end) {
			if !yield(r.Region) {
				return
			}
		}
	}
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
	if r := s.regions.from(a).region(); r != nil {
		return r.Region, true
	}
	return Region{}, false
}

// find is the region of an address, nil if there is none. The pointer holds
// until the map changes.
func (s *Space) find(a guest.Addr) *region { return s.regions.find(a) }

// covered reports whether every page of [start, end) is mapped.
func (s *Space) covered(start, end guest.Addr) bool {
	at := start
	for r := range s.regions.between(start, end) {
		if r.Start > at {
			return false
		}
		at = r.End
	}
	return at >= end
}

// splitAt makes a region boundary at a.
func (s *Space) splitAt(a guest.Addr) {
	c := s.regions.from(a)
	low := c.region()
	if low == nil || low.Start >= a {
		return
	}
	high := *low
	high.Start = a
	if high.file != nil {
		high.Offset += uint64(a - low.Start)
		high.file.refs++
	}
	low.End = a
	c.changed()
	s.regions.add(high)
}

// cut removes the regions of [start, end) from the list.
func (s *Space) cut(start, end guest.Addr) {
	s.splitAt(start)
	s.splitAt(end)
	s.regions.remove(start, end, func(r *region) { s.dropFile(r.file) })
}

// insert adds a region where nothing is, and joins it with its neighbours.
func (s *Space) insert(r region) {
	s.regions.add(r)
	s.joinAll(r.Start, r.End)
}

func alike(a, b *region) bool {
	return a.End == b.Start && a.Prot == b.Prot && a.Shared == b.Shared && a.Name == b.Name && a.file == b.file &&
		a.DontFork == b.DontFork && a.WipeOnFork == b.WipeOnFork && a.GrowsDown == b.GrowsDown && a.charges() == b.charges() &&
		(a.file == nil || a.Offset+uint64(a.End-a.Start) == b.Offset)
}

// joinAll joins alike regions around [start, end).
func (s *Space) joinAll(start, end guest.Addr) {
	for c := s.regions.from(start); c.region() != nil && c.region().Start <= end; {
		if low, high := c.before(), c.region(); low != nil && alike(low, high) {
			c = s.join(*low, *high)
		} else {
			c.next()
		}
	}
}

// join makes one of two regions that are alike, and says where the next one is.
func (s *Space) join(low, high region) cursor {
	s.regions.remove(high.Start, high.End, func(r *region) { s.dropFile(r.file) })
	c := s.regions.from(low.Start)
	c.region().End = high.End
	c.changed()
	c.next()
	return c
}

// empty reports whether nothing is mapped in [start, end).
func (s *Space) empty(start, end guest.Addr) bool {
	r := s.regions.from(start).region()
	return r == nil || r.Start >= end
}

// Free reports whether nothing is mapped in [a, a+size), all of it in the window.
func (s *Space) Free(a guest.Addr, size uint64) bool {
	return s.inside(a, size) && s.empty(a, a+guest.Addr(size))
}

// Mapped reports whether every page of [a, a+size) is mapped.
func (s *Space) Mapped(a guest.Addr, size uint64) bool {
	return size <= s.Limit && uint64(a) <= s.Limit-size && s.covered(a, a+guest.Addr(size))
}
