package system

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
)

// The flat segments that fast transfers load, whatever their descriptors say.
const (
	flatCode = regs.AttrPresent | 0x1b00 | 1<<23
	flatData = regs.AttrPresent | 0x1300 | 1<<23 | regs.AttrB
)

// flat loads CS and SS with flat segments of a privilege and a width.
func (s *CPU) flat(cs, ss uint16, cpl uint64, long bool) {
	attr := uint64(flatCode | cpl<<13)
	if long {
		attr |= regs.AttrL
	} else {
		attr |= regs.AttrB
	}
	s.set(regs.CS, segment{cs, 0, 0xffffffff, attr})
	s.set(regs.SS, segment{ss, 0, 0xffffffff, flatData | cpl<<13})
}

// Syscall is SYSCALL; next is the next instruction (SDM vol. 2B).
func (s *CPU) Syscall(next uint64) uint64 {
	w, m := &s.c.W, &s.state.msr
	s.undefined(s.on(regs.EFER, regs.EFERSCE) && s.bits() == 64)
	flags := regs.RFlags(w)
	w[regs.RCX], w[regs.R11] = next, flags&^regs.RF
	regs.SetRFlags(w, flags&^(m.fmask|regs.RF))
	sel := uint16(m.star >> 32)
	s.flat(sel&^3, (sel+8)&^3, 0, true)
	s.stepped()
	s.changed()
	return m.lstar
}

// Sysret is SYSRET; size is that of the operand.
func (s *CPU) Sysret(size int) uint64 {
	w, m := &s.c.W, &s.state.msr
	s.undefined(s.on(regs.EFER, regs.EFERSCE) && s.bits() == 64)
	s.Supervisor()
	to, sel := w[regs.RCX], uint16(m.star>>48)
	if size == 8 {
		s.protect(canonical(to))
		s.flat((sel+16)|3, (sel+8)|3, 3, true)
	} else {
		to = uint64(uint32(to))
		s.flat(sel|3, (sel+8)|3, 3, false)
	}
	const keep = regs.RF | regs.VM
	regs.SetRFlags(w, w[regs.R11]&(realFlags&^keep|regs.VIF|regs.VIP))
	s.stepped()
	s.changed()
	return to
}

// Sysenter is SYSENTER, and Sysexit SYSEXIT.
func (s *CPU) Sysenter() uint64 {
	w, m := &s.c.W, &s.state.msr
	s.protect(s.protected() && m.sysenter[0]&0xfffc != 0)
	sel := uint16(m.sysenter[0]) &^ 3
	regs.SetRFlags(w, regs.RFlags(w)&^(regs.VM|regs.IF|regs.RF))
	s.flat(sel, sel+8, 0, s.long())
	w[regs.RSP] = m.sysenter[1]
	to := m.sysenter[2]
	if !s.long() {
		w[regs.RSP], to = uint64(uint32(w[regs.RSP])), uint64(uint32(to))
	}
	s.changed()
	return to
}

// Sysexit returns from there; size is that of the operand.
func (s *CPU) Sysexit(size int) uint64 {
	w, m := &s.c.W, &s.state.msr
	s.protect(s.protected() && m.sysenter[0]&0xfffc != 0 && s.cpl() == 0)
	sel := uint16(m.sysenter[0]) | 3
	to, sp := w[regs.RDX], w[regs.RCX]
	if size == 8 {
		s.protect(canonical(to) && canonical(sp))
		s.flat(sel+32, sel+40, 3, true)
	} else {
		to, sp = uint64(uint32(to)), uint64(uint32(sp))
		s.flat(sel+16, sel+24, 3, false)
	}
	w[regs.RSP] = sp
	s.changed()
	return to
}

// SwapGS is SWAPGS.
func (s *CPU) SwapGS() {
	s.Supervisor()
	base := &s.c.W[regs.Base+ir.Ref(regs.GS)]
	*base, s.state.msr.kernelGS = s.state.msr.kernelGS, *base
}
