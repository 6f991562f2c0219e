package amd64

import (
	"slices"

	"panda/emu/ir"
	"panda/emu/x87"
)

// How far a segment reaches, and what it needs: see lower_x87.go.

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
