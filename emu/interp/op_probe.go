package interp

import (
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// ringAt is the ring of a probe operation, nil if it has none.
func ringAt(tb *vcpu.TB, i *ir.Insn) *vcpu.Ring {
	if i.Op == ir.Probe {
		return tb.Sites[i.Imm].Ring
	}
	return tb.MemSites[i.Imm].Ring
}

func probeFn(tb *vcpu.TB, i *ir.Insn) fn {
	ring := ringAt(tb, i)
	switch {
	case i.Op == ir.Probe && ring == nil:
		return probe
	case i.Op == ir.Probe:
		return record
	case ring == nil:
		return probeMem
	}
	return recordMem
}

// probe shows the exact state to a site. The site may send the guest elsewhere.
func probe(c *vcpu.CPU, o *op) *op {
	x := o.ext
	c.Insn = x.site.Insn
	if m := x.mark; m != nil { // after the last instruction the block has stored everything
		a := c.Machine.Arch
		c.W[a.PC&frameMask] = m.PC
		if m.State != a.Dynamic {
			c.W[a.Static&frameMask] = m.State
		}
	}
	if c.FireSite(x.site) {
		return leaveAt(c, x.site.Insn)
	}
	return o.next()
}

func (cp *compiler) siteExtra(s *vcpu.Site) extra {
	x := extra{site: s}
	if s.Insn < len(cp.tb.Marks) {
		x.mark = &cp.tb.Marks[s.Insn]
	}
	return x
}

// leaveAt leaves before instruction n at the pc that a callback left.
func leaveAt(c *vcpu.CPU, n int) *op {
	c.Left += int64(len(c.TB.Marks) - n)
	pc := c.W[c.Machine.Arch.PC]
	return leave(c, vcpu.Leave{Why: ir.ExitEnd, Direct: c.TB.FallsTo(n, pc)}, pc)
}

// probeMem shows an access: a is its address, b the first word of its value.
// What the callback makes of the bytes is what the guest gets.
func probeMem(c *vcpu.CPU, o *op) *op {
	s := &c.TB.MemSites[o.imm]
	c.Show(s.Insn)
	m := &c.Access
	m.PC, m.Addr, m.Size = guest.Addr(c.TB.Marks[s.Insn].PC), guest.Addr(c.W[o.a&frameMask]), s.Size
	m.Fill(c.W[o.b&frameMask:], s.Size)
	if s.Fire(c, m) {
		return leaveAt(c, s.Insn)
	}
	if s.Before == s.Write && o.b != zero {
		m.Store(c.W[o.b&frameMask:], s.Size)
	}
	return o.next()
}

// record puts an event into a ring.
func record(c *vcpu.CPU, o *op) *op {
	x := o.ext
	if !*x.live {
		return o.next()
	}
	r := x.ring
	e := r.Next()
	e.PC = guest.Addr(x.pc)
	if r.Fields&^vcpu.FieldPC != 0 {
		recordMore(c, o, e)
	}
	r.Filled()
	return o.next()
}

// recordMore fills the fields of an event that are less often asked for.
func recordMore(c *vcpu.CPU, o *op, e *vcpu.Record) {
	recordWhen(c, o, e)
	if s := &c.TB.Sites[o.imm]; s.Rank == vcpu.RankBlock {
		e.Size = int32(c.TB.Size)
	}
}

// recordWhen fills the fields that the CPU tells.
func recordWhen(c *vcpu.CPU, o *op, e *vcpu.Record) {
	c.Insn = int(o.insn)
	f := o.ext.ring.Fields
	if f&vcpu.FieldIcount != 0 {
		e.Icount = c.Icount()
	}
	if f&vcpu.FieldThread != 0 {
		e.Thread = int32(c.Machine.Thread)
	}
}

// recordMem puts an access into a ring: a is its address, b the first word of
// its value.
func recordMem(c *vcpu.CPU, o *op) *op {
	x := o.ext
	r := x.ring
	a := guest.Addr(c.W[o.a&frameMask])
	if !*x.live || r.Hi != 0 && !r.Wants(a, int(o.size)) {
		return o.next()
	}
	e := r.Next()
	e.PC, e.Addr, e.Size = guest.Addr(x.pc), a, int32(o.size)
	if r.Fields&(vcpu.FieldIcount|vcpu.FieldThread) != 0 {
		recordWhen(c, o, e)
	}
	if e.Value = 0; o.b != zero {
		e.Value = c.W[o.b&frameMask]
		if e.Size < 8 {
			e.Value &= 1<<(8*e.Size) - 1
		}
	}
	r.Filled()
	return o.next()
}
