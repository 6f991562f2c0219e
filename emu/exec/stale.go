package exec

import (
	"slices"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/probe"
	"panda/emu/vcpu"
)

// What a subscription adds to translations stands in the blocks that its filter
// can match. When it comes, only those are made anew; when it goes, the same, so
// that they run without it. A leave hook at a return address costs one block.
//
// Invariant: a change acts from the next instruction on, also within the block
// that runs. The site whose callback made it leaves the block, and the run loop
// goes on there with a new one.

// maxStale is how many filters are looked for one by one; with more, all
// translations go.
const maxStale = 1 << 10

// changed notes what a change of a subscription makes stale.
func (e *Engine) changed(k event.Kind, f *event.Filter) {
	switch {
	case !probe.Affects(k):
		return
	case k == event.InsnTranslate, f == nil, !e.bounded(f), len(e.stale) >= maxStale: // what insn_translate answers concerns other subscriptions
		e.flush = true
	case e.flush: // all go
	case !slices.Contains(e.stale, f):
		e.stale = append(e.stale, f)
	}
	e.late = e.late || e.translating
	e.hurry()
}

// bounded reports whether the places that a filter can match are known without
// looking at code.
func (e *Engine) bounded(f *event.Filter) bool {
	return f.PC != nil || f.Symbol != nil && e.cpu.Machine.FindSymbols != nil
}

// forget drops the translations that are not valid any more.
func (e *Engine) forget() {
	if e.flush || e.backend.Full() || len(e.memo.known) > memoMax || e.made.tooMany() {
		e.flushAll()
		return
	}
	if len(e.stale) == 0 {
		return
	}
	var named []*event.Filter
	for _, f := range e.stale {
		if f.PC == nil {
			named = append(named, f)
		}
		for _, k := range e.caches { // the order is not seen
			for _, r := range f.PC {
				k.dropBlocks(r.Lo, r.Hi)
			}
		}
	}
	e.forgetNamed(named)
	e.Stats.Partial += uint64(len(e.stale))
	e.stale = e.stale[:0]
}

// forgetNamed drops the blocks with the first instructions of symbols.
func (e *Engine) forgetNamed(fs []*event.Filter) {
	if len(fs) == 0 {
		return
	}
	take := func(name string) bool {
		return slices.ContainsFunc(fs, func(f *event.Filter) bool { return f.MatchSymbol(name) })
	}
	for s, k := range e.caches { // the order is not seen
		for _, a := range e.cpu.Machine.FindSymbols(s, take) {
			k.dropBlocks(a, a+1)
		}
	}
}

// untilTimer calls the timers that are due and is how many of n instructions may
// run until the next one is. A guest function that is called has no time of its
// own.
func (e *Engine) untilTimer(c *vcpu.CPU, n int64) int64 {
	if e.nested > 0 {
		return n
	}
	e.bus.FireTimers(c.Icount())
	if at, ok := e.bus.NextTimer(); ok {
		return int64(min(uint64(n), at-c.Icount()))
	}
	return n
}

// findLate finds the block at the pc after callbacks of its translation have
// changed subscriptions. Those are not told of it a second time. If the filters
// of insn_translate change them each time, the block runs as it is, so that the
// guest goes on.
func (e *Engine) findLate(c *vcpu.CPU) (*vcpu.TB, *guest.MemFault) {
	e.late, e.quiet = false, true
	defer func() { e.late, e.quiet = false, false }()
	e.forget()
	tb, fault := e.find(c)
	if e.late {
		c.Unkick()
	}
	return tb, fault
}

// hurry has the run loop act as soon as it can: the block that runs is left at the
// next place that can.
func (e *Engine) hurry() {
	e.cpu.Kick()
	e.cpu.Again = e.cpu.TB != nil
}

// hasten shortens the run for a timer that was set in it.
func (e *Engine) hasten(c *vcpu.CPU) {
	if at, ok := e.bus.NextTimer(); ok && e.nested == 0 && at < c.Deadline {
		over := int64(c.Deadline - max(at, c.Icount()))
		c.Left -= over
		c.Deadline -= uint64(over)
	}
}

// Nested runs f, which runs the engine for a guest function that plugin code
// calls, perhaps from the middle of a block. Registers, counts and the place in
// the block are then as they were. Run says StopAway, before anything runs there,
// where the guest comes by an indirect branch with a stack pointer that away
// reports; away may be nil.
func (e *Engine) Nested(away func(sp guest.Addr) bool, f func()) {
	c := e.cpu
	saved := new(vcpu.Saved)
	saved.Keep(c, len(c.W))
	outer := e.away
	e.nested++
	e.away = away
	if e.noJump == nil {
		e.noJump = vcpu.NewJumpCache()
	}
	defer func() {
		e.nested--
		e.away = outer
		saved.Restore(c)
		e.enterSpace()
		if e.flush || len(e.stale) > 0 {
			e.hurry()
		}
	}()
	c.TB, c.Skip, c.Again = nil, vcpu.Skip{}, false
	f()
}

// Busy reports whether a translation is under way, within which nothing can run.
func (e *Engine) Busy() bool { return e.translating }
