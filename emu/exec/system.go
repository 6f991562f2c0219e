package exec

import (
	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

// A machine's CPU delivers its exceptions and interrupts by itself, between two blocks.

// attend does what a machine's CPU has to do before the next instruction; acted is false if
// that is nothing.
func (e *Engine) attend(c *vcpu.CPU) (acted bool, stop vcpu.Stop, yes bool) {
	if e.system == nil || e.nest.depth > 0 {
		return false, 0, false
	}
	if old, now := e.asid, c.Space.ASID(); old != now {
		e.asid = now
		pc := c.PC()
		e.bus.Fire(event.ASIDChanged, &event.Env{CPU: c, PC: pc, OldASID: old})
		if c.PC() != pc {
			return true, 0, false
		}
	}
	x, ok, alone := e.system.Attend(c)
	switch {
	case ok:
		c.Leave = vcpu.Leave{}
		stop, yes = e.deliver(c, x)
		return true, stop, yes
	case alone && c.Left > 0:
		c.Leave = vcpu.Leave{}
		stop, yes = e.alone(c)
		c.Kick()
		return true, stop, yes
	}
	return false, 0, false
}

// deliver has the CPU deliver an exception or interrupt, unless a callback goes on elsewhere.
func (e *Engine) deliver(c *vcpu.CPU, x guest.Exception) (vcpu.Stop, bool) {
	if !x.External {
		pc := c.PC()
		e.bus.Fire(event.BeforeException, &event.Env{CPU: c, PC: pc, Exception: &x})
		if c.PC() != pc {
			return 0, false
		}
	}
	for {
		ended, store := e.tryDeliver(c, x)
		switch {
		case store != nil:
			e.storedInto(c, store.Page)
		case ended:
			return vcpu.StopShutdown, true
		default:
			e.followMode(c)
			return 0, false
		}
	}
}

// tryDeliver gives the store into translated code that must be made possible first.
func (e *Engine) tryDeliver(c *vcpu.CPU, x guest.Exception) (ended bool, store *mmu.CodeStore) {
	defer func() {
		switch f := recover().(type) {
		case nil:
		case *mmu.CodeStore:
			store = f
		default:
			panic(f)
		}
	}()
	return e.system.Deliver(c, x), nil
}
