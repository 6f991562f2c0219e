package x86

import (
	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// The constants of VFMulAdd.
const (
	fmaNegProduct = 1 << 2
	fmaNegEven    = 1 << 3
	fmaNegOdd     = 1 << 4
)

// fmaTable holds the sixty fused instructions: six kinds, three orders of the
// operands, packed and scalar.
var fmaTable = func() map[string]trFunc {
	m := map[string]trFunc{}
	for kind, signs := range map[string]uint64{ // a map again
		"vfmadd": 0, "vfmsub": fmaNegEven | fmaNegOdd, "vfnmadd": fmaNegProduct, "vfnmsub": fmaNegProduct | fmaNegEven | fmaNegOdd,
		"vfmaddsub": fmaNegEven, "vfmsubadd": fmaNegOdd,
	} {
		for form, order := range [3]string{"132", "213", "231"} {
			imm := signs | uint64(form)
			m[kind+order+"ps"], m[kind+order+"pd"] = fmaPacked(lane32, imm), fmaPacked(lane64, imm)
			m[kind+order+"ss"], m[kind+order+"sd"] = fmaScalar(lane32, imm), fmaScalar(lane64, imm)
		}
	}
	return m
}()

func fmaPacked(lane uint8, imm uint64) trFunc {
	return func(t *translator) {
		d := t.arg(0)
		b := t.vec(t.arg(2))
		t.b.VecTo(vecReg(d), ir.VFMulAdd, vecType(d), lane, vecReg(t.arg(1)), b, regs.MXCSR, imm)
		t.wrote(d)
	}
}

// fmaScalar keeps the other lanes of the destination.
func fmaScalar(lane uint8, imm uint64) trFunc {
	return func(t *translator) {
		d := t.arg(0)
		b := t.vec(t.arg(2))
		r := t.lowest(d, lane)
		if lane == lane32 {
			t.b.MovTo(r, ir.I32, ir.W(vecReg(d)))
		}
		t.b.VecTo(r, ir.VFMulAdd, laneType(lane), lane, vecReg(t.arg(1)), b, regs.MXCSR, imm)
		t.wroteLowest(d, d, lane, r)
	}
}

// f16cTable holds the conversions from and to half precision.
var f16cTable = map[string]trFunc{"vcvtph2ps": unaligned(cvtPacked(ir.VF16ToF32, lane32, 0)), "vcvtps2ph": unaligned(trCvtps2ph)}

// unaligned is an instruction that never raises #AC.
func unaligned(f trFunc) trFunc {
	return func(t *translator) {
		t.anyAlign = true
		f(t)
	}
}

// trCvtps2ph raises a floating-point exception before the fault of its store,
// which must find the flags of before.
func trCvtps2ph(t *translator) {
	d, s := t.arg(0), t.arg(1)
	r, before := t.b.TempWords(2), t.b.Temp()
	t.b.MovTo(before, ir.I64, ir.W(regs.MXCSR))
	t.b.VecTo(r, ir.VF32ToF16, vecType(s), lane32, vecReg(s), ir.None, regs.MXCSR, how(t.arg(2))&^ir.RoundSilent)
	if d.Kind == dec.MemArg {
		m := t.memory(d)
		t.checkArea(m, uint64(d.Size), 1, true)
		a := t.b.Temp()
		t.b.LeaTo(a, ir.I64, m)
		t.b.CallTo(ir.None, hTryStore, a, t.b.Word(ir.K(uint64(d.Size))), before)
		t.b.St(storeType(d), m, r)
		return
	}
	if s.Size == 16 {
		t.b.MovTo(r+1, ir.I64, ir.K(0))
	}
	t.vmov(ir.V128, vecReg(d), r)
	t.wrote(d)
}

func storeType(a *dec.Arg) ir.Type {
	if a.Size == 16 {
		return ir.V128
	}
	return ir.I64
}

// hTryStore faults with an earlier MXCSR if n bytes at a cannot be written.
var hTryStore = &ir.Helper{
	Name: "try_store", MayFault: true, Reads: all, Writes: []ir.Ref{regs.MXCSR},
	Fn: func(c *vcpu.CPU, a, n, before uint64) uint64 {
		now := c.W[regs.MXCSR]
		c.W[regs.MXCSR] = before
		c.Touch(a, int(n))
		c.W[regs.MXCSR] = now
		return 0
	},
}
