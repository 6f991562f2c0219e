package x86

import (
	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// segTable holds segments: far pointers, far control transfer, and the
// instructions that ask about selectors and bounds.
var segTable = map[string]trFunc{
	"lds": trLoadFar(regs.DS), "les": trLoadFar(regs.ES), "lss": trLoadFar(regs.SS), "lfs": trLoadFar(regs.FS), "lgs": trLoadFar(regs.GS),
	"jmpf": trJmpFar, "callf": trCallFar, "retf": trRetFar, "iret": trIret,
	"lar": trSelector(askRights), "lsl": trSelector(askLimit), "verr": trVerify(askRead), "verw": trVerify(askWrite),
	"arpl": trArpl, "bound": trBound,
}

// farPointer is the offset, of the operand size, and the selector of a far
// pointer.
func (t *translator) farPointer() (off, sel ir.Ref) {
	a := t.arg(0)
	if t.in.N > 1 {
		a = t.arg(1)
	}
	n := t.in.OpSize
	if a.Kind == dec.FarArg {
		return t.b.Word(ir.K(uint64(a.Imm) & (1<<(8*n) - 1))), t.b.Word(ir.K(uint64(t.in.Sel)))
	}
	at := t.b.Temp()
	t.b.LeaTo(at, ir.I64, t.memory(a))
	off = t.b.Ld(ir.IntType(int(n)), ir.Address{Base: at, Index: ir.None})
	return off, t.b.Ld(ir.I16, ir.Address{Base: at, Index: ir.None, Disp: uint64(n)})
}

func trLoadFar(seg uint8) trFunc {
	return func(t *translator) {
		off, sel := t.farPointer()
		t.loadSegment(seg, sel)
		t.putReg(t.arg(0).Reg, t.in.OpSize, off)
	}
}

// trJmpFar loads CS. The helper makes the block's end pass through the run loop,
// which looks at the new mode.
func trJmpFar(t *translator) {
	off, sel := t.farPointer()
	t.jumpTo(t.b.Call(t.g.helpers.loadCode, sel, off))
}

// trCallFar stores before it loads CS, because that may fault, and before that
// looks whether it may.
func trCallFar(t *translator) {
	n := t.in.OpSize
	off, sel := t.farPointer()
	t.b.CallTo(ir.None, t.g.helpers.checkCode, sel)
	t.b.St(ir.IntType(int(n)), t.stackAt(-int64(n)), regs.Sel+regs.CS)
	t.b.St(ir.IntType(int(n)), t.stackAt(-2*int64(n)), t.b.Word(ir.K(t.next)))
	to := t.b.Call(t.g.helpers.loadCode, sel, off)
	t.moveStack(-2 * int64(n))
	t.jumpTo(to)
}

func trRetFar(t *translator) {
	n := t.in.OpSize
	off, sel := t.top(n, 0), t.top(n, int64(n))
	down := 2 * int64(n)
	if t.in.N == 1 {
		down += t.arg(0).Imm & 0xffff
	}
	to := t.b.Call(t.g.helpers.loadCode, sel, off)
	t.moveStack(down)
	t.jumpTo(to)
}

func trIret(t *translator) {
	n := t.in.OpSize
	a := t.stackAt(0)
	at := t.b.Temp()
	t.b.LeaTo(at, ir.I64, a)
	t.checkArea(a, 3*uint64(n), uint64(n), false)
	to := t.b.Call(t.g.helpers.iret, at, t.b.Word(ir.K(uint64(n))))
	if t.bits != 64 {
		t.moveStack(3 * int64(n))
	}
	t.cc = regs.CCFlags
	t.jumpTo(to)
}

// Questions about a selector.
const (
	askRights = iota
	askLimit
	askRead
	askWrite
)

// newSelector makes the helper that answers a question; bit 32 of the answer says that the selector is
// one that the program may ask about, or use so (SDM vol. 2A LAR, LSL, VERR).
func newSelector(env *regs.Environment) *ir.Helper {
	return &ir.Helper{Name: "selector", Reads: all, Fn: func(c *vcpu.CPU, what, sel, _ uint64) uint64 {
		const yes = 1 << 32
		d, ok := findDescriptor(env, c, uint16(sel))
		if !ok || !d.Asked() {
			return 0
		}
		switch what {
		case askRights:
			return yes | uint64(d>>32)&0xffff00
		case askLimit:
			return yes | d.Limit()
		case askRead:
			ok = d.Readable()
		case askWrite:
			ok = d.Writable()
		}
		if ok {
			return yes
		}
		return 0
	}}
}

// ask sets ZF to whether the answer is yes, and returns the answer and ZF as a
// word.
func (t *translator) ask(what uint64, a *dec.Arg) (answer, yes ir.Ref) {
	sel := t.b.Ext(ir.ZExt, ir.I64, ir.I16, t.word(a))
	answer = t.b.Call(t.g.helpers.selector, t.b.Word(ir.K(what)), sel)
	yes = t.b.Op2(ir.Shr, ir.I64, answer, ir.K(32))
	t.setZF(yes)
	return answer, yes
}

// setZF sets ZF to a word that is 0 or 1, and no other flag.
func (t *translator) setZF(yes ir.Ref) {
	f := t.editFlags()
	t.b.Op2To(f, ir.And, ir.I64, f, ir.K(regs.Arith&^regs.ZF))
	z := t.b.Op2(ir.Shl, ir.I64, yes, ir.K(6))
	t.b.Op2To(f, ir.Or, ir.I64, f, ir.W(z))
	t.setFlags(f)
}

// trSelector: the destination stays when the answer is no.
func trSelector(what uint64) trFunc {
	return func(t *translator) {
		d := t.arg(0)
		answer, yes := t.ask(what, t.arg(1))
		no := t.b.Label()
		t.b.BrCond(no, ir.Eq, ir.I64, yes, ir.K(0))
		t.put(d, t.b.Ext(ir.ZExt, ir.I64, ir.I32, answer))
		t.b.Place(no)
	}
}

func trVerify(what uint64) trFunc {
	return func(t *translator) { t.ask(what, t.arg(0)) }
}

// trArpl raises the privilege field of a selector to that of another. If there is
// nothing to raise, it writes nothing.
func trArpl(t *translator) {
	d := t.arg(0)
	v := t.b.Ext(ir.ZExt, ir.I64, ir.I16, t.word(d))
	have := t.b.Op2(ir.And, ir.I64, v, ir.K(3))
	want := t.b.Op2(ir.And, ir.I64, t.word(t.arg(1)), ir.K(3))
	less := t.b.SetCond(ir.LtU, ir.I64, have, ir.W(want))
	raised := t.b.Op2(ir.And, ir.I64, v, ir.K(^uint64(3)))
	t.b.Op2To(raised, ir.Or, ir.I64, raised, ir.W(want))
	same := t.b.Label()
	t.b.BrCond(same, ir.Eq, ir.I64, less, ir.K(0))
	t.put(d, raised)
	t.b.Place(same)
	t.setZF(less)
}

// trBound is #BR for an index below the first bound or above the second, which
// is looked at only if the first one allows the index.
func trBound(t *translator) {
	n := t.in.OpSize
	typ := ir.IntType(int(n))
	at := t.b.Temp()
	t.b.LeaTo(at, ir.I64, t.memory(t.arg(1)))
	bound := func(disp uint8) ir.Ref {
		return t.b.Ext(ir.SExt, ir.I64, typ, t.b.Ld(typ, ir.Address{Base: at, Index: ir.None, Disp: uint64(disp)}))
	}
	v := t.b.Ext(ir.SExt, ir.I64, typ, t.word(t.arg(0)))
	out, ok := t.b.Label(), t.b.Label()
	t.b.BrCond(out, ir.LtS, ir.I64, v, ir.W(bound(0)))
	t.b.BrCond(ok, ir.LeS, ir.I64, v, ir.W(bound(n)))
	t.b.Place(out)
	t.raiseHere(guest.Exception{Vector: regs.VecBR})
	t.b.Place(ok)
}
