package exec

import (
	"encoding/binary"
	"slices"

	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

// Problem: a program that changes its code all the time, or has data beside it,
// would fault at every store, lose the page's blocks, and fault again as soon as
// one of them is there.
//
// Idea: a page that was stored into often in a short time is left writable. A
// block with bytes in it begins by comparing its code with the memory, and leaves
// with ExitStale where they differ.
//
// Invariant: code that runs is the code that is there. A block of such a page is
// compared when it is entered, and nothing in it can change it after that: an
// instruction that may store stands in a block of its own.

// A page changes when it is stored into storedOften times within storedSoon
// instructions.
const (
	storedOften = 8
	storedSoon  = 1 << 20
)

// storedPage counts the stores into translated code of a page.
type storedPage struct {
	since  uint64 // icount of the first that counts
	times  int
	always bool // it changes
}

// stored counts a store.
func (k *cache) stored(page guest.PhysAddr, icount uint64) {
	p := k.stores[page]
	if p == nil {
		p = new(storedPage)
		k.stores[page] = p
	}
	if icount-p.since > storedSoon {
		p.since, p.times = icount, 0
	}
	p.times++
	p.always = p.always || p.times >= storedOften
}

// changing reports whether the page of a place changes.
func (k *cache) changing(place guest.PhysAddr) bool {
	p := k.stores[mmu.PageOf(place)]
	return p != nil && p.always
}

// checked reports whether a block has bytes in a page that changes.
func (k *cache) checked(places [2]guest.PhysAddr) bool {
	return len(k.stores) > 0 && (k.changing(places[0]) || k.changing(places[1]))
}

// writeChanging makes the block in the builder end before the first instruction that
// may store, or after it, and puts the check in front.
func (e *Engine) writeChanging(t *translation) {
	t.check = true
	if t.sides > 0 {
		t.way = nil
		e.ask(t)
	}
	for n := e.untilStore(); len(e.work.b.Marks) > n; n = e.untilStore() {
		t.max = n
		e.ask(t)
	}
	check(&e.work.b, t.code[:t.size], uint64(t.at))
}

// untilStore is how many instructions the block in the builder may have.
func (e *Engine) untilStore() (insns int) {
	b := &e.work.b
	for i := range b.Insns {
		switch o := &b.Insns[i]; o.Op {
		case ir.InsnMark:
			insns = int(o.Imm)
		case ir.St:
			return max(insns, 1)
		case ir.Call:
			if !b.Helpers[o.Imm].Pure {
				return max(insns, 1)
			}
		}
	}
	return len(b.Marks)
}

// check puts the comparison of code with the memory at an address in front of a block.
func check(b *ir.Builder, code []byte, at uint64) {
	body := slices.Clone(b.Insns)
	b.Insns = b.Insns[:0]
	same, differs := b.Label(), b.Temp()
	b.MovTo(differs, ir.I64, ir.K(0))
	for len(code) > 0 {
		n := 8
		for n > len(code) {
			n /= 2
		}
		var want [8]byte
		copy(want[:], code[:n])
		is := b.Ld(ir.IntType(n), ir.Address{Base: ir.None, Index: ir.None, Disp: at})
		is = b.Op2(ir.Xor, ir.I64, is, ir.K(binary.LittleEndian.Uint64(want[:])))
		b.Op2To(differs, ir.Or, ir.I64, differs, ir.W(is))
		code, at = code[n:], at+uint64(n)
	}
	b.BrCond(same, ir.Eq, ir.I64, differs, ir.K(0))
	b.Exit(ir.ExitStale, b.PC)
	b.Place(same)
	b.Insns = append(b.Insns, body...)
}

// staleBlock drops a block, and its neighbours, that found that its code had
// changed.
func (e *Engine) staleBlock(c *vcpu.CPU) (vcpu.Stop, bool) {
	tb := c.Leave.Last
	c.Leave = vcpu.Leave{}
	e.Stats.SMC++
	for _, at := range tb.Places {
		e.cache.dropFrom(e.cache.pages[mmu.PageOf(at)], tb.Code, tb.Code+guest.Addr(tb.Size))
	}
	return 0, false
}
