package amd64

import (
	"panda/emu/ir"
	"panda/emu/jit/amd64/asm"
)

// frame is what is known of the values of the frame's words, and of the host's flags
// and environment.
type frame struct {
	words  [ir.FrameWords]word
	regs   [asm.NumRegs]holder
	dirty  []ir.Ref
	values []value // by value number
	locked uint32  // registers that the operation uses
	flags  fact
	fpOn   bool    // the guest's floating-point environment is in force
	tidy   bool    // Go code has run, and since then no vector or helper code
	homes  []int32 // value numbers of pinned words when Go code ran last; 0 for none
}

// word says where the value of a frame word is. A pinned word lives in its
// register. Any other is in its home in the frame, in a register, or is a
// constant; dirty says that the home does not have it.
type word struct {
	k     uint64
	num   int32   // value number, 0 for not yet given
	reg   asm.Reg // asm.NoReg for none
	dirty bool
	konst bool
}

// holder lists the words whose value a register holds, besides the word that is
// pinned to it.
type holder struct {
	n     uint8
	words [6]ir.Ref
}

// pinHosts are the registers for pinned words, in order; scratch holds all else.
// R15 is the context and R14 the base of guest memory, or of the TLB.
var (
	pinHosts = [...]asm.Reg{asm.RAX, asm.RCX, asm.RDX, asm.RBX, asm.R12, asm.RBP, asm.RSI, asm.RDI, asm.R8, asm.R9}
	scratch  = [...]asm.Reg{asm.R10, asm.R11, asm.R13}
)

// leftReg is CPU.Left, the rest of the budget: it changes in every block, and
// memory would make each block wait for the one before.
const leftReg = asm.RSP

// home is the place of a word in the frame.
func home(w ir.Ref) asm.Mem { return asm.At(asm.R15, int32(w)*8-ctxBias) }

func (l *lower) pinned(w ir.Ref) bool { return int(w) < len(l.t.pin) && l.t.pin[w] != asm.NoReg }

// reset forgets everything but the pinned words.
func (l *lower) reset() {
	copy(l.words[:l.b.Temps], l.t.words[:])
	l.regs = [asm.NumRegs]holder{}
	l.dirty = l.dirty[:0]
	l.flags, l.fpOn = fact{}, false
	l.values = append(l.values[:0], value{slack: -1})
	l.vecs.reset()
	l.tidy = false
}

// wasHome notes that the pinned words are at home as well.
func (l *lower) wasHome() {
	l.homes, l.tidy = l.homes[:0], true
	for w, r := range l.t.pin {
		n := int32(0)
		if r != asm.NoReg {
			n = l.number(ir.Ref(w))
		}
		l.homes = append(l.homes, n)
	}
}

// goHome stores the pinned words that have changed since wasHome.
func (l *lower) goHome() {
	for w, r := range l.t.pin {
		if r != asm.NoReg && l.homes[w] != l.words[w].num {
			l.Store(8, home(ir.Ref(w)), r)
		}
	}
}

// live reports whether somebody may still look at a word.
func (l *lower) live(w ir.Ref) bool {
	switch {
	case w >= l.base:
		return int(l.lastUse[w]) >= l.pc
	case w < tracked:
		return l.liveSlots[l.pc]>>w&1 != 0
	}
	return true
}

// unbind takes a word out of its register and forgets its value.
func (l *lower) unbind(w ir.Ref) {
	s := &l.words[w]
	if s.reg != asm.NoReg {
		h := &l.regs[s.reg]
		for i := range h.n {
			if h.words[i] == w {
				h.n--
				h.words[i] = h.words[h.n]
				break
			}
		}
		s.reg = asm.NoReg
	}
	s.konst = false
	if s.dirty {
		s.dirty = false
		l.undirty(w)
	}
}

func (l *lower) undirty(w ir.Ref) {
	for i, x := range l.dirty {
		if x == w {
			last := len(l.dirty) - 1
			l.dirty[i] = l.dirty[last]
			l.dirty = l.dirty[:last]
			return
		}
	}
}

// bind notes that a register has the value of a word.
func (l *lower) bind(w ir.Ref, r asm.Reg) {
	h := &l.regs[r]
	if int(h.n) == len(h.words) { // make room: the first goes home
		l.clean(h.words[0])
		l.unbind(h.words[0])
	}
	h.words[h.n] = w
	h.n++
	l.words[w].reg = r
}

func (l *lower) markDirty(w ir.Ref) {
	if s := &l.words[w]; !s.dirty {
		s.dirty = true
		l.dirty = append(l.dirty, w)
	}
}

// clean stores a word whose home does not have its value.
func (l *lower) clean(w ir.Ref) {
	s := &l.words[w]
	if !s.dirty {
		return
	}
	s.dirty = false
	l.undirty(w)
	if !l.live(w) {
		return
	}
	l.storeWord(w)
}

// storeWord writes a word's value into its home.
func (l *lower) storeWord(w ir.Ref) {
	s := &l.words[w]
	m := home(w)
	if s.reg != asm.NoReg {
		l.Store(8, m, s.reg)
	} else {
		l.storeConst(m, s.k)
	}
}

// storeConst stores a constant of 8 bytes.
func (l *lower) storeConst(m asm.Mem, k uint64) {
	if k == uint64(int64(int32(k))) {
		l.StoreImm(8, m, int32(k))
		return
	}
	l.StoreImm(4, m, int32(k))
	m.Disp += 4
	l.StoreImm(4, m, int32(k>>32))
}

// flush stores all dirty words, or the slots alone. What registers hold stays
// known.
func (l *lower) flush(temps bool) {
	for i := len(l.dirty) - 1; i >= 0; i-- {
		if w := l.dirty[i]; temps || w < l.base {
			l.clean(w)
		}
	}
	if l.vecs.n != 0 {
		l.vecFlush(temps)
	}
}

// forget makes homes the only place of all words that are not pinned: other code
// runs now. renumber says that it may change slots.
func (l *lower) forget(renumber bool) {
	for _, r := range scratch {
		l.release(r)
	}
	for _, r := range pinHosts {
		l.release(r)
	}
	if !renumber {
		return
	}
	for w := range l.b.Temps {
		l.words[w].num = 0
		if !l.pinned(w) {
			l.words[w].konst = false
		}
	}
}

// release unbinds all words in a register. Their homes must have them.
func (l *lower) release(r asm.Reg) {
	for h := &l.regs[r]; h.n > 0; {
		l.unbind(h.words[h.n-1])
	}
}

// alloc finds a scratch register and locks it.
func (l *lower) alloc() asm.Reg {
	best, cost := asm.NoReg, 1<<30
	for _, r := range scratch {
		if l.locked>>r&1 != 0 {
			continue
		}
		if c := l.evictCost(r); c < cost {
			best, cost = r, c
		}
	}
	if best == asm.NoReg {
		panic("BUG: no scratch register")
	}
	h := &l.regs[best]
	for h.n > 0 {
		w := h.words[h.n-1]
		l.clean(w)
		l.unbind(w)
	}
	l.lock(best)
	return best
}

// evictCost says how bad it is to take a register: stores first, then loads
// that come soon.
func (l *lower) evictCost(r asm.Reg) int {
	h, cost := &l.regs[r], 0
	for _, w := range h.words[:h.n] {
		switch s := &l.words[w]; {
		case !l.live(w):
		case s.dirty:
			cost += 4
		default:
			cost++
		}
	}
	return cost
}

func (l *lower) lock(r asm.Reg) { l.locked |= 1 << r }

// toReg puts a word into a register and locks it.
func (l *lower) toReg(w ir.Ref) asm.Reg {
	s := &l.words[w]
	if s.reg == asm.NoReg {
		if l.vecs.n != 0 {
			l.vecHome(w, 1)
		}
		r := l.alloc()
		if s.konst {
			l.MovImm(r, s.k)
		} else {
			l.Load(8, r, home(w))
		}
		l.bind(w, r)
	}
	l.lock(s.reg)
	return s.reg
}

// moveTo puts a word's value into a register without binding it there.
func (l *lower) moveTo(r asm.Reg, w ir.Ref) {
	switch s := &l.words[w]; {
	case s.reg == r:
	case s.reg != asm.NoReg:
		l.Mov(8, r, s.reg)
	case s.konst:
		l.MovImm(r, s.k)
	default:
		if l.vecs.n != 0 {
			l.vecHome(w, 1)
		}
		l.Load(8, r, home(w))
	}
}

// operand is a word as a source: a register, or memory if it is only at home.
func (l *lower) operand(w ir.Ref) (r asm.Reg, m asm.Mem) {
	s := &l.words[w]
	if s.reg == asm.NoReg && !s.konst && (w >= l.base && int(l.lastUse[w]) == l.pc) {
		if l.vecs.n != 0 {
			l.vecHome(w, 1)
		}
		return asm.NoReg, home(w)
	}
	return l.toReg(w), asm.Mem{}
}

// save moves the words that share a register with a pinned word out of the way:
// the register is about to be written. except is about to be defined.
func (l *lower) save(r asm.Reg, except ir.Ref) {
	h := &l.regs[r]
	if h.n == 0 {
		return
	}
	to := asm.NoReg
	for i := int(h.n) - 1; i >= 0; i-- {
		w := h.words[i]
		if w == except || !l.live(w) || !l.words[w].dirty {
			l.unbind(w)
			continue
		}
		if to == asm.NoReg {
			to = l.idle()
			if to == asm.NoReg {
				l.clean(w)
				l.unbind(w)
				continue
			}
			l.Mov(8, to, r)
		}
		h.n--
		h.words[i] = h.words[h.n]
		l.words[w].reg = asm.NoReg
		l.bind(w, to)
	}
}

// idle is a scratch register that nobody uses, or asm.NoReg.
func (l *lower) idle() asm.Reg {
	for _, r := range scratch {
		if l.locked>>r&1 == 0 && l.evictCost(r) == 0 {
			l.release(r)
			return r
		}
	}
	return asm.NoReg
}

// define makes a register the place of a word's new value.
func (l *lower) define(w ir.Ref, r asm.Reg) {
	if l.vecs.n != 0 {
		l.vecGone(w, 1)
	}
	s := &l.words[w]
	if l.pinned(w) {
		s.num = l.fresh()
		return
	}
	l.unbind(w)
	l.bind(w, r)
	s.num = l.fresh()
	l.markDirty(w)
}

// settle frees what the operation read for the last time.
func (l *lower) settle(i *ir.Insn) {
	l.locked = 0
	l.settleWord(i.A)
	l.settleWord(i.B)
	l.settleWord(i.C)
	if l.vecs.n != 0 {
		l.vecSettle(i)
	}
}

func (l *lower) settleWord(w ir.Ref) {
	if w >= l.base && w < ir.FrameWords && int(l.lastUse[w]) == l.pc && l.words[w].reg != asm.NoReg {
		l.unbind(w)
	}
}
