package x86

import (
	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
)

// aluTable holds integer arithmetic and logic.
var aluTable = map[string]trFunc{
	"add": trAdd, "sub": trSub, "cmp": trCmp, "adc": trAdc, "sbb": trSbb,
	"and": logic(ir.And), "or": logic(ir.Or), "xor": trXor, "test": trTest,
	"inc": incDec(ir.Add, regs.CCInc), "dec": incDec(ir.Sub, regs.CCDec),
	"neg": trNeg, "not": trNot, "xadd": trXadd, "cmpxchg": trCmpxchg,
	"cmpxchg8b": trCmpxchg8b, "cmpxchg16b": trCmpxchg16b,
	"daa": decimal(hDaa), "das": decimal(hDas), "aaa": decimal(hAaa), "aas": decimal(hAas),
	"aam": trAam, "aad": trAad,
}

// operands of a two-operand instruction: the destination's value as a word, the
// source's as operand. The source is read before the destination is changed.
func (t *translator) operands() (a ir.Ref, b ir.Val) {
	b = t.get(t.arg(1))
	return t.word(t.arg(0)), b
}

// keep copies a word that is a register about to be written.
func (t *translator) keep(v ir.Val, d ir.Ref) ir.Val {
	if v.R != d { // also for a memory operand, whose Reg is small: a needless copy at most
		return v
	}
	r := t.b.Temp()
	t.b.MovTo(r, ir.I64, v)
	return ir.W(r)
}

func trAdd(t *translator) {
	d := t.arg(0)
	a, b := t.operands()
	r := t.dst(d)
	b = t.keep(b, ir.Ref(d.Reg))
	t.b.Op2To(r, ir.Add, opType(d.Size), a, b)
	t.put(d, r)
	t.setCC(regs.CCAdd, d.Size, ir.W(r), b)
}

func trSub(t *translator) {
	d := t.arg(0)
	a, b := t.operands()
	if d.Kind == dec.MemArg {
		r := t.b.Op2(ir.Sub, opType(d.Size), a, b)
		t.put(d, r)
		t.setCC(regs.CCSub, d.Size, ir.W(a), b)
		return
	}
	t.setCC(regs.CCSub, d.Size, ir.W(a), b)
	r := t.dst(d)
	t.b.Op2To(r, ir.Sub, opType(d.Size), a, b)
	t.put(d, r)
}

func trCmp(t *translator) {
	a, b := t.operands()
	t.setCC(regs.CCSub, t.arg(0).Size, ir.W(a), b)
}

func trAdc(t *translator) {
	d := t.arg(0)
	c := t.carry()
	a, b := t.operands()
	typ := opType(d.Size)
	r := t.b.Op2(ir.Add, typ, a, b)
	t.b.Op2To(r, ir.Add, typ, r, ir.W(c))
	b = t.keep(b, ir.Ref(d.Reg))
	t.put(d, r)
	t.setCC(regs.CCAdc, d.Size, ir.W(r), b)
	t.b.MovTo(regs.CCSrc2, ir.I64, ir.W(c))
}

func trSbb(t *translator) {
	d := t.arg(0)
	c := t.carry()
	a, b := t.operands()
	typ := opType(d.Size)
	r := t.b.Op2(ir.Sub, typ, a, b)
	t.b.Op2To(r, ir.Sub, typ, r, ir.W(c))
	if d.Kind == dec.MemArg {
		t.put(d, r)
		t.setCC(regs.CCSbb, d.Size, ir.W(a), b)
	} else {
		t.setCC(regs.CCSbb, d.Size, ir.W(a), b)
		t.put(d, r)
	}
	t.b.MovTo(regs.CCSrc2, ir.I64, ir.W(c))
}

func logic(op ir.Op) trFunc {
	return func(t *translator) {
		d := t.arg(0)
		a, b := t.operands()
		r := t.dst(d)
		t.b.Op2To(r, op, opType(d.Size), a, b)
		t.put(d, r)
		t.setResult(regs.CCLogic, d.Size, r)
	}
}

// trXor knows the idiom that clears a register.
func trXor(t *translator) {
	a, b := t.arg(0), t.arg(1)
	if a.Kind == dec.GPR && b.Kind == dec.GPR && a.Reg == b.Reg && a.Size >= 4 {
		t.b.MovTo(ir.Ref(a.Reg), ir.I64, ir.K(0))
		t.b.MovTo(regs.CCDst, ir.I64, ir.K(0))
		t.b.Unset(regs.CCSrc)
		t.cc = regs.CCLogic.Sized(int(a.Size))
		return
	}
	logic(ir.Xor)(t)
}

func trTest(t *translator) {
	size := t.arg(0).Size
	a, b := t.operands()
	if b.R == a {
		t.setResult(regs.CCLogic, size, a)
		return
	}
	t.b.Op2To(regs.CCDst, ir.And, opType(size), a, b)
	t.b.Unset(regs.CCSrc)
	t.cc = regs.CCLogic.Sized(int(size))
}

// incDec keeps CF, so it brings it into the new form.
func incDec(op ir.Op, form regs.CC) trFunc {
	return func(t *translator) {
		d := t.arg(0)
		a := t.word(d)
		r := t.dst(d)
		if d.Kind == dec.MemArg {
			t.b.Op2To(r, op, opType(d.Size), a, ir.K(1))
			t.put(d, r)
			t.keepCF()
		} else {
			t.keepCF()
			t.b.Op2To(r, op, opType(d.Size), a, ir.K(1))
			t.put(d, r)
		}
		t.b.MovTo(regs.CCDst, ir.I64, ir.W(r))
		t.cc = form.Sized(int(d.Size)) | regs.OwnCF
	}
}

// trNeg is 0 - a for the flags.
func trNeg(t *translator) {
	d := t.arg(0)
	a := t.word(d)
	r := t.b.Op1(ir.Neg, opType(d.Size), a)
	b := t.keep(ir.W(a), ir.Ref(d.Reg))
	t.put(d, r)
	t.setCC(regs.CCSub, d.Size, ir.K(0), b)
}

func trNot(t *translator) {
	d := t.arg(0)
	a := t.word(d)
	r := t.dst(d)
	t.b.Op1To(r, ir.Not, opType(d.Size), a)
	t.put(d, r)
}

func trXadd(t *translator) {
	d, s := t.arg(0), t.arg(1)
	a, b := t.keep(t.get(d), ir.Ref(d.Reg)), t.keep(t.get(s), ir.Ref(s.Reg))
	r := t.b.Op2(ir.Add, opType(d.Size), a.R, b)
	if d.Kind == dec.MemArg {
		t.put(d, r)
		t.put(s, a.R)
	} else { // of one register twice, the sum stays
		t.put(s, a.R)
		t.put(d, r)
	}
	t.setCC(regs.CCAdd, d.Size, ir.W(r), b)
}

// trCmpxchg writes memory in both cases, as the CPU does.
func trCmpxchg(t *translator) {
	d, s := t.arg(0), t.arg(1)
	typ := opType(d.Size)
	old := t.keep(t.get(d), ir.Ref(d.Reg)).R
	acc := t.keep(ir.W(regs.RAX), regs.RAX).R
	a, b := acc, ir.W(old)
	if d.Size < 4 {
		a, b = t.extended(ir.ZExt, d.Size, ir.W(acc)).R, t.extended(ir.ZExt, d.Size, ir.W(old))
	}
	eq := t.b.SetCond(ir.Eq, typ, a, b)
	v := t.b.Temp()
	t.b.SelectTo(v, ir.I64, eq, t.word(s), old)
	done := t.b.Label()
	if d.Kind == dec.MemArg {
		t.put(d, v)
	}
	t.setCC(regs.CCSub, d.Size, ir.W(acc), ir.W(old))
	same := t.b.Label()
	t.b.BrCond(same, ir.Ne, ir.I64, eq, ir.K(0))
	t.putReg(uint8(regs.RAX), d.Size, old)
	t.b.Br(done)
	t.b.Place(same)
	if d.Kind != dec.MemArg {
		t.put(d, v)
	}
	t.b.Place(done)
}

// trCmpxchg8b compares eDX:eAX with memory and changes only ZF. It is one access,
// as the CPU's is.
func trCmpxchg8b(t *translator) {
	at := t.memory(t.arg(0))
	f := t.b.Op2(ir.And, ir.I64, t.flags(), ir.K(regs.Arith&^regs.ZF))
	old := t.b.Ld(ir.I64, at)
	want, v := t.b.Temp(), t.b.Temp()
	t.b.DepositTo(want, regs.RAX, ir.W(regs.RDX), 32, 32)
	t.b.DepositTo(v, regs.RBX, ir.W(regs.RCX), 32, 32)
	eq := t.b.SetCond(ir.Eq, ir.I64, old, ir.W(want))
	t.b.SelectTo(v, ir.I64, eq, v, old)
	t.b.St(ir.I64, at, v)
	t.b.DepositTo(f, f, ir.W(eq), 6, 1)
	t.setFlags(f)
	done := t.b.Label()
	t.b.BrCond(done, ir.Ne, ir.I64, eq, ir.K(0))
	t.b.MovTo(regs.RAX, ir.I32, ir.W(old))
	t.b.Op2To(regs.RDX, ir.Shr, ir.I64, old, ir.K(32))
	t.b.Place(done)
}

// trCmpxchg16b is the same for rDX:rAX. It raises #GP for an address that is
// not aligned, so a fault of its stores is one of the first.
func trCmpxchg16b(t *translator) {
	lo := t.memory(t.arg(0))
	t.aligned(lo, 16)
	hi := lo
	hi.Disp += 8
	f := t.b.Op2(ir.And, ir.I64, t.flags(), ir.K(regs.Arith&^regs.ZF))
	a, d := t.b.Ld(ir.I64, lo), t.b.Ld(ir.I64, hi)
	x := t.b.Op2(ir.Xor, ir.I64, a, ir.W(regs.RAX))
	y := t.b.Op2(ir.Xor, ir.I64, d, ir.W(regs.RDX))
	t.b.Op2To(x, ir.Or, ir.I64, x, ir.W(y))
	eq := t.b.SetCond(ir.Eq, ir.I64, x, ir.K(0))
	v, w := t.b.Temp(), t.b.Temp()
	t.b.SelectTo(v, ir.I64, eq, regs.RBX, a)
	t.b.SelectTo(w, ir.I64, eq, regs.RCX, d)
	t.b.St(ir.I64, lo, v)
	t.b.St(ir.I64, hi, w)
	t.b.DepositTo(f, f, ir.W(eq), 6, 1)
	t.setFlags(f)
	done := t.b.Label()
	t.b.BrCond(done, ir.Ne, ir.I64, eq, ir.K(0))
	t.b.MovTo(regs.RAX, ir.I64, ir.W(a))
	t.b.MovTo(regs.RDX, ir.I64, ir.W(d))
	t.b.Place(done)
}
