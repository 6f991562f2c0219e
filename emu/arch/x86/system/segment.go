package system

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
)

// Attributes of what has no descriptor, and the types of system segments and gates
// (SDM vol. 3A table 3-2).
const (
	attrReal  = regs.AttrPresent | 0x1300 // data that may be written, accessed
	attrV86   = attrReal | 3<<13
	attrLDT   = regs.AttrPresent | typeLDT<<8
	attrTSS32 = regs.AttrPresent | typeTSS32<<8
	attrBusy  = 2 << 8

	typeTSS16  = 1
	typeLDT    = 2
	typeCall16 = 4
	typeTask   = 5
	typeInt16  = 6
	typeTrap16 = 7
	typeTSS32  = 9
	typeCall32 = 12
	typeInt32  = 14
	typeTrap32 = 15
	typeBusy   = 2 // added to a TSS
)

// segment is a segment register.
func (s *CPU) segment(seg ir.Ref) segment {
	w := &s.c.W
	return segment{uint16(w[regs.Sel+seg]), w[regs.Base+seg], w[regs.Limit+seg], w[regs.Attr+seg]}
}

func (s *CPU) set(seg ir.Ref, v segment) {
	w := &s.c.W
	w[regs.Sel+seg], w[regs.Base+seg], w[regs.Limit+seg], w[regs.Attr+seg] = uint64(v.sel), v.base, v.limit, v.attr
}

// segmentOf is what is cached of a descriptor.
func segmentOf(sel uint16, d regs.Descriptor) segment {
	return segment{sel, d.Base(), d.Limit(), d.Attr()}
}

// entry is a descriptor with its place. High is the second half of one of 16 bytes.
type entry struct {
	regs.Descriptor
	at   uint64
	high uint64
}

// base is the address of a system segment's first byte.
func (e *entry) base() uint64 { return e.Base() | e.high&0xffffffff<<32 }

// rpl is the privilege that a selector asks for.
func rpl(sel uint16) uint64 { return uint64(sel & 3) }

// null says of a selector that it names nothing.
func null(sel uint16) bool { return sel&^3 == 0 }

// code is a selector as an error code.
func code(sel uint16) uint64 { return uint64(sel &^ 3) }

// place is where the descriptor of a selector lies, and whether n bytes of it do.
func (s *CPU) place(sel uint16, n uint64) (at uint64, ok bool) {
	t := s.gdt
	if sel&4 != 0 {
		t = table{s.ldt.base, s.ldt.limit}
		if null(s.ldt.sel) {
			return 0, false
		}
	}
	off := uint64(sel &^ 7)
	return t.base + off, off+n-1 <= t.limit
}

// find is the descriptor of a selector, or an exception with the selector as its code.
func (s *CPU) find(vec uint8, sel uint16) entry {
	at, ok := s.place(sel, 8)
	if !ok {
		s.raise(vec, code(sel))
	}
	return entry{Descriptor: regs.Descriptor(s.load(s.implicit(), at, 8)), at: at}
}

// wide reads the second half of a descriptor of 16 bytes, whose type must be 0.
func (s *CPU) wide(vec uint8, sel uint16, e *entry) {
	if _, ok := s.place(sel, 16); !ok {
		s.raise(vec, code(sel))
	}
	if e.high = s.load(s.implicit(), e.at+8, 8); e.high>>40&0x1f != 0 {
		s.raise(vec, code(sel))
	}
}

// accessed notes in the table that a segment has been loaded.
func (s *CPU) accessed(e *entry) {
	if !e.Accessed() {
		e.Descriptor = e.Access()
		s.store(s.implicit(), e.at+5, 1, uint64(e.Descriptor>>40&0xff))
	}
}

// Load loads a segment register that is not CS (SDM vol. 2B, MOV).
func (s *CPU) Load(seg ir.Ref, sel uint16) {
	if !s.segmented() {
		s.loadReal(seg, sel)
	} else {
		s.set(seg, s.dataSegment(regs.VecGP, seg, sel, s.cpl()))
	}
	s.changed()
	if seg == regs.SS {
		s.hold()
	}
}

// loadReal keeps what is cached besides the base, in real mode.
func (s *CPU) loadReal(seg ir.Ref, sel uint16) {
	v := s.segment(seg)
	v.sel, v.base = sel, uint64(sel)<<4
	if s.v86() {
		v.limit, v.attr = 0xffff, attrV86
	}
	s.set(seg, v)
}

// dataSegment is what a selector means for a register that is not CS, and code of a privilege.
func (s *CPU) dataSegment(vec uint8, seg ir.Ref, sel uint16, cpl uint64) segment {
	if seg == regs.SS {
		return s.stackSegment(vec, sel, cpl)
	}
	if null(sel) {
		return segment{sel: sel}
	}
	e := s.find(vec, sel)
	readable := e.Data() || e.Code() && e.Readable()
	low := (e.Data() || !e.Conforms()) && e.DPL() < max(cpl, rpl(sel))
	if !readable || low {
		s.raise(vec, code(sel))
	}
	if !e.Present() {
		s.raise(regs.VecNP, code(sel))
	}
	s.accessed(&e)
	return segmentOf(sel, e.Descriptor)
}

// stackSegment is the same for SS, which may be null for code of 64 bits with privileges.
func (s *CPU) stackSegment(vec uint8, sel uint16, cpl uint64) segment {
	if null(sel) {
		if s.bits() != 64 || cpl == 3 || rpl(sel) != cpl {
			s.raise(vec, 0)
		}
		return segment{sel: sel, attr: cpl << 13}
	}
	e := s.find(vec, sel)
	if rpl(sel) != cpl || e.DPL() != cpl || !e.Data() || !e.Writable() {
		s.raise(vec, code(sel))
	}
	if !e.Present() {
		s.raise(regs.VecSS, code(sel))
	}
	s.accessed(&e)
	return segmentOf(sel, e.Descriptor)
}

// codeSegment is that of a descriptor, for code of a privilege. Outside IA-32e mode there is
// no code of 64 bits.
func (s *CPU) codeSegment(sel uint16, e *entry, cpl uint64) segment {
	s.accessed(e)
	v := segmentOf(sel&^3|uint16(cpl), e.Descriptor)
	if !s.long() {
		v.attr &^= regs.AttrL
	}
	return v
}

// both says of a code segment that it claims to have 64 and 32 bits.
func (s *CPU) both(e *entry) bool {
	return s.long() && e.Attr()&(regs.AttrL|regs.AttrB) == regs.AttrL|regs.AttrB
}

// target is an offset as a code segment takes it, or #GP(0) if it does not have it.
func (s *CPU) target(cs segment, off uint64) uint64 {
	if cs.attr&regs.AttrL != 0 {
		s.protect(canonical(off))
		return off
	}
	off = uint64(uint32(off))
	s.protect(off <= cs.limit)
	return off
}

// outward drops the data segments that code of less privilege must not have (SDM vol. 2B,
// RET).
func (s *CPU) outward(cpl uint64) {
	for _, seg := range []ir.Ref{regs.ES, regs.DS, regs.FS, regs.GS} {
		v := s.segment(seg)
		conforming := v.attr&(regs.AttrCode|regs.AttrDown) == regs.AttrCode|regs.AttrDown
		if !null(v.sel) && v.attr>>13&3 < cpl && !conforming {
			s.set(seg, segment{base: v.base})
		}
	}
}

// LoadTable is LGDT and LIDT; StoreTable gives what SGDT and SIDT store.
func (s *CPU) LoadTable(idt bool, base, limit uint64) {
	s.Supervisor()
	if s.bits() == 64 {
		s.protect(canonical(base))
	}
	*s.table(idt) = table{base, limit & 0xffff}
}

// StoreTable gives a descriptor table's place.
func (s *CPU) StoreTable(idt bool) (base, limit uint64) {
	s.umip()
	t := s.table(idt)
	return t.base, t.limit
}

func (s *CPU) table(idt bool) *table {
	if idt {
		return &s.idt
	}
	return &s.gdt
}

// Segmented raises #UD where selectors name no descriptors.
func (s *CPU) Segmented() { s.undefined(s.segmented()) }

// umip raises #GP(0) where programs must not know where the tables are.
func (s *CPU) umip() { s.protect(s.cpl() == 0 || !s.on(regs.CR4, regs.CR4UMIP)) }

// LocalTable and Task are what SLDT and STR store.
func (s *CPU) LocalTable() uint64 { s.undefined(s.segmented()); s.umip(); return uint64(s.ldt.sel) }

// Task is the selector of the task register.
func (s *CPU) Task() uint64 { s.undefined(s.segmented()); s.umip(); return uint64(s.tr.sel) }

// LoadLocalTable is LLDT.
func (s *CPU) LoadLocalTable(sel uint16) {
	s.undefined(s.segmented())
	s.Supervisor()
	if null(sel) {
		s.ldt = segment{sel: sel}
		return
	}
	e := s.systemSegment(sel)
	if e.Segment() || e.Type() != typeLDT {
		s.raise(regs.VecGP, code(sel))
	}
	if !e.Present() {
		s.raise(regs.VecNP, code(sel))
	}
	s.ldt = segment{sel, e.base(), e.Limit(), e.Attr()}
}

// LoadTask is LTR.
func (s *CPU) LoadTask(sel uint16) {
	s.undefined(s.segmented())
	s.Supervisor()
	s.protect(!null(sel))
	e := s.systemSegment(sel)
	free := e.Type() == typeTSS32 || e.Type() == typeTSS16 && !s.long()
	if e.Segment() || !free {
		s.raise(regs.VecGP, code(sel))
	}
	if !e.Present() {
		s.raise(regs.VecNP, code(sel))
	}
	s.busy(&e, true)
	s.tr = segment{sel, e.base(), e.Limit(), e.Attr()}
}

// systemSegment is the descriptor of a system segment, which lies in the GDT.
func (s *CPU) systemSegment(sel uint16) entry {
	if sel&4 != 0 {
		s.raise(regs.VecGP, code(sel))
	}
	e := s.find(regs.VecGP, sel)
	if s.long() {
		s.wide(regs.VecGP, sel, &e)
	}
	return e
}

// busy marks a TSS in its descriptor.
func (s *CPU) busy(e *entry, busy bool) {
	e.Descriptor &^= typeBusy << 40
	if busy {
		e.Descriptor |= typeBusy << 40
	}
	s.store(s.implicit(), e.at+5, 1, uint64(e.Descriptor>>40&0xff))
}

// The system segments that may be asked about: bit n is type n.
const (
	askRights     = 1<<typeTSS16 | 1<<(typeTSS16|typeBusy) | 1<<typeTSS32 | 1<<(typeTSS32|typeBusy) | 1<<typeLDT | 1<<typeCall16 | 1<<typeCall32 | 1<<typeTask
	askLimit      = askRights &^ (1<<typeCall16 | 1<<typeCall32 | 1<<typeTask)
	askRightsLong = 1<<typeLDT | 1<<typeTSS32 | 1<<(typeTSS32|typeBusy) | 1<<typeCall32
)

// Question is what LAR, LSL, VERR or VERW ask about a selector.
type Question int

// The questions.
const (
	Rights Question = iota
	Limit
	Read
	Write
)

// Ask answers a question; ok is false where there is no answer, or it is no (SDM vol. 2A,
// LAR).
func (s *CPU) Ask(what Question, sel uint16) (answer uint64, ok bool) {
	s.undefined(s.segmented())
	at, ok := s.place(sel, 8)
	if !ok || null(sel) {
		return 0, false
	}
	d := regs.Descriptor(s.load(s.implicit(), at, 8))
	if !(d.Code() && d.Conforms()) && d.DPL() < max(s.cpl(), rpl(sel)) {
		return 0, false
	}
	switch what {
	case Rights:
		return uint64(d>>32) & 0x00f0ff00, s.answers(d, askRights)
	case Limit:
		return d.Limit(), s.answers(d, askLimit)
	case Read:
		return 0, d.Segment() && d.Readable()
	}
	return 0, d.Segment() && d.Writable()
}

// answers says of a descriptor that it is a segment of programs, or of some types.
func (s *CPU) answers(d regs.Descriptor, types uint64) bool {
	if s.long() {
		types &= askRightsLong
	}
	return d.Segment() || types>>d.Type()&1 != 0
}
