package vcpu

import (
	"sync/atomic"
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

// Touch faults, as a store would, if the byte at a cannot be written, and changes
// nothing. The compiler drops a store of what has just been loaded, so this is an
// atomic operation on the word around it.
func (c *CPU) Touch(a uint64) {
	c.Insn |= Storing
	if a >= c.Limit {
		panic(&guest.MemFault{Addr: guest.Addr(a), Access: guest.Write})
	}
	atomic.OrUint32((*uint32)(unsafe.Add(c.Mem, a&^3)), 0)
}

// Offset is the guest address that lies at a host address, if it is in the
// window or the guard behind it.
func (c *CPU) Offset(host uintptr) (guest.Addr, bool) {
	off := uint64(host) - uint64(uintptr(c.Mem))
	return guest.Addr(off), off < c.Limit+1<<16
}
