package system

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
)

// EnterFlat puts the CPU into protected mode with flat segments of 32 bits out of a table of
// descriptors, without interrupts, as boot loaders hand over to a kernel. rSI is its
// argument.
func (s *CPU) EnterFlat(table, limit uint64, cs, ds uint16, pc guest.Addr, arg uint64) {
	w := &s.c.W
	s.gdt.base, s.gdt.limit = table, limit
	w[regs.CR0] = regs.CR0PE | regs.CR0ET
	for seg := range ir.Ref(6) {
		sel := ds
		if seg == regs.CS {
			sel = cs
		}
		e := s.find(regs.VecGP, sel)
		s.set(seg, segmentOf(sel, e.Descriptor))
	}
	clear(w[:regs.RIP])
	w[regs.RSI] = arg
	s.c.GoTo(pc)
	s.changed()
}

// EnterReal has the CPU go on at an address of real mode, as firmware jumps to what it has
// loaded.
func (s *CPU) EnterReal(sel uint16, off uint64) {
	s.set(regs.CS, s.realCode(sel))
	s.c.GoTo(guest.Addr(off))
	s.changed()
}
