// Package i8042 is the keyboard controller of a PC, with a PS/2 keyboard and a PS/2 mouse
// behind it. Source: IBM PS/2 Hardware Interface Technical Reference, "Keyboard and
// auxiliary device controller", "Keyboard", "Mouse"; for the wheel Microsoft's
// "Intellipoint" protocol.
//
// The controller answers at once. A byte of a device takes the time that it takes on its
// line, so that port 60h keeps the last one while an interrupt is handled.
package i8042

import (
	"panda/emu/dev"
	"panda/emu/snap"
)

// byteTime is that of 11 bits at 16.7 kHz.
const byteTime = 660_000

// Bits of the status, port 64h.
const (
	statusFull    = 1 << 0
	statusSystem  = 1 << 2
	statusCommand = 1 << 3
	statusNoLock  = 1 << 4
	statusMouse   = 1 << 5
)

// Bits of the command byte, which is byte 0 of the controller's RAM.
const (
	commandKeyboardIRQ = 1 << 0
	commandMouseIRQ    = 1 << 1
	commandSystem      = 1 << 2
	commandNoKeyboard  = 1 << 4
	commandNoMouse     = 1 << 5
	commandTranslate   = 1 << 6
)

// Bits of the output port.
const (
	outputRun      = 1 << 0 // low resets the machine
	outputA20      = 1 << 1
	outputKeyboard = 1 << 4 // the buffer has a byte of the keyboard
	outputMouse    = 1 << 5
)

// Wires are what the controller drives: its interrupts, the gate of A20, and what resets
// the machine when it is pulsed.
type Wires struct{ Keyboard, Mouse, A20, Reset dev.Wire }

// entry is a byte for the output buffer.
type entry struct {
	b     uint8
	mouse bool
}

const mostAnswers = 8 // of the controller that nobody has read

// Controller is the chip. Ports: 60h and 64h.
type Controller struct {
	wires    Wires
	clock    *dev.Clock
	arrives  *dev.Timer // when a byte of a device does
	keyboard keyboard
	mouse    mouse

	ram        [32]uint8
	port       uint8 // the output port but for the bits that follow from the buffer
	buffer     entry
	full       bool
	answers    []entry
	command    uint8 // for which port 60h takes a byte, or 0
	wasCommand bool  // port 64h was written last
	breaks     bool  // translation has seen the prefix of a released key
}

// New is a controller with a keyboard and a mouse.
func New(clock *dev.Clock, w Wires) *Controller {
	c := &Controller{clock: clock, wires: w}
	c.arrives = clock.NewTimer(c.arrive)
	c.clear()
	return c
}

func (c *Controller) clear() {
	c.ram, c.port = [32]uint8{}, outputRun|outputA20
	c.buffer, c.full, c.answers = entry{}, false, nil
	c.command, c.wasCommand, c.breaks = 0, false, false
	c.keyboard.powerOn()
	c.mouse.powerOn()
	c.arrives.Set(dev.Never)
}

// Reset is what the reset line does, also to the devices.
func (c *Controller) Reset() {
	c.clear()
	c.wires.A20.Set(true)
	c.update()
}

// Setup leaves the controller as a firmware does: the keyboard enabled and translated.
func (c *Controller) Setup() {
	c.ram[0] = commandKeyboardIRQ | commandSystem | commandNoMouse | commandTranslate
	c.keyboard.scanning = true
}

// A20 is the level of the gate.
func (c *Controller) A20() bool { return c.port&outputA20 != 0 }

// LEDs are scroll lock 1, num lock 2, caps lock 4.
func (c *Controller) LEDs() uint8 { return c.keyboard.leds }

// Key presses or releases a key, by the name that QEMU gives it (QKeyCode). It is false
// where there is no such key, or no room for it. A key that is pressed again repeats: the
// keyboard does not do so itself.
func (c *Controller) Key(name string, down bool) bool {
	ok := c.keyboard.key(name, down)
	c.pump()
	return ok
}

// Buttons of the mouse.
const (
	Left = 1 << iota
	Right
	Middle
	Side
	Extra
)

// Mouse moves the mouse to the right and down, turns its wheel away from the user, and
// presses buttons.
func (c *Controller) Mouse(dx, dy, wheel int, buttons uint8) {
	c.mouse.move(dx, -dy, -wheel, buttons)
	c.pump()
}

// pump fills the output buffer: with what the controller answers, or a while later with
// what a device has.
func (c *Controller) pump() {
	switch {
	case c.full:
	case len(c.answers) > 0:
		c.fill(c.answers[0])
		c.answers = c.answers[1:]
	case c.arrives.At() == dev.Never && (c.keyboardReady() || c.mouseReady()):
		c.arrives.Set(c.clock.Now() + byteTime)
	}
	c.update()
}

func (c *Controller) keyboardReady() bool {
	return c.ram[0]&commandNoKeyboard == 0 && c.keyboard.ready()
}

func (c *Controller) mouseReady() bool {
	return c.ram[0]&commandNoMouse == 0 && c.mouse.ready()
}

// arrive has the byte of a device come in, unless the controller has held it up.
func (c *Controller) arrive() {
	switch {
	case c.full:
	case c.keyboardReady():
		c.fromKeyboard(c.keyboard.take())
	case c.mouseReady():
		c.fill(entry{c.mouse.take(), true})
		c.mouse.report()
	}
	c.pump()
}

func (c *Controller) fromKeyboard(b uint8) {
	if c.ram[0]&commandTranslate != 0 {
		if b == breakPrefix {
			c.breaks = true
			return
		}
		b, c.breaks = translated(b, c.breaks), false
	}
	c.fill(entry{b, false})
}

func (c *Controller) fill(e entry) { c.buffer, c.full = e, true }

// answer is what the controller says itself.
func (c *Controller) answer(b uint8, mouse bool) {
	if len(c.answers) < mostAnswers {
		c.answers = append(c.answers, entry{b, mouse})
	}
}

// update gives the interrupts their levels.
func (c *Controller) update() {
	c.wires.Keyboard.Set(c.full && !c.buffer.mouse && c.ram[0]&commandKeyboardIRQ != 0)
	c.wires.Mouse.Set(c.full && c.buffer.mouse && c.ram[0]&commandMouseIRQ != 0)
}

// In reads a port: 60h the output buffer, 64h the status.
func (c *Controller) In(port uint16, size int) uint32 {
	if port&4 != 0 {
		return uint32(c.status())
	}
	b := c.buffer.b
	c.full = false
	c.update() // the interrupt falls, also when there is a next byte
	c.pump()
	return uint32(b)
}

func (c *Controller) status() uint8 {
	v := uint8(statusNoLock) | c.ram[0]&commandSystem
	if c.full {
		v |= statusFull
		if c.buffer.mouse {
			v |= statusMouse
		}
	}
	if c.wasCommand {
		v |= statusCommand
	}
	return v
}

// Out writes a port: 64h takes commands, 60h their bytes, or those of the keyboard.
func (c *Controller) Out(port uint16, size int, v uint32) {
	b := uint8(v)
	c.wasCommand = port&4 != 0
	switch command := c.command; {
	case c.wasCommand:
		c.command = 0
		if do := commands[b]; do != nil {
			do(c, b)
		}
	case command != 0:
		c.command = 0
		if take := parameters[command]; take != nil {
			take(c, b)
		}
	default:
		c.ram[0] &^= commandNoKeyboard
		c.keyboard.command(b)
	}
	c.pump()
}

// State is what the controller and the devices remember.
func (c *Controller) State(s *snap.Stream) {
	s.Name("i8042 1")
	c.keyboard.state(s)
	c.mouse.state(s)
	s.Bytes(c.ram[:])
	snap.Int(s, &c.port, &c.command)
	s.Bool(&c.full, &c.wasCommand, &c.breaks)
	c.buffer.state(s)
	snap.List(s, &c.answers, mostAnswers, func(s *snap.Stream, e *entry) { e.state(s) })
	c.arrives.State(s)
}

func (e *entry) state(s *snap.Stream) {
	snap.Int(s, &e.b)
	s.Bool(&e.mouse)
}
