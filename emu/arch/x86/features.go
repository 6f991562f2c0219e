package x86

import (
	"strings"

	"panda/emu/arch/x86/dec"
)

// has reports whether the model has an instruction. LZCNT and TZCNT exist on
// every CPU, as BSR and BSF on those without them: see countZeros.
func (m *Model) has(row *dec.Row, vexL uint8) bool {
	f := needOf(row, vexL&1)
	return m.includes(&f)
}

// extensions are the instructions beyond the baseline, by what they need.
var extensions = []struct {
	need features
	rows map[string]trFunc
}{
	{features{f1c: f1cSSE3}, sse3Table},
	{features{f1c: f1cSSE3}, names("fisttp")},
	{features{f1c: f1cSSSE3}, ssse3Table},
	{features{f1c: f1cSSE41}, sse41Table},
	{features{f1c: f1cSSE42}, sse42Table},
	{features{f1c: f1cAES}, aesTable},
	{features{f1c: f1cPCLMUL}, clmulTable},
	{features{f7b: f7bSHA}, shaTable},
	{features{f7c: f7cGFNI}, gfTable},
	{features{f1c: f1cPOPCNT}, names("popcnt")},
	{features{f1c: f1cMOVBE}, names("movbe")},
	{features{f1c: f1cCX16}, names("cmpxchg16b")},
	{features{f7b: f7bFSGSBASE}, names("rdfsbase rdgsbase wrfsbase wrgsbase")},
	{features{f1c: f1cAVX}, vexTable},
	{features{f1c: f1cAVX}, avxTable},
	{features{f1c: f1cAVX, f7b: f7bAVX2}, avx2Table},
	{features{f1c: f1cAVX | f1cFMA}, fmaTable},
	{features{f1c: f1cAVX | f1cF16C}, f16cTable},
	{features{f1c: f1cAVX | f1cAES}, names("vaesenc vaesenclast vaesdec vaesdeclast vaesimc vaeskeygenassist")},
	{features{f1c: f1cAVX | f1cPCLMUL}, names("vpclmulqdq")},
	{features{f1c: f1cAVX, f7c: f7cGFNI}, names("vgf2p8mulb vgf2p8affineqb vgf2p8affineinvqb")},
	{features{f7b: f7bBMI1}, bmi1Table},
	{features{f7b: f7bBMI2}, bmi2Table},
	{features{f7b: f7bADX}, adxTable},
	{features{f1c: f1cOSXSAVE}, xsaveTable},
	{features{f1c: f1cOSXSAVE, fda: fdaOPT}, xsaveOptTable},
	{features{f1c: f1cOSXSAVE, fda: fdaXSAVEC}, xsavecTable},
	{features{f1c: f1cOSXSAVE, fda: fdaXSAVES}, xsavesTable},
	{features{f1c: f1cRDRAND}, rdrandTable},
	{features{f7b: f7bRDSEED}, rdseedTable},
	{features{f7c: f7cRDPID}, names("rdpid")},
	{features{f7b: f7bCLFLUSHOPT}, names("clflushopt")},
	{features{f7b: f7bCLWB}, names("clwb")},

	{features{f1d: f1dCLFSH}, names("clflush")},
	{features{f1d: f1dFXSR}, names("fxsave fxrstor")},
	{features{f1d: f1dCX8}, names("cmpxchg8b")},
	{features{f1d: f1dTSC}, names("rdtsc")},
	{features{f1d: f1dMSR}, names("rdmsr wrmsr")},
	{features{f7b: f7bINVPCID}, names("invpcid")},
	{features{f1d: f1dSEP}, names("sysenter sysexit")},
	{features{f8d: f8dSYSCALL}, names("syscall sysret")},
	{features{f8d: f8dRDTSCP}, names("rdtscp")},
	{features{f1d: f1dCMOV}, conditional("cmov", nil)},
	{features{f1d: f1dCMOV}, names("fcmovb fcmove fcmovbe fcmovu fcmovnb fcmovne fcmovnbe fcmovnu fcomi fcomip fucomi fucomip")},
	{features{f1d: f1dMMX}, names("emms")},
	{features{f1d: f1dSSE}, names("ldmxcsr stmxcsr sfence")},
	{features{f1d: f1dSSE2}, names("lfence mfence movnti")},
}

// names makes a table's keys.
func names(list string) map[string]trFunc {
	m := map[string]trFunc{}
	for n := range strings.FieldsSeq(list) {
		m[n] = nil
	}
	return m
}

// needOf is what an instruction needs.
func needOf(r *dec.Row, vexL uint8) features {
	f := vectorNeed(r)
	for _, x := range extensions {
		if _, ok := x.rows[r.Name]; ok {
			f = f.plus(x.need)
		}
	}
	if strings.HasPrefix(r.Name, "vbroadcasts") && strings.Contains(r.Spec, ",U") { // AVX has the forms that load
		f = f.plus(features{f7b: f7bAVX2})
	}
	if vexL != 0 {
		f = f.plus(wideNeed(r))
	}
	return f
}

// wideNeed is what the 256-bit form needs besides: those of integers came with
// AVX2, except for vptest.
func wideNeed(r *dec.Row) features {
	switch {
	case vexTable[r.Name] == nil:
		return features{}
	case strings.HasPrefix(r.Name, "vaes"):
		return features{f7c: f7cVAES}
	case r.Name == "vpclmulqdq":
		return features{f7c: f7cVPCLMUL}
	case r.Name == "vptest":
		return features{}
	case strings.HasPrefix(r.Name, "vp") || r.Name == "vmpsadbw" || r.Name == "vmovntdqa":
		return features{f7b: f7bAVX2}
	}
	return features{}
}

// Names of the baseline tables that do not tell by their form what they need.
var (
	sseOfMMX  = names("pavgb pavgw pextrw pinsrw pmaxsw pmaxub pminsw pminub pmovmskb pmulhuw psadbw pshufw maskmovq movntq")
	sse2OfMMX = names("paddq psubq pmuludq")
	sse1Only  = names("cvtps2pi cvttps2pi cvtss2si cvttss2si")
	notSSE1   = names("cvtdq2ps cvtpd2ps cvtsd2ss")
)

// vectorNeed tells MMX, SSE and SSE2 in the old encodings apart, by the kinds of
// the operands and the names' endings.
func vectorNeed(r *dec.Row) features {
	in := func(m map[string]trFunc) bool { _, ok := m[r.Name]; return ok }
	if r.Map != dec.Map0F && r.Map != dec.Map0F3A {
		return features{}
	}
	var mmx, xmm bool
	for code := range strings.SplitSeq(r.Spec, ",") {
		mmx = mmx || code != "" && strings.ContainsRune("PQN", rune(code[0]))
		xmm = xmm || code != "" && strings.ContainsRune("VWU", rune(code[0]))
	}
	ps := (strings.HasSuffix(r.Name, "ps") || strings.HasSuffix(r.Name, "ss")) && !in(notSSE1)
	switch {
	case r.Map == dec.Map0F3A && r.Name == "pextrw": // the form with a memory operand
		return features{f1c: f1cSSE41}
	case xmm && (ps || in(sse1Only)), mmx && in(sseOfMMX):
		return features{f1d: f1dSSE}
	case xmm, mmx && in(sse2OfMMX):
		return features{f1d: f1dSSE2}
	case mmx:
		return features{f1d: f1dMMX}
	}
	return features{}
}
