package x86

import (
	"reflect"

	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
)

// FeatureBit is a bit of CPUID's feature words with its name in the manual. Effect
// tells what a bit does that makes no instruction exist.
type FeatureBit struct {
	Name   string
	Effect string
	bit    features
}

// FeatureBits are all the bits that models report.
var FeatureBits = []FeatureBit{
	{"FPU", "every model has it", features{f1d: f1dFPU}},
	{"TSC", "", features{f1d: f1dTSC}},
	{"MSR", "", features{f1d: f1dMSR}},
	{"CX8", "", features{f1d: f1dCX8}},
	{"SEP", "", features{f1d: f1dSEP}},
	{"CMOV", "", features{f1d: f1dCMOV}},
	{"CLFSH", "", features{f1d: f1dCLFSH}},
	{"MMX", "", features{f1d: f1dMMX}},
	{"FXSR", "", features{f1d: f1dFXSR}},
	{"SSE", "", features{f1d: f1dSSE}},
	{"SSE2", "", features{f1d: f1dSSE2}},
	{"SSE3", "", features{f1c: f1cSSE3}},
	{"PCLMULQDQ", "", features{f1c: f1cPCLMUL}},
	{"SSSE3", "", features{f1c: f1cSSSE3}},
	{"FMA", "", features{f1c: f1cFMA}},
	{"CMPXCHG16B", "", features{f1c: f1cCX16}},
	{"SSE4_1", "", features{f1c: f1cSSE41}},
	{"SSE4_2", "", features{f1c: f1cSSE42}},
	{"MOVBE", "", features{f1c: f1cMOVBE}},
	{"POPCNT", "", features{f1c: f1cPOPCNT}},
	{"AES", "", features{f1c: f1cAES}},
	{"XSAVE", "comes with OSXSAVE", features{f1c: f1cXSAVE}},
	{"OSXSAVE", "", features{f1c: f1cOSXSAVE}},
	{"AVX", "", features{f1c: f1cAVX}},
	{"F16C", "", features{f1c: f1cF16C}},
	{"RDRAND", "", features{f1c: f1cRDRAND}},
	{"FSGSBASE", "", features{f7b: f7bFSGSBASE}},
	{"BMI1", "and tzcnt is not bsf", features{f7b: f7bBMI1}},
	{"AVX2", "", features{f7b: f7bAVX2}},
	{"BMI2", "", features{f7b: f7bBMI2}},
	{"INVPCID", "", features{f7b: f7bINVPCID}},
	{"FCS_FDS", "x87 environments hold no selectors", features{f7b: f7bNoFPUCS}},
	{"RDSEED", "", features{f7b: f7bRDSEED}},
	{"ADX", "", features{f7b: f7bADX}},
	{"CLFLUSHOPT", "", features{f7b: f7bCLFLUSHOPT}},
	{"CLWB", "", features{f7b: f7bCLWB}},
	{"SHA", "", features{f7b: f7bSHA}},
	{"UMIP", "Linux answers sgdt and its kin", features{f7c: f7cUMIP}},
	{"GFNI", "", features{f7c: f7cGFNI}},
	{"VAES", "", features{f7c: f7cVAES}},
	{"VPCLMULQDQ", "", features{f7c: f7cVPCLMUL}},
	{"RDPID", "", features{f7c: f7cRDPID}},
	{"LAHF", "every 64-bit model has it, and 32-bit code always", features{f8c: f8cLAHF}},
	{"LZCNT", "lzcnt is not bsr", features{f8c: f8cLZCNT}},
	{"PREFETCHW", "a hint", features{f8c: f8cPREFETCHW}},
	{"SYSCALL", "", features{f8d: f8dSYSCALL}},
	{"NX", "of pages", features{f8d: f8dNX}},
	{"RDTSCP", "", features{f8d: f8dRDTSCP}},
	{"LM", "64-bit code", features{f8d: f8dLM}},
	{"XSAVEOPT", "", features{fda: fdaOPT}},
	{"XSAVEC", "", features{fda: fdaXSAVEC}},
	{"XGETBV1", "xgetbv with 1", features{fda: fdaXGETBV1}},
	{"XSAVES", "", features{fda: fdaXSAVES}},
}

// Without is the model "max" without a feature.
func (b FeatureBit) Without() *Model {
	m, err := FindModel("max")
	if err != nil {
		panic(err)
	}
	less := *m
	w, x := less.words(), b.bit.words()
	for i := range w {
		*w[i] &^= *x[i]
	}
	return &less
}

func (f *features) words() [8]*uint32 {
	return [8]*uint32{&f.f1c, &f.f1d, &f.f7b, &f.f7c, &f.f7d, &f.f8c, &f.f8d, &f.fda}
}

// ForgottenWords tells of the words that words, includes or plus leave out.
func ForgottenWords() (told []string) {
	var all features
	for _, w := range all.words() {
		*w = 1
	}
	of := reflect.ValueOf(all)
	for i := range of.NumField() {
		if of.Field(i).Uint() == 0 {
			told = append(told, "words leaves out "+of.Type().Field(i).Name)
		}
	}
	for i := range all.words() {
		var need, none features
		*need.words()[i] = 1
		name := of.Type().Field(i).Name
		if none.includes(&need) {
			told = append(told, "includes leaves out "+name)
		}
		if need.plus(none) != need || none.plus(need) != need {
			told = append(told, "plus leaves out "+name)
		}
	}
	return told
}

// Unnamed are the bits of a model that no row of FeatureBits names.
func (m *Model) Unnamed() (n int) {
	rest := m.features
	for i := range FeatureBits {
		w, x := rest.words(), FeatureBits[i].bit.words()
		for i := range w {
			*w[i] &^= *x[i]
		}
	}
	for _, w := range rest.words() {
		if *w != 0 {
			n++
		}
	}
	return n
}

// Models are all of them.
func Models() []*Model { return models }

// Undefined reports whether a program on the model gets #UD for an instruction.
func (m *Model) Undefined(code []byte, bits int) bool {
	var b ir.Builder
	b.Reset(0x1000, regs.TempBase)
	New(m).Translate(&b, code, 0x1000, uint64(bits)|modeCPL, 1)
	for i := range b.Insns {
		if b.Insns[i].Op == ir.ExitTB && ir.Exit(b.Insns[i].Aux) == ir.ExitUndefined {
			return true
		}
	}
	return false
}
