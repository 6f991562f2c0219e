// Package fdc is the floppy controller of a PC, Intel 82077AA in AT mode, with two drives.
// Source: Intel 82077AA data sheet (290166).
//
// A disk does not turn: a sector takes a short fixed time, so that booting from one is
// fast. Only steps of the heads take the time that SPECIFY sets. Marks of deleted data are
// not kept: all data is ordinary data.
package fdc

import (
	"panda/emu/dev"
	"panda/emu/snap"
)

const (
	sectorTime = 100_000
	resetTime  = 20_000
	searchTime = 400_000_000 // two turns in which nothing was found
)

// Bits of the digital output register.
const (
	dorRun   = 1 << 2 // low resets
	dorGate  = 1 << 3 // of interrupt and DMA
	dorDrive = 3
	dorMotor = 4 // the bit of drive 0
)

// Bits of the main status register.
const (
	msrBusy    = 1 << 4
	msrNoDMA   = 1 << 5
	msrToHost  = 1 << 6
	msrRequest = 1 << 7
)

// phase is what the controller waits for.
type phase uint8

const (
	phaseCommand phase = iota // bytes of a command
	phaseBusy                 // its own work
	phaseToHost               // that data is read
	phaseToDisk               // that data is written
	phaseResult               // that results are read
	phases
)

// work is what the controller does after a time.
type work uint8

const (
	workReset  work = iota // come out of reset
	workSector             // the next sector of a command
	workFail               // nothing was found
	workID                 // an ID was found
	workFormat             // the next sector of a track that is formatted
	works
)

var workDone = [works]func(c *Controller){
	workReset:  (*Controller).afterReset,
	workSector: (*Controller).sector,
	workFail:   func(c *Controller) { c.finish(false) },
	workID:     (*Controller).foundID,
	workFormat: (*Controller).formatNext,
}

// Drives is how many drives there are.
const Drives = 2

// DMA moves data of a device by channel 2: see i8237.DMA.Transfer.
type DMA func(b []byte, toMemory bool) (n int, terminal bool)

// Controller is the chip. Ports: 3F0h to 3F5h, 3F7h.
type Controller struct {
	clock  *dev.Clock
	irq    dev.Wire
	dma    DMA
	timer  *dev.Timer
	drives [4]drive // of which a PC has two

	dor, tdr, rate uint8
	specify        [2]uint8 // SRT and HUT; HLT and ND
	configure      [2]uint8 // EIS, EFIFO, POLL, FIFOTHR; PRETRK
	perpendicular  uint8
	locked         bool
	interrupt      bool
	resets         uint8 // SENSE INTERRUPT STATUS that tell of a reset, still to come

	phase   phase
	work    work
	command []uint8
	result  []uint8
	job     job
}

// New is a controller, in reset, with empty drives.
func New(clock *dev.Clock, irq dev.Wire, dma DMA) *Controller {
	c := &Controller{clock: clock, irq: irq, dma: dma}
	c.timer = clock.NewTimer(func() { workDone[c.work](c); c.update() })
	for i := range c.drives {
		d := &c.drives[i]
		d.seek = clock.NewTimer(func() { c.seekEnds(d); c.update() })
		d.changed = i < Drives
	}
	c.powerOn()
	return c
}

func (c *Controller) powerOn() {
	c.dor, c.tdr, c.rate = 0, 0, 2
	c.specify, c.perpendicular, c.locked = [2]uint8{}, 0, false
	c.stop()
}

// Reset is the reset line. Heads stay where they are, and disks in their drives.
func (c *Controller) Reset() {
	c.powerOn()
	c.update()
}

// stop is what a reset of all kinds does.
func (c *Controller) stop() {
	c.phase, c.interrupt, c.resets = phaseCommand, false, 0
	c.command, c.result, c.job = nil, nil, job{}
	c.perpendicular &^= 3
	if !c.locked {
		c.configure = [2]uint8{configNoFIFO, 0}
	}
	c.timer.Set(dev.Never)
	for i := range c.drives {
		d := &c.drives[i]
		d.cylinder, d.told = 0, false
		d.seek.Set(dev.Never)
	}
}

// afterReset interrupts: the drives are polled, and all have become ready.
func (c *Controller) afterReset() {
	c.phase = phaseCommand
	if c.configure[0]&configNoPoll == 0 {
		c.interrupt, c.resets = true, 4
	}
}

// later has work done after a time.
func (c *Controller) later(w work, after dev.Time) {
	c.phase, c.work = phaseBusy, w
	c.timer.Set(c.clock.Now() + after)
}

func (c *Controller) update() { c.irq.Set(c.interrupt && c.dor&dorGate != 0) }

// register is what reads and writes of a port do. Those without are not driven.
type register struct {
	read  func(c *Controller) uint8
	write func(c *Controller, v uint8)
}

var registers = [8]register{
	2: {func(c *Controller) uint8 { return c.dor }, (*Controller).writeDOR},
	3: {func(c *Controller) uint8 { return c.tdr }, func(c *Controller, v uint8) { c.tdr = v & 3 }},
	4: {(*Controller).status, (*Controller).writeDSR},
	5: {(*Controller).readFIFO, (*Controller).writeFIFO},
	7: {(*Controller).readDIR, func(c *Controller, v uint8) { c.rate = v & 3 }},
}

// In reads a port.
func (c *Controller) In(port uint16, size int) uint32 {
	read := registers[port&7].read
	if read == nil {
		return 0xff
	}
	v := read(c)
	c.update()
	return uint32(v)
}

// Out writes a port.
func (c *Controller) Out(port uint16, size int, v uint32) {
	if write := registers[port&7].write; write != nil {
		write(c, uint8(v))
		c.update()
	}
}

func (c *Controller) writeDOR(v uint8) {
	ran := c.dor&dorRun != 0
	c.dor = v
	switch runs := v&dorRun != 0; {
	case ran && !runs:
		c.stop()
	case !ran && runs:
		c.later(workReset, resetTime)
	}
}

func (c *Controller) writeDSR(v uint8) {
	c.rate = v & 3
	if v&0x80 != 0 && c.dor&dorRun != 0 {
		c.stop()
		c.later(workReset, resetTime)
	}
}

// readDIR tells of the change line of the drive that is selected and turns.
func (c *Controller) readDIR() uint8 {
	n := c.dor & dorDrive
	if c.dor>>(dorMotor+n)&1 == 0 || !c.drives[n].changed {
		return 0
	}
	return 0x80
}

// status is the main status register.
func (c *Controller) status() uint8 {
	if c.dor&dorRun == 0 {
		return 0
	}
	v := [phases]uint8{
		phaseCommand: msrRequest,
		phaseBusy:    msrBusy,
		phaseToHost:  msrRequest | msrBusy | msrNoDMA | msrToHost,
		phaseToDisk:  msrRequest | msrBusy | msrNoDMA,
		phaseResult:  msrRequest | msrBusy | msrToHost,
	}[c.phase]
	if c.phase == phaseBusy && c.work == workReset {
		v = 0
	}
	if len(c.command) > 0 {
		v |= msrBusy
	}
	for i := range c.drives {
		if c.drives[i].seek.At() != dev.Never {
			v |= 1 << i
		}
	}
	return v
}

func (c *Controller) readFIFO() uint8 {
	switch {
	case c.phase == phaseToHost:
		return c.job.give(c)
	case c.phase != phaseResult || len(c.result) == 0:
		return 0xff
	}
	v := c.result[0]
	c.interrupt = c.anyTold() // what waits for SENSE INTERRUPT STATUS stays
	if c.result = c.result[1:]; len(c.result) == 0 {
		c.phase = phaseCommand
	}
	return v
}

func (c *Controller) writeFIFO(v uint8) {
	switch {
	case c.dor&dorRun == 0:
	case c.phase == phaseToDisk:
		c.job.take(c, v)
	case c.phase == phaseCommand:
		c.command = append(c.command, v)
		if k := find(c.command[0]); len(c.command) >= k.length {
			c.phase = phaseCommand
			k.do(c)
			c.command = c.command[:0]
		}
	}
}

// answer is the result of a command that interrupts nobody.
func (c *Controller) answer(b ...uint8) {
	c.result, c.phase = b, phaseResult
}

// State is what the controller and the drives remember. Disks are those that are in the
// drives.
func (c *Controller) State(s *snap.Stream) {
	s.Name("fdc 1")
	snap.Int(s, &c.dor, &c.perpendicular)
	snap.Below(s, &c.tdr, 4)
	snap.Below(s, &c.rate, 4)
	snap.Ints(s, c.specify[:])
	snap.Ints(s, c.configure[:])
	s.Bool(&c.locked, &c.interrupt)
	snap.Below(s, &c.resets, 5)
	snap.Below(s, &c.phase, phases)
	snap.Below(s, &c.work, works)
	s.Blob(&c.command, mostCommand)
	s.Blob(&c.result, mostResult)
	c.job.state(s)
	for i := range c.drives {
		c.drives[i].state(s)
	}
	c.timer.State(s)
}
