package vcpu

import (
	"sync/atomic"
	"unsafe"

	"panda/emu/guest"
	"panda/emu/mmu"
)

// StopOffset is the place of the stop word in a CPU, for machine code that polls
// it and for the signal handler that sets StopYield.
func StopOffset() uintptr { return StopAt }

// Span is guest memory [a, a+n) for a helper of translated code. Touching bytes
// that the guest may not access leaves the helper and the block with a fault,
// so a helper changes registers only after it has touched all it needs. n is at
// most 4096.
func (c *CPU) Span(a uint64, n int, access guest.Access) []byte {
	c.Insn &^= Storing
	if access&guest.Write != 0 {
		c.Insn |= Storing
		if c.Wrote != nil {
			c.Wrote(a, n)
		}
	}
	if s := c.Soft; s != nil {
		b, err := s.Span(a, n, access)
		if err != nil {
			panic(err)
		}
		return b
	}
	if a >= c.Limit {
		panic(&guest.MemFault{Addr: guest.Addr(a), Access: access})
	}
	return unsafe.Slice((*byte)(unsafe.Add(c.Mem, a)), n)
}

// Touch faults, as stores would, at the first of n bytes from a on, at most 4096,
// that cannot be written, and changes nothing. The space knows what the guest may
// do; the host's pages know what holds translated code. The compiler drops a
// store of what has just been loaded, so they are asked by an atomic operation
// on the word around a byte.
func (c *CPU) Touch(a uint64, n int) {
	c.Insn |= Storing
	if s := c.Soft; s != nil {
		if err := s.Check(a, n, guest.Write); err != nil {
			panic(err)
		}
		return
	}
	if f := c.Space.Check(guest.Addr(a), uint64(n), guest.Write); f != nil {
		panic(f)
	}
	last := a + uint64(n) - 1
	atomic.OrUint32((*uint32)(unsafe.Add(c.Mem, a&^3)), 0)
	if a/mmu.PageSize != last/mmu.PageSize {
		atomic.OrUint32((*uint32)(unsafe.Add(c.Mem, last&^3)), 0)
	}
}

// Reach faults at the first of n bytes from a on that may not be accessed. CPUs look
// at the ends of a large area before they begin, and how a copy goes along it is the
// Go runtime's affair.
func (c *CPU) Reach(a uint64, n int, access guest.Access) {
	if s := c.Soft; s != nil {
		if err := s.Check(a, n, access); err != nil {
			panic(err)
		}
	} else if f := c.Space.Check(guest.Addr(a), uint64(n), access); f != nil {
		panic(f)
	}
}

// Offset is the guest address that lies at a host address, if it is in the
// memory of the space or a guard of its window.
func (c *CPU) Offset(host uintptr) (guest.Addr, bool) { return c.Space.GuestOf(host) }
