package exec

import (
	"bytes"
	"fmt"

	"panda/emu/guest"
	"panda/emu/probe"
	"panda/emu/vcpu"
)

// memo remembers translations by their code, so that processes that run the
// same code at the same address share the work and the records: a forked
// child, the dynamic linker of each program. It begins to remember when a second
// address space appears, and serves only while nobody watches, since what
// callbacks and filters say of a block may depend on the address space.
type memo struct {
	on   bool
	byPC table[memory] // the youngest for each address
	n    int
	text slab[byte]
	all  slab[memory]
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

// find finds a block with the same code, for the same mode and limit.
func (m *memo) find(pc guest.Addr, mode, limit uint64, code []byte) *vcpu.TB {
	for r := m.byPC.find(pc); r != nil; r = r.next {
		if r.tb.Mode == mode && r.tb.Limit == limit && bytes.Equal(r.code, span(r.tb, code)) {
			return r.tb
		}
	}
	return nil
}

// add remembers a block that carries no instrumentation.
func (m *memo) add(tb *vcpu.TB, code []byte) {
	if m.n++; m.n > memoMax {
		m.clear()
	}
	r := m.all.one()
	*r = memory{m.text.copy(span(tb, code)), tb, m.byPC.find(tb.PC)}
	m.byPC.set(tb.PC, r)
}

func (m *memo) clear() { *m = memo{on: m.on} }

// shareCode begins to remember, if there is another address space already, with
// what that one has translated.
func (e *Engine) shareCode() {
	if e.memo.on || len(e.caches) == 0 {
		return
	}
	e.memo.on = true
	for _, k := range e.caches { // there is one
		for _, m := range k.modes { // the order is not seen: each address is found for its mode
			m.byPC.each(func(tb *vcpu.TB) {
				n, _ := k.space.Fetch(tb.PC, e.code[:tb.Size+beyond])
				if n >= tb.Size && !tb.Instrumented() && !tb.Checked {
					e.memo.add(tb, e.code[:n])
				}
			})
		}
	}
}

// copyKnown makes a block for the pc from a remembered translation of the same
// code, if there is one.
func (e *Engine) copyKnown(c *vcpu.CPU, code []byte) *vcpu.TB {
	of := e.memo.find(c.PC(), e.mode, c.Space.Limit, code)
	if of == nil || probe.Wants(e.bus, e.source(code), of) {
		return nil
	}
	tb := e.tbs.one()
	*tb = vcpu.TB{
		PC: of.PC, Size: of.Size, ASID: c.Space.ASID, Mode: of.Mode, Marks: of.Marks, Last: of.Last, Limit: of.Limit,
		Unchained: of.Unchained, Step: of.Step, Heat: of.Heat,
	}
	if n := len(of.Side); n > 0 {
		tb.Side = make([]vcpu.Side, n)
	}
	if err := e.backend.Copy(of, tb); err != nil {
		panic(fmt.Sprintf("BUG: block at %#x: %v", uint64(tb.PC), err))
	}
	e.Stats.Copied++
	e.cache.add(tb)
	e.fireTranslated(tb)
	return tb
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
