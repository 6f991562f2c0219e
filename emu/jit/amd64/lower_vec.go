package amd64

import "panda/emu/ir"

// vecFunc lowers a vector operation with the host's instruction for its lanes,
// and reports false if it does not do.
type vecFunc func(l *lower, i *ir.Insn, op vop) bool

// vecRow is how a vector operation is done: the instructions by log2 of the
// lane's bytes.
type vecRow struct {
	lower vecFunc
	ops   [4]vop
}

// Instructions by opcode map: p for 66 0F, p38 for 66 0F 38, p3a for 66 0F 3A.
func p(op uint32) vop   { return vexOp(1, 1, 0, op) }
func p38(op uint32) vop { return vexOp(1, 2, 0, op) }
func p3a(op uint32) vop { return vexOp(1, 3, 0, op) }
func w1(v vop) vop      { return v | 1<<20 }

// fp are the two packed forms of a floating-point instruction; the scalar ones
// differ in the prefix.
func fp(op uint32) [4]vop { return [4]vop{2: vexOp(0, 1, 0, op), 3: vexOp(1, 1, 0, op)} }

func one(op vop) [4]vop { return [4]vop{op, op, op, op} }

var vecRows [ir.NumVecOps]vecRow

func init() {
	vecRows = [ir.NumVecOps]vecRow{
		ir.VMov: {vec2, one(opVmovdqa)}, ir.VZero: {vecZero, one(p(0xef))},
		ir.VAnd: {vec3, one(p(0xdb))}, ir.VAndNot: {vec3, one(p(0xdf))}, ir.VOr: {vec3, one(p(0xeb))}, ir.VXor: {vec3, one(p(0xef))},
		ir.VAdd: {vec3, [4]vop{p(0xfc), p(0xfd), p(0xfe), p(0xd4)}}, ir.VSub: {vec3, [4]vop{p(0xf8), p(0xf9), p(0xfa), p(0xfb)}},
		ir.VAddSatS: {vec3, [4]vop{p(0xec), p(0xed)}}, ir.VAddSatU: {vec3, [4]vop{p(0xdc), p(0xdd)}},
		ir.VSubSatS: {vec3, [4]vop{p(0xe8), p(0xe9)}}, ir.VSubSatU: {vec3, [4]vop{p(0xd8), p(0xd9)}},
		ir.VMinS: {vec3, [4]vop{p38(0x38), p(0xea), p38(0x39)}}, ir.VMinU: {vec3, [4]vop{p(0xda), p38(0x3a), p38(0x3b)}},
		ir.VMaxS: {vec3, [4]vop{p38(0x3c), p(0xee), p38(0x3d)}}, ir.VMaxU: {vec3, [4]vop{p(0xde), p38(0x3e), p38(0x3f)}},
		ir.VAvg: {vec3, [4]vop{p(0xe0), p(0xe3)}}, ir.VAbs: {vec2, [4]vop{p38(0x1c), p38(0x1d), p38(0x1e)}},
		ir.VSign:  {vec3, [4]vop{p38(0x08), p38(0x09), p38(0x0a)}},
		ir.VCmpEq: {vec3, [4]vop{p(0x74), p(0x75), p(0x76), p38(0x29)}}, ir.VCmpGtS: {vec3, [4]vop{p(0x64), p(0x65), p(0x66), p38(0x37)}},
		ir.VMul: {vec3, [4]vop{1: p(0xd5), 2: p38(0x40)}}, ir.VMulHS: {vec3, [4]vop{1: p(0xe5)}}, ir.VMulHU: {vec3, [4]vop{1: p(0xe4)}},
		ir.VMulRoundS: {vec3, [4]vop{1: p38(0x0b)}}, ir.VMulWideS: {vec3, [4]vop{3: p38(0x28)}}, ir.VMulWideU: {vec3, [4]vop{3: p(0xf4)}},
		ir.VMulAdd: {vec3, [4]vop{2: p(0xf5)}}, ir.VMulAddSatU: {vec3, [4]vop{1: p38(0x04)}}, ir.VSumDiff: {vec3, [4]vop{3: p(0xf6)}},
		ir.VHAdd: {vec3, [4]vop{1: p38(0x01), 2: p38(0x02)}}, ir.VHAddSatS: {vec3, [4]vop{1: p38(0x03)}},
		ir.VHSub: {vec3, [4]vop{1: p38(0x05), 2: p38(0x06)}}, ir.VHSubSatS: {vec3, [4]vop{1: p38(0x07)}},
		ir.VShl: {vecShift(6), [4]vop{1: p(0xf1), 2: p(0xf2), 3: p(0xf3)}}, ir.VShr: {vecShift(2), [4]vop{1: p(0xd1), 2: p(0xd2), 3: p(0xd3)}},
		ir.VSar:  {vecShift(4), [4]vop{1: p(0xe1), 2: p(0xe2)}},
		ir.VShlV: {vec3, [4]vop{2: p38(0x47), 3: w1(p38(0x47))}}, ir.VShrV: {vec3, [4]vop{2: p38(0x45), 3: w1(p38(0x45))}},
		ir.VSarV:     {vec3, [4]vop{2: p38(0x46)}},
		ir.VShlBytes: {vecShiftBytes(7), one(p(0x73))}, ir.VShrBytes: {vecShiftBytes(3), one(p(0x73))},
		ir.VAlign:    {vec3Imm, one(p3a(0x0f))},
		ir.VPackSatS: {vec3, [4]vop{1: p(0x63), 2: p(0x6b)}}, ir.VPackSatU: {vec3, [4]vop{1: p(0x67), 2: p38(0x2b)}},
		ir.VUnpackLo: {vec3, [4]vop{p(0x60), p(0x61), p(0x62), p(0x6c)}}, ir.VUnpackHi: {vec3, [4]vop{p(0x68), p(0x69), p(0x6a), p(0x6d)}},
		ir.VExtendS: {vecExtend(0x20), one(p38(0x20))}, ir.VExtendU: {vecExtend(0x30), one(p38(0x30))},
		ir.VShuffle:   {vec2Imm, [4]vop{1: vexOp(3, 1, 0, 0x70), 2: p(0x70)}},
		ir.VShuffleHi: {vec2Imm, [4]vop{1: vexOp(2, 1, 0, 0x70)}},
		ir.VShuffle2:  {vec3Imm, [4]vop{2: vexOp(0, 1, 0, 0xc6), 3: p(0xc6)}},
		ir.VShuffleV:  {vec3, [4]vop{p38(0x00), 0, p38(0x0c), p38(0x0d)}},
		ir.VPermute:   {vecPermute, [4]vop{2: p38(0x36), 3: w1(p3a(0x00))}},
		ir.VBroadcast: {vecBroadcast, [4]vop{p38(0x78), p38(0x79), p38(0x58), p38(0x59)}},
		ir.VBlend:     {vec3Imm, [4]vop{1: p3a(0x0e), 2: p3a(0x0c), 3: p3a(0x0d)}},
		ir.VBlendV:    {vecBlendV, [4]vop{p3a(0x4c), 0, p3a(0x4a), p3a(0x4b)}},
		ir.VMoveMask:  {vecMoveMask, [4]vop{p(0xd7), 0, vexOp(0, 1, 0, 0x50), p(0x50)}},
		ir.VTest:      {vecTest, [4]vop{p38(0x17), p38(0x17), p38(0x0e), p38(0x0f)}},
		ir.VAESEnc:    {vec3, one(p38(0xdc))}, ir.VAESEncLast: {vec3, one(p38(0xdd))},
		ir.VAESDec: {vec3, one(p38(0xde))}, ir.VAESDecLast: {vec3, one(p38(0xdf))},
		ir.VAESMix: {vec2, one(p38(0xdb))}, ir.VAESKey: {vec2Imm, one(p3a(0xdf))}, ir.VClMul: {vec3Imm, one(p3a(0x44))},

		ir.VFAdd: {vecFloat3, fp(0x58)}, ir.VFMul: {vecFloat3, fp(0x59)}, ir.VFSub: {vecFloat3, fp(0x5c)}, ir.VFDiv: {vecFloat3, fp(0x5e)},
		ir.VFMin: {vecFloat3, fp(0x5d)}, ir.VFMax: {vecFloat3, fp(0x5f)}, ir.VFSqrt: {vecFloat2, fp(0x51)},
		ir.VFAddSub: {vec3, [4]vop{2: vexOp(3, 1, 0, 0xd0), 3: p(0xd0)}},
		ir.VFCmp:    {vecFloatCmp, fp(0xc2)}, ir.VFRelate: {vecRelate, [4]vop{2: vexOp(0, 1, 0, 0x2e), 3: p(0x2e)}},
		ir.VFRound:   {vecRound, [4]vop{2: p3a(0x08), 3: p3a(0x09)}},
		ir.VFMulAdd:  {vecMulAdd, [4]vop{2: p38(0x98), 3: w1(p38(0x98))}},
		ir.VI32ToF32: {vecFromInt(opCvtsi2ss, 4), [4]vop{2: vexOp(0, 1, 0, 0x5b)}},
		ir.VI32ToF64: {vecFromInt(opCvtsi2sd, 4), [4]vop{3: vexOp(2, 1, 0, 0xe6)}},
		ir.VI64ToF32: {vecFromInt(opCvtsi2ss, 8), [4]vop{3: 1}},
		ir.VI64ToF64: {vecFromInt(opCvtsi2sd, 8), [4]vop{3: 1}},
		ir.VF32ToI32: {vecToInt(opCvtss2si, 4), [4]vop{2: p(0x5b)}},
		ir.VF32ToI64: {vecToInt(opCvtss2si, 8), [4]vop{3: 1}},
		ir.VF64ToI32: {vecToInt(opCvtsd2si, 4), [4]vop{3: p(0xe6)}},
		ir.VF64ToI64: {vecToInt(opCvtsd2si, 8), [4]vop{3: 1}},
		ir.VF32ToF64: {vecWiden, [4]vop{3: vexOp(0, 1, 0, 0x5a)}},
		ir.VF64ToF32: {vecNarrow, [4]vop{3: p(0x5a)}},
	}
}

// lowVec does a vector operation.
func lowVec(l *lower, i *ir.Insn) {
	row := &vecRows[i.Aux]
	if i.Sub != 2 && l.vecs.n != 0 && ir.VecOp(i.Aux) != ir.VF32ToF64 && ir.VecOp(i.Aux) != ir.VF32ToI64 {
		l.wholeWord(i.A)
		l.wholeWord(i.B)
		if ir.VecRows[i.Aux].ReadsD {
			l.wholeWord(i.D)
		}
	}
	if op := row.ops[i.Sub&3]; op != 0 && l.hostFloat(i) && row.lower(l, i, op) {
		return
	}
	lowOperate(l, i)
}

// whole reports whether the operation is on 128 or 256 bits.
func whole(i *ir.Insn) bool { return i.Type >= ir.V128 }

func wide(i *ir.Insn) bool { return i.Type == ir.V256 }

// vecResult makes a register, which is no operand of an instruction that may
// fault, the result.
func (l *lower) vecResult(i *ir.Insn, t Reg) bool {
	l.vecDefine(t, i.D, i.Type.Words())
	return true
}

// noImm stands for no immediate byte.
const noImm = -1

func vec3(l *lower, i *ir.Insn, op vop) bool { return l.vecBinary(i, op, noImm) }

func vec3Imm(l *lower, i *ir.Insn, op vop) bool { return l.vecBinary(i, op, int(byte(i.Imm))) }

func vec2(l *lower, i *ir.Insn, op vop) bool { return l.vecUnary(i, op, noImm) }

func vec2Imm(l *lower, i *ir.Insn, op vop) bool { return l.vecUnary(i, op, int(byte(i.Imm))) }

// vecBinary emits D = A op B.
func (l *lower) vecBinary(i *ir.Insn, op vop, imm int) bool {
	if !whole(i) {
		return false
	}
	n := i.Type.Words()
	a, b := l.vecRead(i.A, n), l.vecRead(i.B, n)
	t := l.vecAlloc()
	l.vecEmit(i, op, t, a, b, imm)
	return l.vecResult(i, t)
}

// vecUnary emits D = op A.
func (l *lower) vecUnary(i *ir.Insn, op vop, imm int) bool {
	if !whole(i) {
		return false
	}
	a := l.vecRead(i.A, i.Type.Words())
	t := l.vecAlloc()
	l.vecEmit(i, op, t, 0, a, imm)
	return l.vecResult(i, t)
}

// vecEmit emits an instruction of the operation's size, in the guest's
// floating-point environment if it wants that.
func (l *lower) vecEmit(i *ir.Insn, op vop, t, a, b Reg, imm int) {
	if ir.VecRows[i.Aux].FP {
		l.fpFault()
	}
	l.vrr(op, wide(i), t, a, b)
	if imm >= 0 {
		l.byte(byte(imm))
	}
}

func vecZero(l *lower, i *ir.Insn, op vop) bool {
	if !whole(i) {
		return false
	}
	t := l.vecAlloc()
	l.vrr(op, false, t, t, t)
	return l.vecResult(i, t)
}

// vecShift shifts lanes by one count; n is the number of the forms with a
// constant.
func vecShift(n Reg) vecFunc {
	return func(l *lower, i *ir.Insn, op vop) bool {
		if !whole(i) {
			return false
		}
		a := l.vecRead(i.A, i.Type.Words())
		if i.B == ir.None {
			t := l.vecAlloc()
			l.vrr(p(0x70+uint32(i.Sub)), wide(i), n, t, a)
			l.byte(byte(min(i.Imm, 255)))
			return l.vecResult(i, t)
		}
		b := l.vecRead(i.B, 1)
		t := l.vecAlloc()
		l.vrr(op, wide(i), t, a, b)
		return l.vecResult(i, t)
	}
}

func vecShiftBytes(n Reg) vecFunc {
	return func(l *lower, i *ir.Insn, op vop) bool {
		if !whole(i) || i.B != ir.None {
			return false
		}
		a := l.vecRead(i.A, i.Type.Words())
		t := l.vecAlloc()
		l.vrr(op, wide(i), n, t, a)
		l.byte(byte(min(i.Imm, 255)))
		return l.vecResult(i, t)
	}
}

// vecExtend widens lanes; the instruction follows from the sizes.
func vecExtend(base uint32) vecFunc {
	return func(l *lower, i *ir.Insn, _ vop) bool {
		from, to := uint32(i.Imm), uint32(i.Sub)
		if !whole(i) || from >= to {
			return false
		}
		op := base + [3]uint32{0, 3, 5}[from] + to - from - 1
		a := l.vecRead(i.A, i.Type.Words()/2)
		t := l.vecAlloc()
		l.vrr(p38(op), wide(i), t, 0, a)
		return l.vecResult(i, t)
	}
}

func vecPermute(l *lower, i *ir.Insn, op vop) bool {
	if !wide(i) {
		return false
	}
	a := l.vecRead(i.A, 4)
	if i.Sub == 3 {
		t := l.vecAlloc()
		l.vrr(op, true, t, 0, a)
		l.byte(byte(i.Imm))
		return l.vecResult(i, t)
	}
	b := l.vecRead(i.B, 4)
	t := l.vecAlloc()
	l.vrr(op, true, t, b, a)
	return l.vecResult(i, t)
}

func vecBroadcast(l *lower, i *ir.Insn, op vop) bool {
	if !whole(i) {
		return false
	}
	a := l.vecRead(i.A, 1)
	t := l.vecAlloc()
	l.vrr(op, wide(i), t, 0, a)
	return l.vecResult(i, t)
}

func vecBlendV(l *lower, i *ir.Insn, op vop) bool {
	if !whole(i) {
		return false
	}
	n := i.Type.Words()
	a, b, c := l.vecRead(i.A, n), l.vecRead(i.B, n), l.vecRead(i.C, n)
	t := l.vecAlloc()
	l.vrr(op, wide(i), t, a, b)
	l.byte(byte(c) << 4)
	return l.vecResult(i, t)
}

func vecMoveMask(l *lower, i *ir.Insn, op vop) bool {
	if !whole(i) {
		return false
	}
	a := l.vecRead(i.A, i.Type.Words())
	r := l.target(i.D)
	l.vrr(op, wide(i), r, 0, a)
	l.finish(i.D, r)
	l.values[l.words[i.D].num].short = true
	return true
}

// vecTest makes bits 0 and 1 of the zero and carry flags.
func vecTest(l *lower, i *ir.Insn, op vop) bool {
	if !whole(i) {
		return false
	}
	n := i.Type.Words()
	a, b := l.vecRead(i.A, n), l.vecRead(i.B, n)
	l.vrr(op, wide(i), a, 0, b)
	l.flags = fact{}
	t, c := l.alloc(), l.alloc()
	l.setcc(ccE, t)
	l.setcc(ccB, c)
	l.extend(opMovzx8, 4, t, t)
	l.extend(opMovzx8, 4, c, c)
	l.lea(4, t, Mem{Base: t, Index: c, Scale: 1})
	l.finish(i.D, t)
	l.values[l.words[i.D].num].short = true
	return true
}
