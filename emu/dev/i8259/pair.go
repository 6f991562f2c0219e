// Package i8259 is the two interrupt controllers of a PC, Intel 8259A, the second one on
// input 2 of the first. Source: Intel 8259A data sheet (231468), and for the registers that
// make inputs level triggered Intel 82371AB (PIIX4) data sheet, ELCR1 and ELCR2.
//
// As in the data sheet an input must stay high until it is acknowledged: a pulse on an
// edge-triggered input is no request.
package i8259

import (
	"panda/emu/dev"
	"panda/emu/snap"
)

const cascade = 2 // the input of the first that the second one drives

// Inputs that ELCR cannot make level triggered: those of timer, keyboard, cascade, clock
// and FPU.
var alwaysEdge = [2]uint8{0x07, 0x21}

// Pair is the two controllers. Ports: 20h, 21h, A0h, A1h, 4D0h, 4D1h.
type Pair struct {
	first, second chip
	intr          dev.Wire
}

// New is a pair of controllers whose output is intr.
func New(intr dev.Wire) *Pair {
	p := &Pair{intr: intr}
	p.first.reset()
	p.second.reset()
	return p
}

// Reset forgets all but the levels of the inputs.
func (p *Pair) Reset() {
	p.first.reset()
	p.second.reset()
	p.update()
}

// IRQ is an input, 0 to 15. Number 2 leads nowhere.
func (p *Pair) IRQ(n int) dev.Wire {
	switch {
	case n < 0 || n > 15:
		panic("BUG: no such interrupt")
	case n == cascade:
		return nil
	}
	c := p.of(n >= 8)
	return func(high bool) {
		c.input(n&7, high)
		p.update()
	}
}

func (p *Pair) of(second bool) *chip {
	if second {
		return &p.second
	}
	return &p.first
}

// update carries the output of the second controller to the first, and its to the CPU.
func (p *Pair) update() {
	p.first.input(cascade, p.second.pending() != none)
	p.intr.Set(p.first.pending() != none)
}

// Acknowledge is the vector that the CPU gets when it answers INTR. When the request has
// gone in between it is that of input 7, which is then not in service.
func (p *Pair) Acknowledge() uint8 {
	n := p.first.pending()
	p.first.acknowledge(n)
	vector := p.first.vector(n)
	if n == cascade && p.first.cascaded() {
		n = p.second.pending()
		p.second.acknowledge(n)
		vector = p.second.vector(n)
		// INT falls between two requests, so that each is an edge.
		p.first.input(cascade, false)
	}
	p.update()
	return vector
}

// In reads a port.
func (p *Pair) In(port uint16, size int) uint32 {
	second := port&0x80 != 0
	if port >= 0x4d0 {
		return uint32(p.of(port&1 != 0).level)
	}
	v := p.of(second).read(port&1 != 0)
	p.afterPoll(second)
	p.update()
	return uint32(v)
}

// afterPoll lets INT of the second controller fall when a poll was an acknowledgement.
func (p *Pair) afterPoll(second bool) {
	if second && p.second.polled {
		p.first.input(cascade, false)
	}
	p.second.polled, p.first.polled = false, false
}

// Out writes a port.
func (p *Pair) Out(port uint16, size int, v uint32) {
	b := uint8(v)
	switch {
	case port >= 0x4d0:
		second := port & 1
		p.of(second != 0).setLevel(b &^ alwaysEdge[second])
	case port&1 != 0:
		p.of(port&0x80 != 0).writeHigh(b)
	default:
		p.of(port&0x80 != 0).writeLow(b)
	}
	p.update()
}

// State is what both remember.
func (p *Pair) State(s *snap.Stream) {
	s.Name("i8259 1")
	p.first.state(s)
	p.second.state(s)
}
