package emu

import (
	"panda/emu/event"
	"panda/emu/exec"
	"panda/emu/guest"
	"panda/emu/interp"
	"panda/emu/linux"
	"panda/emu/sym"
	"panda/emu/vcpu"
)

// Problem: the symbol of strlen names no function but a resolver, which the
// dynamic linker calls once to learn the implementation for this CPU
// (STT_GNU_IFUNC). A hook on strlen wants the implementation.
// Idea: as soon as somebody subscribes to a symbol, the returns of resolvers are
// watched, and what they return gets the name. When the program runs already,
// the resolvers that matter are called at once, in a copy of the process.
// Invariants: without subscriptions to symbols nothing is watched. A subscription
// changes nothing of the guest.

// resolvers watches resolvers.
type resolvers struct {
	m     *Machine
	calls *event.Calls
	owner *event.Owner
	tell  func(k event.Kind, f *event.Filter)
}

// followResolvers looks at the subscriptions of a machine.
func followResolvers(m *Machine) {
	r := &resolvers{m: m, owner: &event.Owner{Name: "resolvers", Order: -1, Own: true}, tell: m.bus.Changed}
	m.bus.Changed = func(k event.Kind, f *event.Filter) {
		r.tell(k, f)
		if f != nil && f.Symbol != nil && (r.calls == nil || r.calls.Sub.Filter != f) {
			r.watch(f)
		}
	}
}

func (r *resolvers) watch(f *event.Filter) {
	if r.calls == nil {
		r.calls = new(event.Calls) // the next line comes back here
		r.calls.Sub = &event.Sub{Filter: &event.Filter{Symbol: []string{"*" + sym.Resolver}}}
		r.calls = r.m.bus.HookCalls(r.owner, r.calls.Sub.Filter, nil, func(c *vcpu.CPU, call *event.Call) {
			r.chosen(call.Func, guest.Addr(call.Result(c)))
		})
	}
	r.m.resolve(f.MatchSymbol)
}

// chosen gives an implementation its name, and the subscriptions to that name
// the implementation.
func (r *resolvers) chosen(resolver, impl guest.Addr) {
	if s, err := ability[Symbols](r.m, "symbols"); err == nil && s.Resolved(resolver, impl) {
		r.tell(event.InsnExec, &event.Filter{PC: []event.Range{{Lo: impl, Hi: impl + 1}}})
	}
}

// resolverLimit is how many instructions a resolver may take.
const resolverLimit = 100_000

// resolve asks the resolvers of names that take takes. Before the program runs
// they cannot be asked: they look at what the dynamic linker has prepared.
func (m *Machine) resolve(take func(name string) bool) {
	if m.env == nil || m.cpu.Icount() == 0 {
		return
	}
	s, err := ability[Symbols](m, "symbols")
	if err != nil {
		return
	}
	of := s.Unresolved(take)
	if len(of) == 0 {
		return
	}
	a, err := s.Aside()
	if err != nil {
		return
	}
	defer a.Close()
	engine := exec.New(m.guest, new(interp.Engine), event.NewBus(), a.CPU)
	for _, at := range of {
		if impl, ok := ask(engine, a, at); ok && s.Resolved(at, impl) {
			m.bus.Changed(event.InsnExec, &event.Filter{PC: []event.Range{{Lo: impl, Hi: impl + 1}}})
		}
	}
}

// ask runs a resolver in a copy. One that does not return by itself, or needs the
// kernel, has no answer; it is asked when the program does.
func ask(engine *exec.Engine, a *linux.Aside, resolver guest.Addr) (impl guest.Addr, ok bool) {
	if a.Enter(resolver) != nil {
		return 0, false
	}
	c := a.CPU
	if engine.Run(c, resolverLimit) != vcpu.StopException || c.PC() != a.Return() {
		return 0, false
	}
	return guest.Addr(c.Result()), true
}
