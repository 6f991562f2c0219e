package amd64

import "panda/emu/ir"

func lowShift(op Reg, variable vop) func(*lower, *ir.Insn) {
	return func(l *lower, i *ir.Insn) {
		n := size(i)
		if k, ok := l.constant(i); ok {
			k &= uint64(8*n - 1)
			r := l.targetFrom(i.D, i.A, noReg)
			if k == 0 {
				if n == 4 {
					l.mov(4, r, r)
				}
				l.result(i, r)
				return
			}
			l.shiftI(op, n, r, byte(k))
			l.result(i, r)
			l.flags = fact{ok: true, typ: i.Type, res: l.words[i.D].num}
			return
		}
		c := l.toReg(i.B)
		a := l.toReg(i.A)
		r := l.target(i.D)
		l.vrr(variable.sized(n), false, r, c, a)
		l.result(i, r)
	}
}

func lowRotate(op Reg) func(*lower, *ir.Insn) {
	return func(l *lower, i *ir.Insn) {
		n := size(i)
		if k, ok := l.constant(i); ok {
			k &= uint64(8*n - 1)
			if op == shiftRol {
				k = uint64(8*n) - k
			}
			a := l.toReg(i.A)
			r := l.target(i.D)
			l.rorx(n, r, a, byte(k)&(8*n-1))
			l.result(i, r)
			return
		}
		// The count must be in CL: RCX waits in memory meanwhile.
		t := l.alloc()
		l.moveTo(t, i.A)
		c := l.toReg(i.B)
		if c == RCX {
			l.shiftCL(op, n, t)
		} else {
			l.store(8, atScratch, RCX)
			l.mov(4, RCX, c)
			l.shiftCL(op, n, t)
			l.load(8, RCX, atScratch)
		}
		l.flags = fact{}
		l.result(i, t)
	}
}

func lowUnary(emit func(*asm, uint8, Reg)) func(*lower, *ir.Insn) {
	return func(l *lower, i *ir.Insn) {
		r := l.targetFrom(i.D, i.A, noReg)
		emit(&l.asm, size(i), r)
		l.flags = fact{}
		l.result(i, r)
	}
}

func lowCount(op opcode) func(*lower, *ir.Insn) {
	return func(l *lower, i *ir.Insn) {
		a := l.toReg(i.A)
		r := l.target(i.D)
		l.rr(op, size(i), r, a)
		l.flags = fact{}
		l.result(i, r)
	}
}
