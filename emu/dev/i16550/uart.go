// Package i16550 is a serial port, National PC16550D. Source: its data sheet (TL/C/8652).
//
// A byte that is written leaves at once: the transmitter takes no time. What comes is
// taken as fast as the guest makes room in the FIFO.
package i16550

import (
	"panda/emu/dev"
	"panda/emu/snap"
)

const fifoSize = 16

// Registers: what they are called, by their offset.
const (
	regData = iota // RBR, THR; with DLAB the divisor, low
	regIER         // with DLAB the divisor, high
	regIIR         // written it is FCR
	regLCR
	regMCR
	regLSR
	regMSR
	regSCR
)

// Bits of registers.
const (
	ierData   = 1 << 0
	ierEmpty  = 1 << 1
	ierStatus = 1 << 2
	ierModem  = 1 << 3

	iirNone    = 0x01
	iirModem   = 0x00
	iirEmpty   = 0x02
	iirData    = 0x04
	iirStatus  = 0x06
	iirTimeout = 0x0c
	iirFIFO    = 0xc0

	fcrEnable = 1 << 0
	fcrClear  = 1 << 1

	lcrDivisor = 1 << 7

	mcrOut2     = 1 << 3
	mcrLoop     = 1 << 4
	mcrWritable = 0x1f

	lsrReady     = 1 << 0
	lsrOverrun   = 1 << 1
	lsrFraming   = 1 << 3
	lsrBreak     = 1 << 4
	lsrIdle      = 1<<5 | 1<<6 // THRE and TEMT: always
	lsrFIFOError = 1 << 7
	lsrErrors    = lsrOverrun | 1<<2 | lsrFraming | lsrBreak

	msrDeltas = 0x0f
	msrRing   = 1 << 6
)

// Modem lines, as MSR has them.
const (
	CTS = 1 << 4
	DSR = 1 << 5
	RI  = 1 << 6
	DCD = 1 << 7
)

// received is a byte and the bits of LSR that came with it.
type received struct{ b, errors uint8 }

// UART is the chip. It has 8 ports, from an address that is a multiple of 8.
type UART struct {
	clock *dev.Clock
	irq   dev.Wire
	send  func(b byte)
	idle  *dev.Timer // when the guest has left bytes in the FIFO for long

	ier, fcr, lcr, mcr, lsr, msr, scr uint8
	divisor                           uint16
	lines                             uint8 // of the modem, outside
	fifo                              []received
	timeout                           bool // the FIFO was left alone
	empty                             bool // THRE asks for an interrupt

	// Space, when set, is called when there may be room for bytes that come.
	Space func()
}

// New is a serial port whose bytes go to send, connected to a modem that is ready.
func New(clock *dev.Clock, irq dev.Wire, send func(b byte)) *UART {
	u := &UART{clock: clock, irq: irq, send: send, lines: CTS | DSR | DCD, divisor: 12}
	u.idle = clock.NewTimer(func() { u.timeout = true; u.update() })
	u.clear()
	return u
}

// Reset is MR. The divisor and SCR keep their values.
func (u *UART) Reset() {
	u.clear()
	u.update()
}

func (u *UART) clear() {
	u.ier, u.fcr, u.lcr, u.mcr, u.lsr, u.fifo = 0, 0, 0, 0, 0, nil
	u.msr, u.timeout, u.empty = u.lines, false, false
	u.idle.Set(dev.Never)
}

// Room is how many bytes Receive would take.
func (u *UART) Room() int {
	if u.mcr&mcrLoop != 0 {
		return 0
	}
	return max(u.depth()-len(u.fifo), 0) // a state that was loaded may have more
}

func (u *UART) depth() int {
	if u.fcr&fcrEnable != 0 {
		return fifoSize
	}
	return 1
}

// Receive has bytes come, as many as there is room for.
func (u *UART) Receive(b []byte) (taken int) {
	taken = min(len(b), u.Room())
	for _, c := range b[:taken] {
		u.push(received{b: c})
	}
	u.update()
	return taken
}

// Break has a break come: it is lost when there is no room.
func (u *UART) Break() {
	if u.mcr&mcrLoop == 0 {
		u.push(received{errors: lsrBreak | lsrFraming})
		u.update()
	}
}

// Modem sets the lines of the modem: CTS, DSR, RI, DCD.
func (u *UART) Modem(lines uint8) {
	u.lines = lines &^ msrDeltas
	u.modem()
	u.update()
}

// Outputs are the bits of MCR: DTR 1, RTS 2, OUT1 4, OUT2 8.
func (u *UART) Outputs() uint8 { return u.mcr & 0x0f }

func (u *UART) push(r received) {
	switch {
	case len(u.fifo) < u.depth():
		u.fifo = append(u.fifo, r)
	case u.fcr&fcrEnable != 0:
		u.lsr |= lsrOverrun
		return
	default:
		u.lsr |= lsrOverrun
		u.fifo[0] = r
	}
	if len(u.fifo) == 1 {
		u.reveal()
	}
	u.await()
}

// reveal shows in LSR what came with the byte that is read next.
func (u *UART) reveal() {
	if len(u.fifo) > 0 {
		u.lsr |= u.fifo[0].errors
		u.fifo[0].errors = 0
	}
}

// await starts the time after which bytes in the FIFO are called: that of four
// characters.
func (u *UART) await() {
	u.timeout = false
	at := dev.Never
	if len(u.fifo) > 0 && u.fcr&fcrEnable != 0 {
		at = u.clock.Now() + 4*u.character()
	}
	u.idle.Set(at)
}

// character is the time of a character on the line.
func (u *UART) character() dev.Time {
	bits := 7 + dev.Time(u.lcr&3) + dev.Time(u.lcr>>2&1) + dev.Time(u.lcr>>3&1)
	return bits * max(dev.Time(u.divisor), 1) * dev.Second / 115_200
}

// modem carries the lines to MSR: in loop mode they are those of MCR.
func (u *UART) modem() {
	lines := u.lines
	if m := u.mcr; m&mcrLoop != 0 {
		lines = m&2<<3 | m&1<<5 | m&4<<4 | m&8<<4
	}
	changed := (lines ^ u.msr) &^ msrDeltas
	if lines&msrRing != 0 { // only the end of a ring counts
		changed &^= msrRing
	}
	u.msr = u.msr&msrDeltas | changed>>4 | lines
}

// trigger is how many bytes ask for an interrupt.
func (u *UART) trigger() int {
	if u.fcr&fcrEnable == 0 {
		return 1
	}
	return [4]int{1, 4, 8, 14}[u.fcr>>6]
}

// cause is the interrupt of highest priority, as IIR shows it.
func (u *UART) cause() uint8 {
	switch {
	case u.ier&ierStatus != 0 && u.lsr&lsrErrors != 0:
		return iirStatus
	case u.ier&ierData != 0 && len(u.fifo) >= u.trigger():
		return iirData
	case u.ier&ierData != 0 && u.timeout:
		return iirTimeout
	case u.ier&ierEmpty != 0 && u.empty:
		return iirEmpty
	case u.ier&ierModem != 0 && u.msr&msrDeltas != 0:
		return iirModem
	}
	return iirNone
}

// update gives the interrupt its level. A PC has OUT2 let it through.
func (u *UART) update() { u.irq.Set(u.cause() != iirNone && u.mcr&mcrOut2 != 0) }

// State is what the chip remembers.
func (u *UART) State(s *snap.Stream) {
	s.Name("i16550 1")
	snap.Int(s, &u.ier, &u.fcr, &u.lcr, &u.mcr, &u.lsr, &u.msr, &u.scr, &u.lines)
	snap.Int(s, &u.divisor)
	s.Bool(&u.timeout, &u.empty)
	snap.List(s, &u.fifo, fifoSize, func(s *snap.Stream, r *received) { snap.Int(s, &r.b, &r.errors) })
	u.idle.State(s)
}
