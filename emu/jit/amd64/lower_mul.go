package amd64

import "panda/emu/ir"

func lowMul(l *lower, i *ir.Insn) {
	n := size(i)
	l.flags = fact{}
	if k, ok := l.constant(i); ok {
		if v, fits := immediate(n, k); fits {
			a := l.toReg(i.A)
			r := l.target(i.D)
			l.imulI(n, r, a, v)
			l.result(i, r)
			l.flags = fact{}
			return
		}
	}
	b := l.toB(i)
	r := l.targetFrom(i.D, i.A, b)
	l.imul(n, r, b)
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
	if w := l.movedTo(i.D); w != ir.None && l.t.pin[w] == RDX && b != RDX {
		l.lock(RDX)
		l.save(RDX, w)
		l.moveTo(RDX, i.A)
		l.vrr(opMulx.sized(8), false, RDX, RDX, b)
		l.result(i, RDX)
		return
	}
	t := l.alloc()
	if b == RDX {
		l.moveTo(t, i.A)
		l.vrr(opMulx.sized(8), false, t, t, t)
	} else {
		l.store(8, atScratch, RDX)
		l.moveTo(RDX, i.A)
		l.vrr(opMulx.sized(8), false, t, t, b)
		l.load(8, RDX, atScratch)
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
		l.rr(opMovsxd, 8, t, t)
		l.rr(opMovsxd, 8, x, b)
	} else {
		l.mov(4, t, t)
		l.mov(4, x, b)
	}
	l.imul(8, t, x)
	l.shiftI(shiftShr, 8, t, 32)
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
	l.store(8, atScratch, RAX)
	l.store(8, save2, RDX)
	switch {
	case x != RAX:
		l.moveTo(RAX, i.A)
	case l.words[i.A].reg != noReg:
		x = l.words[i.A].reg
	default:
		l.moveTo(RDX, i.A)
		x = RDX
	}
	l.unary(unaryImul, 8, x)
	l.mov(8, t, RDX)
	l.load(8, RAX, atScratch)
	l.load(8, RDX, save2)
	l.result(i, t)
}
