package mmu

import (
	"math/bits"
	"slices"

	"panda/emu/guest"
)

// TLBs of a machine say at any time what the page tables say: a store into a page with
// tables that something in a TLB depends on does not go through, but forgets that at once.
// So what a TLB holds is never seen by the guest. If it were, it would show how large the
// TLB is, what plugins look at, and which engine runs: all of these change when a page is
// looked up again, and with that when the bits are set that say that it was accessed.
//
// A guest does what CPUs ask for, and has its TLB flushed after changes. Here that is for
// nothing, and so are address-space numbers: each address space keeps its TLB.

// Path is the way that a walk through page tables has taken.
type Path struct {
	N     int
	Entry int  // size of entries, 4 or 8 bytes
	Top   bool // Steps[0] is the table that Walker.Moved compares
	Steps [5]Step
}

// Step is an entry that a walk has read.
type Step struct {
	Table guest.PhysAddr // the page that it lies in
	Index int            // its number there
	Bits  int            // an entry translates 2^Bits bytes
}

// first is the address that entry 0 of a step's table translates, on the way to a.
func (s *Step) first(a guest.Addr) guest.Addr {
	return a>>s.Bits<<s.Bits - guest.Addr(s.Index)<<s.Bits
}

// table is a page with tables that something in a TLB depends on.
type table struct {
	memory *Physical
	page   guest.PhysAddr // the frame
	entry  int
	number uint32
	seen   []sight
	parts  Parts          // where it has been seen, also by roots that have gone
	code   entrySet       // entries that have led to translated code
	below  map[int]*table // that entries lead to
}

// sight is where a table translates: entry 0 from an address on.
type sight struct {
	root *root
	at   guest.Addr
	bits int
}

// entrySet has a bit for each entry that there may be in a page.
type entrySet [PageSize / 4 / 64]uint64

func (s *entrySet) has(n int) bool { return s[n/64]>>(n%64)&1 != 0 }

func (s *entrySet) add(n int) { s[n/64] |= 1 << (n % 64) }

func (s *entrySet) remove(n int) { s[n/64] &^= 1 << (n % 64) }

func (s *entrySet) addAll(o *entrySet) {
	for i := range s {
		s[i] |= o[i]
	}
}

// tableAt is the table that a frame is, nil if nothing depends on it.
func (p *Physical) tableAt(frame guest.PhysAddr) *table {
	if n := p.at(frame).table; n != 0 {
		return p.tables[n]
	}
	return nil
}

// makeTable is tableAt for a frame that something depends on from now on.
func (p *Physical) makeTable(page guest.PhysAddr, entry int) *table {
	if t := p.tableAt(page); t != nil {
		return t
	}
	t := &table{memory: p, page: page, entry: entry}
	if n := len(p.free); n > 0 {
		t.number, p.free = p.free[n-1], p.free[:n-1]
		p.tables[t.number] = t
	} else {
		t.number = uint32(len(p.tables))
		p.tables = append(p.tables, t)
	}
	p.at(page).table = t.number
	p.forbidStores(page)
	return t
}

// depends notes that a TLB of a root depends on a walk to a, which may be one for code.
func (p *Physical) depends(r *root, a guest.Addr, path *Path, access guest.Access) {
	var above *table
	for i := range path.Steps[:path.N] {
		st := &path.Steps[i]
		frame, shown := p.frame(st.Table)
		if shown == nil {
			return // tables nowhere
		}
		t := p.makeTable(frame, path.Entry)
		if t.see(sight{r, st.first(a), st.Bits}) && above != nil {
			if above.below == nil {
				above.below = map[int]*table{}
			}
			above.below[path.Steps[i-1].Index] = t
		}
		if i == 0 && path.Top {
			r.setTop(t)
		}
		if access&guest.Exec != 0 {
			t.code.add(st.Index)
		}
		above = t
	}
}

// see notes where a table translates, and reports whether that is new.
func (t *table) see(s sight) bool {
	for i := range t.seen {
		if t.seen[i] == s {
			return false
		}
	}
	t.seen = append(slices.DeleteFunc(t.seen, func(s sight) bool { return s.root.dead }), s)
	t.parts |= PartsBetween(s.at, s.at+guest.Addr(PageSize/t.entry)<<s.bits-1)
	return true
}

// entries are the numbers of those that n bytes at an offset lie in, as far as they lie in
// the table.
func (t *table) entries(off uint64, n int) (first, last int) {
	return int(off) / t.entry, min(int(off)+n-1, PageSize-1) / t.entry
}

// runs reports whether code that is running lies where entries translate.
func (t *table) runs(s *Paged, first, last int) bool {
	if s.runs == nil {
		return false
	}
	for n := first; n <= last; n++ {
		if !t.code.has(n) {
			continue
		}
		for _, at := range t.seen {
			if start := at.entry(n); s.runs(start, start+1<<at.bits-1) {
				return true
			}
		}
	}
	return false
}

// entry is the first address that entry n translates.
func (s sight) entry(n int) guest.Addr { return s.at + guest.Addr(n)<<s.bits }

// stored is told of a store of n bytes at an offset.
func (t *table) stored(p *Physical, off uint64, n int) {
	if !slices.ContainsFunc(t.seen, func(s sight) bool { return s.root.current() }) {
		t.forgetAll(p) // the memory may be no table any more
		return
	}
	first, last := t.entries(off, n)
	for n := first; n <= last; n++ {
		t.changed(p, n)
	}
}

// changed forgets what depends on entry n.
func (t *table) changed(p *Physical, n int) {
	if t.code.has(n) {
		t.code.remove(n)
		p.moved(t.parts)
	}
	below := t.below[n]
	delete(t.below, n)
	if below == nil {
		for _, s := range t.seen {
			s.root.forget(s.entry(n), s.bits)
		}
		return
	}
	for _, s := range slices.Clone(t.seen) { // a table may be below itself
		s.root.forget(s.entry(n), s.bits)
		below.unseeBelow(p, s, n)
	}
}

// forgetAll forgets all that depends on the table.
func (t *table) forgetAll(p *Physical) {
	for _, s := range slices.Clone(t.seen) {
		s.root.forget(s.at, s.bits+bits.TrailingZeros(uint(PageSize/t.entry)))
		t.unsee(p, s)
	}
}

// unsee forgets where the table translates, as nothing leads there any more.
func (t *table) unsee(p *Physical, s sight) {
	n := slices.Index(t.seen, s)
	if n < 0 {
		return
	}
	t.seen = slices.Delete(t.seen, n, n+1)
	for n, below := range t.below { // each by itself
		below.unseeBelow(p, s, n)
	}
	t.drop(p)
}

// unseeBelow is told that entry n of a table does not lead here any more. The table may be
// seen at the same address as one of another level.
func (t *table) unseeBelow(p *Physical, above sight, n int) {
	var found sight
	for _, s := range t.seen {
		if s.root == above.root && s.at == above.entry(n) && s.bits < above.bits && s.bits > found.bits {
			found = s
		}
	}
	if found.root != nil {
		t.unsee(p, found)
	}
}

// drop makes the page one like others when nothing depends on it.
func (t *table) drop(p *Physical) {
	if len(t.seen) > 0 || p.tables[t.number] != t {
		return
	}
	if t.code != (entrySet{}) {
		p.moved(t.parts)
	}
	p.tables[t.number] = nil
	p.free = append(p.free, t.number)
	p.at(t.page).table = 0
	for _, s := range p.spaces {
		for _, r := range s.roots {
			if r.top == t {
				r.top, r.code = nil, t.code
			}
		}
	}
}

// Load and Store make a table a Device for stores.
func (t *table) Load(uint64, int) uint64 { panic("BUG: a load from a table goes to its memory") }

// Store stores, and forgets what depended on what was there.
func (t *table) Store(off uint64, size int, v uint64) {
	mem := t.memory.ram[uint64(t.page)+off:]
	for i := range size {
		mem[i] = byte(v >> (8 * i))
	}
	if t.memory.tables[t.number] == t {
		t.stored(t.memory, off, size)
	}
}
