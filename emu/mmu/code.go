package mmu

import (
	"unsafe"

	"panda/emu/guest"
)

// Code is memory that translations are made from, in pages that they are valid for: those
// of an address space of a program, or those of a machine's physical memory, which
// many address spaces see.
type Code interface {
	// Watch says that a page holds translated code: from now on a store of the guest
	// into it, through whatever address, is a fault. Note is for a page whose blocks
	// compare their code with the memory themselves: stores go through, and OnChange
	// tells of all other changes. It reports false, and does nothing, where that cannot
	// be.
	Watch(page guest.PhysAddr)
	Note(page guest.PhysAddr) bool
	// Unwatch ends that, where no translation is left. Stored is Unwatch for a page that
	// the guest is about to store into.
	Unwatch(page guest.PhysAddr)
	Stored(page guest.PhysAddr)
	// OnChange sets whom to tell that watched code in [start, end) changed or went away.
	// The watch is gone by then.
	OnChange(told func(start, end guest.PhysAddr))
}

// Reach is how an engine reaches the memory of an address space: through Soft, or if
// that is nil in a window of the host at Base, which holds the addresses below
// Window. With no window, Base is nil.
type Reach struct {
	Base   unsafe.Pointer
	Window uint64
	Soft   *Soft
}

// Reach says how the memory of the space is reached. It changes when OnMove says so.
func (s *Space) Reach() Reach { return Reach{s.Base, s.Window, s.Soft} }

// ASID names the space.
func (s *Space) ASID() guest.ASID { return s.ID }

// Code is the space itself: its translations are its own, and its pages' places are
// their addresses.
func (s *Space) Code() Code { return spaceCode{s} }

// Place is the address.
func (s *Space) Place(a guest.Addr) (guest.PhysAddr, *guest.MemFault) {
	return guest.PhysAddr(a), nil
}

// OnMove sets whom to tell that the window has become larger, or that accesses go
// through a TLB from now on. Places do not change.
func (s *Space) OnMove(reach func(), _ func(Parts), _ func(first, last guest.Addr) bool) {
	s.onReach = reach
}

// spaceCode is the code of one space.
type spaceCode struct{ s *Space }

func (c spaceCode) Watch(page guest.PhysAddr)     { c.s.WatchCode(guest.Addr(page)) }
func (c spaceCode) Note(page guest.PhysAddr) bool { return c.s.NoteCode(guest.Addr(page)) }
func (c spaceCode) Unwatch(page guest.PhysAddr)   { c.s.Unwatch(guest.Addr(page)) }
func (c spaceCode) Stored(page guest.PhysAddr)    { c.s.Stored(guest.Addr(page)) }

func (c spaceCode) OnChange(told func(start, end guest.PhysAddr)) {
	c.s.OnCodeChange = func(start, end guest.Addr) { told(guest.PhysAddr(start), guest.PhysAddr(end)) }
}
