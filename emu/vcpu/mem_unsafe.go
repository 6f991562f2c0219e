package vcpu

import (
	"unsafe"

	"panda/emu/guest"
)

// Span is guest memory [a, a+n) for a helper of translated code. Touching bytes
// that the guest may not access leaves the helper and the block with a fault,
// so a helper changes registers only after it has touched all it needs. n is at
// most 4096.
func (c *CPU) Span(a uint64, n int, access guest.Access) []byte {
	c.Insn &^= Storing
	if access&guest.Write != 0 {
		c.Insn |= Storing
	}
	if a >= c.Limit {
		panic(&guest.MemFault{Addr: guest.Addr(a), Access: access})
	}
	return unsafe.Slice((*byte)(unsafe.Add(c.Mem, a)), n)
}

// Offset is the guest address that lies at a host address, if it is in the
// window or the guard behind it.
func (c *CPU) Offset(host uintptr) (guest.Addr, bool) {
	off := uint64(host) - uint64(uintptr(c.Mem))
	return guest.Addr(off), off < c.Limit+1<<16
}
