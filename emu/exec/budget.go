package exec

import "panda/emu/vcpu"

// budget is how far the engine may run.
type budget struct {
	limit int64  // instructions until Run says StopRequest; negative for none
	loose bool   // the present part need not be used up
	alarm uint64 // see SetAlarm
}

// Run runs about n instructions of the CPU's present state, exactly n if
// nothing else stops it.
func (e *Engine) Run(c *vcpu.CPU, n int64) vcpu.Stop {
	for {
		if e.alarmed(c) {
			return vcpu.StopAlarm
		}
		part := e.untilTimer(c, n)
		e.budget.loose = part > sampleEvery
		part = min(part, sampleEvery)
		before := c.Icount()
		stop := e.runLimited(c, part)
		n -= int64(c.Icount() - before)
		if stop != vcpu.StopBudget || n <= 0 && !e.alarmed(c) {
			return stop
		}
		e.sample(c)
	}
}

func (e *Engine) runLimited(c *vcpu.CPU, n int64) vcpu.Stop {
	if e.budget.limit < 0 || e.nest.depth > 0 {
		return e.run(c, n)
	}
	if e.budget.limit == 0 {
		return vcpu.StopRequest
	}
	before := c.Icount()
	e.budget.loose = false
	stop := e.run(c, min(n, e.budget.limit))
	e.budget.limit -= int64(c.Icount() - before)
	if stop == vcpu.StopBudget && e.budget.limit == 0 {
		return vcpu.StopRequest
	}
	return stop
}

// SetLimit makes Run say StopRequest after n more instructions; a negative n
// takes the limit away.
func (e *Engine) SetLimit(n int64) { e.budget.limit = n }
