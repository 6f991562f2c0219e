package mmu

import "panda/emu/guest"

// WatchCode says that the page of a holds translated code: from now on a guest
// store into it, through whatever map of whatever space of the group, is a host
// fault.
func (s *Space) WatchCode(a guest.Addr) {
	page := PageOf(a)
	r := s.find(page)
	if r == nil {
		return
	}
	if s.watchAll(page, r) == nil {
		return
	}
	s.group.forgetAll()
	if err := s.watchAll(page, r); err != nil {
		panic("BUG: no host map is left to watch a code page: " + err.Error())
	}
}

// watchAll watches a page, and the other maps of it if it is of a file.
func (s *Space) watchAll(page guest.Addr, r *region) error {
	err := s.watch(page, r)
	if err == nil && r.file != nil {
		err = s.group.noteCode(r.file.key.inode, r.offset(page))
	}
	return err
}

// NoteCode says that the page of a holds translated code, which the engine
// compares with the memory itself: stores go through, and OnCodeChange tells of
// all other changes. It reports false, and does nothing, where that cannot be:
// other maps of a shared page need a watch that sees stores.
func (s *Space) NoteCode(a guest.Addr) bool {
	page := PageOf(a)
	r := s.find(page)
	if r == nil || r.Shared {
		return false
	}
	if _, ok := s.watched[page]; !ok {
		s.watched[page] = false
	}
	return true
}

// watch fails when the host has no maps left for it.
func (s *Space) watch(page guest.Addr, r *region) error {
	if s.watched[page] {
		return nil
	}
	if r.Prot&guest.Write != 0 {
		if err := s.mayWatch(); err != nil {
			return err
		}
		s.mustProtect(page, guest.Read)
		s.guarded++
	}
	s.watched[page] = true
	return nil
}

// Unwatch ends the watch of a page: the caller has dropped its translations, or is
// about to. The guest may write it again if its protection allows it.
func (s *Space) Unwatch(a guest.Addr) { s.unwatch(PageOf(a)) }

// Stored ends the watch of a page that the guest is about to store into. The
// caller has dropped the page's own translations; those of other maps of the same
// file page are dropped here.
func (s *Space) Stored(a guest.Addr) {
	page := PageOf(a)
	s.unwatch(page)
	if r := s.find(page); r != nil && r.Shared {
		off := r.offset(page)
		s.group.changed(r.file.key.inode, off, off+PageSize)
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
		s.guarded--
	}
	return true
}

// forget ends the watch of a page and tells about it.
func (s *Space) forget(page guest.Addr) {
	if s.unwatch(page) && s.OnCodeChange != nil {
		s.OnCodeChange(page, page+PageSize)
	}
}

// codeGone ends the watches in [start, end), where something else is about to be
// mapped.
func (s *Space) codeGone(start, end guest.Addr) { s.endWatches(start, end, s.Unwatch) }

// contentGone ends the watches in [start, end), which is about to be written.
func (s *Space) contentGone(start, end guest.Addr) { s.endWatches(start, end, s.Stored) }

func (s *Space) endWatches(start, end guest.Addr, each func(page guest.Addr)) {
	pages := s.watchedIn(start, end)
	for _, p := range pages {
		each(p)
	}
	if len(pages) != 0 && s.OnCodeChange != nil {
		s.OnCodeChange(start, end)
	}
}

// watchedIn lists the watched pages of a range, in no order that matters: their
// watches end one by one.
func (s *Space) watchedIn(start, end guest.Addr) (pages []guest.Addr) {
	if len(s.watched) == 0 {
		return nil
	}
	if uint64(end-start)/PageSize <= uint64(len(s.watched)) {
		for p := start; p < end; p += PageSize {
			if _, ok := s.watched[p]; ok {
				pages = append(pages, p)
			}
		}
		return pages
	}
	for p := range s.watched { // see above
		if start <= p && p < end {
			pages = append(pages, p)
		}
	}
	return pages
}

// eachMap calls f for the places where the space maps a page of a file.
func (s *Space) eachMap(of inode, off uint64, f func(at guest.Addr, r *region)) {
	for r := range s.regions.all() {
		if r.file == nil || r.file.key.inode != of || off < r.Offset {
			continue
		}
		if at := r.Start + guest.Addr(off-r.Offset); at < r.End {
			f(at, r)
		}
	}
}

// watchShared watches the pages of new writable shared maps in a range that hold
// code which was translated elsewhere.
func (s *Space) watchShared(start, end guest.Addr) {
	for r := range s.regions.between(start, end) {
		if r.sharesStores() && s.watchCodeIn(r) != nil {
			s.group.forgetAll()
			return
		}
	}
}

func (s *Space) watchCodeIn(r *region) error {
	for _, off := range s.group.codeIn(r.file.key.inode, r.Offset, r.Offset+uint64(r.End-r.Start)) {
		if err := s.watch(r.Start+guest.Addr(off-r.Offset), r); err != nil {
			return err
		}
	}
	return nil
}

func (s *Space) mustProtect(page guest.Addr, prot guest.Access) {
	if err := s.protectHost(page, PageSize, hostProt(prot)); err != nil {
		panic("protect a code page on the host: " + err.Error())
	}
}
