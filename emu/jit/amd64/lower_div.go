package amd64

import (
	"panda/emu/ir"
	"panda/emu/jit/amd64/asm"
)

// lowDiv divides by DIV or IDIV, which work on RDX:RAX: these wait in memory
// meanwhile. A division of the same numbers that follows, for the other part of
// the result, is done by the same instruction.
func lowDiv(signed, rem bool) func(*lower, *ir.Insn) {
	return func(l *lower, i *ir.Insn) {
		twin := l.twinDiv(i)
		n := size(i)
		x := l.divisor(i)
		r := l.alloc()
		save := atScratch
		save.Disp += 8
		l.Store(8, atScratch, asm.RAX)
		l.Store(8, save, asm.RDX)
		l.dividend(i, n, r, signed)
		op := asm.UnaryDiv
		if signed {
			op = asm.UnaryIdiv
		}
		l.Unary(op, n, x)
		first, second := asm.RAX, asm.RDX
		if rem {
			first, second = asm.RDX, asm.RAX
		}
		l.Mov(n, r, first)
		if twin != nil {
			l.Mov(n, x, second)
		}
		l.Load(8, asm.RAX, atScratch)
		l.Load(8, asm.RDX, save)
		l.flags = fact{}
		l.result(i, r)
		if twin != nil {
			l.result(twin, x)
		}
	}
}

// divisor is operand B in a scratch register whose value nobody else needs.
func (l *lower) divisor(i *ir.Insn) asm.Reg {
	x := l.alloc()
	l.moveTo(x, i.B)
	return x
}

// dividend puts C:A, or A with its sign, into RDX:RAX. Each may be in the
// other's place; t is free.
func (l *lower) dividend(i *ir.Insn, n uint8, t asm.Reg, signed bool) {
	inRDX := false
	if i.C != ir.None {
		if inRDX = l.words[i.C].reg == asm.RDX; !inRDX {
			l.moveTo(t, i.C)
		}
	}
	l.moveTo(asm.RAX, i.A)
	switch {
	case signed:
		l.SignToRDX(n)
	case i.C == ir.None:
		l.Alu(asm.AluXor, 4, asm.RDX, asm.RDX)
	case !inRDX:
		l.Mov(8, asm.RDX, t)
	}
}

var twins = map[ir.Op]ir.Op{ir.DivU: ir.RemU, ir.RemU: ir.DivU, ir.DivS: ir.RemS, ir.RemS: ir.DivS}

// twinDiv is the next operation if it is the other half of this division, or
// nil. It counts as done.
func (l *lower) twinDiv(i *ir.Insn) *ir.Insn {
	n := l.pc + 1
	for l.b.Insns[n].Op == ir.Nop {
		n++
	}
	t := &l.b.Insns[n]
	if t.Op != twins[i.Op] || t.Type != i.Type || t.A != i.A || t.B != i.B || t.C != i.C {
		return nil
	}
	if i.D == t.D || i.D == i.A || i.D == i.B || i.D == i.C {
		return nil
	}
	l.done = n
	return t
}
