package x86

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
)

// setCC notes the form of the flags and stores its parts; nil leaves a part.
func (t *translator) setCC(cc regs.CC, size uint8, dst, src ir.Val) {
	t.b.MovTo(regs.CCDst, ir.I64, dst)
	t.b.MovTo(regs.CCSrc, ir.I64, src)
	t.cc = cc.Sized(int(size))
}

// setResult notes flags that follow from the result alone.
func (t *translator) setResult(cc regs.CC, size uint8, r ir.Ref) {
	t.b.MovTo(regs.CCDst, ir.I64, ir.W(r))
	t.b.Unset(regs.CCSrc)
	t.cc = cc.Sized(int(size))
}

// setCF changes CF alone to bit 0 of a word.
func (t *translator) setCF(v ir.Val) {
	t.b.MovTo(regs.CCCF, ir.I64, v)
	if t.cc == ccDynamic {
		t.b.Op2To(regs.CCOp, ir.Or, ir.I64, regs.CCOp, ir.K(uint64(regs.OwnCF)))
		t.ownCF = true
		return
	}
	t.cc |= regs.OwnCF
}

// keepCF brings CF to CCCF, for a form without it.
func (t *translator) keepCF() {
	if !t.hasOwnCF() {
		t.b.MovTo(regs.CCCF, ir.I64, ir.W(t.carry()))
	}
}

// loseForm says that the form of the flags is in CCOp from here on.
func (t *translator) loseForm() { t.cc, t.ownCF = ccDynamic, false }

// hasOwnCF reports whether CF is known to be in CCCF.
func (t *translator) hasOwnCF() bool {
	if t.cc == ccDynamic {
		return t.ownCF
	}
	return t.cc&regs.OwnCF != 0
}

// flags is a word with the arithmetic flags in their RFLAGS places, to be read
// only. It changes no state, so it may stand before an access that faults.
func (t *translator) flags() ir.Ref {
	if t.cc == ccDynamic {
		return t.b.Call(hFlags)
	}
	return formFlags(t.b, t.cc)
}

// editFlags is flags in a new word that may be changed, for setFlags.
func (t *translator) editFlags() ir.Ref {
	f := t.flags()
	if f != regs.CCSrc {
		return f
	}
	r := t.b.Temp()
	t.b.MovTo(r, ir.I64, ir.W(f))
	return r
}

// setFlags makes the six arithmetic flags those in a word.
func (t *translator) setFlags(f ir.Ref) {
	t.b.MovTo(regs.CCSrc, ir.I64, ir.W(f))
	t.cc = regs.CCFlags
}

// test is a condition as a comparison of two operands.
type test struct {
	cond ir.Cond
	typ  ir.Type
	a    ir.Ref
	b    ir.Val
}

func (t *translator) brCond(label int, c test) { t.b.BrCond(label, c.cond, c.typ, c.a, c.b) }

// condition translates condition code cc (0..15, SDM vol. 1 appendix B) into a
// comparison. The odd codes are the opposites of the even ones.
func (t *translator) condition(cc uint8) test {
	var c test
	var ok bool
	switch {
	case t.hasOwnCF() && cc>>1 == condB:
		c, ok = test{ir.TestNe, ir.I64, regs.CCCF, ir.K(1)}, true
	case t.cc == ccDynamic && cc>>1 == condB:
		c, ok = test{ir.Ne, ir.I64, t.b.Call(hCarry), ir.K(0)}, true
	case t.cc != ccDynamic && (t.cc&regs.OwnCF == 0 || cc>>1 != condBE):
		c, ok = t.direct(cc >> 1)
	}
	if !ok {
		c = t.fromFlags(cc >> 1)
	}
	if cc&1 != 0 {
		c.cond = c.cond.Not()
	}
	return c
}

// Condition codes without the inverting bit.
const (
	condO = iota
	condB
	condE
	condBE
	condS
	condP
	condL
	condLE
)

// flagTests are the conditions on flags in their places, where one mask does.
var flagTests = [8]uint64{condO: regs.OF, condB: regs.CF, condE: regs.ZF, condBE: regs.CF | regs.ZF, condS: regs.SF, condP: regs.PF}

// fromFlags tests computed flags.
func (t *translator) fromFlags(cc uint8) test {
	f := t.flags()
	if m := flagTests[cc]; m != 0 {
		return test{ir.TestNe, ir.I64, f, ir.K(m)}
	}
	// SF and OF differ: bring OF (bit 11) over SF (bit 7).
	x := t.b.Op2(ir.Shr, ir.I64, f, ir.K(4))
	t.b.Op2To(x, ir.Xor, ir.I64, x, ir.W(f))
	if cc == condL {
		return test{ir.TestNe, ir.I64, x, ir.K(regs.SF)}
	}
	t.b.Op2To(x, ir.And, ir.I64, x, ir.K(regs.SF))
	z := t.b.Op2(ir.And, ir.I64, f, ir.K(regs.ZF))
	t.b.Op2To(x, ir.Or, ir.I64, x, ir.W(z))
	return test{ir.Ne, ir.I64, x, ir.K(0)}
}

// direct tests the operands or the result that the flags come from, without
// computing flags. It reports false where that does not do.
func (t *translator) direct(cc uint8) (test, bool) {
	size := uint8(t.cc.Bytes())
	switch form := t.cc.Form(); {
	case form == regs.CCSub:
		return t.afterSub(cc, size)
	case form == regs.CCImul && (cc == condO || cc == condB):
		_, whole, fits := product(t.b, ir.IntType(int(size)))
		return test{ir.Ne, ir.I64, whole, ir.W(fits)}, true
	case form == regs.CCFlags, form == regs.CCSbb, form == regs.CCImul: // the last two have no result
		return test{}, false
	case cc == condE:
		return t.resultTest(ir.Eq, size), true
	case cc == condS:
		return t.resultTest(ir.LtS, size), true
	case form == regs.CCLogic:
		return t.afterLogic(cc, size)
	case form == regs.CCAdd && cc == condB:
		r := t.extended(ir.ZExt, size, ir.W(regs.CCDst))
		return test{ir.LtU, opType(size), r.R, t.extended(ir.ZExt, size, ir.W(regs.CCSrc))}, true
	case form == regs.CCInc || form == regs.CCDec:
		return t.afterIncDec(cc, size, form)
	case cc == condB:
		return t.carryTest(form, size)
	}
	return test{}, false
}

// carryTest tests CF where CCSrc alone says it.
func (t *translator) carryTest(form regs.CC, size uint8) (test, bool) {
	switch form {
	case regs.CCShl:
		return test{ir.TestNe, ir.I64, regs.CCSrc, ir.K(1 << (8*size - 1))}, true
	case regs.CCShr, regs.CCCarry:
		return test{ir.TestNe, ir.I64, regs.CCSrc, ir.K(1)}, true
	case regs.CCMul:
		return test{ir.Ne, ir.I64, regs.CCSrc, ir.K(0)}, true
	}
	return test{}, false
}

// resultTest compares the result with zero: Eq for ZF, LtS for SF.
func (t *translator) resultTest(c ir.Cond, size uint8) test {
	if size >= 4 {
		return test{c, opType(size), regs.CCDst, ir.K(0)}
	}
	if c == ir.Eq {
		return test{ir.TestEq, ir.I32, regs.CCDst, ir.K(1<<(8*size) - 1)}
	}
	return test{ir.TestNe, ir.I32, regs.CCDst, ir.K(1 << (8*size - 1))}
}

var subConds = [8]ir.Cond{condB: ir.LtU, condE: ir.Eq, condBE: ir.LeU, condL: ir.LtS, condLE: ir.LeS}

func (t *translator) afterSub(cc, size uint8) (test, bool) {
	switch cc {
	case condO, condP:
		return test{}, false
	case condS:
		r := t.b.Op2(ir.Sub, opType(size), regs.CCDst, ir.W(regs.CCSrc))
		if size < 4 {
			return test{ir.TestNe, ir.I32, r, ir.K(1 << (8*size - 1))}, true
		}
		return test{ir.LtS, opType(size), r, ir.K(0)}, true
	}
	a, b := ir.W(regs.CCDst), ir.W(regs.CCSrc)
	if size < 4 {
		op := ir.ZExt
		if cc == condL || cc == condLE {
			op = ir.SExt
		}
		a, b = t.extended(op, size, a), t.extended(op, size, b)
	}
	return test{subConds[cc], opType(size), a.R, b}, true
}

func (t *translator) afterLogic(cc, size uint8) (test, bool) {
	switch cc {
	case condO, condB:
		return test{ir.Ne, ir.I64, t.b.Word(ir.K(0)), ir.K(0)}, true
	case condBE:
		return t.resultTest(ir.Eq, size), true
	case condL:
		return t.resultTest(ir.LtS, size), true
	case condLE:
		r := ir.W(regs.CCDst)
		if size < 4 {
			r = t.extended(ir.SExt, size, r)
		}
		return test{ir.LeS, opType(size), r.R, ir.K(0)}, true
	}
	return test{}, false
}

// afterIncDec compares the value before with the constant that makes the signed
// conditions those of adding or subtracting 1.
func (t *translator) afterIncDec(cc, size uint8, form regs.CC) (test, bool) {
	switch cc {
	case condL, condLE:
	default:
		return test{}, false
	}
	op, with := ir.Sub, ^uint64(0)
	if form == regs.CCDec {
		op, with = ir.Add, 1
	}
	a := ir.W(t.b.Op2(op, opType(size), regs.CCDst, ir.K(1)))
	if size < 4 {
		a = t.extended(ir.SExt, size, a)
	}
	return test{subConds[cc], opType(size), a.R, ir.K(with)}, true
}

// carry is CF as 0 or 1 in a new word.
func (t *translator) carry() ir.Ref {
	if t.cc == ccDynamic && !t.ownCF {
		return t.b.Call(hCarry)
	}
	c := t.condition(condB << 1)
	return t.b.SetCond(c.cond, c.typ, c.a, c.b)
}
