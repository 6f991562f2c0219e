package dev

import (
	"math"
	"math/bits"

	"panda/emu/snap"
)

// Time is guest time since the machine was switched on, in nanoseconds.
type Time uint64

// Second is a second of it.
const Second = 1_000_000_000

// Never is later than all others.
const Never Time = math.MaxUint64

// Ticks is how many ticks of a frequency, in Hz, are over at a time.
func (t Time) Ticks(hz uint64) uint64 {
	hi, lo := bits.Mul64(uint64(t), hz)
	q, _ := bits.Div64(hi%Second, lo, Second)
	return q
}

// TickTime is the first time at which that many ticks are over, or Never.
func TickTime(ticks, hz uint64) Time {
	hi, lo := bits.Mul64(ticks, Second)
	lo, carry := bits.Add64(lo, hz-1, 0)
	hi += carry
	if hi >= hz {
		return Never
	}
	q, _ := bits.Div64(hi, lo, hz)
	return Time(q)
}

// Clock is the time of a machine's chips, and what they want to do at a later one.
type Clock struct {
	now    func() Time
	timers []*Timer // in the order they were made
	next   Time     // of those that are set
	// Sooner, when set, is told that something is to be done sooner than all else.
	Sooner func()
}

// NewClock is a clock that shows what now says, which never goes back.
func NewClock(now func() Time) *Clock { return &Clock{now: now, next: Never} }

// Now is the guest's time.
func (c *Clock) Now() Time { return c.now() }

// Next is when something is to be done next, or Never.
func (c *Clock) Next() Time { return c.next }

// Timer calls a function at a time.
type Timer struct {
	clock *Clock
	at    Time
	do    func()
}

// NewTimer makes a timer, which is not set.
func (c *Clock) NewTimer(do func()) *Timer {
	t := &Timer{clock: c, at: Never, do: do}
	c.timers = append(c.timers, t)
	return t
}

// Set sets the timer to a time, also one that is over, or Never. It calls once.
func (t *Timer) Set(at Time) {
	c, was := t.clock, t.at
	t.at = at
	switch {
	case at < c.next:
		c.next = at
		if c.Sooner != nil {
			c.Sooner()
		}
	case was == c.next:
		c.look()
	}
}

// At is what the timer is set to.
func (t *Timer) At() Time { return t.at }

// State is what the timer is set to.
func (t *Timer) State(s *snap.Stream) {
	at := t.at
	if snap.Int(s, &at); s.Loading() {
		t.Set(at)
	}
}

func (c *Clock) look() {
	c.next = Never
	for _, t := range c.timers {
		c.next = min(c.next, t.at)
	}
}

// Run calls the timers whose time is over: the earlier ones first, those of the same time in
// the order they were made.
func (c *Clock) Run() {
	for now := c.now(); c.next <= now; {
		for _, t := range c.timers {
			if t.at == c.next {
				t.at = Never
				c.look()
				t.do()
				break
			}
		}
	}
}
