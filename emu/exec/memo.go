package exec

import (
	"bytes"
	"fmt"

	"panda/emu/arch"
	"panda/emu/probe"
	"panda/emu/vcpu"
)

// memo remembers translations by their code, so that processes that run the
// same code at the same address share the work: a forked child, the dynamic
// linker of each program. It begins to remember when a second address space
// appears, and serves only while nobody watches, since what callbacks and filters
// say of a block may depend on the address space.
//
// Problem: blocks are linked to each other, and which code follows a block is a
// matter of its address space. Idea: an address space has blocks of its own, made
// by copying, and leaves them behind for the next one when it goes. So there are
// never more than the processes need that run at the same time.
type memo struct {
	on    bool
	byPC  table[memory] // the youngest for each address
	known []*memory     // all, by vcpu.TB.Known - 1
	text  slab[byte]
	all   slab[memory]
}

// memory is a translation with the bytes that it was made from, and those
// after it that might have decided where it ends.
type memory struct {
	code  []byte
	tb    *vcpu.TB
	spare *vcpu.TB // blocks that are left behind, by TB.Spare
	next  *memory  // of the same address
}

// memoMax is how many translations are remembered before all are forgotten.
const memoMax = 1 << 17

// beyond is how far after its end a block's code is compared: as far as the
// instruction reaches that might have been its next.
const beyond = arch.LongestInsn

func span(tb *vcpu.TB, code []byte) []byte { return code[:min(len(code), tb.Size+beyond)] }

// longest is the size of the longest block in a list.
func (r *memory) longest() (size int) {
	for ; r != nil; r = r.next {
		size = max(size, r.tb.Size)
	}
	return size
}

// find finds in a list what is known of the same code, for the same mode and in
// the same kind of address space.
func (r *memory) find(mode uint64, of vcpu.Memory, code []byte) *memory {
	for ; r != nil; r = r.next {
		if r.tb.Mode == mode && r.tb.Limit == of.Limit && r.tb.Soft == (of.Soft != nil) && bytes.Equal(r.code, span(r.tb, code)) {
			return r
		}
	}
	return nil
}

// add remembers a block, unless it is one that other address spaces cannot use.
func (m *memo) add(tb *vcpu.TB, code []byte) {
	if tb.Instrumented() || tb.Checked {
		return
	}
	r := m.all.one()
	*r = memory{code: m.text.copy(span(tb, code)), tb: tb, next: m.byPC.find(tb.PC)}
	m.byPC.set(tb.PC, r)
	m.known = append(m.known, r)
	tb.Known = uint32(len(m.known))
}

func (m *memo) clear() { *m = memo{on: m.on} }

// leaveBehind keeps a block of an address space that is gone for others.
func (m *memo) leaveBehind(tb *vcpu.TB) {
	r := m.known[tb.Known-1]
	tb.Spare, r.spare = r.spare, tb
}

// shareCode begins to remember, if there is an address space already, with what that
// one has translated. Physical memory is shared as it is.
func (e *Engine) shareCode() {
	if e.memo.on || len(e.caches) == 0 || e.cache != nil && e.cache.space == nil {
		return
	}
	e.memo.on = true
	for _, k := range e.caches { // there is one of a space
		if k.space == nil {
			continue
		}
		for _, m := range k.modes { // the order is not seen: each address is found for its mode
			m.byPC.each(func(tb *vcpu.TB) {
				code := e.work.code[:min(tb.Size+beyond, maxBytes)]
				if n, _ := k.space.Fetch(tb.Code, code); n >= tb.Size {
					e.memo.add(tb, code[:n])
				}
			})
		}
	}
}

// share makes a block for the pc from what is known of the same code: one that is
// left behind, or a copy.
func (e *Engine) share(known *memory, code []byte) *vcpu.TB {
	r := known.find(e.mode, e.cpu.Memory, code)
	if r == nil || probe.Wants(e.bus, e.source(code), r.tb) {
		return nil
	}
	tb := r.spare
	if tb != nil {
		r.spare, tb.Spare, tb.Dead = tb.Spare, nil, false
		e.Stats.Reused++
	} else {
		tb = e.copyBlock(r.tb)
	}
	tb.ASID = e.cpu.ASID()
	e.cache.add(tb)
	e.fireTranslated(tb)
	return tb
}

// copyBlock is a block like another one, which may have been dropped.
func (e *Engine) copyBlock(of *vcpu.TB) *vcpu.TB {
	tb := e.work.tbs.one()
	*tb = vcpu.TB{
		PC: of.PC, Code: of.Code, Places: of.Places, Size: of.Size, Mode: of.Mode, Marks: of.Marks, Last: of.Last, Step: of.Step,
		Form: of.Form, Native: vcpu.Native{Loops: of.Loops}, Notes: vcpu.Notes{Heat: of.Heat, Known: of.Known},
	}
	if n := len(of.Side); n > 0 {
		tb.Side = make([]vcpu.Side, n)
	}
	if err := e.backend.Copy(of, tb); err != nil {
		panic(fmt.Sprintf("BUG: block at %#x: %v", uint64(tb.PC), err))
	}
	e.Stats.Copied++
	e.made.all++
	return tb
}

// slab cuts small slices from large ones: what is cut together goes together.
type slab[T any] struct{ free []T }

const slabLen = 1 << 10

// copy returns a copy of s.
func (b *slab[T]) copy(s []T) []T { return append(b.take(len(s)), s...) }

// take returns an empty slice with room for n.
func (b *slab[T]) take(n int) []T {
	if len(b.free) < n {
		b.free = make([]T, max(slabLen, n))
	}
	s := b.free[:0:n]
	b.free = b.free[n:]
	return s
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
