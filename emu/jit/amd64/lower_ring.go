package amd64

import (
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// inRing are the fields of a record that the code stores itself.
const inRing = vcpu.FieldPC | vcpu.FieldAddr | vcpu.FieldSize | vcpu.FieldValue

// canRecord reports whether the code can put an event into its ring.
func (l *lower) canRecord(i *ir.Insn) bool {
	ring, insn, _ := l.ringOf(i)
	return ring != nil && insn < len(l.u.TB.Marks)
}

// record puts an event into the ring of its batch. A full ring is left to the
// interpreter's operation.
func (l *lower) record(i *ir.Insn) {
	ring, insn, size := l.ringOf(i)
	addr := noReg
	if i.Op == ir.ProbeMem {
		addr = l.toReg(i.A)
	}
	r, t := l.alloc(), l.alloc()
	l.flags = fact{}
	l.movImm(r, ringAt(ring))
	l.load(8, t, at(r, ringLive))
	l.rm(0x80, 1, aluCmp, at(t, 0))
	l.byte(0)
	dead := l.jcc(ccE)
	l.load(8, t, at(r, ringN))
	l.aluI(aluAdd, 8, t, 1)
	l.aluM(aluCmp, 8, t, at(r, ringLen))
	full := l.around(guard{from: l.pc, to: l.pc + 1, insn: l.insn}, l.jcc(ccE))
	l.store(8, at(r, ringN), t)
	l.lea(8, t, Mem{Base: t, Index: t, Scale: 2})
	l.shiftI(shiftShl, 8, t, 3)
	l.aluM(aluAdd, 8, t, at(r, ringBuf))
	if addr != noReg {
		l.store(8, at(t, recordAddr-recordSize), addr)
		l.storeImm(4, at(t, recordBytes-recordSize), int32(size))
	}
	l.movImm(r, l.u.TB.Marks[insn].PC)
	l.store(8, at(t, recordPC-recordSize), r)
	if i.Op == ir.ProbeMem && ring.Fields&vcpu.FieldValue != 0 {
		l.moveTo(r, i.B)
		l.cut(r, size)
		l.store(8, at(t, recordValue-recordSize), r)
	}
	l.patch(dead, l.pos())
	full.resume = l.pos()
}

// ringOf is the ring of a probe if the code can fill it, with the instruction
// and the size of the access.
func (l *lower) ringOf(i *ir.Insn) (ring *vcpu.Ring, insn, size int) {
	if i.Op == ir.Probe {
		s := &l.u.TB.Sites[i.Imm]
		if s.Ring == nil || s.Ring.Fields&^vcpu.FieldPC != 0 {
			return nil, 0, 0
		}
		return s.Ring, s.Insn, 0
	}
	s := &l.u.TB.MemSites[i.Imm]
	if s.Ring == nil || s.Ring.Fields&^inRing != 0 || s.Ring.Lo != 0 || s.Ring.Hi != 0 {
		return nil, 0, 0
	}
	if s.Ring.Fields&vcpu.FieldValue != 0 && (i.B == ir.None || l.vecs.n != 0 && l.words[i.B].reg == noReg) {
		return nil, 0, 0
	}
	return s.Ring, s.Insn, s.Size
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
