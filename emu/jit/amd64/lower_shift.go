package amd64

import "panda/emu/ir"

// The BMI instructions on general registers (SDM vol. 2).
var (
	opShlx = vexOp(1, 2, 0, 0xf7)
	opSarx = vexOp(2, 2, 0, 0xf7)
	opShrx = vexOp(3, 2, 0, 0xf7)
	opAndn = vexOp(0, 2, 0, 0xf2)
	opMulx = vexOp(3, 2, 0, 0xf6)
	opRorx = vexOp(3, 3, 0, 0xf0)
)

// sized is the instruction for operands of 4 or 8 bytes.
func (v vop) sized(n uint8) vop {
	if n == 8 {
		return v | 1<<20
	}
	return v
}

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
			l.vrr(opRorx.sized(n), false, r, 0, a)
			l.byte(byte(k) & (8*n - 1))
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
