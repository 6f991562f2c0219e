package event

import (
	"fmt"

	"panda/emu/guest"
	"panda/emu/vcpu"
)

// Owner is who subscribed: a plugin, a script, the command line.
type Owner struct {
	Name     string
	Order    int // load order: decides who is called first
	Disabled bool
	Own      bool // of panda itself: its subscriptions are not listed
}

// Bus holds the subscriptions of a machine. It belongs to the machine's
// goroutine.
type Bus struct {
	subs   [NumKinds]roster[*Sub]
	index  [NumKinds]index
	timers timers
	apart  roster[*Sub] // of no kind
	hooks  roster[*Calls]
	calls  callsInProgress
	muted  map[guest.Addr]int // functions whose hooks rest
	edits  edits
	seq    int
	// Changed is called when a subscription of a kind comes, goes, or is enabled
	// or disabled, so that the run loop drops the translations that its filter
	// may match. A nil filter stands for any.
	Changed func(k Kind, f *Filter)
	// Hurry is called when a timer is set.
	Hurry func()
	// AtReturn, unless it is nil, is called by Returned before the hooks.
	AtReturn func()
	// Report is told of a callback that failed; the callback is disabled.
	Report func(s *Sub, err error)
}

// NewBus is an empty Bus.
func NewBus() *Bus {
	return &Bus{Changed: func(Kind, *Filter) {}, Hurry: func() {}, Report: func(*Sub, error) {}}
}

// changed forgets what was known of a kind's subscriptions.
func (b *Bus) changed(s *Sub) {
	if s.Kind == Detached {
		return
	}
	b.index[s.Kind] = index{}
	b.Changed(s.Kind, s.Filter)
}

// OwnerChanged tells the Bus that an owner was enabled or disabled.
func (b *Bus) OwnerChanged(o *Owner) { b.eachOf(o, (*Sub).refresh) }

// eachOf calls f for each subscription of an owner.
func (b *Bus) eachOf(o *Owner, f func(*Sub)) {
	var of []*Sub // f may add and remove
	list := func(subs []*Sub) {
		for _, s := range subs {
			if s.Owner == o && !s.removed {
				of = append(of, s)
			}
		}
	}
	for k := range b.subs {
		list(b.subs[k].all)
	}
	list(b.apart.all)
	for _, s := range of {
		f(s)
	}
}

// RemoveOwner ends all subscriptions and timers of an owner.
func (b *Bus) RemoveOwner(o *Owner) { b.eachOf(o, (*Sub).Remove) }

// All lists every subscription that somebody made, by kind.
func (b *Bus) All() []*Sub {
	var all []*Sub
	for k := range b.subs {
		for _, s := range b.subs[k].all {
			if !s.removed && !s.own && !s.Owner.Own {
				all = append(all, s)
			}
		}
	}
	return all
}

// Watched reports whether anybody subscribed to a kind.
func (b *Bus) Watched(k Kind) bool { return len(b.Active(k)) > 0 }

// Detach makes a subscription to something that is no event of the table; gone,
// if not nil, is called when it is removed.
func (b *Bus) Detach(o *Owner, what string, gone func()) *Sub {
	b.seq++
	s := &Sub{Kind: Detached, Owner: o, Filter: new(Filter), entry: entry{seq: b.seq, bus: b, what: what, gone: gone}}
	b.apart.insert(len(b.apart.all), s)
	s.refresh()
	return s
}

// Fail disables a callback and reports why.
func (b *Bus) Fail(s *Sub, err error) {
	s.Failed = err
	s.refresh()
	b.Report(s, err)
}

// Fire tells of an event those whose filters take it, in order, and reports whether
// one of them answered true. Events that a translation chooses callbacks for are
// not fired here.
func (b *Bus) Fire(k Kind, e *Env) (answer bool) {
	subs := b.Active(k)
	if b.edits.followed && e.CPU != nil {
		defer b.edits.count(k, e)()
	}
	if len(subs) == 0 {
		return false
	}
	if k.placed() {
		subs = b.At(nil, k, InsnAt(e.CPU.Machine, e.PC))
	}
	of := Rows[k].Shape.subject
	for _, s := range subs {
		if of == nil || s.Filter.MatchName(of(e)) {
			was := e.result()
			answer = b.answered(s, b.Tell(s, e), e, was) || answer
		}
	}
	return answer
}

// Tell calls one subscription, if it is still to be served: a callback before it
// may have ended it. It contains a panic of the callback.
func (b *Bus) Tell(s *Sub, e *Env) (answer bool) {
	if !s.On {
		return false
	}
	defer b.guard(s)
	b.enter(s)
	s.Hits++
	return s.deliver(e)
}

// Call runs f for one subscription, if it is still to be served: a callback
// before it may have ended it. It contains a panic of the callback.
func (b *Bus) Call(s *Sub, f func()) {
	if s.On {
		b.call(s, f)
	}
}

func (b *Bus) call(s *Sub, f func()) {
	defer b.guard(s)
	b.enter(s)
	s.Hits++
	f()
}

// CallPC, CallBlock and CallMem are Call for the callbacks that run most, which
// need no closure.
func (b *Bus) CallPC(s *Sub, f PCFunc, c *vcpu.CPU, pc guest.Addr) {
	defer b.guard(s)
	b.enter(s)
	s.Hits++
	f(c, pc)
}

// CallBlock calls a block callback.
func (b *Bus) CallBlock(s *Sub, f BlockFunc, c *vcpu.CPU, tb *vcpu.TB) {
	defer b.guard(s)
	b.enter(s)
	s.Hits++
	f(c, tb)
}

// CallMem calls a memory callback.
func (b *Bus) CallMem(s *Sub, f MemFunc, c *vcpu.CPU, m *vcpu.MemAccess) {
	defer b.guard(s)
	b.enter(s)
	s.Hits++
	if b.edits.followed {
		f = b.comparing(f)
	}
	f(c, m)
}

// guard contains a panic of a callback. It is deferred.
func (b *Bus) guard(s *Sub) {
	b.leave()
	if r := recover(); r != nil && !b.Contain(s, r) {
		panic(r)
	}
}

// Fatal is a panic value that callbacks may not contain: the emulator's own.
type Fatal interface{ Fatal() }

// Contain disables a callback that panicked. It reports false for a panic that is
// not the callback's.
func (b *Bus) Contain(s *Sub, r any) bool {
	if _, fatal := r.(Fatal); fatal {
		return false
	}
	err, ok := r.(error)
	if !ok {
		err = fmt.Errorf("panic: %v", r)
	}
	b.Fail(s, err)
	return true
}
