package mmu

import "panda/emu/guest"

// TLBEntry answers for one guest page: at which page an access of a kind may go
// on, and where its memory is on the host. A kind that may not has a page whose
// entry is another, so that no address that leads here is in it; then address
// less page is an offset exactly where the access is allowed.
type TLBEntry struct {
	Read, Write, Exec uint64
	Host              uint64
}

// TLBHead is what machine code needs to look into a TLB: the entry of address a is
// at Entries + (a >> TLBShift) & Mask. Before Entries lies one that allows both loads
// and stores at Read: it is for the stack, where most accesses are.
type TLBHead struct {
	Entries *TLBEntry
	Mask    uint64
}

// Sizes of a TLB.
const (
	tlbEntrySize = 32
	// TLBShift takes an address to the place of its entry: a page has 2^12 bytes,
	// an entry 2^5.
	TLBShift = 12 - 5
	tlbFew   = 1 << 8
	tlbMost  = 1 << 16
)

// TLB remembers what a Backing said of pages. It is direct-mapped, with a few
// entries more for those that gave way last, and becomes larger when many do.
type TLB struct {
	Head    TLBHead
	entries []TLBEntry
	stack   *TLBEntry
	victims [8]victim
	next    int // the victim that goes next
	evicted int // since the size changed
}

// victim is an entry that gave way to another.
type victim struct {
	page uint64
	used bool
	TLBEntry
}

// reset empties the TLB, at a number of entries.
func (t *TLB) reset(n int) {
	all := make([]TLBEntry, n+1)
	t.stack, t.entries = &all[0], all[1:]
	t.Head = TLBHead{&t.entries[0], uint64(n-1) * tlbEntrySize}
	t.Flush()
}

// grow makes the TLB larger and keeps what it knows.
func (t *TLB) grow() {
	old, victims, stack := t.entries, t.victims, t.stack
	t.reset(2 * len(old))
	for n := range old {
		if page, ok := old[n].page(n, len(old)); ok {
			t.set(page, old[n])
		}
	}
	for _, v := range victims {
		if v.used {
			t.set(v.page, v.TLBEntry)
		}
	}
	t.evicted = 0
	forbidAll(old) // machine code may look there until SeeTLB
	*stack = *t.stack
}

// forbidAll makes entries what they are without a page: those of a neighbour are the
// same.
func forbidAll(entries []TLBEntry) {
	entries[0], entries[1] = forbidden(0), forbidden(PageSize)
	for done := 2; done < len(entries); done *= 2 {
		copy(entries[done:], entries[:done])
	}
}

// forbidden allows nothing at a page.
func forbidden(page uint64) TLBEntry {
	other := ^page & PageSize
	return TLBEntry{Read: other, Write: other, Exec: other}
}

// Flush forgets everything.
func (t *TLB) Flush() {
	t.evicted, t.victims = 0, [len(t.victims)]victim{}
	t.forgetStack()
	forbidAll(t.entries)
}

// FlushRange forgets the pages in [start, end).
func (t *TLB) FlushRange(start, end guest.Addr) {
	if start == end {
		return
	}
	if uint64(end-1-start)/PageSize >= uint64(len(t.entries)) {
		t.Flush()
		return
	}
	t.forgetStack()
	first, last := uint64(PageOf(start)), uint64(PageOf(end-1)) // end may be 0, above the last page
	for page := first; ; page += PageSize {
		if t.entry(page).answers(page) {
			*t.entry(page) = forbidden(page)
		}
		if page == last {
			break
		}
	}
	for n := range t.victims {
		if v := &t.victims[n]; v.page >= first && v.page <= last {
			v.used = false
		}
	}
}

// Of the stack's entry that is for no page: no CPU has such addresses, and the host faults.
const (
	noStack     = 1 << 63
	noStackHost = 1 << 62
)

func (t *TLB) forgetStack() { *t.stack = TLBEntry{Read: noStack, Host: noStackHost} }

// AtStack is told of an access at the stack that the TLB lets through.
func (t *TLB) AtStack(a uint64) {
	page := a &^ (PageSize - 1)
	if e := t.entry(a); e.Read == page && e.Write == page {
		*t.stack = TLBEntry{Read: page, Host: e.Host}
	}
}

// forbidStores has the TLB let no store through to memory at a host address.
func (t *TLB) forbidStores(host uint64) {
	t.forgetStack()
	for n := range t.entries {
		if e := &t.entries[n]; e.Host == host && t.entry(e.Write) == e {
			e.Write ^= PageSize
		}
	}
	t.forbidVictims(host)
}

// forbidStoresAt is forbidStores for memory that is seen at one page.
func (t *TLB) forbidStoresAt(page, host uint64) {
	t.forgetStack()
	if e := t.entry(page); e.Host == host && e.Write == page {
		e.Write ^= PageSize
	}
	t.forbidVictims(host)
}

// allows reports whether an access is allowed at a page, without a look at the tables.
func (t *TLB) allows(page uint64, access guest.Access) bool {
	if t.entry(page).tag(access) == page {
		return true
	}
	for n := range t.victims {
		if v := &t.victims[n]; v.used && v.page == page && v.tag(access) == page {
			return true
		}
	}
	return false
}

// letsStore reports whether a store through to memory at a host address may come to pass
// at a page.
func (t *TLB) letsStore(page, host uint64) bool {
	if e := t.entry(page); e.Host == host && e.Write == page {
		return true
	}
	for n := range t.victims {
		if v := &t.victims[n]; v.used && v.page == page && v.Host == host && v.Write == page {
			return true
		}
	}
	return false
}

func (t *TLB) forbidVictims(host uint64) {
	for n := range t.victims {
		if v := &t.victims[n]; v.Host == host && v.Write == v.page {
			v.Write ^= PageSize
		}
	}
}

func (t *TLB) entry(a uint64) *TLBEntry {
	return &t.entries[a>>TLBShift&t.Head.Mask/tlbEntrySize]
}

// answers reports whether an entry is for a page, which leads to it.
func (e *TLBEntry) answers(page uint64) bool {
	return e.Read == page || e.Write == page || e.Exec == page
}

// tag is the page at which an access is allowed.
func (e *TLBEntry) tag(access guest.Access) uint64 {
	switch access {
	case guest.Write:
		return e.Write
	case guest.Exec:
		return e.Exec
	}
	return e.Read
}

// find is the entry that allows an access at a, nil if there is none.
func (t *TLB) find(a uint64, access guest.Access) *TLBEntry {
	page := a &^ (PageSize - 1)
	e := t.entry(a)
	if e.tag(access) == page {
		return e
	}
	for n := range t.victims {
		if v := &t.victims[n]; v.used && v.page == page && v.tag(access) == page { // what is forbidden has the page of a neighbour
			back := v.TLBEntry
			v.used = false
			t.set(page, back)
			return t.entry(a)
		}
	}
	return nil
}

// set makes an entry the one for its page.
func (t *TLB) set(page uint64, e TLBEntry) {
	if t.evicted > 2*len(t.entries) && len(t.entries) < tlbMost {
		t.grow()
	}
	old := t.entry(page)
	if was, ok := old.page(int(page>>TLBShift&t.Head.Mask/tlbEntrySize), len(t.entries)); ok && was != page {
		t.victims[t.next] = victim{was, true, *old}
		t.next = (t.next + 1) % len(t.victims)
		t.evicted++
	}
	for n := range t.victims { // a page has one entry
		if v := &t.victims[n]; v.page == page {
			v.used = false
		}
	}
	*old = e
}

// page is the page that entry n of some answers for.
func (e *TLBEntry) page(n, of int) (page uint64, ok bool) {
	for _, tag := range [...]uint64{e.Read, e.Write, e.Exec} {
		if int(tag/PageSize)&(of-1) == n {
			return tag, true
		}
	}
	return 0, false
}
