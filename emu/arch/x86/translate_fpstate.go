package x86

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
)

// fpStateTable holds the control state of x87 and SSE. The memory forms of more
// than a word are helpers: they are rare and wide.
var fpStateTable = map[string]trFunc{
	"fnstcw": trFnstcw, "fldcw": trFldcw, "fnstsw": trFnstsw, "fninit": trFninit, "fnclex": trFnclex,
	"fnstenv": fpArea(hFnstenv, 0, true), "fnsave": fpArea(hFnsave, fpRegs, true),
	"fldenv": fpWaitArea(hFldenv, 0), "frstor": fpWaitArea(hFrstor, fpRegs),
	"fxsave": trFxsave, "fxrstor": trFxrstor, "ldmxcsr": trLdmxcsr, "stmxcsr": trStmxcsr,
	"wait": (*translator).x87Pending, "emms": trEmms,
	"fneni": trNop, "fndisi": trNop, "fnsetpm": trNop,
}

func trFxsave(t *translator)  { t.stateHelper(hFxsave, true) }
func trFxrstor(t *translator) { t.stateHelper(hFxrstor, false) }

func (t *translator) stateHelper(h *ir.Helper, write bool) {
	a := t.memory(t.arg(0))
	t.checkArea(a, regs.FXLen, 1, write)
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
// with a 16-bit operand size, 2, and more bytes after it.
func fpArea(h *ir.Helper, more uint64, write bool) trFunc {
	return func(t *translator) {
		a, field := t.memory(t.arg(0)), min(t.in.OpSize, 4)
		t.checkArea(a, uint64(envSize(uint64(field)))+more, uint64(field), write)
		t.areaCall(h, a, field)
	}
}

func fpWaitArea(h *ir.Helper, more uint64) trFunc {
	load := fpArea(h, more, false)
	return func(t *translator) {
		t.x87Pending()
		load(t)
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
