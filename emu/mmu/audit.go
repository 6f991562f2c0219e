package mmu

import (
	"fmt"
	"os"
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
	base := uint64(uintptr(s.Base))
	at, end := base-Guard, base+s.Limit+Guard
	for line := range strings.Lines(string(text)) {
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
		if err := s.auditMap(m); err != nil {
			return err
		}
		at = m.end
	}
	if at != end {
		return fmt.Errorf("hole at the end of a window, %#x long", end-at)
	}
	return nil
}

// auditMap looks at a host map, or its part in the window.
func (s *Space) auditMap(m hostMap) error {
	for at := m.start; at < m.end; {
		r, next := s.regionFrom(at)
		next = min(next, m.end)
		a := guest.Addr(at - uint64(uintptr(s.Base)))
		if r != nil && r.file != nil && r.file.key.ino != m.ino && r.file.eof != noEnd { // a device may map another file
			return fmt.Errorf("guest address %#x is of file %d on the host, not %d", uint64(a), m.ino, r.file.key.ino)
		}
		for uniform := r == nil || r.Prot&guest.Write == 0 || len(s.watched) == 0; at < next; at, a = at+PageSize, a+PageSize {
			if want := s.permsOf(r, a); m.perms != want {
				return fmt.Errorf("guest address %#x is %s on the host, not %s", uint64(a), m.perms, want)
			}
			if uniform {
				break
			}
		}
		at = next
	}
	return nil
}

// regionFrom is the region at a host address, nil for none, and where that ends.
func (s *Space) regionFrom(at uint64) (*region, uint64) {
	base := uint64(uintptr(s.Base))
	switch {
	case at < base:
		return nil, base
	case at >= base+s.Limit:
		return nil, base + s.Limit + Guard
	}
	r := s.regions.from(guest.Addr(at - base)).region()
	switch {
	case r == nil:
		return nil, base + s.Limit
	case uint64(r.Start) > at-base:
		return nil, base + uint64(r.Start)
	}
	return r, base + uint64(r.End)
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
	if !s.group.Audit || s.Base == nil {
		return
	}
	if err := s.Audit(); err != nil {
		panic("BUG: " + err.Error())
	}
}
