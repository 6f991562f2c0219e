package mmu

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
)

// TestFileRoom: maps of memory files need room for what no other map shows, and give
// it back when they are gone.
func TestFileRoom(t *testing.T) {
	s := newTestSpace(t)
	g, pages := s.group, uint64(8)
	fd := memfd(t, 4)
	of, err := g.inodeOf(fd)
	must(t, err)
	mapped := func() (n uint64) {
		n, _ = g.Mapped(of.dev, of.ino, 0)
		return n / PageSize
	}
	g.FileRoom = func(n uint64) bool { return n/PageSize+mapped() <= pages }
	private := Mapping{File: fd}
	must(t, s.Map(0x100000, 4*PageSize, guest.Read, private))
	must(t, s.Map(0x200000, 6*PageSize, rw, Mapping{File: fd, Shared: true}))
	c := clone(t, s)
	must(t, s.Map(0x300000, 50*PageSize, rw, Mapping{File: -1, Shared: true})) // no descriptor leads to it
	if n := mapped(); n != 6 {
		t.Errorf("%d pages are mapped, want 6", n)
	}
	if all, within := g.Mapped(of.dev, of.ino, 4*PageSize); all != 6*PageSize || within != 4*PageSize {
		t.Errorf("%d bytes are mapped, %d within", all, within)
	}
	private.Offset = 6 * PageSize
	if err := s.Map(0x400000, 3*PageSize, rw, private); !errors.Is(err, unix.ENOMEM) {
		t.Errorf("one page too many: %v", err)
	}
	must(t, s.Map(0x400000, 2*PageSize, rw, private))
	if err := s.Grow(0x402000, PageSize); !errors.Is(err, unix.ENOMEM) {
		t.Errorf("grown by one page too many: %v", err)
	}
	must(t, s.Unmap(0x200000, 6*PageSize))
	must(t, c.Unmap(0x200000, 6*PageSize))
	private.Offset = 20 * PageSize
	must(t, s.Map(0x500000, 2*PageSize, rw, private)) // pages 0 to 3, 6, 7 and these
	must(t, c.Close())
	must(t, s.Unmap(0x100000, 0x500000))
	if n := mapped(); n != 0 || len(g.maps.parts) != 0 {
		t.Errorf("%d pages are left", n)
	}
}
