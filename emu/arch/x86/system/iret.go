package system

import "panda/emu/arch/x86/regs"

// Iret is IRET with words of a size: it gives the new instruction pointer. next is that of
// the next instruction, at which a task goes on that returns to another (SDM vol. 2A, IRET).
func (s *CPU) Iret(size int, next uint64) uint64 {
	defer s.changed()
	to := s.iret(size, next)
	s.inNMI = false
	return to
}

func (s *CPU) iret(size int, next uint64) uint64 {
	switch {
	case !s.protected():
		return s.iretReal(size, ^uint64(0))
	case s.v86():
		s.protect(s.iopl() == 3)
		return s.iretReal(size, ^uint64(regs.IOPL))
	case s.on(regs.EFL, regs.NT):
		s.protect(!s.long())
		return s.iretTask(next)
	}
	return s.iretProtected(size)
}

// realFlags are the flags that IRET loads at full privilege, besides VM.
const realFlags = regs.Arith | regs.TF | regs.IF | regs.DFBit | regs.IOPL | regs.NT | regs.RF | regs.AC | regs.ID

// loadFlags loads the flags of a mask. Words of 2 bytes leave the upper ones.
func (s *CPU) loadFlags(v, mask uint64, size int) {
	if size == 2 {
		mask &= 0xffff
	}
	s.setFlags(regs.RFlags(&s.c.W)&^mask | v&mask)
}

// setFlags sets all flags. RF belongs to the instruction that comes next: see debug.
func (s *CPU) setFlags(v uint64) {
	if v&regs.RF != 0 {
		s.debug.resume = s.next()
	}
	regs.SetRFlags(&s.c.W, v&^regs.RF)
}

func (s *CPU) iretReal(size int, mask uint64) uint64 {
	k := s.stack(size)
	off, sel, flags := k.pop(), uint16(k.pop()), k.pop()
	v := s.realCode(sel)
	s.protect(off <= v.limit)
	s.set(regs.CS, v)
	s.c.W[regs.RSP] = k.pointer()
	s.loadFlags(flags, realFlags&mask, size)
	return off
}

// iretFlags are the flags that code of a privilege may load.
func (s *CPU) iretFlags(cpl uint64) uint64 {
	mask := uint64(realFlags) &^ (regs.IF | regs.IOPL)
	if cpl <= s.iopl() {
		mask |= regs.IF
	}
	if cpl == 0 {
		mask |= regs.IOPL | regs.VIF | regs.VIP
	}
	return mask
}

func (s *CPU) iretProtected(size int) uint64 {
	k := s.stack(size)
	off, sel, flags := k.pop(), uint16(k.pop()), k.pop()
	cpl := s.cpl()
	if flags&regs.VM != 0 && cpl == 0 && size == 4 && !s.long() {
		return s.iretV86(k, off, sel, flags)
	}
	cs := s.returnCode(sel)
	off = s.target(cs, off)
	mask := s.iretFlags(cpl)
	outer := rpl(sel) > cpl
	if outer || s.bits() == 64 {
		sp, ss := k.pop(), uint16(k.pop())
		seg := s.outerStack(ss, cs)
		s.set(regs.CS, cs)
		s.set(regs.SS, seg)
		s.c.W[regs.RSP] = s.stackIn(seg, sp, 8, cs.attr&regs.AttrL != 0, 0).pointer()
	} else {
		s.set(regs.CS, cs)
		s.c.W[regs.RSP] = k.pointer()
	}
	s.loadFlags(flags, mask, size)
	if outer {
		s.outward(rpl(sel))
	}
	return off
}

// iretV86 goes to virtual-8086 mode.
func (s *CPU) iretV86(k *stack, off uint64, sel uint16, flags uint64) uint64 {
	sp, ss := k.pop(), k.pop()
	es, ds, fs, gs := k.pop(), k.pop(), k.pop(), k.pop()
	w := &s.c.W
	s.setFlags(flags & (realFlags | regs.VM | regs.VIF | regs.VIP))
	for seg, sel := range [6]uint64{regs.ES: es, regs.CS: uint64(sel), regs.SS: ss, regs.DS: ds, regs.FS: fs, regs.GS: gs} {
		s.setV86(seg, uint16(sel))
	}
	w[regs.RSP] = sp
	return off & 0xffff
}
