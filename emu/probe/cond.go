package probe

import (
	"panda/emu/event"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// Conditions. What a filter leaves to be decided at each event, and can be said of
// registers, constants and the address of an access, is decided by operations in
// front of the site, which jump around it. The subscription's function decides
// again, so that a part of a condition will do; where all of it is decided here,
// counters and batches need no function.

// passage is a filter's condition in front of a site.
type passage struct {
	label int
	put   bool // there is one
	addr  bool // it decides about addresses
	whole bool // nothing is left to decide
}

// about is what a condition is about: the pc, and of an access the word with its
// address and its size.
type about struct {
	pc   uint64
	addr ir.Ref
	size int
}

// enter puts the condition of a subscription.
func (p *pass) enter(s *event.Sub, x about) passage {
	f := s.Filter
	g := passage{whole: f.OnlyWhen()}
	is := ir.None
	if x.addr != ir.None && f.Addr != nil {
		if is, g.addr = p.touches(f.Addr, x); !g.addr {
			g.whole = false
		}
	}
	if f.When != nil {
		v, whole := p.holds(f.When, x)
		if g.whole = g.whole && whole; v != ir.None {
			is = p.both(ir.And, is, v)
		}
	}
	if is == ir.None {
		return g
	}
	g.put, g.label = true, int(p.b.Labels)
	p.b.Labels++
	p.out = append(p.out, ir.Insn{Op: ir.BrCond, Type: ir.I64, Aux: uint8(ir.Eq), D: ir.None, A: is, B: ir.Const, C: ir.Ref(g.label)})
	return g
}

// plain reports whether a subscription needs no function at a place: its filter is
// decided there, and what it does is to count, or to fill a ring.
func (p *pass) plain(s *event.Sub, x about) bool {
	return (s.Counter != nil || s.Counted != nil || s.Batch != nil) && p.decides(s, x)
}

// decides reports whether all of a filter is decided at a place.
func (p *pass) decides(s *event.Sub, x about) bool {
	start, labels, temps := len(p.out), p.b.Labels, p.b.Temps
	g := p.enter(s, x)
	p.out, p.b.Labels, p.b.Temps = p.out[:start], labels, temps
	return g.whole
}

// touches is whether an access is in one of the ranges.
func (p *pass) touches(rs []event.Range, x about) (is ir.Ref, ok bool) {
	is = ir.None
	for _, r := range rs {
		in, ok := p.within(r, x)
		if !ok {
			return ir.None, false
		}
		is = p.both(ir.Or, is, in)
	}
	return is, true
}

// holds is whether a condition, or what can be said of it, is true; None when
// nothing can.
func (p *pass) holds(e *event.Expr, x about) (is ir.Ref, whole bool) {
	t, whole := e.Term()
	if t == nil {
		return ir.None, false
	}
	start := len(p.out)
	v, ok := p.term(t, x)
	if !ok {
		p.out = p.out[:start]
		return ir.None, false
	}
	return p.truth(v), whole
}

// leave puts where the jump around the site leads.
func (p *pass) leave(g passage) {
	if g.put {
		p.out = append(p.out, ir.Insn{Op: ir.SetLabel, D: ir.None, A: ir.None, B: ir.None, C: ir.None, Imm: uint64(g.label)})
	}
}

// highest is above all addresses that a range may have here: sums do not wrap.
const highest = 1 << 62

// within is whether an access touches a range.
func (p *pass) within(r event.Range, x about) (ir.Ref, bool) {
	lo, hi := uint64(r.Lo), uint64(r.Hi)
	if hi > highest || lo > hi || p.b.Temps > maxTemps {
		return 0, false
	}
	if lo -= min(lo, uint64(x.size-1)); hi <= lo { // the first address that touches it
		return p.constant(0), true
	}
	off := p.op2(ir.Sub, x.addr, ir.Const, lo)
	return p.set(ir.LtU, off, ir.Const, hi-lo), true
}

// both joins a truth with what is there already.
func (p *pass) both(op ir.Op, a, b ir.Ref) ir.Ref {
	if a == ir.None {
		return b
	}
	return p.op2(op, a, b, 0)
}

func (p *pass) temp() ir.Ref {
	p.b.Temps++
	return p.b.Temps - 1
}

func (p *pass) op2(op ir.Op, a, b ir.Ref, k uint64) ir.Ref {
	d := p.temp()
	p.out = append(p.out, ir.Insn{Op: op, Type: ir.I64, D: d, A: a, B: b, C: ir.None, Imm: k})
	return d
}

func (p *pass) set(c ir.Cond, a, b ir.Ref, k uint64) ir.Ref {
	d := p.temp()
	p.out = append(p.out, ir.Insn{Op: ir.SetCond, Type: ir.I64, Aux: uint8(c), D: d, A: a, B: b, C: ir.None, Imm: k})
	return d
}

func (p *pass) constant(k uint64) ir.Ref {
	d := p.temp()
	p.out = append(p.out, ir.Insn{Op: ir.Mov, Type: ir.I64, D: d, A: ir.None, B: ir.Const, C: ir.None, Imm: k})
	return d
}

// truth makes 1 of what is not 0.
func (p *pass) truth(v ir.Ref) ir.Ref { return p.set(ir.Ne, v, ir.Const, 0) }

// arithmetic are the operators that are operations, and compares those that are
// conditions, of numbers without and with a sign.
var (
	arithmetic = map[string]ir.Op{"|": ir.Or, "^": ir.Xor, "&": ir.And, "+": ir.Add, "-": ir.Sub, "*": ir.Mul}
	compares   = map[string][2]ir.Cond{
		"==": {ir.Eq, ir.Eq}, "!=": {ir.Ne, ir.Ne}, "<": {ir.LtU, ir.LtS}, "<=": {ir.LeU, ir.LeS}, ">": {ir.GtU, ir.GtS}, ">=": {ir.GeU, ir.GeS},
	}
)

// maxTemps is up to which word of the frame conditions are put.
const maxTemps = ir.FrameWords - 256

// term computes a term.
func (p *pass) term(t *event.Term, x about) (v ir.Ref, ok bool) {
	if p.b.Temps > maxTemps {
		return 0, false
	}
	switch {
	case t.Reg != nil:
		return p.register(t.Reg)
	case t.Field != "":
		return p.field(t.Field, x)
	case t.Op == "":
		return p.constant(t.Num), true
	}
	a, ok := p.term(t.A, x)
	if !ok {
		return 0, false
	}
	if t.B == nil {
		return p.unary(t.Op, a), true
	}
	if k := t.B; k.Op == "" && k.Reg == nil && k.Field == "" {
		return p.binary(t, a, ir.Const, k.Num)
	}
	b, ok := p.term(t.B, x)
	if !ok {
		return 0, false
	}
	return p.binary(t, a, b, 0)
}

func (p *pass) binary(t *event.Term, a, b ir.Ref, k uint64) (ir.Ref, bool) {
	switch t.Op {
	case "&&", "||":
		op := ir.And
		if t.Op == "||" {
			op = ir.Or
		}
		if b == ir.Const {
			b = p.constant(k)
		}
		return p.op2(op, p.truth(a), p.truth(b), 0), true
	}
	if c, ok := compares[t.Op]; ok {
		sign := 0
		if t.Signed {
			sign = 1
		}
		return p.set(c[sign], a, b, k), true
	}
	op, ok := arithmetic[t.Op]
	if !ok {
		return 0, false
	}
	return p.op2(op, a, b, k), true
}

func (p *pass) unary(op string, a ir.Ref) ir.Ref {
	switch op {
	case "-":
		return p.op2(ir.Sub, p.constant(0), a, 0)
	case "~":
		return p.op2(ir.Xor, a, ir.Const, ^uint64(0))
	}
	return p.set(ir.Eq, a, ir.Const, 0)
}

// register reads a register, if its word is up to date within a block.
func (p *pass) register(r vcpu.Register) (ir.Ref, bool) {
	at, ok := r.(vcpu.Placed)
	if !ok {
		return 0, false
	}
	w, bit, n, ok := at.Place()
	if !ok || n == 64 {
		return w, ok
	}
	d := p.temp()
	p.out = append(p.out, ir.Insn{Op: ir.Extract, Type: ir.I64, Aux: bit, Sub: n, D: d, A: w, B: ir.None, C: ir.None})
	return d, true
}

func (p *pass) field(name string, x about) (ir.Ref, bool) {
	switch {
	case name == "pc":
		return p.constant(x.pc), true
	case x.addr == ir.None:
	case name == "addr":
		return x.addr, true
	case name == "size":
		return p.constant(uint64(x.size)), true
	}
	return 0, false
}
