package amd64

import (
	"panda/emu/ir"
	"panda/emu/jit/amd64/asm"
)

// extend emits a zero or sign extension of a register.
func (l *lower) extend(op asm.Opcode, n uint8, d, s asm.Reg) {
	if op == asm.OpMovzx8 || op == asm.OpMovsx8 {
		l.RRByte(op, n, d, s)
		return
	}
	l.RR(op, n, d, s)
}

func lowZExt(l *lower, i *ir.Insn) {
	from := ir.Type(i.Aux)
	if s := &l.words[i.A]; s.konst && !l.pinned(i.A) {
		l.moveConst(i.D, s.k&(1<<(8*from.Bytes())-1), ir.I64)
		return
	}
	if v := &l.values[l.number(i.A)]; from == ir.I64 || from == ir.I32 && v.short || v.bits != 0 && int(v.bits) <= 8*from.Bytes() {
		mov := ir.Insn{Op: ir.Mov, Type: ir.I64, D: i.D, A: ir.None, B: i.A, C: ir.None}
		lowMov(l, &mov)
		return
	}
	src, m := l.operand(i.A)
	r := l.target(i.D)
	op := map8to32(from, asm.OpMovzx8, asm.OpMovzx16, asm.OpMov)
	if src != asm.NoReg {
		l.extend(op, 4, r, src)
	} else {
		l.RM(op, 4, r, m)
	}
	l.finish(i.D, r)
	v := &l.values[l.words[i.D].num]
	v.short, v.bits = true, typeBits(from)
}

// typeBits is value.bits of a value of a type, zero-extended.
func typeBits(t ir.Type) uint8 {
	if t <= ir.I16 {
		return 8 << t
	}
	return 0
}

func map8to32(t ir.Type, b, w, d asm.Opcode) asm.Opcode {
	switch t {
	case ir.I8:
		return b
	case ir.I16:
		return w
	}
	return d
}

func lowSExt(l *lower, i *ir.Insn) {
	n := size(i)
	from := ir.Type(i.Aux)
	src, m := l.operand(i.A)
	r := l.target(i.D)
	op := map8to32(from, asm.OpMovsx8, asm.OpMovsx16, asm.OpMovsxd)
	if from == ir.I64 || from == ir.I32 && n == 4 {
		op = asm.OpMov
	}
	if src != asm.NoReg {
		l.extend(op, n, r, src)
	} else {
		l.RM(op, n, r, m)
	}
	l.result(i, r)
	l.values[l.words[i.D].num].signed = i.Type == ir.I64 && from != ir.I64
}

func lowExtract(l *lower, i *ir.Insn) {
	pos, n := i.Aux, i.Sub
	r := l.targetFrom(i.D, i.A, asm.NoReg)
	if pos+n < 64 {
		l.maskLow(r, pos, n)
	} else if pos != 0 {
		l.ShiftI(asm.ShiftShr, 8, r, pos)
	}
	l.flags = fact{}
	l.finish(i.D, r)
	l.values[l.words[i.D].num].short = n <= 32
}

// maskLow shifts a register right and keeps n bits.
func (l *lower) maskLow(r asm.Reg, pos, n uint8) {
	if pos != 0 {
		l.ShiftI(asm.ShiftShr, 8, r, pos)
	}
	switch {
	case n == 8:
		l.extend(asm.OpMovzx8, 4, r, r)
	case n == 16:
		l.extend(asm.OpMovzx16, 4, r, r)
	case n == 32:
		l.Mov(4, r, r)
	case n < 32:
		l.AluI(asm.AluAnd, 4, r, int32(1<<n-1))
	default:
		l.ShiftI(asm.ShiftShl, 8, r, 64-n)
		l.ShiftI(asm.ShiftShr, 8, r, 64-n)
	}
}

func lowDeposit(l *lower, i *ir.Insn) {
	if l.inVecs(i.D) && l.depositVec(i) {
		return
	}
	pos, n := i.Aux, i.Sub
	switch {
	case n == 64:
		lowMov(l, &ir.Insn{Op: ir.Mov, Type: ir.I64, D: i.D, A: ir.None, B: i.B, C: ir.None, Imm: i.Imm})
	case pos == 0 && (n == 8 || n == 16):
		l.depositLow(i, n/8)
	case pos == 8 && n == 8:
		l.depositHigh(i)
	default:
		l.depositBits(i, pos, n)
	}
}

// depositLow replaces the low byte or word.
func (l *lower) depositLow(i *ir.Insn, n uint8) {
	if k, ok := l.constant(&ir.Insn{Type: ir.I64, B: i.B, Imm: i.Imm}); ok {
		r := l.targetFrom(i.D, i.A, asm.NoReg)
		if n == 1 {
			l.MovImm8(r, byte(k))
		} else {
			l.MovImm16(r, uint16(k))
		}
		l.finish(i.D, r)
		return
	}
	b := l.toReg(i.B)
	r := l.targetFrom(i.D, i.A, b)
	if n == 1 {
		l.Mov8(r, b)
	} else {
		l.Mov(2, r, b)
	}
	l.finish(i.D, r)
}

// depositHigh replaces the second byte.
func (l *lower) depositHigh(i *ir.Insn) {
	b := l.toB(i)
	r := l.targetFrom(i.D, i.A, b)
	if r == b {
		b = l.alloc()
		l.Mov(4, b, r)
	}
	l.Rorx(8, r, r, 8)
	l.Mov8(r, b)
	l.Rorx(8, r, r, 56)
	l.finish(i.D, r)
}

// depositBits replaces any run of bits: the old value is turned so that they
// come lowest, shifted out and in, and turned back.
func (l *lower) depositBits(i *ir.Insn, pos, n uint8) {
	t := l.alloc()
	if k, ok := l.constant(&ir.Insn{Type: ir.I64, B: i.B, Imm: i.Imm}); ok {
		l.MovImm(t, k)
	} else {
		l.moveTo(t, i.B)
	}
	r := l.targetFrom(i.D, i.A, asm.NoReg)
	mask := (uint64(1)<<n - 1) << pos
	l.ShiftI(asm.ShiftShl, 8, t, 64-n)
	if pos+n < 64 {
		l.ShiftI(asm.ShiftShr, 8, t, 64-n-pos)
	}
	if v, fits := immediate(8, ^mask); fits {
		l.AluI(asm.AluAnd, 8, r, v)
	} else {
		x := l.alloc()
		l.MovImm(x, ^mask)
		l.Alu(asm.AluAnd, 8, r, x)
	}
	l.Alu(asm.AluOr, 8, r, t)
	l.flags = fact{}
	l.finish(i.D, r)
}
