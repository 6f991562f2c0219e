package mmu

import "panda/emu/guest"

// Clone makes the address space of a forked process: shared maps are the same
// memory, private ones are equal now and independent from now on.
func (s *Space) Clone(asid guest.ASID) (*Space, error) {
	if err := s.group.room(s.regions.private()); err != nil {
		return nil, err
	}
	c, err := s.group.newSpace(s.Limit, s.needed())
	if err != nil {
		return nil, err
	}
	s.count()
	if err := c.take(s.maps); err != nil {
		c.Close()
		return nil, err
	}
	c.ASID = asid
	if s.Soft != nil {
		c.UseTLB()
	}
	for r := range s.regions.all() {
		if err := c.inherit(s, r); err != nil {
			c.Close()
			return nil, err
		}
	}
	c.audit()
	return c, nil
}

// inherit maps a region of the parent alike.
func (s *Space) inherit(parent *Space, of *region) error {
	if of.DontFork {
		return nil
	}
	r := *of
	if of.file != nil {
		f, err := s.sameBacking(of.file)
		if err != nil {
			return err
		}
		r.file = f
	}
	place := s.mapHost
	if r.Shared {
		place = func(r *region) error { return s.shareHost(r, parent, r.Start) }
	}
	if err := place(&r); err != nil {
		s.dropFile(r.file)
		return err
	}
	s.regions.add(r)
	if r.Shared {
		s.watchShared(r.Start, r.End)
		return nil
	}
	if r.WipeOnFork {
		return nil
	}
	return s.copyPrivate(parent, of, of.Start, &r)
}

// copyPrivate copies the written pages of a region of from, beginning at old,
// to r in s, where nothing was written yet.
func (s *Space) copyPrivate(from *Space, of *region, old guest.Addr, r *region) error {
	runs, err := from.written(old, uint64(r.End-r.Start))
	if err != nil {
		return err
	}
	for _, run := range runs {
		n := int(run.end - run.start)
		ok := from.open(run.start, n, of, guest.Read, func(src []byte) bool {
			return s.open(r.Start+(run.start-old), n, r, guest.Write, func(dst []byte) bool { return copySafe(dst, src) })
		})
		if !ok {
			return &guest.MemFault{Addr: run.start, Access: guest.Read, Mapped: true, Bus: true}
		}
	}
	return nil
}

// run is a range of pages.
type run struct{ start, end guest.Addr }

// written finds the pages of a private range that are no longer those of the
// file or the zero page.
func (s *Space) written(a guest.Addr, size uint64) ([]run, error) {
	if runs, err := s.scanPages(a, size); err == nil {
		return runs, nil
	}
	return s.readPagemap(a, size)
}

// Bits of an entry of /proc/PID/pagemap (Documentation/admin-guide/mm/pagemap.rst).
const (
	pagemapFile    = 1 << 61
	pagemapSwapped = 1 << 62
	pagemapPresent = 1 << 63
)

// readPagemap is written for hosts before Linux 6.7. Without a pagemap every
// page counts.
func (s *Space) readPagemap(a guest.Addr, size uint64) (runs []run, err error) {
	entries := make([]uint64, 1<<13)
	for end := a + guest.Addr(size); a < end; {
		part := entries[:min(uint64(len(entries)), uint64(end-a)/PageSize)]
		if err := s.pagemap(a, part); err != nil {
			return append(runs, run{a, end}), nil
		}
		for _, e := range part {
			if e&(pagemapPresent|pagemapSwapped) != 0 && e&pagemapFile == 0 {
				runs = addPage(runs, a)
			}
			a += PageSize
		}
	}
	return runs, nil
}

func addPage(runs []run, a guest.Addr) []run {
	if n := len(runs); n != 0 && runs[n-1].end == a {
		runs[n-1].end += PageSize
		return runs
	}
	return append(runs, run{a, a + PageSize})
}
