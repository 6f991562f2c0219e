package mmu

import "panda/emu/guest"

// WatchCode says that the page of a holds translated code: from now on a guest
// store into it is a host fault. Pages of the same shared file that the space
// maps elsewhere are watched with it.
func (s *Space) WatchCode(a guest.Addr) {
	page := pageOf(a)
	r := s.find(page)
	if r == nil {
		return
	}
	s.watch(page, r)
	if r.Shared {
		s.eachAlias(page, r, func(at guest.Addr, of *region) { s.watch(at, of) })
	}
}

// NoteCode says that the page of a holds translated code, which the engine
// compares with the memory itself: stores go through, and OnCodeChange tells of
// all other changes. It reports false, and does nothing, where that cannot be:
// other maps of a shared page need a watch that sees stores.
func (s *Space) NoteCode(a guest.Addr) bool {
	page := pageOf(a)
	r := s.find(page)
	if r == nil || r.Shared {
		return false
	}
	if _, ok := s.watched[page]; !ok {
		s.watched[page] = false
	}
	return true
}

func (s *Space) watch(page guest.Addr, r *region) {
	if _, ok := s.watched[page]; ok {
		return
	}
	s.watched[page] = true
	if r.Prot&guest.Write != 0 {
		s.mustProtect(page, guest.Read)
	}
}

// Unwatch ends the watch of a page and of its aliases; the guest may write it
// again if its protection allows it. The caller has dropped the page's own
// translations; those of the aliases are dropped here.
func (s *Space) Unwatch(a guest.Addr) {
	page := pageOf(a)
	s.unwatch(page)
	if r := s.find(page); r != nil && r.Shared {
		s.eachAlias(page, r, func(at guest.Addr, _ *region) { s.forget(at) })
	}
}

func (s *Space) unwatch(page guest.Addr) bool {
	faults, ok := s.watched[page]
	if !ok {
		return false
	}
	delete(s.watched, page)
	if r := s.find(page); faults && r != nil && r.Prot&guest.Write != 0 {
		s.mustProtect(page, r.Prot)
	}
	return true
}

// forget ends the watch of a page and tells about it.
func (s *Space) forget(page guest.Addr) {
	if s.unwatch(page) && s.OnCodeChange != nil {
		s.OnCodeChange(page, page+PageSize)
	}
}

// codeGone ends the watches in [start, end), whose content is about to change.
func (s *Space) codeGone(start, end guest.Addr) {
	if len(s.watched) == 0 {
		return
	}
	var pages []guest.Addr
	if uint64(end-start)/PageSize <= uint64(len(s.watched)) {
		for p := start; p < end; p += PageSize {
			if _, ok := s.watched[p]; ok {
				pages = append(pages, p)
			}
		}
	} else {
		for p := range s.watched {
			if start <= p && p < end {
				pages = append(pages, p)
			}
		}
	}
	if len(pages) == 0 {
		return
	}
	for _, p := range pages {
		s.Unwatch(p)
	}
	if s.OnCodeChange != nil {
		s.OnCodeChange(start, end)
	}
}

// eachAlias calls f for the other places where the space maps the page of a
// shared file.
func (s *Space) eachAlias(page guest.Addr, r *region, f func(at guest.Addr, of *region)) {
	off := r.Offset + uint64(page-r.Start)
	key := r.file.key
	for i := range s.regions {
		o := &s.regions[i]
		if !o.Shared || o.file.key.dev != key.dev || o.file.key.ino != key.ino || off < o.Offset {
			continue
		}
		if at := o.Start + guest.Addr(off-o.Offset); at < o.End && at != page {
			f(at, o)
		}
	}
}

// watchAliases watches the pages of a new writable shared map that hold code
// which was translated at another address.
func (s *Space) watchAliases(start, end guest.Addr) error {
	r := s.find(start)
	if len(s.watched) == 0 || r == nil || !r.Shared || r.Prot&guest.Write == 0 {
		return nil
	}
	for i := range s.regions {
		o := &s.regions[i]
		if !o.Shared || o.file.key.ino != r.file.key.ino || o.Prot&guest.Exec == 0 {
			continue
		}
		for p := o.Start; p < o.End; p += PageSize {
			if _, ok := s.watched[p]; ok {
				s.WatchCode(p)
				s.eachAlias(p, o, func(at guest.Addr, of *region) { s.watch(at, of) })
			}
		}
	}
	return nil
}

func (s *Space) mustProtect(page guest.Addr, prot guest.Access) {
	if err := s.protectHost(page, PageSize, hostProt(prot)); err != nil {
		panic("protect a code page on the host: " + err.Error())
	}
}
