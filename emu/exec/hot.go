package exec

import (
	"slices"

	"panda/emu/guest"
	"panda/emu/probe"
	"panda/emu/vcpu"
)

// Hot blocks. A block ends at a branch, since that is what plugins expect of
// one. When nobody watches blocks, and the engine makes machine code, a block
// that runs often is translated again so that it continues after branches that have
// fallen through before: one entry instead of many, and what leaves on the way
// stores only then what the successor wants to find. Which blocks are hot is
// seen by looking, from time to time, where the guest is; icount decides when,
// so it costs nothing in the code, and is the same in each run.

// sampleEvery is after how many instructions the run loop looks.
const sampleEvery = 1 << 17

// hotAfter is how often a block must be met, sidesMax how many branches it may
// then contain.
const (
	hotAfter = 2
	sidesMax = 12
)

// hot is the block to be translated again, and the blocks after it that it has fallen
// through to.
type hot struct {
	tb  *vcpu.TB
	way []guest.Addr
}

// sample looks where the guest is.
func (e *Engine) sample(c *vcpu.CPU) {
	if !e.backend.Extends() || e.blocks == nil || e.nest.depth > 0 || e.switches.noChain {
		return
	}
	tb, _ := e.cache.find(e.blocks, c.Space, c.PC())
	if tb == nil || tb.Heat >= hotAfter {
		return
	}
	if tb.Heat++; tb.Heat == hotAfter && probe.Free(e.bus) {
		if way := fallen(tb); len(way) > 0 || tb.Loops {
			e.hot = hot{tb, way}
			e.Stats.Hot++
			e.cache.kill(tb)
		}
	}
}

// fallen is the way that a block and what follows it have fallen through.
func fallen(tb *vcpu.TB) (way []guest.Addr) {
	start := tb.PC
	for len(way) < sidesMax {
		next := tb.Next[0]
		if next == nil || next.PC != tb.PC+guest.Addr(tb.Size) || next.PC-start > maxBytes/4 {
			break
		}
		way = append(way, next.PC)
		tb = next
	}
	return way
}

// isHot reports whether the block at the pc is the one to be made longer.
func (e *Engine) isHot(c *vcpu.CPU) bool {
	tb := e.hot.tb
	return tb != nil && tb.PC == c.PC() && tb.Mode == e.mode && tb.ASID == c.ASID()
}

// takeHot lets a translation be longer, if it is that of the hot block.
func (e *Engine) takeHot(t *translation) {
	if t.keep && e.isHot(e.cpu) {
		t.longer, t.way = true, e.hot.way
		e.hot = hot{}
	}
}

// extend reports whether the block continues with what follows a branch, at pc, and
// counts it.
func (t *translation) extend(pc uint64) bool {
	if t.sides == sidesMax || !slices.Contains(t.way, guest.Addr(pc)) {
		return false
	}
	t.sides++
	return true
}
