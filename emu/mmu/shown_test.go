package mmu

import (
	"bytes"
	"testing"

	"panda/emu/guest"
)

// flat is a Walker without page tables.
type flat struct{}

func (flat) Walk(a guest.Addr, _ guest.Access, _ Index, path *Path) (guest.PhysAddr, guest.Access, *guest.MemFault) {
	if path != nil {
		*path = Path{}
	}
	return PageOf(guest.PhysAddr(a)), guest.Read | guest.Write | guest.Exec, nil
}

func (flat) Moved(_, _ Root) Parts { return 0 }

const all = guest.Read | guest.Write | guest.Exec

// TestShown has addresses show RAM, a ROM, and, as a PC does for its firmware, loads from the
// one and stores to the other.
func TestShown(t *testing.T) {
	p, err := NewFrames(4 * PageSize)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	const ram, rom = 0, 2 * PageSize
	copy(p.Frames(rom, 3), "ROM")
	s := p.NewPaged(flat{})
	defer s.Close()
	store := func(a uint64, text string) {
		t.Helper()
		if err := s.now().Store(a, []byte(text)); err != nil {
			t.Fatalf("store to %#x: %v", a, err)
		}
	}
	load := func(a uint64, want string) {
		t.Helper()
		b := make([]byte, len(want))
		if err := s.now().Load(a, b); err != nil || string(b) != want {
			t.Fatalf("%q at %#x, want %q: %v", b, a, want, err)
		}
	}
	const at = 0xf0000
	p.Show(Shown{At: at, Size: 2 * PageSize, Frame: rom, Access: guest.Read | guest.Exec})
	load(at, "ROM")
	store(at, "xyz")
	load(at, "ROM")
	if err := p.Write(at, []byte("dma")); err == nil {
		t.Error("a ROM was written")
	}
	p.Show(Shown{At: at, Size: PageSize, Frame: rom, Write: ram, Access: all})
	load(at, "ROM")
	store(at, "RAM")
	load(at, "ROM")
	p.Show(Shown{At: at, Size: PageSize, Frame: ram, Write: ram, Access: all})
	load(at, "RAM")
	store(at+1, "om")
	load(at, "Rom")
	if !bytes.Equal(p.Frames(rom, 3), []byte("ROM")) {
		t.Errorf("the ROM has %q", p.Frames(rom, 3))
	}
	p.Hide(at, PageSize)
	if err := s.now().Load(at, make([]byte, 1)); err == nil {
		t.Error("what shows nothing was read")
	}
	if _, err := p.RAM(at+PageSize-1, 2); err == nil {
		t.Error("nothing was read by DMA")
	}
	if _, err := p.RAM(at+PageSize, PageSize); err != nil {
		t.Errorf("what stayed: %v", err)
	}
}

// TestShownCode has code stay where it lies, whatever shows it, and be dropped by a store at
// any address.
func TestShownCode(t *testing.T) {
	p, err := NewPhysical(4 * PageSize)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	s := p.NewPaged(flat{})
	defer s.Close()
	place, f := s.Place(PageSize + 8)
	if f != nil || place != PageSize+8 {
		t.Fatalf("code lies at %#x: %v", place, f)
	}
	p.Watch(PageOf(place))
	p.Show(Shown{At: 0x100000, Size: PageSize, Frame: PageSize, Write: PageSize, Access: all})
	if again, f := s.Place(0x100008); f != nil || again != place {
		t.Errorf("it lies at %#x by another address: %v", again, f)
	}
	store, ok := s.now().Store(0x100008, []byte{1}).(*CodeStore)
	if !ok || store.Page != PageSize {
		t.Errorf("a store into it is %v", store)
	}
	var told []guest.PhysAddr
	p.OnChange(func(start, _ guest.PhysAddr) { told = append(told, start) })
	if err := p.Write(0x100010, []byte{1}); err != nil || len(told) != 1 || told[0] != PageSize {
		t.Errorf("DMA told of %#x: %v", told, err)
	}
}
