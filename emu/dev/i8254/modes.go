package i8254

// A mode says what a counter shows when e ticks of a count of n are over: its value and
// output, and how many ticks later the output changes next, or 0 when it does not.
type mode struct {
	value func(n, e uint64) uint64
	out   func(n, e uint64) bool
	next  func(n, e uint64) uint64
}

// modes are those of the data sheet, "Mode definitions".
var modes = [6]mode{
	0: {down, func(n, e uint64) bool { return e >= n }, until},
	1: {down, func(n, e uint64) bool { return e >= n }, until},
	2: {
		func(n, e uint64) uint64 { return n - e%n },
		func(n, e uint64) bool { return n == 1 || e%n != n-1 },
		func(n, e uint64) uint64 {
			if e %= n; e != n-1 {
				return n - 1 - e
			}
			return n - e
		},
	},
	3: {
		square,
		func(n, e uint64) bool { return n == 1 || e%n < (n+1)/2 },
		func(n, e uint64) uint64 {
			if e %= n; e < (n+1)/2 {
				return (n+1)/2 - e
			}
			return n - e
		},
	},
	4: {down, strobe, strobeNext},
	5: {down, strobe, strobeNext},
}

// down counts, and goes on below 0.
func down(n, e uint64) uint64 { return n - e }

func until(n, e uint64) uint64 { return n - min(e, n) }

// square counts by two, from the even number at or below the count, in each half of a
// cycle. The high half of an odd count is a tick longer, which shows 0.
func square(n, e uint64) uint64 {
	e %= n
	if first := (n + 1) / 2; e >= first {
		e -= first
	}
	return n&^1 - 2*e
}

func strobe(n, e uint64) bool { return e != n }

func strobeNext(n, e uint64) uint64 {
	if e == n {
		return 1
	}
	return until(n, e)
}

// value is what the counter shows.
func (c *counter) value(now uint64) uint16 {
	c.settle(now)
	if !c.started || now < c.from && c.done == 0 {
		return c.before
	}
	m := int64(c.modulo())
	e := c.elapsed(now) % (uint64(m) * uint64(c.n)) // a multiple of both cycles less
	v := int64(modes[c.mode].value(uint64(c.n), e)) % m
	return c.encode(uint32(v + m))
}

// out is the level of the output.
func (c *counter) out(now uint64) bool {
	c.settle(now)
	return c.outAt(now)
}

func (c *counter) outAt(now uint64) bool {
	periodic := c.mode == 2 || c.mode == 3
	if !c.started || now < c.from && c.done == 0 || periodic && !c.running {
		return c.outBefore
	}
	return modes[c.mode].out(uint64(c.n), c.elapsed(now))
}

// next is the tick at which the output changes next, or never.
func (c *counter) next(now uint64) uint64 {
	c.settle(now)
	if c.started && now < c.from {
		if c.outAt(c.from) != c.outBefore {
			return c.from
		}
		now = c.from
	}
	if !c.started || !c.running {
		return never
	}
	if periodic := c.mode == 2 || c.mode == 3; periodic && c.n == 1 {
		return c.afterOne()
	}
	d := modes[c.mode].next(uint64(c.n), c.elapsed(now))
	if d == 0 {
		return never
	}
	return now + d
}

// afterOne is the next change where the count is 1, which is none of modes 2 and 3 and
// leaves the output high: that of the count that waits.
func (c *counter) afterOne() uint64 {
	if !c.waiting || c.nextN == 1 {
		return never
	}
	return c.switchAt + modes[c.mode].next(uint64(c.nextN), 0)
}
