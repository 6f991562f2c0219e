package mmu

import (
	"fmt"

	"panda/emu/guest"
)

// Check finds the first byte of [a, a+n) that may not be accessed. An access of 0 asks
// only for what is mapped.
func (s *Space) Check(a guest.Addr, n uint64, access guest.Access) *guest.MemFault {
	if n == 0 {
		return nil
	}
	if uint64(a) >= s.Limit {
		return &guest.MemFault{Addr: a, Access: access}
	}
	end := a + guest.Addr(min(n, s.Limit-uint64(a)+1)) // nothing is mapped at Limit
	for at := a; at < end; {
		r := s.find(at)
		if r == nil {
			return &guest.MemFault{Addr: at, Access: access}
		}
		if r.Prot&access != access && !(access == guest.Read && r.Prot != 0) {
			return r.refuses(at, access)
		}
		to := min(end, r.End)
		if r.file != nil && !r.file.holds(s.group, r.Offset+uint64(to-1-r.Start)) {
			if at = max(at, r.firstBeyond()); at < to {
				return &guest.MemFault{Addr: at, Access: access, Mapped: true, Bus: true}
			}
		}
		at = to
	}
	return nil
}

// refuses is the fault of an access that a region does not allow; r may be nil.
func (r *region) refuses(a guest.Addr, access guest.Access) *guest.MemFault {
	return &guest.MemFault{Addr: a, Access: access, Mapped: r != nil, Present: r != nil && r.Prot != 0}
}

// firstBeyond is the first address of a region beyond the end of its file.
func (r *region) firstBeyond() guest.Addr {
	if r.file.eof <= r.Offset {
		return r.Start
	}
	return r.Start + guest.Addr(min(r.file.eof-r.Offset, uint64(r.End-r.Start)))
}

// Slice is the guest memory at a itself, checked for the access. For a write
// the translations of the pages are dropped first. It must be used before the
// guest runs or the map changes. Reading it can still fault when another
// process cuts off the file behind it: see debug.SetPanicOnFault. What lies in two
// pieces on the host, which no page does, is a fault at the second.
func (s *Space) Slice(a guest.Addr, n int, access guest.Access) ([]byte, *guest.MemFault) {
	if n == 0 {
		return nil, nil
	}
	if f := s.ready(a, n, access); f != nil {
		return nil, f
	}
	mem := s.whole(a, uint64(n))
	if len(mem) < n {
		return nil, &guest.MemFault{Addr: a + guest.Addr(len(mem)), Access: access, Mapped: true, Bus: true}
	}
	return mem, nil
}

// ready checks an access and, for a write, drops the translations of the pages. All
// of the memory is on the host then.
func (s *Space) ready(a guest.Addr, n int, access guest.Access) *guest.MemFault {
	if f := s.Check(a, uint64(n), access); f != nil {
		return f
	}
	if access&guest.Write != 0 && len(s.watched) != 0 {
		s.contentGone(PageOf(a), PageOf(a+guest.Addr(n)-1)+PageSize)
	}
	return s.makeAll(a, uint64(n), access)
}

// Buffers appends memory at a for the host to read or write to a vector: the host finds
// by itself what may not be accessed after the first byte. As for Slice, translations
// are dropped before a write. There is one buffer for each piece on the host, most
// often one in all.
func (s *Space) Buffers(v [][]byte, a guest.Addr, n int, access guest.Access) ([][]byte, *guest.MemFault) {
	if f := s.Check(a, uint64(min(n, 1)), access); f != nil || n == 0 {
		return v, f
	}
	n = int(min(uint64(n), s.Limit-uint64(a)))
	if access&guest.Write != 0 {
		s.contentGone(PageOf(a), PageOf(a+guest.Addr(n)-1)+PageSize)
	}
	if f := s.makeAll(a, uint64(n), access); f != nil {
		return v, f
	}
	s.eachPiece(a, n, func(_ guest.Addr, mem []byte) bool {
		v = append(v, mem)
		return true
	})
	return v, nil
}

// Load copies what the guest may read at a into b. Memory that has lost what is
// behind it since it was mapped is a fault too.
func (s *Space) Load(a guest.Addr, b []byte) *guest.MemFault {
	f := s.ready(a, len(b), guest.Read)
	if f == nil && !s.eachPiece(a, len(b), func(at guest.Addr, mem []byte) bool { return s.copy(at, b[at-a:][:len(mem)], mem) }) {
		f = s.lost(a, len(b), guest.Read)
	}
	return f
}

// Store copies b to where the guest may write at a.
func (s *Space) Store(a guest.Addr, b []byte) *guest.MemFault {
	f := s.ready(a, len(b), guest.Write)
	if f == nil && !s.eachPiece(a, len(b), func(at guest.Addr, mem []byte) bool { return s.copy(at, mem, b[at-a:]) }) {
		f = s.lost(a, len(b), guest.Write)
	}
	return f
}

// eachPiece calls f for memory that is on the host until it reports false.
func (s *Space) eachPiece(a guest.Addr, n int, f func(at guest.Addr, mem []byte) bool) bool {
	for n > 0 {
		mem := s.whole(a, uint64(n))
		if mem == nil || !f(a, mem) {
			return false
		}
		a, n = a+guest.Addr(len(mem)), n-len(mem)
	}
	return true
}

// copy copies from or to guest memory at a. Anonymous memory is always there.
func (s *Space) copy(a guest.Addr, dst, src []byte) bool {
	n := len(dst)
	if r := s.find(a); n == 0 || r != nil && r.file == nil && uint64(n) <= uint64(r.End-a) {
		copy(dst, src)
		return true
	}
	return copySafe(dst, src)
}

// lost says where an access failed that was allowed: a file has been cut off.
func (s *Space) lost(a guest.Addr, n int, access guest.Access) *guest.MemFault {
	for r := range s.regions.between(a, a+guest.Addr(n)) {
		if r.file != nil {
			r.file.look(s.group)
		}
	}
	if f := s.Check(a, uint64(n), access); f != nil {
		return f
	}
	return &guest.MemFault{Addr: a, Access: access, Mapped: true, Bus: true}
}

// Read copies memory at a into b, whatever the guest may do with it.
func (s *Space) Read(a guest.Addr, b []byte) error {
	return s.eachPart(a, len(b), func(at guest.Addr, off, n int, r *region) bool {
		return s.open(at, n, r, guest.Read, func(in int, mem []byte) bool { return copySafe(b[off+in:off+n], mem) })
	})
}

// Write copies b to memory at a, whatever the guest may do with it. Translations
// of the bytes are dropped.
func (s *Space) Write(a guest.Addr, b []byte) error {
	return s.eachPart(a, len(b), func(at guest.Addr, off, n int, r *region) bool {
		s.contentGone(PageOf(at), PageOf(at+guest.Addr(n)-1)+PageSize)
		if r.Shared { // the guest may not store here, so that nothing is watched
			s.group.changed(r.file.key.inode, r.offset(PageOf(at)), r.offset(at+guest.Addr(n)))
		}
		return s.open(at, n, r, guest.Write, func(in int, mem []byte) bool { return copySafe(mem, b[off+in:off+n]) })
	})
}

// eachPart calls f for the part of [a, a+n) in each region.
func (s *Space) eachPart(a guest.Addr, n int, f func(at guest.Addr, off, n int, r *region) bool) error {
	for off := 0; off < n; {
		at := a + guest.Addr(off)
		r := s.find(at)
		if r == nil {
			return fmt.Errorf("guest memory at %#x is not mapped", uint64(at))
		}
		part := n - off
		if room := uint64(r.End - at); room < uint64(part) {
			part = int(room)
		}
		if !f(at, off, part, r) {
			return fmt.Errorf("guest memory at %#x cannot be accessed: nothing is behind it", uint64(at))
		}
		off += part
	}
	return nil
}

// open calls f with the memory of a part of a region, made accessible for that
// time if the guest's protection forbids it, piece by piece.
func (s *Space) open(a guest.Addr, n int, r *region, access guest.Access, f func(off int, mem []byte) bool) bool {
	if s.makeAll(a, uint64(n), access) != nil {
		return false
	}
	have := hostProt(r.Prot)
	if want := hostProt(r.Prot | access); want != have {
		page := PageOf(a)
		size := uint64(PageOf(a+guest.Addr(n)-1) + PageSize - page)
		if s.protectHost(page, size, want) != nil {
			return false
		}
		defer s.protectHost(page, size, have)
	}
	return s.eachPiece(a, n, func(at guest.Addr, mem []byte) bool { return f(int(at-a), mem) })
}

// Fetch copies instruction bytes at a; n is short at the end of what may be
// executed, and f says why when it is 0.
func (s *Space) Fetch(a guest.Addr, b []byte) (n int, f *guest.MemFault) {
	for n < len(b) {
		at := a + guest.Addr(n)
		r := s.find(at)
		if r == nil || r.Prot&guest.Exec == 0 {
			f = r.refuses(at, guest.Exec)
			break
		}
		part := int(min(uint64(len(b)-n), uint64(PageOf(at)+PageSize-at)))
		if s.makePresent(at) != nil || !copySafe(b[n:n+part], s.whole(at, uint64(part))) {
			f = &guest.MemFault{Addr: at, Access: guest.Exec, Mapped: true, Bus: true}
			break
		}
		n += part
	}
	if n != 0 {
		f = nil
	}
	return n, f
}

// HostFault says what a host fault at an address means to the guest. f is nil
// for an address outside the guest's memory, and when watched is set: then only
// WatchCode forbade the store.
func (s *Space) HostFault(host uintptr, write bool) (f *guest.MemFault, a guest.Addr, watched bool) {
	a, ok := s.GuestOf(host)
	if !ok {
		return nil, 0, false
	}
	access := guest.Read
	if write {
		access = guest.Write
	}
	r := s.find(a)
	if r == nil {
		return &guest.MemFault{Addr: a, Access: access}, a, false
	}
	if hostProt(r.Prot|access) != hostProt(r.Prot) {
		return r.refuses(a, access), a, false
	}
	if write && s.watched[PageOf(a)] {
		return nil, a, true
	}
	return &guest.MemFault{Addr: a, Access: access, Mapped: true, Bus: true}, a, false
}
