// Package hpet is the timer block of a PC (IA-PC HPET Specification 1.0a): a counter of
// 64 bits at 100 MHz, and three comparators that can be periodic. They have no messages of
// their own (FSB interrupts).
package hpet

import (
	"panda/emu/dev"
	"panda/emu/snap"
)

// Outputs are what the block is wired to.
type Outputs struct {
	// IOAPIC are the inputs of an I/O APIC, of which comparators may use those of Routes.
	IOAPIC [24]dev.Wire
	// Legacy is told whether IRQ 0 and 8 are the first two comparators': the 8254's and
	// the clock's are to be cut off then.
	Legacy func(on bool)
	// IRQ0 and IRQ8 are those, of the 8259 as well.
	IRQ0, IRQ8 dev.Wire
}

// Routes are the inputs of the I/O APIC that comparators may use: those that no chip of a
// PC drives with edges.
const Routes = 0x00ff0000 | 1<<2

const (
	comparators = 3
	period      = 10 // ns of a tick
	femtoperiod = period * 1_000_000
	vendor      = 0x8086
)

// Bits of the general configuration and of that of a comparator (1.0a, 2.3.5 and 2.3.8).
const (
	confEnable = 1 << 0
	confLegacy = 1 << 1

	timerLevel    = 1 << 1
	timerEnable   = 1 << 2
	timerPeriodic = 1 << 3
	timerCanRep   = 1 << 4
	timer64       = 1 << 5
	timerSet      = 1 << 6
	timer32       = 1 << 8
	timerRoute    = 0x1f << 9
	timerWritable = timerLevel | timerEnable | timerPeriodic | timer32 | timerRoute
)

// comparator is one of them.
type comparator struct {
	config  uint64 // what was written
	at      uint64
	period  uint64
	setting bool // the next write of the comparator does not change the period
	high    bool // its wire
	alarm   *dev.Timer
}

// HPET is a timer block.
type HPET struct {
	clock  *dev.Clock
	out    Outputs
	config uint64
	status uint32
	offset uint64 // of the counter to the ticks of the clock; the counter when it stands still
	timers [comparators]comparator
}

// New is a block after reset.
func New(clock *dev.Clock, out Outputs) *HPET {
	h := &HPET{clock: clock, out: out}
	for i := range h.timers {
		h.timers[i].alarm = clock.NewTimer(func() { h.ring(i) })
	}
	h.Reset()
	return h
}

// Reset stops it.
func (h *HPET) Reset() {
	if h.config&confLegacy != 0 && h.out.Legacy != nil {
		h.out.Legacy(false)
	}
	for i := range h.timers {
		h.wire(i).Set(false)
	}
	h.config, h.status, h.offset = 0, 0, 0
	for i := range h.timers {
		t := &h.timers[i]
		t.alarm.Set(dev.Never)
		*t = comparator{at: ^uint64(0), alarm: t.alarm}
	}
}

// State names its state.
func (h *HPET) State(s *snap.Stream) {
	s.Name("hpet 1")
	snap.Int(s, &h.config, &h.offset)
	snap.Int(s, &h.status)
	for i := range h.timers {
		t := &h.timers[i]
		snap.Int(s, &t.config, &t.at, &t.period)
		s.Bool(&t.setting, &t.high)
		t.alarm.State(s)
	}
}

func (h *HPET) ticks() uint64 { return uint64(h.clock.Now()) / period }

func (h *HPET) running() bool { return h.config&confEnable != 0 }

func (h *HPET) counter() uint64 {
	if h.running() {
		return h.ticks() + h.offset
	}
	return h.offset
}

// wire is where a comparator's interrupt goes.
func (h *HPET) wire(i int) dev.Wire {
	if h.config&confLegacy != 0 && i < 2 {
		return [2]dev.Wire{h.out.IRQ0, h.out.IRQ8}[i]
	}
	if route := h.timers[i].config >> 9 & 0x1f; Routes>>route&1 != 0 {
		return h.out.IOAPIC[route]
	}
	return nil
}

// ones are the bits of a comparator.
func (t *comparator) ones() uint64 {
	if t.config&timer32 != 0 {
		return 1<<32 - 1
	}
	return ^uint64(0)
}

// arm sets the alarm of a comparator for the next time at which the counter is equal.
func (h *HPET) arm(i int) {
	t := &h.timers[i]
	at := dev.Never
	if h.running() && t.config&timerEnable != 0 {
		left := (t.at - h.counter()) & t.ones()
		if left == 0 {
			left = max(t.ones(), t.ones()+1) // it is equal now already
		}
		if now := h.ticks(); left < uint64(dev.Never)/period-now {
			at = dev.Time((now + left) * period)
		}
	}
	if t.alarm.At() != at {
		t.alarm.Set(at)
	}
}

// ring is when a comparator is equal to the counter.
func (h *HPET) ring(i int) {
	t := &h.timers[i]
	if t.config&timerPeriodic != 0 && t.period&t.ones() != 0 {
		step := t.period & t.ones()
		late := (h.counter() - t.at) & t.ones()
		t.at = (t.at + (late/step+1)*step) & t.ones()
	}
	h.arm(i)
	if t.config&timerLevel != 0 {
		h.status |= 1 << i
		h.signal(i)
	} else {
		h.wire(i).Pulse()
	}
}

// signal finds the level of a comparator's wire again.
func (h *HPET) signal(i int) {
	t := &h.timers[i]
	high := h.status>>i&1 != 0 && t.config&(timerLevel|timerEnable) == timerLevel|timerEnable && h.running()
	if high != t.high {
		t.high = high
		h.wire(i).Set(high)
	}
}

// change does what moves wires: they fall first where they were.
func (h *HPET) change(do func()) {
	for i := range h.timers {
		if t := &h.timers[i]; t.high {
			t.high = false
			h.wire(i).Set(false)
		}
	}
	do()
	for i := range h.timers {
		h.signal(i)
		h.arm(i)
	}
}
