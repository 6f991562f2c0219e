package amd64

import (
	"fmt"

	"panda/emu/ir"
	"panda/emu/jit"
	"panda/emu/jit/amd64/asm"
)

// lower is the state of compiling one block.
type lower struct {
	asm.Writer
	work
	cursor
	frame
	vecs vecs
	x87  segment
	turns
	owed
	liveness
	branches
	rare
}

// work is what is compiled, and for whom.
type work struct {
	t    *Target
	u    *jit.Unit
	b    *ir.Block
	base ir.Ref // first temporary
}

// cursor is how far the lowering is.
type cursor struct {
	insn    int  // guest instruction
	pc      int  // index of the operation
	done    int  // index of one that has been done with another, or -1
	skipTo  int  // operations before this one are written elsewhere
	skip    bool // the code here is not reached
	hasCond bool // pending counts
	pending byte // condition of a comparison that the next operation takes over
}

// branches are the jumps within the block, and those out of it that can be linked.
type branches struct {
	labels   []label
	backward []jump // by operation instead of place
	jumps    []jump
	jumpAt   [256]int32 // position of the jump of each chain slot
}

// label is a place within the block.
type label struct {
	op   int // index of its SetLabel
	pos  int // in the code, once known
	refs int // jumps to it
}

// jump is a displacement to be set when its label is known.
type jump struct{ place, label int }

// lowerFuncs are the functions for the operations; lowOperate leaves one to the
// interpreter. Those without machine code, as marks, are dealt with before.
var lowerFuncs = [ir.NumOps]func(l *lower, i *ir.Insn){
	ir.Unset: lowUnset, ir.Mov: lowMov,
	ir.Add: lowAdd, ir.Sub: lowSub, ir.And: lowLogic(asm.AluAnd), ir.Or: lowLogic(asm.AluOr), ir.Xor: lowLogic(asm.AluXor), ir.AndNot: lowAndNot,
	ir.Mul: lowMul, ir.MulHU: lowMulHU, ir.MulHS: lowMulHS,
	ir.Shl: lowShift(asm.ShiftShl, asm.Shlx), ir.Shr: lowShift(asm.ShiftShr, asm.Shrx), ir.Sar: lowShift(asm.ShiftSar, asm.Sarx),
	ir.Rotl: lowRotate(asm.ShiftRol), ir.Rotr: lowRotate(asm.ShiftRor),
	ir.Neg: lowUnary((*asm.Writer).Neg), ir.Not: lowUnary((*asm.Writer).Not), ir.Bswap: lowUnary((*asm.Writer).Bswap),
	ir.Clz: lowCount(asm.OpLzcnt), ir.Ctz: lowCount(asm.OpTzcnt), ir.Popcnt: lowCount(asm.OpPopcnt),
	ir.ZExt: lowZExt, ir.SExt: lowSExt, ir.Extract: lowExtract, ir.Deposit: lowDeposit,
	ir.SetCond: lowSetCond, ir.Select: lowSelect, ir.Lea: lowLea, ir.Ld: lowLd, ir.St: lowSt,
	ir.SetLabel: lowSetLabel, ir.Br: lowBr, ir.BrCond: lowBrCond,
	ir.GotoTB: lowGotoTB, ir.GotoPtr: lowGotoPtr, ir.ExitTB: lowExitTB,
	ir.Vec: lowVec, ir.Count: lowCountEvent,
	ir.Call: lowCall, ir.Flags: lowFlags,
	ir.DivU: lowDiv(false, false), ir.RemU: lowDiv(false, true), ir.DivS: lowDiv(true, false), ir.RemS: lowDiv(true, true),
	ir.Probe: lowProbe, ir.ProbeMem: lowProbeMem,
}

// Lower compiles a block.
func (t *Target) Lower(u *jit.Unit) error {
	l := &t.l
	l.begin(u, t)
	l.head()
	for again := true; again; {
		l.again = false
		if err := l.body(); err != nil {
			return err
		}
		again = l.again
	}
	u.Cold = len(l.Buf)
	l.emitColds()
	l.setJumps()
	u.Code = l.Buf
	return nil
}

// begin readies for a block.
func (l *lower) begin(u *jit.Unit, t *Target) {
	l.x87.on = false
	l.Buf, l.t, l.u, l.b, l.base, l.done = u.Code[:0], t, u, u.Block, t.base, -1
	l.insn, l.skip, l.hasCond, l.locked = 0, false, false, 0
	l.colds, l.jumps, l.away = l.colds[:0], l.jumps[:0], l.away[:0]
	l.due, l.own, l.coldDue = l.due[:0], l.own[:0], l.coldDue[:0]
	l.survey()
	l.loops = l.loops && l.canLoop()
	if l.u.TB != nil {
		l.u.TB.Loops = l.loops
	}
	l.round, l.copies = 0, 0
	l.reset()
}

// body writes the operations.
func (l *lower) body() error {
	l.skipTo = 0
	if l.x87.on { // in a loop
		_, l.x87.end = l.x87End(0)
	}
	for n := range l.b.Insns {
		i := &l.b.Insns[n]
		switch {
		case i.Op == ir.Nop || n < l.skipTo || n == l.done:
			continue
		case i.Op == ir.InsnMark:
			l.insn, l.own = int(i.Imm), l.own[:0]
			continue
		case l.skip && i.Op != ir.SetLabel:
			continue
		}
		l.pc = n
		if l.before(i) {
			continue
		}
		f := lowerFuncs[i.Op]
		if f == nil {
			return fmt.Errorf("jit: no code for %s", i.Op)
		}
		f(l, i)
		l.after(i)
		if l.again || l.closed {
			l.closed = false
			return nil
		}
	}
	return nil
}

// before ends what an operation may find no more: a segment of the x87, and the guest's
// floating-point environment if the operation names its word. The result true says that
// the operation is left to one that follows.
func (l *lower) before(i *ir.Insn) (left bool) {
	if l.x87.on && l.pc >= l.x87.end && !l.x87Turns(i) {
		l.x87Over()
	}
	if env := l.t.fpEnv; env != 0 && i.Op != ir.Vec && (i.A == env || i.B == env || i.C == env || i.D == env) {
		l.fpLeave()
	}
	l.x87Written(i)
	return l.x87.on && i.Op == ir.Ld && l.x87Fold(i)
}

// after frees what the operation has used.
func (l *lower) after(i *ir.Insn) {
	l.settle(i)
	l.tidy = l.tidy && i.Op != ir.Vec && i.Op != ir.Call && i.Type < ir.V128
	if l.slow != nil {
		l.comeBack()
	}
}

// setJumps makes the jumps within the code lead to their labels.
func (l *lower) setJumps() {
	for _, j := range l.jumps {
		l.Patch(j.place, l.labels[j.label].pos)
	}
}

// head takes the block's instructions from the budget and polls the stop word.
func (l *lower) head() {
	l.turn(-1)
}

// site adds an exit site and returns its number.
func (l *lower) site(s jit.Site) uint32 {
	s.Block = l.u.Number
	l.u.Sites = append(l.u.Sites, s)
	return l.u.FirstSite + uint32(len(l.u.Sites)) - 1
}

// exit leaves for Go, with the number of the site in exitReg.
func (l *lower) exit(s jit.Site) {
	l.MovImm(exitReg, uint64(l.site(s)))
	l.u.Relocs = append(l.u.Relocs, jit.ToSite(l.Pos()-4))
	l.leaveJump()
}

// exitReg says which exit is taken. What scratch registers hold has been stored.
const exitReg = asm.R11

// leaveJump jumps to the code that all exits share.
func (l *lower) leaveJump() { l.patchTo(l.Jmp(), l.t.leave) }

// patchTo makes a displacement lead to an offset of the arena.
func (l *lower) patchTo(place int, to uint32) {
	l.Patch(place, int(to)-int(l.u.Origin))
	l.u.Relocs = append(l.u.Relocs, jit.ToArena(place))
}

// fault notes the next instruction as one that may fault.
func (l *lower) fault(storing bool) {
	l.u.Faults = append(l.u.Faults, jit.Fault{
		Block: l.u.Number, Place: l.u.Origin + uint32(l.Pos()), State: l.snapshot(), Insn: uint16(l.insn), Storing: storing,
	})
}

// lowOperate leaves an operation to the interpreter.
func lowOperate(l *lower, i *ir.Insn) {
	l.countNow()
	l.flush(true)
	l.operate(i, l.insn)
	l.cameBack(i)
}

// cameBack forgets what other code may have changed that did an operation.
func (l *lower) cameBack(i *ir.Insn) {
	l.flags, l.fpOn = fact{}, false
	l.locked = 0
	pure := i.Op == ir.Vec || i.Op == ir.Call && l.b.Helpers[i.Imm].Pure
	l.forget(!pure)
	l.vecs.reset()
	l.wasHome()
	if i.Op.WritesD() && i.D != ir.None {
		for w := range ir.Ref(i.WordsD()) {
			l.gone(i.D + w)
		}
	}
	if i.EffectsVec() { // its flags
		l.gone(i.C)
	}
}

// gone forgets what is known of a word that other code has set at home.
func (l *lower) gone(w ir.Ref) {
	s := &l.words[w]
	if !l.pinned(w) {
		s.konst = false
	}
	s.num = 0
}
