package opt

import "panda/emu/ir"

// live is a set of words; only the first n words of the bit array are in use.
type live struct {
	bits [ir.FrameWords / 64]uint64
	n    int
}

func (l *live) set(r ir.Ref)      { l.bits[r>>6&15] |= 1 << (r & 63) }
func (l *live) clear(r ir.Ref)    { l.bits[r>>6&15] &^= 1 << (r & 63) }
func (l *live) has(r ir.Ref) bool { return l.bits[r>>6&15]>>(r&63)&1 != 0 }

// addSlots makes the words below base live.
func (l *live) addSlots(base ir.Ref) {
	for n := range base / 64 {
		l.bits[n] = ^uint64(0)
	}
	l.bits[base/64] |= 1<<(base%64) - 1
}

// everything makes all words live: what follows is not known.
func (l *live) everything() {
	for n := range l.n {
		l.bits[n] = ^uint64(0)
	}
}

// only makes the words below base live, and no others.
func (l *live) only(base ir.Ref) {
	clear(l.bits[:l.n])
	l.addSlots(base)
}

// add makes the words of another set live too.
func (l *live) add(o *live) {
	for n := range l.n {
		l.bits[n] |= o.bits[n]
	}
}

// Dead removes operations whose result nobody reads. It walks backwards once:
// slots are live at the end of the block, at barriers, and wherever an operation
// can fault, since the exact state is then seen. At a jump what its label wants
// is live; before a jump back, which the walk has not seen the label of,
// everything. What no label leads to after a jump is removed as well.
func Dead(b *ir.Block, tempBase ir.Ref) {
	l := live{n: int(b.Temps+63) / 64}
	var at []live // by label; n is 0 for one that the walk has not seen
	if b.Labels > 0 {
		var few [8]live
		at = append(few[:0], make([]live, b.Labels)...)
	}
	label := len(b.Insns) // index of the next one, or the end
	for n := len(b.Insns) - 1; n >= 0; n-- {
		i := &b.Insns[n]
		switch i.Op {
		case ir.Nop, ir.InsnMark:
			continue
		case ir.SetLabel:
			at[i.Imm], label = l, n
		case ir.Br:
			l.jump(&at[i.Imm], true)
			unreached(b.Insns[n+1 : label])
		case ir.BrCond:
			l.jump(&at[i.C], false)
		case ir.GotoTB, ir.GotoPtr, ir.ExitTB:
			l.only(tempBase)
			unreached(b.Insns[n+1 : label])
		}
		if i.Op.WritesD() && i.D != ir.None {
			words := i.WordsD()
			if l.unread(i.D, words) && !i.Effects(b) {
				i.Op = ir.Nop
				continue
			}
			for w := range ir.Ref(words) {
				l.clear(i.D + w)
			}
		}
		if i.Visible(b) { // before it: a fault shows the old value of D too
			l.addSlots(tempBase)
		}
		l.reads(b, i)
	}
}

// unreached removes operations that control does not come to; marks stay, which
// are counted.
func unreached(is []ir.Insn) {
	for n := range is {
		if is[n].Op != ir.InsnMark {
			is[n].Op = ir.Nop
		}
	}
}

// jump makes live what a label wants, besides what is live here or instead.
func (l *live) jump(label *live, always bool) {
	switch {
	case label.n == 0:
		l.everything()
	case always:
		*l = *label
	default:
		l.add(label)
	}
}

// unread reports whether none of n words is live.
func (l *live) unread(r ir.Ref, n int) bool {
	for w := range ir.Ref(n) {
		if l.has(r + w) {
			return false
		}
	}
	return true
}

// reads makes the operands live. For most operations it sets bits without asking:
// an operand that is not read adds nothing, and constants and absent ones have
// bits that are no words.
func (l *live) reads(b *ir.Block, i *ir.Insn) {
	if i.Plain() {
		r := uint64(i.Op.Reads())
		l.bits[i.A>>6&15] |= r & 1 << (i.A & 63)
		l.bits[i.B>>6&15] |= r >> 1 & 1 << (i.B & 63)
		l.bits[i.C>>6&15] |= r >> 2 & 1 << (i.C & 63)
		return
	}
	if i.Op == ir.Call {
		for _, r := range b.Helpers[i.Imm].Reads {
			l.words(r, 1)
		}
	}
	if i.Op.ReadsA() {
		l.words(i.A, i.WordsA())
	}
	if i.Op.ReadsB() {
		l.words(i.B, i.WordsB())
	}
	if i.Op.ReadsC() {
		l.words(i.C, i.WordsC())
	}
	if i.Op == ir.Vec && ir.VecOp(i.Aux).Row().ReadsD {
		l.words(i.D, i.WordsD())
	}
}

func (l *live) words(r ir.Ref, n int) {
	if r >= ir.FrameWords {
		return
	}
	for w := range ir.Ref(n) {
		l.set(r + w)
	}
}
