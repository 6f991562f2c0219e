package amd64

import (
	"panda/emu/ir"
	"panda/emu/jit/amd64/asm"
)

// size is the operand size of an operation in bytes.
func size(i *ir.Insn) uint8 {
	if i.Type == ir.I64 {
		return 8
	}
	return 4
}

// constant is operand B if it is a constant, cut to the operation's width.
func (l *lower) constant(i *ir.Insn) (k uint64, ok bool) {
	switch {
	case i.B == ir.Const:
		k = i.Imm
	case i.B < ir.FrameWords && l.words[i.B].konst && !l.pinned(i.B):
		k = l.words[i.B].k
	default:
		return 0, false
	}
	if i.Type != ir.I64 {
		k = uint64(uint32(k))
	}
	return k, true
}

// immediate is a constant as the sign-extended immediate of an instruction.
func immediate(size uint8, k uint64) (int32, bool) {
	if size == 4 {
		return int32(k), true
	}
	return int32(k), k == uint64(int64(int32(k)))
}

// result notes what is known of d after an operation that computed it in r.
func (l *lower) result(i *ir.Insn, r asm.Reg) {
	l.finish(i.D, r)
	l.values[l.words[i.D].num].short = i.Type != ir.I64
}

func lowMov(l *lower, i *ir.Insn) {
	if (l.inVecs(i.D) || l.vecs.n != 0) && l.moveVecWord(i) {
		return
	}
	if i.B == ir.Const {
		l.moveConst(i.D, i.Imm, i.Type)
		return
	}
	if i.B == i.D && i.Type == ir.I64 {
		return
	}
	if l.pinned(i.D) && l.words[i.B].reg == l.t.pin[i.D] && (i.Type == ir.I64 || l.values[l.number(i.B)].short) { // the value is there
		l.words[i.D].num = l.number(i.B)
		return
	}
	if l.words[i.B].konst && !l.pinned(i.B) {
		l.moveConst(i.D, l.words[i.B].k, i.Type)
		return
	}
	num := l.number(i.B)
	if i.Type != ir.I64 && !l.values[num].short {
		src, m := l.operand(i.B)
		r := l.target(i.D)
		if src != asm.NoReg {
			l.Mov(4, r, src)
		} else {
			l.Load(4, r, m)
		}
		l.result(i, r)
		return
	}
	src := l.toReg(i.B)
	if l.pinned(i.D) {
		r := l.target(i.D)
		l.Mov(8, r, src)
		l.define(i.D, r)
	} else {
		l.define(i.D, src)
	}
	l.words[i.D].num = num
}

// lowUnset forgets a word that is not pinned.
func lowUnset(l *lower, i *ir.Insn) {
	if !l.pinned(i.D) {
		l.unbind(i.D)
		l.words[i.D].num = 0
	}
}

// moveConst sets a word to a constant.
func (l *lower) moveConst(d ir.Ref, k uint64, t ir.Type) {
	if t != ir.I64 {
		k = uint64(uint32(k))
	}
	if l.pinned(d) {
		r := l.target(d)
		l.MovImm(r, k)
		l.define(d, r)
	} else {
		if l.vecs.n != 0 {
			l.vecGone(d, 1)
		}
		l.unbind(d)
		s := &l.words[d]
		s.konst, s.k = true, k
		s.num = l.fresh()
		l.markDirty(d)
	}
	v := &l.values[l.words[d].num]
	v.short, v.bits = k == uint64(uint32(k)), bitsOf(k)
}

// bitsOf is value.bits of a constant.
func bitsOf(k uint64) uint8 {
	switch {
	case k < 1<<8:
		return 8
	case k < 1<<16:
		return 16
	}
	return 0
}

// alu2 does d = a op b for a two-operand instruction that leaves the flags of
// its result.
func (l *lower) alu2(i *ir.Insn, op byte, commutes bool) {
	n := size(i)
	if k, ok := l.constant(i); ok {
		if v, fits := immediate(n, k); fits {
			r := l.targetFrom(i.D, i.A, asm.NoReg)
			l.AluI(op, n, r, v)
			l.result(i, r)
			return
		}
		t := l.alloc()
		l.MovImm(t, k)
		r := l.targetFrom(i.D, i.A, asm.NoReg)
		l.Alu(op, n, r, t)
		l.result(i, r)
		return
	}
	src, m := l.operand(i.B)
	a := i.A
	if src != asm.NoReg && commutes && l.pinned(i.D) && l.t.pin[i.D] == src && l.words[a].reg != src {
		other, om := l.operand(a)
		l.save(src, i.D)
		if other != asm.NoReg {
			l.Alu(op, n, src, other)
		} else {
			l.AluM(op, n, src, om)
		}
		l.result(i, src)
		return
	}
	r := l.targetFrom(i.D, a, src)
	if src != asm.NoReg {
		l.Alu(op, n, r, src)
	} else {
		l.AluM(op, n, r, m)
	}
	l.result(i, r)
}

// key is operand B as facts know it.
func (l *lower) key(i *ir.Insn) operandKey {
	if k, ok := l.constant(i); ok {
		return operandKey{konst: true, k: k}
	}
	return operandKey{num: l.number(i.B)}
}

// slack is how far the value of a may be from a checked address, after k has
// been added.
func (l *lower) slack(a ir.Ref, k uint64, t ir.Type) int64 {
	s := l.values[l.number(a)].slack
	if s < 0 || t != ir.I64 {
		return -1
	}
	if d := int64(k); d > -maxSlack && d < maxSlack {
		return s + max(d, -d)
	}
	return -1
}

func lowAdd(l *lower, i *ir.Insn) {
	a, b := l.number(i.A), l.key(i)
	slack := int64(-1)
	if b.konst {
		slack = l.slack(i.A, b.k, i.Type)
	}
	l.alu2(i, asm.AluAdd, true)
	d := l.words[i.D].num
	l.values[d].slack = slack
	l.flags = fact{ok: true, typ: i.Type, res: d, add: true, a: a, b: b}
}

func lowSub(l *lower, i *ir.Insn) {
	a, b := l.number(i.A), l.key(i)
	slack := int64(-1)
	if b.konst {
		slack = l.slack(i.A, -b.k, i.Type)
	}
	l.alu2(i, asm.AluSub, false)
	d := l.words[i.D].num
	l.values[d].slack = slack
	l.flags = fact{ok: true, typ: i.Type, res: d, cmp: true, a: a, b: b}
}

func lowLogic(op byte) func(*lower, *ir.Insn) {
	return func(l *lower, i *ir.Insn) {
		l.alu2(i, op, true)
		l.flags = fact{ok: true, typ: i.Type, res: l.words[i.D].num, logic: true}
	}
}

func lowAndNot(l *lower, i *ir.Insn) {
	b := l.toB(i)
	a := l.toReg(i.A)
	r := l.target(i.D)
	l.VRR(asm.Andn.Sized(size(i)), false, r, b, a)
	l.result(i, r)
	l.flags = fact{ok: true, typ: i.Type, res: l.words[i.D].num, logic: true}
}

// toB is operand B in a register.
func (l *lower) toB(i *ir.Insn) asm.Reg {
	if i.B == ir.Const {
		t := l.alloc()
		l.MovImm(t, i.Imm)
		return t
	}
	return l.toReg(i.B)
}
