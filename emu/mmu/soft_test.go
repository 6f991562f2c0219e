package mmu

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"panda/emu/guest"
)

// scattered is memory whose pages lie in any order, some read-only, some missing,
// and one of which is a device.
type scattered struct {
	pages map[guest.Addr]*Page
	asked int
}

func (s *scattered) Page(a guest.Addr, access guest.Access) (Page, error) {
	s.asked++
	p := s.pages[PageOf(a)]
	if p == nil || p.Device == nil && p.Access&access == 0 {
		return Page{}, &guest.MemFault{Addr: a, Access: access, Mapped: p != nil}
	}
	return *p, nil
}

// counting is a device that remembers what it was asked.
type counting struct{ log []uint64 }

func (d *counting) Load(off uint64, size int) uint64 {
	d.log = append(d.log, off<<8|uint64(size))
	return 0x8877665544332211
}

func (d *counting) Store(off uint64, size int, v uint64) {
	d.log = append(d.log, v<<32|off<<8|uint64(size))
}

func scatter(n int) *scattered {
	s := &scattered{pages: map[guest.Addr]*Page{}}
	mem := make([]byte, n*PageSize)
	for i := range n {
		at := (i*7 + 3) % n * PageSize
		s.pages[guest.Addr(i*PageSize)] = &Page{Host: mem[at:][:PageSize:PageSize], Access: guest.Read | guest.Write}
	}
	return s
}

// TestSoft: loads and stores at random places, most of which share entries, are
// what a flat copy of the memory says.
func TestSoft(t *testing.T) {
	const pages = 4 * tlbFew
	back := scatter(pages)
	s := NewSoft(back)
	flat := make([]byte, pages*PageSize)
	rng := rand.New(rand.NewPCG(1, 2))
	for step := range 200_000 {
		a, n := uint64(rng.IntN(len(flat)-32)), 1+rng.IntN(32)
		if rng.IntN(2) == 0 {
			a = a&^(PageSize-1) + PageSize - uint64(rng.IntN(n+1)) // across two pages
			a = min(a, uint64(len(flat)-32))
		}
		b := make([]byte, n)
		if rng.IntN(2) == 0 {
			for i := range b {
				b[i] = byte(rng.Uint32())
			}
			if err := s.Store(a, b); err != nil {
				t.Fatal(err)
			}
			copy(flat[a:], b)
			continue
		}
		if err := s.Load(a, b); err != nil || !bytes.Equal(b, flat[a:][:n]) {
			t.Fatalf("step %d: load of %d bytes at %#x: % x, %v, want % x", step, n, a, b, err, flat[a:][:n])
		}
	}
	if len(s.entries) <= tlbFew {
		t.Errorf("%d entries after %d evictions", len(s.entries), s.evicted)
	}
}

// TestSoftEntry: an entry lets no address through that it is not for.
func TestSoftEntry(t *testing.T) {
	back := scatter(8)
	back.pages[0x1000].Access = guest.Read
	s := NewSoft(back)
	var b [1]byte
	for range 2 {
		for page := range uint64(10) {
			if err := s.Load(page*PageSize, b[:]); (err == nil) != (page < 8) {
				t.Errorf("load from page %d: %v", page, err)
			}
			if err := s.Store(page*PageSize, b[:]); (err == nil) != (page < 8 && page != 1) {
				t.Errorf("store to page %d: %v", page, err)
			}
		}
	}
	for n := range s.entries {
		for _, tag := range []uint64{s.entries[n].Read, s.entries[n].Write, s.entries[n].Exec} {
			for _, a := range []uint64{0, 1 << 47, 1 << 63, ^uint64(0)} {
				a = a&^(uint64(len(s.entries))*PageSize-1) | uint64(n)*PageSize
				if a-tag < PageSize && back.pages[guest.Addr(a)] == nil {
					t.Errorf("entry %d lets %#x through", n, a)
				}
			}
		}
	}
}

func TestSoftFlush(t *testing.T) {
	back := scatter(16)
	s := NewSoft(back)
	var b [4]byte
	all := func() int {
		before := back.asked
		for page := range uint64(16) {
			s.Load(page*PageSize, b[:])
		}
		return back.asked - before
	}
	if n := all(); n != 16 {
		t.Fatalf("asked %d times at first", n)
	}
	s.FlushRange(0x3000, 0x6000)
	if n := all(); n != 3 {
		t.Errorf("asked %d times after a flush of 3 pages", n)
	}
	s.Flush()
	if n := all(); n != 16 {
		t.Errorf("asked %d times after a flush", n)
	}
}

// TestSoftVictims: two pages that share an entry do not push each other out.
func TestSoftVictims(t *testing.T) {
	back := scatter(2 * tlbFew)
	s := NewSoft(back)
	var b [1]byte
	for range 50 {
		s.Load(0, b[:])
		s.Load(tlbFew*PageSize, b[:])
	}
	if back.asked != 2 {
		t.Errorf("asked %d times for two pages", back.asked)
	}
}

// TestSoftAcross: a store into two pages of which the second may not be written
// changes nothing, and says which byte.
func TestSoftAcross(t *testing.T) {
	back := scatter(4)
	back.pages[0x2000].Access = guest.Read
	s := NewSoft(back)
	err := s.Store(0x1ffe, []byte{1, 2, 3, 4})
	var f *guest.MemFault
	if !errors.As(err, &f) || f.Addr != 0x2000 || f.Access != guest.Write || !f.Mapped {
		t.Errorf("%v", err)
	}
	var b [4]byte
	if err := s.Load(0x1ffe, b[:]); err != nil || b != [4]byte{} {
		t.Errorf("% x, %v", b, err)
	}
}

func TestSoftDevice(t *testing.T) {
	back := scatter(2)
	d := new(counting)
	back.pages[0x1000] = &Page{Device: d}
	s := NewSoft(back)
	b := make([]byte, 7)
	if err := s.Load(0x1010, b); err != nil || !bytes.Equal(b, []byte{0x11, 0x22, 0x33, 0x44, 0x11, 0x22, 0x11}) {
		t.Errorf("% x, %v", b, err)
	}
	s.Store(0x0fff, []byte{1, 2, 3}) // one byte of it is memory's
	want := []uint64{0x1004, 0x1402, 0x1601, 0x0302<<32 | 2}
	if len(d.log) != len(want) {
		t.Fatalf("%#x", d.log)
	}
	for i, w := range want {
		if d.log[i] != w {
			t.Errorf("access %d: %#x, want %#x", i, d.log[i], w)
		}
	}
}

// TestSoftSpan: a span in two pages is a copy that Settle writes back.
func TestSoftSpan(t *testing.T) {
	s := NewSoft(scatter(4))
	for _, a := range []uint64{0x1100, 0x1ff8} {
		b, err := s.Span(a, 16, guest.Write)
		if err != nil {
			t.Fatal(err)
		}
		copy(b, "sixteen letters.")
		s.Settle()
		got := make([]byte, 16)
		if s.Load(a, got); string(got) != "sixteen letters." {
			t.Errorf("at %#x: %q", a, got)
		}
	}
}

// TestSoftVictim: a page that gave way does not answer for its neighbour, whose
// address stands in its entry for what it forbids.
func TestSoftVictim(t *testing.T) {
	back := scatter(2 * tlbFew)
	const readOnly, neighbour = PageSize, 0
	back.pages[readOnly].Access = guest.Read
	s := NewSoft(back)
	var b [1]byte
	for _, a := range []uint64{readOnly, readOnly + tlbFew*PageSize} { // they share an entry
		if err := s.Load(a, b[:]); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Store(neighbour, []byte{7}); err != nil {
		t.Fatal(err)
	}
	if got := back.pages[neighbour].Host[0]; got != 7 || back.pages[readOnly].Host[0] != 0 {
		t.Errorf("stored %d, and %d in the other page", got, back.pages[readOnly].Host[0])
	}
}

// TestSoftBorders: what reaches into a page that may not be accessed faults at its
// first byte, with the access that was asked for.
func TestSoftBorders(t *testing.T) {
	back := scatter(2)
	delete(back.pages, PageSize)
	s := NewSoft(back)
	for _, access := range []guest.Access{guest.Read, guest.Write} {
		_, span := s.Span(PageSize-3, 8, access)
		for _, err := range []error{span, s.Check(PageSize-3, 8, access)} {
			if f := new(guest.MemFault); !errors.As(err, &f) || f.Addr != PageSize || f.Access != access {
				t.Errorf("%v: %v", access, err)
			}
		}
	}
}

// TestSoftStack: the entry of the stack is for pages that may be read and written, and goes
// with whatever may change that.
func TestSoftStack(t *testing.T) {
	const page, readOnly = 3 * PageSize, 5 * PageSize
	back := scatter(8)
	back.pages[readOnly].Access = guest.Read
	s := NewSoft(back)
	learn := func(a uint64) bool {
		var b [1]byte
		if err := s.Load(a, b[:]); err != nil {
			t.Fatal(err)
		}
		s.AtStack(a)
		return s.stack.Read == a&^(PageSize-1)
	}
	if s.stack.Read != noStack || learn(readOnly+8) {
		t.Errorf("%#x", s.stack)
	}
	for what, forget := range map[string]func(){
		"flush":  s.Flush,
		"range":  func() { s.FlushRange(page, page+PageSize) },
		"stores": func() { s.forbidStores(hostOf(back.pages[page].Host)) },
		"page":   func() { s.forbidStoresAt(page, hostOf(back.pages[page].Host)) },
	} {
		s.Flush()
		if !learn(page + 0x123) {
			t.Errorf("%#x is not the stack's: %#x", page, s.stack)
		}
		if forget(); s.stack.Read != noStack {
			t.Errorf("%s: %#x", what, s.stack)
		}
	}
}
