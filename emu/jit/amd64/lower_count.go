package amd64

import (
	"panda/emu/ir"
	"panda/emu/jit"
	"panda/emu/jit/amd64/asm"
)

// Counters. Problem: a counter of instructions or accesses would be added to at
// each of them. Idea: nobody looks at it before the code is left, so what is due
// is kept here and added once, where code leaves or other code runs; exits that
// are seldom taken add what is due at their places, and the table of faults says
// what is due where an access faults. Adding changes no host flags.
//
// Invariant: where Go code runs the counters are those of the interpreter.

// due is what is to be added to a counter. Several of the block's counters may be one
// variable: then it has the number of one of them.
type due struct {
	counter int
	n       int32
}

// owed is what counters are owed: in all, by the current instruction, and by all cold
// code in a row.
type owed struct{ due, own, coldDue []due }

// dueMax is for how many counters that is kept.
const dueMax = 8

// lowCountEvent notes that a counter is to be added to.
func lowCountEvent(l *lower, i *ir.Insn) {
	n := int(i.Imm)
	l.due = l.owe(l.due, n, int32(i.C))
	if i.Aux != ir.OfBlock {
		l.own = l.owe(l.own, n, int32(i.C))
	}
	if len(l.due) > dueMax {
		l.countNow()
	}
}

// owe adds to what is due.
func (l *lower) owe(ds []due, counter int, n int32) []due {
	at := l.u.TB.Counters[counter]
	for k := range ds {
		if l.u.TB.Counters[ds[k].counter] == at {
			ds[k].n += n
			return ds
		}
	}
	return append(ds, due{counter, n})
}

// countNow adds what is due.
func (l *lower) countNow() {
	if len(l.due) == 0 {
		return
	}
	locked := l.locked
	r, t := l.alloc(), l.alloc()
	l.locked = locked
	l.addDue(l.due, 1, r, t)
	l.due = l.due[:0]
}

// addDue adds what is due, or for sign -1 takes it back.
func (l *lower) addDue(ds []due, sign int32, r, t asm.Reg) {
	for _, d := range ds {
		if d.n != 0 {
			l.MovImm(r, counterAt(l.u.TB, d.counter))
			l.Load(8, t, asm.At(r, 0))
			l.Lea(8, t, asm.At(t, sign*d.n))
			l.Store(8, asm.At(r, 0), t)
		}
	}
}

// oweCold notes what an exit that is seldom taken has to add. An instruction that
// is done again counts again.
func (l *lower) oweCold(c *cold) {
	c.firstDue = len(l.coldDue)
	l.coldDue = append(l.coldDue, l.due...)
	if c.site.Kind == jit.Redo {
		for _, d := range l.own {
			l.coldDue = append(l.coldDue, due{d.counter, -d.n})
		}
	}
	c.lastDue = len(l.coldDue)
}

func (l *lower) dueAt(c *cold) []due { return l.coldDue[c.firstDue:c.lastDue] }

// faultDue lists what is due where an access may fault.
func (l *lower) faultDue(vs []jit.Value) []jit.Value {
	for _, d := range l.due {
		vs = append(vs, jit.Value{Word: ir.Ref(d.counter), Reg: jit.InCount, K: uint64(d.n)})
	}
	return vs
}
