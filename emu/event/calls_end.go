package event

import (
	"maps"
	"slices"

	"panda/emu/guest"
	"panda/emu/vcpu"
)

// What ends, or doubles, calls besides the program's own way through its code.

// forked gives a new process the calls that its thread was in.
func (o *callsInProgress) forked(c *vcpu.CPU, p *Process) {
	t := o.threads[c.Machine.Thread]
	if t == nil {
		return
	}
	child := o.of(c, p.PID)
	child.pid, child.several = p.PID, t.several
	twin := map[*Call]*Call{}
	for _, call := range t.calls {
		if call.ended {
			continue
		}
		l := *call
		l.pid, l.outer = p.PID, twin[call.outer]
		twin[call] = &l
		l.site.h.at[l.place()] = &l
		l.site.open++
		l.site.h.open++
		child.push(&l)
	}
}

// processEnds ends the calls of all threads of a process.
func (o *callsInProgress) processEnds(c *vcpu.CPU, pid int, how string) {
	for _, tid := range slices.Sorted(maps.Keys(o.threads)) {
		if o.threads[tid].pid == pid {
			o.threadEnds(c, tid, how)
		}
	}
}

// threadEnds ends the calls of a thread, the innermost first.
func (o *callsInProgress) threadEnds(c *vcpu.CPU, tid int, how string) {
	t := o.threads[tid]
	if t == nil {
		return
	}
	delete(o.threads, tid)
	o.last = nil
	s := stacks(c, tid)
	for _, call := range slices.Backward(slices.Clone(t.calls)) {
		why := how
		if how == Exited && t.over(c, call, &s) {
			why = Unwound
		}
		call.site.h.abandon(c, call, why)
	}
}

// forget makes room: calls whose return address has been overwritten are over, and
// if there are too many still, each thread's outer half is lost.
func (h *Calls) forget(c *vcpu.CPU) {
	for _, call := range slices.Backward(h.inProgress()) {
		if call.overwritten(c) {
			h.abandon(c, call, Unwound)
		}
	}
	if h.open < mostOpen/2 {
		return
	}
	for _, tid := range slices.Sorted(maps.Keys(h.bus.calls.threads)) {
		calls := h.callsOf(tid)
		for _, call := range calls[:(len(calls)+1)/2] {
			h.abandon(c, call, Lost)
		}
	}
}

// inProgress are the hook's calls, thread by thread.
func (h *Calls) inProgress() (calls []*Call) {
	for _, tid := range slices.Sorted(maps.Keys(h.bus.calls.threads)) {
		calls = append(calls, h.callsOf(tid)...)
	}
	return calls
}

// callsOf are the hook's calls of a thread.
func (h *Calls) callsOf(tid int) (calls []*Call) {
	for _, call := range h.bus.calls.threads[tid].calls {
		if call.site.h == h && !call.ended {
			calls = append(calls, call)
		}
	}
	return calls
}

// Returned tells the hooks that the guest has come to an address that cannot be
// executed: where a function that plugin code called returns to.
func (b *Bus) Returned(c *vcpu.CPU, pc guest.Addr) {
	if b.AtReturn != nil {
		b.AtReturn()
	}
	b.edits.returning = true
	defer func() { b.edits.returning = false }()
	for _, h := range b.hooks.all {
		if s := h.sites[pc]; s != nil && h.Sub.Active() {
			b.Call(h.Sub, func() { s.reached(c, pc) })
			h.Sub.Hits--
		}
	}
}

// StackGone tells the hooks that a stack, in [lo, hi), is no more: calls on it
// will not return.
func (b *Bus) StackGone(c *vcpu.CPU, lo, hi guest.Addr) {
	t := b.calls.threads[c.Machine.Thread]
	if t == nil {
		return
	}
	for _, call := range slices.Backward(slices.Clone(t.calls)) {
		if call.SP >= lo && call.SP < hi && call.site.h.Sub.Active() {
			call.site.h.abandon(c, call, Unwound)
		}
	}
}

// Mute has the hooks of a function rest until the result is called: who runs it
// wants the function itself.
func (b *Bus) Mute(fn guest.Addr) (unmute func()) {
	if b.muted == nil {
		b.muted = map[guest.Addr]int{}
	}
	b.muted[fn]++
	return func() {
		if b.muted[fn]--; b.muted[fn] == 0 {
			delete(b.muted, fn)
		}
	}
}
