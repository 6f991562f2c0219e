package system

import (
	"encoding/binary"

	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/mmu"
)

// Bits of entries of page tables (SDM vol. 3A 4.3 to 4.5).
const (
	pagePresent  = 1 << 0
	pageWrite    = 1 << 1
	pageUser     = 1 << 2
	pageAccessed = 1 << 5
	pageDirty    = 1 << 6
	pageLarge    = 1 << 7
	pageNX       = 1 << 63
)

// paging is a kind of page tables.
type paging struct {
	entry  int // size in bytes
	levels []level
}

// level is one step of a walk.
type level struct {
	shift   int  // an entry translates 2^shift bytes
	index   int  // bits of the address that are the number of the entry
	large   bool // entries may be pages
	rights  bool // entries have rights, and are marked as accessed
	noLarge bool // the bit of large pages is reserved
}

// The kinds.
var (
	paging32  = &paging{4, []level{{22, 10, true, true, false}, {12, 10, false, true, false}}}
	pagingPAE = &paging{8, []level{{30, 2, false, false, true}, {21, 9, true, true, false}, {12, 9, false, true, false}}}
	paging4   = &paging{8, []level{{39, 9, false, true, true}, {30, 9, true, true, false}, {21, 9, true, true, false}, {12, 9, false, true, false}}}
)

// paging is the kind of the present mode, nil without paging.
func (s *CPU) paging() *paging {
	switch {
	case !s.on(regs.CR0, regs.CR0PG):
		return nil
	case s.long():
		return paging4
	case s.on(regs.CR4, regs.CR4PAE):
		return pagingPAE
	}
	return paging32
}

// A Root is the address of the top table, with the kind of the tables in its low bits.
const (
	rootNone mmu.Root = iota
	root32
	rootPAE
	root4
	rootKind = mmu.RootKind
)

// remap goes to the page tables that CR3 names, and to their TLB, also where the mode stays
// the same.
func (s *CPU) remap() {
	s.space.Enter(s.root())
	s.c.SetSpace(s.space)
	s.changed()
}

func (s *CPU) root() mmu.Root {
	cr3 := mmu.Root(s.c.W[regs.CR3])
	switch s.paging() {
	case paging4:
		return cr3&(1<<s.has.Width-1)&^0xfff | root4
	case pagingPAE:
		return cr3&0xffffffe0 | rootPAE
	case paging32:
		return cr3&0xfffff000 | root32
	}
	return rootNone
}

// top is where the entries of a root begin.
func (r rooted) top() guest.PhysAddr { return guest.PhysAddr(mmu.Root(r) &^ rootKind) }

type rooted mmu.Root

// walk is one through page tables.
type walk struct {
	s      *CPU
	a      guest.Addr
	access guest.Access
	by     mmu.Index
	path   *mmu.Path
	rights uint64 // pageWrite and pageUser, where all entries have them, and pageNX, where one has
}

// Walk implements mmu.Walker.
func (s *CPU) Walk(a guest.Addr, access guest.Access, by mmu.Index, path *mmu.Path) (guest.PhysAddr, guest.Access, *guest.MemFault) {
	p := s.paging()
	if path != nil {
		*path = mmu.Path{}
	}
	if p == nil {
		return mmu.PageOf(guest.PhysAddr(uint32(a))) & s.a20, guest.Read | guest.Write | guest.Exec, nil
	}
	w := walk{s, a, access, by, path, pageWrite | pageUser}
	if p == paging4 && !canonical(uint64(a)) {
		return 0, 0, &guest.MemFault{Addr: a, Access: access}
	}
	if path != nil {
		path.Entry, path.Top = p.entry, p != pagingPAE // whose top is no page of its own
	}
	return w.through(p, rooted(s.root()).top())
}

func (w *walk) through(p *paging, at guest.PhysAddr) (guest.PhysAddr, guest.Access, *guest.MemFault) {
	for i := range p.levels {
		l := &p.levels[i]
		place := (at + guest.PhysAddr(uint64(w.a)>>l.shift&(1<<l.index-1))*guest.PhysAddr(p.entry)) & w.s.a20
		w.step(place, p.entry, l.shift)
		e, ok := w.s.entry(place, p.entry)
		if !ok || e&pagePresent == 0 {
			return 0, 0, w.fault(0)
		}
		leaf := i == len(p.levels)-1 || l.large && e&pageLarge != 0 && w.s.hasLarge(p, l)
		if e&w.s.reserved(p, l, leaf) != 0 && w.access != 0 {
			return 0, 0, w.fault(regs.PFPresent | regs.PFReserved)
		}
		if l.rights {
			w.rights &= e | pageNX
			w.rights |= e & pageNX
		}
		if leaf {
			return w.leaf(place, p, l, e)
		}
		if l.rights && e&pageAccessed == 0 {
			w.mark(place, e|pageAccessed)
		}
		at = guest.PhysAddr(e & w.s.addressBits() &^ 0xfff)
	}
	panic("BUG: a walk without an end")
}

// leaf ends at the entry of a page.
func (w *walk) leaf(place guest.PhysAddr, p *paging, l *level, e uint64) (guest.PhysAddr, guest.Access, *guest.MemFault) {
	may := w.allowed()
	if w.access&^may != 0 {
		return 0, 0, w.fault(regs.PFPresent)
	}
	marked := e | pageAccessed
	if w.access&guest.Write != 0 {
		marked |= pageDirty
	}
	if marked != e && w.access != 0 {
		w.mark(place, marked)
	}
	if marked&pageDirty == 0 {
		may &^= guest.Write
	}
	frame := guest.PhysAddr(e & w.s.addressBits())
	if p == paging32 && l.shift > 12 { // PSE-36
		frame = guest.PhysAddr(e&0xffc00000 | e>>13&0xff<<32)
	}
	size := guest.PhysAddr(1) << l.shift
	return (frame&^(size-1) | mmu.PageOf(guest.PhysAddr(w.a))&(size-1)) & w.s.a20, may, nil
}

// allowed is what the rules let be done with the page of entries with some rights
// (SDM vol. 3A 4.6.1).
func (w *walk) allowed() (may guest.Access) {
	s, user, write := w.s, w.rights&pageUser != 0, w.rights&pageWrite != 0
	exec := w.rights&pageNX == 0
	switch {
	case w.access == 0:
		return guest.Read | guest.Write | guest.Exec
	case w.by == byUser:
		if !user {
			return 0
		}
	default:
		write = write || !s.on(regs.CR0, regs.CR0WP)
		exec = exec && !(user && s.on(regs.CR4, regs.CR4SMEP))
		if user && w.by == bySMAP {
			if exec {
				return guest.Exec
			}
			return 0
		}
	}
	may = guest.Read
	if write {
		may |= guest.Write
	}
	if exec {
		may |= guest.Exec
	}
	return may
}

// fault is the page fault of the walk, with what it knows.
func (w *walk) fault(code uint32) *guest.MemFault {
	f := &guest.MemFault{Addr: w.a, Access: w.access, Mapped: code != 0, Present: code != 0, Code: code}
	if w.access&guest.Write != 0 {
		f.Code |= regs.PFWrite
	}
	if w.by == byUser {
		f.Code |= regs.PFUser
	}
	nx := w.s.on(regs.EFER, regs.EFERNXE) && w.s.on(regs.CR4, regs.CR4PAE)
	if w.access&guest.Exec != 0 && (nx || w.s.on(regs.CR4, regs.CR4SMEP)) {
		f.Code |= regs.PFFetch
	}
	return f
}

func (w *walk) step(place guest.PhysAddr, entry, shift int) {
	if p := w.path; p != nil {
		page := mmu.PageOf(place)
		p.Steps[p.N] = mmu.Step{Table: page, Index: int(place-page) / entry, Bits: shift}
		p.N++
	}
}

// mark writes an entry with more bits set; a debugger marks nothing.
func (w *walk) mark(place guest.PhysAddr, e uint64) {
	if mem, err := w.s.mem.RAM(place, 1); err == nil && w.access != 0 {
		mem[0] = byte(e)
	}
}

// entry reads an entry.
func (s *CPU) entry(place guest.PhysAddr, size int) (uint64, bool) {
	mem, err := s.mem.RAM(place, size)
	switch {
	case err != nil:
		return 0, false
	case size == 4:
		return uint64(binary.LittleEndian.Uint32(mem)), true
	}
	return binary.LittleEndian.Uint64(mem), true
}

// hasLarge says that entries of a level may be pages.
func (s *CPU) hasLarge(p *paging, l *level) bool {
	switch {
	case p == paging32:
		return s.on(regs.CR4, regs.CR4PSE)
	case l.shift == 30:
		return s.has.Giant
	}
	return true
}

// addressBits are the bits of an entry, and of CR3, that are an address.
func (s *CPU) addressBits() uint64 {
	if s.paging() == paging32 {
		return 0xfffff000
	}
	return (1<<s.has.Width - 1) &^ 0xfff
}

// reserved are the bits of an entry that must be 0.
func (s *CPU) reserved(p *paging, l *level, leaf bool) uint64 {
	if p == paging32 {
		if leaf && l.shift > 12 {
			low := uint(13)
			if s.has.PSE36 {
				low += s.has.Width - 32
			}
			return (1<<22 - 1) &^ (1<<low - 1)
		}
		return 0
	}
	set := (uint64(1)<<52 - 1) &^ (1<<s.has.Width - 1)
	if p == pagingPAE {
		set |= 0x7ff0 << 48
	}
	if !s.on(regs.EFER, regs.EFERNXE) || !l.rights {
		set |= pageNX
	}
	switch {
	case !l.rights:
		set |= 0x1e6
	case l.noLarge, l.shift == 30 && !s.has.Giant:
		set |= pageLarge
	case leaf && l.shift > 12:
		set |= (1<<l.shift - 1) &^ 0x1fff
	}
	return set
}

// Moved implements mmu.Walker: it compares the top tables.
func (s *CPU) Moved(from, to mmu.Root) mmu.Parts {
	if from&rootKind != to&rootKind || to&rootKind == rootPAE || to&rootKind == rootNone {
		return mmu.AllParts
	}
	p := paging32
	if to&rootKind == root4 {
		p = paging4
	}
	a, err := s.mem.RAM(rooted(from).top()&s.a20, mmu.PageSize)
	b, err2 := s.mem.RAM(rooted(to).top()&s.a20, mmu.PageSize)
	if err != nil || err2 != nil {
		return mmu.AllParts
	}
	return differing(a, b, p)
}

// differing are the parts of which two tables say something else, or of which the second has
// an entry that has not been accessed.
func differing(a, b []byte, p *paging) (parts mmu.Parts) {
	l := &p.levels[0]
	for i := 0; i < len(a); i += p.entry {
		same := string(a[i:i+p.entry]) == string(b[i:i+p.entry])
		if same && (b[i]&pagePresent == 0 || b[i]&pageAccessed != 0) {
			continue
		}
		first := uint64(i/p.entry) << l.shift
		if p == paging4 {
			first = uint64(int64(first<<16) >> 16)
		}
		parts |= mmu.PartsBetween(guest.Addr(first), guest.Addr(first+1<<l.shift-1))
	}
	return parts
}
