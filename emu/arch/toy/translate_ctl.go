package toy

import (
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// branchRows compare two registers.
var branchRows = []Row{
	branch("beq", ir.Eq), branch("bne", ir.Ne), branch("blt", ir.LtS), branch("bge", ir.GeS), branch("bltu", ir.LtU), branch("bgeu", ir.GeU),
}

// jumpRows go elsewhere always. Those with a register take the address in it.
var jumpRows = []Row{
	{Name: "jump", Operands: "j", Class: vcpu.ClassJump, translate: func(t *translator) { t.leave(0, t.number('j')) }},
	{Name: "jumpr", Operands: "a", Class: vcpu.ClassJump, translate: func(t *translator) { t.leaveTo(t.reg('a')) }},
	{Name: "call", Operands: "j", Class: vcpu.ClassCall, translate: func(t *translator) {
		t.b.MovTo(LR, ir.I64, ir.K(t.next()))
		t.leave(0, t.number('j'))
	}},
	{Name: "callr", Operands: "a", Class: vcpu.ClassCall, translate: func(t *translator) {
		to := t.b.Temp()
		t.b.MovTo(to, ir.I64, ir.W(t.reg('a'))) // it may be LR
		t.b.MovTo(LR, ir.I64, ir.K(t.next()))
		t.leaveTo(to)
	}},
	{Name: "ret", Class: vcpu.ClassReturn, translate: func(t *translator) { t.leaveTo(LR) }},
}

// systemRows ask for something else.
var systemRows = []Row{
	{Name: "nop", translate: func(*translator) {}},
	{Name: "sys", translate: func(t *translator) {
		t.b.Emit(ir.Insn{Op: ir.ExitTB, Aux: uint8(ir.ExitSyscall), Sub: uint8(GateSys), Imm: t.next()})
		t.done = true
	}},
	{Name: "brk", translate: func(t *translator) { t.raise(Break) }},
	{Name: "tell", translate: func(t *translator) { t.b.CallTo(ir.None, hTell) }},
}

// hTell offers the instruction to plugins, with its arguments where a function has them.
var hTell = &ir.Helper{Name: "tell", Reads: all, Writes: all, MayFault: true, Once: true, Fn: func(c *vcpu.CPU, _, _, _ uint64) uint64 {
	if h := c.Machine.Hypercall; h != nil {
		then, _ := h(c)
		then()
	}
	return 0
}}

func branch(name string, cond ir.Cond) Row {
	return Row{Name: name, Operands: "dat", Class: vcpu.ClassBranch, translate: func(t *translator) {
		taken := t.b.Label()
		t.b.BrCond(taken, cond, ir.I64, t.reg('d'), ir.W(t.reg('a')))
		t.b.GotoTB(0, t.next())
		t.b.Place(taken)
		t.leave(1, t.number('t'))
	}}
}

// leave ends the block by going to a known address.
func (t *translator) leave(slot uint8, to uint64) {
	t.b.GotoTB(slot, to)
	t.done = true
}

// leaveTo ends it by going to the address in a word.
func (t *translator) leaveTo(to ir.Ref) {
	t.b.GotoPtr(to)
	t.done = true
}
