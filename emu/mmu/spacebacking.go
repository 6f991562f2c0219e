package mmu

import "panda/emu/guest"

// UseTLB makes the accesses of the space go through a software TLB, as those of a
// whole machine do. A program needs none; it is how the TLB is tried with real
// programs.
func (s *Space) UseTLB() {
	s.Soft = NewSoft(spaceBacking{s})
}

// spaceBacking answers from the map of a space.
type spaceBacking struct{ s *Space }

func (b spaceBacking) Page(a guest.Addr, access guest.Access) (Page, error) {
	s, page := b.s, pageOf(a)
	if f := s.Check(a, 1, access); f != nil {
		return Page{}, f
	}
	may := s.find(a).Prot
	if may != 0 {
		may |= guest.Read // as on the CPU
	}
	if s.watched[page] {
		if access == guest.Write {
			return Page{}, &CodeStore{a}
		}
		may &^= guest.Write
	}
	return Page{Host: s.bytes(page, PageSize), Access: may}, nil
}

// changed tells the TLB that pages are not what they were.
func (s *Space) changed(a guest.Addr, size uint64) {
	if s.Soft != nil {
		s.Soft.FlushRange(a, a+guest.Addr(size))
	}
}
