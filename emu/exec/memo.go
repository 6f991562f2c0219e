package exec

import (
	"bytes"

	"panda/emu/guest"
	"panda/emu/vcpu"
)

// memo remembers translations by their code, so that processes that run the
// same code at the same address share the work and the records: a forked
// child, the dynamic linker of each program. It begins to remember when a second
// address space appears, and serves only while nobody watches, since what
// callbacks and filters say of a block may depend on the address space.
type memo struct {
	on   bool
	byPC map[memoKey]*memory
	n    int
	text slab[byte]
}

type memoKey struct {
	pc   guest.Addr
	mode uint64
}

// memory is a translation with the bytes that it was made from, and those
// behind it that might have decided where it ends.
type memory struct {
	code []byte
	tb   *vcpu.TB
	next *memory // of the same address
}

// memoMax is how many translations are remembered before all are forgotten.
const memoMax = 1 << 17

// beyond is how far behind its end a block's code is compared: the longest
// instruction of any architecture.
const beyond = 15

func span(tb *vcpu.TB, code []byte) []byte { return code[:min(len(code), tb.Size+beyond)] }

// find finds a block with the same code.
func (m *memo) find(pc guest.Addr, mode uint64, code []byte) *vcpu.TB {
	for r := m.byPC[memoKey{pc, mode}]; r != nil; r = r.next {
		if bytes.Equal(r.code, span(r.tb, code)) {
			return r.tb
		}
	}
	return nil
}

// add remembers a block that carries no instrumentation.
func (m *memo) add(tb *vcpu.TB, code []byte) {
	if m.n++; m.n > memoMax || m.byPC == nil {
		m.clear()
	}
	k := memoKey{tb.PC, tb.Mode}
	m.byPC[k] = &memory{m.text.copy(span(tb, code)), tb, m.byPC[k]}
}

func (m *memo) clear() { *m = memo{on: m.on, byPC: map[memoKey]*memory{}} }

// shareCode begins to remember, if there is another address space already, with
// what that one has translated.
func (e *Engine) shareCode() {
	if e.memo.on || len(e.caches) == 0 {
		return
	}
	e.memo.on = true
	for _, k := range e.caches {
		for _, m := range k.modes {
			for _, tb := range m.byPC { // the order is not seen: addresses differ
				n, _ := k.space.Fetch(tb.PC, e.code)
				if n >= tb.Size && !tb.Instrumented() && !tb.Checked {
					e.memo.add(tb, e.code[:n])
				}
			}
		}
	}
}

// slab cuts small slices from large ones: what is cut together goes together.
type slab[T any] struct{ free []T }

const slabLen = 1 << 10

// copy returns a copy of s.
func (b *slab[T]) copy(s []T) []T {
	if len(b.free) < len(s) {
		b.free = make([]T, max(slabLen, len(s)))
	}
	c := b.free[:len(s):len(s)]
	b.free = b.free[len(s):]
	copy(c, s)
	return c
}

// one returns a new zero value.
func (b *slab[T]) one() *T {
	if len(b.free) == 0 {
		b.free = make([]T, slabLen/16)
	}
	p := &b.free[0]
	b.free = b.free[1:]
	return p
}
