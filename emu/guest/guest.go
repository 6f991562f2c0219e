// Package guest is the vocabulary that every room shares: addresses, address
// spaces, accesses, exceptions. It has no behaviour beyond printing, imports
// nothing of the project, and knows no architecture.
package guest

import "fmt"

// Addr is a guest virtual address.
type Addr uint64

// PhysAddr is a guest physical address.
type PhysAddr uint64

// ASID names an address space: a process in user mode, a page table root in
// system mode.
type ASID uint64

// Arch names a guest architecture. Each names itself.
type Arch string

func (a Arch) String() string { return string(a) }

// Access is what a memory access does; bits may be combined to a protection.
type Access uint8

// The kinds of access.
const (
	Read Access = 1 << iota
	Write
	Exec
)

func (a Access) String() string {
	b := []byte("---")
	for i, c := range []byte("rwx") {
		if a&(1<<i) != 0 {
			b[i] = c
		}
	}
	return string(b)
}

// Exception is a fault or trap of the guest's CPU. Vector and Code are the
// architecture's own numbers (x86: SDM vol. 3A table 6-1).
type Exception struct {
	Vector  uint8
	HasCode bool
	Code    uint32
	Addr    Addr // the faulting address of a memory fault
	Next    bool // a trap: state is that after the instruction
	// Asked is, for a trap that an instruction is there to make, its length; 0 for others.
	Asked uint8
	// Own says that this instruction is for the vector alone.
	Own bool
	// External says that it is an interrupt: no instruction has made it.
	External bool
	Bus      bool // a memory fault on a page with no store behind it
}

func (e *Exception) String() string {
	return fmt.Sprintf("exception vector=%d code=%#x addr=%#x", e.Vector, e.Code, uint64(e.Addr))
}

// MemFault is a memory access that the guest's map does not allow. The memory
// model returns it; the architecture turns it into an Exception.
type MemFault struct {
	Addr   Addr
	Access Access
	Mapped bool // the page exists and its protection forbids the access
	// Present says of such a page that page tables hold it: Linux leaves out those
	// where a program may do nothing.
	Present bool
	Bus     bool   // the page exists and has no store behind it (beyond end of file)
	Code    uint32 // what page tables of a machine say of it, in the architecture's own bits
}

func (f *MemFault) Error() string {
	why := "not mapped"
	if f.Mapped {
		why = "not permitted"
	}
	return fmt.Sprintf("%v of %#x: %s", f.Access, uint64(f.Addr), why)
}
