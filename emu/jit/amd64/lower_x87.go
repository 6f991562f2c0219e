package amd64

import (
	"panda/emu/ir"
	"panda/emu/jit"
	"panda/emu/jit/amd64/asm"
	"panda/emu/vcpu"
	"panda/emu/x87"
)

// The x87 on that of the host. Problem: the registers are a stack whose top moves
// at run time, each instruction leaves flags behind, and a load and a store of
// ten bytes around each operation would cost more than the operation.
//
// Idea: a segment is a run of operations within which the guest's stack is on the
// host's: st(i) is st(i). How many registers it needs, and how many it pushes, is
// known before it begins. Then one comparison of the tag word says that all of
// them are full, or empty, so nothing overflows or underflows on the way; it loads
// what it needs, and at its end stores what it has changed. So an operation of the
// guest is one of the host, and flags collect in the host's status word.
//
// The host has the guest's control word from the first segment on until machine
// code leaves, as own.x87 says. Only with all exceptions masked: else, and when
// the tags are not what the segment needs, its first instruction is done alone,
// by the interpreter.
//
// Invariants: between segments the host's stack is empty and its exception flags
// are among the guest's. Contents of registers that are popped are stored before:
// the guest can look at them. Within a segment nothing leaves machine code but
// faults, whose table says what is on the stack, exits of the kind Redo and
// Outside, and branches out of a long block, which store it.

// segment is the state of a segment; of the zero value there is none.
type segment struct {
	on bool
	// Positions count from st(0) at the start of the segment. The bottom of what is
	// on the host's stack is at need-1, its top at delta.
	need, delta int
	low         int    // the lowest top for which there is room
	dirty       uint16 // by position + 8: the value is not at home
	codes       uint16 // bits of the status word, besides exceptions, that were set
	end         int    // index of the first operation after the segment
	saved       bool   // the status word is in own.temp
	load        int    // index of a load that is yet to be done, or 0
}

// Bits of the status word (SDM vol. 1 figure 8-4).
const (
	x87Flags = 0x3f
	x87ES    = 1 << 7
	x87C1    = 1 << 9
	x87Codes = 1<<8 | 1<<10 | 1<<14 // C0, C2, C3
)

// x87Turns reports whether an operation is the branch back of a loop, in which
// the registers stay where they are: the turn has popped what it has pushed, and
// what is there is enough for the next.
func (l *lower) x87Turns(i *ir.Insn) bool {
	if !l.loops || l.x87.delta != 0 || i.Op != ir.BrCond || l.next().Op != ir.GotoTB {
		return false
	}
	out, ok := l.leavesAt(int(i.C))
	if !ok || out.to.Imm != l.b.PC {
		return false
	}
	s, _ := l.x87End(0)
	return s.need <= l.x87.need && s.low >= l.x87.low
}

// same reports whether the host has the same.
func (s *segment) same(o *segment) bool {
	return s.on == o.on && (!s.on || s.need == o.need && s.low == o.low && s.delta == o.delta && s.dirty == o.dirty && s.codes == o.codes)
}

// lowX87 does a call on the host's x87. It reports false if that cannot be. A block
// that somebody watches is not to begin an instruction twice.
func (l *lower) lowX87(i *ir.Insn) bool {
	op := l.x87Op(i.Imm)
	if tb := l.u.TB; op == x87.None || tb == nil || tb.Generic || l.u.Exact || !l.x87.on && !l.x87Begin() {
		return false
	}
	if op == x87.Control {
		l.x87Control(i)
		return true
	}
	h, _ := l.x87How(l.pc)
	x87Funcs[op](l, i, h)
	return true
}

// x87Begin begins a segment.
func (l *lower) x87Begin() bool {
	s, end := l.x87End(l.pc)
	if end <= l.pc {
		return false
	}
	x := l.t.x87
	l.x87Forget(true)
	r := l.alloc()
	l.flags = fact{}
	l.AluMI(asm.AluCmp, 4, atX87, 1)
	c := l.storing(l.Jcc(asm.CcNE))
	c.loads, c.site = loads{back: l.Pos(), x87: true, temp: r}, l.refusal()
	l.addCold(c)
	t := l.alloc()
	l.Load(4, r, home(x.Top))
	l.Load(4, t, home(x.Tag))
	l.ImulI(4, t, t, 0x101) // the eight bits twice, so that a shift turns them
	l.VRR(asm.Shrx, false, t, r, t)
	full, empty := int32(1)<<s.need-1, (int32(1)<<-s.low-1)<<(8+s.low)
	l.AluI(asm.AluAnd, 4, t, full|empty)
	l.AluI(asm.AluCmp, 4, t, full)
	l.leaveIf(asm.CcNE, l.refusal(), asm.NoReg)
	l.x87 = segment{on: true, need: s.need, low: s.low, end: end}
	for p := s.need - 1; p >= 0; p-- {
		l.X87Mem(asm.Fld80, l.x87Slot(p, r, t))
	}
	l.locked &^= 1<<r | 1<<t
	return true
}

// x87Forget makes homes the only place of the x87's words.
func (l *lower) x87Forget(clean bool) {
	x := l.t.x87
	if l.vecs.n != 0 && clean {
		l.vecFlush(true)
		l.vecs.reset()
	}
	for _, w := range []ir.Ref{x.CW, x.SW, x.Top, x.Tag} {
		l.forgetWord(w, clean)
	}
	for w := range ir.Ref(16) {
		l.forgetWord(x.ST+w, clean)
	}
}

func (l *lower) forgetWord(w ir.Ref, clean bool) {
	if clean {
		l.clean(w)
	}
	if s := &l.words[w]; s.reg != asm.NoReg || s.konst {
		l.unbind(w)
	}
	l.words[w].num = 0
}

// x87Slot is the home of the register at a position, given the top in r; t is
// overwritten.
func (l *lower) x87Slot(p int, r, t asm.Reg) asm.Mem {
	l.Lea(4, t, asm.At(r, int32(p)))
	l.AluI(asm.AluAnd, 4, t, 7)
	l.ShiftI(asm.ShiftShl, 4, t, 4)
	st := home(l.t.x87.ST)
	return asm.Mem{Base: st.Base, Index: t, Disp: st.Disp}
}

// x87Over ends a segment.
func (l *lower) x87Over() {
	r, t := l.alloc(), l.alloc()
	l.x87Store(&l.x87, r, t)
	l.flags = fact{}
	l.locked &^= 1<<r | 1<<t
	l.x87.on = false
	l.x87Forget(false)
}

// x87Store stores what a segment has on the host's stack, and empties that.
func (l *lower) x87Store(s *segment, r, t asm.Reg) {
	x := l.t.x87
	if !s.saved {
		l.X87Mem(asm.Fnstsw, atX87Temp)
	}
	l.RM(asm.OpMovzx16, 4, t, atX87Temp)
	bits := int32(s.codes | x87Flags)
	l.AluI(asm.AluAnd, 4, t, bits)
	l.Load(4, r, home(x.SW))
	l.AluI(asm.AluAnd, 4, r, ^int32(s.codes))
	l.Alu(asm.AluOr, 4, r, t)
	l.Store(8, home(x.SW), r)
	l.Load(4, r, home(x.Top))
	for p := s.delta; p < s.need; p++ {
		if s.dirty>>(p+8)&1 != 0 {
			l.X87Mem(asm.Fstp80, l.x87Slot(p, r, t))
		} else {
			l.X87Reg(asm.FstpST, 0)
		}
	}
	if s.delta == 0 {
		return
	}
	changed := uint64(1)<<max(s.delta, -s.delta) - 1
	if s.delta < 0 {
		changed <<= 8 + s.delta
	}
	l.MovImm(t, changed|changed<<8)
	l.VRR(asm.Shlx, false, t, r, t)
	l.ShiftI(asm.ShiftShr, 4, t, 8)
	l.extend(asm.OpMovzx8, 4, t, t)
	if s.delta < 0 {
		l.AluTo(asm.AluOr, 8, home(x.Tag), t)
	} else {
		l.Not(8, t)
		l.AluTo(asm.AluAnd, 8, home(x.Tag), t)
	}
	l.AluI(asm.AluAdd, 4, r, int32(s.delta))
	l.AluI(asm.AluAnd, 4, r, 7)
	l.Store(8, home(x.Top), r)
}

// x87Written keeps the host's x87 in step with an operation that writes a word of
// the guest's outside of segments.
func (l *lower) x87Written(i *ir.Insn) {
	x := l.t.x87
	if x == nil || !i.Op.WritesD() {
		return
	}
	switch i.D {
	case x.SW:
		l.x87Clear()
	case x.CW:
		x87GoHome(&l.Writer)
	}
}

// x87GoHome gives the host's x87 Go's control word. The next segment takes the
// guest's.
func x87GoHome(a *asm.Writer) {
	a.X87Mem(asm.Fldcw, atGoCW)
	a.StoreImm(4, atX87, 0)
}

// x87Clear forgets the host's exception flags: some of them may not be among the
// guest's any more.
func (l *lower) x87Clear() { l.X87Reg(asm.Fnclex, 0) }

// emitX87Set is cold code that gives the host the guest's control word and returns;
// it goes on after this where the guest is in a state that the host cannot take.
func (l *lower) emitX87Set(c *cold) {
	x, r := l.t.x87, c.temp
	l.Load(4, r, home(x.CW))
	l.Not(4, r)
	l.TestI(4, r, x87Flags)
	unmasked := l.Jcc(asm.CcNE)
	l.Load(4, r, home(x.SW))
	l.TestI(4, r, x87ES)
	pending := l.Jcc(asm.CcNE)
	l.x87Clear()
	l.X87Mem(asm.Fldcw, home(x.CW))
	l.StoreImm(4, atX87, 1)
	l.Patch(l.Jmp(), c.back)
	l.Patch(unmasked, l.Pos())
	l.Patch(pending, l.Pos())
}

// refusal is an exit for a state of the guest in which the host cannot do what its
// x87 does.
func (l *lower) refusal() jit.Site {
	return jit.Site{Kind: jit.Redo, Redo: vcpu.RedoRefused, Insn: uint16(l.insn)}
}
