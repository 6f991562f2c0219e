package event

import (
	"maps"
	"slices"

	"panda/emu/guest"
	"panda/emu/vcpu"
)

// What ends, or doubles, calls besides the program's own way through its code.

// forked gives a new process the calls that its thread was in.
func (h *Calls) forked(c *vcpu.CPU, p *Process) {
	t := h.threads[c.Machine.Thread]
	if t == nil {
		return
	}
	child := &openCalls{pid: p.PID}
	twin := map[*Call]*Call{}
	for _, call := range t.calls {
		if call.ended {
			continue
		}
		l := *call
		l.pid, l.outer = p.PID, twin[call.outer]
		twin[call] = &l
		h.at[l.place()] = &l
		l.site.open++
		child.calls = append(child.calls, &l)
		h.open++
	}
	h.threads[p.PID] = child
}

// processEnds ends the calls of all threads of a process.
func (h *Calls) processEnds(c *vcpu.CPU, pid int, how string) {
	for _, tid := range slices.Sorted(maps.Keys(h.threads)) {
		if h.threads[tid].pid == pid {
			h.threadEnds(c, tid, how)
		}
	}
}

// threadEnds ends the calls of a thread, the innermost first.
func (h *Calls) threadEnds(c *vcpu.CPU, tid int, how string) {
	t := h.threads[tid]
	if t == nil {
		return
	}
	defer h.failed()
	delete(h.threads, tid)
	for _, call := range slices.Backward(t.calls) {
		h.abandon(c, call, how)
	}
}

// forget makes room: calls whose return address has been overwritten are over, and
// if there are too many still, each thread's outer half is lost.
func (h *Calls) forget(c *vcpu.CPU) {
	for _, tid := range slices.Sorted(maps.Keys(h.threads)) {
		for _, call := range slices.Backward(h.threads[tid].calls) {
			if !call.ended && call.overwritten(c) {
				h.abandon(c, call, Unwound)
			}
		}
	}
	if h.open < mostOpen/2 {
		return
	}
	for _, tid := range slices.Sorted(maps.Keys(h.threads)) {
		calls := h.threads[tid].calls
		for _, call := range slices.Clone(calls[:(len(calls)+1)/2]) {
			h.abandon(c, call, Lost)
		}
	}
}

// Returned tells the hooks that the guest has come to an address that cannot be
// executed: where a function that plugin code called returns to.
func (b *Bus) Returned(c *vcpu.CPU, pc guest.Addr) {
	for _, h := range b.hooks {
		if s := h.sites[pc]; s != nil && h.Sub.Active() {
			b.Call(h.Sub, func() { s.reached(c, pc) })
			h.Sub.Hits--
		}
	}
}

// StackGone tells the hooks that a stack, in [lo, hi), is no more: calls on it
// will not return.
func (b *Bus) StackGone(c *vcpu.CPU, lo, hi guest.Addr) {
	for _, h := range b.hooks {
		t := h.threads[c.Machine.Thread]
		if t == nil || !h.Sub.Active() {
			continue
		}
		for _, call := range slices.Backward(slices.Clone(t.calls)) {
			if call.SP >= lo && call.SP < hi {
				h.abandon(c, call, Unwound)
			}
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
