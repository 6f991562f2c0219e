package exec

import (
	"slices"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/probe"
	"panda/emu/vcpu"
)

// What a subscription adds to translations stands in the blocks that its filter
// can match. When it comes, only those are translated again; when it goes, the same, so
// that they run without it. A leave hook at a return address costs one block.
//
// Invariant: a change acts from the next instruction on, also within the block
// that runs. The site whose callback made it leaves the block, and the run loop
// goes on there with a new one.

// pending is what is to be dropped before the next block.
type pending struct {
	all   bool
	stale []*event.Filter // what they match
	late  bool            // subscriptions changed while a block was translated
	quiet bool            // nobody is told of translations
}

// none reports whether nothing is.
func (p *pending) none() bool { return !p.all && len(p.stale) == 0 }

// maxStale is how many filters are looked for one by one; with more, all
// translations go.
const maxStale = 1 << 10

// changed notes what a change of a subscription makes stale.
func (e *Engine) changed(k event.Kind, f *event.Filter) {
	switch {
	case !probe.Affects(k):
		return
	case k == event.InsnTranslate, f == nil, !e.bounded(f), len(e.drop.stale) >= maxStale: // what insn_translate answers concerns other subscriptions
		e.drop.all = true
	case e.drop.all: // all go
	case !slices.Contains(e.drop.stale, f):
		e.drop.stale = append(e.drop.stale, f)
	}
	e.drop.late = e.drop.late || e.work.busy
	e.hurry()
}

// bounded reports whether the places that a filter can match are known without
// looking at code.
func (e *Engine) bounded(f *event.Filter) bool {
	return f.PC != nil || f.Symbol != nil && e.cpu.Machine.FindSymbols != nil
}

// forget drops the translations that are not valid any more.
func (e *Engine) forget() {
	if e.drop.all || e.backend.Full() || len(e.memo.known) > memoMax || e.made.tooMany() {
		e.flushAll()
		return
	}
	if len(e.drop.stale) == 0 {
		return
	}
	var named []*event.Filter
	for _, f := range e.drop.stale {
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
	e.Stats.Partial += uint64(len(e.drop.stale))
	e.drop.stale = e.drop.stale[:0]
}

// forgetNamed drops the blocks with the first instructions of symbols.
func (e *Engine) forgetNamed(fs []*event.Filter) {
	if len(fs) == 0 {
		return
	}
	take := func(name string) bool {
		return slices.ContainsFunc(fs, func(f *event.Filter) bool { return f.MatchSymbol(name) })
	}
	for _, k := range e.caches { // the order is not seen
		if k.space == nil { // nobody knows symbols there: see bounded
			continue
		}
		for _, a := range e.cpu.Machine.FindSymbols(k.space, take) {
			k.dropBlocks(a, a+1)
		}
	}
}

// findLate finds the block at the pc after callbacks of its translation have
// changed subscriptions. Those are not told of it a second time. If the filters
// of insn_translate change them each time, the block runs as it is, so that the
// guest goes on.
func (e *Engine) findLate(c *vcpu.CPU) (*vcpu.TB, *guest.MemFault) {
	e.drop.late, e.drop.quiet = false, true
	defer func() { e.drop.late, e.drop.quiet = false, false }()
	e.forget()
	tb, fault := e.find(c)
	if e.drop.late {
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
