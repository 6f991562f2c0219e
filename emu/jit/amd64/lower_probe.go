package amd64

import (
	"panda/emu/ir"
	"panda/emu/jit"
	"panda/emu/jit/amd64/asm"
	"panda/emu/vcpu"
)

// Callbacks. The function of a site that has one is called by the assembly code that
// entered machine code: the code returns there with a vcpu.Call, and is entered again
// (enter/entry_amd64.s). The interpreter's operation does all else: sites without
// a vcpu.Call, those that have fired already before a stop, functions that send the
// guest elsewhere.

// callReg is the register with the *vcpu.Call.
const callReg = asm.R10

// lowProbe puts a site.
func lowProbe(l *lower, i *ir.Insn) {
	s := &l.u.TB.Sites[i.Imm]
	switch {
	case s.Ring != nil && l.canRecord(i):
		l.record(i)
	case s.Stop:
		l.stopSite()
	case s.Call == nil || s.Insn >= len(l.u.TB.Marks):
		lowOperate(l, i)
	default:
		l.countNow()
		l.flush(true)
		l.call(i, s.Call, s.Insn)
	}
}

// lowProbeMem puts a site at an access.
func lowProbeMem(l *lower, i *ir.Insn) {
	s := &l.u.TB.MemSites[i.Imm]
	switch {
	case s.Ring != nil && l.canRecord(i):
		l.record(i)
	case s.Call == nil:
		lowOperate(l, i)
	default:
		l.countNow()
		l.flush(true)
		l.showAccess(i, s)
		l.call(i, s.Call, s.Insn)
	}
}

// showAccess makes the CPU show an access as the interpreter's operation does.
func (l *lower) showAccess(i *ir.Insn, s *vcpu.MemSite) {
	l.Store(8, atAccAddr, l.toReg(i.A))
	l.storeConst(atAccPC, l.u.TB.Marks[s.Insn].PC)
	l.StoreImm(8, atAccSize, int32(s.Size))
	r := l.alloc()
	data, buf := atAccData, atAccBuf
	l.Lea(8, r, data)
	l.Store(8, buf, r)
	for _, n := range []int{s.Size, accessRoom} {
		buf.Disp += 8
		l.StoreImm(8, buf, int32(n))
	}
	for w := range ir.Ref(words(s)) {
		if i.B == ir.None {
			l.StoreImm(8, data, 0)
		} else {
			l.Load(8, r, home(i.B+w))
			l.Store(8, data, r)
		}
		data.Disp += 8
	}
	if s.Call.Takes = 0; i.B != ir.None && s.Before == s.Write {
		s.Call.Value, s.Call.Takes = i.B, s.Size
	}
}

// accessRoom is how many bytes an access can have.
const accessRoom = 32

func words(s *vcpu.MemSite) int { return (s.Size + 7) / 8 }

// call leaves for a function to be called with the state before an instruction.
// All slots are at home.
func (l *lower) call(i *ir.Insn, c *vcpu.Call, insn int) {
	tb, a := l.u.TB, l.t.arch
	m := &tb.Marks[insn]
	l.storeConst(home(a.PC), m.PC)
	switch {
	case m.State != a.Dynamic:
		l.storeConst(home(a.Static), m.State)
	case c.Of != nil:
		l.Load(8, callReg, home(a.Static))
		l.Store(8, atBefore, callReg)
	}
	l.StoreImm(8, atInsn, int32(insn))
	out := l.t.call
	if l.tidy {
		l.goHome()
		out = l.t.callAgain
	} else {
		l.MovImm(callReg, tbAt(tb))
		l.Store(8, atTB, callReg)
	}
	c.TB, c.Insn = tb, insn
	op := l.single(i, insn)
	n := len(l.u.Sites)
	whole := jit.Site{Kind: jit.Operate, Op: op, Insn: uint16(insn)}
	wants := jit.Site{Kind: jit.Called}
	c.Exit, c.Wants = uintptr(l.site(whole)), uintptr(l.site(wants))
	l.MovImm(callReg, callAt(c))
	l.patchTo(l.Jmp(), out)
	at := l.u.Origin + uint32(l.Pos())
	c.Resume, l.u.Sites[n].Resume = l.t.arena+uintptr(at), at
	l.cameBack(i)
	l.wants(c, m)
}

// wants leaves the code if the called function has changed something that Go must act
// on: the pc, the static word, or the value that is stored.
func (l *lower) wants(c *vcpu.Call, m *ir.Mark) {
	a := l.t.arch
	l.unless(home(a.PC), m.PC)
	switch {
	case c.Takes > 0:
		r, value, data := l.alloc(), home(c.Value), atAccData
		for range (c.Takes + 7) / 8 {
			l.Load(8, r, value)
			l.AluM(asm.AluCmp, 8, r, data)
			l.leaveIf(asm.CcNE, jit.Site{Kind: jit.Called}, asm.NoReg)
			value.Disp += 8
			data.Disp += 8
		}
	case c.Of == nil:
	case m.State != a.Dynamic:
		l.unless(home(a.Static), m.State)
	default:
		r := l.alloc()
		l.Load(8, r, atBefore)
		l.AluM(asm.AluCmp, 8, r, home(a.Static))
		l.leaveIf(asm.CcNE, jit.Site{Kind: jit.Called}, asm.NoReg)
	}
	l.locked = 0
}

// unless leaves for what a called function wants unless a word has a value.
func (l *lower) unless(m asm.Mem, k uint64) {
	if k == uint64(int64(int32(k))) {
		l.AluMI(asm.AluCmp, 8, m, int32(k))
	} else {
		r := l.alloc()
		l.MovImm(r, k)
		l.AluM(asm.AluCmp, 8, r, m)
	}
	l.leaveIf(asm.CcNE, jit.Site{Kind: jit.Called}, asm.NoReg)
}

// stopSite looks whether somebody wants the block to be left. If so, the
// interpreter's operation finds out whether that is to be here and now; mostly it
// is not, and the block continues.
func (l *lower) stopSite() {
	l.flags = fact{}
	l.AluMI(asm.AluCmp, 4, atStop, 0)
	l.around(guard{from: l.pc, to: l.pc + 1, insn: l.insn}, l.Jcc(asm.CcNE))
}

// apart reports whether cold code can do an operation that a condition chooses, and
// then return to a block that still has slots in registers: the operation changes no
// slot, or leaves if it does.
func (l *lower) apart(i *ir.Insn) bool {
	switch i.Op {
	case ir.Count:
		return true
	case ir.Probe:
		return l.u.TB.Sites[i.Imm].Insn < len(l.u.TB.Marks)
	case ir.ProbeMem:
		return l.canRecord(i)
	}
	return false
}

// emitProbe puts a site into cold code. All slots are at home, and the scratch registers
// are free.
func (l *lower) emitProbe(i *ir.Insn, insn int) {
	if s := l.eventOf(i); s.ring != nil && l.canRecord(i) {
		l.emitRecord(i, insn)
		return
	}
	n := len(l.u.Sites)
	kind := jit.Operate
	if i.Op == ir.Probe && !l.u.TB.Sites[i.Imm].Stop {
		kind = jit.Aside
	}
	l.exit(jit.Site{Kind: kind, Op: l.single(i, insn), Insn: uint16(insn), Probe: uint32(i.Imm)})
	l.u.Sites[n].Resume = l.u.Origin + uint32(l.Pos())
}
