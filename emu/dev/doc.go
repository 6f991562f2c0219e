// Package dev is the contract between the chips of a machine and what they are wired to:
// ports, wires, the clock. Each chip is a package below this one, and knows nothing of the
// others: a board wires them. What a chip has of the world stands behind package
// dev/backend.
//
// Chips are deterministic: they have no goroutine, and no time but the Clock's. All of a
// machine runs in one goroutine.
package dev

import (
	"panda/emu/guest"
	"panda/emu/snap"
)

// Chip is a part of a machine.
type Chip interface {
	// Reset is what the reset line of the machine does.
	Reset()
	// State names what the chip remembers. What is wired to it has the levels of its
	// wires in its own state, so that none moves when a state is loaded.
	State(s *snap.Stream)
}

// Wire carries a level to somebody, who is called when it may have changed. A nil Wire
// leads nowhere.
type Wire func(high bool)

// Set gives the wire a level.
func (w Wire) Set(high bool) {
	if w != nil {
		w(high)
	}
}

// Pulse raises the wire and lets it fall.
func (w Wire) Pulse() {
	w.Set(true)
	w.Set(false)
}

// Memory is the machine's memory as chips reach it by DMA: RAM alone. An access that reaches
// out of it is an error, and moves nothing.
type Memory interface {
	Read(a guest.PhysAddr, b []byte) error
	Write(a guest.PhysAddr, b []byte) error
}
