package exec

import (
	"math/bits"
	"slices"

	"panda/emu/guest"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

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
	if k.crosses(from, to) {
		part := &k.crossing[mmu.PartOf(to.Code)]
		*part = append(*part, vcpu.Link{TB: from, Slot: slot})
		return
	}
	if to.From == nil {
		to.From = k.links.take(2)
	}
	to.From = append(to.From, vcpu.Link{TB: from, Slot: slot})
}

// moved is told where addresses have got other places.
func (k *cache) moved(parts mmu.Parts) {
	for _, m := range k.modes { // each by itself
		m.moved |= parts
	}
	k.cutCrossing(parts)
}

// cutCrossing has links from other pages to parts of the address space lead to the run
// loop.
func (k *cache) cutCrossing(parts mmu.Parts) {
	for ; parts != 0; parts &= parts - 1 {
		part := &k.crossing[bits.TrailingZeros32(uint32(parts))]
		for _, l := range *part {
			if at := l.TB.Successor(l.Slot); *at != nil {
				*at = nil
				k.backend.Link(l.TB, l.Slot, nil)
			}
		}
		*part = (*part)[:0]
	}
}

// crosses reports whether a link would lead from one page to another, of memory whose
// addresses get other places.
func (k *cache) crosses(from, to *vcpu.TB) bool {
	first, last := mmu.PageOf(to.Code), mmu.PageOf(to.Code+guest.Addr(to.Size-1))
	return k.space == nil && (first != last || first != mmu.PageOf(from.Code) && first != mmu.PageOf(from.Code+guest.Addr(from.Size-1)))
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
	if len(k.awaits[awaits]) > 0 {
		k.cutCrossing(mmu.AllParts)
	}
	for _, tb := range k.awaits[awaits] {
		k.isolate(tb)
	}
	delete(k.awaits, awaits)
}
