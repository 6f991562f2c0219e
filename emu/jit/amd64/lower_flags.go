package amd64

import "panda/emu/ir"

// flagBits are the bits that Flags gives; AF is not among those of a logical
// operation, where the manual leaves it open.
const (
	flagBits      = ir.CF | ir.PF | ir.AF | ir.ZF | ir.SF | ir.OF
	logicFlagBits = flagBits &^ ir.AF
)

// lowFlags lets the host do the operation and takes its flags by PUSHF: nothing
// between that and POP can fault.
func lowFlags(l *lower, i *ir.Insn) {
	r, bits := noReg, int32(flagBits)
	switch n := uint8(i.Type.Bytes()); {
	case i.C != ir.None:
		r = l.flagsCarry(i, n)
	case ir.FlagOp(i.Aux) == ir.FlagsAdd:
		r = l.flagsAdd(i, n)
	case ir.FlagOp(i.Aux) == ir.FlagsSub:
		l.aluN(aluCmp, n, l.toReg(i.A), i)
		r = l.alloc()
	default:
		r, bits = l.flagsAnd(i, n), logicFlagBits
	}
	l.pushf(r)
	l.aluI(aluAnd, 4, r, bits)
	l.flags = fact{}
	l.finish(i.D, r)
	l.values[l.words[i.D].num].short = true
}

func (l *lower) flagsAdd(i *ir.Insn, n uint8) Reg {
	r := l.alloc()
	l.moveTo(r, i.A)
	l.aluN(aluAdd, n, r, i)
	return r
}

// flagsCarry brings bit 0 of C into the host's CF first.
func (l *lower) flagsCarry(i *ir.Insn, n uint8) Reg {
	op := byte(aluAdc)
	if ir.FlagOp(i.Aux) == ir.FlagsSub {
		op = aluSbb
	}
	c := l.toReg(i.C)
	b, isConst := noReg, i.B == ir.Const
	if !isConst {
		b = l.toReg(i.B)
	}
	r := l.alloc()
	l.moveTo(r, i.A)
	l.btI(4, c, 0)
	if isConst {
		l.aluN(op, n, r, i)
	} else {
		l.aluSized(op, n, r, b)
	}
	return r
}

func (l *lower) flagsAnd(i *ir.Insn, n uint8) Reg {
	a := l.toReg(i.A)
	b := l.toB(i)
	l.testSized(n, a, b)
	return l.alloc()
}

// aluN does r = r op operand B for operands of n bytes.
func (l *lower) aluN(op byte, n uint8, r Reg, i *ir.Insn) {
	k, ok := uint64(0), false
	switch {
	case i.B == ir.Const:
		k, ok = i.Imm, true
	case l.words[i.B].konst && !l.pinned(i.B):
		k, ok = l.words[i.B].k, true
	}
	if !ok {
		if b, m := l.operand(i.B); b != noReg {
			l.aluSized(op, n, r, b)
		} else if n == 1 {
			l.alu8M(op, r, m)
		} else {
			l.aluM(op, n, r, m)
		}
		return
	}
	s := 64 - 8*n
	switch v := int64(k<<s) >> s; {
	case n == 1:
		l.alu8I(op, r, byte(k))
	case v == int64(int8(v)) || n >= 4 && v == int64(int32(v)):
		l.aluI(op, n, r, int32(v))
	default:
		t := l.alloc()
		l.movImm(t, k)
		l.aluSized(op, n, r, t)
	}
}

// pushf puts the flags into a register. PUSHF needs a stack: two words of Host.
func (l *lower) pushf(r Reg) {
	save, top := atScratch, atScratch
	save.Disp += 16
	top.Disp += 32
	l.store(8, save, RSP)
	l.lea(8, RSP, top)
	l.pushFlags()
	l.popReg(r)
	l.load(8, RSP, save)
}
