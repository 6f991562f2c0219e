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

// fenv is the environment word of an operation, None if it needs none. MXCSR has
// the layout of ir's word, and its bits from 16 up are always 0.
func fenv(op ir.VecOp) ir.Ref {
	if op.Row().FP {
		return regs.MXCSR
	}
	return ir.None
}

// packedFloat is packed in the environment.
func packedFloat(op ir.VecOp, lane uint8) trFunc {
	return func(t *translator) {
		d, a, s, _ := t.sources()
		b := t.vec(s)
		t.b.VecTo(vecReg(d), op, vecType(d), lane, vecReg(a), b, regs.MXCSR, 0)
		t.wrote(d)
	}
}

func unaryFloat(op ir.VecOp, lane uint8) trFunc {
	return func(t *translator) {
		d := t.arg(0)
		a := t.vec(t.arg(1))
		t.b.VecTo(vecReg(d), op, vecType(d), lane, a, ir.None, regs.MXCSR, how(t.arg(2)))
		t.wrote(d)
	}
}

// scalar is an operation on the lowest lane; the others are the first source's.
func scalar(op ir.VecOp, lane uint8) trFunc {
	return func(t *translator) {
		d, a, s, _ := t.sources()
		t.scalarTo(d, a, op, lane, vecReg(a), t.vec(s), 0)
	}
}

// scalarUnary likewise, computed from the second source alone.
func scalarUnary(op ir.VecOp, lane uint8) trFunc {
	return func(t *translator) {
		d, a, s, imm := t.sources()
		t.scalarTo(d, a, op, lane, t.vec(s), ir.None, how(imm))
	}
}

// how is the immediate that says how to round, whose upper bits mean nothing (SDM
// vol. 2B "ROUNDSD"); there is none for square roots.
func how(imm *dec.Arg) uint64 {
	return uint64(imm.Imm) & (ir.RoundZero | ir.RoundEnv | ir.RoundSilent)
}

func (t *translator) scalarTo(d, rest *dec.Arg, op ir.VecOp, lane uint8, a, b ir.Ref, imm uint64) {
	r := t.lowest(d, lane)
	t.b.VecTo(r, op, ir.IntType(1<<lane), lane, a, b, fenv(op), imm)
	t.wroteLowest(d, rest, lane, r)
}

// lowest is where to compute the new lowest lane of register d: its word if the
// lane is all of it.
func (t *translator) lowest(d *dec.Arg, lane uint8) ir.Ref {
	if lane == lane64 {
		return vecReg(d)
	}
	return t.b.Temp()
}

// wroteLowest ends an instruction whose lowest lane is r and whose other lanes
// are those of rest.
func (t *translator) wroteLowest(d, rest *dec.Arg, lane uint8, r ir.Ref) {
	if lane == lane32 {
		t.b.DepositTo(vecReg(d), vecReg(rest), ir.W(r), 0, 32)
	}
	t.copyWord(d, rest, 1)
	t.wrote(d)
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

// predicate is that of an immediate: there are eight of them without VEX.
func (t *translator) predicate(imm int64) uint64 {
	switch {
	case !t.vex():
		imm &= 7
	case imm&16 != 0:
		return predicates[imm&15] ^ signal
	}
	return predicates[imm&15]
}

func cmpPacked(lane uint8) trFunc {
	return func(t *translator) {
		d, a, s, by := t.sources()
		b := t.vec(s)
		t.b.VecTo(vecReg(d), ir.VFCmp, vecType(d), lane, vecReg(a), b, regs.MXCSR, t.predicate(by.Imm))
		t.wrote(d)
	}
}

func cmpScalar(lane uint8) trFunc {
	return func(t *translator) {
		d, a, s, by := t.sources()
		t.scalarTo(d, a, ir.VFCmp, lane, vecReg(a), t.vec(s), t.predicate(by.Imm))
	}
}
