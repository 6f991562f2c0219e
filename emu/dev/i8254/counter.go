package i8254

import (
	"math"

	"panda/emu/snap"
)

const never = math.MaxUint64 // a tick that does not come

// What a control word says of reads and writes.
const (
	accessLatch = iota // a command: latch the count
	accessLow
	accessHigh
	accessBoth // the low byte first
)

// Bits of the read-back command, and of the status byte.
const (
	readBackNoStatus = 1 << 4
	readBackNoCount  = 1 << 5

	statusNull = 1 << 6
	statusOut  = 1 << 7
)

// counter is one of the three. Once it has a count it is loaded at tick from, and counts
// as long as it runs; done ticks of that count were over before.
type counter struct {
	mode   uint8
	access uint8
	bcd    bool
	gate   bool

	armed     bool   // it has a count since the control word
	started   bool   // it is or will be loaded: modes 1 and 5 wait for a trigger
	running   bool   // time counts
	n         uint32 // the count in use, 1 to 65536
	from      uint64 // when it is loaded, or goes on
	done      uint64
	outBefore bool   // the output until it is loaded
	before    uint16 // what it shows until then

	waiting  bool   // a count is to be used later
	nextN    uint32 // that count
	switchAt uint64 // when, in modes 2 and 3

	wroteLow bool  // the high byte is to follow
	low      uint8 // the low byte
	readHigh bool  // the high byte is read next
	latched  uint8 // bytes of the count that are latched and not read
	count    uint16
	hasStat  bool
	status   uint8
}

// command takes a control word for this counter.
func (c *counter) command(now uint64, v uint8) {
	access := v >> 4 & 3
	if access == accessLatch {
		c.latchCount(now)
		return
	}
	mode := v >> 1 & 7
	if mode > 5 {
		mode &= 3
	}
	*c = counter{mode: mode, access: access, bcd: v&1 != 0, gate: c.gate, n: 1, outBefore: mode != 0, before: c.value(now)}
}

// write takes a byte of a count.
func (c *counter) write(now uint64, v uint8) {
	c.settle(now)
	switch {
	case c.access == accessLow:
		c.load(now, uint16(v))
	case c.access == accessHigh:
		c.load(now, uint16(v)<<8)
	case !c.wroteLow:
		c.wroteLow, c.low = true, v
		if c.mode == 0 && c.started { // "writing the first byte disables counting"
			c.before, c.outBefore, c.started, c.armed = c.value(now), false, false, false
		}
	default:
		c.wroteLow = false
		c.load(now, uint16(v)<<8|uint16(c.low))
	}
}

// load takes a whole count, which is used from the next tick on, or later.
func (c *counter) load(now uint64, count uint16) {
	n := c.decode(count)
	periodic := c.mode == 2 || c.mode == 3
	switch {
	case c.mode == 1 || c.mode == 5:
		c.waiting, c.nextN, c.switchAt = true, n, never
	case periodic && c.armed && now >= c.from:
		c.waiting, c.nextN, c.switchAt = true, n, c.cycleEnd(now)
	default:
		c.begin(now, n)
		if c.mode == 0 {
			c.outBefore = false
		}
	}
	c.armed = true
}

// begin has a count loaded at the next tick.
func (c *counter) begin(now uint64, n uint32) {
	c.before, c.outBefore = c.value(now), c.out(now)
	c.n, c.from, c.done = n, now+1, 0
	c.started, c.waiting = true, false
	c.running = c.gate || c.mode == 1 || c.mode == 5
}

// cycleEnd is when modes 2 and 3 look at a new count: at the end of a cycle of mode 2, of
// half a cycle of mode 3.
func (c *counter) cycleEnd(now uint64) uint64 {
	if !c.running {
		return never
	}
	n := uint64(c.n)
	e := now - c.from + c.done
	at := e % n
	if first := (n + 1) / 2; c.mode == 3 && at < first {
		return now - at + first
	}
	return now - at + n
}

// settle puts a count into use whose time has come.
func (c *counter) settle(now uint64) {
	if !c.waiting || now < c.switchAt {
		return
	}
	c.waiting = false
	low := c.mode == 3 && !c.outAt(c.switchAt)
	c.n, c.from, c.done = c.nextN, c.switchAt, 0
	if low { // the count is used for the low half first
		c.done = uint64(c.n+1) / 2
	}
}

// setGate gives the gate a level.
func (c *counter) setGate(now uint64, high bool) {
	if c.gate == high {
		return
	}
	c.settle(now)
	switch {
	case high && c.mode != 0 && c.mode != 4:
		c.gate = high
		c.trigger(now)
		return
	case high:
		c.running, c.from = c.started, max(c.from, now)
	case c.mode == 2 || c.mode == 3:
		c.stop(now)
		c.outBefore, c.switchAt = true, never
	case c.mode == 0 || c.mode == 4:
		c.stop(now)
	}
	c.gate = high
}

// stop keeps what was counted. The strobe of mode 4 does not stay.
func (c *counter) stop(now uint64) {
	c.done, c.running = c.elapsed(now), false
	if c.mode == 4 && c.done == uint64(c.n) {
		c.done++
	}
}

// trigger is a rising gate where that starts anew.
func (c *counter) trigger(now uint64) {
	if !c.armed {
		return
	}
	n := c.n
	if c.waiting {
		n = c.nextN
	}
	c.begin(now, n)
}

// elapsed is the ticks that a count has been in use.
func (c *counter) elapsed(now uint64) uint64 {
	if !c.running || now < c.from {
		return c.done
	}
	return c.done + now - c.from
}

// modulo is how many values the counter has.
func (c *counter) modulo() uint32 {
	if c.bcd {
		return 10_000
	}
	return 1 << 16
}

// decode is the ticks of a count as it is written.
func (c *counter) decode(v uint16) uint32 {
	n := uint32(v)
	if c.bcd {
		n = n>>12*1000 + n>>8&15*100 + n>>4&15*10 + n&15
	}
	if n == 0 {
		n = c.modulo()
	}
	return n
}

// encode is how a count is read.
func (c *counter) encode(n uint32) uint16 {
	n %= c.modulo()
	if c.bcd {
		n = n/1000<<12 | n/100%10<<8 | n/10%10<<4 | n%10
	}
	return uint16(n)
}

// latchCount keeps the count until it has been read.
func (c *counter) latchCount(now uint64) {
	if c.latched != 0 {
		return
	}
	c.count, c.latched = c.value(now), 1
	if c.access == accessBoth {
		c.latched = 2
	}
}

// latchStatus keeps the status byte until it has been read.
func (c *counter) latchStatus(now uint64) {
	if c.hasStat {
		return
	}
	c.settle(now)
	c.hasStat, c.status = true, c.access<<4|c.mode<<1
	if c.bcd {
		c.status |= 1
	}
	if c.out(now) {
		c.status |= statusOut
	}
	if !c.started || c.waiting || now < c.from {
		c.status |= statusNull
	}
}

// read is the next byte: status, latched count, count.
func (c *counter) read(now uint64) uint8 {
	if c.hasStat {
		c.hasStat = false
		return c.status
	}
	v := c.count
	if c.latched > 0 {
		c.latched--
	} else {
		v = c.value(now)
	}
	high := c.access == accessHigh
	if c.access == accessBoth {
		high = c.readHigh
		c.readHigh = !high
	}
	if high {
		return uint8(v >> 8)
	}
	return uint8(v)
}

func (c *counter) state(s *snap.Stream) {
	snap.Below(s, &c.mode, 6)
	snap.Below(s, &c.access, accessBoth+1)
	s.Bool(&c.bcd, &c.gate, &c.armed, &c.started, &c.running, &c.outBefore, &c.waiting, &c.wroteLow, &c.readHigh, &c.hasStat)
	snap.Int(s, &c.before, &c.count)
	snap.Int(s, &c.low, &c.status)
	ticks(s, &c.n)
	ticks(s, &c.nextN)
	snap.Int(s, &c.from, &c.done, &c.switchAt)
	snap.Below(s, &c.latched, 3)
}

// ticks is a count: what is loaded must not be 0.
func ticks(s *snap.Stream, n *uint32) {
	v := max(*n, 1) - 1
	if snap.Below(s, &v, 1<<16); s.Loading() {
		*n = v + 1
	}
}
