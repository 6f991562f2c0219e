package amd64

import (
	"panda/emu/ir"
	"panda/emu/jit/amd64/asm"
	"panda/emu/softfloat"
)

// scalarForm reports whether an operation is on one lane, and makes the packed
// instruction the scalar one.
func scalarForm(i *ir.Insn, op asm.VOp) (asm.VOp, bool) {
	if i.Type.Bytes() != 1<<i.Sub {
		return op, false
	}
	if i.Sub == 3 {
		return op.Prefixed(asm.PrefixF2), true
	}
	return op.Prefixed(asm.PrefixF3), true
}

// hostFloat reports whether the host does an operation as it should, if that is
// floating point: by its own rules, in the environment that it can load, and with
// what its instructions can be told.
func (l *lower) hostFloat(i *ir.Insn) bool {
	if ir.VecRows[i.Aux].FP && (i.Rules != softfloat.SSE || i.C != l.t.fpEnv) {
		return false
	}
	switch ir.VecOp(i.Aux) {
	case ir.VFRound:
		return i.Imm&ir.RoundAway == 0
	case ir.VF32ToI32, ir.VF32ToI64, ir.VF64ToI32, ir.VF64ToI64:
		return i.Imm == ir.RoundEnv || i.Imm == ir.RoundZero
	case ir.VI32ToF32, ir.VI32ToF64, ir.VI64ToF32, ir.VI64ToF64, ir.VF64ToF32:
		return i.Imm == 0
	}
	return true
}

// truncates reports whether a conversion to integers rounds toward zero.
func truncates(i *ir.Insn) bool { return i.Imm == ir.RoundZero }

// fpFault readies for an instruction that may raise an exception.
func (l *lower) fpFault() {
	l.fpEnter()
	l.fault(false)
}

func vecFloat3(l *lower, i *ir.Insn, op asm.VOp) bool {
	sop, one := scalarForm(i, op)
	if one {
		return l.scalar(i, sop, i.A, i.B, noImm)
	}
	return vec3(l, i, op)
}

// scalar does an operation on the lowest lane: t = a op b, whose other lanes are
// those of a. imm is an immediate byte, or noImm.
func (l *lower) scalar(i *ir.Insn, op asm.VOp, a, b ir.Ref, imm int) bool {
	ra, rb := l.vecRead(a, 1), l.vecRead(b, 1)
	own := l.inVecs(i.D) && i.D == a && i.D == pair(i.D) && i.Sub == 3
	t := l.vecAlloc()
	l.fpFault()
	if imm == noImm {
		l.VRR(op, false, t, ra, rb)
	} else {
		l.VRRI(op, false, t, ra, rb, byte(imm))
	}
	l.setScalar(i, t, own)
	return true
}

// setScalar makes a scalar result the value of D.
func (l *lower) setScalar(i *ir.Insn, t asm.Reg, own bool) {
	l.vecSetWord(t, i.D, own)
	if !l.inVecs(i.D) && i.Sub == 2 {
		l.vecs.r[t].half = true
	}
}

func vecFloat2(l *lower, i *ir.Insn, op asm.VOp) bool {
	sop, one := scalarForm(i, op)
	if one {
		return l.scalar(i, sop, i.A, i.A, noImm)
	}
	return vec2(l, i, op)
}

// fpPredicates are the relations that the comparisons of the host stand for, as
// ir.VFCmp has them (SDM vol. 2A table 3-1).
var fpPredicates = func() map[uint64]byte {
	const l, e, g, u, s = 1, 2, 4, 8, 16
	m := map[uint64]byte{}
	for n, r := range [16]uint64{
		e, l | s, l | e | s, u, l | g | u, e | g | u | s, g | u | s, l | e | g,
		e | u, l | u | s, l | e | u | s, 0, l | g, e | g | s, g | s, l | e | g | u,
	} {
		m[r], m[r^s] = byte(n), byte(n)|16
	}
	return m
}()

func vecFloatCmp(l *lower, i *ir.Insn, op asm.VOp) bool {
	by, ok := fpPredicates[i.Imm]
	if !ok {
		return false
	}
	if sop, one := scalarForm(i, op); one {
		return l.scalar(i, sop, i.A, i.B, int(by))
	}
	return l.vecBinary(i, op, int(by))
}

// x86Relate is the result that COMISD's flags are: bytes for less, equal,
// greater and unordered.
const x86Relate = 0x45_00_40_01

// vecRelate makes a word of the carry, parity and zero flags.
func vecRelate(l *lower, i *ir.Insn, op asm.VOp) bool {
	if i.Imm&0xffffffff != x86Relate {
		return false
	}
	if i.Imm>>32&1 != 0 {
		op = op.Signaling()
	}
	a, b := l.vecRead(i.A, 1), l.vecRead(i.B, 1)
	l.fpFault()
	l.VRR(op, false, a, 0, b)
	l.relation(i.D)
	return true
}

// relation makes CF, PF and ZF of the host a word with these flags.
func (l *lower) relation(d ir.Ref) {
	t, x := l.alloc(), l.alloc()
	l.Setcc(asm.CcE, t)
	l.Setcc(asm.CcP, x)
	l.extend(asm.OpMovzx8, 4, t, t)
	l.extend(asm.OpMovzx8, 4, x, x)
	l.Lea(4, t, asm.Mem{Base: t, Index: t})
	l.Lea(4, t, asm.Mem{Base: x, Index: t, Scale: 3}) // PF and 16 times ZF
	l.Setcc(asm.CcB, x)
	l.extend(asm.OpMovzx8, 4, x, x)
	l.Lea(4, t, asm.Mem{Base: x, Index: t, Scale: 2})
	l.finish(d, t)
	n := l.words[d].num
	l.values[n].short = true
	l.flags = fact{ok: true, relate: true, res: n}
}

// vecRound is the host's instruction with the same immediate.
func vecRound(l *lower, i *ir.Insn, op asm.VOp) bool {
	if i.Type.Bytes() == 1<<i.Sub {
		return l.scalar(i, op.RoundScalar(), i.A, i.A, int(i.Imm&15))
	}
	return l.vecUnary(i, op, int(i.Imm&15))
}

// vecFromInt converts integers of n bytes.
func vecFromInt(scalar asm.VOp, n uint8) vecFunc {
	return func(l *lower, i *ir.Insn, op asm.VOp) bool {
		if whole(i) {
			if op == scalarOnly {
				return false
			}
			a := l.vecRead(i.A, i.WordsA())
			t := l.vecAlloc()
			if ir.VecRows[i.Aux].FP {
				l.fpFault()
			}
			l.VRR(op, wide(i), t, 0, a)
			return l.vecResult(i, t)
		}
		if i.Type.Bytes() != 1<<i.Sub {
			return false
		}
		r := l.toReg(i.A)
		t := l.vecAlloc()
		if ir.VecRows[i.Aux].FP {
			l.fpEnter()
		}
		l.VRR(asm.Vpxor, false, t, t, t)
		l.fault(false)
		l.VRR(scalar.Sized(n), false, t, t, r)
		l.vecSetWord(t, i.D, false)
		if !l.inVecs(i.D) && scalar == asm.Vcvtsi2ss {
			l.vecs.r[t].half = true
		}
		return true
	}
}

// vecToInt converts the lowest lane to an integer of n bytes.
func vecToInt(op asm.VOp, n uint8) vecFunc {
	return func(l *lower, i *ir.Insn, packed asm.VOp) bool {
		if whole(i) && packed != scalarOnly {
			return l.packedToInt(i, packed)
		}
		if whole(i) || i.Type.Bytes() != 1<<i.Sub {
			return false
		}
		a := l.vecRead(i.A, 1)
		r := l.target(i.D)
		l.fpFault()
		conv := op
		if truncates(i) {
			conv = op.Truncating()
		}
		l.VRR(conv.Sized(n), false, r, 0, a)
		l.finish(i.D, r)
		l.values[l.words[i.D].num].short = n == 4
		return true
	}
}

// packedToInt converts lanes to 32-bit integers; rounding and truncation differ
// in the prefix.
func (l *lower) packedToInt(i *ir.Insn, op asm.VOp) bool {
	rounds, cuts := asm.Prefix66, asm.PrefixF3 // from single
	if i.Sub == 3 {
		rounds, cuts = asm.PrefixF2, asm.Prefix66
	}
	if truncates(i) {
		rounds = cuts
	}
	a := l.vecRead(i.A, i.WordsA())
	t := l.vecAlloc()
	l.fpFault()
	l.VRR(op.Prefixed(rounds), wide(i), t, 0, a)
	if n := i.WordsD(); n == 1 {
		l.vecSetWord(t, i.D, false)
	} else {
		l.vecDefine(t, i.D, n)
	}
	return true
}

func vecWiden(l *lower, i *ir.Insn, op asm.VOp) bool {
	if !whole(i) {
		if i.Type != ir.I64 {
			return false
		}
		return l.scalar(i, op.Prefixed(asm.PrefixF3), i.A, i.A, noImm)
	}
	a := l.vecRead(i.A, i.Type.Words()/2)
	t := l.vecAlloc()
	l.fpFault()
	l.VRR(op, wide(i), t, 0, a)
	return l.vecResult(i, t)
}

func vecNarrow(l *lower, i *ir.Insn, op asm.VOp) bool {
	switch i.Type {
	case ir.I64: // one lane: the result is a word of half the size
		a := l.vecRead(i.A, 1)
		t := l.vecAlloc()
		l.fpFault()
		l.VRR(op.Prefixed(asm.PrefixF2), false, t, a, a)
		l.vecSetWord(t, i.D, false)
		if !l.inVecs(i.D) {
			l.vecs.r[t].half = true
		}
	case ir.V128:
		a := l.vecRead(i.A, 2)
		t := l.vecAlloc()
		l.fpFault()
		l.VRR(op, false, t, 0, a)
		l.vecSetWord(t, i.D, false)
	default:
		a := l.vecRead(i.A, 4)
		t := l.vecAlloc()
		l.fpFault()
		l.VRR(op, true, t, 0, a)
		l.vecDefine(t, i.D, 2)
	}
	return true
}

// vecMulAdd is FMA; D's old value is an operand. Imm bits 0-1 choose the form
// (132, 213, 231), bit 2 negates the product, bits 3 and 4 what is added to even
// and odd lanes.
func vecMulAdd(l *lower, i *ir.Insn, op asm.VOp) bool {
	kind, ok := fmaKinds[i.Imm>>2&7]
	if !ok || i.Imm&3 == 3 {
		return false
	}
	op = op.FMA(kind, byte(i.Imm&3))
	n, one := i.Type.Words(), i.Type.Bytes() == 1<<i.Sub
	switch {
	case one && (kind == asm.FMAAddSub || kind == asm.FMASubAdd):
		return false
	case one:
		op = op.FMAScalar()
	case !whole(i):
		return false
	}
	d, a, b := l.vecRead(i.D, n), l.vecRead(i.A, n), l.vecRead(i.B, n)
	t := l.vecAlloc()
	l.VRR(asm.Vmovdqa, wide(i), t, 0, d)
	l.fpFault()
	l.VRR(op, wide(i), t, a, b)
	if one {
		l.setScalar(i, t, l.inVecs(i.D) && i.D == pair(i.D) && i.Sub == 3)
		return true
	}
	return l.vecResult(i, t)
}

// fmaKinds are the instructions by bits 2 to 4 of the constant.
var fmaKinds = map[uint64]byte{0: asm.FMAAdd, 6: asm.FMASub, 1: asm.FMANegAdd, 7: asm.FMANegSub, 2: asm.FMAAddSub, 4: asm.FMASubAdd}
