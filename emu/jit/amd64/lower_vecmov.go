package amd64

import (
	"panda/emu/ir"
	"panda/emu/jit/amd64/asm"
)

func lowLdVec(l *lower, i *ir.Insn) {
	m := l.address(i)
	t := l.vecAlloc()
	l.fault(false)
	l.VRM(asm.VmovdquLd, wide(i), t, 0, m)
	l.vecResult(i, t)
}

func lowStVec(l *lower, i *ir.Insn) {
	c := l.vecRead(i.C, i.Type.Words())
	m := l.address(i)
	l.fault(true)
	l.VRM(asm.VmovdquSt, wide(i), c, 0, m)
}

// next is the operation after this one.
func (l *lower) next() *ir.Insn {
	for n := l.pc + 1; n < len(l.b.Insns); n++ {
		if i := &l.b.Insns[n]; i.Op != ir.Nop {
			return i
		}
	}
	return &ir.Insn{}
}

// zeroFollows reports whether the second word of a pair is cleared next.
func (l *lower) zeroFollows(w ir.Ref) bool {
	n := l.next()
	return w == pair(w) && n.Op == ir.Mov && n.D == w+1 && n.B == ir.Const && n.Imm == 0
}

// wantsVec reports whether the first user of a temporary is a vector operation
// that takes it as one.
func (l *lower) wantsVec(w ir.Ref) bool {
	for n := l.pc + 1; n < len(l.b.Insns) && n < l.pc+6; n++ {
		i := &l.b.Insns[n]
		if i.A != w && i.B != w && i.C != w {
			continue
		}
		if i.Op == ir.Deposit && i.B == w {
			return l.inVecs(i.D) && i.Aux == 0 && i.Sub == 32
		}
		return i.Op == ir.Vec && !fromGeneral[i.Aux]
	}
	return false
}

// fromGeneral are the operations on a word of a general register.
var fromGeneral = [ir.NumVecOps]bool{ir.VI32ToF32: true, ir.VI32ToF64: true, ir.VI64ToF32: true, ir.VI64ToF64: true}

// loadVecWord loads 4 or 8 bytes into a word that is used as a vector. It
// reports false for a word that is not.
func (l *lower) loadVecWord(i *ir.Insn) bool {
	if i.Type < ir.I32 || i.Aux&^ir.ScaleMask != 0 {
		return false
	}
	ld := asm.VmovqLd
	if i.Type == ir.I32 {
		ld = asm.VmovdLd
	}
	switch {
	case l.inVecs(i.D) && l.zeroFollows(i.D) && !l.u.TB.Soft: // the interpreter would load the one word
		m := l.address(i)
		t := l.vecAlloc()
		l.fault(false)
		l.VRM(ld, false, t, 0, m)
		l.vecDefine(t, i.D, 2)
		l.vecs.r[t].zero = true
	case l.inVecs(i.D) && i.Type == ir.I64:
		x := l.vecPair(pair(i.D))
		m := l.address(i)
		op := asm.Vmovlps
		if i.D != pair(i.D) {
			op = asm.Vmovhps
		}
		l.fault(false)
		l.VRM(op, false, x, x, m)
		l.vecDefine(x, pair(i.D), 2)
	case i.D >= l.base && l.wantsVec(i.D):
		m := l.address(i)
		t := l.vecAlloc()
		l.fault(false)
		l.VRM(ld, false, t, 0, m)
		l.vecDefine(t, i.D, 1)
	default:
		return false
	}
	return true
}

// storeVecWord stores a word that is in a vector register.
func (l *lower) storeVecWord(i *ir.Insn) bool {
	if i.Type < ir.I32 {
		return false
	}
	if x, ok := l.vecHas(i.C, 1); ok && (i.Type == ir.I32 || !l.vecs.r[x].half) {
		l.vecUse(x)
		m := l.address(i)
		st := asm.VmovqSt
		if i.Type == ir.I32 {
			st = asm.VmovdSt
		}
		l.fault(true)
		l.VRM(st, false, x, 0, m)
		return true
	}
	if !l.inVecs(i.C) || i.C == pair(i.C) || i.Type != ir.I64 {
		return false
	}
	x, ok := l.vecHas(pair(i.C), 2)
	if !ok {
		return false
	}
	l.vecUse(x)
	m := l.address(i)
	l.fault(true)
	l.VRM(asm.VmovhpsSt, false, x, 0, m)
	return true
}

// moveVecWord moves a word from or to a vector register.
func (l *lower) moveVecWord(i *ir.Insn) bool {
	switch {
	case i.B == ir.Const:
		return l.inVecs(i.D) && i.Imm == 0 && l.clearWord(i.D)
	case l.inVecs(i.D):
		return l.moveIntoVec(i)
	}
	if l.vecs.n == 0 {
		return false
	}
	if x, ok := l.vecHas(i.B, 1); ok {
		l.vecUse(x)
		r, n := l.target(i.D), size(i)
		if l.vecs.r[x].half {
			n = 4
		}
		l.VRR(asm.VmovdSt.Sized(n), false, x, 0, r)
		l.result(i, r)
		return true
	}
	if !l.inVecs(i.B) || i.Type != ir.I64 {
		return false
	}
	x, ok := l.vecHas(pair(i.B), 2)
	if !ok {
		return false
	}
	l.vecUse(x)
	r := l.target(i.D)
	l.VRRI(asm.Vpextrq, false, x, 0, r, 1)
	l.result(i, r)
	return true
}

// wholeWord makes the upper half of a word what it should be, zero, if it has been
// left open: see vecEntry.
func (l *lower) wholeWord(w ir.Ref) {
	if l.inVecs(w) || w >= ir.FrameWords {
		return
	}
	if x, ok := l.vecHas(w, 1); ok && l.vecs.r[x].half {
		l.vecStore(x)
		l.vecDrop(x)
	}
}

// clearWord clears the second word of a pair that is in a register.
func (l *lower) clearWord(w ir.Ref) bool {
	if w == pair(w) {
		return false
	}
	x, ok := l.vecHas(w-1, 2)
	if !ok || l.vecs.r[x].n != 2 {
		return false
	}
	l.vecUse(x)
	if !l.vecs.r[x].zero {
		l.VRR(asm.VmovqLd, false, x, 0, x)
		l.vecDefine(x, w-1, 2)
		l.vecs.r[x].zero = true
	}
	return true
}

// moveIntoVec moves a word into a guest vector register.
func (l *lower) moveIntoVec(i *ir.Insn) bool {
	b := i.B
	l.wholeWord(b)
	if _, there := l.vecHas(b, 1); !there && !l.inVecs(b) {
		return l.zeroFollows(i.D) && l.moveFromGeneral(i)
	}
	if i.Type != ir.I64 {
		return false
	}
	if l.zeroFollows(i.D) {
		x := l.vecRead(b, 1)
		t := l.vecAlloc()
		l.VRR(asm.VmovqLd, false, t, 0, x)
		l.vecDefine(t, i.D, 2)
		l.vecs.r[t].zero = true
		return true
	}
	if l.inVecs(b) && b != pair(b) && i.D != pair(i.D) { // high to high
		s := l.vecRead(pair(b), 2)
		x := l.vecPair(pair(i.D))
		l.VRR(asm.Vmovsd, false, x, s, x)
		l.vecDefine(x, pair(i.D), 2)
		return true
	}
	l.vecSetWord(l.vecRead(b, 1), i.D, false)
	return true
}

// moveFromGeneral makes a general register's word a vector register.
func (l *lower) moveFromGeneral(i *ir.Insn) bool {
	r := l.toReg(i.B)
	t := l.vecAlloc()
	l.VRR(asm.VmovdLd.Sized(size(i)), false, t, 0, r)
	l.vecDefine(t, i.D, 2)
	l.vecs.r[t].zero = true
	return true
}

// depositVec replaces the low half of a word of a guest vector register by a
// scalar.
func (l *lower) depositVec(i *ir.Insn) bool {
	if i.Aux != 0 || i.Sub != 32 || i.B == ir.Const || !l.inVecs(i.D) || !l.inVecs(i.A) || i.A != pair(i.A) || i.D != pair(i.D) {
		return false
	}
	if _, ok := l.vecHas(i.B, 1); !ok && !l.inVecs(i.B) {
		return false
	}
	b := l.vecRead(i.B, 1)
	if i.A == i.D {
		x := l.vecPair(i.D)
		l.VRR(asm.Vmovss, false, x, x, b)
		l.vecDefine(x, i.D, 2)
		return true
	}
	a := l.vecRead(i.A, 2)
	t := l.vecAlloc()
	l.VRR(asm.Vmovss, false, t, a, b)
	l.vecSetWord(t, i.D, false)
	return true
}
