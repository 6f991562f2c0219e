package mmu

import (
	"golang.org/x/sys/unix"

	"panda/emu/guest"
)

// Mapping says what is behind the pages of a map.
type Mapping struct {
	File   int // host descriptor, or -1; the space keeps a copy of its own
	Offset uint64
	Shared bool
	Name   string
	// GrowsDown is noted for who asks: an access below the map makes it larger.
	GrowsDown bool
	MaxFD     int // the first descriptor of the host that it may not take; 0 for one of those that are kept
}

// Anonymous is private memory without a file.
func Anonymous(name string) Mapping { return Mapping{File: -1, Name: name} }

func hostProt(p guest.Access) int {
	switch {
	case p&guest.Write != 0:
		return unix.PROT_READ | unix.PROT_WRITE
	case p != 0:
		return unix.PROT_READ
	}
	return unix.PROT_NONE
}

// Map maps [a, a+size) and replaces what was there. Its errors are errnos.
func (s *Space) Map(a guest.Addr, size uint64, prot guest.Access, m Mapping) error {
	defer s.audit()
	if !s.inside(a, size) || m.Offset%PageSize != 0 {
		return unix.EINVAL
	}
	r := region{Region: Region{Start: a, End: a + guest.Addr(size), Prot: prot, Shared: m.Shared, Name: m.Name, Offset: m.Offset, GrowsDown: m.GrowsDown}}
	var err error
	switch {
	case m.File >= 0:
		r.file, err = s.backingOf(m.File, m.MaxFD)
	case m.Shared:
		r.Offset = 0
		r.file, err = s.anonymous(size, m.MaxFD)
	}
	if err != nil {
		return err
	}
	return s.put(r)
}

// put maps a region, whose file reference it takes over.
func (s *Space) put(r region) error { return s.putBy(r, s.mapNew) }

// needs is how much more memory of the host a region takes than what it replaces.
func (s *Space) needs(r *region) uint64 {
	n := r.private()
	for old := range s.regions.between(r.Start, r.End) {
		if old.file == nil && old.private() > 0 { // what a file keeps stays
			n -= min(n, uint64(min(old.End, r.End)-max(old.Start, r.Start)))
		}
	}
	return n
}

// putBy is put with a way to give the region its host pages.
func (s *Space) putBy(r region, place func(r *region) error) error {
	s.reach(uint64(r.End))
	err := s.mayMap(r.Start, uint64(r.End-r.Start))
	if err == nil {
		err = s.group.room(s.needs(&r))
	}
	if err == nil {
		err = s.group.fileRoom(&r)
	}
	if err == nil {
		s.codeGone(r.Start, r.End)
		err = s.group.short(place(&r))
	}
	if err != nil {
		s.dropFile(r.file)
		return err
	}
	if r.file != nil {
		r.Dev, r.Ino, r.Changed = r.file.key.dev, r.file.key.ino, r.file.changed
	} else {
		r.Offset = 0
	}
	s.cut(r.Start, r.End)
	s.insert(r)
	s.group.showsFile(&r)
	s.watchShared(r.Start, r.End)
	return nil
}

// Unmap removes what is mapped in [a, a+size); gaps are no error.
func (s *Space) Unmap(a guest.Addr, size uint64) error {
	defer s.audit()
	if !s.inside(a, size) {
		return unix.EINVAL
	}
	if err := s.mayCut(a, size); err != nil {
		return err
	}
	s.codeGone(a, a+guest.Addr(size))
	if err := s.reserveAgain(a, size); err != nil {
		return err
	}
	s.cut(a, a+guest.Addr(size))
	return nil
}

// Protect changes the protection of [a, a+size). As Linux does, it changes the
// pages before the first gap and then fails with ENOMEM.
func (s *Space) Protect(a guest.Addr, size uint64, prot guest.Access) error {
	defer s.audit()
	if !s.inside(a, size) {
		return unix.ENOMEM
	}
	end := a + guest.Addr(size)
	for at := a; at < end; {
		r := s.find(at)
		if r == nil {
			return unix.ENOMEM
		}
		to := min(end, r.End)
		if err := s.protectPart(at, to, prot); err != nil {
			return err
		}
		at = to
	}
	return nil
}

// protectPart changes a part of one region.
func (s *Space) protectPart(start, end guest.Addr, prot guest.Access) error {
	r := s.find(start)
	if prot&guest.Write != 0 && r.Shared && r.file.key.mode == unix.O_RDONLY {
		return unix.EACCES // the host's answer as well, but of files that are not
	}
	if prot&guest.Write != 0 && !r.Shared && r.private() == 0 {
		if err := s.group.room(uint64(end - start)); err != nil {
			return err
		}
	}
	if err := s.mayCut(start, uint64(end-start)); err != nil {
		return err
	}
	s.codeGone(start, end)
	if err := s.protectHost(start, uint64(end-start), hostProt(prot)); err != nil {
		return err
	}
	s.splitAt(start)
	s.splitAt(end)
	c := s.regions.from(start)
	c.region().charged = c.region().charges()
	c.region().Prot = prot
	c.changed()
	s.joinAll(start, end)
	s.watchShared(start, end)
	return nil
}

// SetName renames the regions of [a, a+size), for listings.
func (s *Space) SetName(a guest.Addr, size uint64, name string) {
	s.Change(a, size, func(r *Region) { r.Name = name })
}

// Change changes what is known of the regions of [a, a+size): their names, or what
// a clone gets of them.
func (s *Space) Change(a guest.Addr, size uint64, set func(r *Region)) {
	end := a + guest.Addr(size)
	s.splitAt(a)
	s.splitAt(end)
	s.regions.change(a, end, func(r *region) { set(&r.Region) })
	s.joinAll(a, end)
}

// Move moves the pages of [old, old+oldSize), which lie in one region, to
// [to, to+newSize) and replaces what was there. The ranges must not overlap.
// What newSize has more is mapped alike.
func (s *Space) Move(old guest.Addr, oldSize uint64, to guest.Addr, newSize uint64) error {
	defer s.audit()
	r := s.find(old)
	if !s.inside(old, oldSize) || !s.inside(to, newSize) || r == nil || r.End < old+guest.Addr(oldSize) {
		return unix.EFAULT
	}
	if old < to+guest.Addr(newSize) && to < old+guest.Addr(oldSize) {
		return unix.EINVAL
	}
	moved := *r
	moved.Start, moved.End = to, to+guest.Addr(min(oldSize, newSize))
	if r.file != nil {
		moved.Offset += uint64(old - r.Start)
	}
	s.codeGone(old, old+guest.Addr(oldSize))
	s.codeGone(to, to+guest.Addr(newSize))
	if err := s.mayMap(to, newSize); err != nil {
		return err
	}
	if err := s.mayCut(old, oldSize); err != nil {
		return err
	}
	s.reach(uint64(moved.End))
	if err := s.transfer(&moved, old); err != nil {
		return err
	}
	s.cut(to, moved.End)
	if moved.file != nil {
		moved.file.refs++
	}
	s.insert(moved)
	s.watchShared(moved.Start, moved.End)
	if err := s.Unmap(old, oldSize); err != nil {
		return err
	}
	return s.Grow(moved.End, newSize-min(oldSize, newSize))
}

// Grow maps size more bytes at end alike the region that ends there, and
// replaces what was there.
func (s *Space) Grow(end guest.Addr, size uint64) error {
	r := s.find(end - 1)
	switch {
	case size == 0:
		return nil
	case r == nil || !s.inside(end, size):
		return unix.ENOMEM
	}
	more := *r
	more.Offset += uint64(end - more.Start)
	more.Start, more.End = end, end+guest.Addr(size)
	if more.file != nil {
		more.file.refs++
	}
	return s.put(more)
}

// transfer gives the pages at old the new place of r. What they were stays mapped,
// with any contents: a window has no hole at any time.
func (s *Space) transfer(r *region, old guest.Addr) error {
	if s.moveHost(old, uint64(r.End-r.Start), r.Start) == nil {
		return nil
	}
	// The host keeps the range in several pieces, or cannot leave a map there.
	if r.Shared {
		return s.shareHost(r, s, old)
	}
	if f := s.makeAll(r.Start, uint64(r.End-r.Start), 0); f != nil {
		return unix.ENOMEM
	}
	if err := s.mapHost(r); err != nil {
		return err
	}
	return s.copyPrivate(s, s.find(old), old, r)
}

// Alias maps size bytes of the shared file that is mapped at a once more at to.
func (s *Space) Alias(a, to guest.Addr, size uint64) error {
	r := s.find(a)
	if r == nil || !r.Shared || !s.inside(to, size) {
		return unix.EINVAL
	}
	again := *r
	again.Offset += uint64(a - r.Start)
	again.Start, again.End = to, to+guest.Addr(size)
	again.file.refs++
	return s.putBy(again, func(r *region) error { return s.shareHost(r, s, a) })
}
