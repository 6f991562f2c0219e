package amd64

import (
	"panda/emu/ir"
	"panda/emu/jit/amd64/asm"
)

// flagBits are the bits that Flags gives; AF is not among those of a logical
// operation, where the manual leaves it open.
const (
	flagBits      = ir.CF | ir.PF | ir.AF | ir.ZF | ir.SF | ir.OF
	logicFlagBits = flagBits &^ ir.AF
)

// lowFlags lets the host do the operation and takes its flags by PUSHF: nothing
// between that and POP can fault.
func lowFlags(l *lower, i *ir.Insn) {
	r, bits := asm.NoReg, int32(flagBits)
	switch n := uint8(i.Type.Bytes()); {
	case i.C != ir.None:
		r = l.flagsCarry(i, n)
	case ir.FlagOp(i.Aux) == ir.FlagsAdd:
		r = l.flagsAdd(i, n)
	case ir.FlagOp(i.Aux) == ir.FlagsSub:
		l.aluN(asm.AluCmp, n, l.toReg(i.A), i)
		r = l.alloc()
	default:
		r, bits = l.flagsAnd(i, n), logicFlagBits
	}
	l.pushf(r)
	l.AluI(asm.AluAnd, 4, r, bits)
	l.flags = fact{}
	l.finish(i.D, r)
	l.values[l.words[i.D].num].short = true
}

func (l *lower) flagsAdd(i *ir.Insn, n uint8) asm.Reg {
	r := l.alloc()
	l.moveTo(r, i.A)
	l.aluN(asm.AluAdd, n, r, i)
	return r
}

// flagsCarry brings bit 0 of C into the host's CF first.
func (l *lower) flagsCarry(i *ir.Insn, n uint8) asm.Reg {
	op := byte(asm.AluAdc)
	if ir.FlagOp(i.Aux) == ir.FlagsSub {
		op = asm.AluSbb
	}
	c := l.toReg(i.C)
	b, isConst := asm.NoReg, i.B == ir.Const
	if !isConst {
		b = l.toReg(i.B)
	}
	r := l.alloc()
	l.moveTo(r, i.A)
	l.BtI(4, c, 0)
	if isConst {
		l.aluN(op, n, r, i)
	} else {
		l.AluSized(op, n, r, b)
	}
	return r
}

func (l *lower) flagsAnd(i *ir.Insn, n uint8) asm.Reg {
	a := l.toReg(i.A)
	b := l.toB(i)
	l.TestSized(n, a, b)
	return l.alloc()
}

// aluN does r = r op operand B for operands of n bytes.
func (l *lower) aluN(op byte, n uint8, r asm.Reg, i *ir.Insn) {
	k, ok := uint64(0), false
	switch {
	case i.B == ir.Const:
		k, ok = i.Imm, true
	case l.words[i.B].konst && !l.pinned(i.B):
		k, ok = l.words[i.B].k, true
	}
	if !ok {
		if b, m := l.operand(i.B); b != asm.NoReg {
			l.AluSized(op, n, r, b)
		} else if n == 1 {
			l.Alu8M(op, r, m)
		} else {
			l.AluM(op, n, r, m)
		}
		return
	}
	s := 64 - 8*n
	switch v := int64(k<<s) >> s; {
	case n == 1:
		l.Alu8I(op, r, byte(k))
	case v == int64(int8(v)) || n >= 4 && v == int64(int32(v)):
		l.AluI(op, n, r, int32(v))
	default:
		t := l.alloc()
		l.MovImm(t, k)
		l.AluSized(op, n, r, t)
	}
}

// pushf puts the flags into a register. PUSHF needs a stack: two words of Host.
func (l *lower) pushf(r asm.Reg) {
	save, top := atScratch, atScratch
	save.Disp += 16
	top.Disp += 32
	l.Store(8, save, asm.RSP)
	l.Lea(8, asm.RSP, top)
	l.PushFlags()
	l.PopReg(r)
	l.Load(8, asm.RSP, save)
}
