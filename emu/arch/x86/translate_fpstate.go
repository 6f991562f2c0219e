package x86

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
)

// fpStateTable holds the control state of x87 and SSE. The memory forms of more
// than a word are helpers: they are rare and wide.
var fpStateTable = map[string]trFunc{
	"fnstcw": trFnstcw, "fldcw": trFldcw, "fnstsw": trFnstsw, "fninit": trFninit, "fnclex": trFnclex,
	"fnstenv": fpArea(hFnstenv), "fnsave": fpArea(hFnsave), "fldenv": fpWaitArea(hFldenv), "frstor": fpWaitArea(hFrstor),
	"fxsave": trFxsave, "fxrstor": trFxrstor, "ldmxcsr": trLdmxcsr, "stmxcsr": trStmxcsr,
	"wait": (*translator).x87Pending, "emms": trEmms,
	"fneni": trNop, "fndisi": trNop, "fnsetpm": trNop,
}

func trFxsave(t *translator)  { t.stateHelper(hFxsave) }
func trFxrstor(t *translator) { t.stateHelper(hFxrstor) }

func (t *translator) stateHelper(h *ir.Helper) {
	a := t.memory(t.arg(0))
	t.aligned(a, 16)
	t.areaCall(h, a, t.in.OpSize)
}

// areaCall calls a helper with an address and a size.
func (t *translator) areaCall(h *ir.Helper, a ir.Address, size uint8) {
	r := t.b.Temp()
	t.b.LeaTo(r, ir.I64, a)
	t.b.CallTo(ir.None, h, r, t.b.Word(ir.K(uint64(size))))
}

// fpArea is an instruction on the environment, whose fields have 4 bytes or,
// with a 16-bit operand size, 2.
func fpArea(h *ir.Helper) trFunc {
	return func(t *translator) { t.areaCall(h, t.memory(t.arg(0)), min(t.in.OpSize, 4)) }
}

func fpWaitArea(h *ir.Helper) trFunc {
	return func(t *translator) {
		t.x87Pending()
		fpArea(h)(t)
	}
}

func trStmxcsr(t *translator) { t.put(t.arg(0), regs.MXCSR) }

func trLdmxcsr(t *translator) { t.b.CallTo(ir.None, hLdmxcsr, t.word(t.arg(0))) }

func trFnstcw(t *translator) { t.put(t.arg(0), regs.FCW) }

func trFldcw(t *translator) {
	t.x87Pending()
	t.b.CallTo(ir.None, hFldcw, t.word(t.arg(0)))
}

func trFnstsw(t *translator) {
	v := t.b.Op2(ir.Shl, ir.I64, regs.FTop, ir.K(11))
	t.b.Op2To(v, ir.Or, ir.I64, v, ir.W(regs.FSW))
	t.put(t.arg(0), v)
}

func trFninit(t *translator) {
	t.b.MovTo(regs.FCW, ir.I64, ir.K(0x37f))
	for _, r := range fpCleared {
		t.b.MovTo(r, ir.I64, ir.K(0))
	}
}

func trFnclex(t *translator) { t.b.Op2To(regs.FSW, ir.And, ir.I64, regs.FSW, ir.K(0x7f00)) }

func trEmms(t *translator) {
	t.x87Pending()
	t.b.MovTo(regs.FTag, ir.I64, ir.K(0))
	t.b.MovTo(regs.FTop, ir.I64, ir.K(0))
}
