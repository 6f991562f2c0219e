package amd64

import (
	"panda/emu/ir"
	"panda/emu/jit"
	"panda/emu/jit/amd64/asm"
)

// outward is a way out of the block: the GotoTB, and the slots that are set to
// constants before.
type outward struct {
	to   *ir.Insn
	sets []ir.Insn
}

// leavesAt is the way out at a label further on, if nothing else is done there.
func (l *lower) leavesAt(label int) (o outward, ok bool) {
	at := l.labels[label].op
	if at < l.pc {
		return o, false
	}
	first := at + 1
	for n := first; n < len(l.b.Insns); n++ {
		switch i := &l.b.Insns[n]; {
		case i.Op == ir.GotoTB:
			return outward{i, l.b.Insns[first:n]}, true
		case i.Op == ir.Nop:
		case i.Op == ir.Mov && i.B == ir.Const && i.D < l.base && !l.pinned(i.D) && !l.inVecs(i.D):
		default:
			return o, false
		}
	}
	return o, false
}

// leaveBy makes a jump lead out of the block, by code after it that stores what is
// not at home.
func (l *lower) leaveBy(place int, o outward) {
	c := l.storing(place)
	c.site = jit.Site{Kind: jit.Chain, Slot: o.to.Aux, PC: o.to.Imm}
	c.undone = int(o.to.C)
	for n := range o.sets {
		l.setAway(c.first, &o.sets[n])
	}
	c.last = len(l.away)
	l.addCold(c)
}

// setAway adds a constant to what cold code stores, unless it is at home.
func (l *lower) setAway(first int, i *ir.Insn) {
	if i.Op == ir.Nop {
		return
	}
	if s := &l.words[i.D]; s.konst && s.k == i.Imm && !s.dirty {
		return
	}
	v := jit.Value{Word: i.D, Reg: jit.InConst, K: i.Imm}
	for n := range l.away[first:] {
		if l.away[first+n].Word == i.D {
			l.away[first+n] = v
			return
		}
	}
	l.away = append(l.away, v)
}

// emitChain leaves through a chain slot. A slot has one jump that can be linked,
// which is the first that needs it.
func (l *lower) emitChain(c *cold) {
	if c.undone != 0 {
		l.AluI(asm.AluAdd, 8, leftReg, int32(c.undone))
	}
	slot := c.site.Slot
	ch := &l.u.Chain[slot]
	if ch.Place != 0 {
		l.Patch(l.Jmp(), int(l.jumpAt[slot]))
		return
	}
	place := c.place
	l.jumpAt[slot] = int32(l.Pos())
	if c.undone != 0 || c.last != c.first || c.lastDue > c.firstDue || l.round > 0 || c.stores.x87.on {
		place = l.Jmp()
		l.Patch(place, l.Pos())
	}
	ch.Place, ch.Stub = l.u.Origin+uint32(place), l.u.Origin+uint32(l.Pos())
	l.exit(c.site)
}

// guard is what a block does in a rare case, between a branch and its label: it
// calls a helper, which mostly raises an exception.
type guard struct {
	from, to int      // the operations
	op       *ir.Insn // an access that the interpreter does, instead
	stack    bool     // op is one at the stack
	result   asm.Reg  // where the block has op's result, if it was made in a pinned register
	insn     int
	resume   int // position where the block continues
	fpOn     bool
	words    [len(scratch)]ir.Ref // what the scratch registers hold; None for nothing
	vecs     vecs
}

// guardAt finds the operations of a guard.
func (l *lower) guardAt(i *ir.Insn) (g guard, ok bool) {
	lb := &l.labels[i.C]
	if lb.op <= l.pc || lb.refs != 1 || lb.op-l.pc > 6 {
		return g, false
	}
	for n := l.pc + 1; n < lb.op; n++ {
		switch o := &l.b.Insns[n]; {
		case o.Op == ir.Nop, o.Op == ir.Mov && o.B == ir.Const && o.D >= l.base:
		case o.Op == ir.Call && o.D == ir.None && l.b.Helpers[o.Imm].MayFault && len(l.b.Helpers[o.Imm].Writes) == 0:
			ok = true
		case l.apart(o) && n == lb.op-1:
			ok = true
		default:
			return g, false
		}
	}
	return guard{from: l.pc + 1, to: lb.op, insn: l.insn}, ok
}

// guard writes the branch to the rare case, and continues as if there were none.
func (l *lower) guard(i *ir.Insn, g guard) {
	l.around(g, l.Jcc(l.compare(i)^1))
	l.skipTo = g.to + 1
}

// around has a jump lead to a guard, which comes back with all registers as they
// are here.
func (l *lower) around(g guard, place int) *guard {
	l.note(&g)
	s := stores{reg: asm.NoReg, first: len(l.away)}
	l.away = l.appendAll(l.away)
	s.last = len(l.away)
	l.addCold(cold{place: place, stores: s, guard: &g})
	return &g
}

// note says where a guard comes back to, and that the registers are then as they
// are here.
func (l *lower) note(g *guard) {
	g.resume, g.fpOn, g.vecs = l.Pos(), l.fpOn, l.vecs
	for n, r := range scratch {
		g.words[n] = ir.None
		if h := &l.regs[r]; h.n > 0 {
			g.words[n] = h.words[0]
		}
	}
}

// emitGuard does what the guard is for, and puts the registers back in case that
// returns.
func (l *lower) emitGuard(g *guard, ds []due) {
	if g.op != nil {
		l.operate(g.op, g.insn)
		if g.stack {
			l.u.Ops[len(l.u.Ops)-1].AtStack(g.op.Op)
		}
		if g.result != asm.NoReg {
			l.Load(8, g.result, home(g.op.D))
		}
	}
	for n := g.from; n < g.to; n++ {
		l.emitGuarded(g, &l.b.Insns[n])
	}
	l.addDue(ds, -1, scratch[0], scratch[1]) // the block adds it
	l.putBack(g)
	l.Patch(l.Jmp(), g.resume)
}

// emitGuarded does an operation of a guard.
func (l *lower) emitGuarded(g *guard, i *ir.Insn) {
	switch i.Op {
	case ir.Mov:
		l.storeConst(home(i.D), i.Imm)
	case ir.Call:
		l.operate(i, g.insn)
	case ir.Count:
		l.addDue([]due{{int(i.Imm), int32(i.C)}}, 1, scratch[0], scratch[1])
	case ir.Probe, ir.ProbeMem:
		l.emitProbe(i, g.insn)
	}
}

// putBack loads what the block has in registers where the guard returns.
func (l *lower) putBack(g *guard) {
	for n, r := range scratch {
		if w := g.words[n]; w != ir.None {
			l.Load(8, r, home(w))
		}
	}
	for x := range g.vecs.r {
		switch e := &g.vecs.r[x]; e.n {
		case 0:
		case 1:
			l.VRM(asm.VmovqLd, false, asm.Reg(x), 0, home(e.ref))
		default:
			l.VRM(asm.VmovdquLd, e.n == 4, asm.Reg(x), 0, home(e.ref))
		}
	}
	if g.fpOn {
		l.Ldmxcsr(home(l.t.fpEnv))
		l.StoreImm(4, atFP, 1)
	}
}

// operate leaves for Go to have an operation done.
func (l *lower) operate(i *ir.Insn, insn int) {
	n := len(l.u.Sites)
	l.exit(jit.Site{Kind: jit.Operate, Op: l.single(i, insn), Insn: uint16(insn)})
	l.u.Sites[n].Resume = l.u.Origin + uint32(l.Pos())
}

// single makes an operation for the interpreter and is its number.
func (l *lower) single(i *ir.Insn, insn int) uint32 {
	op, err := l.t.single(l.b, l.u.TB, i, insn)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	l.u.Ops = append(l.u.Ops, op)
	return l.u.FirstOp + uint32(len(l.u.Ops)) - 1
}
