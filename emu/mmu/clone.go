package mmu

import (
	"math/bits"

	"panda/emu/guest"
)

// Clone makes the address space of a forked process: shared maps are the same
// memory, private ones are equal now and independent from now on.
func (s *Space) Clone(asid guest.ASID) (*Space, error) {
	if err := s.group.room(s.regions.private()); err != nil {
		return nil, err
	}
	c := s.twin()
	s.count()
	if err := c.take(s.maps); err != nil {
		c.Close()
		return nil, err
	}
	c.ID = asid
	for r := range s.regions.all() {
		if err := c.inherit(s, r); err != nil {
			c.Close()
			return nil, err
		}
	}
	c.audit()
	return c, nil
}

// twin is an empty space of the same kind, or one without a window if none that holds
// what the space has is to be had.
func (s *Space) twin() *Space {
	if s.Soft != nil {
		return s.group.newPaged(s.Limit)
	}
	return s.group.newWindow(s.Limit, s.Window, s.needed())
}

// needed is the smallest window that holds the regions.
func (s *Space) needed() uint64 {
	end := uint64(s.regions.end())
	if end == 0 {
		return min(s.Window, MinWindow)
	}
	return min(s.Window, max(MinWindow, uint64(1)<<bits.Len64(end-1)))
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
	if err := s.group.short(place(&r)); err != nil {
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
	copied := func(a, end guest.Addr) bool {
		return from.open(a, int(end-a), of, guest.Read, func(off int, src []byte) bool {
			to := r.Start + (a - old) + guest.Addr(off)
			return s.open(to, len(src), r, guest.Write, func(off int, dst []byte) bool { return copySafe(dst, src[off:]) })
		})
	}
	for _, run := range runs {
		if copied(run.start, run.end) {
			continue
		}
		for a := run.start; a < run.end; a += PageSize {
			if !copied(a, a+PageSize) && of.file == nil { // what lies beyond the end of a file is not there in s either
				return &guest.MemFault{Addr: a, Access: guest.Read, Mapped: true, Bus: true}
			}
		}
	}
	return nil
}

// run is a range of pages.
type run struct{ start, end guest.Addr }

// written finds the pages of a private range that are no longer those of the
// file or the zero page.
func (s *Space) written(a guest.Addr, size uint64) (runs []run, err error) {
	for e := range s.present(a, size) {
		part, err := s.scanPages(e)
		if err != nil {
			if part, err = readPagemap(e); err != nil {
				return nil, err
			}
		}
		runs = append(runs, part...)
	}
	return runs, nil
}

// Bits of an entry of /proc/PID/pagemap (Documentation/admin-guide/mm/pagemap.rst).
const (
	pagemapFile    = 1 << 61
	pagemapSwapped = 1 << 62
	pagemapPresent = 1 << 63
)

// readPagemap is written for hosts before Linux 6.7. Without a pagemap every
// page counts.
func readPagemap(in extent) (runs []run, err error) {
	entries := make([]uint64, 1<<13)
	for a := in.at; a < in.end(); {
		part := entries[:min(len(entries), int(in.end()-a)/PageSize)]
		if err := pagemap(in.mem[a-in.at:], part); err != nil {
			return append(runs, run{a, in.end()}), nil
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
