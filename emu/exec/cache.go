package exec

import (
	"slices"

	"panda/emu/guest"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

// cache holds the translations of one address space.
type cache struct {
	space    *mmu.Space
	backend  Backend
	modes    map[uint64]*modeCache
	last     *modeCache // modes[lastMode], which was asked for last
	lastMode uint64
	pages    map[guest.Addr]*codePage
	lastPage *codePage // the one that a block was added to last
	stores   map[guest.Addr]*storedPage
	links    slab[vcpu.Link]
	made     *made
	awaits   map[*int][]*vcpu.TB // blocks with TB.Awaits that are linked to
}

// codePage lists the blocks that have bytes in a page.
type codePage struct {
	at     guest.Addr
	blocks []*vcpu.TB
}

// modeCache holds those of one mode.
type modeCache struct {
	byPC table[vcpu.TB]
	jump *vcpu.JumpCache
}

func newCache(s *mmu.Space, b Backend, made *made) *cache {
	return &cache{space: s, backend: b, made: made, modes: map[uint64]*modeCache{}, pages: map[guest.Addr]*codePage{}, stores: map[guest.Addr]*storedPage{}, awaits: map[*int][]*vcpu.TB{}}
}

// mode is the part for a mode.
func (k *cache) mode(mode uint64) *modeCache {
	if k.last != nil && k.lastMode == mode {
		return k.last
	}
	m := k.modes[mode]
	if m == nil {
		m = &modeCache{jump: vcpu.NewJumpCache()}
		k.modes[mode] = m
	}
	k.last, k.lastMode = m, mode
	return m
}

// add enters a block and has its pages watched for stores.
func (k *cache) add(tb *vcpu.TB) {
	k.mode(tb.Mode).byPC.set(tb.PC, tb)
	for page := pageOf(tb.Code); page < tb.Code+guest.Addr(tb.Size); page += mmu.PageSize {
		p := k.page(page)
		p.blocks = append(p.blocks, tb)
	}
}

func pageOf(a guest.Addr) guest.Addr { return a &^ (mmu.PageSize - 1) }

// page is the list of a page's blocks. A page that has none yet begins to be
// watched.
func (k *cache) page(at guest.Addr) *codePage {
	if k.lastPage != nil && k.lastPage.at == at {
		return k.lastPage
	}
	p := k.pages[at]
	if p == nil {
		if !(k.changing(at) && k.space.NoteCode(at)) {
			k.space.WatchCode(at)
		}
		p = &codePage{at: at}
		k.pages[at] = p
	}
	k.lastPage = p
	return p
}

// drop invalidates the blocks with code in [start, end), page by page.
func (k *cache) drop(start, end guest.Addr) {
	if uint64(end-start)/mmu.PageSize > uint64(len(k.pages)) {
		for page := range k.pages { // the order is not seen: each block just goes
			if page+mmu.PageSize > start && page < end {
				k.dropPage(page)
			}
		}
		return
	}
	for page := pageOf(start); page < end; page += mmu.PageSize {
		k.dropPage(page)
	}
}

func (k *cache) dropPage(page guest.Addr) {
	p := k.pages[page]
	if p == nil {
		return
	}
	for _, tb := range p.blocks {
		k.kill(tb)
	}
	delete(k.pages, page)
	k.lastPage = nil
}

// dropBlocks invalidates the blocks with code in [start, end) and no others.
func (k *cache) dropBlocks(start, end guest.Addr) {
	if uint64(end-start)/mmu.PageSize > uint64(len(k.pages)) {
		for page := range k.pages { // the order is not seen
			k.dropFrom(page, start, end)
		}
		return
	}
	for page := pageOf(start); page < end; page += mmu.PageSize {
		k.dropFrom(page, start, end)
	}
}

// dropFrom drops blocks of one page, which stays watched.
func (k *cache) dropFrom(page, start, end guest.Addr) {
	p := k.pages[page]
	if p == nil {
		return
	}
	stay := p.blocks[:0]
	for _, tb := range p.blocks {
		if tb.Code < end && tb.Code+guest.Addr(tb.Size) > start {
			k.kill(tb)
		} else {
			stay = append(stay, tb)
		}
	}
	clear(p.blocks[len(stay):])
	p.blocks = stay
}

// kill makes a block unreachable: it may still be running.
func (k *cache) kill(tb *vcpu.TB) {
	tb.Dead = true
	k.made.dead++
	m := k.mode(tb.Mode)
	if m.byPC.find(tb.PC) == tb {
		m.byPC.remove(tb.PC)
	}
	m.jump.Remove(tb)
	k.isolate(tb)
	k.unlink(tb)
	tb.Unlink()
}

// isolate has the blocks that lead to a block lead to the run loop instead.
func (k *cache) isolate(tb *vcpu.TB) {
	for _, l := range tb.From {
		if at := l.TB.Successor(l.Slot); *at == tb {
			*at = nil
			k.backend.Link(l.TB, l.Slot, nil)
		}
	}
	tb.From = nil
}

// noteAwaits reports whether a block may be linked to now, and notes it for cut.
func (k *cache) noteAwaits(to *vcpu.TB) bool {
	for _, n := range to.Awaits {
		if *n != 0 {
			return false
		}
	}
	for _, n := range to.Awaits {
		if tbs := k.awaits[n]; !slices.Contains(tbs, to) {
			k.awaits[n] = append(slices.DeleteFunc(tbs, func(tb *vcpu.TB) bool { return tb.Dead }), to)
		}
	}
	return true
}

// cut isolates the blocks that were linked to while nothing was awaited there.
func (k *cache) cut(awaits *int) {
	if len(k.awaits) == 0 {
		return
	}
	for _, tb := range k.awaits[awaits] {
		k.isolate(tb)
	}
	delete(k.awaits, awaits)
}

// flush drops everything. What others may use is left behind in a memo, if there
// is one.
func (k *cache) flush(m *memo) {
	for _, mode := range k.modes { // the order is not seen: each address is found for its mode
		mode.byPC.each(func(tb *vcpu.TB) {
			tb.Dead = true
			tb.From = tb.From[:0]
			if m != nil && tb.Known != 0 {
				k.unlink(tb)
				m.leaveBehind(tb)
			} else {
				k.made.dead++
			}
			tb.Unlink()
		})
	}
	for page := range k.pages { // each by itself
		k.space.Unwatch(page)
	}
	clear(k.modes)
	clear(k.pages)
	clear(k.stores)
	clear(k.awaits)
	k.last, k.lastPage = nil, nil
}

// unlink has a block's code lead to the run loop.
func (k *cache) unlink(tb *vcpu.TB) {
	for slot := range tb.Slots() {
		if *tb.Successor(slot) != nil {
			k.backend.Link(tb, slot, nil)
		}
	}
}

// link lets a block go on to another without the run loop.
func (k *cache) link(from *vcpu.TB, slot int, to *vcpu.TB) {
	if from.Dead || to.Dead || from.Unchained || !k.noteAwaits(to) {
		return
	}
	next := from.Successor(slot)
	if *next == to { // the engine came back all the same
		return
	}
	*next = to
	k.backend.Link(from, slot, to)
	if to.From == nil {
		to.From = k.links.take(2)
	}
	to.From = append(to.From, vcpu.Link{TB: from, Slot: slot})
}
