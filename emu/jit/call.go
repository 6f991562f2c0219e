package jit

import (
	"slices"

	"panda/emu/ir"
	"panda/emu/vcpu"
)

// Functions that machine code had called (vcpu.Call). Host.Calling names the one
// that runs, or ran last; Host.Before is what the static word was, where the block
// does not know it.

// called does what such a function wants, if that is more than to continue after
// its site, and reports whether it leaves the block.
func (e *Engine) called(c *vcpu.CPU, l *vcpu.Call) (left bool) {
	a, m := c.Machine.Arch, &l.TB.Marks[l.Insn]
	moved := c.Moved || c.W[a.PC] != m.PC
	if l.Of != nil {
		before := m.State
		if before == a.Dynamic {
			before = c.Host.Before
		}
		left = c.Fired(l.Of, before, moved || c.StopAsked())
	} else if left = moved; !left && l.Takes > 0 {
		c.Access.Store(c.W[l.Value:], l.Takes)
	}
	if left {
		c.Left += int64(len(l.TB.Marks) - l.Insn)
		leave(c, l.TB, ir.ExitEnd, c.W[a.PC])
		c.Leave.Direct = l.TB.FallsTo(l.Insn, c.W[a.PC])
		return true
	}
	c.Host.Target = l.Resume
	return false
}

// panicked takes a panic that ended a run: that of a function which machine code
// had called, and after which the guest may continue, or else what Enter returns.
func (e *Engine) panicked(c *vcpu.CPU, r any) (fault any, again bool) {
	l := c.Host.Calling
	c.Host.Calling, c.Host.FP = nil, 0
	if l == nil || !l.Failed(r) {
		return r, false
	}
	// How far the function got is not known: what the block has in its code may not
	// hold any more.
	c.TB, c.Insn, c.Again = l.TB, l.Insn, l.Of != nil
	return nil, !e.called(c, l)
}

// aside does the operation of a site whose condition holds. The block's code has not
// forgotten what it knows of slots, so if a function changes one the block is left.
func (e *Engine) aside(c *vcpu.CPU, tb *vcpu.TB, s *Site) (left bool) {
	a, site := c.Machine.Arch, &tb.Sites[s.Probe]
	n := int(a.TempBase)
	before := e.spare
	e.spare = nil // a function may run guest code
	before = append(before[:0], c.W[:n]...)
	left = (*e.ops.at(s.Op)).Do(c)
	if !left {
		before[a.PC], before[a.Static] = c.W[a.PC], c.W[a.Static]
		if !slices.Equal(before, c.W[:n]) {
			c.Again = true
			c.Fired(site, c.W[a.Static], false)
			c.Left += int64(len(tb.Marks) - site.Insn)
			leave(c, tb, ir.ExitEnd, c.W[a.PC])
			c.Leave.Direct = tb.FallsTo(site.Insn, c.W[a.PC])
			left = true
		}
	}
	e.spare = before
	return left
}
