package system

import "panda/emu/arch/x86/regs"

// Jump is a far JMP to an offset in what a selector names; it gives the new instruction
// pointer. next is that of the next instruction (SDM vol. 2A, JMP).
func (s *CPU) Jump(sel uint16, off, next uint64) uint64 {
	defer s.changed()
	if !s.segmented() {
		return s.enterReal(sel, off)
	}
	s.protect(!null(sel))
	e := s.find(regs.VecGP, sel)
	if e.Code() {
		return s.enterCode(s.direct(sel, &e), off)
	}
	g := s.gate(sel, &e)
	if g.task {
		return s.leaveTask(g, byJump, next)
	}
	cs, to := s.throughGate(g)
	if !to.Conforms() && to.DPL() != s.cpl() {
		s.raise(regs.VecGP, code(g.sel))
	}
	return s.enterCode(cs(s.cpl()), g.off)
}

// leaveTask switches to the task of a gate; the present one goes on at the next
// instruction.
func (s *CPU) leaveTask(g gate, how switching, next uint64) uint64 {
	s.c.W[regs.RIP] = next
	return s.switchTask(g.sel, g.tss, how, regs.RFlags(&s.c.W), nil)
}

// enterReal goes to an address of real or virtual-8086 mode.
func (s *CPU) enterReal(sel uint16, off uint64) uint64 {
	v := s.realCode(sel)
	s.protect(off <= v.limit)
	s.set(regs.CS, v)
	return off
}

// realCode is CS in these modes.
func (s *CPU) realCode(sel uint16) segment {
	v := s.segment(regs.CS)
	v.sel, v.base = sel, uint64(sel)<<4
	if s.v86() {
		v.limit, v.attr = 0xffff, attrV86
	} else { // it may be stored to, and be as large as it was
		v.attr = v.attr&regs.AttrB | attrReal
	}
	return v
}

// enterCode goes to an offset in a code segment.
func (s *CPU) enterCode(cs segment, off uint64) uint64 {
	off = s.target(cs, off)
	s.set(regs.CS, cs)
	return off
}

// direct is the code segment of a selector that a far JMP or CALL names itself.
func (s *CPU) direct(sel uint16, e *entry) segment {
	cpl := s.cpl()
	allowed := e.DPL() <= cpl
	if !e.Conforms() {
		allowed = rpl(sel) <= cpl && e.DPL() == cpl
	}
	if !allowed || s.both(e) {
		s.raise(regs.VecGP, code(sel))
	}
	if !e.Present() {
		s.raise(regs.VecNP, code(sel))
	}
	return s.codeSegment(sel, e, cpl)
}

// gate is what a far JMP or CALL goes through.
type gate struct {
	task   bool
	sel    uint16 // of the code, or the task
	tss    *entry
	off    uint64
	size   int // of what is pushed
	params int
}

// gate is the gate of a selector, or the TSS.
func (s *CPU) gate(sel uint16, e *entry) gate {
	typ := e.Type()
	call := typ == typeCall32 || typ == typeCall16 && !s.long()
	task := typ == typeTask && !s.long()
	tss := (typ == typeTSS16 || typ == typeTSS32) && !s.long()
	if e.Segment() || !call && !task && !tss || e.DPL() < max(s.cpl(), rpl(sel)) {
		s.raise(regs.VecGP, code(sel))
	}
	if s.long() {
		s.wide(regs.VecGP, sel, e)
	}
	if !e.Present() {
		s.raise(regs.VecNP, code(sel))
	}
	switch {
	case tss:
		return gate{task: true, sel: sel, tss: e}
	case task:
		to := uint16(e.Descriptor >> 16)
		return gate{task: true, sel: to, tss: s.taskOf(regs.VecGP, to)}
	}
	return s.callGate(e)
}

func (s *CPU) callGate(e *entry) gate {
	d := uint64(e.Descriptor)
	g := gate{sel: uint16(d >> 16), off: d&0xffff | d>>32&0xffff0000, size: 4, params: int(d >> 32 & 31)}
	switch {
	case s.long():
		g.off |= e.high << 32
		g.size, g.params = 8, 0
	case e.Type() == typeCall16:
		g.off, g.size = g.off&0xffff, 2
	}
	return g
}

// throughGate is the code that a call gate leads to, as a segment for a privilege.
func (s *CPU) throughGate(g gate) (cs func(cpl uint64) segment, e entry) {
	if null(g.sel) {
		s.raise(regs.VecGP, 0)
	}
	e = s.find(regs.VecGP, g.sel)
	bad := s.long() && e.Attr()&(regs.AttrL|regs.AttrB) != regs.AttrL
	if !e.Code() || e.DPL() > s.cpl() || bad {
		s.raise(regs.VecGP, code(g.sel))
	}
	if !e.Present() {
		s.raise(regs.VecNP, code(g.sel))
	}
	return func(cpl uint64) segment { return s.codeSegment(g.sel, &e, cpl) }, e
}

// Call is a far CALL, which pushes the address of the next instruction (SDM vol. 2A, CALL).
func (s *CPU) Call(sel uint16, off uint64, size int, next uint64) uint64 {
	defer s.changed()
	k := s.stack(size)
	if !s.segmented() {
		v := s.realCode(sel)
		s.protect(off <= v.limit)
		s.pushReturn(k, next)
		s.set(regs.CS, v)
		return off
	}
	s.protect(!null(sel))
	e := s.find(regs.VecGP, sel)
	if e.Code() {
		cs := s.direct(sel, &e)
		off = s.target(cs, off)
		s.pushReturn(k, next)
		s.set(regs.CS, cs)
		return off
	}
	g := s.gate(sel, &e)
	if g.task {
		return s.leaveTask(g, byCall, next)
	}
	return s.callThrough(g, next)
}

func (s *CPU) pushReturn(k *stack, next uint64) {
	k.push(s.c.W[regs.Sel+regs.CS], next)
	k.commit()
	s.c.W[regs.RSP] = k.pointer()
}

// callThrough calls through a gate: to more privilege there is another stack.
func (s *CPU) callThrough(g gate, next uint64) uint64 {
	cs, e := s.throughGate(g)
	if e.Conforms() || e.DPL() == s.cpl() {
		to := cs(s.cpl())
		s.target(to, g.off)
		k := s.stack(g.size)
		k.flat = s.long()
		s.pushReturn(k, next)
		s.set(regs.CS, to)
		return g.off
	}
	to := cs(e.DPL())
	s.target(to, g.off)
	k := s.innerStack(e.DPL(), 0, g.size, g.sel)
	old := s.stack(g.size)
	k.push(uint64(old.seg.sel), s.c.W[regs.RSP])
	for n := g.params - 1; n >= 0; n-- {
		k.push(old.word(n))
	}
	k.push(s.c.W[regs.Sel+regs.CS], next)
	k.commit()
	s.set(regs.SS, k.seg)
	s.c.W[regs.RSP] = k.pointer()
	s.set(regs.CS, to)
	return g.off
}

// innerStack is the stack that the task has for a privilege, or in IA-32e mode also the one
// of a number in its interrupt stack table (SDM vol. 3A 5.8.5 and 6.14.5).
func (s *CPU) innerStack(cpl, ist uint64, size int, sel uint16) *stack {
	by := s.rules(cpl, s.on(regs.EFL, regs.AC))
	if s.long() {
		at := 4 + 8*cpl
		if ist != 0 {
			at = 28 + 8*ist
		}
		sp := s.taskWord(at, 8)
		if !canonical(sp) {
			s.raise(regs.VecSS, 0)
		}
		return s.stackIn(segment{sel: uint16(cpl), attr: cpl << 13}, sp, size, true, by)
	}
	var sp, ss uint64
	if s.tr.attr>>8&15&^typeBusy == typeTSS32 {
		sp, ss = s.taskWord(4+8*cpl, 4), s.taskWord(8+8*cpl, 2)
	} else {
		sp, ss = s.taskWord(2+4*cpl, 2), s.taskWord(4+4*cpl, 2)
	}
	if null(uint16(ss)) {
		s.raise(regs.VecTS, code(uint16(ss)))
	}
	seg := s.stackSegment(regs.VecTS, uint16(ss), cpl)
	k := s.stackIn(seg, sp, size, false, by)
	k.code = code(uint16(ss))
	return k
}

// taskWord reads n bytes of the present TSS.
func (s *CPU) taskWord(off uint64, n int) uint64 {
	if off+uint64(n)-1 > s.tr.limit {
		s.raise(regs.VecTS, code(s.tr.sel))
	}
	return s.load(s.implicit(), s.tr.base+off, n)
}

// Return is a far RET that drops some bytes of parameters (SDM vol. 2B, RET).
func (s *CPU) Return(size int, params uint64) uint64 {
	defer s.changed()
	k := s.stack(size)
	off, sel := k.pop(), uint16(k.pop())
	if !s.segmented() {
		v := s.realCode(sel)
		s.protect(off <= v.limit)
		s.set(regs.CS, v)
		k.move(int(params))
		s.c.W[regs.RSP] = k.pointer()
		return off
	}
	cs := s.returnCode(sel)
	off = s.target(cs, off)
	k.move(int(params))
	if rpl(sel) == s.cpl() {
		s.c.W[regs.RSP] = k.pointer()
		s.set(regs.CS, cs)
		return off
	}
	sp := k.word(0)
	ss := s.outerStack(uint16(k.word(1)), cs)
	s.set(regs.CS, cs)
	s.set(regs.SS, ss)
	k = s.stackIn(ss, sp, size, cs.attr&regs.AttrL != 0, 0)
	k.move(int(params))
	s.c.W[regs.RSP] = k.pointer()
	s.outward(rpl(sel))
	return off
}

// returnCode is the code segment that a far RET or IRET goes to.
func (s *CPU) returnCode(sel uint16) segment {
	s.protect(!null(sel))
	e := s.find(regs.VecGP, sel)
	allowed := e.Code() && rpl(sel) >= s.cpl()
	if e.Conforms() {
		allowed = allowed && e.DPL() <= rpl(sel)
	} else {
		allowed = allowed && e.DPL() == rpl(sel)
	}
	if !allowed || s.both(&e) {
		s.raise(regs.VecGP, code(sel))
	}
	if !e.Present() {
		s.raise(regs.VecNP, code(sel))
	}
	return s.codeSegment(sel, &e, rpl(sel))
}

// outerStack is the stack segment of code that a return goes to, which has less privilege.
// It may be null for 64-bit code with some.
func (s *CPU) outerStack(sel uint16, cs segment) segment {
	cpl := uint64(cs.sel & 3)
	if null(sel) && s.long() && cs.attr&regs.AttrL != 0 && cpl != 3 && rpl(sel) == cpl {
		return segment{sel: sel, attr: cpl << 13}
	}
	if null(sel) {
		s.raise(regs.VecGP, 0)
	}
	return s.stackSegment(regs.VecGP, sel, cpl)
}
