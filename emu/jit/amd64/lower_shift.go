package amd64

import (
	"panda/emu/ir"
	"panda/emu/jit/amd64/asm"
)

func lowShift(op asm.Reg, variable asm.VOp) func(*lower, *ir.Insn) {
	return func(l *lower, i *ir.Insn) {
		n := size(i)
		if k, ok := l.constant(i); ok {
			k &= uint64(8*n - 1)
			r := l.targetFrom(i.D, i.A, asm.NoReg)
			if k == 0 {
				if n == 4 {
					l.Mov(4, r, r)
				}
				l.result(i, r)
				return
			}
			l.ShiftI(op, n, r, byte(k))
			l.result(i, r)
			l.flags = fact{ok: true, typ: i.Type, res: l.words[i.D].num}
			return
		}
		c := l.toReg(i.B)
		a := l.toReg(i.A)
		r := l.target(i.D)
		l.VRR(variable.Sized(n), false, r, c, a)
		l.result(i, r)
	}
}

func lowRotate(op asm.Reg) func(*lower, *ir.Insn) {
	return func(l *lower, i *ir.Insn) {
		n := size(i)
		if k, ok := l.constant(i); ok {
			k &= uint64(8*n - 1)
			if op == asm.ShiftRol {
				k = uint64(8*n) - k
			}
			a := l.toReg(i.A)
			r := l.target(i.D)
			l.Rorx(n, r, a, byte(k)&(8*n-1))
			l.result(i, r)
			return
		}
		// The count must be in CL: RCX waits in memory meanwhile.
		t := l.alloc()
		l.moveTo(t, i.A)
		c := l.toReg(i.B)
		if c == asm.RCX {
			l.ShiftCL(op, n, t)
		} else {
			l.Store(8, atScratch, asm.RCX)
			l.Mov(4, asm.RCX, c)
			l.ShiftCL(op, n, t)
			l.Load(8, asm.RCX, atScratch)
		}
		l.flags = fact{}
		l.result(i, t)
	}
}

func lowUnary(emit func(*asm.Writer, uint8, asm.Reg)) func(*lower, *ir.Insn) {
	return func(l *lower, i *ir.Insn) {
		r := l.targetFrom(i.D, i.A, asm.NoReg)
		emit(&l.Writer, size(i), r)
		l.flags = fact{}
		l.result(i, r)
	}
}

func lowCount(op asm.Opcode) func(*lower, *ir.Insn) {
	return func(l *lower, i *ir.Insn) {
		a := l.toReg(i.A)
		r := l.target(i.D)
		l.RR(op, size(i), r, a)
		l.flags = fact{}
		l.result(i, r)
	}
}
