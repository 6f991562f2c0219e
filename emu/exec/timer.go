package exec

import (
	"math"

	"panda/emu/vcpu"
)

// SetAlarm has Run return with StopAlarm when so many instructions have been completed, and
// no more; NoAlarm for never. It may be called while an instruction runs.
func (e *Engine) SetAlarm(at uint64) {
	e.budget.alarm = at
	e.cpu.Kick()
}

// NoAlarm is later than all other alarms.
const NoAlarm = math.MaxUint64

// alarmed reports whether the time of the alarm has come. A guest function that is called has
// no time of its own.
func (e *Engine) alarmed(c *vcpu.CPU) bool { return e.nest.depth == 0 && c.Icount() >= e.budget.alarm }

// untilTimer calls the timers that are due and is how many of n instructions may
// run until the next one is, or the alarm.
func (e *Engine) untilTimer(c *vcpu.CPU, n int64) int64 {
	if e.nest.depth > 0 {
		return n
	}
	e.bus.FireTimers(c.Icount())
	return int64(min(uint64(n), e.nextTimer()-c.Icount()))
}

// nextTimer is the count of instructions at which the run is to be interrupted.
func (e *Engine) nextTimer() uint64 {
	if at, ok := e.bus.NextTimer(); ok {
		return min(at, e.budget.alarm)
	}
	return e.budget.alarm
}

// hasten shortens the run for a timer that was set in it.
func (e *Engine) hasten(c *vcpu.CPU) {
	if at := e.nextTimer(); at < c.Deadline && e.nest.depth == 0 {
		over := int64(c.Deadline - max(at, c.Icount()))
		c.Left -= over
		c.Deadline -= uint64(over)
	}
}
