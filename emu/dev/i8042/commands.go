package i8042

const ramBytes = 0x1f // of the number of a command that reads or writes RAM

// commands are what port 64h takes. What is missing does nothing.
var commands = func() (t [256]func(c *Controller, b uint8)) {
	for b := 0x20; b <= 0x3f; b++ {
		t[b] = func(c *Controller, b uint8) { c.answer(c.ram[b&ramBytes], false) }
	}
	for b := 0x60; b <= 0x7f; b++ {
		t[b] = wait
	}
	for b := 0xf0; b <= 0xff; b++ { // pulses the bits of the output port that are 0
		t[b] = func(c *Controller, b uint8) {
			if b&outputRun == 0 {
				c.wires.Reset.Pulse()
			}
		}
	}
	for b, do := range fewCommands { // into a table
		t[b] = do
	}
	return t
}()

var fewCommands = map[uint8]func(c *Controller, b uint8){
	0xa4: answers(0xf1), // no password
	0xa7: disable(commandNoMouse),
	0xa8: enable(commandNoMouse),
	0xa9: answers(0x00), // the line to the mouse works
	0xaa: func(c *Controller, _ uint8) {
		c.ram[0] |= commandSystem
		c.answer(0x55, false)
	},
	0xab: answers(0x00), // that to the keyboard
	0xad: disable(commandNoKeyboard),
	0xae: enable(commandNoKeyboard),
	0xc0: answers(0x80), // the input port: the keyboard is not locked
	0xd0: func(c *Controller, _ uint8) { c.answer(c.outputPort(), false) },
	0xd1: wait,
	0xd2: wait,
	0xd3: wait,
	0xd4: wait,
	0xdd: func(c *Controller, _ uint8) { c.setA20(false) },
	0xdf: func(c *Controller, _ uint8) { c.setA20(true) },
	0xe0: answers(0x00), // the test inputs
}

// wait has port 60h take the byte that goes with the command.
func wait(c *Controller, b uint8) { c.command = b }

func answers(v uint8) func(*Controller, uint8) {
	return func(c *Controller, _ uint8) { c.answer(v, false) }
}

func disable(bit uint8) func(*Controller, uint8) {
	return func(c *Controller, _ uint8) { c.ram[0] |= bit }
}

func enable(bit uint8) func(*Controller, uint8) {
	return func(c *Controller, _ uint8) { c.ram[0] &^= bit }
}

// parameters are what is done with the byte of a command that waits for one.
var parameters = func() (t [256]func(c *Controller, v uint8)) {
	for b := range uint8(ramBytes + 1) {
		t[0x60|b] = func(c *Controller, v uint8) { c.ram[b] = v }
	}
	t[0xd1] = (*Controller).setOutputPort
	t[0xd2] = func(c *Controller, v uint8) { c.answer(v, false) }
	t[0xd3] = func(c *Controller, v uint8) { c.answer(v, true) }
	t[0xd4] = func(c *Controller, v uint8) {
		c.ram[0] &^= commandNoMouse
		c.mouse.command(v)
	}
	return t
}()

func (c *Controller) outputPort() uint8 {
	v := c.port
	if c.full && c.buffer.mouse {
		v |= outputMouse
	} else if c.full {
		v |= outputKeyboard
	}
	return v
}

func (c *Controller) setOutputPort(v uint8) {
	c.port = v&^(outputKeyboard|outputMouse) | outputRun
	c.wires.A20.Set(c.A20())
	if v&outputRun == 0 {
		c.wires.Reset.Pulse()
	}
}

func (c *Controller) setA20(on bool) {
	c.port &^= outputA20
	if on {
		c.port |= outputA20
	}
	c.wires.A20.Set(on)
}
