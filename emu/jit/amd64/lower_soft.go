package amd64

import (
	"math"

	"panda/emu/ir"
	"panda/emu/jit"
	"panda/emu/jit/amd64/asm"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

// softAddress is the host operand of an access to memory behind a TLB: the entry
// of the page is looked at, and where it does not allow the access, or the access
// reaches into the next page, the interpreter does it and the code continues after it.
//
// An entry's page never leads to it unless the access is allowed, so that one
// comparison of the offset answers both questions (see mmu.TLBEntry).
func (l *lower) softAddress(i *ir.Insn) asm.Mem {
	switch {
	case i.B != ir.None || l.x87.on:
	case i.A == l.t.arch.SP:
		return l.stackAddress(i)
	case i.A == ir.None && i.Imm%mmu.PageSize+uint64(i.Type.Bytes()) <= mmu.PageSize:
		return l.knownAddress(i)
	}
	r := l.alloc()
	l.effective(i, 8, r)
	l.locked = 1 << r // its parts are not needed until the interpreter looks at home
	e := l.alloc()
	l.Mov(4, e, r) // no TLB is so large that the upper half counts
	l.ShiftI(asm.ShiftShr, 4, e, mmu.TLBShift)
	l.AluM(asm.AluAnd, 4, e, atTLBMask)
	l.AluM(asm.AluSub, 8, r, tlbField(e, tagOf(i)))
	l.AluI(asm.AluCmp, 8, r, int32(mmu.PageSize-i.Type.Bytes()))
	l.missIf(asm.CcA, i)
	l.AluM(asm.AluAdd, 8, r, tlbField(e, tlbHost))
	l.locked = 1 << r
	return asm.At(r, 0)
}

// missIf has the interpreter do an access on a condition.
func (l *lower) missIf(cc byte, i *ir.Insn) {
	l.flags = fact{}
	if l.x87.on { // the interpreter has an x87 of its own
		l.leaveIf(cc, jit.Site{Kind: jit.Redo, Redo: vcpu.RedoMiss, Insn: uint16(l.insn)}, asm.NoReg)
	} else {
		l.slow = l.around(guard{op: i, insn: l.insn}, l.Jcc(cc))
	}
}

// stackAddress is softAddress for an access at the stack pointer, by the entry that is for
// such.
func (l *lower) stackAddress(i *ir.Insn) asm.Mem {
	r := l.alloc()
	l.effective(i, 8, r)
	l.locked = 1 << r
	l.AluM(asm.AluSub, 8, r, asm.At(asm.R14, tlbStack+tlbRead))
	l.AluI(asm.AluCmp, 8, r, int32(mmu.PageSize-i.Type.Bytes()))
	l.missIf(asm.CcA, i)
	l.slow.stack = true
	l.AluM(asm.AluAdd, 8, r, asm.At(asm.R14, tlbStack+tlbHost))
	return asm.At(r, 0)
}

// knownAddress is softAddress for an address that is known now, and reaches into one page.
func (l *lower) knownAddress(i *ir.Insn) asm.Mem {
	e := l.alloc()
	l.MovImm(e, i.Imm>>mmu.TLBShift&math.MaxUint32)
	l.AluM(asm.AluAnd, 4, e, atTLBMask)
	tag, page := tlbField(e, tagOf(i)), i.Imm&^(mmu.PageSize-1)
	if k, fits := immediate(8, page); fits {
		l.AluMI(asm.AluCmp, 8, tag, k)
	} else {
		r := l.alloc()
		l.MovImm(r, page)
		l.AluM(asm.AluCmp, 8, r, tag)
		l.locked &^= 1 << r
	}
	l.missIf(asm.CcNE, i)
	l.Load(8, e, tlbField(e, tlbHost))
	return asm.At(e, int32(i.Imm%mmu.PageSize))
}

// tagOf is the field of an entry that allows an access.
func tagOf(i *ir.Insn) int32 {
	if i.Op == ir.St {
		return tlbWrite
	}
	return tlbRead
}

// tlbField is a field of the entry at an offset in the TLB, which begins at R14.
func tlbField(entry asm.Reg, off int32) asm.Mem {
	return asm.Mem{Base: asm.R14, Index: entry, Disp: off}
}

// comeBack makes the interpreter's way return here, after the access.
func (l *lower) comeBack() {
	g := l.slow
	l.note(g)
	g.result = asm.NoReg
	if i := g.op; i.Op == ir.Ld && i.Type < ir.V128 && !l.pinned(i.D) {
		g.result = l.words[i.D].reg
	}
	l.slow = nil
}
