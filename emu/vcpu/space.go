package vcpu

import (
	"unsafe"

	"panda/emu/guest"
	"panda/emu/mmu"
)

// Space is an address space as a CPU, the run loop and those who look at the guest
// see it. mmu.Space is that of a program, mmu.Paged that of a machine with page
// tables.
type Space interface {
	ASID() guest.ASID
	// Check finds the first byte of [a, a+n) that the guest may not access, and Fetch
	// copies instruction bytes: n is short at the end of what may be executed, and the
	// fault says why when it is 0.
	Check(a guest.Addr, n uint64, access guest.Access) *guest.MemFault
	Fetch(a guest.Addr, b []byte) (n int, f *guest.MemFault)
	// Read and Write copy memory whatever the guest may do with it. They touch no
	// device.
	Read(a guest.Addr, b []byte) error
	Write(a guest.Addr, b []byte) error

	// Reach says how engines reach the memory, and GuestOf and HostFault which guest
	// address a host address has and what a fault of the host there means: see
	// mmu.Space.
	Reach() mmu.Reach
	GuestOf(host uintptr) (guest.Addr, bool)
	HostFault(host uintptr, write bool) (f *guest.MemFault, a guest.Addr, watched bool)

	// Code is what keeps the code at addresses of the space, and Place where in it an
	// address lies.
	Code() mmu.Code
	Place(a guest.Addr) (guest.PhysAddr, *guest.MemFault)
	// OnMove sets whom to tell of a change of Reach, and where addresses have got other
	// places; and whom to ask whether a block runs that has code at some addresses, and
	// more than one instruction.
	OnMove(reach func(), places func(mmu.Parts), runs func(first, last guest.Addr) bool)
}

// Memory is a CPU's way to the memory of its address space: SetSpace sets it, so that
// an access is one check and one addition.
type Memory struct {
	Mem   unsafe.Pointer // of the window; see mmu.Reach
	Limit uint64
	TLB   mmu.TLBHead    // of Soft, for machine code
	Base  unsafe.Pointer // what machine code finds memory from: Mem, or the entries of TLB
	Soft  *mmu.Soft      // what accesses go through, nil for the window
	Space Space
}

// SetSpace switches to another address space.
func (c *CPU) SetSpace(s Space) {
	r := s.Reach()
	c.Memory = Memory{Mem: r.Base, Limit: r.Window, Soft: r.Soft, Space: s, Base: r.Base}
	c.SeeTLB()
}

// SeeTLB takes over where the TLB lies, which may have grown.
func (c *CPU) SeeTLB() {
	if c.Soft != nil {
		c.TLB = c.Soft.Head
		c.Base = unsafe.Pointer(c.TLB.Entries)
	}
}

// ASID names the current address space.
func (c *CPU) ASID() guest.ASID { return c.Space.ASID() }

// Read copies guest memory at a into b; it never touches a device.
func (c *CPU) Read(a guest.Addr, b []byte) error { return c.Space.Read(a, b) }

// Write copies b to guest memory at a, also where the guest itself may not
// write. Translations of the bytes are dropped.
func (c *CPU) Write(a guest.Addr, b []byte) error {
	if c.Editing != nil {
		c.Editing(&Edit{Op: EditMemory, Addr: a, Bytes: b})
	}
	return c.Space.Write(a, b)
}
