package mmu

import "panda/emu/guest"

// A program whose addresses do not fit into its window goes behind a TLB: its memory
// lies in extents then, and where, only the TLB has to know. AddressSanitizer,
// ThreadSanitizer and the collectors of some languages have memory all over the 2^47
// bytes that Linux gives a program, of which they touch little.

// UseTLB makes the accesses of the space go through a software TLB, as those of a
// whole machine do.
func (s *Space) UseTLB() {
	if s.Soft == nil {
		s.Soft = NewSoft(spaceBacking{s})
	}
}

// reach is called before something is mapped below end. Where the window does not
// reach, it becomes larger if the host has room, or else the TLB takes its place.
// Translations are of no use then.
func (s *Space) reach(end uint64) {
	if end <= s.Window || s.Soft != nil {
		return
	}
	if !s.grow(end, s.Limit) {
		s.UseTLB()
	}
	if s.onReach != nil {
		s.onReach()
	}
}

// makePresent reserves the chunk of an address, if it is not in the window and not
// there yet, and gives what is mapped there its protection.
func (s *Space) makePresent(a guest.Addr) error {
	if s.host(a) != nil {
		return nil
	}
	if err := s.take(2); err != nil {
		return err
	}
	if err := s.group.short(s.makeChunk(a)); err != nil {
		return err
	}
	from := chunkOf(a)
	to := from + guest.Addr(chunkSize)
	for r := range s.regions.between(from, to) {
		start, end := max(r.Start, from), min(r.End, to)
		if err := s.protectHost(start, uint64(end-start), hostProt(r.Prot)); err != nil {
			s.dropChunk(a)
			return err
		}
	}
	return nil
}

// makeAll makes all of [a, a+size) present. That the host has no room for it is a
// fault.
func (s *Space) makeAll(a guest.Addr, size uint64, access guest.Access) *guest.MemFault {
	if uint64(a)+size <= s.Window {
		return nil
	}
	for at := range s.parts(a, size) {
		if s.makePresent(at) != nil {
			return &guest.MemFault{Addr: at, Access: access, Mapped: true, Bus: true}
		}
	}
	return nil
}

// spaceBacking answers from the map of a space.
type spaceBacking struct{ s *Space }

func (b spaceBacking) Page(a guest.Addr, access guest.Access) (Page, error) {
	s, page := b.s, PageOf(a)
	if f := s.Check(a, 1, access); f != nil {
		return Page{}, f
	}
	may := s.find(a).Prot
	if may != 0 {
		may |= guest.Read // as on the CPU
	}
	if s.watched[page] {
		if access == guest.Write {
			return Page{}, &CodeStore{a, guest.PhysAddr(page)}
		}
		may &^= guest.Write
	}
	if f := s.makeAll(page, PageSize, access); f != nil {
		return Page{}, f
	}
	return Page{Host: s.whole(page, PageSize), Access: may}, nil
}

// changed tells the TLB that pages are not what they were.
func (s *Space) changed(a guest.Addr, size uint64) {
	if s.Soft != nil {
		s.Soft.FlushRange(a, a+guest.Addr(size))
	}
}
