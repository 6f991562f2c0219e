package x86

import (
	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
)

// Problem: a repeated string instruction is one element after the other, each of
// which can fault, and memory callbacks and stores into code see each of them.
// Programs use it for blocks of memory and expect it to be fast.
//
// Idea: where nothing can tell the difference, the loop takes a run of several
// elements at once: 64 bytes, 8, or else the one element.
//
// A run keeps the rules of its elements because
//
//   - it lies in one page at either end, so that it faults where its first
//     element does, or nowhere; this is also where it may not wrap around at the
//     end of the address space;
//   - it does not read what it writes: source and destination are apart by the
//     longest run, or the destination comes first;
//   - a comparing one ends before the element that decides, which sets the flags;
//   - memory callbacks, DF and unusual segments leave elements only.

// repetition is a string instruction that repeats.
type repetition struct {
	*element
	do func(s *element)

	// run does n bytes, and goes to r.one if it must not. nil for an
	// instruction without runs.
	run                 func(r *repetition, n uint64)
	longest             uint64 // run in bytes
	source, destination bool   // which operands are in memory
	compares            bool

	top, one  int    // labels: before the runs, before the element
	stop, out int    // rCX is at its floor; the instruction is done
	floor     ir.Ref // the rCX at which this entry ends
	src, dst  ir.Address
	pattern   ir.Ref // of the elements that runs store or look for: 4 words
}

// most is how many elements an entry into the block does: a program that steps
// sees a trap after each (SDM vol. 2B, REP).
func (r *repetition) most() uint64 {
	if r.t.single() {
		return 1
	}
	return repeatMax
}

// repeatMax is how many elements one entry into a block does at most, a power of
// two: then the block is entered again, where the run loop may stop.
const repeatMax = 1 << 14

// repeat loops over elements while rCX is not 0 and, when comparing, while the
// elements are as the prefix says.
func (r *repetition) repeat() {
	t, b := r.t, r.t.b
	t.sync()
	r.top, r.one, r.stop, r.out = b.Label(), b.Label(), b.Label(), b.Label()
	end := b.Label()
	cx := t.counter()
	b.BrCond(end, ir.Eq, ir.I64, cx, ir.K(0))
	r.setFloor(cx)
	runs := r.prepareRuns()
	b.Place(r.top)
	for _, n := range runs {
		r.tryRun(n)
	}
	b.Place(r.one)
	r.oneElement()
	b.BrCond(r.top, ir.Ne, ir.I64, t.counter(), ir.W(r.floor))
	b.Place(r.stop)
	b.BrCond(r.out, ir.Eq, ir.I64, t.counter(), ir.K(0))
	before := t.cc
	if t.single() { // else the flags are those before the instruction until it is done: a fault shows them
		r.compared()
	}
	b.Exit(ir.ExitEnd, t.pc) // not through a chain slot: the block may need both
	t.cc = before
	b.Place(r.out)
	r.compared()
	b.Place(end)
	if r.compares {
		t.loseForm()
	}
}

// setFloor sets the rCX at which this entry ends: the next multiple of what one
// entry does. So the instruction is cut in the same places, and counts the same,
// when an entry begins again in its middle because it has met translated code.
func (r *repetition) setFloor(cx ir.Ref) {
	b := r.t.b
	r.floor = b.Op2(ir.Sub, ir.I64, cx, ir.K(1))
	b.Op2To(r.floor, ir.And, ir.I64, r.floor, ir.K(-r.most()))
}

// Overwriting itself: a repeated instruction that stores into its own bytes is
// fetched anew after that element, which is what CPUs that watch stores into
// code do. Only an instruction in a block of its own looks for that, because the
// run loop makes such a block for a store into translated code.

// oneElement does one element, and goes where the instruction ends.
func (r *repetition) oneElement() {
	t, b := r.t, r.t.b
	var hit ir.Ref
	if t.alone && t.arg(0).Kind == dec.MemArg && !r.compares {
		at := b.Temp()
		b.LeaTo(at, ir.I64, r.element.destination())
		hit = r.hits(at)
	}
	r.do(r.element)
	t.advance(regs.RCX, ir.K(^uint64(0)))
	if hit != 0 {
		b.BrCond(r.stop, ir.Ne, ir.I64, hit, ir.K(0))
	}
	if r.compares {
		x := b.Word(t.extended(ir.ZExt, r.size, ir.W(r.a)))
		y := b.Word(t.extended(ir.ZExt, r.size, ir.W(r.b)))
		differ := ir.Ne
		if t.in.Prefix&dec.RepNE != 0 {
			differ = ir.Eq
		}
		b.BrCond(r.out, differ, ir.I64, x, ir.W(y))
	}
}

// hits is a word that is not 0 if the element at address a lies over a byte of
// the instruction.
func (s *element) hits(a ir.Ref) ir.Ref {
	n := uint64(s.size)
	off := s.t.b.Temp()
	s.t.b.LeaTo(off, ir.I64, ir.Address{Base: a, Index: ir.None, Disp: n - 1 - s.t.g.CodeBase(s.t.mode) - s.t.pc})
	return s.t.b.SetCond(ir.LtU, ir.I64, off, ir.K(uint64(s.t.in.Len)+n-1))
}

// compared sets the flags by the last elements.
func (r *repetition) compared() {
	if r.compares {
		r.t.setCC(regs.CCSub, r.size, ir.W(r.a), ir.W(r.b))
		r.t.sync()
	}
}
