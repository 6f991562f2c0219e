package mmu

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
)

// hostMap is a line of /proc/PID/maps (proc_pid_maps(5)).
type hostMap struct {
	start, end uint64
	perms      string
	ino        uint64
}

// Audit holds the window against what the host has there: no page is without a
// map, what is free cannot be reached, and what is mapped has the protection that
// the region and its watches say. It is slow.
func (s *Space) Audit() error {
	text, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return err
	}
	var guarded []guest.Addr
	for page, faults := range s.watched { // sorted below
		if faults {
			guarded = append(guarded, page)
		}
	}
	slices.Sort(guarded)
	for _, p := range s.audited() {
		if err := s.auditPiece(string(text), p, guarded); err != nil {
			return err
		}
	}
	return nil
}

// auditedPiece is what Audit looks at: [start, end) on the host, where guest address at lies
// at base.
type auditedPiece struct {
	start, end, base uint64
	at, to           guest.Addr
}

// audited are the window and the chunks.
func (s *Space) audited() (ps []auditedPiece) {
	if s.Base != nil {
		base := hostAddr(s.Base)
		ps = append(ps, auditedPiece{base - Guard, base + s.Window + Guard, base, 0, guest.Addr(s.Window)})
	}
	for at, p := range s.chunks { // each by itself
		base := hostAddr(p)
		ps = append(ps, auditedPiece{base, base + chunkSize, base, at, at + guest.Addr(chunkSize)})
	}
	return ps
}

// auditPiece looks at one piece.
func (s *Space) auditPiece(maps string, p auditedPiece, guarded []guest.Addr) error {
	at, end := p.start, p.end
	for line := range strings.Lines(maps) {
		var m hostMap
		var dev, off string
		if _, err := fmt.Sscanf(line, "%x-%x %s %s %s %d", &m.start, &m.end, &m.perms, &off, &dev, &m.ino); err != nil {
			return fmt.Errorf("line %q: %w", line, err)
		}
		if m.end <= at || m.start >= end {
			continue
		}
		if m.start > at {
			return fmt.Errorf("hole in a window, %#x before its end, in front of %s", end-at, line)
		}
		m.start, m.end = at, min(m.end, end)
		if err := s.auditMap(p, m, guarded); err != nil {
			return err
		}
		at = m.end
	}
	if at != end {
		return fmt.Errorf("hole at the end of a window, %#x long", end-at)
	}
	return nil
}

// auditMap looks at a host map, or its part in a piece. guarded are the pages whose
// watch forbids stores.
func (s *Space) auditMap(p auditedPiece, m hostMap, guarded []guest.Addr) error {
	for at := m.start; at < m.end; {
		r, next := s.regionFrom(p, at)
		next = min(next, m.end)
		a := p.at + guest.Addr(at-p.base)
		if r != nil && r.file != nil && r.file.key.ino != m.ino && r.file.eof != noEnd { // a device may map another file
			return fmt.Errorf("guest address %#x is of file %d on the host, not %d", uint64(a), m.ino, r.file.key.ino)
		}
		for at < next {
			if want := s.permsOf(r, a); m.perms != want {
				return fmt.Errorf("guest address %#x is %s on the host, not %s", uint64(a), m.perms, want)
			}
			n := next - at
			if r != nil { // guards have no guest addresses
				n = min(n, alikeFrom(guarded, a))
			}
			at, a = at+n, a+guest.Addr(n)
		}
	}
	return nil
}

// alikeFrom is how many bytes from a page on are guarded as the page is.
func alikeFrom(guarded []guest.Addr, page guest.Addr) uint64 {
	switch i, here := slices.BinarySearch(guarded, page); {
	case here:
		return PageSize
	case i < len(guarded):
		return uint64(guarded[i] - page)
	}
	return uint64(^page)
}

// regionFrom is the region at a host address, nil for none, and where that ends.
func (s *Space) regionFrom(p auditedPiece, at uint64) (*region, uint64) {
	last := p.base + uint64(p.to-p.at)
	switch {
	case at < p.base:
		return nil, p.base
	case at >= last:
		return nil, p.end
	}
	a := p.at + guest.Addr(at-p.base)
	r := s.regions.from(a).region()
	switch {
	case r == nil || r.Start >= p.to:
		return nil, last
	case r.Start > a:
		return nil, p.base + uint64(r.Start-p.at)
	}
	return r, min(last, p.base+uint64(r.End-p.at))
}

// permsOf is how /proc/PID/maps shows the protection of a page.
func (s *Space) permsOf(r *region, page guest.Addr) string {
	if r == nil {
		return "---p"
	}
	prot := hostProt(r.Prot)
	if s.watched[page] {
		prot &^= unix.PROT_WRITE
	}
	perms := []byte("---p")
	if prot&unix.PROT_READ != 0 {
		perms[0] = 'r'
	}
	if prot&unix.PROT_WRITE != 0 {
		perms[1] = 'w'
	}
	if r.Shared {
		perms[3] = 's'
	}
	return string(perms)
}

// audit looks after a change whether the window is whole, if the group wants that.
func (s *Space) audit() {
	if !s.group.Audit || s.Limit == 0 {
		return
	}
	if err := s.Audit(); err != nil {
		panic("BUG: " + err.Error())
	}
}
