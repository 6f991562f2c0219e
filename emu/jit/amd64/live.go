package amd64

import "panda/emu/ir"

// tracked is how many slots findLive looks after: those that are not in vector
// registers.
const tracked = 64

// findLive finds for each operation the slots whose value somebody looks at
// after it has begun: itself, another operation, a helper, or whoever sees the state where an
// operation may fault or leave. A slot that is set again before needs no store.
func (l *lower) findLive() {
	n := len(l.b.Insns)
	l.liveSlots = append(l.liveSlots[:0], make([]uint64, n)...)
	live := ^uint64(0)
	for n--; n >= 0; n-- {
		l.liveSlots[n] = live | l.readSlots(&l.b.Insns[n])
		if l.b.Insns[n].Op.Control() || l.b.Insns[n].Visible(l.b) || l.b.Insns[n].Op == ir.Call {
			l.liveSlots[n] = ^uint64(0) // other code looks
		}
		live = l.liveBefore(&l.b.Insns[n], live)
	}
}

// liveBefore is what is looked at before an operation, given what is after it.
func (l *lower) liveBefore(i *ir.Insn, live uint64) uint64 {
	if i.Op == ir.Nop || i.Op == ir.InsnMark {
		return live
	}
	if i.Op.Control() || i.Visible(l.b) {
		return ^uint64(0)
	}
	if i.Op.WritesD() && i.D < tracked {
		for w := range ir.Ref(i.WordsD()) {
			live &^= 1 << (i.D + w)
		}
	}
	return live | l.readSlots(i)
}

// readSlots are the slots that an operation looks at.
func (l *lower) readSlots(i *ir.Insn) (live uint64) {
	if i.Op == ir.Call {
		for _, w := range l.b.Helpers[i.Imm].Reads {
			live |= slotBit(w)
		}
	}
	if i.Op.ReadsA() {
		live |= slotBit(i.A)
	}
	if i.Op.ReadsB() {
		live |= slotBit(i.B)
	}
	if i.Op.ReadsC() {
		live |= slotBit(i.C)
	}
	return live
}

// slotBit is a word's bit, if it is one of the tracked.
func slotBit(w ir.Ref) uint64 {
	if w < tracked {
		return 1 << w
	}
	return 0
}
