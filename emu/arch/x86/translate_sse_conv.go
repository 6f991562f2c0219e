package x86

import (
	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
)

// How conversions round.
const (
	asEnv  = ir.RoundEnv
	toZero = ir.RoundZero
)

// vecConvTable holds conversions.
var vecConvTable = map[string]trFunc{
	"cvtsi2ss": cvtFromInt(ir.VI32ToF32, ir.VI64ToF32, lane32), "cvtsi2sd": cvtFromInt(ir.VI32ToF64, ir.VI64ToF64, lane64),
	"cvtss2si": cvtToInt(ir.VF32ToI32, ir.VF32ToI64, asEnv), "cvtsd2si": cvtToInt(ir.VF64ToI32, ir.VF64ToI64, asEnv),
	"cvttss2si": cvtToInt(ir.VF32ToI32, ir.VF32ToI64, toZero), "cvttsd2si": cvtToInt(ir.VF64ToI32, ir.VF64ToI64, toZero),
	"cvtss2sd": cvtScalar(ir.VF32ToF64, lane64), "cvtsd2ss": cvtScalar(ir.VF64ToF32, lane32),

	"cvtdq2ps": cvtPacked(ir.VI32ToF32, lane32, 0), "cvtdq2pd": cvtPacked(ir.VI32ToF64, lane64, 0),
	"cvtps2dq": cvtPacked(ir.VF32ToI32, lane32, asEnv), "cvttps2dq": cvtPacked(ir.VF32ToI32, lane32, toZero),
	"cvtpd2dq": cvtNarrow(ir.VF64ToI32, asEnv), "cvttpd2dq": cvtNarrow(ir.VF64ToI32, toZero),
	"cvtps2pd": cvtPacked(ir.VF32ToF64, lane64, 0), "cvtpd2ps": cvtNarrow(ir.VF64ToF32, 0),

	"cvtpi2ps": trCvtpi2ps, "cvtpi2pd": trCvtpi2pd,
	"cvtps2pi": cvtToMMX(ir.VF32ToI32, ir.I64, lane32, asEnv), "cvttps2pi": cvtToMMX(ir.VF32ToI32, ir.I64, lane32, toZero),
	"cvtpd2pi": cvtToMMX(ir.VF64ToI32, ir.V128, lane64, asEnv), "cvttpd2pi": cvtToMMX(ir.VF64ToI32, ir.V128, lane64, toZero),
}

// cvtFromInt converts a general register or memory to the lowest lane.
func cvtFromInt(op32, op64 ir.VecOp, lane uint8) trFunc {
	return func(t *translator) {
		d, a, s, _ := t.sources()
		op, wide := op32, max(lane, lane32)
		if s.Size == 8 {
			op, wide = op64, lane64
		}
		v := t.word(s)
		r := t.lowest(d, lane)
		t.b.VecTo(r, op, ir.IntType(1<<wide), wide, v, ir.None, fenv(op), 0)
		t.wroteLowest(d, a, lane, r)
	}
}

// cvtToInt converts the lowest lane to a general register.
func cvtToInt(op32, op64 ir.VecOp, imm uint64) trFunc {
	return func(t *translator) {
		d, s := t.arg(0), t.arg(1)
		a := t.vec(s)
		op, wide := op32, ir.IntType(max(4, int(s.Width)))
		if d.Size == 8 {
			op, wide = op64, ir.I64
		}
		t.b.VecTo(ir.Ref(d.Reg), op, wide, wideLane(wide), a, ir.None, regs.MXCSR, imm)
	}
}

func wideLane(t ir.Type) uint8 {
	if t == ir.I64 {
		return lane64
	}
	return lane32
}

// cvtScalar converts the lowest lane to one of the other size.
func cvtScalar(op ir.VecOp, lane uint8) trFunc {
	return func(t *translator) {
		d, a, s, _ := t.sources()
		v := t.vec(s)
		r := t.lowest(d, lane)
		t.b.VecTo(r, op, ir.I64, lane64, v, ir.None, regs.MXCSR, 0)
		t.wroteLowest(d, a, lane, r)
	}
}

// cvtPacked converts to lanes that fill the register.
func cvtPacked(op ir.VecOp, lane uint8, imm uint64) trFunc {
	return func(t *translator) {
		d := t.arg(0)
		a := t.vec(t.arg(1))
		t.b.VecTo(vecReg(d), op, vecType(d), lane, a, ir.None, fenv(op), imm)
		t.wrote(d)
	}
}

// cvtNarrow converts to lanes that fill half as much as the source.
func cvtNarrow(op ir.VecOp, imm uint64) trFunc {
	return func(t *translator) {
		d, s := t.arg(0), t.arg(1)
		a := t.vec(s)
		t.b.VecTo(vecReg(d), op, ir.VecType(int(s.Size)), lane64, a, ir.None, regs.MXCSR, imm)
		if s.Size == 16 {
			t.zeroFrom(d, 1)
		}
		t.wrote(d)
	}
}

// Conversions with MMX registers enter MMX before they convert, so that a
// floating-point exception finds it done.

// trCvtpi2ps keeps the high half of the register.
func trCvtpi2ps(t *translator) {
	a := t.mmxSource(t.arg(1))
	t.b.VecTo(vecReg(t.arg(0)), ir.VI32ToF32, ir.I64, lane32, a, ir.None, regs.MXCSR, 0)
}

func trCvtpi2pd(t *translator) {
	a := t.mmxSource(t.arg(1))
	t.b.VecTo(vecReg(t.arg(0)), ir.VI32ToF64, ir.V128, lane64, a, ir.None, ir.None, 0)
}

// cvtToMMX converts two lanes to an MMX register.
func cvtToMMX(op ir.VecOp, typ ir.Type, lane uint8, imm uint64) trFunc {
	return func(t *translator) {
		d := t.arg(0)
		a := t.mmxSource(t.arg(1))
		t.b.VecTo(vecReg(d), op, typ, lane, a, ir.None, regs.MXCSR, imm)
		t.wrote(d)
	}
}

// mmxSource is vec for an instruction that enters MMX if one of its operands is
// an MMX register.
func (t *translator) mmxSource(a *dec.Arg) ir.Ref {
	if !t.hasMMX() {
		return t.vec(a)
	}
	t.x87Pending()
	v := t.vec(a)
	t.enterMMX()
	return v
}
