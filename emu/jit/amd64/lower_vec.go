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

// scalarOnly stands for the instruction of an operation that has none on several
// lanes.
const scalarOnly vop = 1

func one(op vop) [4]vop { return [4]vop{op, op, op, op} }

// vecRows are the rows of the operations; one without an instruction for its lanes is
// the interpreter's.
var vecRows = [ir.NumVecOps]vecRow{
	ir.VMov:        {vec2, one(opVmovdqa)},
	ir.VZero:       {vecZero, one(opVpxor)},
	ir.VAnd:        {vec3, one(opVpand)},
	ir.VAndNot:     {vec3, one(opVpandn)},
	ir.VOr:         {vec3, one(opVpor)},
	ir.VXor:        {vec3, one(opVpxor)},
	ir.VAdd:        {vec3, [4]vop{opVpaddb, opVpaddw, opVpaddd, opVpaddq}},
	ir.VSub:        {vec3, [4]vop{opVpsubb, opVpsubw, opVpsubd, opVpsubq}},
	ir.VAddSatS:    {vec3, [4]vop{opVpaddsb, opVpaddsw}},
	ir.VAddSatU:    {vec3, [4]vop{opVpaddusb, opVpaddusw}},
	ir.VSubSatS:    {vec3, [4]vop{opVpsubsb, opVpsubsw}},
	ir.VSubSatU:    {vec3, [4]vop{opVpsubusb, opVpsubusw}},
	ir.VMinS:       {vec3, [4]vop{opVpminsb, opVpminsw, opVpminsd}},
	ir.VMinU:       {vec3, [4]vop{opVpminub, opVpminuw, opVpminud}},
	ir.VMaxS:       {vec3, [4]vop{opVpmaxsb, opVpmaxsw, opVpmaxsd}},
	ir.VMaxU:       {vec3, [4]vop{opVpmaxub, opVpmaxuw, opVpmaxud}},
	ir.VAvg:        {vec3, [4]vop{opVpavgb, opVpavgw}},
	ir.VAbs:        {vec2, [4]vop{opVpabsb, opVpabsw, opVpabsd}},
	ir.VSign:       {vec3, [4]vop{opVpsignb, opVpsignw, opVpsignd}},
	ir.VCmpEq:      {vec3, [4]vop{opVpcmpeqb, opVpcmpeqw, opVpcmpeqd, opVpcmpeqq}},
	ir.VCmpGtS:     {vec3, [4]vop{opVpcmpgtb, opVpcmpgtw, opVpcmpgtd, opVpcmpgtq}},
	ir.VMul:        {vec3, [4]vop{1: opVpmullw, 2: opVpmulld}},
	ir.VMulHS:      {vec3, [4]vop{1: opVpmulhw}},
	ir.VMulHU:      {vec3, [4]vop{1: opVpmulhuw}},
	ir.VMulRoundS:  {vec3, [4]vop{1: opVpmulhrsw}},
	ir.VMulWideS:   {vec3, [4]vop{3: opVpmuldq}},
	ir.VMulWideU:   {vec3, [4]vop{3: opVpmuludq}},
	ir.VMulAdd:     {vec3, [4]vop{2: opVpmaddwd}},
	ir.VMulAddSatU: {vec3, [4]vop{1: opVpmaddubsw}},
	ir.VSumDiff:    {vec3, [4]vop{3: opVpsadbw}},
	ir.VHAdd:       {vec3, [4]vop{1: opVphaddw, 2: opVphaddd}},
	ir.VHAddSatS:   {vec3, [4]vop{1: opVphaddsw}},
	ir.VHSub:       {vec3, [4]vop{1: opVphsubw, 2: opVphsubd}},
	ir.VHSubSatS:   {vec3, [4]vop{1: opVphsubsw}},
	ir.VShl:        {vecShift(shiftLeft), [4]vop{1: opVpsllw, 2: opVpslld, 3: opVpsllq}},
	ir.VShr:        {vecShift(shiftRight), [4]vop{1: opVpsrlw, 2: opVpsrld, 3: opVpsrlq}},
	ir.VSar:        {vecShift(shiftArith), [4]vop{1: opVpsraw, 2: opVpsrad}},
	ir.VShlV:       {vec3, [4]vop{2: opVpsllvd, 3: opVpsllvq}},
	ir.VShrV:       {vec3, [4]vop{2: opVpsrlvd, 3: opVpsrlvq}},
	ir.VSarV:       {vec3, [4]vop{2: opVpsravd}},
	ir.VShlBytes:   {vecShiftBytes(shiftBytesLeft), one(opVpshiftImm + 3)},
	ir.VShrBytes:   {vecShiftBytes(shiftBytesRight), one(opVpshiftImm + 3)},
	ir.VAlign:      {vec3Imm, one(opVpalignr)},
	ir.VPackSatS:   {vec3, [4]vop{1: opVpacksswb, 2: opVpackssdw}},
	ir.VPackSatU:   {vec3, [4]vop{1: opVpackuswb, 2: opVpackusdw}},
	ir.VUnpackLo:   {vec3, [4]vop{opVpunpcklbw, opVpunpcklwd, opVpunpckldq, opVpunpcklqdq}},
	ir.VUnpackHi:   {vec3, [4]vop{opVpunpckhbw, opVpunpckhwd, opVpunpckhdq, opVpunpckhqdq}},
	ir.VExtendS:    {vecExtend, one(opVpmovsxbw)},
	ir.VExtendU:    {vecExtend, one(opVpmovzxbw)},
	ir.VShuffle:    {vec2Imm, [4]vop{1: opVpshuflw, 2: opVpshufd}},
	ir.VShuffleHi:  {vec2Imm, [4]vop{1: opVpshufhw}},
	ir.VShuffle2:   {vec3Imm, [4]vop{2: opVshufps, 3: opVshufpd}},
	ir.VShuffleV:   {vec3, [4]vop{opVpshufb, 0, opVpermilps, opVpermilpd}},
	ir.VPermute:    {vecPermute, [4]vop{2: opVpermd, 3: opVpermq}},
	ir.VBroadcast:  {vecBroadcast, [4]vop{opVpbroadcastb, opVpbroadcastw, opVpbroadcastd, opVpbroadcastq}},
	ir.VBlend:      {vec3Imm, [4]vop{1: opVpblendw, 2: opVblendps, 3: opVblendpd}},
	ir.VBlendV:     {vecBlendV, [4]vop{opVpblendvb, 0, opVblendvps, opVblendvpd}},
	ir.VMoveMask:   {vecMoveMask, [4]vop{opVpmovmskb, 0, opVmovmskps, opVmovmskpd}},
	ir.VTest:       {vecTest, [4]vop{opVptest, opVptest, opVtestps, opVtestpd}},
	ir.VAESEnc:     {vec3, one(opVaesenc)},
	ir.VAESEncLast: {vec3, one(opVaesenclast)},
	ir.VAESDec:     {vec3, one(opVaesdec)},
	ir.VAESDecLast: {vec3, one(opVaesdeclast)},
	ir.VAESMix:     {vec2, one(opVaesimc)},
	ir.VAESKey:     {vec2Imm, one(opVaeskeygenassist)},
	ir.VClMul:      {vec3Imm, one(opVpclmulqdq)},

	ir.VFAdd:     {vecFloat3, fp(fpAdd)},
	ir.VFMul:     {vecFloat3, fp(fpMul)},
	ir.VFSub:     {vecFloat3, fp(fpSub)},
	ir.VFDiv:     {vecFloat3, fp(fpDiv)},
	ir.VFMin:     {vecFloat3, fp(fpMin)},
	ir.VFMax:     {vecFloat3, fp(fpMax)},
	ir.VFSqrt:    {vecFloat2, fp(fpSqrt)},
	ir.VFAddSub:  {vec3, [4]vop{2: opVaddsubps, 3: opVaddsubpd}},
	ir.VFCmp:     {vecFloatCmp, fp(fpCmp)},
	ir.VFRelate:  {vecRelate, [4]vop{2: opVucomiss, 3: opVucomisd}},
	ir.VFRound:   {vecRound, [4]vop{2: opVroundps, 3: opVroundpd}},
	ir.VFMulAdd:  {vecMulAdd, [4]vop{2: opVfmadd132ps, 3: opVfmadd132pd}},
	ir.VI32ToF32: {vecFromInt(opVcvtsi2ss, 4), [4]vop{2: opVcvtdq2ps}},
	ir.VI32ToF64: {vecFromInt(opVcvtsi2sd, 4), [4]vop{3: opVcvtdq2pd}},
	ir.VI64ToF32: {vecFromInt(opVcvtsi2ss, 8), [4]vop{3: scalarOnly}},
	ir.VI64ToF64: {vecFromInt(opVcvtsi2sd, 8), [4]vop{3: scalarOnly}},
	ir.VF32ToI32: {vecToInt(opVcvtss2si, 4), [4]vop{2: opVcvtps2dq}},
	ir.VF32ToI64: {vecToInt(opVcvtss2si, 8), [4]vop{3: scalarOnly}},
	ir.VF64ToI32: {vecToInt(opVcvtsd2si, 4), [4]vop{3: opVcvttpd2dq}},
	ir.VF64ToI64: {vecToInt(opVcvtsd2si, 8), [4]vop{3: scalarOnly}},
	ir.VF32ToF64: {vecWiden, [4]vop{3: opVcvtps2pd}},
	ir.VF64ToF32: {vecNarrow, [4]vop{3: opVcvtpd2ps}},
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
	if imm == noImm {
		l.vrr(op, wide(i), t, a, b)
	} else {
		l.vrrI(op, wide(i), t, a, b, byte(imm))
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

// vecShift shifts lanes by one count; n is the number of the form with a
// constant.
func vecShift(n Reg) vecFunc {
	return func(l *lower, i *ir.Insn, op vop) bool {
		if !whole(i) {
			return false
		}
		a := l.vecRead(i.A, i.Type.Words())
		if i.B == ir.None {
			t := l.vecAlloc()
			l.vrrI(opVpshiftImm+vop(i.Sub), wide(i), n, t, a, byte(min(i.Imm, 255)))
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
		l.vrrI(op, wide(i), n, t, a, byte(min(i.Imm, 255)))
		return l.vecResult(i, t)
	}
}

// vecExtend widens lanes: from op, which widens bytes to words, the instruction
// follows by the sizes.
func vecExtend(l *lower, i *ir.Insn, op vop) bool {
	from, to := vop(i.Imm), vop(i.Sub)
	if !whole(i) || from >= to {
		return false
	}
	op += [3]vop{0, 3, 5}[from] + to - from - 1
	a := l.vecRead(i.A, i.Type.Words()/2)
	t := l.vecAlloc()
	l.vrr(op, wide(i), t, 0, a)
	return l.vecResult(i, t)
}

func vecPermute(l *lower, i *ir.Insn, op vop) bool {
	if !wide(i) {
		return false
	}
	a := l.vecRead(i.A, 4)
	if i.Sub == 3 {
		t := l.vecAlloc()
		l.vrrI(op, true, t, 0, a, byte(i.Imm))
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
	l.vrrI(op, wide(i), t, a, b, byte(c)<<4)
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
