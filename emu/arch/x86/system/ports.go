package system

import (
	"panda/emu/arch/x86/regs"
)

// In and Out access a port (SDM vol. 1 ch. 19).
func (s *CPU) In(port uint16, size int) uint64 {
	s.mayAccess(port, size)
	s.breakPorts(port, size)
	return uint64(s.bus.In(port, size))
}

// Out writes to a port.
func (s *CPU) Out(port uint16, size int, v uint64) {
	s.mayAccess(port, size)
	s.breakPorts(port, size)
	s.bus.Out(port, size, uint32(v))
}

// mayAccess raises #GP(0) unless the code has the privilege, or the task's bitmap lets it
// access the ports (SDM vol. 1 19.5.2).
func (s *CPU) mayAccess(port uint16, size int) {
	if !s.protected() || !s.v86() && s.cpl() <= s.iopl() {
		return
	}
	s.protect(s.tr.attr>>8&15&^typeBusy == typeTSS32 && s.tr.limit >= 103)
	at := s.load(s.implicit(), s.tr.base+102, 2) + uint64(port/8)
	s.protect(at+1 <= s.tr.limit)
	bits := s.load(s.implicit(), s.tr.base+at, 2) >> (port % 8)
	s.protect(bits&(1<<size-1) == 0)
}

// MayAccess is the check alone, for string instructions, which access memory first.
func (s *CPU) MayAccess(port uint16, size int) { s.mayAccess(port, size) }

// ReadCounter is RDTSC.
func (s *CPU) ReadCounter() uint64 {
	s.protect(!s.on(regs.CR4, regs.CR4TSD) || !s.protected() || s.cpl() == 0)
	return s.bus.Time() + s.tsc
}
