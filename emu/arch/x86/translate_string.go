package x86

import (
	"math/bits"

	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
)

// stringTable holds the string instructions. Registers move after each element,
// so that a fault or a stop in the middle leaves what is to be repeated.
var stringTable = map[string]trFunc{
	"movs": repeated(false, func(s *element) {
		s.store(s.load(s.source()))
		s.step(regs.RSI)
		s.step(regs.RDI)
	}),
	"stos": repeated(false, func(s *element) {
		s.store(regs.RAX)
		s.step(regs.RDI)
	}),
	"lods": repeated(false, func(s *element) {
		v := s.load(s.source())
		s.step(regs.RSI)
		s.t.putReg(uint8(regs.RAX), s.size, v)
	}),
	"cmps": repeated(true, func(s *element) {
		s.a, s.b = s.load(s.source()), s.load(s.destination())
		s.step(regs.RSI)
		s.step(regs.RDI)
	}),
	"scas": repeated(true, func(s *element) {
		s.a, s.b = regs.RAX, s.load(s.destination())
		s.step(regs.RDI)
	}),
}

// element is one step of a string instruction.
type element struct {
	t    *translator
	size uint8
	move ir.Ref // what to add to pointers
	a, b ir.Ref // what a comparing instruction compared
}

func (s *element) source() ir.Address {
	return s.t.segmented(ir.Ref(s.t.in.Mem.Seg), s.t.pointer(regs.RSI))
}

func (s *element) destination() ir.Address {
	return s.t.segmented(regs.ES, s.t.pointer(regs.RDI))
}

func (s *element) load(a ir.Address) ir.Ref { return s.t.b.Ld(ir.IntType(int(s.size)), a) }

func (s *element) store(v ir.Ref) { s.t.b.St(ir.IntType(int(s.size)), s.destination(), v) }

// step moves a pointer register to the next element.
func (s *element) step(reg ir.Ref) { s.t.advance(reg, ir.W(s.move)) }

// advance adds to a register, cut to the address size.
func (t *translator) advance(reg ir.Ref, by ir.Val) {
	n := t.in.AddrSize
	if n < 4 {
		r := t.b.Op2(ir.Add, ir.I64, reg, by)
		t.putReg(uint8(reg), n, r)
		return
	}
	t.b.Op2To(reg, ir.Add, opType(n), reg, by)
}

// Overwriting itself: a repeated instruction that stores into its own bytes is
// fetched anew after that element, which is what CPUs that watch stores into
// code do. Only an instruction in a block of its own looks for that, because the
// run loop makes such a block for a store into translated code.

// hits is a word that is not 0 if the element at address a lies over a byte of
// the instruction.
func (s *element) hits(a ir.Ref) ir.Ref {
	n := uint64(s.size)
	off := s.t.b.Temp()
	s.t.b.LeaTo(off, ir.I64, ir.Address{Base: a, Index: ir.None, Disp: n - 1 - s.t.pc})
	return s.t.b.SetCond(ir.LtU, ir.I64, off, ir.K(uint64(s.t.in.Len)+n-1))
}

// runLength is how many elements one entry into a block does at most: then the
// block is entered again, where the run loop may stop.
const runLength = 1 << 14

func repeated(compares bool, do func(s *element)) trFunc {
	return func(t *translator) {
		s := &element{t: t, size: t.in.ElemSize()}
		s.move = t.b.Op2(ir.Shl, ir.I64, regs.DF, ir.K(uint64(bits.TrailingZeros8(s.size))))
		if t.in.Prefix&(dec.RepE|dec.RepNE) == 0 {
			do(s)
			if compares {
				t.setCC(regs.CCSub, s.size, ir.W(s.a), ir.W(s.b))
			}
			return
		}
		t.repeat(s, compares, do)
	}
}

// repeat loops over elements while rCX is not 0 and, when comparing, while the
// elements are as the prefix says.
func (t *translator) repeat(s *element, compares bool, do func(s *element)) {
	t.sync()
	loop, again, out, end := t.b.Label(), t.b.Label(), t.b.Label(), t.b.Label()
	left := t.b.Temp()
	t.b.MovTo(left, ir.I64, ir.K(runLength))
	t.b.BrCond(end, ir.Eq, ir.I64, t.counter(), ir.K(0))
	t.b.Place(loop)
	var hit ir.Ref
	if watch := t.alone && t.arg(0).Kind == dec.MemArg && !compares; watch {
		at := t.b.Temp()
		t.b.LeaTo(at, ir.I64, s.destination())
		hit = s.hits(at)
	}
	do(s)
	t.advance(regs.RCX, ir.K(^uint64(0)))
	t.b.BrCond(out, ir.Eq, ir.I64, t.counter(), ir.K(0))
	if hit != 0 {
		t.b.BrCond(again, ir.Ne, ir.I64, hit, ir.K(0))
	}
	if compares {
		a := t.b.Word(t.extended(ir.ZExt, s.size, ir.W(s.a)))
		b := t.b.Word(t.extended(ir.ZExt, s.size, ir.W(s.b)))
		differ := ir.Ne
		if t.in.Prefix&dec.RepNE != 0 {
			differ = ir.Eq
		}
		t.b.BrCond(out, differ, ir.I64, a, ir.W(b))
	}
	t.b.Op2To(left, ir.Sub, ir.I64, left, ir.K(1))
	t.b.BrCond(loop, ir.Ne, ir.I64, left, ir.K(0))
	t.b.Place(again)
	before := t.cc
	t.compared(s, compares)
	t.b.Exit(ir.ExitEnd, t.pc) // not through a chain slot: the block may need both
	t.cc = before
	t.b.Place(out)
	t.compared(s, compares)
	t.b.Place(end)
	if compares {
		t.loseForm()
	}
}

// compared sets the flags by the last elements.
func (t *translator) compared(s *element, compares bool) {
	if compares {
		t.setCC(regs.CCSub, s.size, ir.W(s.a), ir.W(s.b))
		t.sync()
	}
}
