package exec

import (
	"math"

	"panda/emu/guest"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

// cache holds the translations of what keeps code: an address space of a program, or
// the physical memory of a machine, of which every address space shows some.
//
// Invariant: a block is found where the places of its first and of its last byte are
// those that it was made from. A link leads from a block to another without that
// question. So in physical memory it stays only within a page, and one to another page
// goes when addresses get other places.
type cache struct {
	code     mmu.Code
	space    *mmu.Space // whose code that is; nil for physical memory
	backend  Backend
	modes    map[uint64]*modeCache
	recent   [2]*modeCache // asked for last: programs have one mode, kernels go to and fro
	pages    map[guest.PhysAddr]*codePage
	lastPage *codePage // the one that a block was added to last
	stores   map[guest.PhysAddr]*storedPage
	links    slab[vcpu.Link]
	crossing [mmu.PartsMost][]vcpu.Link // those between pages of physical memory, by the part that they lead to
	made     *made
	awaits   map[*int][]*vcpu.TB // blocks with TB.Awaits that are linked to
}

// codePage lists the blocks that have bytes in a page.
type codePage struct {
	at     guest.PhysAddr
	blocks []*vcpu.TB
}

// modeCache holds those of one mode.
type modeCache struct {
	mode  uint64
	byPC  table[vcpu.TB]
	jump  *vcpu.JumpCache // nil when another mode has got it
	used  uint64          // when jump was entered last
	held  mmu.Parts       // where the code of jump's blocks may lie
	moved mmu.Parts       // where addresses have got other places since
}

func newCache(s vcpu.Space, b Backend, made *made) *cache {
	k := &cache{
		code: s.Code(), backend: b, made: made, modes: map[uint64]*modeCache{}, awaits: map[*int][]*vcpu.TB{},
		pages: map[guest.PhysAddr]*codePage{}, stores: map[guest.PhysAddr]*storedPage{},
	}
	k.space, _ = s.(*mmu.Space)
	k.code.OnChange(k.drop)
	return k
}

// mode is the part for a mode.
func (k *cache) mode(mode uint64) *modeCache {
	if m := k.recent[0]; m != nil && m.mode == mode {
		return m
	}
	m := k.recent[1]
	if m == nil || m.mode != mode {
		if m = k.modes[mode]; m == nil {
			m = &modeCache{mode: mode}
			k.modes[mode] = m
		}
	}
	k.recent[0], k.recent[1] = m, k.recent[0]
	return m
}

// find is the block at a pc, whose code has the present places.
func (k *cache) find(m *modeCache, s vcpu.Space, pc guest.Addr) (*vcpu.TB, *guest.MemFault) {
	for tb := m.byPC.find(pc); tb != nil; tb = tb.Twin {
		if k.space != nil {
			return tb, nil
		}
		if at, fault := s.Place(tb.Code); fault != nil {
			return nil, fault
		} else if at != tb.Places[0] {
			continue
		}
		// One that reaches into a page which is not there may have whole instructions before.
		if places, fault := placesOf(s, tb.Code, tb.Size); fault == nil && places == tb.Places {
			return tb, nil
		}
	}
	return nil, nil
}

// placesOf are where the first and the last byte of code lie.
func placesOf(s vcpu.Space, at guest.Addr, size int) (places [2]guest.PhysAddr, fault *guest.MemFault) {
	if places[0], fault = s.Place(at); fault != nil {
		return places, fault
	}
	last := at + guest.Addr(size-1)
	if mmu.PageOf(last) == mmu.PageOf(at) {
		places[1] = places[0] + guest.PhysAddr(size-1)
		return places, nil
	}
	places[1], fault = s.Place(last)
	return places, fault
}

// add enters a block and has its pages watched for stores.
func (k *cache) add(tb *vcpu.TB) {
	m := k.mode(tb.Mode)
	if k.space == nil {
		tb.Twin = m.byPC.find(tb.PC)
	}
	m.byPC.set(tb.PC, tb)
	first, last := mmu.PageOf(tb.Places[0]), mmu.PageOf(tb.Places[1])
	p := k.page(first)
	p.blocks = append(p.blocks, tb)
	if last != first {
		p = k.page(last)
		p.blocks = append(p.blocks, tb)
	}
}

// page is the list of a page's blocks. A page that has none yet begins to be
// watched.
func (k *cache) page(at guest.PhysAddr) *codePage {
	if k.lastPage != nil && k.lastPage.at == at {
		return k.lastPage
	}
	p := k.pages[at]
	if p == nil {
		if !(k.changing(at) && k.code.Note(at)) {
			k.code.Watch(at)
		}
		p = &codePage{at: at}
		k.pages[at] = p
	}
	k.lastPage = p
	return p
}

// drop invalidates the blocks with code in [start, end), page by page.
func (k *cache) drop(start, end guest.PhysAddr) { k.eachPage(start, end, k.dropPage) }

// lastPage is the last of all addresses, after which a loop would begin again.
const lastPage = guest.PhysAddr(math.MaxUint64) &^ (mmu.PageSize - 1)

// eachPage calls f for pages of a range, at least for those with blocks.
func (k *cache) eachPage(start, end guest.PhysAddr, f func(page guest.PhysAddr)) {
	if uint64(end-start)/mmu.PageSize > uint64(len(k.pages)) {
		for page := range k.pages { // the order is not seen: blocks just go
			if page+mmu.PageSize > start && page < end {
				f(page)
			}
		}
		return
	}
	for page := mmu.PageOf(start); page < end; page += mmu.PageSize {
		f(page)
		if page == lastPage {
			break
		}
	}
}

func (k *cache) dropPage(page guest.PhysAddr) {
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

// dropBlocks invalidates the blocks with code at the addresses [start, end) and no
// others. Their pages stay watched.
func (k *cache) dropBlocks(start, end guest.Addr) {
	if k.space != nil { // places are addresses
		k.eachPage(guest.PhysAddr(start), guest.PhysAddr(end), func(page guest.PhysAddr) { k.dropFrom(k.pages[page], start, end) })
		return
	}
	for _, p := range k.pages { // the order is not seen
		k.dropFrom(p, start, end)
	}
}

// dropFrom drops blocks of one page, which may be nil.
func (k *cache) dropFrom(p *codePage, start, end guest.Addr) {
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
	m.remove(tb)
	k.cutCrossing(mmu.PartsOf(tb.Code))
	k.isolate(tb)
	k.unlink(tb)
	tb.Unlink()
}

// remove takes a block out, if it is there.
func (m *modeCache) remove(tb *vcpu.TB) {
	if m.jump != nil {
		m.jump.Remove(tb)
	}
	switch first := m.byPC.find(tb.PC); {
	case first == nil:
	case first != tb:
		for at := first; at.Twin != nil; at = at.Twin {
			if at.Twin == tb {
				at.Twin = tb.Twin
				return
			}
		}
	case tb.Twin != nil:
		m.byPC.set(tb.PC, tb.Twin)
	default:
		m.byPC.remove(tb.PC)
	}
}

// flush drops everything. What others may use is left behind in a memo, if there
// is one.
func (k *cache) flush(m *memo) {
	for _, mode := range k.modes { // the order is not seen: each address is found for its mode
		mode.each(func(tb *vcpu.TB) {
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
		mode.giveUpJump()
	}
	for page := range k.pages { // each by itself
		k.code.Unwatch(page)
	}
	clear(k.modes)
	clear(k.pages)
	clear(k.stores)
	clear(k.awaits)
	clear(k.crossing[:])
	k.recent, k.lastPage = [2]*modeCache{}, nil
}

// each calls f for all blocks of a mode.
func (m *modeCache) each(f func(tb *vcpu.TB)) {
	m.byPC.each(func(tb *vcpu.TB) {
		for ; tb != nil; tb = tb.Twin {
			f(tb)
		}
	})
}
