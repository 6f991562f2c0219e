package x86

import (
	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
	"panda/emu/softfloat"
	"panda/emu/x87"
)

// x87Table holds the x87. Its translators are alike: they load what is in
// memory, and call a helper that knows the rest from a constant, an fpHow.
var x87Table = merge(fpMoveTable, fpArithTable, fpFuncTable, fpStateTable)

var fpMoveTable = map[string]trFunc{
	"fld": fpLoad(fpFloats), "fild": fpLoad(fpInts), "fbld": fpLoad(fpBCDs),
	"fst": fpStore(fpFloats, x87.Round, 0), "fstp": fpStore(fpFloats, x87.Round, 1),
	"fist": fpStore(fpInts, x87.Round, 0), "fistp": fpStore(fpInts, x87.Round, 1),
	"fisttp": fpStore(fpInts, x87.Trunc, 1), "fbstp": fpStore(fpBCDs, x87.Round, 1),
	"fld1": fpLoadConst(softfloat.ConstOne), "fldl2t": fpLoadConst(softfloat.ConstLog2Of10),
	"fldl2e": fpLoadConst(softfloat.ConstLog2OfE), "fldpi": fpLoadConst(softfloat.ConstPi),
	"fldlg2": fpLoadConst(softfloat.ConstLog10Of2), "fldln2": fpLoadConst(softfloat.ConstLnOf2),
	"fldz":   fpLoadConst(softfloat.ConstZero),
	"fxch":   trFxch,
	"fcmovb": fpCmov(condB << 1), "fcmovnb": fpCmov(condB<<1 | 1), "fcmove": fpCmov(condE << 1), "fcmovne": fpCmov(condE<<1 | 1),
	"fcmovbe": fpCmov(condBE << 1), "fcmovnbe": fpCmov(condBE<<1 | 1), "fcmovu": fpCmov(condP << 1), "fcmovnu": fpCmov(condP<<1 | 1),
	"fnop": fpStack(stackNop, 0), "ffree": fpStack(stackFree, 0), "ffreep": fpStack(stackFree, 1),
	"fincstp": fpStack(stackInc, 0), "fdecstp": fpStack(stackDec, 0),
}

var fpArithTable = map[string]trFunc{
	"fadd": fpArith(softfloat.OpAdd, 0), "faddp": fpArith(softfloat.OpAdd, 1), "fiadd": fpIarith(softfloat.OpAdd),
	"fmul": fpArith(softfloat.OpMul, 0), "fmulp": fpArith(softfloat.OpMul, 1), "fimul": fpIarith(softfloat.OpMul),
	"fsub": fpArith(softfloat.OpSub, 0), "fsubp": fpArith(softfloat.OpSub, 1), "fisub": fpIarith(softfloat.OpSub),
	"fsubr": fpArith(softfloat.OpSubR, 0), "fsubrp": fpArith(softfloat.OpSubR, 1), "fisubr": fpIarith(softfloat.OpSubR),
	"fdiv": fpArith(softfloat.OpDiv, 0), "fdivp": fpArith(softfloat.OpDiv, 1), "fidiv": fpIarith(softfloat.OpDiv),
	"fdivr": fpArith(softfloat.OpDivR, 0), "fdivrp": fpArith(softfloat.OpDivR, 1), "fidivr": fpIarith(softfloat.OpDivR),
	"fcom": fpCompare(fpFloats, 0), "fcomp": fpCompare(fpFloats, 1), "ficom": fpCompare(fpInts, 0), "ficomp": fpCompare(fpInts, 1),
	"fcompp": fpCompareTop(x87.Signal, 2), "fucompp": fpCompareTop(x87.Quiet, 2),
	"fucom": fpUcom(0), "fucomp": fpUcom(1), "ftst": trFtst, "fxam": trFxam,
	"fcomi": fpComi(x87.Signal, 0), "fcomip": fpComi(x87.Signal, 1), "fucomi": fpComi(x87.Quiet, 0), "fucomip": fpComi(x87.Quiet, 1),
}

var fpFuncTable = map[string]trFunc{
	"fchs": fpFunc(hFunary, x87.Chs, 0), "fabs": fpFunc(hFunary, x87.Abs, 0), "fsqrt": fpFunc(hFunary, x87.Sqrt, 0),
	"frndint": fpFunc(hFunary, x87.Rndint, 0), "f2xm1": fpFunc(hFunary, fn2xm1, 0), "fsin": fpFunc(hFunary, fnSin, 0),
	"fcos": fpFunc(hFunary, fnCos, 0), "fscale": fpFunc(hFbinary, fnScale, 0), "fprem": fpFunc(hFbinary, fnPrem, 0),
	"fprem1": fpFunc(hFbinary, fnPrem1, 0), "fpatan": fpFunc(hFbinary, fnPatan, 1), "fyl2x": fpFunc(hFbinary, fnYl2x, 1),
	"fyl2xp1": fpFunc(hFbinary, fnYl2xp1, 1), "fptan": fpFunc(hFpair, fnPtan, 0), "fsincos": fpFunc(hFpair, fnSincos, 0),
	"fxtract": fpFunc(hFpair, fnXtract, 0),
}

// fpFormats are the formats of a memory operand by its size.
type fpFormats [11]x87.Kind

var (
	fpFloats = fpFormats{4: x87.F32, 8: x87.F64, 10: x87.F80}
	fpInts   = fpFormats{2: x87.I16, 4: x87.I32, 8: x87.I64}
	fpBCDs   = fpFormats{10: x87.BCD}
)

// fpWord is the constant for a helper.
func (t *translator) fpWord(h fpHow) ir.Ref {
	fop := uint64(t.in.Opcode&7)<<8 | uint64(t.in.ModRM)
	return t.b.Word(ir.K(uint64(h) | fop<<32))
}

// fpCall calls the helper of an instruction that is not a control instruction
// and notes its address.
func (t *translator) fpCall(h *ir.Helper, how fpHow, args ...ir.Ref) {
	t.b.CallTo(ir.None, h, append([]ir.Ref{t.fpWord(how)}, args...)...)
	t.b.MovTo(regs.FIP, ir.I64, ir.K(t.pc))
}

// fpCallMem is fpCall that also notes the effective address of the operand.
func (t *translator) fpCallMem(h *ir.Helper, how fpHow, e ir.Address, args ...ir.Ref) {
	t.fpCall(h, how, args...)
	t.b.LeaTo(regs.FDP, ir.I64, e)
}

// fpAddress is the memory operand's effective and linear address.
func (t *translator) fpAddress() (e, linear ir.Address) {
	e = t.effective(&t.in.Mem)
	return e, t.segmented(ir.Ref(t.in.Mem.Seg), e)
}

// fpOperand loads the memory operand: integers sign-extended, and of ten bytes
// the last two in hi. A pending exception comes before the access; where there
// is none, it is left to the helper.
func (t *translator) fpOperand(kind x87.Kind) (e ir.Address, lo, hi ir.Ref) {
	t.x87Pending()
	e, a := t.fpAddress()
	lo, hi = t.b.Temp(), ir.None
	switch kind {
	case x87.F80, x87.BCD:
		t.b.LdTo(lo, ir.I64, a, 0)
		a.Disp += 8
		hi = t.b.Ld(ir.I16, a)
	case x87.F32, x87.F64:
		t.b.LdTo(lo, ir.IntType(int(t.arg(0).Size)), a, 0)
	default:
		t.b.LdTo(lo, ir.IntType(int(t.arg(0).Size)), a, ir.SignExt|ir.SignExt64)
	}
	return e, lo, hi
}

func fpLoad(formats fpFormats) trFunc {
	return func(t *translator) {
		a := t.arg(0)
		if a.Kind == dec.STReg {
			t.fpCall(hFpush, x87.Reg.How(0, 0, a.Reg, 0))
			return
		}
		kind := formats[a.Size]
		e, lo, hi := t.fpOperand(kind)
		t.fpCallMem(hFpush, kind.How(0, 0, 0, 0), e, lo, hi)
	}
}

func fpLoadConst(c softfloat.Const80) trFunc {
	return func(t *translator) { t.fpCall(hFpush, x87.Const.How(uint8(c), 0, 0, 0)) }
}

// fpStore is in steps: see helpFstore.
func fpStore(formats fpFormats, op, pops uint8) trFunc {
	return func(t *translator) {
		a := t.arg(0)
		if a.Kind == dec.STReg {
			op := x87.Checked
			if t.in.Opcode == 0xd9 {
				op = x87.Unchecked
			}
			t.fpCall(hFset, x87.Reg.How(op, a.Reg, 0, pops))
			return
		}
		kind := formats[a.Size]
		e, to := t.fpAddress()
		fdp := t.b.Temp()
		t.b.LeaTo(fdp, ir.I64, e)
		lo := t.b.Call(hFstore, t.fpWord(kind.How(op, 0, 0, pops)), fdp)
		if a.Size == 10 {
			t.b.St(ir.I64, to, lo)
			to.Disp += 8
			t.b.St(ir.I16, to, t.b.Op2(ir.Shr, ir.I64, regs.FNew, ir.K(fnewHigh)))
		} else {
			t.b.St(ir.IntType(int(a.Size)), to, lo)
		}
		t.b.CallTo(ir.None, hFstored)
		t.b.MovTo(regs.FIP, ir.I64, ir.K(t.pc))
		t.b.MovTo(regs.FDP, ir.I64, ir.W(fdp))
	}
}

func trFxch(t *translator) { t.fpCall(hFxch, x87.Reg.How(0, 0, t.arg(0).Reg, 0)) }

func fpCmov(cc uint8) trFunc {
	return func(t *translator) {
		c := t.condition(cc)
		sel := t.b.SetCond(c.cond, c.typ, c.a, c.b)
		t.fpCall(hFcmov, x87.Reg.How(0, 0, t.arg(1).Reg, 0), sel)
	}
}

func fpStack(op, pops uint8) trFunc {
	return func(t *translator) { t.fpCall(hFstack, x87.Reg.How(op, t.arg(0).Reg, 0, pops)) }
}

func fpArith(op softfloat.Op80, pops uint8) trFunc {
	return func(t *translator) {
		if a := t.arg(0); a.Kind == dec.STReg {
			t.fpCall(hFarith, x87.Reg.How(uint8(op), a.Reg, t.arg(1).Reg, pops))
			return
		}
		t.fpArithMem(op, fpFloats)
	}
}

func fpIarith(op softfloat.Op80) trFunc {
	return func(t *translator) { t.fpArithMem(op, fpInts) }
}

func (t *translator) fpArithMem(op softfloat.Op80, formats fpFormats) {
	kind := formats[t.arg(0).Size]
	e, m, _ := t.fpOperand(kind)
	t.fpCallMem(hFarith, kind.How(uint8(op), 0, 0, 0), e, m)
}

func fpCompare(formats fpFormats, pops uint8) trFunc {
	return func(t *translator) {
		a := t.arg(0)
		if a.Kind == dec.STReg {
			t.fpCall(hFcom, x87.Reg.How(x87.Signal, 0, a.Reg, pops))
			return
		}
		kind := formats[a.Size]
		e, m, _ := t.fpOperand(kind)
		t.fpCallMem(hFcom, kind.How(x87.Signal, 0, 0, pops), e, m)
	}
}

func fpCompareTop(op, pops uint8) trFunc {
	return func(t *translator) { t.fpCall(hFcom, x87.Reg.How(op, 0, 1, pops)) }
}

func fpUcom(pops uint8) trFunc {
	return func(t *translator) { t.fpCall(hFcom, x87.Reg.How(x87.Quiet, 0, t.arg(0).Reg, pops)) }
}

// trFtst compares with the integer 0.
func trFtst(t *translator) {
	t.fpCall(hFcom, x87.I64.How(x87.Signal, 0, 0, 0), t.b.Word(ir.K(0)))
}

func trFxam(t *translator) { t.fpCall(hFxam, x87.Reg.How(0, 0, 0, 0)) }

func fpComi(op, pops uint8) trFunc {
	return func(t *translator) {
		f := t.b.Call(hFcomi, t.fpWord(x87.Reg.How(op, 0, t.arg(1).Reg, pops)))
		t.b.MovTo(regs.FIP, ir.I64, ir.K(t.pc))
		t.setFlags(f)
	}
}

// fpFunc is a function of the top of the stack. With a pop the result goes to
// st(1), the top to come.
func fpFunc(h *ir.Helper, op, pops uint8) trFunc {
	return func(t *translator) { t.fpCall(h, x87.Reg.How(op, pops, 0, pops)) }
}
