package emutest

import (
	"fmt"

	"panda/emu/guest"
	"panda/emu/mmu"
)

// Tables are the page tables of a bare machine with physical memory, as a list.
type Tables struct {
	Memory *mmu.Physical
	pages  map[guest.Addr]frame
	free   guest.PhysAddr // where the next pages come from
}

// frame is what lies at a page.
type frame struct {
	at  guest.PhysAddr
	may guest.Access
}

// NewTables are tables without an entry.
func NewTables(m *mmu.Physical) *Tables {
	return &Tables{Memory: m, pages: map[guest.Addr]frame{}, free: 3 * mmu.PageSize}
}

// Map has pages from an address on show physical memory.
func (t *Tables) Map(a guest.Addr, size uint64, at guest.PhysAddr, may guest.Access) {
	for off := uint64(0); off < size; off += mmu.PageSize {
		t.pages[a+guest.Addr(off)] = frame{at + guest.PhysAddr(off), may}
	}
}

// Space is an address space with these tables.
func (t *Tables) Space() *PagedSpace { return &PagedSpace{t.Memory.NewPaged(t), t} }

// PagedSpace is an address space with its tables.
type PagedSpace struct {
	*mmu.Paged
	*Tables
}

// Unmap takes a page away.
func (t *Tables) Unmap(a guest.Addr) { delete(t.pages, a) }

// MapNew has pages show memory that nobody else has.
func (t *Tables) MapNew(a guest.Addr, size uint64, may guest.Access) {
	t.Map(a, size, t.free, may)
	t.free += guest.PhysAddr(size) + mmu.PageSize
}

// Bytes is the memory of pages that MapNew has mapped together.
func (t *Tables) Bytes(a guest.Addr, n int) ([]byte, error) {
	f, ok := t.pages[mmu.PageOf(a)]
	if !ok {
		return nil, fmt.Errorf("nothing is mapped at %#x", uint64(a))
	}
	return t.Memory.RAM(f.at+guest.PhysAddr(a%mmu.PageSize), n)
}

// Walk implements mmu.Walker. What may be done at all may be read, as on x86.
func (t *Tables) Walk(a guest.Addr, access guest.Access, _ mmu.Index, _ *mmu.Path) (guest.PhysAddr, guest.Access, *guest.MemFault) {
	f, ok := t.pages[mmu.PageOf(a)]
	if f.may != 0 {
		f.may |= guest.Read
	}
	if !ok || f.may&access != access {
		return 0, 0, &guest.MemFault{Addr: a, Access: access, Mapped: ok, Present: ok && f.may != 0}
	}
	return f.at, f.may, nil
}

// Moved implements mmu.Walker. There is one root.
func (t *Tables) Moved(_, _ mmu.Root) mmu.Parts { return mmu.AllParts }
