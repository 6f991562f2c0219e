// Package i8254 is the interval timer of a PC and its system control port B. Source: Intel
// 8254 data sheet (231164); for port 61h Intel 82371AB (PIIX4) data sheet, NMISC.
//
// Nothing happens at each tick: a counter is the tick at which it was loaded, and what it
// shows follows from the time. Only the output of counter 0 has a timer, for the next time
// that it changes.
package i8254

import (
	"panda/emu/dev"
	"panda/emu/snap"
)

// Hz is the frequency of the counters.
const Hz = 1_193_182

// Timer is the chip. Ports: 40h to 43h.
type Timer struct {
	clock    *dev.Clock
	counters [3]counter
	out      dev.Wire
	shown    bool // the level of out
	change   *dev.Timer
	control  uint8 // what was written to port 61h
}

// New is a timer whose counter 0 drives out.
func New(clock *dev.Clock, out dev.Wire) *Timer {
	t := &Timer{clock: clock, out: out}
	t.change = clock.NewTimer(t.changes)
	t.clear()
	return t
}

// Reset clears port 61h, and as the chip has no reset line, has its counters be as at
// power on.
func (t *Timer) Reset() {
	t.clear()
	t.show()
}

func (t *Timer) clear() {
	for i := range t.counters {
		t.counters[i] = counter{n: 1, gate: i != 2, access: accessBoth}
	}
	t.control = 0
}

func (t *Timer) now() uint64 { return t.clock.Now().Ticks(Hz) }

// changes is called when counter 0 has changed its output at least once.
func (t *Timer) changes() {
	if t.counters[0].out(t.now()) == t.shown { // and back
		t.out.Set(!t.shown)
		t.out.Set(t.shown)
	}
	t.show()
}

// show gives the output its level, and sets the timer to the next change.
func (t *Timer) show() {
	now := t.now()
	if high := t.counters[0].out(now); high != t.shown {
		t.shown = high
		t.out.Set(high)
	}
	at := dev.Never
	if next := t.counters[0].next(now); next != never && next > now { // a state that was loaded may say anything
		at = dev.TickTime(next, Hz)
	}
	t.change.Set(at)
}

// In reads a port.
func (t *Timer) In(port uint16, size int) uint32 {
	if port &= 3; port != 3 {
		return uint32(t.counters[port].read(t.now()))
	}
	return 0xff
}

// Out writes a port.
func (t *Timer) Out(port uint16, size int, v uint32) {
	t.catchUp()
	if port &= 3; port != 3 {
		t.counters[port].write(t.now(), uint8(v))
	} else {
		t.command(uint8(v))
	}
	t.show()
}

// catchUp has the output change that should have by now.
func (t *Timer) catchUp() {
	if t.change.At() <= t.clock.Now() {
		t.changes()
	}
}

// command takes a control word: of a counter, or for several a read-back command.
func (t *Timer) command(v uint8) {
	now := t.now()
	if n := v >> 6; n < 3 {
		t.counters[n].command(now, v)
		return
	}
	for i := range t.counters {
		c := &t.counters[i]
		if v&(2<<i) == 0 {
			continue
		}
		if v&readBackNoCount == 0 {
			c.latchCount(now)
		}
		if v&readBackNoStatus == 0 {
			c.latchStatus(now)
		}
	}
}

// State is what the chip and port 61h remember.
func (t *Timer) State(s *snap.Stream) {
	s.Name("i8254 1")
	for i := range t.counters {
		t.counters[i].state(s)
	}
	s.Bool(&t.shown)
	snap.Int(s, &t.control)
	t.change.State(s)
}

// Bits of port 61h.
const (
	gate2    = 1 << 0
	writable = 0x0f // with speaker data, and two enables of NMI
	refresh  = 1 << 4
	out2     = 1 << 5

	refreshTicks = 18 // 15 us
)

// ControlB is system control port B, 61h: the gate of counter 2 and its output, and a bit
// that toggles with the refresh of memory.
type ControlB struct{ t *Timer }

// ControlB is the port that goes with the timer, whose state has that of the port.
func (t *Timer) ControlB() ControlB { return ControlB{t} }

// In reads it.
func (b ControlB) In(port uint16, size int) uint32 {
	now := b.t.now()
	v := uint32(b.t.control)
	if now/refreshTicks&1 != 0 {
		v |= refresh
	}
	if b.t.counters[2].out(now) {
		v |= out2
	}
	return v
}

// Out writes it.
func (b ControlB) Out(port uint16, size int, v uint32) {
	b.t.control = uint8(v) & writable
	b.t.counters[2].setGate(b.t.now(), v&gate2 != 0)
}
