// Package lapic is the local APIC of a machine's only CPU (Intel SDM vol. 3A chapter 10),
// with the registers of xAPIC in a page of memory and those of x2APIC as MSRs.
//
// Its bus runs at 1 GHz: the timer counts nanoseconds, and so does the TSC that deadlines
// are compared with.
package lapic

import (
	"math/bits"

	"panda/emu/dev"
	"panda/emu/snap"
)

// Outputs are what the APIC is wired to. All may be nil.
type Outputs struct {
	Pending dev.Wire        // there is an interrupt for the CPU
	NMI     dev.Wire        // a pulse is one
	INIT    dev.Wire        // a pulse is an INIT that the CPU has sent to itself
	EOI     func(uint8)     // a level-triggered interrupt has ended: for I/O APICs
	INTA    func() uint8    // asks the 8259 behind LINT0 for its vector
	Moved   func(at uint64) // IA32_APIC_BASE is another: what Base says
}

// Features are what the CPU has of it.
type Features struct {
	X2APIC   bool
	Deadline bool
}

// The entries of the local vector table, in the order of their registers.
const (
	lvtTimer = iota
	lvtThermal
	lvtPerf
	lvtLINT0
	lvtLINT1
	lvtError
	lvtCount
)

// Bits of its entries (SDM 10.5.1).
const (
	lvtMasked    = 1 << 16
	lvtRemoteIRR = 1 << 14
	lvtLevel     = 1 << 15
	lvtLow       = 1 << 13
	lvtStatus    = 1<<12 | lvtRemoteIRR // which writes do not change
)

// lvtBits are what can be written of each.
var lvtBits = [lvtCount]uint32{
	0x700ff, 0x107ff, 0x107ff, 0x1a7ff, 0x1a7ff, 0x100ff,
}

// Delivery modes (SDM 10.6.1).
const (
	Fixed  = 0
	Lowest = 1
	SMI    = 2
	NMI    = 4
	INIT   = 5
	SIPI   = 6
	ExtINT = 7
)

// Bits of the SVR: vector, enable, and the focus that no machine of one CPU has.
const (
	svrEnable = 1 << 8
	svrBits   = 0x3ff
)

// Errors of the ESR (SDM 10.5.3).
const (
	errSendVector = 1 << 5
	errRecvVector = 1 << 6
	errRegister   = 1 << 7
)

// APIC is a local APIC.
type APIC struct {
	out      Outputs
	features Features
	clock    *dev.Clock
	timer    *dev.Timer

	base          uint64 // IA32_APIC_BASE
	id, ldr, dfr  uint32
	tpr           uint8
	svr           uint32
	isr, tmr, irr [8]uint32
	lvt           [lvtCount]uint32
	esr, errs     uint32 // what is read, and what has come since the last write
	icr           uint64
	lint          [2]bool
	ext           bool // an ExtINT has come as a message

	divide    uint32
	initial   uint32
	count     uint32 // at the time from
	from      dev.Time
	deadline  uint64
	tscOffset uint64
}

// New is an APIC after power-up.
func New(clock *dev.Clock, f Features, out Outputs) *APIC {
	a := &APIC{clock: clock, features: f, out: out}
	a.timer = clock.NewTimer(a.settle)
	a.Reset()
	return a
}

// Reset is the state of SDM 10.4.7.1.
func (a *APIC) Reset() {
	lint := a.lint
	moved := a.base != baseReset
	*a = APIC{out: a.out, features: a.features, clock: a.clock, timer: a.timer, base: baseReset, dfr: ^uint32(0), svr: 0xff, lint: lint}
	for i := range a.lvt {
		a.lvt[i] = lvtMasked
	}
	a.timer.Set(dev.Never)
	if moved && a.out.Moved != nil {
		a.out.Moved(a.Base())
	}
	a.update()
}

// VirtualWire is what firmware leaves behind: interrupts of an 8259 come through LINT0
// (MultiProcessor Specification 1.4, 3.6.2.2).
func (a *APIC) VirtualWire() {
	a.svr |= svrEnable
	a.lvt[lvtLINT0], a.lvt[lvtLINT1] = ExtINT<<8, NMI<<8
	a.update()
}

// State names its state.
func (a *APIC) State(s *snap.Stream) {
	s.Name("lapic 1")
	snap.Int(s, &a.base, &a.icr, &a.deadline, &a.tscOffset)
	snap.Int(s, &a.id, &a.ldr, &a.dfr, &a.svr, &a.esr, &a.errs, &a.divide, &a.initial, &a.count)
	snap.Int(s, &a.tpr)
	for _, v := range [][]uint32{a.isr[:], a.tmr[:], a.irr[:], a.lvt[:]} {
		snap.Ints(s, v)
	}
	snap.Int(s, &a.from)
	s.Bool(&a.lint[0], &a.lint[1], &a.ext)
	a.timer.State(s)
}

// highest is the largest vector of a set.
func highest(set *[8]uint32) (vector int, ok bool) {
	for i := 7; i >= 0; i-- {
		if set[i] != 0 {
			return i*32 + bits.Len32(set[i]) - 1, true
		}
	}
	return 0, false
}

func (a *APIC) enabled() bool { return a.base&baseEnable != 0 }

// active reports whether it takes fixed interrupts.
func (a *APIC) active() bool { return a.enabled() && a.svr&svrEnable != 0 }

// ppr is the processor priority (SDM 10.8.3.1).
func (a *APIC) ppr() uint8 {
	if v, ok := highest(&a.isr); ok && uint8(v)>>4 > a.tpr>>4 {
		return uint8(v) & 0xf0
	}
	return a.tpr
}

// ready is the vector that the CPU would get, if it is of higher priority than the CPU.
func (a *APIC) ready() (vector uint8, ok bool) {
	v, ok := highest(&a.irr)
	return uint8(v), ok && a.active() && uint8(v)>>4 > a.ppr()>>4
}

// extINT reports whether the 8259 has an interrupt that gets through. An APIC that is off
// is a piece of wire (SDM 10.4.3).
func (a *APIC) extINT() bool {
	if a.ext {
		return true
	}
	if !a.enabled() {
		return a.lint[0]
	}
	e := a.lvt[lvtLINT0]
	return e&lvtMasked == 0 && e>>8&7 == ExtINT && a.lint[0] != (e&lvtLow != 0)
}

// Pending reports whether the CPU has an interrupt to acknowledge.
func (a *APIC) Pending() bool {
	_, ok := a.ready()
	return ok || a.extINT()
}

func (a *APIC) update() { a.out.Pending.Set(a.Pending()) }

// Acknowledge gives the CPU the vector of an interrupt. It is the spurious one when those
// that there are must wait (SDM 10.9).
func (a *APIC) Acknowledge() (vector uint8, ok bool) {
	defer a.update()
	if v, ok := a.ready(); ok {
		clearBit(&a.irr, v)
		setBit(&a.isr, v)
		return v, true
	}
	if a.extINT() && a.out.INTA != nil {
		a.ext = false
		return a.out.INTA(), true
	}
	_, waits := highest(&a.irr)
	return uint8(a.svr), waits && a.active()
}

func setBit(set *[8]uint32, v uint8)   { set[v/32] |= 1 << (v % 32) }
func clearBit(set *[8]uint32, v uint8) { set[v/32] &^= 1 << (v % 32) }
func hasBit(set *[8]uint32, v uint8) bool {
	return set[v/32]>>(v%32)&1 != 0
}

// TPR is what CR8 reads as.
func (a *APIC) TPR() uint8 { return a.tpr >> 4 }

// SetTPR is a write of 0 to 15 to CR8.
func (a *APIC) SetTPR(v uint8) {
	a.tpr = v << 4
	a.update()
}

// accept takes a fixed interrupt.
func (a *APIC) accept(vector uint8, level bool) {
	switch {
	case !a.active():
		return
	case vector < 16:
		a.fail(errRecvVector)
		return
	}
	setBit(&a.irr, vector)
	if clearBit(&a.tmr, vector); level {
		setBit(&a.tmr, vector)
	}
	a.update()
}

// fail notes an error. One that is there already raises no further interrupt.
func (a *APIC) fail(err uint32) {
	was := a.errs
	if a.errs |= err; a.errs != was {
		a.local(lvtError)
	}
}

// local raises the interrupt of an entry of the local vector table.
func (a *APIC) local(entry int) {
	if e := a.lvt[entry]; e&lvtMasked == 0 && a.enabled() {
		mode := e >> 8 & 7
		if entry == lvtTimer || entry == lvtError {
			mode = Fixed
		}
		a.deliver(uint8(mode), uint8(e), false)
	}
}

func (a *APIC) deliver(mode, vector uint8, level bool) {
	switch mode {
	case Fixed, Lowest:
		a.accept(vector, level)
	case ExtINT:
		a.ext = true
		a.update()
	case NMI:
		a.out.NMI.Pulse()
	case INIT:
		a.out.INIT.Pulse()
	}
}

// SetLINT0 is the pin that the 8259 drives.
func (a *APIC) SetLINT0(high bool) { a.setLINT(0, high) }

// SetLINT1 is the pin of the NMI.
func (a *APIC) SetLINT1(high bool) { a.setLINT(1, high) }

func (a *APIC) setLINT(pin int, high bool) {
	rose := high && !a.lint[pin]
	a.lint[pin] = high
	e := a.lvt[lvtLINT0+pin]
	switch {
	case !a.enabled() && pin == 1 && rose:
		a.out.NMI.Pulse()
	case e&lvtLevel != 0 && pin == 0:
		a.sample()
	case rose && e&lvtLow == 0, !high && e&lvtLow != 0:
		a.local(lvtLINT0 + pin)
	}
	a.update()
}

// sample looks at a level-triggered LINT0 of a fixed vector. Remote IRR is set until the
// interrupt has ended (SDM 10.5.1).
func (a *APIC) sample() {
	e := &a.lvt[lvtLINT0]
	if *e&(lvtLevel|lvtMasked|lvtRemoteIRR|7<<8) == lvtLevel && a.lint[0] != (*e&lvtLow != 0) && a.active() {
		*e |= lvtRemoteIRR
		a.accept(uint8(*e), true)
	}
}

// end is the end of the interrupt of the highest priority (SDM 10.8.5).
func (a *APIC) end() {
	v, ok := highest(&a.isr)
	if !ok {
		return
	}
	clearBit(&a.isr, uint8(v))
	if e := &a.lvt[lvtLINT0]; *e&lvtRemoteIRR != 0 && uint8(*e) == uint8(v) {
		*e &^= lvtRemoteIRR
		a.sample()
	} else if hasBit(&a.tmr, uint8(v)) && a.out.EOI != nil {
		a.out.EOI(uint8(v))
	}
	a.update()
}
