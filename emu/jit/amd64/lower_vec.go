package amd64

import (
	"panda/emu/ir"
	"panda/emu/jit/amd64/asm"
)

// vecFunc lowers a vector operation with the host's instruction for its lanes,
// and reports false if it does not do.
type vecFunc func(l *lower, i *ir.Insn, op asm.VOp) bool

// vecRow is how a vector operation is done: the instructions by log2 of the
// lane's bytes.
type vecRow struct {
	lower vecFunc
	ops   [4]asm.VOp
}

// scalarOnly stands for the instruction of an operation that has none on several
// lanes.
const scalarOnly asm.VOp = 1

func one(op asm.VOp) [4]asm.VOp { return [4]asm.VOp{op, op, op, op} }

// vecRows are the rows of the operations; one without an instruction for its lanes is
// the interpreter's.
var vecRows = [ir.NumVecOps]vecRow{
	ir.VMov:        {vec2, one(asm.Vmovdqa)},
	ir.VZero:       {vecZero, one(asm.Vpxor)},
	ir.VAnd:        {vec3, one(asm.Vpand)},
	ir.VAndNot:     {vec3, one(asm.Vpandn)},
	ir.VOr:         {vec3, one(asm.Vpor)},
	ir.VXor:        {vec3, one(asm.Vpxor)},
	ir.VAdd:        {vec3, [4]asm.VOp{asm.Vpaddb, asm.Vpaddw, asm.Vpaddd, asm.Vpaddq}},
	ir.VSub:        {vec3, [4]asm.VOp{asm.Vpsubb, asm.Vpsubw, asm.Vpsubd, asm.Vpsubq}},
	ir.VAddSatS:    {vec3, [4]asm.VOp{asm.Vpaddsb, asm.Vpaddsw}},
	ir.VAddSatU:    {vec3, [4]asm.VOp{asm.Vpaddusb, asm.Vpaddusw}},
	ir.VSubSatS:    {vec3, [4]asm.VOp{asm.Vpsubsb, asm.Vpsubsw}},
	ir.VSubSatU:    {vec3, [4]asm.VOp{asm.Vpsubusb, asm.Vpsubusw}},
	ir.VMinS:       {vec3, [4]asm.VOp{asm.Vpminsb, asm.Vpminsw, asm.Vpminsd}},
	ir.VMinU:       {vec3, [4]asm.VOp{asm.Vpminub, asm.Vpminuw, asm.Vpminud}},
	ir.VMaxS:       {vec3, [4]asm.VOp{asm.Vpmaxsb, asm.Vpmaxsw, asm.Vpmaxsd}},
	ir.VMaxU:       {vec3, [4]asm.VOp{asm.Vpmaxub, asm.Vpmaxuw, asm.Vpmaxud}},
	ir.VAvg:        {vec3, [4]asm.VOp{asm.Vpavgb, asm.Vpavgw}},
	ir.VAbs:        {vec2, [4]asm.VOp{asm.Vpabsb, asm.Vpabsw, asm.Vpabsd}},
	ir.VSign:       {vec3, [4]asm.VOp{asm.Vpsignb, asm.Vpsignw, asm.Vpsignd}},
	ir.VCmpEq:      {vec3, [4]asm.VOp{asm.Vpcmpeqb, asm.Vpcmpeqw, asm.Vpcmpeqd, asm.Vpcmpeqq}},
	ir.VCmpGtS:     {vec3, [4]asm.VOp{asm.Vpcmpgtb, asm.Vpcmpgtw, asm.Vpcmpgtd, asm.Vpcmpgtq}},
	ir.VMul:        {vec3, [4]asm.VOp{1: asm.Vpmullw, 2: asm.Vpmulld}},
	ir.VMulHS:      {vec3, [4]asm.VOp{1: asm.Vpmulhw}},
	ir.VMulHU:      {vec3, [4]asm.VOp{1: asm.Vpmulhuw}},
	ir.VMulRoundS:  {vec3, [4]asm.VOp{1: asm.Vpmulhrsw}},
	ir.VMulWideS:   {vec3, [4]asm.VOp{3: asm.Vpmuldq}},
	ir.VMulWideU:   {vec3, [4]asm.VOp{3: asm.Vpmuludq}},
	ir.VMulAdd:     {vec3, [4]asm.VOp{2: asm.Vpmaddwd}},
	ir.VMulAddSatU: {vec3, [4]asm.VOp{1: asm.Vpmaddubsw}},
	ir.VSumDiff:    {vec3, [4]asm.VOp{3: asm.Vpsadbw}},
	ir.VHAdd:       {vec3, [4]asm.VOp{1: asm.Vphaddw, 2: asm.Vphaddd}},
	ir.VHAddSatS:   {vec3, [4]asm.VOp{1: asm.Vphaddsw}},
	ir.VHSub:       {vec3, [4]asm.VOp{1: asm.Vphsubw, 2: asm.Vphsubd}},
	ir.VHSubSatS:   {vec3, [4]asm.VOp{1: asm.Vphsubsw}},
	ir.VShl:        {vecShift(asm.ShiftLeft), [4]asm.VOp{1: asm.Vpsllw, 2: asm.Vpslld, 3: asm.Vpsllq}},
	ir.VShr:        {vecShift(asm.ShiftRight), [4]asm.VOp{1: asm.Vpsrlw, 2: asm.Vpsrld, 3: asm.Vpsrlq}},
	ir.VSar:        {vecShift(asm.ShiftArith), [4]asm.VOp{1: asm.Vpsraw, 2: asm.Vpsrad}},
	ir.VShlV:       {vec3, [4]asm.VOp{2: asm.Vpsllvd, 3: asm.Vpsllvq}},
	ir.VShrV:       {vec3, [4]asm.VOp{2: asm.Vpsrlvd, 3: asm.Vpsrlvq}},
	ir.VSarV:       {vec3, [4]asm.VOp{2: asm.Vpsravd}},
	ir.VShlBytes:   {vecShiftBytes(asm.ShiftBytesLeft), one(asm.ShiftLanes(3))},
	ir.VShrBytes:   {vecShiftBytes(asm.ShiftBytesRight), one(asm.ShiftLanes(3))},
	ir.VAlign:      {vec3Imm, one(asm.Vpalignr)},
	ir.VPackSatS:   {vec3, [4]asm.VOp{1: asm.Vpacksswb, 2: asm.Vpackssdw}},
	ir.VPackSatU:   {vec3, [4]asm.VOp{1: asm.Vpackuswb, 2: asm.Vpackusdw}},
	ir.VUnpackLo:   {vec3, [4]asm.VOp{asm.Vpunpcklbw, asm.Vpunpcklwd, asm.Vpunpckldq, asm.Vpunpcklqdq}},
	ir.VUnpackHi:   {vec3, [4]asm.VOp{asm.Vpunpckhbw, asm.Vpunpckhwd, asm.Vpunpckhdq, asm.Vpunpckhqdq}},
	ir.VExtendS:    {vecExtend, one(asm.Vpmovsxbw)},
	ir.VExtendU:    {vecExtend, one(asm.Vpmovzxbw)},
	ir.VShuffle:    {vec2Imm, [4]asm.VOp{1: asm.Vpshuflw, 2: asm.Vpshufd}},
	ir.VShuffleHi:  {vec2Imm, [4]asm.VOp{1: asm.Vpshufhw}},
	ir.VShuffle2:   {vec3Imm, [4]asm.VOp{2: asm.Vshufps, 3: asm.Vshufpd}},
	ir.VShuffleV:   {vec3, [4]asm.VOp{asm.Vpshufb, 0, asm.Vpermilps, asm.Vpermilpd}},
	ir.VPermute:    {vecPermute, [4]asm.VOp{2: asm.Vpermd, 3: asm.Vpermq}},
	ir.VBroadcast:  {vecBroadcast, [4]asm.VOp{asm.Vpbroadcastb, asm.Vpbroadcastw, asm.Vpbroadcastd, asm.Vpbroadcastq}},
	ir.VBlend:      {vec3Imm, [4]asm.VOp{1: asm.Vpblendw, 2: asm.Vblendps, 3: asm.Vblendpd}},
	ir.VBlendV:     {vecBlendV, [4]asm.VOp{asm.Vpblendvb, 0, asm.Vblendvps, asm.Vblendvpd}},
	ir.VMoveMask:   {vecMoveMask, [4]asm.VOp{asm.Vpmovmskb, 0, asm.Vmovmskps, asm.Vmovmskpd}},
	ir.VTest:       {vecTest, [4]asm.VOp{asm.Vptest, asm.Vptest, asm.Vtestps, asm.Vtestpd}},
	ir.VAESEnc:     {vec3, one(asm.Vaesenc)},
	ir.VAESEncLast: {vec3, one(asm.Vaesenclast)},
	ir.VAESDec:     {vec3, one(asm.Vaesdec)},
	ir.VAESDecLast: {vec3, one(asm.Vaesdeclast)},
	ir.VAESMix:     {vec2, one(asm.Vaesimc)},
	ir.VAESKey:     {vec2Imm, one(asm.Vaeskeygenassist)},
	ir.VClMul:      {vec3Imm, one(asm.Vpclmulqdq)},

	ir.VFAdd:     {vecFloat3, asm.FP(asm.FPAdd)},
	ir.VFMul:     {vecFloat3, asm.FP(asm.FPMul)},
	ir.VFSub:     {vecFloat3, asm.FP(asm.FPSub)},
	ir.VFDiv:     {vecFloat3, asm.FP(asm.FPDiv)},
	ir.VFMin:     {vecFloat3, asm.FP(asm.FPMin)},
	ir.VFMax:     {vecFloat3, asm.FP(asm.FPMax)},
	ir.VFSqrt:    {vecFloat2, asm.FP(asm.FPSqrt)},
	ir.VFAddSub:  {vec3, [4]asm.VOp{2: asm.Vaddsubps, 3: asm.Vaddsubpd}},
	ir.VFCmp:     {vecFloatCmp, asm.FP(asm.FPCmp)},
	ir.VFRelate:  {vecRelate, [4]asm.VOp{2: asm.Vucomiss, 3: asm.Vucomisd}},
	ir.VFRound:   {vecRound, [4]asm.VOp{2: asm.Vroundps, 3: asm.Vroundpd}},
	ir.VFMulAdd:  {vecMulAdd, [4]asm.VOp{2: asm.Vfmadd132ps, 3: asm.Vfmadd132pd}},
	ir.VI32ToF32: {vecFromInt(asm.Vcvtsi2ss, 4), [4]asm.VOp{2: asm.Vcvtdq2ps}},
	ir.VI32ToF64: {vecFromInt(asm.Vcvtsi2sd, 4), [4]asm.VOp{3: asm.Vcvtdq2pd}},
	ir.VI64ToF32: {vecFromInt(asm.Vcvtsi2ss, 8), [4]asm.VOp{3: scalarOnly}},
	ir.VI64ToF64: {vecFromInt(asm.Vcvtsi2sd, 8), [4]asm.VOp{3: scalarOnly}},
	ir.VF32ToI32: {vecToInt(asm.Vcvtss2si, 4), [4]asm.VOp{2: asm.Vcvtps2dq}},
	ir.VF32ToI64: {vecToInt(asm.Vcvtss2si, 8), [4]asm.VOp{3: scalarOnly}},
	ir.VF64ToI32: {vecToInt(asm.Vcvtsd2si, 4), [4]asm.VOp{3: asm.Vcvttpd2dq}},
	ir.VF64ToI64: {vecToInt(asm.Vcvtsd2si, 8), [4]asm.VOp{3: scalarOnly}},
	ir.VF32ToF64: {vecWiden, [4]asm.VOp{3: asm.Vcvtps2pd}},
	ir.VF64ToF32: {vecNarrow, [4]asm.VOp{3: asm.Vcvtpd2ps}},
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
	if op := row.ops[i.Sub&3]; op != 0 && !l.t.lacking[i.Aux] && l.hostFloat(i) && row.lower(l, i, op) {
		return
	}
	lowOperate(l, i)
}

// whole reports whether the operation is on 128 or 256 bits.
func whole(i *ir.Insn) bool { return i.Type >= ir.V128 }

func wide(i *ir.Insn) bool { return i.Type == ir.V256 }

// vecResult makes a register, which is no operand of an instruction that may
// fault, the result.
func (l *lower) vecResult(i *ir.Insn, t asm.Reg) bool {
	l.vecDefine(t, i.D, i.Type.Words())
	return true
}

// noImm stands for no immediate byte.
const noImm = -1

func vec3(l *lower, i *ir.Insn, op asm.VOp) bool { return l.vecBinary(i, op, noImm) }

func vec3Imm(l *lower, i *ir.Insn, op asm.VOp) bool { return l.vecBinary(i, op, int(byte(i.Imm))) }

func vec2(l *lower, i *ir.Insn, op asm.VOp) bool { return l.vecUnary(i, op, noImm) }

func vec2Imm(l *lower, i *ir.Insn, op asm.VOp) bool { return l.vecUnary(i, op, int(byte(i.Imm))) }

// vecBinary emits D = A op B.
func (l *lower) vecBinary(i *ir.Insn, op asm.VOp, imm int) bool {
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
func (l *lower) vecUnary(i *ir.Insn, op asm.VOp, imm int) bool {
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
func (l *lower) vecEmit(i *ir.Insn, op asm.VOp, t, a, b asm.Reg, imm int) {
	if ir.VecRows[i.Aux].FP {
		l.fpFault()
	}
	if imm == noImm {
		l.VRR(op, wide(i), t, a, b)
	} else {
		l.VRRI(op, wide(i), t, a, b, byte(imm))
	}
}

func vecZero(l *lower, i *ir.Insn, op asm.VOp) bool {
	if !whole(i) {
		return false
	}
	t := l.vecAlloc()
	l.VRR(op, false, t, t, t)
	return l.vecResult(i, t)
}

// vecShift shifts lanes by one count; n is the number of the form with a
// constant.
func vecShift(n asm.Reg) vecFunc {
	return func(l *lower, i *ir.Insn, op asm.VOp) bool {
		if !whole(i) {
			return false
		}
		a := l.vecRead(i.A, i.Type.Words())
		if i.B == ir.None {
			t := l.vecAlloc()
			l.VRRI(asm.ShiftLanes(i.Sub), wide(i), n, t, a, byte(min(i.Imm, 255)))
			return l.vecResult(i, t)
		}
		b := l.vecRead(i.B, 1)
		t := l.vecAlloc()
		l.VRR(op, wide(i), t, a, b)
		return l.vecResult(i, t)
	}
}

func vecShiftBytes(n asm.Reg) vecFunc {
	return func(l *lower, i *ir.Insn, op asm.VOp) bool {
		if !whole(i) || i.B != ir.None {
			return false
		}
		a := l.vecRead(i.A, i.Type.Words())
		t := l.vecAlloc()
		l.VRRI(op, wide(i), n, t, a, byte(min(i.Imm, 255)))
		return l.vecResult(i, t)
	}
}

// vecExtend widens lanes. op is the instruction from bytes to words.
func vecExtend(l *lower, i *ir.Insn, op asm.VOp) bool {
	from, to := uint8(i.Imm), i.Sub
	if !whole(i) || from >= to {
		return false
	}
	a := l.vecRead(i.A, i.Type.Words()/2)
	t := l.vecAlloc()
	l.VRR(op.Widening(from, to), wide(i), t, 0, a)
	return l.vecResult(i, t)
}

func vecPermute(l *lower, i *ir.Insn, op asm.VOp) bool {
	if !wide(i) {
		return false
	}
	a := l.vecRead(i.A, 4)
	if i.Sub == 3 {
		t := l.vecAlloc()
		l.VRRI(op, true, t, 0, a, byte(i.Imm))
		return l.vecResult(i, t)
	}
	b := l.vecRead(i.B, 4)
	t := l.vecAlloc()
	l.VRR(op, true, t, b, a)
	return l.vecResult(i, t)
}

func vecBroadcast(l *lower, i *ir.Insn, op asm.VOp) bool {
	if !whole(i) {
		return false
	}
	a := l.vecRead(i.A, 1)
	t := l.vecAlloc()
	l.VRR(op, wide(i), t, 0, a)
	return l.vecResult(i, t)
}

func vecBlendV(l *lower, i *ir.Insn, op asm.VOp) bool {
	if !whole(i) {
		return false
	}
	n := i.Type.Words()
	a, b, c := l.vecRead(i.A, n), l.vecRead(i.B, n), l.vecRead(i.C, n)
	t := l.vecAlloc()
	l.VRRI(op, wide(i), t, a, b, byte(c)<<4)
	return l.vecResult(i, t)
}

func vecMoveMask(l *lower, i *ir.Insn, op asm.VOp) bool {
	if !whole(i) {
		return false
	}
	a := l.vecRead(i.A, i.Type.Words())
	r := l.target(i.D)
	l.VRR(op, wide(i), r, 0, a)
	l.finish(i.D, r)
	l.values[l.words[i.D].num].short = true
	return true
}

// vecTest makes bits 0 and 1 of the zero and carry flags.
func vecTest(l *lower, i *ir.Insn, op asm.VOp) bool {
	if !whole(i) {
		return false
	}
	n := i.Type.Words()
	a, b := l.vecRead(i.A, n), l.vecRead(i.B, n)
	l.VRR(op, wide(i), a, 0, b)
	l.flags = fact{}
	t, c := l.alloc(), l.alloc()
	l.Setcc(asm.CcE, t)
	l.Setcc(asm.CcB, c)
	l.extend(asm.OpMovzx8, 4, t, t)
	l.extend(asm.OpMovzx8, 4, c, c)
	l.Lea(4, t, asm.Mem{Base: t, Index: c, Scale: 1})
	l.finish(i.D, t)
	l.values[l.words[i.D].num].short = true
	return true
}
