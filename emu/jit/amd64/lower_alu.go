package amd64

import "panda/emu/ir"

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
func (l *lower) result(i *ir.Insn, r Reg) {
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
		if src != noReg {
			l.mov(4, r, src)
		} else {
			l.load(4, r, m)
		}
		l.result(i, r)
		return
	}
	src := l.toReg(i.B)
	if l.pinned(i.D) {
		r := l.target(i.D)
		l.mov(8, r, src)
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
		l.movImm(r, k)
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
			r := l.targetFrom(i.D, i.A, noReg)
			l.aluI(op, n, r, v)
			l.result(i, r)
			return
		}
		t := l.alloc()
		l.movImm(t, k)
		r := l.targetFrom(i.D, i.A, noReg)
		l.alu(op, n, r, t)
		l.result(i, r)
		return
	}
	src, m := l.operand(i.B)
	a := i.A
	if src != noReg && commutes && l.pinned(i.D) && l.t.pin[i.D] == src && l.words[a].reg != src {
		other, om := l.operand(a)
		l.save(src, i.D)
		if other != noReg {
			l.alu(op, n, src, other)
		} else {
			l.aluM(op, n, src, om)
		}
		l.result(i, src)
		return
	}
	r := l.targetFrom(i.D, a, src)
	if src != noReg {
		l.alu(op, n, r, src)
	} else {
		l.aluM(op, n, r, m)
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
	l.alu2(i, aluAdd, true)
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
	l.alu2(i, aluSub, false)
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
	l.vrr(opAndn.sized(size(i)), false, r, b, a)
	l.result(i, r)
	l.flags = fact{ok: true, typ: i.Type, res: l.words[i.D].num, logic: true}
}

// toB is operand B in a register.
func (l *lower) toB(i *ir.Insn) Reg {
	if i.B == ir.Const {
		t := l.alloc()
		l.movImm(t, i.Imm)
		return t
	}
	return l.toReg(i.B)
}

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
	l.rr(0xf7, 8, 5, x)
	l.mov(8, t, RDX)
	l.load(8, RAX, atScratch)
	l.load(8, RDX, save2)
	l.result(i, t)
}

// extend emits a zero or sign extension of a register.
func (l *lower) extend(op opcode, n uint8, d, s Reg) {
	if op == opMovzx8 || op == opMovsx8 {
		w, at := head(op, n, d, 0, s, s >= RSP)
		l.put(w|(0xc0|uint64(d&7)<<3|uint64(s&7))<<at, at+8)
		return
	}
	l.rr(op, n, d, s)
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
	op := map8to32(from, opMovzx8, opMovzx16, 0x8b)
	if src != noReg {
		l.extend(op, 4, r, src)
	} else {
		l.rm(op, 4, r, m)
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

func map8to32(t ir.Type, b, w, d opcode) opcode {
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
	op := map8to32(from, opMovsx8, opMovsx16, opMovsxd)
	if from == ir.I64 || from == ir.I32 && n == 4 {
		op = 0x8b
	}
	if src != noReg {
		l.extend(op, n, r, src)
	} else {
		l.rm(op, n, r, m)
	}
	l.result(i, r)
	l.values[l.words[i.D].num].signed = i.Type == ir.I64 && from != ir.I64
}

func lowExtract(l *lower, i *ir.Insn) {
	pos, n := i.Aux, i.Sub
	r := l.targetFrom(i.D, i.A, noReg)
	if pos+n < 64 {
		l.maskLow(r, pos, n)
	} else if pos != 0 {
		l.shiftI(shiftShr, 8, r, pos)
	}
	l.flags = fact{}
	l.finish(i.D, r)
	l.values[l.words[i.D].num].short = n <= 32
}

// maskLow shifts a register right and keeps n bits.
func (l *lower) maskLow(r Reg, pos, n uint8) {
	if pos != 0 {
		l.shiftI(shiftShr, 8, r, pos)
	}
	switch {
	case n == 8:
		l.extend(opMovzx8, 4, r, r)
	case n == 16:
		l.extend(opMovzx16, 4, r, r)
	case n == 32:
		l.mov(4, r, r)
	case n < 32:
		l.aluI(aluAnd, 4, r, int32(1<<n-1))
	default:
		l.shiftI(shiftShl, 8, r, 64-n)
		l.shiftI(shiftShr, 8, r, 64-n)
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
		r := l.targetFrom(i.D, i.A, noReg)
		if n == 1 {
			l.rr(0xc6, 1, 0, r)
			l.byte(byte(k))
		} else {
			l.rr(0xc7, 2, 0, r)
			l.byte(byte(k), byte(k>>8))
		}
		l.finish(i.D, r)
		return
	}
	b := l.toReg(i.B)
	r := l.targetFrom(i.D, i.A, b)
	if n == 1 {
		l.rr(0x8a, 1, r, b)
	} else {
		l.mov(2, r, b)
	}
	l.finish(i.D, r)
}

// depositHigh replaces the second byte.
func (l *lower) depositHigh(i *ir.Insn) {
	b := l.toB(i)
	r := l.targetFrom(i.D, i.A, b)
	if r == b {
		b = l.alloc()
		l.mov(4, b, r)
	}
	l.vrr(opRorx.sized(8), false, r, 0, r)
	l.byte(8)
	l.rr(0x8a, 1, r, b)
	l.vrr(opRorx.sized(8), false, r, 0, r)
	l.byte(56)
	l.finish(i.D, r)
}

// depositBits replaces any run of bits: the old value is turned so that they
// come lowest, shifted out and in, and turned back.
func (l *lower) depositBits(i *ir.Insn, pos, n uint8) {
	t := l.alloc()
	if k, ok := l.constant(&ir.Insn{Type: ir.I64, B: i.B, Imm: i.Imm}); ok {
		l.movImm(t, k)
	} else {
		l.moveTo(t, i.B)
	}
	r := l.targetFrom(i.D, i.A, noReg)
	mask := (uint64(1)<<n - 1) << pos
	l.shiftI(shiftShl, 8, t, 64-n)
	if pos+n < 64 {
		l.shiftI(shiftShr, 8, t, 64-n-pos)
	}
	if v, fits := immediate(8, ^mask); fits {
		l.aluI(aluAnd, 8, r, v)
	} else {
		x := l.alloc()
		l.movImm(x, ^mask)
		l.alu(aluAnd, 8, r, x)
	}
	l.alu(aluOr, 8, r, t)
	l.flags = fact{}
	l.finish(i.D, r)
}
