package x86

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
)

// The XSAVE family, by the CPUID bit that each needs.
var (
	xsaveTable    = map[string]trFunc{"xsave": xstate(hXsave), "xrstor": xstate(hXrstor), "xgetbv": trXgetbv, "xsetbv": privileged}
	xsaveOptTable = map[string]trFunc{"xsaveopt": xstate(hXsaveopt)}
	xsavecTable   = map[string]trFunc{"xsavec": xstate(hXsavec)}
	xsavesTable   = map[string]trFunc{"xsaves": privileged, "xrstors": privileged}
)

// xstate is an instruction on an image, which must be aligned.
func xstate(h *ir.Helper) trFunc {
	return func(t *translator) {
		a := t.memory(t.arg(0))
		t.checkArea(a, uint64(regs.XSize(t.g.model.xcr0())), 1, h != hXrstor && h != hXrstors)
		t.aligned(a, 64)
		t.areaCall(h, a, t.in.OpSize)
	}
}

// trXgetbv reads XCR0, or with rCX 1 those of its components that are in use.
func trXgetbv(t *translator) {
	most := uint64(0)
	if t.g.model.fda&fdaXGETBV1 != 0 {
		most = 1
	}
	ok := t.b.Label()
	t.b.BrCond(ok, ir.LeU, ir.I32, regs.RCX, ir.K(most))
	t.raiseHere(guest.Exception{Vector: regs.VecGP, HasCode: true})
	t.b.Place(ok)
	n := t.b.Ext(ir.ZExt, ir.I64, ir.I32, regs.RCX)
	t.b.CallTo(regs.RAX, hXgetbv, n)
	t.b.MovTo(regs.RDX, ir.I64, ir.K(0))
}

// randomTable holds the two sources of numbers.
var (
	rdrandTable = map[string]trFunc{"rdrand": random(0)}
	rdseedTable = map[string]trFunc{"rdseed": random(1)}
)

// random always has a number ready: CF is set, the other flags are clear.
func random(source uint64) trFunc {
	return func(t *translator) {
		t.put(t.arg(0), t.b.Call(hRandom, t.b.Word(ir.K(source))))
		t.setFlags(t.b.Word(ir.K(regs.CF)))
	}
}
