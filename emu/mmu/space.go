package mmu

import (
	"unsafe"

	"panda/emu/guest"
)

// Space is one guest address space.
type Space struct {
	Base  unsafe.Pointer // host address of guest address 0
	Limit uint64         // addresses at and above it do not exist
	ASID  guest.ASID
}

func (s *Space) Read(a guest.Addr, b []byte) error  { return nil }
func (s *Space) Write(a guest.Addr, b []byte) error { return nil }
