package amd64

import (
	"panda/emu/ir"
	"panda/emu/jit/amd64/asm"
	"panda/emu/vcpu"
)

// event is what a record of a batch tells of.
type event struct {
	ring       *vcpu.Ring
	insn, size int // size of an access or a block
	addr       ir.Ref
	value      ir.Ref // None for 0
	checked    bool   // it is in the ring's bounds
}

// eventOf is the event of a probe whose site has a ring.
func (l *lower) eventOf(i *ir.Insn) event {
	if i.Op == ir.Probe {
		s := &l.u.TB.Sites[i.Imm]
		e := event{s.Ring, s.Insn, 0, ir.None, ir.None, false}
		if s.Rank == vcpu.RankBlock {
			e.size = l.u.TB.Size
		}
		return e
	}
	s := &l.u.TB.MemSites[i.Imm]
	return event{s.Ring, s.Insn, s.Size, i.A, i.B, s.Checked}
}

// canRecord reports whether the code can put an event into its ring: not where
// what comes next is another block, whose pc and number only the CPU knows, and
// not when the filter has bounds.
func (l *lower) canRecord(i *ir.Insn) bool {
	e := l.eventOf(i)
	return e.ring != nil && e.insn < len(l.u.TB.Marks) && (e.checked || e.ring.Lo == 0 && e.ring.Hi == 0)
}

// record puts an event into the ring of its batch. A ring that has room for one
// more, and one that is not to be filled, is left to the interpreter's operation.
func (l *lower) record(i *ir.Insn) {
	e := l.eventOf(i)
	value := e.ring.Fields&vcpu.FieldValue != 0 && e.value != ir.None
	if value && l.vecs.n != 0 {
		l.vecHome(e.value, 1)
	}
	addr := asm.NoReg
	if e.addr != ir.None && e.ring.Fields&vcpu.FieldAddr != 0 {
		addr = l.toReg(e.addr)
	}
	r, t := l.alloc(), l.alloc()
	l.flags = fact{}
	l.MovImm(r, ringAt(e.ring))
	l.Load(8, t, asm.At(r, ringNext))
	l.AluM(asm.AluCmp, 8, t, asm.At(r, ringLast))
	full := l.around(guard{from: l.pc, to: l.pc + 1, insn: l.insn}, l.Jcc(asm.CcE))
	l.AluMI(asm.AluAdd, 8, asm.At(r, ringNext), recordSize)
	if addr != asm.NoReg {
		l.Store(8, asm.At(t, recordAddr), addr)
	}
	if value {
		l.moveTo(r, e.value)
		l.cut(r, e.size)
		l.Store(8, asm.At(t, recordValue), r)
	}
	l.recordRest(&e, t, r, value)
	full.resume = l.Pos()
}

// emitRecord is record where the operands are at home and the scratch registers
// are free.
func (l *lower) emitRecord(i *ir.Insn, insn int) {
	e := l.eventOf(i)
	f := e.ring.Fields
	r, t := scratch[0], scratch[1]
	l.MovImm(r, ringAt(e.ring))
	l.Load(8, t, asm.At(r, ringNext))
	l.AluM(asm.AluCmp, 8, t, asm.At(r, ringLast))
	full := l.Jcc(asm.CcE)
	l.AluMI(asm.AluAdd, 8, asm.At(r, ringNext), recordSize)
	if e.addr != ir.None && f&vcpu.FieldAddr != 0 {
		l.loadWord(r, e.addr)
		l.Store(8, asm.At(t, recordAddr), r)
	}
	value := f&vcpu.FieldValue != 0 && e.value != ir.None
	if value {
		l.loadWord(r, e.value)
		l.cut(r, e.size)
		l.Store(8, asm.At(t, recordValue), r)
	}
	l.recordRest(&e, t, r, value)
	done := l.Jmp()
	l.Patch(full, l.Pos())
	l.operate(i, insn)
	l.Patch(done, l.Pos())
}

// loadWord loads a word that is pinned or at home.
func (l *lower) loadWord(r asm.Reg, w ir.Ref) {
	if l.pinned(w) {
		l.Mov(8, r, l.t.pin[w])
		return
	}
	l.Load(8, r, home(w))
}

// recordRest fills what is known without the operands. Register r is free.
func (l *lower) recordRest(e *event, t, r asm.Reg, value bool) {
	f := e.ring.Fields
	m := &l.u.TB.Marks[e.insn]
	if f&vcpu.FieldPC != 0 {
		l.storeConst(asm.At(t, recordPC), m.PC)
	}
	if f&vcpu.FieldSize != 0 {
		l.StoreImm(4, asm.At(t, recordBytes), int32(e.size))
	}
	if f&vcpu.FieldValue != 0 && !value {
		l.StoreImm(8, asm.At(t, recordValue), 0)
	}
	if f&vcpu.FieldIcount != 0 { // Left is without the whole block
		l.Load(8, r, atDeadline)
		l.Alu(asm.AluSub, 8, r, leftReg)
		l.AluI(asm.AluSub, 8, r, int32(len(l.u.TB.Marks)-e.insn))
		l.Store(8, asm.At(t, recordIcount), r)
	}
	if f&vcpu.FieldThread != 0 {
		l.Load(8, r, atMachine)
		l.Load(4, r, asm.At(r, machineThread))
		l.Store(4, asm.At(t, recordThread), r)
	}
}

// cut clears what lies above n bytes of a register.
func (l *lower) cut(r asm.Reg, n int) {
	switch n {
	case 1:
		l.extend(asm.OpMovzx8, 4, r, r)
	case 2:
		l.extend(asm.OpMovzx16, 4, r, r)
	case 4:
		l.Mov(4, r, r)
	}
}
