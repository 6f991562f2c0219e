package mmu

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"panda/emu/guest"
)

// tables are page tables as a list.
type tables map[guest.Addr]guest.PhysAddr

func (t tables) Walk(a guest.Addr, access guest.Access, _ Index, _ *Path) (guest.PhysAddr, guest.Access, *guest.MemFault) {
	page, ok := t[PageOf(a)]
	if !ok {
		return 0, 0, &guest.MemFault{Addr: a, Access: access}
	}
	return page, guest.Read | guest.Write | guest.Exec, nil
}

func (t tables) Moved(_, _ Root) Parts { return AllParts }

func newPhysical(t *testing.T, pages uint64) *Physical {
	t.Helper()
	p, err := NewPhysical(pages * PageSize)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	p.OnChange(func(start, end guest.PhysAddr) {})
	return p
}

// TestPaged does what guests and run loops do, at random, in spaces whose pages meet in
// the TLB, and compares with a flat memory and a list of the pages that hold code: no
// store reaches one of those.
func TestPaged(t *testing.T) {
	const pages, linear = 24, 3 * tlbFew
	p := newPhysical(t, pages)
	rng := rand.New(rand.NewPCG(3, 4))
	var spaces [2]*Paged
	var maps [2]tables
	for i := range spaces {
		maps[i] = tables{}
		spaces[i] = p.NewPaged(maps[i])
	}
	flat := make([]byte, pages*PageSize)
	code := map[guest.PhysAddr]bool{}
	for step := range 300_000 {
		n := rng.IntN(2)
		s, m := spaces[n], maps[n]
		a := guest.Addr(rng.IntN(linear)) * PageSize
		page := guest.PhysAddr(rng.IntN(pages)) * PageSize
		b := []byte{byte(step)}
		at, mapped := m[a]
		switch rng.IntN(8) {
		case 0:
			m[a] = page
			s.FlushPage(a)
		case 1:
			p.Watch(page)
			code[page] = true
		case 2:
			p.Unwatch(page)
			delete(code, page)
		case 3, 4:
			if err := s.now().Load(uint64(a), b); (err == nil) != mapped || mapped && b[0] != flat[at] {
				t.Fatalf("step %d: load at %#x: %v, %#x", step, uint64(a), err, b)
			}
		default:
			err := s.now().Store(uint64(a), b)
			var store *CodeStore
			switch {
			case !mapped:
				if _, ok := err.(*guest.MemFault); !ok {
					t.Fatalf("step %d: store at %#x where nothing is: %v", step, uint64(a), err)
				}
			case code[at]:
				if !errors.As(err, &store) || *store != (CodeStore{a, at}) {
					t.Fatalf("step %d: store at %#x into code at %#x: %v", step, uint64(a), uint64(at), err)
				}
			case err != nil:
				t.Fatalf("step %d: store at %#x: %v", step, uint64(a), err)
			default:
				flat[at] = b[0]
			}
		}
	}
	got := make([]byte, len(flat))
	if err := p.Read(0, got); err != nil || !bytes.Equal(got, flat) {
		t.Error("the memory is not what was stored", err)
	}
}

// TestPhysical: what is no RAM is refused; a change from outside is told of once.
func TestPhysical(t *testing.T) {
	for _, size := range []uint64{0, 100, 1 << 62} {
		if p, err := NewPhysical(size); err == nil {
			t.Errorf("%#x bytes of RAM: %v", size, p)
		}
	}
	p := newPhysical(t, 4)
	var told []guest.PhysAddr
	p.OnChange(func(start, end guest.PhysAddr) { told = append(told, start, end) })
	p.Watch(0x1000)
	p.Note(0x2000)
	for _, at := range []guest.PhysAddr{0x3fff, 0x4000, 0x4001, ^guest.PhysAddr(0)} {
		if err := p.Write(at, make([]byte, 2)); err == nil {
			t.Errorf("2 bytes at %#x were written", uint64(at))
		}
	}
	for range 2 {
		if err := p.Write(0xfff, make([]byte, 0x2002)); err != nil {
			t.Error(err)
		}
	}
	if len(told) != 4 || told[0] != 0x1000 || told[2] != 0x2000 {
		t.Errorf("told of %#x", told)
	}
}

// TestPagedAccess: a debugger and the fetch of code see what page tables show, in pieces.
func TestPagedAccess(t *testing.T) {
	p := newPhysical(t, 4)
	s := p.NewPaged(tables{0x10000: 0x3000, 0x11000: 0x1000})
	if err := s.Write(0x10ffe, []byte{1, 2, 3, 4}); err != nil {
		t.Fatal(err)
	}
	var b [4]byte
	if err := s.Read(0x10ffe, b[:]); err != nil || b != [4]byte{1, 2, 3, 4} {
		t.Error(b, err)
	}
	if n, f := s.Fetch(0x10ffe, b[:]); n != 4 || f != nil || b[2] != 3 {
		t.Error(n, f, b)
	}
	if n, f := s.Fetch(0x11ffe, b[:]); n != 2 || f != nil {
		t.Error(n, f)
	}
	if n, f := s.Fetch(0x12000, b[:]); n != 0 || f == nil || f.Addr != 0x12000 {
		t.Error(n, f)
	}
	if at, f := s.Place(0x11234); at != 0x1234 || f != nil {
		t.Errorf("%#x %v", uint64(at), f)
	}
	if err := s.Read(0x11ffe, b[:]); err == nil {
		t.Error("read beyond what is mapped")
	}
	if f := s.Check(0x10800, 0x1800, guest.Read); f != nil {
		t.Error(f)
	}
	if f := s.Check(0x10800, 0x1801, guest.Read); f == nil || f.Addr != 0x12000 {
		t.Error(f)
	}
}
