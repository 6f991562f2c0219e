package x86

import (
	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
	"panda/emu/softfloat"
)

// vecFloatTable holds arithmetic and comparison.
var vecFloatTable = merge(map[string]trFunc{
	"comiss": relate(lane32, true), "comisd": relate(lane64, true),
	"ucomiss": relate(lane32, false), "ucomisd": relate(lane64, false),
	"cmpps": cmpPacked(lane32), "cmppd": cmpPacked(lane64), "cmpss": cmpScalar(lane32), "cmpsd": cmpScalar(lane64),
	"rcpps": unary(ir.VFRcp, lane32), "rsqrtps": unary(ir.VFRsqrt, lane32),
	"rcpss": scalarUnary(ir.VFRcp, lane32), "rsqrtss": scalarUnary(ir.VFRsqrt, lane32),
	"sqrtps": unaryFloat(ir.VFSqrt, lane32), "sqrtpd": unaryFloat(ir.VFSqrt, lane64),
	"sqrtss": scalarUnary(ir.VFSqrt, lane32), "sqrtsd": scalarUnary(ir.VFSqrt, lane64),
},
	arithmetic("add", ir.VFAdd), arithmetic("sub", ir.VFSub), arithmetic("mul", ir.VFMul),
	arithmetic("div", ir.VFDiv), arithmetic("min", ir.VFMin), arithmetic("max", ir.VFMax))

// arithmetic makes the four rows of a floating-point operation.
func arithmetic(name string, op ir.VecOp) map[string]trFunc {
	return map[string]trFunc{
		name + "ps": packedFloat(op, lane32), name + "pd": packedFloat(op, lane64),
		name + "ss": scalar(op, lane32), name + "sd": scalar(op, lane64),
	}
}

// fenv is the environment word of an operation, None if it needs none.
func fenv(op ir.VecOp) ir.Ref {
	if op.Row().FP {
		return regs.MXCSR
	}
	return ir.None
}

// packedFloat is packed in the environment.
func packedFloat(op ir.VecOp, lane uint8) trFunc {
	return func(t *translator) {
		d := t.arg(0)
		b := t.vec(t.arg(1))
		t.b.VecTo(vecReg(d), op, vecType(d), lane, vecReg(d), b, regs.MXCSR, 0)
	}
}

func unaryFloat(op ir.VecOp, lane uint8) trFunc {
	return func(t *translator) {
		d := t.arg(0)
		a := t.vec(t.arg(1))
		t.b.VecTo(vecReg(d), op, vecType(d), lane, a, ir.None, regs.MXCSR, uint64(t.arg(2).Imm))
	}
}

// scalar is an operation on the lowest lane; the others stay.
func scalar(op ir.VecOp, lane uint8) trFunc {
	return func(t *translator) {
		d := t.arg(0)
		t.scalarTo(d, op, lane, vecReg(d), t.vec(t.arg(1)), 0)
	}
}

// scalarUnary likewise, of the source alone.
func scalarUnary(op ir.VecOp, lane uint8) trFunc {
	return func(t *translator) { t.scalarTo(t.arg(0), op, lane, t.vec(t.arg(1)), ir.None, uint64(t.arg(2).Imm)) }
}

func (t *translator) scalarTo(d *dec.Arg, op ir.VecOp, lane uint8, a, b ir.Ref, imm uint64) {
	x := vecReg(d)
	if lane == lane64 {
		t.b.VecTo(x, op, ir.I64, lane, a, b, fenv(op), imm)
		return
	}
	r := t.b.Temp()
	t.b.VecTo(r, op, ir.I32, lane, a, b, fenv(op), imm)
	t.b.DepositTo(x, x, ir.W(r), 0, 32)
}

// relate compares and sets ZF, PF and CF (SDM vol. 2A "COMISD").
func relate(lane uint8, signal bool) trFunc {
	imm := uint64(regs.CF)<<(8*softfloat.Less) | regs.ZF<<(8*softfloat.Equal) | (regs.ZF|regs.PF|regs.CF)<<(8*softfloat.Unordered)
	if signal {
		imm |= 1 << 32
	}
	return func(t *translator) {
		a := vecReg(t.arg(0))
		b := t.vec(t.arg(1))
		t.b.VecTo(regs.CCSrc, ir.VFRelate, ir.IntType(1<<lane), lane, a, b, regs.MXCSR, imm)
		t.cc = regs.CCFlags
	}
}

// Relations that make a comparison true, and whether a quiet NaN is invalid.
const (
	isLess = 1 << softfloat.Less
	isEq   = 1 << softfloat.Equal
	isGt   = 1 << softfloat.Greater
	isUn   = 1 << softfloat.Unordered
	signal = 1 << 4
)

// predicates are the comparisons by their number (SDM vol. 2A table 3-1); the
// second sixteen are the first with signal turned.
var predicates = [16]uint64{
	isEq, isLess | signal, isLess | isEq | signal, isUn,
	isLess | isGt | isUn, isEq | isGt | isUn | signal, isGt | isUn | signal, isLess | isEq | isGt,
	isEq | isUn, isLess | isUn | signal, isLess | isEq | isUn | signal, 0,
	isLess | isGt, isEq | isGt | signal, isGt | signal, isLess | isEq | isGt | isUn,
}

// predicate is that of the instruction: eight of them without VEX.
func (t *translator) predicate() uint64 { return predicates[t.arg(2).Imm&7] }

func cmpPacked(lane uint8) trFunc {
	return func(t *translator) {
		d := t.arg(0)
		b := t.vec(t.arg(1))
		t.b.VecTo(vecReg(d), ir.VFCmp, vecType(d), lane, vecReg(d), b, regs.MXCSR, t.predicate())
	}
}

func cmpScalar(lane uint8) trFunc {
	return func(t *translator) {
		d := t.arg(0)
		t.scalarTo(d, ir.VFCmp, lane, vecReg(d), t.vec(t.arg(1)), t.predicate())
	}
}
