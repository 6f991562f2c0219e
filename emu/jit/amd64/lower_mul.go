package amd64

import (
	"panda/emu/ir"
	"panda/emu/jit/amd64/asm"
)

func lowMul(l *lower, i *ir.Insn) {
	n := size(i)
	l.flags = fact{}
	if k, ok := l.constant(i); ok {
		if v, fits := immediate(n, k); fits {
			a := l.toReg(i.A)
			r := l.target(i.D)
			l.ImulI(n, r, a, v)
			l.result(i, r)
			l.flags = fact{}
			return
		}
	}
	b := l.toB(i)
	r := l.targetFrom(i.D, i.A, b)
	l.Imul(n, r, b)
	l.result(i, r)
}

// lowMulHU is the high half of an unsigned product. MULX takes an operand from
// RDX, which waits in memory meanwhile.
func lowMulHU(l *lower, i *ir.Insn) {
	if i.Type != ir.I64 {
		l.mulHigh32(i, false)
		return
	}
	b := l.toB(i)
	if w := l.movedTo(i.D); w != ir.None && l.t.pin[w] == asm.RDX && b != asm.RDX {
		l.lock(asm.RDX)
		l.save(asm.RDX, w)
		l.moveTo(asm.RDX, i.A)
		l.VRR(asm.Mulx.Sized(8), false, asm.RDX, asm.RDX, b)
		l.result(i, asm.RDX)
		return
	}
	t := l.alloc()
	if b == asm.RDX {
		l.moveTo(t, i.A)
		l.VRR(asm.Mulx.Sized(8), false, t, t, t)
	} else {
		l.Store(8, atScratch, asm.RDX)
		l.moveTo(asm.RDX, i.A)
		l.VRR(asm.Mulx.Sized(8), false, t, t, b)
		l.Load(8, asm.RDX, atScratch)
	}
	l.result(i, t)
}

// mulHigh32 multiplies in 64 bits.
func (l *lower) mulHigh32(i *ir.Insn, signed bool) {
	b := l.toB(i)
	t := l.alloc()
	l.moveTo(t, i.A)
	x := l.alloc()
	l.flags = fact{}
	if signed {
		l.RR(asm.OpMovsxd, 8, t, t)
		l.RR(asm.OpMovsxd, 8, x, b)
	} else {
		l.Mov(4, t, t)
		l.Mov(4, x, b)
	}
	l.Imul(8, t, x)
	l.ShiftI(asm.ShiftShr, 8, t, 32)
	l.result(i, t)
}

// lowMulHS uses IMUL on RDX:RAX.
func lowMulHS(l *lower, i *ir.Insn) {
	if i.Type != ir.I64 {
		l.mulHigh32(i, true)
		return
	}
	l.flags = fact{}
	x := l.toB(i)
	t := l.alloc()
	save2 := atScratch
	save2.Disp += 8
	l.Store(8, atScratch, asm.RAX)
	l.Store(8, save2, asm.RDX)
	switch {
	case x != asm.RAX:
		l.moveTo(asm.RAX, i.A)
	case l.words[i.A].reg != asm.NoReg:
		x = l.words[i.A].reg
	default:
		l.moveTo(asm.RDX, i.A)
		x = asm.RDX
	}
	l.Unary(asm.UnaryImul, 8, x)
	l.Mov(8, t, asm.RDX)
	l.Load(8, asm.RAX, atScratch)
	l.Load(8, asm.RDX, save2)
	l.result(i, t)
}
