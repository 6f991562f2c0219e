package x86

import "panda/emu/ir"

// aesTable, shaTable and clmulTable are the extensions for ciphers and hashes.
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
)

// trSha256rnds2 has its message words in the third operand, XMM0.
func trSha256rnds2(t *translator) {
	d := vecReg(t.arg(0))
	b := t.vec(t.arg(1))
	t.b.VecTo(d, ir.VSHA256Rounds, ir.V128, 0, d, b, vecReg(t.arg(2)), 0)
}
