package x86

import (
	"fmt"

	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
)

// Untranslated is the text of an instruction that decodes and yet raises #UD
// because no translator knows it or the CPU model lacks it; "" for other code.
func (g *Guest) Untranslated(code []byte, pc, mode uint64) (why, text string) {
	var in dec.Inst
	switch {
	case dec.Decode(&in, code, dec.Mode(mode&modeBits)) != nil:
		return "", ""
	case g.translatorOf(in.Row) == nil:
		return "no translator for", dec.Text(&in, pc, nil)
	case !g.model.has(in.Row, in.VexL):
		return "CPU model " + g.model.Name + " lacks", dec.Text(&in, pc, nil)
	}
	return "", ""
}

// SlotNames are the register words' names, for printed IR.
func (g *Guest) SlotNames() ir.Names {
	n := ir.Names{
		regs.CCOp: "cc_op", regs.CCDst: "cc_dst", regs.CCSrc: "cc_src", regs.CCSrc2: "cc_src2", regs.CCCF: "cc_cf", regs.DF: "df", regs.EFL: "efl",
		regs.MXCSR: "mxcsr", regs.FCW: "fcw", regs.FSW: "fsw", regs.FTop: "ftop", regs.FTag: "ftag",
		regs.FIP: "fip", regs.FDP: "fdp", regs.FOP: "fop", regs.FNew: "fnew", regs.TSCAux: "tsc_aux",
	}
	for i := range regs.Defs {
		d := &regs.Defs[i]
		if d.Get == nil && d.Bytes == 8 {
			n[d.Word] = d.Name
		}
	}
	for i := range ir.Ref(64) {
		n[regs.YMM+i] = fmt.Sprintf("ymm%d.%d", i/4, i%4)
	}
	for i := range ir.Ref(16) {
		n[regs.ST+i] = fmt.Sprintf("fpr%d.%d", i/2, i%2)
	}
	return n
}

// HWCap is what the auxiliary vector says of the CPU: EDX of CPUID leaf 1.
func (g *Guest) HWCap() uint64 { return uint64(g.model.f1d) }

// HWCap2 is what the auxiliary vector says beyond that: whether programs may use
// RDFSBASE and its like (HWCAP2_FSGSBASE of asm/hwcap2.h).
func (g *Guest) HWCap2() uint64 {
	const fsgsbase = 1 << 1
	if g.model.f7b&f7bFSGSBASE != 0 {
		return fsgsbase
	}
	return 0
}
