package event

import (
	"cmp"
	"fmt"
	"path"
	"slices"

	"panda/emu/guest"
	"panda/emu/vcpu"
)

// Owner is who subscribed: a plugin, a script, the command line.
type Owner struct {
	Name     string
	Order    int // load order: decides who is called first
	Disabled bool
}

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
	// Matches counts places chosen at translation, Hits calls.
	Matches, Hits uint64
	// Failed says why the Bus disabled the callback.
	Failed error

	seq      int
	live     bool
	disabled bool
	seen     uint64 // events that reached Every, and Limit
	taken    uint64
	removed  bool // a translation or a firing loop may still hold it
	bus      *Bus
}

// Active reports whether the subscription is to be served.
func (s *Sub) Active() bool { return s.live }

// settle computes what Active says; everything that could change it calls it.
func (s *Sub) settle() {
	s.live = !s.disabled && !s.removed && !s.Owner.Disabled && s.Failed == nil
}

// Enable lets the callback fire again after Disable.
func (s *Sub) Enable() { s.set(false) }

// Disable keeps the callback from firing.
func (s *Sub) Disable() { s.set(true) }

func (s *Sub) set(off bool) {
	if s.disabled != off {
		s.disabled = off
		s.settle()
		s.bus.changed(s.Kind)
	}
}

// Remove ends the subscription.
func (s *Sub) Remove() {
	b := s.bus
	if i := slices.Index(b.subs[s.Kind], s); i >= 0 {
		s.removed = true
		s.settle()
		b.subs[s.Kind] = slices.Delete(slices.Clone(b.subs[s.Kind]), i, i+1)
		b.changed(s.Kind)
	}
}

// Bus holds the subscriptions of a machine. It belongs to the machine's
// goroutine.
type Bus struct {
	subs [NumKinds][]*Sub
	seq  int
	// Changed is called when subscriptions of a kind change, so that the run
	// loop drops the translations that depend on them.
	Changed func(Kind)
	// Report is told of a callback that failed; the callback is disabled.
	Report func(s *Sub, err error)
}

// NewBus is an empty Bus.
func NewBus() *Bus {
	return &Bus{Changed: func(Kind) {}, Report: func(*Sub, error) {}}
}

func (b *Bus) changed(k Kind) { b.Changed(k) }

// OwnerChanged tells the Bus that an owner was enabled or disabled.
func (b *Bus) OwnerChanged(o *Owner) {
	for k := range b.subs {
		owned := false
		for _, s := range b.subs[k] {
			if s.Owner == o {
				owned = true
				s.settle()
			}
		}
		if owned {
			b.changed(Kind(k))
		}
	}
}

// Subscribe adds a callback of the kind's function type.
func (b *Bus) Subscribe(o *Owner, k Kind, f *Filter, fn any) *Sub {
	return b.add(&Sub{Kind: k, Owner: o, Filter: f, Fn: fn})
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

func (b *Bus) add(s *Sub) *Sub {
	if s.Filter == nil {
		s.Filter = new(Filter)
	}
	b.seq++
	s.seq, s.bus = b.seq, b
	s.settle()
	if s.Filter.Dynamic() {
		s.Fn = s.guarded()
		s.CounterAt = nil
	}
	subs := append(slices.Clone(b.subs[s.Kind]), s) // a firing loop may hold the old slice
	slices.SortStableFunc(subs, func(x, y *Sub) int {
		return cmp.Or(cmp.Compare(x.Owner.Order, y.Owner.Order), cmp.Compare(x.seq, y.seq))
	})
	b.subs[s.Kind] = subs
	b.changed(s.Kind)
	return s
}

// RemoveOwner ends all subscriptions of an owner.
func (b *Bus) RemoveOwner(o *Owner) {
	for k := range b.subs {
		n := len(b.subs[k])
		b.subs[k] = slices.DeleteFunc(slices.Clone(b.subs[k]), func(s *Sub) bool {
			s.removed = s.removed || s.Owner == o
			s.settle()
			return s.Owner == o
		})
		if len(b.subs[k]) != n {
			b.changed(Kind(k))
		}
	}
}

// Active lists the subscriptions of a kind that are to be served, in order.
func (b *Bus) Active(k Kind) []*Sub {
	var act []*Sub
	for _, s := range b.subs[k] {
		if s.Active() {
			act = append(act, s)
		}
	}
	return act
}

// All lists every subscription, by kind.
func (b *Bus) All() []*Sub { return slices.Concat(b.subs[:]...) }

// Watched reports whether anybody subscribed to a kind.
func (b *Bus) Watched(k Kind) bool { return slices.ContainsFunc(b.subs[k], (*Sub).Active) }

// Fail disables a callback and reports why.
func (b *Bus) Fail(s *Sub, err error) {
	s.Failed = err
	s.settle()
	b.Report(s, err)
	b.changed(s.Kind)
}

// Call runs f for one subscription and contains a panic of the callback.
func (b *Bus) Call(s *Sub, f func()) {
	defer b.guard(s)
	s.Hits++
	f()
}

// CallPC, CallBlock and CallMem are Call for the callbacks that run most, which
// need no closure.
func (b *Bus) CallPC(s *Sub, f PCFunc, c *vcpu.CPU, pc guest.Addr) {
	defer b.guard(s)
	s.Hits++
	f(c, pc)
}

// CallBlock calls a block callback.
func (b *Bus) CallBlock(s *Sub, f BlockFunc, c *vcpu.CPU, tb *vcpu.TB) {
	defer b.guard(s)
	s.Hits++
	f(c, tb)
}

// CallMem calls a memory callback.
func (b *Bus) CallMem(s *Sub, f MemFunc, c *vcpu.CPU, m *vcpu.MemAccess) {
	defer b.guard(s)
	s.Hits++
	f(c, m)
}

// guard contains a panic of a callback. It is deferred.
func (b *Bus) guard(s *Sub) {
	if r := recover(); r != nil {
		b.contain(s, r)
	}
}

// Fatal is a panic value that callbacks may not contain: the emulator's own.
type Fatal interface{ Fatal() }

func (b *Bus) contain(s *Sub, r any) {
	if f, ok := r.(Fatal); ok {
		panic(f)
	}
	err, ok := r.(error)
	if !ok {
		err = fmt.Errorf("panic: %v", r)
	}
	b.Fail(s, err)
}

// Insn is an instruction about to be translated, for filters.
type Insn struct {
	PC   guest.Addr
	Code []byte
	// Symbol is the name of the symbol that starts at PC, Module the base name
	// of the mapped file. All three are asked only when a filter needs them.
	Mnemonic func() string
	Symbol   func() string
	Module   func() string
}

// MatchInsn reports whether the filter takes the instruction.
func (f *Filter) MatchInsn(in *Insn) bool {
	return (f.PC == nil || inRanges(f.PC, in.PC, 1)) &&
		(f.Bytes == nil || f.Bytes.Match(in.Code)) &&
		(f.Mnemonic == nil || matchAny(f.Mnemonic, in.Mnemonic())) &&
		(f.Symbol == nil || matchSymbol(f.Symbol, in.Symbol())) &&
		(f.Module == nil || matchAny(f.Module, in.Module()))
}

// matchSymbol does not take * for the absence of a symbol.
func matchSymbol(patterns []string, name string) bool { return name != "" && matchAny(patterns, name) }

// MatchPC reports whether the filter takes an address, as far as it knows.
func (f *Filter) MatchPC(pc guest.Addr) bool { return f.PC == nil || inRanges(f.PC, pc, 1) }

// ChoosesInsn reports whether the filter says anything about instructions.
func (f *Filter) ChoosesInsn() bool {
	return f.PC != nil || f.Bytes != nil || f.Mnemonic != nil || f.Symbol != nil || f.Module != nil
}

// MatchMem reports whether the filter takes a memory access.
func (f *Filter) MatchMem(a guest.Addr, size int) bool {
	return (f.Size == 0 || f.Size == size) && (f.Addr == nil || inRanges(f.Addr, a, size))
}

// MatchName reports whether the filter takes a syscall or program.
func (f *Filter) MatchName(name string, number int64) bool {
	return (f.Names == nil || matchAny(f.Names, name)) &&
		(f.Numbers == nil || slices.Contains(f.Numbers, number))
}

func inRanges(rs []Range, a guest.Addr, n int) bool {
	return slices.ContainsFunc(rs, func(r Range) bool { return a < r.Hi && a+guest.Addr(n) > r.Lo })
}

func matchAny(patterns []string, s string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, _ := path.Match(p, s)
		return ok
	})
}
