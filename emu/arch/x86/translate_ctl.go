package x86

import (
	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// ctlTable holds control transfer.
var ctlTable = merge(map[string]trFunc{
	"jmp": trJmp, "call": trCall, "ret": trRet, "loop": trLoop, "loope": trLoop, "loopne": trLoop, "jcxz": trJcxz,
	"syscall": trSyscall, "sysenter": trSysenter, "int": trInt, "int3": trap(regs.VecBP), "int1": trap(regs.VecDB), "into": trInto,
	"ud0": (*translator).undefined, "ud1": (*translator).undefined, "ud2": (*translator).undefined,
}, conditional("j", trJcc))

// branch ends the block in two ways: to the target if the test holds, else on.
func (t *translator) branch(c test, target uint64) {
	if t.b.Extend != nil && target != t.b.PC && canonical(target) && !(t.bits != 64 && t.checks(regs.CS)) && t.b.Extend(t.next) {
		s := side{t.b.Label(), target, t.cc, t.marks}
		t.brCond(s.label, c)
		t.sides = append(t.sides, s)
		return
	}
	t.sync()
	taken := t.b.Label()
	t.brCond(taken, c)
	t.b.GotoTB(0, t.next)
	t.b.Place(taken)
	t.goTo(1, target)
}

// goTo ends the block by a branch to an address known now.
func (t *translator) goTo(slot uint8, to uint64) {
	t.checkTarget(ir.K(to))
	t.jump(slot, to)
}

// userTop is the first address above those that a program has. What lies there
// is hardly ever the target of a branch.
const userTop = 1 << 47

// checkTarget raises #GP for an address that is not canonical, or beyond the
// limit of CS. It comes before the branch has changed a register (SDM vol. 2A, JMP).
func (t *translator) checkTarget(to ir.Val) {
	switch {
	case t.bits == 64 && (t.in.OpSize < 8 || to.IsConst() && canonical(to.K)), t.bits != 64 && !t.checks(regs.CS):
		return
	case t.bits == 64 && !to.IsConst():
		ok := t.b.Label()
		t.b.BrCond(ok, ir.LtU, ir.I64, to.R, ir.K(userTop))
		t.b.CallTo(ir.None, hTarget, to.R)
		t.b.Place(ok)
	default:
		t.b.CallTo(ir.None, hTarget, t.b.Word(to))
	}
}

// checkFetch raises #GP for an instruction that reaches over the limit of CS.
func (t *translator) checkFetch() {
	if t.checks(regs.CS) {
		t.b.CallTo(ir.None, hTarget, t.b.Word(ir.K(t.pc+uint64(t.in.Len)-1)))
	}
}

func trJcc(t *translator) {
	t.branch(t.condition(t.in.Opcode&15), t.in.Target(t.pc, t.arg(0)))
}

func trJmp(t *translator) {
	a := t.arg(0)
	if a.Kind == dec.RelArg {
		t.goTo(0, t.in.Target(t.pc, a))
		return
	}
	to := t.codeAddress(t.word(a))
	t.checkTarget(ir.W(to))
	t.jumpTo(to)
}

// codeAddress cuts a jump target to the operand size.
func (t *translator) codeAddress(v ir.Ref) ir.Ref {
	n := t.in.OpSize
	if n == 8 {
		return v
	}
	return t.b.Ext(ir.ZExt, ir.I64, ir.IntType(int(n)), v)
}

func trCall(t *translator) {
	a := t.arg(0)
	n := t.in.OpSize
	if a.Kind == dec.RelArg {
		to := t.in.Target(t.pc, a)
		t.pushReturn(n, ir.K(to))
		t.jump(0, to)
		return
	}
	to := t.codeAddress(t.keep(ir.W(t.word(a)), regs.RSP).R)
	t.pushReturn(n, ir.W(to))
	t.jumpTo(to)
}

// pushReturn stores the return address before it looks at the target, as CPUs do,
// and moves the stack pointer after that.
func (t *translator) pushReturn(n uint8, to ir.Val) {
	t.b.St(ir.IntType(int(n)), t.stackAt(-int64(n)), t.b.Word(ir.K(t.next)))
	t.checkTarget(to)
	t.moveStack(-int64(n))
}

func trRet(t *translator) {
	n := t.in.OpSize
	to := t.top(n, 0)
	t.checkTarget(ir.W(to))
	down := int64(n)
	if t.in.N == 1 {
		down += t.arg(0).Imm & 0xffff
	}
	t.moveStack(down)
	t.jumpTo(to)
}

// counter is rCX cut to the address size.
func (t *translator) counter() ir.Ref {
	return t.b.Word(t.extended(ir.ZExt, t.in.AddrSize, ir.W(regs.RCX)))
}

func trJcxz(t *translator) {
	t.branch(test{ir.Eq, ir.I64, t.counter(), ir.K(0)}, t.in.Target(t.pc, t.arg(0)))
}

// trLoop counts rCX down; loope and loopne also look at ZF.
func trLoop(t *translator) {
	n := t.in.AddrSize
	var z ir.Ref
	name := t.in.Row.Name
	if name != "loop" {
		c := t.condition(condE << 1)
		if name == "loopne" {
			c.cond = c.cond.Not()
		}
		z = t.b.SetCond(c.cond, c.typ, c.a, c.b)
	}
	r := t.b.Op2(ir.Sub, opType(n), regs.RCX, ir.K(1))
	t.putReg(uint8(regs.RCX), n, r)
	v := t.b.Word(t.extended(ir.ZExt, n, ir.W(r)))
	if name != "loop" {
		more := t.b.SetCond(ir.Ne, ir.I64, v, ir.K(0))
		v = t.b.Op2(ir.And, ir.I64, more, ir.W(z))
	}
	t.branch(test{ir.Ne, ir.I64, v, ir.K(0)}, t.in.Target(t.pc, t.arg(0)))
}

// trSyscall leaves the return address and RFLAGS where the CPU puts them. On
// CPUs of the vendor that our CPUID names it exists in 64-bit code only.
func trSyscall(t *translator) {
	if t.bits != 64 {
		t.undefined()
		return
	}
	t.b.MovTo(regs.R11, ir.I64, ir.W(t.rflags()))
	t.b.MovTo(regs.RCX, ir.I64, ir.K(t.next))
	t.systemCall(regs.GateSyscall)
}

func trSysenter(t *translator) { t.systemCall(regs.GateSysenter) }

func (t *translator) systemCall(gate vcpu.Gate) {
	t.sync()
	t.b.Emit(ir.Insn{Op: ir.ExitTB, Aux: uint8(ir.ExitSyscall), Sub: uint8(gate), Imm: t.next})
	t.done = true
}

// rflags is the whole of RFLAGS in a new word. DF is 1 or -1.
func (t *translator) rflags() ir.Ref {
	f := t.b.Op2(ir.And, ir.I64, regs.DF, ir.K(regs.DFBit))
	t.b.Op2To(f, ir.Or, ir.I64, f, ir.W(t.flags()))
	t.b.Op2To(f, ir.Or, ir.I64, f, ir.W(regs.EFL))
	t.b.Op2To(f, ir.Or, ir.I64, f, ir.K(regs.FlagsFixed))
	return f
}

// trap is an instruction whose exception leaves the state behind it.
func trap(vec uint8) trFunc {
	return func(t *translator) { t.raise(guest.Exception{Vector: vec, Next: true}) }
}

// trInt: programs may call vectors 3, 4 and the system call gate; the others
// are #GP with the vector as code (SDM vol. 2A, INT n).
func trInt(t *translator) {
	switch n := uint8(t.arg(0).Imm); n {
	case 0x80:
		t.systemCall(regs.GateInt80)
	case regs.VecBP, regs.VecOF:
		t.raise(guest.Exception{Vector: n, Next: true})
	default:
		t.raise(guest.Exception{Vector: regs.VecGP, HasCode: true, Code: uint32(n)<<3 | 2})
	}
}

func trInto(t *translator) {
	c := t.condition(condO<<1 | 1)
	t.sync()
	ok := t.b.Label()
	t.brCond(ok, c)
	t.raiseHere(guest.Exception{Vector: regs.VecOF, Next: true})
	t.b.Place(ok)
}
