package x86

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
)

// sse3Table holds SSE3, ssse3Table SSSE3.
var sse3Table = map[string]trFunc{
	"addsubps": packedFloat(ir.VFAddSub, lane32), "addsubpd": packedFloat(ir.VFAddSub, lane64),
	"haddps": horizontal(ir.VFAdd, lane32), "haddpd": horizontal(ir.VFAdd, lane64),
	"hsubps": horizontal(ir.VFSub, lane32), "hsubpd": horizontal(ir.VFSub, lane64),
	"lddqu": vecMov(false), "movddup": trMovddup,
	"movsldup": duplicate(0b10_10_00_00), "movshdup": duplicate(0b11_11_01_01),
}

var ssse3Table = map[string]trFunc{
	"pshufb": packed(ir.VShuffleV, lane8), "palignr": packedImm(ir.VAlign, 0),
	"phaddw": packed(ir.VHAdd, lane16), "phaddd": packed(ir.VHAdd, lane32), "phaddsw": packed(ir.VHAddSatS, lane16),
	"phsubw": packed(ir.VHSub, lane16), "phsubd": packed(ir.VHSub, lane32), "phsubsw": packed(ir.VHSubSatS, lane16),
	"psignb": packed(ir.VSign, lane8), "psignw": packed(ir.VSign, lane16), "psignd": packed(ir.VSign, lane32),
	"pabsb": unary(ir.VAbs, lane8), "pabsw": unary(ir.VAbs, lane16), "pabsd": unary(ir.VAbs, lane32),
	"pmulhrsw": packed(ir.VMulRoundS, lane16), "pmaddubsw": packed(ir.VMulAddSatU, lane16),
}

// horizontal gathers the even lanes of both operands and the odd lanes, and
// then works lane by lane.
func horizontal(op ir.VecOp, lane uint8) trFunc {
	return func(t *translator) {
		d, a, s, _ := t.sources()
		typ := vecType(d)
		b := t.vec(s)
		even, odd := t.b.TempWords(typ.Words()), t.b.TempWords(typ.Words())
		t.b.VecTo(even, ir.VShuffle2, typ, lane, vecReg(a), b, ir.None, evenLanes[lane])
		t.b.VecTo(odd, ir.VShuffle2, typ, lane, vecReg(a), b, ir.None, oddLanes[lane])
		t.b.VecTo(vecReg(d), op, typ, lane, even, odd, regs.MXCSR, 0)
		t.wrote(d)
	}
}

// Constants of VShuffle2 that choose the even and odd lanes of both operands.
var (
	evenLanes = [4]uint64{lane32: 0b10_00_10_00, lane64: 0b0000}
	oddLanes  = [4]uint64{lane32: 0b11_01_11_01, lane64: 0b1111}
)

func trMovddup(t *translator) {
	d, s := t.arg(0), t.arg(1)
	v := t.vec(s)
	if d.Size == 32 {
		t.b.VecTo(vecReg(d), ir.VShuffle2, ir.V256, lane64, v, v, ir.None, evenLanes[lane64])
		return
	}
	t.b.MovTo(vecReg(d)+1, ir.I64, ir.W(v))
	if v != vecReg(d) {
		t.b.MovTo(vecReg(d), ir.I64, ir.W(v))
	}
	t.wrote(d)
}

// duplicate moves lanes by a constant of its own.
func duplicate(imm uint64) trFunc {
	return func(t *translator) {
		d := t.arg(0)
		a := t.vec(t.arg(1))
		t.b.VecTo(vecReg(d), ir.VShuffle, vecType(d), lane32, a, ir.None, ir.None, imm)
		t.wrote(d)
	}
}
