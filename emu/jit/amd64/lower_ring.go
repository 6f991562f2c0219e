package amd64

import (
	"panda/emu/ir"
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
	addr := noReg
	if e.addr != ir.None && e.ring.Fields&vcpu.FieldAddr != 0 {
		addr = l.toReg(e.addr)
	}
	r, t := l.alloc(), l.alloc()
	l.flags = fact{}
	l.movImm(r, ringAt(e.ring))
	l.load(8, t, at(r, ringNext))
	l.aluM(aluCmp, 8, t, at(r, ringLast))
	full := l.around(guard{from: l.pc, to: l.pc + 1, insn: l.insn}, l.jcc(ccE))
	l.aluMI(aluAdd, 8, at(r, ringNext), recordSize)
	if addr != noReg {
		l.store(8, at(t, recordAddr), addr)
	}
	if value {
		l.moveTo(r, e.value)
		l.cut(r, e.size)
		l.store(8, at(t, recordValue), r)
	}
	l.recordRest(&e, t, r, value)
	full.resume = l.pos()
}

// emitRecord is record where the operands are at home and the scratch registers
// are free.
func (l *lower) emitRecord(i *ir.Insn, insn int) {
	e := l.eventOf(i)
	f := e.ring.Fields
	r, t := scratch[0], scratch[1]
	l.movImm(r, ringAt(e.ring))
	l.load(8, t, at(r, ringNext))
	l.aluM(aluCmp, 8, t, at(r, ringLast))
	full := l.jcc(ccE)
	l.aluMI(aluAdd, 8, at(r, ringNext), recordSize)
	if e.addr != ir.None && f&vcpu.FieldAddr != 0 {
		l.loadWord(r, e.addr)
		l.store(8, at(t, recordAddr), r)
	}
	value := f&vcpu.FieldValue != 0 && e.value != ir.None
	if value {
		l.loadWord(r, e.value)
		l.cut(r, e.size)
		l.store(8, at(t, recordValue), r)
	}
	l.recordRest(&e, t, r, value)
	done := l.jmp()
	l.patch(full, l.pos())
	l.operate(i, insn)
	l.patch(done, l.pos())
}

// loadWord loads a word that is pinned or at home.
func (l *lower) loadWord(r Reg, w ir.Ref) {
	if l.pinned(w) {
		l.mov(8, r, l.t.pin[w])
		return
	}
	l.load(8, r, home(w))
}

// recordRest fills what is known without the operands. Register r is free.
func (l *lower) recordRest(e *event, t, r Reg, value bool) {
	f := e.ring.Fields
	m := &l.u.TB.Marks[e.insn]
	if f&vcpu.FieldPC != 0 {
		l.storeConst(at(t, recordPC), m.PC)
	}
	if f&vcpu.FieldSize != 0 {
		l.storeImm(4, at(t, recordBytes), int32(e.size))
	}
	if f&vcpu.FieldValue != 0 && !value {
		l.storeImm(8, at(t, recordValue), 0)
	}
	if f&vcpu.FieldIcount != 0 { // Left is without the whole block
		l.load(8, r, atDeadline)
		l.alu(aluSub, 8, r, leftReg)
		l.aluI(aluSub, 8, r, int32(len(l.u.TB.Marks)-e.insn))
		l.store(8, at(t, recordIcount), r)
	}
	if f&vcpu.FieldThread != 0 {
		l.load(8, r, atMachine)
		l.load(4, r, at(r, machineThread))
		l.store(4, at(t, recordThread), r)
	}
}

// cut clears what lies above n bytes of a register.
func (l *lower) cut(r Reg, n int) {
	switch n {
	case 1:
		l.extend(opMovzx8, 4, r, r)
	case 2:
		l.extend(opMovzx16, 4, r, r)
	case 4:
		l.mov(4, r, r)
	}
}
