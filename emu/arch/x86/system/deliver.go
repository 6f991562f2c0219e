package system

import (
	"errors"

	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
)

// Deliver has the guest handle an exception or an interrupt, which may end in another one.
// ended says that the CPU has shut down: there was an exception at a time when not even
// the one for double faults could be delivered (SDM vol. 3A 6.15).
func (s *CPU) Deliver(x guest.Exception) (ended bool) {
	defer s.changed()
	s.debugState(&x)
	if x.Vector == regs.VecXM && x.Asked == 0 && !x.External && !s.on(regs.CR4, regs.CR4OSXMMEXCPT) {
		x = guest.Exception{Vector: regs.VecUD}
	}
	for {
		y := s.attempt(&x)
		if y == nil {
			return false
		}
		if x.Asked > 0 { // the instruction has not been done
			s.c.W[regs.RIP] -= uint64(x.Asked)
		}
		if y.HasCode && y.Vector != regs.VecPF && (x.Asked == 0 || x.Own && x.Vector == regs.VecDB) {
			y.Code |= 1 // EXT
		}
		next, shut := combined(&x, y)
		if shut {
			return true
		}
		x = next
	}
}

// attempt delivers an exception, or gives the one that came of it.
func (s *CPU) attempt(x *guest.Exception) (y *guest.Exception) {
	return s.caught(func() {
		switch {
		case !s.protected():
			s.deliverReal(x)
		case s.long():
			s.deliverLong(x)
		default:
			s.deliverProtected(x)
		}
	})
}

// caught is the exception that doing something led to, nil if there is none.
func (s *CPU) caught(do func()) (y *guest.Exception) {
	defer func() {
		r := recover()
		err, isError := r.(error)
		var fault *guest.MemFault
		switch e, ok := r.(*guest.Exception); {
		case r == nil:
		case ok:
			y = e
		case isError && errors.As(err, &fault):
			z := s.PageFault(fault, 0)
			y = &z
		default:
			panic(r)
		}
	}()
	do()
	return nil
}

// PageFault is #PF; more are bits of its code. An address that no CPU has is #GP.
func (s *CPU) PageFault(f *guest.MemFault, more uint32) guest.Exception {
	if s.long() && !canonical(uint64(f.Addr)) {
		return guest.Exception{Vector: regs.VecGP, HasCode: true}
	}
	s.c.W[regs.CR2] = uint64(f.Addr)
	return guest.Exception{Vector: regs.VecPF, HasCode: true, Code: f.Code | more, Addr: f.Addr}
}

// contributory are the exceptions two of which are a double fault (SDM vol. 3A table 6-5).
const contributory = 1<<regs.VecDE | 1<<regs.VecTS | 1<<regs.VecNP | 1<<regs.VecSS | 1<<regs.VecGP

// combined is what the second exception, which came when the first was delivered, makes
// of both; shut says that the CPU gives up.
func combined(x, y *guest.Exception) (next guest.Exception, shut bool) {
	first := func(set uint64) bool { return x.Asked == 0 && !x.External && x.Vector < 32 && set>>x.Vector&1 != 0 }
	second := func(set uint64) bool { return y.Vector < 32 && set>>y.Vector&1 != 0 }
	switch {
	case first(1<<regs.VecDF) && second(contributory|1<<regs.VecPF):
		return *y, true
	case first(contributory) && second(contributory), first(1<<regs.VecPF) && second(contributory|1<<regs.VecPF):
		return guest.Exception{Vector: regs.VecDF, HasCode: true}, false
	}
	return *y, false
}

// faultFlags are the flags that a handler returns with: after a fault, no breakpoint at the
// instruction is to stop it again (SDM vol. 3B 17.3.1.1).
func (s *CPU) faultFlags(x *guest.Exception) uint64 {
	f := regs.RFlags(&s.c.W)
	fault := !x.Next && !x.External && x.Asked == 0 && x.Vector != regs.VecDB
	if fault || s.resuming() {
		f |= regs.RF
	}
	return f
}

// enterHandler clears flags as a gate asks for it.
func (s *CPU) enterHandler(clear uint64) {
	regs.SetRFlags(&s.c.W, regs.RFlags(&s.c.W)&^(clear|regs.TF|regs.RF))
}

// deliverReal goes through the table of vectors of real mode (SDM vol. 3B 20.1.4).
func (s *CPU) deliverReal(x *guest.Exception) {
	at := uint64(x.Vector) * 4
	if at+3 > s.idt.limit {
		s.raise(regs.VecGP, uint64(x.Vector)<<3|2)
	}
	to := s.load(s.implicit(), s.idt.base+at, 4)
	k := s.stack(2)
	k.push(s.faultFlags(x)&^regs.RF, s.c.W[regs.Sel+regs.CS], s.c.W[regs.RIP])
	k.commit()
	s.c.W[regs.RSP] = k.pointer()
	s.set(regs.CS, s.realCode(uint16(to>>16)))
	s.goTo(to & 0xffff)
	s.enterHandler(regs.IF | regs.AC)
}

func (s *CPU) goTo(pc uint64) { s.c.GoTo(guest.Addr(pc)) }

// handler is a gate of the IDT.
type handler struct {
	entry
	code  uint64 // the vector as an error code
	size  int
	ist   uint64
	clear uint64 // flags
}

// handler is the gate of an exception.
func (s *CPU) handler(x *guest.Exception) handler {
	h := handler{code: uint64(x.Vector)<<3 | 2, size: 4, clear: regs.NT | regs.VM}
	at, n := uint64(x.Vector)*8, 8
	if s.long() {
		at, n = 2*at, 16
	}
	if at+uint64(n)-1 > s.idt.limit {
		s.raise(regs.VecGP, h.code)
	}
	h.at = s.idt.base + at
	h.Descriptor = regs.Descriptor(s.load(s.implicit(), h.at, 8))
	if s.long() {
		h.high, h.size, h.ist = s.load(s.implicit(), h.at+8, 8), 8, uint64(h.Descriptor>>32&7)
	}
	s.checkHandler(x, &h)
	return h
}

func (s *CPU) checkHandler(x *guest.Exception, h *handler) {
	typ := h.Type()
	ok := typ == typeInt32 || typ == typeTrap32
	if !s.long() {
		ok = ok || typ == typeInt16 || typ == typeTrap16 || typ == typeTask
		if typ == typeInt16 || typ == typeTrap16 {
			h.size = 2
		}
	}
	if h.Segment() || !ok || x.Asked > 0 && !(x.Own && x.Vector == regs.VecDB) && h.DPL() < s.cpl() {
		s.raise(regs.VecGP, h.code)
	}
	if !h.Present() {
		s.raise(regs.VecNP, h.code)
	}
	if typ == typeInt32 || typ == typeInt16 {
		h.clear |= regs.IF
	}
}

// selector and offset are where a gate leads.
func (h *handler) selector() uint16 { return uint16(h.Descriptor >> 16) }

func (h *handler) offset() uint64 {
	d := uint64(h.Descriptor)
	off := d&0xffff | d>>32&0xffff0000
	switch h.size {
	case 8:
		return off | h.high<<32
	case 2:
		return off & 0xffff
	}
	return off
}

// handlerCode is the code segment of a handler.
func (s *CPU) handlerCode(h *handler) entry {
	sel := h.selector()
	if null(sel) {
		s.raise(regs.VecGP, 0)
	}
	e := s.find(regs.VecGP, sel)
	bad := s.long() && e.Attr()&(regs.AttrL|regs.AttrB) != regs.AttrL
	if !e.Code() || e.DPL() > s.cpl() || bad {
		s.raise(regs.VecGP, code(sel))
	}
	if !e.Present() {
		s.raise(regs.VecNP, code(sel))
	}
	return e
}

// deliverLong goes through a gate of IA-32e mode (SDM vol. 3A 6.14).
func (s *CPU) deliverLong(x *guest.Exception) {
	h := s.handler(x)
	e := s.handlerCode(&h)
	w := &s.c.W
	cpl := s.cpl()
	inner := !e.Conforms() && e.DPL() < cpl
	if !e.Conforms() {
		cpl = e.DPL()
	}
	var k *stack
	if inner || h.ist != 0 {
		k = s.innerStack(cpl, h.ist, 8, h.selector())
	} else {
		k = s.stackIn(s.segment(regs.SS), w[regs.RSP], 8, true, s.rules(cpl, s.on(regs.EFL, regs.AC)))
	}
	k.sp &^= 15
	k.push(w[regs.Sel+regs.SS], w[regs.RSP], s.faultFlags(x), w[regs.Sel+regs.CS], w[regs.RIP])
	if x.HasCode {
		k.push(uint64(x.Code))
	}
	cs := s.codeSegment(h.selector(), &e, cpl)
	s.target(cs, h.offset())
	k.commit()
	if inner {
		s.set(regs.SS, k.seg)
	}
	w[regs.RSP] = k.sp
	s.set(regs.CS, cs)
	s.goTo(h.offset())
	s.enterHandler(h.clear)
}

// deliverProtected goes through a gate of protected mode (SDM vol. 3A 6.12).
func (s *CPU) deliverProtected(x *guest.Exception) {
	if x.Asked > 0 && !x.Own && s.v86() {
		s.protect(s.iopl() == 3)
	}
	h := s.handler(x)
	if h.Type() == typeTask {
		s.taskGate(x, &h)
		return
	}
	e := s.handlerCode(&h)
	v86 := s.v86()
	if v86 && (e.Conforms() || e.DPL() != 0) {
		s.raise(regs.VecGP, code(h.selector()))
	}
	w := &s.c.W
	k, cpl := s.stack(h.size), s.cpl()
	inner := !e.Conforms() && e.DPL() < cpl
	if inner {
		cpl = e.DPL()
		k = s.innerStack(cpl, 0, h.size, h.selector())
		if v86 {
			k.push(w[regs.Sel+regs.GS], w[regs.Sel+regs.FS], w[regs.Sel+regs.DS], w[regs.Sel+regs.ES])
		}
		k.push(w[regs.Sel+regs.SS], w[regs.RSP])
	}
	k.push(s.faultFlags(x), w[regs.Sel+regs.CS], w[regs.RIP])
	if x.HasCode {
		k.push(uint64(x.Code))
	}
	cs := s.codeSegment(h.selector(), &e, cpl)
	s.target(cs, h.offset())
	k.commit()
	if v86 {
		for _, seg := range []ir.Ref{regs.ES, regs.DS, regs.FS, regs.GS} {
			s.set(seg, segment{})
		}
	}
	if inner {
		s.set(regs.SS, k.seg)
	}
	w[regs.RSP] = k.pointer()
	s.set(regs.CS, cs)
	s.goTo(h.offset())
	s.enterHandler(h.clear)
}

// taskGate switches to the task of a gate.
func (s *CPU) taskGate(x *guest.Exception, h *handler) {
	sel := h.selector()
	var code *uint64
	if x.HasCode {
		v := uint64(x.Code)
		code = &v
	}
	s.goTo(s.switchTask(sel, s.taskOf(regs.VecGP, sel), byInterrupt, s.faultFlags(x), code))
}
