// Package sysport is two ports of a PC's board that are a register each: 92h and 80h.
// Source: IBM PS/2 Hardware Interface Technical Reference, "System control port A"; for 80h
// IBM PC AT Technical Reference, where it is what firmware tells of its progress.
package sysport

import (
	"panda/emu/dev"
	"panda/emu/snap"
)

// Bits of port 92h.
const (
	fastReset = 1 << 0 // a rising edge resets the machine
	gateA20   = 1 << 1
)

// ControlA is system control port A, 92h.
type ControlA struct {
	a20, reset dev.Wire
	v          uint8
}

// NewControlA is the port, which opens A20 and resets the machine with a pulse.
func NewControlA(a20, reset dev.Wire) *ControlA { return &ControlA{a20: a20, reset: reset} }

// In reads the port.
func (c *ControlA) In(port uint16, size int) uint32 { return uint32(c.v) }

// Out writes the port.
func (c *ControlA) Out(port uint16, size int, v uint32) {
	rises := uint8(v) &^ c.v
	c.v = uint8(v)
	c.a20.Set(c.A20())
	if rises&fastReset != 0 {
		c.reset.Pulse()
	}
}

// A20 is whether the port opens the gate.
func (c *ControlA) A20() bool { return c.v&gateA20 != 0 }

// Reset clears the port.
func (c *ControlA) Reset() {
	c.v = 0
	c.a20.Set(false)
}

// State is what was written last.
func (c *ControlA) State(s *snap.Stream) {
	s.Name("port92 1")
	snap.Int(s, &c.v)
}

// Latch is port 80h: it keeps what was written. Kernels write there to let time pass.
type Latch struct{ v uint8 }

// In reads the port.
func (l *Latch) In(port uint16, size int) uint32 { return uint32(l.v) }

// Out writes the port.
func (l *Latch) Out(port uint16, size int, v uint32) { l.v = uint8(v) }

// Reset clears the port.
func (l *Latch) Reset() { l.v = 0 }

// State is what was written last.
func (l *Latch) State(s *snap.Stream) {
	s.Name("port80 1")
	snap.Int(s, &l.v)
}
