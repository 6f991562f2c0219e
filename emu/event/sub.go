package event

import (
	"cmp"
	"fmt"
	"slices"

	"panda/emu/vcpu"
)

// Sub is one subscription.
type Sub struct {
	Kind   Kind
	Owner  *Owner
	Filter *Filter
	Fn     any // one of the function types of the kind; nil for a Counter
	// Counter, when set, is incremented by translated code instead of calling Fn.
	Counter *uint64
	// CounterAt, when set, gives at translation the counter of a place; what
	// translates may increment it there instead of calling Fn.
	CounterAt func(in *Insn) *uint64
	// Counted is the counter of a filter that is decided at each event: Fn adds to
	// it, and so may what decides elsewhere.
	Counted *uint64
	// Batch, when set, collects the events; Fn does the same, one by one.
	Batch   *Batch
	Awaits  *int   // while not 0, the callback looks at CPU.Direct
	Matches uint64 // places chosen at translation
	vcpu.Served
	// Failed says why the Bus disabled the callback.
	Failed error

	entry
}

// entry is a subscription as the Bus has it.
type entry struct {
	deliver  func(e *Env) bool // Fn
	seq      int
	disabled bool
	seen     uint64 // events that reached Every, and Limit
	taken    uint64
	removed  bool // a translation or a firing loop may still hold it
	bus      *Bus
	what     string // of a detached one
	gone     func()
	own      bool // serves another one: not listed
}

// What names what calls the callback.
func (s *Sub) What() string {
	if s.Kind == Detached {
		return s.what
	}
	return s.Kind.String()
}

// Counts reports whether translated code does all that there is to do, by a
// counter.
func (s *Sub) Counts() bool { return s.Counter != nil || s.CounterAt != nil }

// Active reports whether the subscription is to be served.
func (s *Sub) Active() bool { return s.On }

// Live is Active as a place that engines look at.
func (s *Sub) Live() *bool { return &s.On }

// refresh computes what Active says; everything that could change it calls it.
func (s *Sub) refresh() {
	live := !s.disabled && !s.removed && !s.Owner.Disabled && s.Failed == nil
	if s.On != live {
		s.On = live
		if s.Batch != nil {
			s.Batch.ring.Changed()
		}
		s.bus.changed(s)
	}
}

// Enable lets the callback fire again after Disable. A callback that the Bus
// disabled because it failed stays so.
func (s *Sub) Enable() { s.disabled = false; s.refresh() }

// Disable keeps the callback from firing.
func (s *Sub) Disable() { s.disabled = true; s.refresh() }

// Removed reports whether the subscription has ended.
func (s *Sub) Removed() bool { return s.removed }

// Remove ends the subscription.
func (s *Sub) Remove() {
	if s.removed {
		return
	}
	s.removed = true
	if s.Batch != nil {
		s.Batch.Flush()
	}
	s.refresh()
	subs := &s.bus.apart
	if s.Kind != Detached {
		subs = &s.bus.subs[s.Kind]
	}
	subs.left()
	if s.gone != nil {
		s.gone()
	}
}

// Subscribe adds a callback of the kind's function type.
func (b *Bus) Subscribe(o *Owner, k Kind, f *Filter, fn any) *Sub {
	return b.add(&Sub{Kind: k, Owner: o, Filter: f, Fn: fn})
}

// Unlisted keeps a subscription that merely serves another one out of Bus.All.
func (s *Sub) Unlisted() *Sub {
	s.own = true
	return s
}

// Count adds a counter that events of the kind increment.
func (b *Bus) Count(o *Owner, k Kind, f *Filter, n *uint64) *Sub {
	return b.add(&Sub{Kind: k, Owner: o, Filter: f, Counter: n})
}

// CountAt adds counters by place: at gives the counter of a place when it is
// translated. Fn is called where nothing is translated.
func (b *Bus) CountAt(o *Owner, k Kind, f *Filter, at func(in *Insn) *uint64, fn any) *Sub {
	return b.add(&Sub{Kind: k, Owner: o, Filter: f, Fn: fn, CounterAt: at})
}

// bind makes deliver of Fn.
func (s *Sub) bind() {
	var err error
	if s.deliver, err = Rows[s.Kind].Shape.bind(s.Fn); err != nil {
		panic(fmt.Errorf("%v: %w", s.Kind, err))
	}
}

// add enters a subscription after those of the same owner and of owners that
// were loaded before it.
func (b *Bus) add(s *Sub) *Sub {
	if s.Filter == nil {
		s.Filter = new(Filter)
	}
	if err := s.Filter.Check(s.Kind); err != nil {
		panic(err)
	}
	b.seq++
	s.seq, s.bus = b.seq, b
	if s.Counter != nil && !s.Kind.counts() {
		s.count()
	}
	if s.Filter.Dynamic() {
		s.guard()
	}
	if s.Fn != nil {
		s.bind()
	}
	subs := &b.subs[s.Kind]
	i, _ := slices.BinarySearchFunc(subs.all, s, func(x, y *Sub) int {
		return cmp.Or(cmp.Compare(x.Owner.Order, y.Owner.Order), cmp.Compare(x.seq, y.seq))
	})
	subs.insert(i, s)
	s.refresh()
	return s
}
