package x86

import (
	"panda/emu/arch/x86/dec"
	"panda/emu/ir"
)

// vecIntTable holds integers and bits.
var vecIntTable = map[string]trFunc{
	"pand": packed(ir.VAnd, 0), "andps": packed(ir.VAnd, 0), "andpd": packed(ir.VAnd, 0),
	"pandn": packed(ir.VAndNot, 0), "andnps": packed(ir.VAndNot, 0), "andnpd": packed(ir.VAndNot, 0),
	"por": packed(ir.VOr, 0), "orps": packed(ir.VOr, 0), "orpd": packed(ir.VOr, 0),
	"pxor": trPxor, "xorps": trPxor, "xorpd": trPxor,

	"paddb": packed(ir.VAdd, lane8), "paddw": packed(ir.VAdd, lane16),
	"paddd": packed(ir.VAdd, lane32), "paddq": packed(ir.VAdd, lane64),
	"psubb": packed(ir.VSub, lane8), "psubw": packed(ir.VSub, lane16),
	"psubd": packed(ir.VSub, lane32), "psubq": packed(ir.VSub, lane64),
	"paddsb": packed(ir.VAddSatS, lane8), "paddsw": packed(ir.VAddSatS, lane16),
	"paddusb": packed(ir.VAddSatU, lane8), "paddusw": packed(ir.VAddSatU, lane16),
	"psubsb": packed(ir.VSubSatS, lane8), "psubsw": packed(ir.VSubSatS, lane16),
	"psubusb": packed(ir.VSubSatU, lane8), "psubusw": packed(ir.VSubSatU, lane16),
	"pminub": packed(ir.VMinU, lane8), "pminsw": packed(ir.VMinS, lane16),
	"pmaxub": packed(ir.VMaxU, lane8), "pmaxsw": packed(ir.VMaxS, lane16),
	"pavgb": packed(ir.VAvg, lane8), "pavgw": packed(ir.VAvg, lane16),
	"pmullw": packed(ir.VMul, lane16), "pmulhw": packed(ir.VMulHS, lane16), "pmulhuw": packed(ir.VMulHU, lane16),
	"pmuludq": packed(ir.VMulWideU, lane64), "pmaddwd": packed(ir.VMulAdd, lane32), "psadbw": packed(ir.VSumDiff, lane64),
	"pcmpeqb": packed(ir.VCmpEq, lane8), "pcmpeqw": packed(ir.VCmpEq, lane16), "pcmpeqd": packed(ir.VCmpEq, lane32),
	"pcmpgtb": packed(ir.VCmpGtS, lane8), "pcmpgtw": packed(ir.VCmpGtS, lane16), "pcmpgtd": packed(ir.VCmpGtS, lane32),

	"packsswb": packed(ir.VPackSatS, lane16), "packssdw": packed(ir.VPackSatS, lane32), "packuswb": packed(ir.VPackSatU, lane16),
	"punpcklbw": packed(ir.VUnpackLo, lane8), "punpcklwd": packed(ir.VUnpackLo, lane16),
	"punpckldq": packed(ir.VUnpackLo, lane32), "punpcklqdq": packed(ir.VUnpackLo, lane64),
	"punpckhbw": packed(ir.VUnpackHi, lane8), "punpckhwd": packed(ir.VUnpackHi, lane16),
	"punpckhdq": packed(ir.VUnpackHi, lane32), "punpckhqdq": packed(ir.VUnpackHi, lane64),
	"unpcklps": packed(ir.VUnpackLo, lane32), "unpcklpd": packed(ir.VUnpackLo, lane64),
	"unpckhps": packed(ir.VUnpackHi, lane32), "unpckhpd": packed(ir.VUnpackHi, lane64),
	"pshufd": unary(ir.VShuffle, lane32), "pshuflw": unary(ir.VShuffle, lane16), "pshufw": unary(ir.VShuffle, lane16),
	"pshufhw": unary(ir.VShuffleHi, lane16),
	"shufps":  packedImm(ir.VShuffle2, lane32), "shufpd": packedImm(ir.VShuffle2, lane64),
}

// trPxor of a register with itself depends on nothing.
func trPxor(t *translator) {
	if d, a, b, _ := t.sources(); d.Kind == dec.XMM && b.Kind == dec.XMM && a.Reg == b.Reg {
		t.b.VecTo(vecReg(d), ir.VZero, vecType(d), 0, ir.None, ir.None, ir.None, 0)
		t.wrote(d)
		return
	}
	packed(ir.VXor, 0)(t)
}

// vecShiftTable holds shifts of lanes and of whole registers.
var vecShiftTable = map[string]trFunc{
	"psllw": vecShift(ir.VShl, lane16), "pslld": vecShift(ir.VShl, lane32), "psllq": vecShift(ir.VShl, lane64),
	"psrlw": vecShift(ir.VShr, lane16), "psrld": vecShift(ir.VShr, lane32), "psrlq": vecShift(ir.VShr, lane64),
	"psraw": vecShift(ir.VSar, lane16), "psrad": vecShift(ir.VSar, lane32),
	"pslldq": vecShift(ir.VShlBytes, 0), "psrldq": vecShift(ir.VShrBytes, 0),
}

// vecShift takes the count from an immediate, or from the low word of a vector.
func vecShift(op ir.VecOp, lane uint8) trFunc {
	return mmx(func(t *translator) {
		d, a, s, _ := t.sources()
		n, imm := ir.None, uint64(s.Imm)
		if s.Kind != dec.ImmArg {
			n, imm = t.vec(s), 0
		}
		t.b.VecTo(vecReg(d), op, vecType(d), lane, vecReg(a), n, ir.None, imm)
		t.wrote(d)
	})
}
