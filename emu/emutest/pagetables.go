package emutest

import (
	"encoding/binary"
	"fmt"

	"panda/emu/guest"
	"panda/emu/mmu"
)

// PageTables are page tables in the memory of a bare machine, of two levels: a page of 512
// entries at Root leads to others. The guest may change them as any memory.
type PageTables struct {
	Memory *mmu.Physical
	Root   guest.PhysAddr
	free   guest.PhysAddr // where the next table comes from
}

// The bits of an entry; the rest is the address of a page.
const (
	PagePresent  = 1 << 0
	PageWrite    = 1 << 1
	PageAccessed = 1 << 5
	PageDirty    = 1 << 6
)

// The levels translate so many bits of an address.
const (
	topShift  = 21
	leafShift = 12
	levelBits = 9
)

// NewPageTables are tables without an entry, in memory from root on.
func NewPageTables(m *mmu.Physical, root guest.PhysAddr) *PageTables {
	return &PageTables{m, root, root + mmu.PageSize}
}

// Map has a page show a frame, and gives the place of its entry.
func (t *PageTables) Map(a guest.Addr, frame guest.PhysAddr, bits uint64) guest.PhysAddr {
	top := t.Root + entryAt(a, topShift)
	e, err := t.entry(top)
	if err == nil && e&PagePresent == 0 {
		e = uint64(t.free) | PagePresent | PageWrite
		t.free += mmu.PageSize
		err = t.set(top, e)
	}
	leaf := guest.PhysAddr(e&^(mmu.PageSize-1)) + entryAt(a, leafShift)
	if err == nil {
		err = t.set(leaf, uint64(frame)|bits)
	}
	if err != nil {
		panic(fmt.Sprintf("page tables: %v", err))
	}
	return leaf
}

func entryAt(a guest.Addr, shift int) guest.PhysAddr {
	return guest.PhysAddr(a>>shift%(1<<levelBits)) * 8
}

func (t *PageTables) entry(at guest.PhysAddr) (uint64, error) {
	var b [8]byte
	err := t.Memory.Read(at, b[:])
	return binary.LittleEndian.Uint64(b[:]), err
}

func (t *PageTables) set(at guest.PhysAddr, e uint64) error {
	return t.Memory.Write(at, binary.LittleEndian.AppendUint64(nil, e))
}

// Walk implements mmu.Walker. There is one set of rules: all that is mapped may be read and
// executed.
func (t *PageTables) Walk(a guest.Addr, access guest.Access, _ mmu.Index, path *mmu.Path) (guest.PhysAddr, guest.Access, *guest.MemFault) {
	fault := &guest.MemFault{Addr: a, Access: access}
	if a >= 1<<(topShift+levelBits) {
		return 0, 0, fault
	}
	at, mark, may := t.Root, uint64(PageAccessed), guest.Read|guest.Write|guest.Exec
	if path != nil {
		*path = mmu.Path{Entry: 8, Top: true}
	}
	for _, shift := range [...]int{topShift, leafShift} {
		place := at + entryAt(a, shift)
		if path != nil {
			path.Steps[path.N] = mmu.Step{Table: at, Index: int(entryAt(a, shift) / 8), Bits: shift}
			path.N++
		}
		e, err := t.entry(place)
		if err != nil || e&PagePresent == 0 || access&guest.Write != 0 && e&PageWrite == 0 {
			return 0, 0, fault
		}
		if e&PageWrite == 0 {
			may &^= guest.Write
		}
		if shift == leafShift && access&guest.Write != 0 {
			mark |= PageDirty
		}
		if access != 0 && e&mark != mark {
			e |= mark
			mem, _ := t.Memory.RAM(place, 8)
			binary.LittleEndian.PutUint64(mem, e)
		}
		if shift == leafShift && e&PageDirty == 0 {
			may &^= guest.Write
		}
		at = guest.PhysAddr(e &^ (mmu.PageSize - 1))
	}
	return at, may, nil
}

// Moved implements mmu.Walker.
func (t *PageTables) Moved(_, _ mmu.Root) mmu.Parts { return mmu.AllParts }
