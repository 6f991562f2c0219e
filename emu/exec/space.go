package exec

import (
	"panda/emu/guest"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

// Drop forgets the translations of an address space that is going. Those of physical
// memory stay: they are no space's own. successor says that a space with much of the
// same code will follow, as when a process runs another program.
func (e *Engine) Drop(s vcpu.Space, successor bool) {
	if successor {
		e.shareCode()
	}
	if k := e.caches[s.Code()]; k != nil && k.space != nil {
		k.flush(&e.memo)
		delete(e.caches, s.Code())
	}
	if e.space == s {
		e.present = present{}
	}
	if tb := e.hot.tb; tb != nil && tb.ASID == s.ASID() {
		e.hot = hot{}
	}
}

// modesMost is how many modes may have blocks before all are dropped: a program can make
// itself any number of segments.
const modesMost = 1 << 12

// enterSpace makes the CPU's current address space and mode the engine's.
func (e *Engine) enterSpace() {
	c := e.cpu
	if e.space != c.Space {
		e.changeSpace(c.Space)
	}
	e.mode = e.guest.Mode(c)
	e.base = e.guest.CodeBase(e.mode)
	if e.system != nil {
		e.system.Enter(c, e.mode)
	}
	c.Machine.Arch = e.guest.View(e.mode)
	m := e.cache.mode(e.mode)
	if m != e.blocks || m.jump == nil || m.moved != 0 {
		e.jumps.enter(m)
		e.blocks = m
		if len(e.cache.modes) > modesMost {
			e.FlushTB()
		}
	}
	c.Jump = m.jump
	if e.nest.away != nil {
		c.Jump = e.nest.noJump
	}
}

// changeSpace has the translations of a space be those that are looked for.
func (e *Engine) changeSpace(s vcpu.Space) {
	k := e.caches[s.Code()]
	if k == nil {
		e.shareCode()
		k = newCache(s, e.backend, &e.made)
		e.caches[s.Code()] = k
		s.OnMove(e.reached, e.moved, e.runs)
	}
	e.space, e.cache = s, k
	if k.space == nil { // another space may have other places
		s.OnMove(e.reached, e.moved, e.runs)
		k.moved(mmu.AllParts)
	}
}

// reached is told that the accesses of a space find their memory in another way.
// Translations for the old one are still right where it reached.
func (e *Engine) reached() {
	if e.cpu.Space != nil {
		e.cpu.SetSpace(e.cpu.Space)
	}
	e.FlushTB()
}

// moved is told where addresses of a space have other places. What is translated stays
// right for the places that it was made from, and has to be looked for again.
func (e *Engine) moved(parts mmu.Parts) {
	if e.cache == nil {
		return
	}
	e.cache.moved(parts)
	e.jumps.enter(e.blocks)
	if e.nest.away == nil {
		e.cpu.Jump = e.blocks.jump
	}
}

// runs reports whether a block is running that has code at some addresses, and more than
// one instruction.
func (e *Engine) runs(first, last guest.Addr) bool {
	tb := e.cpu.TB
	return tb != nil && len(tb.Marks) > 1 && tb.Code <= last && tb.Code+guest.Addr(tb.Size-1) >= first
}
