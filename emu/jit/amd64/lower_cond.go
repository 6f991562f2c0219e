package amd64

import (
	"panda/emu/ir"
	"panda/emu/jit"
	"panda/emu/jit/amd64/asm"
	"panda/emu/vcpu"
)

// fact says what the host's flags tell since the instruction that set them.
type fact struct {
	ok    bool
	typ   ir.Type
	res   int32 // value that they compare with zero
	logic bool  // overflow and carry are clear
	cmp   bool  // they are those of comparing a with b
	// relate says that they are those of a floating-point comparison, of which res
	// was made.
	relate bool
	add    bool // carry is that of adding b to a, which gave res
	a      int32
	b      operandKey
}

// operandKey is a second operand: a constant or a value.
type operandKey struct {
	konst bool
	k     uint64
	num   int32
}

// hostCC is the condition code for a comparison by CMP, or for the Test
// conditions by TEST.
var hostCC = [ir.NumConds]byte{
	ir.Eq: asm.CcE, ir.Ne: asm.CcNE, ir.LtU: asm.CcB, ir.GeU: asm.CcAE, ir.LeU: asm.CcBE, ir.GtU: asm.CcA,
	ir.LtS: asm.CcL, ir.GeS: asm.CcGE, ir.LeS: asm.CcLE, ir.GtS: asm.CcG, ir.TestEq: asm.CcE, ir.TestNe: asm.CcNE,
}

// known looks whether the flags answer a comparison already.
func (l *lower) known(i *ir.Insn) (cc byte, ok bool) {
	f, c := &l.flags, ir.Cond(i.Aux)
	if !f.ok {
		return 0, false
	}
	if f.relate {
		return l.knownRelation(i)
	}
	if f.typ != i.Type || c >= ir.TestEq {
		return 0, false
	}
	a, b := l.number(i.A), l.key(i)
	if f.cmp && f.a == a && f.b == b {
		return hostCC[c], true
	}
	if f.add && f.res == a && (f.b == b || b.num == f.a && !b.konst) && (c == ir.LtU || c == ir.GeU) {
		return hostCC[c], true
	}
	if f.res == a && b.konst && b.k == 0 {
		switch c {
		case ir.Eq, ir.Ne:
			return hostCC[c], true
		case ir.LtS:
			return asm.CcS, true
		case ir.GeS:
			return asm.CcNS, true
		case ir.LeS, ir.GtS:
			return hostCC[c], f.logic
		}
	}
	return 0, false
}

// knownRelation looks whether the flags of a floating-point comparison answer a
// test of the word that was made of them.
func (l *lower) knownRelation(i *ir.Insn) (cc byte, ok bool) {
	k, konst := l.constant(i)
	if !konst || l.number(i.A) != l.flags.res {
		return 0, false
	}
	switch k {
	case 1 << 0:
		cc = asm.CcB
	case 1 << 2:
		cc = asm.CcP
	case 1 << 6:
		cc = asm.CcE
	case 1<<0 | 1<<6:
		cc = asm.CcBE
	default:
		return 0, false
	}
	switch ir.Cond(i.Aux) {
	case ir.TestNe:
		return cc, true
	case ir.TestEq:
		return cc ^ 1, true
	}
	return 0, false
}

// compare sets the flags for the comparison of A with B, unless they are right,
// and returns the condition code that says whether it holds.
func (l *lower) compare(i *ir.Insn) byte {
	if cc, ok := l.known(i); ok {
		return cc
	}
	n, c := size(i), ir.Cond(i.Aux)
	a := l.toReg(i.A)
	f := fact{ok: true, typ: i.Type}
	switch k, konst := l.constant(i); {
	case c >= ir.TestEq:
		l.testB(i, n, a, k, konst)
		l.flags = fact{}
		return hostCC[c]
	case konst && k == 0 && c != ir.LtU && c != ir.GeU && c != ir.LeU && c != ir.GtU:
		l.Test(n, a, a)
		f.res, f.logic, f.cmp, f.a, f.b = l.number(i.A), true, true, l.number(i.A), operandKey{konst: true}
	default:
		l.compareB(i, n, a, k, konst)
		f.cmp, f.a, f.b, f.res = true, l.number(i.A), l.key(i), -1
	}
	l.flags = f
	return hostCC[c]
}

// testB tests a register and operand B.
func (l *lower) testB(i *ir.Insn, n uint8, a asm.Reg, k uint64, konst bool) {
	if !konst {
		l.Test(n, a, l.toReg(i.B))
		return
	}
	switch {
	case k <= 0x7fffffff:
		l.TestI(4, a, int32(k))
	case n == 4:
		l.TestI(4, a, int32(k))
	default:
		t := l.alloc()
		l.MovImm(t, k)
		l.Test(n, a, t)
	}
}

// canonical is what the target of each indirect branch is compared with: it lies
// in memory.
const canonical = 1 << 47

// compareB compares a register with operand B.
func (l *lower) compareB(i *ir.Insn, n uint8, a asm.Reg, k uint64, konst bool) {
	if konst {
		if v, fits := immediate(n, k); fits {
			l.AluI(asm.AluCmp, n, a, v)
			return
		}
		if k == canonical {
			l.AluM(asm.AluCmp, n, a, atCanonical)
			return
		}
		t := l.alloc()
		l.MovImm(t, k)
		l.Alu(asm.AluCmp, n, a, t)
		return
	}
	b, m := l.operand(i.B)
	if b != asm.NoReg {
		l.Alu(asm.AluCmp, n, a, b)
	} else {
		l.AluM(asm.AluCmp, n, a, m)
	}
}

// lowSetCond makes 0 or 1 of a comparison. If the next operation is the only one
// that wants it, that takes the flags.
func lowSetCond(l *lower, i *ir.Insn) {
	cc := l.compare(i)
	l.locked = 0
	if l.soleSelect(i) {
		l.pending, l.hasCond = cc, true
		return
	}
	if w := l.soleByte(i); w != ir.None {
		r := l.t.pin[w]
		l.save(r, w)
		l.Setcc(cc, r)
		l.define(w, r)
		l.done = l.pc + 1
		return
	}
	r := l.target(i.D)
	l.Setcc(cc, r)
	l.extend(asm.OpMovzx8, 4, r, r)
	l.finish(i.D, r)
	v := &l.values[l.words[i.D].num]
	v.short, v.bits = true, 8
}

// soleSelect reports whether the result of a comparison is only used by a
// Select that follows.
func (l *lower) soleSelect(i *ir.Insn) bool {
	if i.D < l.base || int(l.lastUse[i.D]) != l.pc+1 {
		return false
	}
	next := &l.b.Insns[l.pc+1]
	return next.Op == ir.Select && next.A == i.D && next.B != i.D && next.C != i.D
}

// soleByte is the pinned word whose low byte becomes the result of a comparison,
// which nobody else wants, in the operation that follows.
func (l *lower) soleByte(i *ir.Insn) ir.Ref {
	if i.D < l.base || int(l.lastUse[i.D]) != l.pc+1 {
		return ir.None
	}
	next := &l.b.Insns[l.pc+1]
	if next.Op == ir.Deposit && next.B == i.D && next.A == next.D && next.Aux == 0 && next.Sub == 8 && l.pinned(next.D) {
		return next.D
	}
	return ir.None
}

func lowSelect(l *lower, i *ir.Insn) {
	n := size(i)
	cc := byte(asm.CcNE)
	if l.hasCond {
		cc, l.hasCond = l.pending, false
	} else {
		a := l.toReg(i.A)
		l.Test(8, a, a)
		l.flags = fact{}
		l.locked = 0
	}
	b := l.toReg(i.B)
	if l.pinned(i.D) && b == l.t.pin[i.D] && l.words[i.C].reg != b {
		c := l.toReg(i.C)
		l.save(b, i.D)
		l.Cmov(cc^1, n, b, c)
		l.result(i, b)
		return
	}
	r := l.targetFrom(i.D, i.C, b)
	l.Cmov(cc, n, r, b)
	l.result(i, r)
}

func lowSetLabel(l *lower, i *ir.Insn) {
	lb := &l.labels[i.Imm]
	if lb.refs <= 0 { // what jumped here has left at once
		return
	}
	if !l.skip {
		l.countNow()
		l.flush(true)
	}
	l.skip = false
	l.reset()
	lb.pos = l.Pos()
}

func lowBr(l *lower, i *ir.Insn) {
	l.countNow()
	l.flush(true)
	l.jumpTo(l.Jmp(), int(i.Imm))
	l.skip = true
}

func (l *lower) jumpTo(place, label int) {
	l.jumps = append(l.jumps, jump{place, label})
}

// lowBrCond jumps within the block, or out of it at once when that is all that
// happens at the label, or around what is seldom done.
func lowBrCond(l *lower, i *ir.Insn) {
	if l.x87.on {
		if l.skipTo = l.x87Pending(l.pc); l.skipTo != 0 {
			return
		}
	}
	if g, ok := l.guardAt(i); ok {
		l.guard(i, g)
		return
	}
	out, ok := l.leavesAt(int(i.C))
	last := l.next().Op == ir.GotoTB
	turn := ok && last && l.loops && out.to.Imm == l.b.PC
	if !ok || last && !turn {
		l.countNow()
	}
	if !ok {
		cc := l.compare(i)
		l.flush(true)
		l.jumpTo(l.Jcc(cc), int(i.C))
		return
	}
	l.labels[i.C].refs--
	switch {
	case turn:
		l.loop(i, out)
	case last:
		cc := l.compare(i)
		l.flush(false)
		l.leaveBy(l.Jcc(cc), out)
	default:
		l.leaveBy(l.Jcc(l.compare(i)), out)
	}
}

func lowGotoTB(l *lower, i *ir.Insn) {
	l.countNow()
	l.flush(false)
	l.leaveBy(l.Jmp(), outward{to: i})
	l.skip = true
}

var jumpFactor uint32 = vcpu.JumpFactor

// lowGotoPtr looks the target up in the jump cache.
func lowGotoPtr(l *lower, i *ir.Insn) {
	l.countNow()
	r := l.toReg(i.A)
	l.flush(false)
	if l.u.TB.Unchained {
		l.Store(8, home(l.t.pcWord), r)
		l.exit(jit.Site{Kind: jit.Indirect})
		l.skip = true
		return
	}
	t := l.alloc()
	l.ImulI(4, t, r, int32(jumpFactor))
	l.ShiftI(asm.ShiftShr, 4, t, vcpu.JumpShift-4) // an entry has 16 bytes
	l.AluI(asm.AluAnd, 4, t, -16)
	l.AluM(asm.AluAdd, 8, t, atJump)
	l.AluM(asm.AluCmp, 8, r, asm.At(t, 0))
	miss := l.Jcc(asm.CcNE)
	l.JmpMem(asm.At(t, 8))
	l.addCold(cold{
		place: miss, stores: stores{reg: r, to: home(l.t.pcWord)}, wayOut: wayOut{site: jit.Site{Kind: jit.Indirect}, look: t},
	})
	l.skip = true
}

// lookBeside looks for a pc in the other of the two places that it can have in the jump
// cache, the neighbour of the first. An object as large as the cache is aligned to a
// page, so that one bit of the address leads there.
func (l *lower) lookBeside(pc, entry asm.Reg) {
	l.AluI(asm.AluXor, 8, entry, 16)
	l.AluM(asm.AluCmp, 8, pc, asm.At(entry, 0))
	miss := l.Jcc8(asm.CcNE)
	l.JmpMem(asm.At(entry, 8))
	l.Patch8(miss)
}

func lowExitTB(l *lower, i *ir.Insn) {
	l.countNow()
	l.flush(false)
	l.exit(jit.Site{Kind: jit.Leave, Insn: uint16(l.insn), Why: ir.Exit(i.Aux), Gate: i.Sub, PC: i.Imm})
	l.skip = true
}
