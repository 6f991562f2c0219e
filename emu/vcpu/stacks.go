package vcpu

import "panda/emu/guest"

// Stacks are what is known of a guest thread's stacks. Programs may have others,
// of which nobody tells.
type Stacks struct {
	SP  guest.Addr // its stack pointer
	Own Extent     // the stack that it began on, empty when its size is not known
	Alt Extent     // for signal handlers, empty when there is none
}

// Extent is a range of addresses.
type Extent struct{ Lo, Hi guest.Addr }

// Has reports whether an address lies in the range.
func (e Extent) Has(a guest.Addr) bool { return a >= e.Lo && a < e.Hi }
