package amd64

import (
	"panda/emu/ir"
	"panda/emu/jit/amd64/asm"
)

// vecEntry is what a vector register of the host holds: n words of the frame
// from ref on, 0 for nothing. A dirty one differs from home.
type vecEntry struct {
	ref   ir.Ref
	n     uint8
	dirty bool
	half  bool   // one word of which only the low half is right, the other is to be zero: see wholeWord
	zero  bool   // the second word is zero
	stamp uint32 // of the last use
}

// vecs are the vector registers. Slots of the guest's vector registers are kept
// in pairs of words (or four); what concerns one word of a pair is merged into
// the pair. Temporaries are kept as they come.
type vecs struct {
	r      [16]vecEntry
	n      int // how many are in use
	locked uint16
	clock  uint32
}

func (v *vecs) reset() {
	if v.n != 0 {
		*v = vecs{}
	}
}

// inVecs reports whether a word belongs to a guest vector register.
func (l *lower) inVecs(w ir.Ref) bool { return w >= l.t.vecLo && w < l.t.vecHi }

// pair is the first word of the pair that a word belongs to.
func pair(w ir.Ref) ir.Ref { return w &^ 1 }

func (e *vecEntry) overlaps(ref ir.Ref, n int) bool {
	return e.n != 0 && ref < e.ref+ir.Ref(e.n) && e.ref < ref+ir.Ref(n)
}

// vecStore writes an entry to its home.
func (l *lower) vecStore(x asm.Reg) {
	e := &l.vecs.r[x]
	if !e.dirty {
		return
	}
	e.dirty = false
	if !l.vecLive(e) {
		return
	}
	m := home(e.ref)
	switch {
	case e.half:
		l.VRM(asm.VmovdSt, false, x, 0, m)
		m.Disp += 4
		l.StoreImm(4, m, 0)
	default:
		l.vecStoreTo(m, x, int(e.n))
	}
}

// vecStoreTo stores n words.
func (l *lower) vecStoreTo(m asm.Mem, x asm.Reg, n int) {
	if n == 1 {
		l.VRM(asm.VmovqSt, false, x, 0, m)
	} else {
		l.VRM(asm.VmovdquSt, n == 4, x, 0, m)
	}
}

func (l *lower) vecLive(e *vecEntry) bool {
	for w := range ir.Ref(e.n) {
		if l.live(e.ref + w) {
			return true
		}
	}
	return false
}

func (l *lower) vecDrop(x asm.Reg) {
	if l.vecs.r[x].n != 0 {
		l.vecs.n--
	}
	l.vecs.r[x] = vecEntry{}
}

// vecFlush stores what is dirty: of slots, and of temporaries too if asked.
func (l *lower) vecFlush(temps bool) {
	for x := range l.vecs.r {
		if e := &l.vecs.r[x]; e.dirty && (temps || e.ref < l.base) {
			l.vecStore(asm.Reg(x))
		}
	}
}

// vecHome makes sure that the homes of words are up to date.
func (l *lower) vecHome(w ir.Ref, n int) {
	for x := range l.vecs.r {
		if e := &l.vecs.r[x]; e.dirty && e.overlaps(w, n) {
			l.vecStore(asm.Reg(x))
		}
	}
}

// vecGone forgets entries with words that are set elsewhere. What else they hold
// goes home.
func (l *lower) vecGone(w ir.Ref, n int) {
	for x := range l.vecs.r {
		if e := &l.vecs.r[x]; e.overlaps(w, n) {
			if e.n > 1 || e.ref != w {
				l.vecStore(asm.Reg(x))
			}
			l.vecDrop(asm.Reg(x))
		}
	}
}

// vecSettle frees what an operation read for the last time.
func (l *lower) vecSettle(i *ir.Insn) {
	l.vecs.locked = 0
	for x := range l.vecs.r {
		e := &l.vecs.r[x]
		if e.n == 0 || e.ref < l.base || e.ref != i.A && e.ref != i.B && e.ref != i.C {
			continue
		}
		if int(l.lastUse[e.ref]) == l.pc && !l.liveAfter(e) {
			l.vecDrop(asm.Reg(x))
		}
	}
}

func (l *lower) liveAfter(e *vecEntry) bool {
	for w := range ir.Ref(e.n) {
		if int(l.lastUse[e.ref+w]) > l.pc {
			return true
		}
	}
	return false
}

// vecAlloc finds a vector register and locks it.
func (l *lower) vecAlloc() asm.Reg {
	best, stamp := asm.NoReg, ^uint32(0)
	for x := range l.vecs.r {
		e := &l.vecs.r[x]
		if l.vecs.locked>>x&1 != 0 {
			continue
		}
		if e.n == 0 {
			best = asm.Reg(x)
			break
		}
		if e.stamp < stamp {
			best, stamp = asm.Reg(x), e.stamp
		}
	}
	if l.vecs.r[best].n != 0 {
		l.vecStore(best)
		l.vecDrop(best)
	}
	l.vecs.locked |= 1 << best
	return best
}

func (l *lower) vecUse(x asm.Reg) asm.Reg {
	l.vecs.clock++
	l.vecs.r[x].stamp = l.vecs.clock
	l.vecs.locked |= 1 << x
	return x
}

// vecHas finds the register that holds n words from ref on, at its low end.
func (l *lower) vecHas(ref ir.Ref, n int) (asm.Reg, bool) {
	if l.vecs.n == 0 {
		return asm.NoReg, false
	}
	for x := range l.vecs.r {
		if e := &l.vecs.r[x]; e.ref == ref && int(e.n) >= n {
			return asm.Reg(x), true
		}
	}
	return asm.NoReg, false
}

// vecRead puts n words from ref on into a vector register: as its low end, with
// anything above.
func (l *lower) vecRead(ref ir.Ref, n int) asm.Reg {
	if n == 1 && l.inVecs(ref) {
		return l.vecReadOne(ref)
	}
	if x, ok := l.vecHas(ref, n); ok {
		return l.vecUse(x)
	}
	if n == 1 {
		if r := l.words[ref].reg; r != asm.NoReg {
			x := l.vecAlloc()
			l.VRR(asm.VmovdLd.Sized(8), false, x, 0, r)
			return l.vecBind(x, ref, 1)
		}
	}
	l.vecHome(ref, n)
	for w := range ir.Ref(n) {
		l.clean(ref + w)
	}
	x := l.vecAlloc()
	if n == 1 {
		l.VRM(asm.VmovqLd, false, x, 0, home(ref))
	} else {
		l.VRM(asm.VmovdquLd, n == 4, x, 0, home(ref))
	}
	return l.vecBind(x, ref, n)
}

// vecReadOne puts one word of a guest register into a vector register.
func (l *lower) vecReadOne(ref ir.Ref) asm.Reg {
	if ref == pair(ref) {
		return l.vecRead(ref, 2)
	}
	x := l.vecRead(pair(ref), 2)
	t := l.vecAlloc()
	l.VRR(asm.Vunpckhpd, false, t, x, x)
	return t
}

// vecBind notes clean words in a register.
func (l *lower) vecBind(x asm.Reg, ref ir.Ref, n int) asm.Reg {
	l.vecs.r[x] = vecEntry{ref: ref, n: uint8(n)}
	l.vecs.n++
	return l.vecUse(x)
}

// vecDefine makes a register the place of new words from ref on.
func (l *lower) vecDefine(x asm.Reg, ref ir.Ref, n int) {
	for y := range l.vecs.r {
		e := &l.vecs.r[y]
		if !e.overlaps(ref, n) {
			continue
		}
		if e.ref < ref || e.ref+ir.Ref(e.n) > ref+ir.Ref(n) {
			if asm.Reg(y) == x {
				panic("BUG: part of a vector register changed")
			}
			l.vecStore(asm.Reg(y))
		}
		l.vecDrop(asm.Reg(y))
	}
	for w := range ir.Ref(n) {
		if s := &l.words[ref+w]; s.reg != asm.NoReg || s.konst {
			l.unbind(ref + w)
		}
		l.words[ref+w].num = 0
	}
	if l.vecs.r[x].n != 0 {
		l.vecDrop(x)
	}
	l.vecBind(x, ref, n)
	l.vecs.r[x].dirty = true
}

// vecSetWord makes the low word of t word ref, which may be one of a guest
// register's pair. own says that the rest of t is the rest of that pair already.
func (l *lower) vecSetWord(t asm.Reg, ref ir.Ref, own bool) {
	if !l.inVecs(ref) {
		l.vecDefine(t, ref, 1)
		return
	}
	p := pair(ref)
	if own {
		l.vecDefine(t, p, 2)
		return
	}
	x := l.vecPair(p)
	if ref == p {
		l.VRR(asm.Vmovsd, false, x, x, t)
	} else {
		l.VRR(asm.Vunpcklpd, false, x, x, t)
	}
	l.vecDefine(x, p, 2)
}

// vecPair is a pair in a register of exactly two words, which may be changed.
func (l *lower) vecPair(p ir.Ref) asm.Reg {
	x := l.vecRead(p, 2)
	if l.vecs.r[x].n == 2 {
		return x
	}
	t := l.vecAlloc()
	l.VRR(asm.Vmovdqa, false, t, 0, x)
	return t
}

// fpEnter brings the guest's floating-point environment into force for an
// operation, which may change its flags: no register has its word any more.
func (l *lower) fpEnter() {
	l.forgetWord(l.t.fpEnv, true)
	if l.fpOn {
		return
	}
	l.fpOn = true
	l.AluMI(asm.AluCmp, 4, atFP, 0)
	l.flags = fact{}
	place := l.Jcc(asm.CcE)
	l.addCold(cold{place: place, loads: loads{back: l.Pos()}})
}

// fpLeave brings the environment's word up to date and out of force: an
// operation reads or writes it.
func (l *lower) fpLeave() {
	l.fpOn, l.flags = false, fact{}
	l.AluMI(asm.AluCmp, 4, atFP, 0)
	off := l.Jcc8(asm.CcE)
	fpOff(&l.Writer, l.t.fpEnv)
	l.Patch8(off)
}
