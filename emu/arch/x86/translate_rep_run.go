package x86

import (
	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
	"panda/emu/mmu"
)

// run is a number of bytes that can be done at once, and the word with the highest
// rCX at which fewer elements are left.
type run struct {
	bytes uint64
	short ir.Ref
}

// prepareRuns says which runs the loop may take. It writes what makes every rCX,
// up to the highest, too low if the operands allow no runs.
func (r *repetition) prepareRuns() (runs []run) {
	t, b := r.t, r.t.b
	if r.run == nil || t.alone || !r.flat() || r.size == 8 && r.longest == 8 ||
		r.compares && r.source && t.in.Prefix&dec.RepNE != 0 {
		return nil
	}
	for n := r.longest; n >= 8; n /= 8 {
		if n > uint64(r.size) {
			runs = append(runs, run{n, b.Temp()})
			b.MovTo(runs[len(runs)-1].short, ir.I64, ir.K(^uint64(0)))
		}
	}
	if !r.source || r.compares {
		r.spread()
	}
	b.BrWatched(r.top)
	b.BrCond(r.top, ir.Ne, ir.I64, regs.DF, ir.K(1))
	if r.source && !r.compares {
		apart := b.Op2(ir.Sub, ir.I64, r.linear(r.element.destination()), ir.W(r.linear(r.element.source())))
		b.BrCond(r.top, ir.LtU, ir.I64, apart, ir.K(r.longest))
	}
	for _, n := range runs {
		count := n.bytes / uint64(r.size)
		if !r.compares {
			count--
		}
		b.Op2To(n.short, ir.Add, ir.I64, r.floor, ir.K(count))
	}
	return runs
}

// flat reports whether the address size and the segments let a run that stays in
// a page be one piece of memory.
func (r *repetition) flat() bool {
	t := r.t
	if t.mode&modeAC != 0 || t.in.AddrSize < 4 {
		return false
	}
	seg := ir.Ref(t.in.Mem.Seg)
	switch {
	case r.source && t.checksData(seg), r.destination && t.checksData(regs.ES):
		return false
	case t.in.AddrSize == 8:
		return true
	case r.source && seg >= regs.FS: // a base may move the end of the offsets into a page
		return false
	}
	return t.bits == 64 || t.mode&modeBased == 0
}

// linear is the word with an address.
func (r *repetition) linear(a ir.Address) ir.Ref {
	if a.Index == ir.None && a.Disp == 0 && a.Base != ir.None {
		return a.Base
	}
	at := r.t.b.Temp()
	r.t.b.LeaTo(at, ir.I64, a)
	return at
}

// tryRun does a run if enough elements are left and no page ends within it.
func (r *repetition) tryRun(n run) {
	t, b := r.t, r.t.b
	shorter := b.Label()
	b.BrCond(shorter, ir.LeU, ir.I64, t.counter(), ir.W(n.short))
	if r.source {
		r.src = r.inPage(r.element.source(), n.bytes, shorter)
	}
	if r.destination {
		r.dst = r.inPage(r.element.destination(), n.bytes, shorter)
	}
	r.run(r, n.bytes)
	if r.source {
		t.advance(regs.RSI, ir.K(n.bytes))
	}
	if r.destination {
		t.advance(regs.RDI, ir.K(n.bytes))
	}
	t.advance(regs.RCX, ir.K(-(n.bytes / uint64(r.size))))
	b.BrCond(r.top, ir.Ne, ir.I64, t.counter(), ir.W(r.floor))
	b.Br(r.stop)
	b.Place(shorter)
}

// inPage goes to a label if n bytes at an address are not in one page.
func (r *repetition) inPage(a ir.Address, n uint64, crosses int) ir.Address {
	b := r.t.b
	at := r.linear(a)
	off := b.Op2(ir.And, ir.I64, at, ir.K(mmu.PageSize-1))
	b.BrCond(crosses, ir.GtU, ir.I64, off, ir.K(mmu.PageSize-n))
	return ir.Address{Base: at, Index: ir.None}
}

// wideBytes is the size of the accesses of a long run.
const wideBytes = 32

// moveRun copies: all is loaded before anything is stored.
func moveRun(r *repetition, n uint64) {
	b := r.t.b
	if n < wideBytes {
		b.St(ir.I64, r.dst, b.Ld(ir.I64, r.src))
		return
	}
	var vs []ir.Ref
	for off := uint64(0); off < n; off += wideBytes {
		vs = append(vs, b.Ld(ir.V256, plus(r.src, off)))
	}
	for i, v := range vs {
		b.St(ir.V256, plus(r.dst, uint64(i)*wideBytes), v)
	}
}

func plus(a ir.Address, n uint64) ir.Address {
	a.Disp += n
	return a
}

// fillRun stores the pattern.
func fillRun(r *repetition, n uint64) {
	if n < wideBytes {
		r.t.b.St(ir.I64, r.dst, r.pattern)
		return
	}
	for off := uint64(0); off < n; off += wideBytes {
		r.t.b.St(ir.V256, plus(r.dst, off), r.pattern)
	}
}

// compareRun goes to the element unless 8 bytes are equal.
func compareRun(r *repetition, _ uint64) {
	b := r.t.b
	b.BrCond(r.one, ir.Ne, ir.I64, b.Ld(ir.I64, r.src), ir.W(b.Ld(ir.I64, r.dst)))
}

// scanRun goes to the element unless all elements of 8 bytes are like rAX, for
// REPE, or none is.
func scanRun(r *repetition, _ uint64) {
	b := r.t.b
	v := b.Ld(ir.I64, r.dst)
	if r.t.in.Prefix&dec.RepNE == 0 {
		b.BrCond(r.one, ir.Ne, ir.I64, v, ir.W(r.pattern))
		return
	}
	// An element of x is 0 if and only if this leaves a top bit set somewhere.
	ones := lanes(r.size)
	x := b.Op2(ir.Xor, ir.I64, v, ir.W(r.pattern))
	less := b.Op2(ir.Sub, ir.I64, x, ir.K(ones))
	borrowed := b.Op2(ir.AndNot, ir.I64, less, ir.W(x))
	b.BrCond(r.one, ir.TestNe, ir.I64, borrowed, ir.K(ones<<(8*r.size-1)))
}

// lanes is a word with a 1 in each element of n bytes.
func lanes(n uint8) uint64 {
	if n == 8 {
		return 1
	}
	return ^uint64(0) / (1<<(8*n) - 1)
}

// spread puts the low bytes of rAX into each element of the pattern.
func (r *repetition) spread() {
	b := r.t.b
	r.pattern = b.TempWords(4)
	v := r.t.extended(ir.ZExt, r.size, ir.W(regs.RAX))
	b.Op2To(r.pattern, ir.Mul, ir.I64, b.Word(v), ir.K(lanes(r.size)))
	for i := ir.Ref(1); i < 4 && !r.compares; i++ {
		b.MovTo(r.pattern+i, ir.I64, ir.W(r.pattern))
	}
}
