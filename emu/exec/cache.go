package exec

import (
	"panda/emu/guest"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

// key is what a translation is found by within an address space.
type key struct {
	pc   guest.Addr
	mode uint64
}

// cache holds the translations of one address space.
type cache struct {
	space *mmu.Space
	byKey map[key]*vcpu.TB
	pages map[guest.Addr][]*vcpu.TB // by each page with bytes of the block
	jumps map[uint64]*vcpu.JumpCache
}

func newCache(s *mmu.Space) *cache {
	return &cache{space: s, byKey: map[key]*vcpu.TB{}, pages: map[guest.Addr][]*vcpu.TB{}, jumps: map[uint64]*vcpu.JumpCache{}}
}

// jump is the jump cache for a mode.
func (k *cache) jump(mode uint64) *vcpu.JumpCache {
	j := k.jumps[mode]
	if j == nil {
		j = new(vcpu.JumpCache)
		k.jumps[mode] = j
	}
	return j
}

// add enters a block and has its pages watched for stores.
func (k *cache) add(tb *vcpu.TB) {
	k.byKey[key{tb.PC, tb.Mode}] = tb
	k.eachPage(tb, func(page guest.Addr) {
		k.pages[page] = append(k.pages[page], tb)
		k.space.WatchCode(page)
	})
}

func (k *cache) eachPage(tb *vcpu.TB, f func(page guest.Addr)) {
	for page := tb.PC &^ (mmu.PageSize - 1); page < tb.PC+guest.Addr(tb.Size); page += mmu.PageSize {
		f(page)
	}
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
	for page := start &^ (mmu.PageSize - 1); page < end; page += mmu.PageSize {
		k.dropPage(page)
	}
}

func (k *cache) dropPage(page guest.Addr) {
	for _, tb := range k.pages[page] {
		k.kill(tb)
	}
	delete(k.pages, page)
}

// kill makes a block unreachable: it may still be running.
func (k *cache) kill(tb *vcpu.TB) {
	tb.Dead = true
	if at := (key{tb.PC, tb.Mode}); k.byKey[at] == tb {
		delete(k.byKey, at)
	}
	if j := k.jumps[tb.Mode]; j != nil && j[vcpu.JumpIndex(uint64(tb.PC))] == tb {
		j[vcpu.JumpIndex(uint64(tb.PC))] = nil
	}
	for _, l := range tb.From {
		if l.TB.Next[l.Slot] == tb {
			l.TB.Next[l.Slot] = nil
		}
	}
	tb.From, tb.Next = nil, [2]*vcpu.TB{}
}

// flush drops everything. Watches stay: they cost a fault at most.
func (k *cache) flush() {
	for _, tb := range k.byKey {
		tb.Dead = true
		tb.From, tb.Next = nil, [2]*vcpu.TB{}
	}
	clear(k.byKey)
	clear(k.pages)
	clear(k.jumps)
}

// link lets a block go on to another without the run loop.
func link(from *vcpu.TB, slot int, to *vcpu.TB) {
	if from.Dead || to.Dead || from.Unchained {
		return
	}
	from.Next[slot] = to
	to.From = append(to.From, vcpu.Link{TB: from, Slot: slot})
}
