package x86

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
)

// The control state of x87 and SSE. The memory forms of the whole state are
// helpers: they are rare and wide.

func trFxsave(t *translator)  { t.stateHelper(hFxsave) }
func trFxrstor(t *translator) { t.stateHelper(hFxrstor) }

func (t *translator) stateHelper(h *ir.Helper) {
	a := t.memory(t.arg(0))
	t.aligned(a, 16)
	r := t.b.Temp()
	t.b.LeaTo(r, ir.I64, a)
	t.b.CallTo(ir.None, h, r, t.b.Word(ir.K(uint64(t.in.OpSize))))
}

func trStmxcsr(t *translator) { t.put(t.arg(0), regs.MXCSR) }

func trLdmxcsr(t *translator) { t.b.CallTo(ir.None, hLdmxcsr, t.word(t.arg(0))) }

func trFnstcw(t *translator) { t.put(t.arg(0), regs.FCW) }

// trFldcw keeps the reserved bits as the CPU does: bit 6 reads as 1.
func trFldcw(t *translator) {
	v := t.b.Op2(ir.And, ir.I64, t.word(t.arg(0)), ir.K(0x1f3f))
	t.b.Op2To(regs.FCW, ir.Or, ir.I64, v, ir.K(0x40))
}

func trFnstsw(t *translator) {
	v := t.b.Op2(ir.Shl, ir.I64, regs.FTop, ir.K(11))
	t.b.Op2To(v, ir.Or, ir.I64, v, ir.W(regs.FSW))
	t.put(t.arg(0), v)
}

func trFninit(t *translator) {
	t.b.MovTo(regs.FCW, ir.I64, ir.K(0x37f))
	for _, r := range []ir.Ref{regs.FSW, regs.FTop, regs.FTag, regs.FIP, regs.FDP, regs.FOP} {
		t.b.MovTo(r, ir.I64, ir.K(0))
	}
}

func trFnclex(t *translator) { t.b.Op2To(regs.FSW, ir.And, ir.I64, regs.FSW, ir.K(0x7f00)) }

func trEmms(t *translator) {
	t.b.MovTo(regs.FTag, ir.I64, ir.K(0))
	t.b.MovTo(regs.FTop, ir.I64, ir.K(0))
}
