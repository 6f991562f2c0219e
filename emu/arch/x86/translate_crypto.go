package x86

import (
	"panda/emu/arch/x86/dec"
	"panda/emu/ir"
)

// aesTable, clmulTable, shaTable and gfTable are the extensions for ciphers and
// hashes.
var (
	aesTable = map[string]trFunc{
		"aesenc": packed(ir.VAESEnc, 0), "aesenclast": packed(ir.VAESEncLast, 0),
		"aesdec": packed(ir.VAESDec, 0), "aesdeclast": packed(ir.VAESDecLast, 0),
		"aesimc": unary(ir.VAESMix, 0), "aeskeygenassist": unary(ir.VAESKey, 0),
	}
	clmulTable = map[string]trFunc{"pclmulqdq": packedImm(ir.VClMul, lane64)}
	shaTable   = map[string]trFunc{
		"sha1nexte": packed(ir.VSHA1Next, 0), "sha1msg1": packed(ir.VSHA1Msg1, 0), "sha1msg2": packed(ir.VSHA1Msg2, 0),
		"sha1rnds4": packedImm(ir.VSHA1Rounds, 0), "sha256rnds2": trSha256rnds2,
		"sha256msg1": packed(ir.VSHA256Msg1, 0), "sha256msg2": packed(ir.VSHA256Msg2, 0),
	}
	gfTable = map[string]trFunc{
		"gf2p8mulb": quads(hGFMul), "gf2p8affineqb": quads(hGFAffine), "gf2p8affineinvqb": quads(hGFAffineInv),
	}
)

// quads is an instruction whose quadwords a helper makes of those of its sources
// and the immediate, if it has one.
func quads(h *ir.Helper) trFunc {
	return func(t *translator) {
		d, a, s, imm := t.sources()
		b := t.vec(s)
		args := []ir.Ref{0, 0}
		if imm.Kind == dec.ImmArg {
			args = append(args, t.b.Word(ir.K(uint64(uint8(imm.Imm)))))
		}
		for w := range ir.Ref(vecType(d).Words()) {
			args[0], args[1] = vecReg(a)+w, b+w
			t.b.CallTo(vecReg(d)+w, h, args...)
		}
		t.wrote(d)
	}
}

// trSha256rnds2 has its message words in the third operand, XMM0.
func trSha256rnds2(t *translator) {
	d := vecReg(t.arg(0))
	b := t.vec(t.arg(1))
	t.b.VecTo(d, ir.VSHA256Rounds, ir.V128, 0, d, b, vecReg(t.arg(2)), 0)
}
