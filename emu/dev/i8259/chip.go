package i8259

import (
	"math/bits"

	"panda/emu/snap"
)

const none = -1 // no input

// Bits of ICW1, ICW4 and OCW3.
const (
	icw1Needs4 = 1 << 0
	icw1Single = 1 << 1
	icw1Level  = 1 << 3
	icw1       = 1 << 4

	icw4AutoEOI = 1 << 1
	icw4Nested  = 1 << 4

	ocw3Status     = 1 << 0
	ocw3Read       = 1 << 1
	ocw3           = 1 << 3
	ocw3Poll       = 1 << 2
	ocw3Special    = 1 << 5
	ocw3SetSpecial = 1 << 6
)

// chip is one controller.
type chip struct {
	lines  uint8 // levels of the inputs
	level  uint8 // inputs that ELCR makes level triggered
	irr    uint8 // requests
	imr    uint8 // masked
	isr    uint8 // in service
	lowest uint8 // the input of lowest priority
	base   uint8 // of the vectors
	icw    [5]uint8
	stage  uint8 // which ICW is written next, or 0

	readISR    bool // port 0 reads ISR, not IRR
	poll       bool // the next read acknowledges
	polled     bool // and has done so; never between two accesses
	special    bool // special mask mode
	rotateAuto bool // rotate in automatic EOI mode
}

func (c *chip) reset() {
	*c = chip{lines: c.lines, lowest: 7}
	c.irr = c.lines & c.levels()
}

// levels are the inputs that are level triggered.
func (c *chip) levels() uint8 {
	if c.icw[1]&icw1Level != 0 {
		return 0xff
	}
	return c.level
}

func (c *chip) cascaded() bool { return c.icw[1]&icw1Single == 0 && c.icw[3]&(1<<cascade) != 0 }
func (c *chip) autoEOI() bool  { return c.icw[4]&icw4AutoEOI != 0 }

// input sets the level of an input. Its request goes with it, also that of an edge: see
// "Edge and level triggered modes".
func (c *chip) input(n int, high bool) {
	bit := uint8(1) << n
	switch {
	case !high:
		c.lines &^= bit
		c.irr &^= bit
	case c.lines&bit == 0 || c.levels()&bit != 0:
		c.lines |= bit
		c.irr |= bit
	}
}

func (c *chip) setLevel(v uint8) {
	c.level = v
	c.irr = c.irr&^c.levels() | c.lines&c.levels()
}

// first is the input of highest priority among those of a set, or none.
func (c *chip) first(set uint8) int {
	if set == 0 {
		return none
	}
	top := int(c.lowest+1) & 7
	return (bits.TrailingZeros8(bits.RotateLeft8(set, -top)) + top) & 7
}

// order is where an input stands, 0 being the highest priority.
func (c *chip) order(n int) int { return (n - int(c.lowest) - 1) & 7 }

// pending is the input whose request is to be served now, or none.
func (c *chip) pending() int {
	n := c.first(c.irr &^ c.imr)
	busy := c.isr
	if c.special {
		busy &^= c.imr
	}
	served := c.first(busy)
	switch {
	case n == none || served == none || c.order(n) < c.order(served):
		return n
	case n == served && n == cascade && c.icw[4]&icw4Nested != 0 && c.cascaded():
		return n // special fully nested mode: the second controller has a higher one
	}
	return none
}

// acknowledge takes a request into service.
func (c *chip) acknowledge(n int) {
	if n == none {
		return
	}
	bit := uint8(1) << n
	c.irr &^= bit &^ c.levels()
	switch {
	case !c.autoEOI():
		c.isr |= bit
	case c.rotateAuto:
		c.lowest = uint8(n)
	}
}

func (c *chip) vector(n int) uint8 {
	if n == none {
		n = 7
	}
	return c.base | uint8(n)
}

func (c *chip) read(high bool) uint8 {
	switch {
	case c.poll:
		c.poll = false
		n := c.pending()
		if n == none {
			return 0
		}
		c.acknowledge(n)
		c.polled = true
		return 0x80 | uint8(n)
	case high:
		return c.imr
	case c.readISR:
		return c.isr
	}
	return c.irr
}

// writeLow writes where A0 is 0: ICW1, OCW2, OCW3.
func (c *chip) writeLow(v uint8) {
	switch {
	case v&icw1 != 0:
		c.start(v)
	case v&ocw3 != 0:
		c.control(v)
	default:
		endings[v>>5](c, int(v&7))
	}
}

func (c *chip) start(v uint8) {
	level, lines := c.level, c.lines
	c.reset()
	c.level, c.lines, c.icw[1], c.stage = level, lines, v, 2
	c.irr = c.lines & c.levels()
}

func (c *chip) control(v uint8) {
	c.poll = v&ocw3Poll != 0
	if v&ocw3Read != 0 {
		c.readISR = v&ocw3Status != 0
	}
	if v&ocw3SetSpecial != 0 {
		c.special = v&ocw3Special != 0
	}
}

// endings are the commands of OCW2, by its bits R, SL and EOI.
var endings = [8]func(c *chip, n int){
	0: func(c *chip, _ int) { c.rotateAuto = false },
	1: func(c *chip, _ int) { c.end(c.serving()) },
	2: func(*chip, int) {},
	3: func(c *chip, n int) { c.end(n) },
	4: func(c *chip, _ int) { c.rotateAuto = true },
	5: func(c *chip, _ int) { c.rotate(c.end(c.serving())) },
	6: func(c *chip, n int) { c.rotate(n) },
	7: func(c *chip, n int) { c.rotate(c.end(n)) },
}

// serving is the input whose service a non-specific EOI ends. In special mask mode it is
// none that is masked.
func (c *chip) serving() int {
	if c.special {
		return c.first(c.isr &^ c.imr)
	}
	return c.first(c.isr)
}

func (c *chip) end(n int) int {
	if n != none {
		c.isr &^= 1 << n
	}
	return n
}

func (c *chip) rotate(lowest int) {
	if lowest != none {
		c.lowest = uint8(lowest)
	}
}

// writeHigh writes where A0 is 1: ICW2 to ICW4 in turn after ICW1, else the mask.
func (c *chip) writeHigh(v uint8) {
	switch c.stage {
	case 0:
		c.imr = v
		return
	case 2:
		c.base = v &^ 7
	}
	c.icw[c.stage] = v
	c.stage++
	if c.stage == 3 && c.icw[1]&icw1Single != 0 {
		c.stage++
	}
	if c.stage == 4 && c.icw[1]&icw1Needs4 == 0 || c.stage > 4 {
		c.stage = 0
	}
}

func (c *chip) state(s *snap.Stream) {
	snap.Int(s, &c.lines, &c.level, &c.irr, &c.imr, &c.isr, &c.base)
	snap.Below(s, &c.lowest, 8)
	snap.Ints(s, c.icw[:])
	snap.Below(s, &c.stage, 5)
	s.Bool(&c.readISR, &c.poll, &c.special, &c.rotateAuto)
}
