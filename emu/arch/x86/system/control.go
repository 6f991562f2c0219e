package system

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
)

// cr0Bits are the bits of CR0 that exist.
const cr0Bits = regs.CR0PE | regs.CR0MP | regs.CR0EM | regs.CR0TS | regs.CR0ET | regs.CR0NE | regs.CR0WP | regs.CR0AM |
	regs.CR0NW | regs.CR0CD | regs.CR0PG

// Control is MOV from a control register (SDM vol. 2B, MOV).
func (s *CPU) Control(n int) uint64 {
	s.controlRegister(n)
	switch n {
	case 0:
		return s.c.W[regs.CR0]
	case 2:
		return s.c.W[regs.CR2]
	case 3:
		return s.c.W[regs.CR3]
	case 4:
		return s.c.W[regs.CR4]
	}
	return s.bus.Priority()
}

// controlRegister raises #UD for a number that no register has, and #GP(0) for code without
// privileges.
func (s *CPU) controlRegister(n int) {
	s.undefined(n < 9 && 1<<n&0b1_0001_1101 != 0)
	s.Supervisor()
}

// SetControl is MOV to one.
func (s *CPU) SetControl(n int, v uint64) {
	s.controlRegister(n)
	defer s.changed()
	switch n {
	case 0:
		s.setCR0(v)
	case 2:
		s.c.W[regs.CR2] = v
	case 3:
		s.setCR3(v)
	case 4:
		s.setCR4(v)
	case 8:
		s.protect(v&^15 == 0)
		s.bus.SetPriority(v)
	}
}

// pagingBits are those of CR0 and CR4 that change what page tables mean without being part
// of a Root.
const (
	pagingBits0 = regs.CR0WP
	pagingBits4 = regs.CR4PSE | regs.CR4SMEP | regs.CR4SMAP | regs.CR4PGE
)

func (s *CPU) setCR0(v uint64) {
	w := &s.c.W
	if s.bits() == 64 {
		s.protect(v>>32 == 0)
	}
	v = v&cr0Bits | regs.CR0ET
	old := w[regs.CR0]
	s.protect(v&regs.CR0PG == 0 || v&regs.CR0PE != 0)
	s.protect(v&regs.CR0NW == 0 || v&regs.CR0CD != 0)
	s.protect(v&regs.CR0PG != 0 || s.bits() != 64)
	s.protect(v&regs.CR0PG != 0 || !s.on(regs.CR4, regs.CR4PCIDE))
	efer := w[regs.EFER] &^ regs.EFERLMA
	if v&regs.CR0PG != 0 && efer&regs.EFERLME != 0 {
		if old&regs.CR0PG == 0 {
			s.protect(s.on(regs.CR4, regs.CR4PAE) && w[regs.Attr+regs.CS]&regs.AttrL == 0)
		}
		efer |= regs.EFERLMA
	}
	if v&^old&regs.CR0PG != 0 && efer&regs.EFERLMA == 0 && s.on(regs.CR4, regs.CR4PAE) {
		s.checkPointers(w[regs.CR3])
	}
	w[regs.CR0], w[regs.EFER] = v, efer
	s.remap()
	if (old^v)&pagingBits0 != 0 {
		s.flush()
	}
}

// checkPointers raises #GP(0) for reserved bits in the four top entries of PAE, which the
// CPU loads with CR3 (SDM vol. 3A 4.4.1).
func (s *CPU) checkPointers(cr3 uint64) {
	l := &pagingPAE.levels[0]
	for i := range 4 {
		e, ok := s.entry(guest.PhysAddr(cr3&0xffffffe0)+guest.PhysAddr(8*i)&s.a20, 8)
		s.protect(!ok || e&pagePresent == 0 || e&s.reserved(pagingPAE, l, false) == 0)
	}
}

func (s *CPU) setCR3(v uint64) {
	if s.long() {
		if s.on(regs.CR4, regs.CR4PCIDE) {
			v &^= 1 << 63 // it asks for no flush
		}
		s.protect(v>>s.has.Width == 0)
	}
	if s.paging() == pagingPAE {
		s.checkPointers(v)
	}
	s.c.W[regs.CR3] = v
	s.remap()
}

func (s *CPU) setCR4(v uint64) {
	w := &s.c.W
	old := w[regs.CR4]
	s.protect(v&^s.has.CR4 == 0)
	s.protect(v&regs.CR4PAE != 0 || !s.long())
	if v&^old&regs.CR4PCIDE != 0 {
		s.protect(s.long() && w[regs.CR3]&0xfff == 0)
	}
	if v&^old&regs.CR4PAE != 0 && s.on(regs.CR0, regs.CR0PG) {
		w[regs.CR4] = v
		defer func() {
			if r := recover(); r != nil {
				w[regs.CR4] = old
				panic(r)
			}
		}()
		s.checkPointers(w[regs.CR3])
	}
	w[regs.CR4] = v
	s.remap()
	if (old^v)&pagingBits4 != 0 {
		s.flush()
	}
}

// ClearTaskSwitched is CLTS, LoadStatus LMSW, and Status what SMSW stores.
func (s *CPU) ClearTaskSwitched() {
	s.Supervisor()
	s.c.W[regs.CR0] &^= regs.CR0TS
	s.changed()
}

// LoadStatus sets the low bits of CR0; PE it cannot clear.
func (s *CPU) LoadStatus(v uint64) {
	const bits = regs.CR0PE | regs.CR0MP | regs.CR0EM | regs.CR0TS
	s.Supervisor()
	old := s.c.W[regs.CR0]
	s.setCR0(old&^(bits&^regs.CR0PE) | v&bits)
	s.changed()
}

// Status is CR0 for whoever may know it.
func (s *CPU) Status() uint64 { s.umip(); return s.c.W[regs.CR0] }

// SetExtended is XSETBV.
func (s *CPU) SetExtended(n uint32, v uint64) {
	s.undefined(s.on(regs.CR4, regs.CR4OSXSAVE))
	s.Supervisor()
	s.protect(n == 0 && v&^s.has.XCR0 == 0 && v&regs.XX87 != 0)
	s.protect(v&regs.XAVX == 0 || v&regs.XSSE != 0)
	s.c.W[regs.XCR0] = v
	s.changed()
}

// ExtendedOff says that the extended state is not enabled.
func (s *CPU) ExtendedOff() bool { return !s.on(regs.CR4, regs.CR4OSXSAVE) }

// FSGSBase raises #UD where the instructions of that name are not enabled.
func (s *CPU) FSGSBase() { s.undefined(s.on(regs.CR4, regs.CR4FSGSBASE)) }

// InvalidatePage is INVLPG, and InvalidateProcess INVPCID, which find nothing to do: TLBs
// are always right.
func (s *CPU) InvalidatePage() { s.Supervisor() }

// InvalidateProcess is INVPCID with its descriptor at an address.
func (s *CPU) InvalidateProcess(kind, at uint64) {
	s.Supervisor()
	pcid, a := s.load(s.Index(), at, 8), s.load(s.Index(), at+8, 8)
	s.protect(kind <= 3)
	s.protect(pcid>>12 == 0 && (kind >= 2 || s.on(regs.CR4, regs.CR4PCIDE) || pcid == 0))
	s.protect(kind != 0 || canonical(a))
}

// SetAC is STAC and CLAC.
func (s *CPU) SetAC(on bool) {
	s.undefined(s.protected() && s.cpl() == 0)
	w := &s.c.W
	w[regs.EFL] &^= regs.AC
	if on {
		w[regs.EFL] |= regs.AC
	}
	s.changed()
}
