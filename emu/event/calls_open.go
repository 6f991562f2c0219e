package event

import (
	"math"
	"slices"

	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// Problem: a function that is left by longjmp or an exception takes those with it
// that were called inside of it, whichever hooks watch them, and nothing happens at
// their places that would tell. Below the stack pointer lies also what lives: other
// stacks, of coroutines or of a handler of signals.
//
// Idea: the calls of all hooks are known together, thread by thread, in the order
// of their beginning. When one ends, those that began after it and lie below it on
// the same stack have ended before. The stack that a thread began on is known, and
// the one for handlers; of others nobody knows where they end.
//
// Invariant: on stacks that are not known, a call is given up only when its return
// address has been overwritten. A thread that was seen to have several stacks
// within its own (one may be a variable of main) counts as one whose stack is not
// known.

// callsInProgress are the calls of all hooks with leave.
type callsInProgress struct {
	threads map[int]*openCalls
	last    *openCalls // of who was asked for last, nil if it is gone
	lastTID int
	hooks   int
	subs    []*Sub
}

// openCalls are a thread's calls in progress, in the order of their beginning.
type openCalls struct {
	pid     int
	own     vcpu.Extent
	several bool    // stacks lie in own
	calls   []*Call // some may have ended; the last has not
	tidy    int     // at this length those that have are taken out
}

// follow is called when a hook with leave begins. What ends calls is told before
// any other callback: an end comes before what ended it.
func (o *callsInProgress) follow(b *Bus) {
	if o.hooks++; o.hooks > 1 {
		return
	}
	o.threads = map[int]*openCalls{}
	owner := &Owner{Name: "calls", Order: math.MinInt, Own: true}
	sub := func(k Kind, fn any) {
		o.subs = append(o.subs, b.add(&Sub{Kind: k, Owner: owner, Fn: fn}))
	}
	sub(ProcessFork, ProcessFunc(o.forked))
	sub(ProcessStart, ProcessFunc(func(c *vcpu.CPU, p *Process) { o.processEnds(c, p.PID, Execed) }))
	sub(ProcessExit, ProcessFunc(func(c *vcpu.CPU, p *Process) { o.processEnds(c, p.PID, Exited) }))
	sub(ThreadExit, ThreadFunc(func(c *vcpu.CPU, t *Thread) { o.threadEnds(c, t.TID, Exited) }))
}

// leaves takes a hook's calls out when the hook ends.
func (o *callsInProgress) leaves(h *Calls) {
	for _, call := range h.inProgress() {
		h.end(call)
	}
	if o.hooks--; o.hooks > 0 {
		return
	}
	for _, s := range o.subs {
		s.Remove()
	}
	o.subs, o.threads, o.last = nil, nil, nil
}

// of gives the calls of a thread of the current process.
func (o *callsInProgress) of(c *vcpu.CPU, tid int) *openCalls {
	if o.last != nil && o.lastTID == tid {
		return o.last
	}
	t := o.threads[tid]
	if t == nil {
		t = &openCalls{pid: c.Machine.Process, own: stacks(c, tid).Own}
		o.threads[tid] = t
	}
	o.last, o.lastTID = t, tid
	return t
}

func stacks(c *vcpu.CPU, tid int) vcpu.Stacks {
	if c.Machine.Stacks == nil {
		return vcpu.Stacks{}
	}
	return c.Machine.Stacks(tid)
}

func (t *openCalls) push(call *Call) {
	if len(t.calls) > t.tidy {
		t.calls = slices.DeleteFunc(t.calls, func(l *Call) bool { return l.ended })
		t.tidy = 2*len(t.calls) + 64
	}
	call.in = t
	t.calls = append(t.calls, call)
}

// pop takes calls from the end that have ended.
func (t *openCalls) pop() {
	n := len(t.calls)
	for n > 0 && t.calls[n-1].ended {
		n--
		t.calls[n] = nil
	}
	t.calls = t.calls[:n]
}

// settle ends the thread's last calls when a function is entered above them: those
// whose return address has been overwritten, and those within them.
func (o *callsInProgress) settle(c *vcpu.CPU, entered *Call) {
	t := o.of(c, c.Machine.Thread)
	n := len(t.calls)
	for n > 0 && t.calls[n-1].SP == entered.SP && t.calls[n-1].Return == entered.Return {
		n-- // of the same function, for another hook, or what has jumped to this one
	}
	if n > 0 && t.calls[n-1].SP <= entered.SP {
		abandonAll(c, t.below(c, entered.SP))
	}
}

// below lists what settle ends, the innermost first. The search ends at a call that
// may live: so may those that began before it.
func (t *openCalls) below(c *vcpu.CPU, sp guest.Addr) (gone []*Call) {
	last := len(t.calls)
	for n := last - 1; n >= 0 && t.calls[n].SP <= sp; n-- {
		switch call := t.calls[n]; {
		case call.ended:
		case call.overwritten(c):
			gone = append(append(gone, t.inside(t.calls[n+1:last], call, vcpu.Extent{})...), call)
			last = n
		case !t.knows(call):
			return gone
		}
	}
	return gone
}

func abandonAll(c *vcpu.CPU, calls []*Call) {
	for _, call := range calls {
		call.site.h.abandon(c, call, Unwound)
	}
}

// knows reports whether a call lies on the thread's own stack, and alone there.
func (t *openCalls) knows(call *Call) bool { return !t.several && t.own.Has(call.SP) }

// inside lists the calls among some that began later which lie on the stack of one
// and below it, or on a stack for handlers that is over, the innermost first.
func (t *openCalls) inside(later []*Call, of *Call, over vcpu.Extent) (calls []*Call) {
	if !t.knows(of) {
		return nil
	}
	for _, call := range slices.Backward(later) {
		if !call.ended && (t.knows(call) && call.SP < of.SP || over.Has(call.SP)) {
			calls = append(calls, call)
		}
	}
	return calls
}

// within ends the calls inside one that ends, by a return or because the program
// has come after it otherwise.
func (o *callsInProgress) within(c *vcpu.CPU, call *Call, returned bool) {
	t := call.in
	n := len(t.calls)
	for n > 0 && t.calls[n-1].SP == call.SP && t.calls[n-1] != call {
		n-- // of the same function, for another hook, or what that has jumped to
	}
	if t.calls[n-1] == call || !t.knows(call) || o.of(c, c.Machine.Thread) != t {
		return
	}
	for t.calls[n-1] != call {
		n--
	}
	later := t.calls[n:]
	if returned && slices.ContainsFunc(later, func(l *Call) bool { return !l.ended && t.own.Has(l.SP) && l.SP > call.SP }) {
		t.several = true // what began later lies above, and did not end this one
		return
	}
	over := stacks(c, c.Machine.Thread).Alt
	if over.Has(c.SP()) {
		over = vcpu.Extent{}
	}
	abandonAll(c, t.inside(later, call, over))
}

// jumpedTo tells of the return of the functions that a call, which returns, ended in a
// jump to, the innermost first: other hooks watch them, which may be told later.
func (o *callsInProgress) jumpedTo(c *vcpu.CPU, call *Call) {
	calls := call.in.calls
	if len(calls) == 0 || calls[len(calls)-1] == call {
		return
	}
	for _, l := range slices.Backward(slices.Clone(calls)) {
		if l == call {
			return
		}
		if h := l.site.h; !l.ended && l.SP == call.SP && l.Return == call.Return && h != call.site.h {
			func() {
				defer h.bus.guard(h.Sub)
				h.returned(c, l)
			}()
		}
	}
}

// over reports whether a call of a thread that ends was over before. A stack for
// handlers is not in use when the stack pointer is elsewhere (sigaltstack(2)).
func (t *openCalls) over(c *vcpu.CPU, call *Call, s *vcpu.Stacks) bool {
	ret, ok := c.Word(call.SP)
	switch {
	case onStack(c) && call.pid == c.Machine.Process && ok && ret != call.Return:
		return true
	case s.Alt.Has(call.SP):
		return !s.Alt.Has(s.SP)
	}
	return t.knows(call) && s.Own.Has(s.SP) && call.SP < s.SP
}

// overwritten reports whether the return address of a call is no more.
func (l *Call) overwritten(c *vcpu.CPU) bool {
	if !onStack(c) {
		return false
	}
	ret, ok := c.Word(l.SP)
	return l.pid == c.Machine.Process && (!ok || ret != l.Return)
}

// onStack reports whether return addresses are on the stack at a function's entry,
// where they can be looked at later.
func onStack(c *vcpu.CPU) bool { return c.Machine.Arch.Calls.Link == ir.None }
