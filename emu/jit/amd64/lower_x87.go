package amd64

import (
	"slices"

	"panda/emu/ir"
	"panda/emu/jit"
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

// x87Depth is the most that a segment has on the host's stack.
const x87Depth = 8

// x87Scan finds out what a segment needs.
type x87Scan struct {
	need, delta, low int
}

// has reports whether st(i) may be used.
func (s *x87Scan) has(i uint64) bool {
	s.need = max(s.need, s.delta+int(i)+1)
	return s.need-s.low <= x87Depth
}

func (s *x87Scan) push() bool {
	s.delta--
	s.low = min(s.low, s.delta)
	return s.need-s.low <= x87Depth
}

// x87Op is what a helper of the block is to the host's x87.
func (l *lower) x87Op(helper uint64) x87.Op {
	if h := l.b.Helpers[helper]; h.Family == ir.Family(l.t.x87) {
		return x87.Op(h.Part)
	}
	return x87.None
}

// x87How is how a call is to be done: its first parameter is a constant.
func (l *lower) x87How(n int) (h x87.How, ok bool) {
	w := l.b.Insns[n].A
	for n--; n >= 0; n-- {
		if i := &l.b.Insns[n]; i.Op == ir.Mov && i.D == w {
			return x87.How(i.Imm), i.B == ir.Const
		}
	}
	return 0, false
}

// x87Call looks whether operation n is one that the host can do after what has
// been scanned, and returns the index of the operation after it.
func (l *lower) x87Call(n int, s *x87Scan) (next int, ok bool) {
	if l.x87Op(l.b.Insns[n].Imm) == x87.Control {
		return n + 1, true
	}
	h, ok := l.x87How(n)
	k := h.Kind()
	mem := k == x87.F32 || k == x87.F64 || k == x87.I16 || k == x87.I32
	i := &l.b.Insns[n]
	op := l.x87Op(i.Imm)
	ok = ok && (op == x87.Push || s.has(0))
	switch op {
	case x87.Arith:
		ok = ok && s.has(h.Src()) && s.has(h.Dst()) && (k == x87.Reg && (h.Pops() == 0 || h.Dst() != 0) || mem)
	case x87.Com:
		ok = ok && s.has(h.Src()) && (k == x87.Reg || mem)
	case x87.Comi:
		ok = ok && s.has(h.Src())
	case x87.Push:
		ok = ok && (k != x87.Reg || s.has(h.Src())) && k != x87.BCD
		return n + 1, ok && s.push()
	case x87.Set:
		ok = ok && s.has(h.Dst()) && h.Op() == x87.Checked
	case x87.Store:
		if next = l.x87Stored(n, k); next == 0 || !mem && k != x87.I64 && k != x87.F80 {
			return 0, false
		}
		s.delta += int(h.Pops())
		return next, ok
	case x87.Xch:
		ok = ok && s.has(h.Src())
	case x87.Unary:
		ok = ok && h.Op() <= x87.Rndint
	default:
		return 0, false
	}
	s.delta += int(h.Pops())
	return n + 1, ok
}

// x87Stored is the index after a store that begins at n: the result is stored
// and the store ended at once. 0 says that it is not.
func (l *lower) x87Stored(n int, k x87.Kind) int {
	end := n + 2
	if k == x87.F80 { // the rest of the value is stored, too
		end += 2
	}
	if end >= len(l.b.Insns) {
		return 0
	}
	st, call := &l.b.Insns[n+1], &l.b.Insns[end]
	if st.Op != ir.St || st.C != l.b.Insns[n].D || call.Op != ir.Call || l.x87Op(call.Imm) != x87.Stored || l.b.Insns[end-1].Op != ir.St {
		return 0
	}
	return end + 1
}

// x87Pending is the index after the check for an exception that waits, if that
// is what begins at n: there is none in a segment.
func (l *lower) x87Pending(n int) int {
	i := &l.b.Insns[n]
	lb := &l.labels[i.C]
	if i.A != l.t.x87.SW || i.B != ir.Const || i.Imm != x87ES || ir.Cond(i.Aux) != ir.TestEq || lb.op <= n || lb.refs != 1 {
		return 0
	}
	return lb.op + 1
}

// x87End is the index of the first operation from n on that cannot be in a
// segment with those before it.
func (l *lower) x87End(n int) (s x87Scan, end int) {
	for n < len(l.b.Insns) {
		i := &l.b.Insns[n]
		was, next := s, n+1
		switch {
		case i.Op == ir.Call && l.x87Subroutine(i):
		case i.Op == ir.Call:
			var ok bool
			if next, ok = l.x87Call(n, &s); !ok {
				return was, n
			}
		case i.Op == ir.BrCond:
			if pending := l.x87Pending(n); pending != 0 {
				next = pending
			} else if !l.x87Side(n) {
				return s, n
			}
		case !l.x87Keeps(i):
			return s, n
		}
		n = next
	}
	return s, n
}

// x87Side reports whether the branch at n leaves the block, and is not its last:
// what it leaves by stores the registers.
func (l *lower) x87Side(n int) bool {
	defer func(pc int) { l.pc = pc }(l.pc)
	l.pc = n
	i := &l.b.Insns[n]
	if _, guard := l.guardAt(i); guard {
		return false
	}
	_, out := l.leavesAt(int(i.C))
	return out && l.next().Op != ir.GotoTB
}

// x87Subroutine reports whether a call is one of code that does not look at the
// x87's words.
func (l *lower) x87Subroutine(i *ir.Insn) bool {
	h := l.b.Helpers[i.Imm]
	if _, ok := l.t.subs[h]; !ok {
		return false
	}
	looks := func(w ir.Ref) bool { return w == ir.AllSlots || l.x87Word(w) }
	return !slices.ContainsFunc(h.Reads, looks) && !slices.ContainsFunc(h.Writes, looks)
}

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

// x87Keeps reports whether an operation may stand in a segment: it neither leaves
// machine code nor looks at the x87's words.
func (l *lower) x87Keeps(i *ir.Insn) bool {
	switch {
	case i.Op == ir.Nop || i.Op == ir.InsnMark || i.Op == ir.Unset:
		return true
	case i.Op.Control() || i.Op.Barrier() || i.Op == ir.Vec || i.Op >= ir.DivU && i.Op <= ir.RemS || i.Type >= ir.V128:
		return false
	}
	return !l.x87Word(i.A) && !l.x87Word(i.B) && !l.x87Word(i.C) && !l.x87Word(i.D) && i.D != l.t.x87.CW
}

// x87Word reports whether a word is one that is not at home in a segment.
func (l *lower) x87Word(w ir.Ref) bool {
	x := l.t.x87
	return w == x.SW || w == x.Top || w == x.Tag || w >= x.ST && w < x.ST+16
}

// lowX87 does a call on the host's x87. It reports false if that cannot be. A block
// that somebody watches is not to begin an instruction twice.
func (l *lower) lowX87(i *ir.Insn) bool {
	op := l.x87Op(i.Imm)
	if tb := l.u.TB; op == x87.None || tb == nil || tb.Soft || tb.Generic || l.u.Exact || !l.x87.on && !l.x87Begin() {
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
	l.aluMI(aluCmp, 4, atX87, 1)
	c := cold{place: l.jcc(ccNE), reg: r, chain: -1, x87Set: true, site: jit.Site{Kind: jit.Redo, Slot: 1, Insn: uint16(l.insn)}, back: l.pos(), first: len(l.away)}
	l.away = l.appendDirty(l.away)
	c.slots = len(l.away)
	l.addCold(c)
	t := l.alloc()
	l.load(4, r, home(x.Top))
	l.load(4, t, home(x.Tag))
	l.imulI(4, t, t, 0x101) // the eight bits twice, so that a shift turns them
	l.vrr(opShrx, false, t, r, t)
	full, empty := int32(1)<<s.need-1, (int32(1)<<-s.low-1)<<(8+s.low)
	l.aluI(aluAnd, 4, t, full|empty)
	l.aluI(aluCmp, 4, t, full)
	l.leaveIf(ccNE, jit.Site{Kind: jit.Redo, Slot: 1, Insn: uint16(l.insn)}, noReg)
	l.x87 = segment{on: true, need: s.need, low: s.low, end: end}
	for p := s.need - 1; p >= 0; p-- {
		l.x87Mem(fld80, l.x87Slot(p, r, t))
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
	if s := &l.words[w]; s.reg != noReg || s.konst {
		l.unbind(w)
	}
	l.words[w].num = 0
}

// x87SlotAt is the home of the register at a position, given that of the first and
// the top in r; t is overwritten.
func (a *asm) x87SlotAt(st Mem, p int, r, t Reg) Mem {
	a.lea(4, t, at(r, int32(p)))
	a.aluI(aluAnd, 4, t, 7)
	a.shiftI(shiftShl, 4, t, 4)
	return Mem{Base: st.Base, Index: t, Disp: st.Disp}
}

func (l *lower) x87Slot(p int, r, t Reg) Mem { return l.x87SlotAt(home(l.t.x87.ST), p, r, t) }

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
func (l *lower) x87Store(s *segment, r, t Reg) {
	x := l.t.x87
	l.x87Mem(fnstsw, atX87Temp)
	l.rm(opMovzx16, 4, t, atX87Temp)
	bits := int32(s.codes | x87Flags)
	l.aluI(aluAnd, 4, t, bits)
	l.load(4, r, home(x.SW))
	l.aluI(aluAnd, 4, r, ^int32(s.codes))
	l.alu(aluOr, 4, r, t)
	l.store(8, home(x.SW), r)
	l.load(4, r, home(x.Top))
	for p := s.delta; p < s.need; p++ {
		if s.dirty>>(p+8)&1 != 0 {
			l.x87Mem(fstp80, l.x87Slot(p, r, t))
		} else {
			l.x87Reg(fstpST, 0)
		}
	}
	if s.delta == 0 {
		return
	}
	changed := uint64(1)<<max(s.delta, -s.delta) - 1
	if s.delta < 0 {
		changed <<= 8 + s.delta
	}
	l.movImm(t, changed|changed<<8)
	l.vrr(opShlx, false, t, r, t)
	l.shiftI(shiftShr, 4, t, 8)
	l.extend(opMovzx8, 4, t, t)
	if s.delta < 0 {
		l.aluTo(aluOr, 8, home(x.Tag), t)
	} else {
		l.not(8, t)
		l.aluTo(aluAnd, 8, home(x.Tag), t)
	}
	l.aluI(aluAdd, 4, r, int32(s.delta))
	l.aluI(aluAnd, 4, r, 7)
	l.store(8, home(x.Top), r)
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
		l.x87GoHome()
	}
}

// x87GoHome gives the host's x87 Go's control word. The next segment takes the
// guest's.
func (a *asm) x87GoHome() {
	a.x87Mem(fldcw, atGoCW)
	a.storeImm(4, atX87, 0)
}

// x87Clear forgets the host's exception flags: some of them may not be among the
// guest's any more.
func (a *asm) x87Clear() { a.x87Reg(fnclex, 0) }

// emitX87Set is cold code that gives the host the guest's control word.
func (l *lower) emitX87Set(c *cold) {
	x, r := l.t.x87, c.reg
	l.load(4, r, home(x.CW))
	l.not(4, r)
	l.testI(4, r, x87Flags)
	unmasked := l.jcc(ccNE)
	l.load(4, r, home(x.SW))
	l.testI(4, r, x87ES)
	pending := l.jcc(ccNE)
	l.x87Clear()
	l.x87Mem(fldcw, home(x.CW))
	l.storeImm(4, atX87, 1)
	l.patch(l.jmp(), c.back)
	l.patch(unmasked, l.pos())
	l.patch(pending, l.pos())
	c.reg, c.back = noReg, 0
}
