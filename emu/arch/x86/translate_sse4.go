package x86

import (
	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
)

// sse41Table holds SSE4.1, except pextrw to memory, which is with its elder form.
var sse41Table = map[string]trFunc{
	"blendps": packedImm(ir.VBlend, lane32), "blendpd": packedImm(ir.VBlend, lane64), "pblendw": packedImm(ir.VBlend, lane16),
	"blendvps": blendV(lane32), "blendvpd": blendV(lane64), "pblendvb": blendV(lane8),
	"dpps": dotProduct(lane32), "dppd": dotProduct(lane64),
	"extractps": trPextr, "pextrb": trPextr, "pextrd": trPextr, "pextrq": trPextr,
	"insertps": trInsertps, "pinsrb": trPinsr, "pinsrd": trPinsr, "pinsrq": trPinsr,
	"movntdqa": vecMov(true), "mpsadbw": packedImm(ir.VSumDiffs, lane16), "phminposuw": unary(ir.VMinPosU, lane16),
	"packusdw": packed(ir.VPackSatU, lane32), "pcmpeqq": packed(ir.VCmpEq, lane64), "ptest": trPtest,
	"pminsb": packed(ir.VMinS, lane8), "pminsd": packed(ir.VMinS, lane32),
	"pminuw": packed(ir.VMinU, lane16), "pminud": packed(ir.VMinU, lane32),
	"pmaxsb": packed(ir.VMaxS, lane8), "pmaxsd": packed(ir.VMaxS, lane32),
	"pmaxuw": packed(ir.VMaxU, lane16), "pmaxud": packed(ir.VMaxU, lane32),
	"pmuldq": packed(ir.VMulWideS, lane64), "pmulld": packed(ir.VMul, lane32),
	"pmovsxbw": extend(ir.VExtendS, lane8, lane16), "pmovsxbd": extend(ir.VExtendS, lane8, lane32),
	"pmovsxbq": extend(ir.VExtendS, lane8, lane64), "pmovsxwd": extend(ir.VExtendS, lane16, lane32),
	"pmovsxwq": extend(ir.VExtendS, lane16, lane64), "pmovsxdq": extend(ir.VExtendS, lane32, lane64),
	"pmovzxbw": extend(ir.VExtendU, lane8, lane16), "pmovzxbd": extend(ir.VExtendU, lane8, lane32),
	"pmovzxbq": extend(ir.VExtendU, lane8, lane64), "pmovzxwd": extend(ir.VExtendU, lane16, lane32),
	"pmovzxwq": extend(ir.VExtendU, lane16, lane64), "pmovzxdq": extend(ir.VExtendU, lane32, lane64),
	"roundps": unaryFloat(ir.VFRound, lane32), "roundpd": unaryFloat(ir.VFRound, lane64),
	"roundss": scalarUnary(ir.VFRound, lane32), "roundsd": scalarUnary(ir.VFRound, lane64),
}

// sse42Table holds SSE4.2.
var sse42Table = map[string]trFunc{
	"pcmpgtq": packed(ir.VCmpGtS, lane64), "crc32": trCrc32,
	"pcmpestri": matchIndex, "pcmpistri": matchIndex, "pcmpestrm": matchMask, "pcmpistrm": matchMask,
}

// blendV chooses by the last operand, without VEX always XMM0.
func blendV(lane uint8) trFunc {
	return func(t *translator) {
		d, a, s, by := t.sources()
		b := t.vec(s)
		t.b.VecTo(vecReg(d), ir.VBlendV, vecType(d), lane, vecReg(a), b, vecReg(by), 0)
		t.wrote(d)
	}
}

func extend(op ir.VecOp, from, to uint8) trFunc {
	return func(t *translator) {
		d := t.arg(0)
		a := t.vec(t.arg(1))
		t.b.VecTo(vecReg(d), op, vecType(d), to, a, ir.None, ir.None, uint64(from))
		t.wrote(d)
	}
}

// dotProduct multiplies the lanes that the upper half of the immediate names,
// adds neighbours and then the sums, and puts the result into the lanes that
// the lower half names (SDM vol. 2A "DPPS"). Every lane has a sum of its own:
// they differ where NaNs meet, and CPUs show it.
func dotProduct(lane uint8) trFunc {
	return func(t *translator) {
		d, a, s, by := t.sources()
		b := t.vec(s)
		imm, typ := uint64(by.Imm), vecType(d)
		fp := func(op ir.VecOp, a, b ir.Ref) ir.Ref {
			r := t.b.TempWords(typ.Words())
			t.b.VecTo(r, op, typ, lane, a, b, regs.MXCSR, 0)
			return r
		}
		from := t.laneMask(typ, lane, imm>>4)
		sum := fp(ir.VFMul, t.vecAnd(typ, vecReg(a), from), t.vecAnd(typ, b, from))
		if lane == lane32 {
			sum = fp(ir.VFAdd, t.shuffled(typ, sum, 0b10_11_00_01), sum)
		}
		sum = fp(ir.VFAdd, sum, t.shuffled(typ, sum, 0b01_00_11_10))
		t.b.VecTo(vecReg(d), ir.VAnd, typ, 0, sum, t.laneMask(typ, lane, imm), ir.None, 0)
		t.wrote(d)
	}
}

// laneMask is a vector with ones in the lanes whose bits are set, alike in each
// 128 bits.
func (t *translator) laneMask(typ ir.Type, lane uint8, bits uint64) ir.Ref {
	r := t.b.TempWords(typ.Words())
	per := ir.Ref(8 >> lane) // lanes in a word
	for w := range ir.Ref(typ.Words()) {
		var m uint64
		for n := range per {
			if bits>>(w%2*per+n)&1 != 0 {
				m |= ^uint64(0) >> (64 - 8<<lane) << (n * 8 << lane)
			}
		}
		t.b.MovTo(r+w, ir.I64, ir.K(m))
	}
	return r
}

func (t *translator) vecAnd(typ ir.Type, a, b ir.Ref) ir.Ref {
	r := t.b.TempWords(typ.Words())
	t.b.VecTo(r, ir.VAnd, typ, 0, a, b, ir.None, 0)
	return r
}

// shuffled is a with its 32-bit lanes moved.
func (t *translator) shuffled(typ ir.Type, a ir.Ref, imm uint64) ir.Ref {
	r := t.b.TempWords(typ.Words())
	t.b.VecTo(r, ir.VShuffle, typ, lane32, a, ir.None, ir.None, imm)
	return r
}

// trInsertps moves a lane and clears others.
func trInsertps(t *translator) {
	d, a, s, by := t.sources()
	imm := uint64(by.Imm)
	v := t.vec(s)
	if s.Kind == dec.XMM {
		w, bit := place(s, lane32, imm>>6)
		v = t.b.Temp()
		t.b.ExtractTo(v, w, bit, 32)
	}
	t.copyLow(d, a)
	w, bit := place(d, lane32, imm>>4)
	t.b.DepositTo(w, w, ir.W(v), bit, 32)
	for n := range uint64(4) {
		if imm>>n&1 != 0 {
			w, bit := place(d, lane32, n)
			t.b.DepositTo(w, w, ir.K(0), bit, 32)
		}
	}
	t.wrote(d)
}

// trPtest sets ZF if no bit is in both, CF if the source has none of its own.
func trPtest(t *translator) { t.testLanes(0) }

func (t *translator) testLanes(lane uint8) {
	a := t.arg(0)
	b := t.vec(t.arg(1))
	r := t.b.Temp()
	t.b.VecTo(r, ir.VTest, vecType(a), lane, vecReg(a), b, ir.None, 0)
	z := t.b.Op2(ir.And, ir.I64, r, ir.K(1))
	t.b.Op2To(z, ir.Shl, ir.I64, z, ir.K(6))
	t.b.Op2To(r, ir.Shr, ir.I64, r, ir.K(1))
	t.b.Op2To(regs.CCSrc, ir.Or, ir.I64, z, ir.W(r))
	t.cc = regs.CCFlags
}

// match compares two strings; the result is that of VMatch.
func (t *translator) match() ir.Ref {
	a, s := t.arg(0), t.arg(1)
	b := t.vecLoad(s, false)
	lens := ir.None
	if name := t.legacyName(); name == "pcmpestri" || name == "pcmpestrm" {
		lens = t.b.TempWords(2)
		typ := ir.I32
		if t.in.Prefix&dec.RexW != 0 && t.bits == 64 {
			typ = ir.I64
		}
		t.signedLength(lens, typ, regs.RAX)
		t.signedLength(lens+1, typ, regs.RDX)
	}
	m := t.b.Temp()
	t.b.VecTo(m, ir.VMatch, ir.V128, 0, vecReg(a), b, lens, uint64(t.arg(2).Imm))
	return m
}

func (t *translator) signedLength(d ir.Ref, typ ir.Type, r ir.Ref) {
	if typ == ir.I64 {
		t.b.MovTo(d, ir.I64, ir.W(r))
		return
	}
	t.b.ExtTo(d, ir.SExt, ir.I64, ir.I32, r)
}

// matchFlags: CF any match, ZF the second string ends, SF the first one ends,
// OF the first place matches.
func (t *translator) matchFlags(m ir.Ref) {
	t.b.CallTo(regs.CCSrc, hMatchFlags, m)
	t.cc = regs.CCFlags
}

func matchIndex(t *translator) {
	m := t.match()
	t.b.CallTo(regs.RCX, hMatchIndex, m, t.b.Word(ir.K(uint64(t.in.Args[2].Imm))))
	t.matchFlags(m)
}

// matchMask makes bits, or with bit 6 of the immediate whole lanes.
func matchMask(t *translator) {
	m := t.match()
	x := regs.XMM(0)
	switch imm := t.in.Args[2].Imm; {
	case imm&0x40 == 0:
		t.b.ExtractTo(x, m, 0, 16)
		t.b.MovTo(x+1, ir.I64, ir.K(0))
	default:
		lane := uint64(imm & 1)
		hi := t.b.Op2(ir.Shr, ir.I64, m, ir.K(8>>lane))
		width := t.b.Word(ir.K(8 << lane))
		t.b.CallTo(x, hBitsToLanes, m, width)
		t.b.CallTo(x+1, hBitsToLanes, hi, width)
	}
	if t.vex() {
		t.zeroUpper(0)
	}
	t.matchFlags(m)
}

func trCrc32(t *translator) {
	d, s := t.arg(0), t.arg(1)
	v := t.word(s)
	t.b.CallTo(ir.Ref(d.Reg), hCrc32, ir.Ref(d.Reg), v, t.b.Word(ir.K(uint64(s.Size))))
}
