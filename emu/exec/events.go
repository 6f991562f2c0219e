package exec

import (
	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
)

// fireTranslate fires before_block_translate.
func (e *Engine) fireTranslate(k event.Kind, pc guest.Addr) {
	for _, s := range e.bus.Active(k) {
		if fn, ok := s.Fn.(event.PCFunc); ok && s.Filter.MatchPC(pc) {
			e.bus.CallPC(s, fn, e.cpu, pc)
		}
		e.countOne(s)
	}
}

// fireTranslated fires after_block_translate.
func (e *Engine) fireTranslated(tb *vcpu.TB) {
	for _, s := range e.bus.Active(event.AfterBlockTranslate) {
		if fn, ok := s.Fn.(event.BlockFunc); ok && s.Filter.MatchPC(tb.PC) {
			e.bus.CallBlock(s, fn, e.cpu, tb)
		}
		e.countOne(s)
	}
}

func (e *Engine) countOne(s *event.Sub) {
	if s.Counter != nil {
		*s.Counter++
	}
}

// afterBlock lets a block say that it was left, and handles one that a callback
// invalidated.
func (e *Engine) afterBlock(c *vcpu.CPU) {
	last := c.Leave.Last
	if last == nil {
		return
	}
	if last.Dead && last.PC == c.PC() {
		e.renew, e.renewed = last.PC, true
		e.cache.kill(last)
	}
	if last.Left != nil {
		last.Left(c, e.blocks.byPC.find(c.PC()))
	}
}
