package exec

import "panda/emu/guest"

// table finds things by the guest address that they begin at: a hash table with
// linear probing, at most half full. It is what the run loop looks into whenever
// a block goes on to one that it is not linked to yet.
type table[T any] struct {
	slots []slot[T]
	n     int
	shift uint8
}

// slot is an entry; v is nil in an empty one.
type slot[T any] struct {
	pc guest.Addr
	v  *T
}

// tableBits is the size of a table to begin with, as a power of two.
const tableBits = 8

// home is where the search for an address begins. Addresses that are near each
// other have slots near each other, which are in the host's cache together; where
// a group of them is, the upper bits say of a product with 2^64 divided by the
// golden ratio, which spreads groups.
func (t *table[T]) home(pc guest.Addr) int {
	return int(uint64(pc>>9)*0x9e3779b97f4a7c15>>t.shift) + int(pc&0x1ff)>>3
}

// find is what stands at an address, or nil.
func (t *table[T]) find(pc guest.Addr) *T {
	if t.n == 0 {
		return nil
	}
	for i := t.home(pc); ; i++ {
		s := &t.slots[i&(len(t.slots)-1)]
		if s.pc == pc || s.v == nil {
			return s.v
		}
	}
}

// set puts something at an address, instead of what was there.
func (t *table[T]) set(pc guest.Addr, v *T) {
	if 2*t.n >= len(t.slots) {
		t.grow()
	}
	for i := t.home(pc); ; i++ {
		s := &t.slots[i&(len(t.slots)-1)]
		if s.v == nil {
			t.n++
		} else if s.pc != pc {
			continue
		}
		*s = slot[T]{pc, v}
		return
	}
}

func (t *table[T]) grow() {
	old := t.slots
	if len(old) == 0 {
		t.slots, t.shift = make([]slot[T], 1<<tableBits), 64-tableBits
	} else {
		t.slots, t.shift = make([]slot[T], 2*len(old)), t.shift-1
	}
	t.n = 0
	for i := range old {
		if s := &old[i]; s.v != nil {
			t.set(s.pc, s.v)
		}
	}
}

// remove empties the slot of an address. Entries after it that began their
// search at or before it move up.
func (t *table[T]) remove(pc guest.Addr) {
	if t.n == 0 {
		return
	}
	mask := len(t.slots) - 1
	i := t.home(pc) & mask
	for ; t.slots[i].pc != pc || t.slots[i].v == nil; i = (i + 1) & mask {
		if t.slots[i].v == nil {
			return
		}
	}
	t.n--
	for j := (i + 1) & mask; t.slots[j].v != nil; j = (j + 1) & mask {
		if (j-t.home(t.slots[j].pc))&mask >= (j-i)&mask {
			t.slots[i] = t.slots[j]
			i = j
		}
	}
	t.slots[i] = slot[T]{}
}

// each calls f for all entries.
func (t *table[T]) each(f func(v *T)) {
	for i := range t.slots {
		if v := t.slots[i].v; v != nil {
			f(v)
		}
	}
}
