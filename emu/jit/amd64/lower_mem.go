package amd64

import (
	"panda/emu/ir"
	"panda/emu/jit"
	"panda/emu/jit/amd64/asm"
	"panda/emu/mmu"
)

// maxSlack is how far from a checked address an access may lie: less than the
// guard around the window.
const maxSlack = mmu.Guard - 1<<16

// address is the host operand of an access: guest memory begins at R14. An
// address that may be outside the window is compared with the limit.
func (l *lower) address(i *ir.Insn) asm.Mem {
	if l.u.TB.Soft {
		return l.softAddress(i)
	}
	if i.A == ir.None && i.B == ir.None {
		return l.absolute(i)
	}
	if i.B == ir.None && l.nearby(i) {
		return asm.Mem{Base: asm.R14, Index: l.toReg(i.A), Disp: int32(i.Imm)}
	}
	base, reach := l.reach(i)
	if d := int32(i.Imm); base == 0 && reach < maxSlack && i.A == ir.None && uint64(int64(d)) == i.Imm {
		return asm.Mem{Base: asm.R14, Index: l.toReg(i.B), Scale: i.Aux & ir.ScaleMask, Disp: d}
	}
	r := l.alloc()
	l.effective(i, 8, r)
	l.locked = 1 << r // its parts are no longer needed
	switch v := &l.values[base]; {
	case base == 0 && reach < maxSlack, v.slack >= 0 && v.slack+reach < maxSlack:
	default:
		l.checkLimit(i, r)
		if base != 0 {
			v.slack = reach
		}
	}
	return asm.Mem{Base: asm.R14, Index: r}
}

// reach says how far an address with an index may be from the value that is its
// base: the operand whose size nothing is known of, or 0 for none.
func (l *lower) reach(i *ir.Insn) (base int32, reach int64) {
	d := int64(i.Imm)
	reach = max(d, -d)
	if reach < 0 || reach >= maxSlack {
		return 0, maxSlack
	}
	scale := i.Aux & ir.ScaleMask
	if i.B != ir.None {
		n := l.number(i.B)
		r := l.values[n].reach()
		switch {
		case r >= 0:
			reach += r << scale
		case scale == 0:
			base = n
		default:
			return 0, maxSlack
		}
	}
	if i.A != ir.None {
		n := l.number(i.A)
		switch r := l.values[n].reach(); {
		case base == 0 && (i.B == ir.None || l.values[n].slack >= 0 || r < 0):
			base = n
		case r >= 0:
			reach += r
		default:
			return 0, maxSlack
		}
	}
	return base, reach
}

// absolute is an address known now.
func (l *lower) absolute(i *ir.Insn) asm.Mem {
	if i.Imm < 1<<31 && i.Imm < l.u.Limit {
		return asm.At(asm.R14, int32(i.Imm))
	}
	r := l.alloc()
	l.MovImm(r, i.Imm)
	if i.Imm >= l.u.Limit {
		l.checkLimit(i, r)
	}
	return asm.Mem{Base: asm.R14, Index: r}
}

// nearby makes sure that the base register's value lies in the window, so that
// with the displacement it is there or in the guard. It reports false if the
// address must be checked itself.
func (l *lower) nearby(i *ir.Insn) bool {
	d := int64(i.Imm)
	if d != int64(int32(d)) || max(d, -d) >= maxSlack {
		return false
	}
	n := l.number(i.A)
	if v := &l.values[n]; v.short && l.u.Limit >= 1<<32 && d >= 0 || v.slack >= 0 && v.slack+max(d, -d) < maxSlack {
		return true
	}
	if l.u.Exact || l.u.Far {
		return false
	}
	l.AluM(asm.AluCmp, 8, l.toReg(i.A), atLimit)
	l.flags = fact{}
	l.leaveIf(asm.CcAE, jit.Site{Kind: jit.Redo, Insn: uint16(l.insn)}, asm.NoReg)
	l.values[n].slack = 0
	return true
}

// checkLimit leaves if the address in a register is outside the window.
func (l *lower) checkLimit(i *ir.Insn, r asm.Reg) {
	l.AluM(asm.AluCmp, 8, r, atLimit)
	l.flags = fact{}
	l.leaveIf(asm.CcAE, jit.Site{Kind: jit.Outside, Insn: uint16(l.insn), Write: i.Op == ir.St}, r)
}

// effective computes A + B<<scale + Imm in a register.
func (l *lower) effective(i *ir.Insn, n uint8, r asm.Reg) {
	d, fits := immediate(8, i.Imm)
	if n == 4 {
		d, fits = int32(i.Imm), true
	}
	m := asm.Mem{Base: asm.NoReg, Index: asm.NoReg, Scale: i.Aux & ir.ScaleMask, Disp: d}
	if i.A != ir.None {
		m.Base = l.toReg(i.A)
	}
	if i.B != ir.None {
		m.Index = l.toReg(i.B)
	}
	if m.Index != asm.NoReg && m.Scale == 0 && m.Base == asm.NoReg {
		m.Base, m.Index = m.Index, asm.NoReg
	}
	if fits {
		l.Lea(n, r, m)
		return
	}
	// The displacement needs a register of its own.
	m.Disp = 0
	if r == m.Base || r == m.Index {
		panic("BUG: lea into its operand")
	}
	l.MovImm(r, i.Imm)
	if m.Index != asm.NoReg {
		l.Lea(n, r, asm.Mem{Base: r, Index: m.Index, Scale: m.Scale})
	}
	if m.Base != asm.NoReg {
		l.Lea(n, r, asm.Mem{Base: r, Index: m.Base})
	}
}

func lowLea(l *lower, i *ir.Insn) {
	if i.A == ir.None && i.B == ir.None {
		l.moveConst(i.D, i.Imm, i.Type)
		return
	}
	slack := int64(-1)
	if base, reach := l.reach(i); base != 0 && i.Type == ir.I64 && l.values[base].slack >= 0 {
		if slack = l.values[base].slack + reach; slack >= maxSlack {
			slack = -1
		}
	}
	n := size(i)
	if _, fits := immediate(8, i.Imm); fits || n == 4 {
		if i.A != ir.None {
			l.toReg(i.A)
		}
		if i.B != ir.None {
			l.toReg(i.B)
		}
		r := l.target(i.D)
		l.effective(i, n, r)
		l.result(i, r)
	} else {
		r := l.alloc()
		l.effective(i, n, r)
		l.result(i, r)
	}
	l.values[l.words[i.D].num].slack = slack
}

// loadOps are the instructions that load by [type], [type] with sign to 32 and
// to 64 bits.
var loadOps = [3][4]asm.Opcode{
	{asm.OpMovzx8, asm.OpMovzx16, asm.OpMov, asm.OpMov},
	{asm.OpMovsx8, asm.OpMovsx16, asm.OpMov, asm.OpMov},
	{asm.OpMovsx8, asm.OpMovsx16, asm.OpMovsxd, asm.OpMov},
}

func lowLd(l *lower, i *ir.Insn) {
	if i.Type >= ir.V128 {
		lowLdVec(l, i)
		return
	}
	if l.loadVecWord(i) {
		return
	}
	m := l.address(i)
	sign, n := 0, uint8(4)
	if i.Aux&ir.SignExt != 0 {
		sign = 1
	}
	if i.Aux&ir.SignExt64 != 0 {
		sign = 2
	}
	if sign == 2 || i.Type == ir.I64 {
		n = 8
	}
	r := l.target(i.D)
	l.fault(false)
	l.RM(loadOps[sign][i.Type], n, r, m)
	l.finish(i.D, r)
	v := &l.values[l.words[i.D].num]
	v.short = n == 4
	if sign == 0 {
		v.bits = typeBits(i.Type)
	}
	v.signed = sign == 2
}

func lowSt(l *lower, i *ir.Insn) {
	if i.Type >= ir.V128 {
		lowStVec(l, i)
		return
	}
	if l.vecs.n != 0 && l.storeVecWord(i) {
		return
	}
	m := l.address(i)
	n := uint8(i.Type.Bytes())
	if s := &l.words[i.C]; s.konst && s.reg == asm.NoReg && !l.pinned(i.C) {
		if l.storeConstant(n, m, s.k) {
			return
		}
	}
	c := l.toReg(i.C)
	l.fault(true)
	l.Store(n, m, c)
}

// storeConstant stores a constant if an instruction can.
func (l *lower) storeConstant(n uint8, m asm.Mem, k uint64) bool {
	if n == 8 && k != uint64(int64(int32(k))) {
		return false
	}
	l.fault(true)
	if n < 4 {
		l.StoreImmN(n, m, k)
	} else {
		l.StoreImm(n, m, int32(k))
	}
	return true
}
