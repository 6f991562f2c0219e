package interp

import (
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// leaveFns are GotoTB and GotoPtr of blocks that are not to be chained.
var leaveFns = [2]fn{leaveTB, leavePtr}

// Enter runs blocks from tb on until one leaves, and says how in c.Leave. A
// panic of memory access or helper comes back as the fault value, with CPU.TB
// and CPU.Insn naming the instruction.
func (*Engine) Enter(c *vcpu.CPU, tb *vcpu.TB) (fault any) {
	defer func() { fault = recover() }()
	c.TB = tb
	for o := (*op)(tb.Entry); o != nil; {
		o = o.fn(c, o)
	}
	return nil
}

// enterBlock takes the block's instructions from the budget, or leaves when
// they are not there or somebody asked to stop.
func enterBlock(c *vcpu.CPU, o *op) *op {
	if c.Left -= int64(o.imm); c.Left < 0 || c.StopWord() {
		c.Left += int64(o.imm)
		return leave(c, vcpu.Leave{Why: ir.ExitNone}, uint64(c.TB.PC))
	}
	return o.next()
}

// enterOnce enters a block that runs once. It was made for the CPU's very state, and
// who asks to stop can wait for its end.
func enterOnce(c *vcpu.CPU, o *op) *op {
	if c.Left -= int64(o.imm); c.Left < 0 {
		c.Left += int64(o.imm)
		return leave(c, vcpu.Leave{Why: ir.ExitNone}, uint64(c.TB.PC))
	}
	return o.next()
}

// leave ends the run; the guest will continue at pc.
func leave(c *vcpu.CPU, l vcpu.Leave, pc uint64) *op {
	c.W[c.Machine.Arch.PC] = pc
	l.Last = c.TB
	c.Leave = l
	c.TB = nil
	return nil
}

func br(_ *vcpu.CPU, o *op) *op { return o.ext.target }

func gotoTB(c *vcpu.CPU, o *op) *op {
	if t := c.TB.Next[o.aux&1]; t != nil {
		c.TB = t
		return (*op)(t.Entry)
	}
	return leave(c, vcpu.Leave{Why: ir.ExitEnd, From: c.TB, Slot: int(o.aux), Direct: true}, o.imm)
}

func leaveTB(c *vcpu.CPU, o *op) *op {
	return leave(c, vcpu.Leave{Why: ir.ExitEnd, Direct: true}, o.imm)
}

// leaveSide leaves from the middle of a block.
func leaveSide(c *vcpu.CPU, o *op) *op {
	c.Left += int64(o.c)
	return leave(c, vcpu.Leave{Why: ir.ExitEnd, From: c.TB, Slot: int(o.aux), Direct: true}, o.imm)
}

func gotoPtr(c *vcpu.CPU, o *op) *op {
	pc := c.W[o.a&frameMask]
	if t := c.Jump.Find(pc); t != nil {
		c.TB = t
		return (*op)(t.Entry)
	}
	return leave(c, vcpu.Leave{Why: ir.ExitEnd}, pc)
}

func leavePtr(c *vcpu.CPU, o *op) *op {
	return leave(c, vcpu.Leave{Why: ir.ExitEnd}, c.W[o.a&frameMask])
}

func exitTB(c *vcpu.CPU, o *op) *op {
	why := ir.Exit(o.aux)
	c.Left += why.Undone(len(c.TB.Marks), int(o.insn))
	return leave(c, vcpu.Leave{Why: why, Slot: int(o.sub)}, o.imm)
}

func call(c *vcpu.CPU, o *op) *op {
	c.Insn = int(o.insn)
	c.W[o.d&frameMask] = o.ext.helper(c, c.W[o.a&frameMask], c.W[o.b&frameMask], c.W[o.c&frameMask])
	return o.next()
}

func count(c *vcpu.CPU, o *op) *op {
	*c.TB.Counters[o.imm] += uint64(o.c)
	return o.next()
}
