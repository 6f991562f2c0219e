package system

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
)

// INTR is the pin of interrupts.
func (s *CPU) INTR(high bool) {
	s.intr = high
	if high {
		s.changed()
	}
}

// NMI is the pin of interrupts that cannot be masked, which wants an edge.
func (s *CPU) NMI() {
	s.nmi = true
	s.changed()
}

// hold has no interrupt taken before the next instruction is done.
func (s *CPU) hold() { s.shadow = s.c.Icount() + 2 }

// held reports whether the instruction to come is such a one.
func (s *CPU) held() bool { return s.shadow == s.c.Icount()+1 }

// Wakes reports whether there is what ends HLT.
func (s *CPU) Wakes() bool {
	return s.nmi && !s.inNMI || s.intr && s.on(regs.EFL, regs.IF) || s.trapped()
}

// Deaf reports whether no interrupt ends HLT but one that cannot be masked.
func (s *CPU) Deaf() bool { return !s.on(regs.EFL, regs.IF) }

// Attend says what is to be done before the next instruction: x is to be delivered if ok,
// or the instruction is to run alone.
func (s *CPU) Attend() (x guest.Exception, ok, alone bool) {
	switch {
	case s.late.on:
		return s.late.take(), true, false
	case !s.Wakes():
		return x, false, false
	case s.held():
		return x, false, true
	case s.trapped():
		return guest.Exception{Vector: regs.VecDB, Next: true}, true, false
	case s.nmi && !s.inNMI:
		s.nmi, s.inNMI = false, true
		return guest.Exception{Vector: regs.VecNMI, External: true}, true, false
	}
	vec, ok := s.bus.Acknowledge()
	return guest.Exception{Vector: vec, External: true}, ok, false
}

// Enable is STI, which takes effect after the next instruction, and Disable is CLI
// (SDM vol. 2B, STI).
func (s *CPU) Enable() {
	s.interruptFlag()
	if !s.on(regs.EFL, regs.IF) {
		s.c.W[regs.EFL] |= regs.IF
		s.hold()
	}
	s.enabled()
}

// enabled has an interrupt taken that has waited for a change of the flags.
func (s *CPU) enabled() {
	if s.Wakes() {
		s.changed()
	}
}

// Disable clears IF.
func (s *CPU) Disable() {
	s.interruptFlag()
	s.c.W[regs.EFL] &^= regs.IF
}

// interruptFlag raises #GP(0) for code that may not change IF.
func (s *CPU) interruptFlag() { s.protect(!s.protected() || s.cpl() <= s.iopl()) }

// PopFlags is POPF of a value.
func (s *CPU) PopFlags(v uint64, size int) {
	s.protect(!s.v86() || s.iopl() == 3)
	mask := uint64(realFlags) &^ regs.RF
	switch cpl := s.cpl(); {
	case s.v86(), cpl > 0 && cpl <= s.iopl():
		mask &^= regs.IOPL
	case cpl > s.iopl():
		mask &^= regs.IOPL | regs.IF
	}
	old := s.c.W[regs.EFL]
	s.loadFlags(v, mask, size)
	if (old^s.c.W[regs.EFL])&(regs.AC|regs.TF) != 0 {
		s.changed()
	}
	s.enabled()
}

// PushFlags raises the exception of PUSHF where it is one.
func (s *CPU) PushFlags() { s.protect(!s.v86() || s.iopl() == 3) }

// Halt is HLT. A single step ends it at once.
func (s *CPU) Halt() { s.Supervisor(); s.stepped() }
