package amd64

import (
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
	r := l.alloc()
	l.effective(i, 8, r)
	l.locked = 1 << r // its parts are not needed until the interpreter looks at home
	e := l.alloc()
	l.Mov(8, e, r)
	l.ShiftI(asm.ShiftShr, 8, e, mmu.TLBShift)
	l.AluM(asm.AluAnd, 8, e, atTLBMask)
	l.AluM(asm.AluAdd, 8, e, atTLB)
	tag := tlbRead
	if i.Op == ir.St {
		tag = tlbWrite
	}
	l.AluM(asm.AluSub, 8, r, asm.At(e, tag))
	l.AluI(asm.AluCmp, 8, r, int32(mmu.PageSize-i.Type.Bytes()))
	l.flags = fact{}
	if l.x87.on { // the interpreter has an x87 of its own
		l.leaveIf(asm.CcA, jit.Site{Kind: jit.Redo, Redo: vcpu.RedoMiss, Insn: uint16(l.insn)}, asm.NoReg)
	} else {
		l.slow = l.around(guard{op: i, insn: l.insn}, l.Jcc(asm.CcA))
	}
	l.AluM(asm.AluAdd, 8, r, asm.At(e, tlbHost))
	l.locked = 1 << r
	return asm.At(r, 0)
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
