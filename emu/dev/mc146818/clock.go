// Package mc146818 is the real-time clock of a PC with its CMOS RAM. Source: Motorola
// MC146818A data sheet; for the port and the upper 64 bytes Intel 82371AB (PIIX4) data
// sheet. Byte 32h is the century, as in IBM's and all later firmware.
//
// Nothing happens each second: the bytes of the time are those of an earlier moment, and
// are brought forward when somebody looks. There is a timer for interrupts that are enabled.
package mc146818

import (
	"panda/emu/dev"
	"panda/emu/snap"
)

const (
	crystal = 32_768 // Hz

	// An update takes tUC, and UIP rises tBUC before.
	updateTime = (1984 + 244) * 1000
)

// Bytes of the chip.
const (
	second = iota
	secondAlarm
	minute
	minuteAlarm
	hour
	hourAlarm
	weekday
	day
	month
	year
	regA
	regB
	regC
	regD

	century = 0x32
	size    = 128
)

// Bits of the registers A to D.
const (
	aRate       = 0x0f
	aDivider    = 0x70
	aRuns       = 0x20 // a divider chain that runs, from 32768 Hz
	aUpdating   = 0x80
	bHours24    = 1 << 1
	bBinary     = 1 << 2
	bUpdate     = 1 << 4
	bAlarm      = 1 << 5
	bPeriodic   = 1 << 6
	bSet        = 1 << 7
	cRequest    = 1 << 7
	dValid      = 1 << 7
	interrupts  = bUpdate | bAlarm | bPeriodic // of B; those of C are at the same places
	resetClears = interrupts | 1<<3
)

// Clock is the chip. Ports: 70h and 71h.
type Clock struct {
	clock *dev.Clock
	irq   dev.Wire
	timer *dev.Timer

	ram    [size]uint8
	index  uint8
	noNMI  bool
	seen   dev.Time // up to when all has happened
	offset dev.Time // in a second, when seconds begin
}

// New is a clock that shows start, in Unix seconds, when the machine is switched on, as
// BCD and 24 hours.
func New(clock *dev.Clock, irq dev.Wire, start int64) *Clock {
	c := &Clock{clock: clock, irq: irq}
	c.timer = clock.NewTimer(c.look)
	c.ram[regA] = aRuns | 6
	c.ram[regB] = bHours24
	c.ram[regD] = dValid
	c.setTime(start)
	return c
}

// Reset takes the enables of the interrupts away. The time goes on.
func (c *Clock) Reset() {
	c.catchUp()
	c.ram[regB] &^= resetClears
	c.ram[regC] = 0
	c.index, c.noNMI = 0, false
	c.react()
}

// NMIMasked is bit 7 of what was written to port 70h last.
func (c *Clock) NMIMasked() bool { return c.noNMI }

// CMOS sets a byte of the RAM, as a firmware's setup does. The checksum is in bytes 2Eh
// and 2Fh, and follows.
func (c *Clock) CMOS(i int, v uint8) {
	if i <= regD || i >= size {
		panic("BUG: no byte of the CMOS RAM")
	}
	c.ram[i] = v
	sum := uint16(0)
	for _, b := range c.ram[0x10:0x2e] {
		sum += uint16(b)
	}
	c.ram[0x2e], c.ram[0x2f] = uint8(sum>>8), uint8(sum)
}

// Byte is a byte as the guest would read it, which has no effect.
func (c *Clock) Byte(i int) uint8 {
	c.catchUp()
	v := c.ram[i%size]
	if i%size == regA && c.updating() {
		v |= aUpdating
	}
	return v
}

// In reads a port. Port 70h cannot be read.
func (c *Clock) In(port uint16, size int) uint32 {
	if port&1 == 0 {
		return 0xff
	}
	v := c.Byte(int(c.index))
	if c.index == regC {
		c.ram[regC] = 0
		c.react()
	}
	return uint32(v)
}

// Out writes a port.
func (c *Clock) Out(port uint16, size int, v uint32) {
	if port&1 == 0 {
		c.index, c.noNMI = uint8(v)&0x7f, v&0x80 != 0
		return
	}
	c.catchUp()
	switch b := uint8(v); c.index {
	case regA:
		c.writeA(b &^ aUpdating)
	case regB:
		if b&bSet != 0 {
			b &^= bUpdate
		}
		c.ram[regB] = b
	case regC, regD:
	default:
		c.ram[c.index] = b
	}
	c.react()
}

// writeA sets rate and divider. When the divider begins to run the first update is half a
// second later.
func (c *Clock) writeA(v uint8) {
	ran := c.runs()
	c.ram[regA] = v
	if !ran && c.runs() {
		c.offset = (c.seen + dev.Second/2) % dev.Second
	}
}

func (c *Clock) runs() bool { return c.ram[regA]&aDivider == aRuns }

// updates says whether the time goes on.
func (c *Clock) updates() bool { return c.runs() && c.ram[regB]&bSet == 0 }

// updating is UIP.
func (c *Clock) updating() bool {
	return c.updates() && c.since(c.clock.Now())%dev.Second >= dev.Second-updateTime
}

// since is the time since a second began that was before all others.
func (c *Clock) since(at dev.Time) dev.Time { return at + dev.Second - c.offset }

// period is the period of the periodic interrupt in ticks of the crystal, or 0.
func (c *Clock) period() uint64 {
	switch rate := c.ram[regA] & aRate; rate {
	case 0:
		return 0
	case 1, 2:
		return 1 << (rate + 6)
	default:
		return 1 << (rate - 1)
	}
}

// look is called when an interrupt may be due.
func (c *Clock) look() {
	c.catchUp()
	c.react()
}

// catchUp has all happen that should have by now.
func (c *Clock) catchUp() {
	was, now := c.seen, c.clock.Now()
	if now <= was {
		return
	}
	c.seen = now
	if p := c.period(); p != 0 && c.runs() && c.since(now).Ticks(crystal)/p != c.since(was).Ticks(crystal)/p {
		c.ram[regC] |= bPeriodic
	}
	if n := c.since(now)/dev.Second - c.since(was)/dev.Second; n != 0 && c.updates() {
		c.pass(uint64(n))
	}
}

// react gives the interrupt its level, and sets the timer for the next that may come.
func (c *Clock) react() {
	c.ram[regC] &^= cRequest
	if c.ram[regB]&c.ram[regC]&interrupts != 0 {
		c.ram[regC] |= cRequest
	}
	c.irq.Set(c.ram[regC]&cRequest != 0)
	c.timer.Set(c.next())
}

// next is when a flag may be set whose interrupt is enabled.
func (c *Clock) next() dev.Time {
	at := dev.Never
	due := c.ram[regB] &^ c.ram[regC]
	since := c.since(c.seen)
	if p := c.period(); due&bPeriodic != 0 && p != 0 && c.runs() {
		at = dev.TickTime((since.Ticks(crystal)/p+1)*p, crystal) - dev.Second + c.offset
	}
	if due&(bUpdate|bAlarm) != 0 && c.updates() {
		at = min(at, since-since%dev.Second+c.offset)
	}
	return at
}

// State is what the chip remembers.
func (c *Clock) State(s *snap.Stream) {
	s.Name("mc146818 1")
	s.Bytes(c.ram[:])
	snap.Below(s, &c.index, size)
	s.Bool(&c.noNMI)
	snap.Below(s, &c.seen, 1<<62)
	snap.Below(s, &c.offset, dev.Second)
	c.timer.State(s)
}
