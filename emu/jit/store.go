package jit

import (
	"sort"

	"panda/emu/interp"
	"panda/emu/vcpu"
)

// store is a list that grows without moving what is in it: there are hundreds of
// thousands of exits, and what is copied is touched twice.
type store[T any] struct {
	chunks [][]T
	n      uint32
}

// A chunk of a store has chunkLen elements.
const (
	chunkBits = 12
	chunkLen  = 1 << chunkBits
)

// at is an element. The number must be below n.
func (s *store[T]) at(n uint32) *T { return &s.chunks[n>>chunkBits][n&(chunkLen-1)] }

// add appends elements.
func (s *store[T]) add(list []T) {
	for len(list) > 0 {
		if s.n>>chunkBits == uint32(len(s.chunks)) {
			s.chunks = append(s.chunks, make([]T, chunkLen))
		}
		n := copy(s.chunks[s.n>>chunkBits][s.n&(chunkLen-1):], list)
		list, s.n = list[n:], s.n+uint32(n)
	}
}

// reset empties the store and keeps its memory.
func (s *store[T]) reset() { s.n = 0 }

// search is the number of the first element of which f is true; see sort.Search.
func (s *store[T]) search(f func(e *T) bool) uint32 {
	return uint32(sort.Search(int(s.n), func(i int) bool { return f(s.at(uint32(i))) }))
}

// tables are what is known of the code in the arena: of all exits, of all places
// that can fault, of all blocks. But for the blocks and operations they hold no
// pointers, so that collecting garbage does not read them.
type tables struct {
	sites  store[Site]
	faults store[Fault]
	values store[Value]
	relocs store[Reloc]
	units  store[extent]
	blocks store[*vcpu.TB]
	ops    store[*interp.Single]
}

// extent says where the code of a unit and its part of the tables begin. They end
// where those of the next unit begin; only the code has an end of its own.
type extent struct{ code, end, site, fault, reloc uint32 }

// next is the extent of a unit that is about to be added.
func (t *tables) next(origin uint32) extent {
	return extent{origin, origin, t.sites.n, t.faults.n, t.relocs.n}
}

// after is where the parts of unit n end.
func (t *tables) after(n uint32) extent {
	if n+1 < t.units.n {
		return *t.units.at(n + 1)
	}
	return t.next(0)
}

// add enters a unit and returns its number.
func (t *tables) add(u *Unit) uint32 {
	n := t.units.n
	x := t.next(u.Origin)
	x.end += uint32(len(u.Code))
	t.units.add([]extent{x})
	t.blocks.add([]*vcpu.TB{u.TB})
	t.sites.add(u.Sites)
	t.faults.add(u.Faults)
	t.values.add(u.Values)
	t.relocs.add(u.Relocs)
	t.ops.add(u.Ops)
	return n
}

func (t *tables) reset() {
	t.sites.reset()
	t.faults.reset()
	t.values.reset()
	t.relocs.reset()
	t.units.reset()
	t.blocks, t.ops = store[*vcpu.TB]{}, store[*interp.Single]{}
}
