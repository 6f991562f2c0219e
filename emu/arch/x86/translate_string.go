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
	"movs": repeated(repetition{run: moveRun, longest: 64, source: true, destination: true}, func(s *element) {
		s.store(s.load(s.source()))
		s.step(regs.RSI)
		s.step(regs.RDI)
	}),
	"stos": repeated(repetition{run: fillRun, longest: 64, destination: true}, func(s *element) {
		s.store(regs.RAX)
		s.step(regs.RDI)
	}),
	"lods": repeated(repetition{}, func(s *element) {
		v := s.load(s.source())
		s.step(regs.RSI)
		s.t.putReg(uint8(regs.RAX), s.size, v)
	}),
	"cmps": repeated(repetition{run: compareRun, longest: 8, source: true, destination: true, compares: true}, func(s *element) {
		s.a, s.b = s.load(s.source()), s.load(s.destination())
		s.step(regs.RSI)
		s.step(regs.RDI)
	}),
	"scas": repeated(repetition{run: scanRun, longest: 8, destination: true, compares: true}, func(s *element) {
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

// repeated is a string instruction, which loops if it has a prefix that says so. Each
// translation has a repetition of its own: several machines translate at once.
func repeated(kind repetition, do func(s *element)) trFunc {
	return func(t *translator) {
		s := &element{t: t, size: t.in.ElemSize()}
		s.move = t.b.Op2(ir.Shl, ir.I64, regs.DF, ir.K(uint64(bits.TrailingZeros8(s.size))))
		if t.in.Prefix&(dec.RepE|dec.RepNE) == 0 {
			do(s)
			if kind.compares {
				t.setCC(regs.CCSub, s.size, ir.W(s.a), ir.W(s.b))
			}
			return
		}
		r := kind
		r.element, r.do = s, do
		r.repeat()
	}
}
