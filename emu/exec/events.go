package exec

import (
	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// fireTranslate fires before_block_translate.
func (e *Engine) fireTranslate(pc guest.Addr) {
	if !e.drop.quiet && e.bus.Watched(event.BeforeBlockTranslate) {
		e.bus.Fire(event.BeforeBlockTranslate, &event.Env{CPU: e.cpu, PC: pc})
	}
}

// fireTranslated fires after_block_translate.
func (e *Engine) fireTranslated(tb *vcpu.TB) {
	if !e.drop.quiet && e.bus.Watched(event.AfterBlockTranslate) {
		e.bus.Fire(event.AfterBlockTranslate, &event.Env{CPU: e.cpu, PC: tb.PC, TB: tb})
	}
}

// restored fires cpu_restore_state for a block that an exception left, when
// registers and pc are those of its instruction. It reports whether a callback sent
// the guest elsewhere.
func (e *Engine) restored(c *vcpu.CPU, tb *vcpu.TB) (moved bool) {
	if tb == nil || !e.bus.Watched(event.CPURestoreState) {
		return false
	}
	if tb.Once && e.redone != nil {
		tb = e.redone
	}
	c.Moved = false
	e.bus.Fire(event.CPURestoreState, &event.Env{CPU: c, PC: tb.PC, TB: tb})
	return c.Moved
}

// afterBlock lets a block say that it was left, and handles one that a callback
// invalidated.
func (e *Engine) afterBlock(c *vcpu.CPU) {
	last := c.Leave.Last
	if last == nil {
		return
	}
	if last.Dead && last.PC == c.PC() {
		e.renew = renewal{last.PC, true}
		e.cache.kill(last)
	}
	if last.Left != nil && !halfway(c) {
		next, _ := e.cache.find(e.blocks, c.Space, c.PC())
		last.Left(c, next)
	}
}

// renewal is a block to be translated again without being asked again.
type renewal struct {
	pc guest.Addr
	on bool
}

// take reports whether the block at a pc is that one. The next translation decides.
func (r *renewal) take(pc guest.Addr) bool {
	is := r.on && r.pc == pc
	r.on = false
	return is
}

// halfway reports whether a site left the block for a moment: the guest goes on in
// it, and what stands before the block does not fire again.
func halfway(c *vcpu.CPU) bool {
	return c.Leave.Why == ir.ExitEnd && c.Skip.On && c.Skip.Icount == c.Icount()
}
