package amd64

import (
	"panda/emu/ir"
	"panda/emu/jit"
	"panda/emu/jit/amd64/asm"
)

// Loops. Problem: a block that branches to its own start would store at each turn
// all that is not at home, though it sets it again in the next. Idea: write the
// operations twice. The second time begins with the first's values where they
// are, and if it ends with its values in the same places it branches to its own
// start; what leaves, or faults, knows where they are like anywhere else.
// A short loop that runs often then has more copies in a row, each of which knows
// what the one before has found out: mostly that pointers lie in the window.
// Invariant: what is known of values at the start of the second copy holds in all
// turns, so nothing is known there of words that the block changes.

// turns is how far the writing of a block that branches back to its own start is.
type turns struct {
	loops  bool // the block does
	again  bool // the operations are to be written once more
	closed bool // no more is to be written
	round  int  // how often they have been written to find where values are
	copies int  // and then, of a short block, in a row
	entry  loopState
}

// loopState is where the values are at the start of the second copy.
type loopState struct {
	start int // position
	words []word
	vecs  [16]vecEntry
	fpOn  bool
	x87   segment
}

// loopMax is how many operations a block that is written twice may have.
const loopMax = 400

// canLoop reports whether a block that jumps to its start may be written twice:
// nothing but ways out and guards is jumped to in it, and nobody watches it.
func (l *lower) canLoop() bool {
	if l.u.TB == nil || l.u.TB.Unchained || l.u.Exact || len(l.b.Insns) > loopMax {
		return false
	}
	for n := range l.b.Insns {
		switch i := &l.b.Insns[n]; i.Op {
		case ir.Br, ir.Probe, ir.ProbeMem:
			return false
		case ir.BrCond:
			l.pc = n
			_, out := l.leavesAt(int(i.C))
			if _, guard := l.guardAt(i); !out && !guard {
				return false
			}
		}
	}
	return true
}

// loop ends a copy by a branch back.
func (l *lower) loop(i *ir.Insn, back outward) {
	if l.round == 0 || l.copies+1 >= l.unrolled() { // else the next copy pays
		l.countNow()
	}
	cc := l.compare(i)
	l.locked = 0
	l.dropTemps()
	l.leaveBy(l.Jcc(cc^1), outward{to: l.next()})
	l.setAll(back.sets)
	if l.round > 0 && l.sameAs(&l.entry) {
		if l.copies++; l.copies < l.unrolled() {
			l.budget()
			l.again = true
			return
		}
		l.turn(l.entry.start)
		l.closed = true
		return
	}
	l.countNow()
	if l.round == 2 { // it does not settle
		if l.x87.on {
			l.x87Over()
		}
		l.flush(false)
		l.Patch(l.Jmp(), 0)
		l.closed = true
		return
	}
	l.turn(-1)
	l.round++
	l.copies = 0
	l.forgetChanged()
	l.remember(&l.entry)
	l.again = true
}

// setAll sets slots to constants.
func (l *lower) setAll(is []ir.Insn) {
	for n := range is {
		if i := &is[n]; i.Op == ir.Mov {
			if s := &l.words[i.D]; !s.konst || s.k != i.Imm {
				l.moveConst(i.D, i.Imm, i.Type)
			}
		}
	}
}

// unrolled is how many copies of the block a turn of the loop is: a short block
// that runs often is mostly overhead.
func (l *lower) unrolled() int {
	n := len(l.b.Insns)
	for i := range l.b.Insns {
		if l.b.Insns[i].Op == ir.Count { // paid once for all copies
			n--
		}
	}
	switch {
	case l.u.TB.Heat == 0 || n > 60:
		return 1
	case n > 30:
		return 2
	}
	return 4
}

// turn writes a block's head in the middle of a loop. It goes on at a position, or
// if that is negative with what is written next.
func (l *lower) turn(to int) {
	over := l.jccBudget()
	l.AluMI(asm.AluCmp, 4, atStop, 0)
	stop := 0
	if to < 0 {
		stop = l.Jcc(asm.CcNE)
	} else {
		l.Patch(l.Jcc(asm.CcE), to)
		stop = l.Jmp()
	}
	l.headCold(over, stop)
}

// budget is a turn without a look at the stop word.
func (l *lower) budget() { l.headCold(l.jccBudget(), 0) }

// jccBudget takes the block's instructions from the budget and jumps if there
// are not so many.
func (l *lower) jccBudget() int {
	l.AluI(asm.AluSub, 8, leftReg, int32(len(l.u.TB.Marks)))
	l.flags = fact{}
	return l.Jcc(asm.CcL)
}

// headCold is where a turn leads that does not happen.
func (l *lower) headCold(over, stop int) {
	c := l.storing(over)
	c.other, c.site = stop, jit.Site{Kind: jit.AtHead}
	l.addCold(c)
}

// dropTemps forgets temporaries, which are dead at the end of the block.
func (l *lower) dropTemps() {
	for w := l.base; w < l.b.Temps; w++ {
		if s := &l.words[w]; s.reg != asm.NoReg || s.konst {
			l.unbind(w)
		}
		l.words[w].num = 0
	}
	for x := range l.vecs.r {
		if e := &l.vecs.r[x]; e.n != 0 && e.ref >= l.base {
			l.vecDrop(asm.Reg(x))
		}
	}
}

// forgetChanged forgets what is known of values that the block changes.
func (l *lower) forgetChanged() {
	for n := range l.b.Insns {
		i := &l.b.Insns[n]
		if i.Op == ir.Call {
			for _, w := range l.b.Helpers[i.Imm].Writes {
				l.renumber(w)
			}
		}
		if !i.Op.WritesD() || i.D >= l.base {
			continue
		}
		for w := range ir.Ref(i.WordsD()) {
			l.words[i.D+w].num = 0
		}
	}
	for x := range l.vecs.r {
		l.vecs.r[x].zero = false
	}
}

func (l *lower) renumber(w ir.Ref) {
	if w != ir.AllSlots {
		l.words[w].num = 0
		return
	}
	for w := range l.base {
		l.words[w].num = 0
	}
}

func (l *lower) remember(s *loopState) {
	s.start, s.fpOn, s.x87 = l.Pos(), l.fpOn, l.x87
	s.words = append(s.words[:0], l.words[:l.base]...)
	s.vecs = l.vecs.r
}

// sameAs reports whether values are where they were.
func (l *lower) sameAs(s *loopState) bool {
	if s.fpOn && !l.fpOn || !s.x87.same(&l.x87) {
		return false
	}
	for w := range s.words {
		a, b := &s.words[w], &l.words[w]
		if a.reg != b.reg || a.dirty != b.dirty || a.konst != b.konst || a.konst && a.k != b.k {
			return false
		}
	}
	for x := range s.vecs {
		a, b := &s.vecs[x], &l.vecs.r[x]
		if a.n != b.n || a.ref != b.ref || a.dirty != b.dirty || a.half != b.half {
			return false
		}
	}
	return true
}
