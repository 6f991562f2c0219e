package exec

import "panda/emu/vcpu"

// untilTimer calls the timers that are due and is how many of n instructions may
// run until the next one is. A guest function that is called has no time of its
// own.
func (e *Engine) untilTimer(c *vcpu.CPU, n int64) int64 {
	if e.nest.depth > 0 {
		return n
	}
	e.bus.FireTimers(c.Icount())
	if at, ok := e.bus.NextTimer(); ok {
		return int64(min(uint64(n), at-c.Icount()))
	}
	return n
}

// hasten shortens the run for a timer that was set in it.
func (e *Engine) hasten(c *vcpu.CPU) {
	if at, ok := e.bus.NextTimer(); ok && e.nest.depth == 0 && at < c.Deadline {
		over := int64(c.Deadline - max(at, c.Icount()))
		c.Left -= over
		c.Deadline -= uint64(over)
	}
}
