package amd64

import "panda/emu/ir"

// tracked is the number of slots, counted from the first, that survey finds the readers
// of: a bit of a uint64 for each. The vector registers come after them.
const tracked = 64

// allSlots is the set of all tracked slots.
const allSlots = ^uint64(0)

// liveness is who looks at which word later.
type liveness struct {
	liveSlots []uint64             // by operation: which of the first slots somebody looks at after it
	lastUse   [ir.FrameWords]int32 // index of the last operation that reads a temporary
}

// survey walks through the operations backwards. It finds the labels, the last use of
// each temporary, and for each operation the live slots: those that are read by it or
// after it, before they are set again. A helper reads slots, and so does everybody who
// sees the guest's state when an operation faults or leaves. A slot that is not live
// needs no store.
func (l *lower) survey() {
	b := l.b
	l.labels = append(l.labels[:0], make([]label, b.Labels)...)
	l.backward, l.loops = l.backward[:0], false
	clear(l.lastUse[l.base:b.Temps])
	n := len(b.Insns)
	if cap(l.liveSlots) < n {
		l.liveSlots = make([]uint64, 2*n)
	}
	l.liveSlots = l.liveSlots[:n]
	live := allSlots
	for n--; n >= 0; n-- {
		i := &b.Insns[n]
		if i.Op == ir.Nop || i.Op == ir.InsnMark {
			l.liveSlots[n] = live
			continue
		}
		reads := l.uses(i, int32(n))
		l.liveSlots[n] = live | reads
		switch {
		case i.Op.Control():
			l.mark(i, n)
			live, l.liveSlots[n] = allSlots, allSlots
			continue
		case i.Visible(b):
			live, l.liveSlots[n] = allSlots, allSlots
			continue
		case i.Op == ir.Call:
			l.liveSlots[n] = allSlots // other code looks
		}
		if i.Op.WritesD() && i.D < tracked {
			for w := range ir.Ref(i.WordsD()) {
				live &^= 1 << (i.D + w)
			}
		}
		live |= reads
	}
	l.prolong()
}

// mark notes a label, a jump to one, or one to the block's own start.
func (l *lower) mark(i *ir.Insn, n int) {
	to := int(i.Imm)
	switch i.Op {
	case ir.SetLabel:
		l.labels[to].op = n
		return
	case ir.GotoTB:
		l.loops = l.loops || i.Imm == l.b.PC
		return
	case ir.BrCond:
		to = int(i.C)
	case ir.Br:
	default:
		return
	}
	l.labels[to].refs++
	if l.labels[to].op == 0 { // further up
		l.backward = append(l.backward, jump{n, to})
	}
}

// prolong lets what a loop uses be alive until its end. Inner loops, whose end is
// further up, come first.
func (l *lower) prolong() {
	for k := len(l.backward) - 1; k >= 0; k-- {
		end, start := l.backward[k].place, l.labels[l.backward[k].label].op
		for w := l.base; w < l.b.Temps; w++ {
			if at := int(l.lastUse[w]); at >= start && at < end {
				l.lastUse[w] = int32(end)
			}
		}
	}
}

// uses notes operation n as a user of its operands, and returns the slots among
// them as bits.
func (l *lower) uses(i *ir.Insn, n int32) (slots uint64) {
	if i.Plain() {
		return l.usesPlain(i, n)
	}
	if i.Op == ir.Call {
		for _, w := range l.b.Helpers[i.Imm].Reads {
			slots |= slotBit(w)
		}
	}
	if i.Op.ReadsA() {
		slots |= l.useWords(i.A, i.WordsA(), n)
	}
	if i.Op.ReadsB() {
		slots |= l.useWords(i.B, i.WordsB(), n)
	}
	if i.Op.ReadsC() {
		slots |= l.useWords(i.C, i.WordsC(), n)
	}
	switch i.Op {
	case ir.Vec:
		if ir.VecRows[i.Aux].ReadsD {
			l.useWords(i.D, i.WordsD(), n)
		}
	case ir.ProbeMem: // looks at a whole value, and may change it
		l.useWords(i.B, 4, n)
	}
	return slots
}

// usesPlain is uses for most operations. It has no branches, since the host could not
// predict them: an operand that is not read is multiplied by 0, and for Const, which is
// no word, there is an entry that nobody looks at. The walk meets the last use of a word
// first, so that the greatest number is the right one.
func (l *lower) usesPlain(i *ir.Insn, n int32) (slots uint64) {
	r := i.Op.Reads()
	a, b, c := r&1, r>>1&1, r>>2&1
	l.lastUse[i.A%ir.FrameWords] = max(l.lastUse[i.A%ir.FrameWords], n*int32(a))
	l.lastUse[i.B%ir.FrameWords] = max(l.lastUse[i.B%ir.FrameWords], n*int32(b))
	l.lastUse[i.C%ir.FrameWords] = max(l.lastUse[i.C%ir.FrameWords], n*int32(c))
	return uint64(a)<<i.A | uint64(b)<<i.B | uint64(c)<<i.C
}

// useWords notes an operation as a user of words. The walk meets the last one
// first.
func (l *lower) useWords(r ir.Ref, words int, n int32) (slots uint64) {
	if r < l.base {
		return slotBit(r)
	}
	for end := int(r) + words; int(r) < end && r < ir.FrameWords; r++ {
		if l.lastUse[r] == 0 {
			l.lastUse[r] = n
		}
	}
	return 0
}

// slotBit is a word's bit, if it is one of the tracked.
func slotBit(w ir.Ref) uint64 {
	if w < tracked {
		return 1 << w
	}
	return 0
}
