package amd64

import (
	"panda/emu/ir"
	"panda/emu/jit/amd64/asm"
)

// target is the register in which to compute word d: its own if it is pinned,
// else a scratch register.
func (l *lower) target(d ir.Ref) asm.Reg {
	if d >= l.base {
		if w := l.movedTo(d); w != ir.None {
			d = w
		}
	}
	if l.pinned(d) {
		r := l.t.pin[d]
		l.save(r, d)
		return r
	}
	return l.alloc()
}

// movedTo is the pinned word that a temporary is only computed for: nothing but a
// move to it reads the temporary, and until then nobody looks at the word. So it
// can be computed in place.
func (l *lower) movedTo(d ir.Ref) ir.Ref {
	last := int(l.lastUse[d])
	if last <= l.pc || last > l.pc+4 {
		return ir.None
	}
	i := &l.b.Insns[last]
	if i.Op != ir.Mov || i.B != d || !l.pinned(i.D) || i.Type != ir.I64 && !clearsUpper(&l.b.Insns[l.pc]) {
		return ir.None
	}
	for n := l.pc + 1; n < last; n++ {
		o := &l.b.Insns[n]
		switch {
		case o.Op == ir.Nop || o.Op == ir.InsnMark:
		case o.Op.Control() || o.Visible(l.b) || o.Op == ir.Call || o.Op == ir.Vec:
			return ir.None
		case o.A == i.D || o.B == i.D || o.C == i.D || o.D == i.D || o.D == d:
			return ir.None
		}
	}
	return i.D
}

// clearsUpper reports whether an operation's result has a zero upper half.
func clearsUpper(i *ir.Insn) bool {
	switch i.Op {
	case ir.Ld, ir.ZExt, ir.Extract, ir.Deposit, ir.Vec, ir.Call:
		return false
	}
	return i.Type == ir.I32
}

// targetFrom is target with the value of word a in it already, for instructions
// that change their first operand. busy is a register that must not be it; if
// it would be, the result is a scratch register, which finish moves.
func (l *lower) targetFrom(d, a ir.Ref, busy asm.Reg) asm.Reg {
	if d >= l.base {
		if w := l.movedTo(d); w != ir.None && l.t.pin[w] != busy {
			d = w
		}
	}
	if l.pinned(d) {
		r := l.t.pin[d]
		if r == busy && l.words[a].reg != r {
			t := l.alloc()
			l.moveTo(t, a)
			return t
		}
		l.lock(r)
		l.save(r, d)
		l.moveTo(r, a)
		return r
	}
	if r := l.words[a].reg; r != asm.NoReg && r != busy && l.dies(r, a, d) {
		l.unbind(a)
		l.lock(r)
		return r
	}
	t := l.alloc()
	l.moveTo(t, a)
	return t
}

// dies reports whether a scratch register holds only word a, whose value ends
// with the definition of d now.
func (l *lower) dies(r asm.Reg, a, d ir.Ref) bool {
	return (a == d || a >= l.base && int(l.lastUse[a]) == l.pc) && l.regs[r].n == 1 && isScratch(r)
}

func isScratch(r asm.Reg) bool { return r == asm.R10 || r == asm.R11 || r == asm.R13 }

// finish makes word d what has been computed in a register.
func (l *lower) finish(d ir.Ref, r asm.Reg) {
	if l.pinned(d) && l.t.pin[d] != r {
		p := l.t.pin[d]
		l.save(p, d)
		l.Mov(8, p, r)
	}
	l.define(d, r)
}
