package amd64

import "panda/emu/ir"

// vecs are the vector registers of the host: copies of words of the frame.
type vecs struct {
	n int // how many are in use
}

func (v *vecs) reset() { v.n = 0 }

func (l *lower) vecFlush()               {}
func (l *lower) vecHome(w ir.Ref, n int) {}
func (l *lower) vecGone(w ir.Ref, n int) {}

func lowVec(l *lower, i *ir.Insn) { lowOperate(l, i) }

func lowLdVec(l *lower, i *ir.Insn) {
	m := l.address(i)
	wide := i.Type == ir.V256
	l.fault(false)
	l.vrm(opVmovdquLd, wide, 0, 0, m)
	l.vrm(opVmovdquSt, wide, 0, 0, home(i.D))
	for w := range ir.Ref(i.Type.Words()) {
		if l.words[i.D+w].reg != noReg || l.words[i.D+w].konst {
			l.unbind(i.D + w)
		}
		l.words[i.D+w].num = 0
	}
}

func lowStVec(l *lower, i *ir.Insn) {
	for w := range ir.Ref(i.Type.Words()) {
		l.clean(i.C + w)
	}
	m := l.address(i)
	wide := i.Type == ir.V256
	l.vrm(opVmovdquLd, wide, 0, 0, home(i.C))
	l.fault(true)
	l.vrm(opVmovdquSt, wide, 0, 0, m)
}

var (
	opVmovdquLd = vexOp(2, 1, 0, 0x6f)
	opVmovdquSt = vexOp(2, 1, 0, 0x7f)
)
