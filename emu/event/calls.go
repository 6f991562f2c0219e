package event

import (
	"slices"

	"panda/emu/guest"
	"panda/emu/vcpu"
)

// Problem: which calls a return ends. A call may be left without one, by longjmp,
// an exception, a switch of stacks, the end of its thread; afterwards the program
// may come to the place that it would have returned to by a jump, with the very
// stack pointer that it had.
//
// Idea: a call is known by its process, its stack pointer at its entry, and where
// it returns to. It returns when the program comes there through an indirect
// branch (vcpu.CPU.Direct) with the stack pointer just above. A function that is
// entered where a call lies already was called again, or is where that call jumped
// to: a counter at the call instruction tells. Go's stacks, which are moved, are
// followed (calls_move.go).
//
// Invariants: every call that enter was told of ends once, by leave or by
// Abandoned; leave is told of returns only. Which calls of other functions ended
// with it, calls_open.go knows.

// Calls hooks the calls of functions: their first instruction and, for leave, the
// places that they return to. Those stay watched, since calls come from the same
// places again and again, so that a return costs a callback and no translation.
type Calls struct {
	Sub *Sub // of the first instructions
	// Abandoned, when set, is told of a call that ended without a return, and how.
	Abandoned func(c *vcpu.CPU, call *Call, how string)

	bus   *Bus
	enter func(c *vcpu.CPU, call *Call)
	leave func(c *vcpu.CPU, call *Call)
	sites map[guest.Addr]*returnSite
	at    map[callPlace]*Call // the calls in progress, the innermost of each place
	moves []*move
	open  int // calls in progress
	subs  []*Sub
}

// How calls end without a return.
const (
	Unwound = "unwound" // longjmp, an exception, or another stack: its frame is gone
	Exited  = "exit"    // its thread or process has ended, within it as far as is known
	Execed  = "exec"    // its process runs another program
	Lost    = "lost"    // there are too many calls in progress to remember
)

// callPlace is where the return address of a call lies.
type callPlace struct {
	sp  guest.Addr
	pid int
}

func (l *Call) place() callPlace { return callPlace{l.SP, l.pid} }

// returnSite is a place that calls return to.
type returnSite struct {
	h     *Calls
	open  int    // calls in progress that return here
	calls uint64 // executions of the call instruction before it
	met   uint64 // of those, by which a function has been entered
	known bool   // there is one
}

// mostOpen bounds how many calls are remembered.
const mostOpen = 1 << 18

// Call is a call of a function that is hooked.
type Call struct {
	Func   guest.Addr
	Return guest.Addr // where it returns to
	SP     guest.Addr // of the entry: where the return address lies
	Data   any        // of enter, for leave

	taken, ended bool

	in    *openCalls
	pid   int
	site  *returnSite
	outer *Call // that ended in a jump to this one
}

// HookCalls calls enter at the first instruction of each function that the filter
// chooses, and leave, if it is not nil, after the call. Either may be nil.
func (b *Bus) HookCalls(o *Owner, f *Filter, enter, leave func(c *vcpu.CPU, call *Call)) *Calls {
	h := &Calls{bus: b, enter: enter, leave: leave, sites: map[guest.Addr]*returnSite{}, at: map[callPlace]*Call{}}
	h.Sub = b.Subscribe(o, InsnExec, f, PCFunc(h.entered))
	h.Sub.gone = h.removed
	b.hooks.insert(len(b.hooks.all), h)
	if leave != nil {
		b.calls.follow(b)
		h.followMoves()
	}
	return h
}

// InProgress is how many calls are in progress, as far as is known.
func (h *Calls) InProgress() int { return h.open }

// Remove ends the hook.
func (h *Calls) Remove() { h.Sub.Remove() }

func (h *Calls) removed() {
	h.bus.hooks.left()
	for _, s := range h.subs {
		s.Remove()
	}
	if h.leave != nil {
		h.bus.calls.leaves(h)
	}
	clear(h.at)
	clear(h.sites)
}

func (h *Calls) entered(c *vcpu.CPU, pc guest.Addr) {
	ret, ok := c.Caller()
	if !ok || h.bus.muted[pc] > 0 {
		return // no call: nothing can be returned to
	}
	h.settleMoves(c)
	if s := h.sites[pc]; s != nil { // a function called by the last instruction before this one
		s.reached(c, pc)
	}
	call := &Call{Func: pc, Return: ret, SP: c.SP(), pid: c.Machine.Process}
	if h.leave != nil && !h.begins(c, call) {
		return
	}
	if h.enter != nil {
		h.enter(c, call)
	}
	if h.leave == nil || call.taken || !h.Sub.Active() {
		return
	}
	h.push(c, call)
}

// begins makes room for a call. It reports false for one that is under way
// already: its function jumped back to its first instruction, or begins again on a
// stack that was moved.
func (h *Calls) begins(c *vcpu.CPU, call *Call) bool {
	fresh := h.wasCalled(c, call)
	h.bus.calls.settle(c, call)
	old := h.at[call.place()]
	switch {
	case old == nil:
	case old.Return != call.Return || fresh || !call.site.known && old.Func == call.Func:
		h.abandon(c, old, Unwound)
	case old.Func == call.Func:
		return false
	default:
		call.outer = old
	}
	return true
}

// wasCalled reports whether a call instruction has entered the function: one before
// its return address has been executed by which no other was entered. Else a call
// under way has jumped to it, or begins again. Where no call instruction is before
// that address, as with a signal handler's, nobody knows.
func (h *Calls) wasCalled(c *vcpu.CPU, call *Call) bool {
	s := h.sites[call.Return]
	if s == nil { // the first one was not counted
		call.site = h.site(c, call.Return)
		return true
	}
	call.site = s
	fresh := s.calls != s.met
	s.met = s.calls
	return fresh
}

// push enters a call among those in progress.
func (h *Calls) push(c *vcpu.CPU, call *Call) {
	if h.open >= mostOpen {
		h.forget(c)
	}
	h.at[call.place()] = call
	if call.site.open++; call.site.open == 1 && c.Cut != nil {
		c.Cut(&call.site.open)
	}
	h.bus.calls.of(c, c.Machine.Thread).push(call)
	h.open++
}

// site watches a place that calls return to, and counts the call instruction
// before it.
func (h *Calls) site(c *vcpu.CPU, ret guest.Addr) *returnSite {
	s := &returnSite{h: h}
	h.sites[ret] = s
	h.subs = append(h.subs, h.bus.add(&Sub{Kind: InsnExec, Owner: h.Sub.Owner, Filter: &Filter{PC: []Range{{ret, ret + 1}}}, Fn: PCFunc(s.reached), Awaits: &s.open}))
	if at := callsBefore(c, ret); at != nil {
		s.known = true
		h.subs = append(h.subs, h.bus.add(&Sub{Kind: InsnExec, Owner: h.Sub.Owner, Filter: &Filter{PC: at}, Counter: &s.calls, entry: entry{own: true}}))
	}
	return s
}

// longestCall is how many bytes a call instruction has at most, with the prefixes
// that compilers give it.
const longestCall = 9

// callsBefore lists where a call instruction may begin that ends at an address.
// Where none begins, nothing is executed.
func callsBefore(c *vcpu.CPU, end guest.Addr) (at []Range) {
	classify := c.Machine.Arch.Classify
	if classify == nil {
		return nil
	}
	var code [longestCall]byte
	for n := 1; n <= longestCall; n++ {
		pc := end - guest.Addr(n)
		if c.Read(pc, code[:n]) != nil {
			break
		}
		if class, size := classify(code[:n]); size == n && class == vcpu.ClassCall {
			at = append(at, Range{pc, pc + 1})
		}
	}
	return at
}

// reached serves a place that calls return to.
func (s *returnSite) reached(c *vcpu.CPU, pc guest.Addr) {
	h := s.h
	defer h.failed()
	h.settleMoves(c)
	direct := c.TB != nil && c.Index() > 0 || c.Direct == c.Icount()+1
	call := h.take(c, pc, direct)
	if call == nil {
		return
	}
	h.bus.calls.within(c, call, !direct)
	if direct {
		h.abandon(c, call, Unwound)
		return
	}
	h.bus.calls.jumpedTo(c, call)
	h.returned(c, call)
}

// returned tells of the return of a call, and of those that ended in a jump to it.
func (h *Calls) returned(c *vcpu.CPU, call *Call) {
	for ; call != nil; call = call.outer {
		if h.end(call) && h.Sub.Active() {
			h.leave(c, call)
		}
	}
}

// calleePops is how many bytes of arguments a function may take off the stack
// when it returns, as 32-bit conventions have it.
const calleePops = 1 << 10

// take finds the call that returns to pc and whose return address lies just below
// the stack pointer.
func (h *Calls) take(c *vcpu.CPU, pc guest.Addr, direct bool) *Call {
	arch := c.Machine.Arch
	at := arch.Pushed(c.SP())
	if call := h.at[callPlace{at, c.Machine.Process}]; call != nil && call.Return == pc {
		return call
	}
	t := h.bus.calls.threads[c.Machine.Thread]
	if t == nil || direct || !arch.Calls.Cleans {
		return nil
	}
	for _, call := range slices.Backward(t.calls) {
		switch {
		case call.ended, call.site.h != h:
		case call.SP >= at || at-call.SP > calleePops:
			return nil
		case call.Return == pc:
			return call
		}
	}
	return nil
}

// end takes a call out of those in progress; false if it was not there.
func (h *Calls) end(call *Call) bool {
	if call.ended {
		return false
	}
	call.ended = true
	h.open--
	call.site.open--
	if k := call.place(); h.at[k] == call {
		delete(h.at, k)
	}
	call.in.pop()
	return true
}

// abandon ends a call, and those that jumped to it.
func (h *Calls) abandon(c *vcpu.CPU, call *Call, how string) {
	for ; call != nil; call = call.outer {
		if h.end(call) {
			h.tellAbandoned(c, call, how)
		}
	}
}

// tellAbandoned contains a panic, which is this hook's: the call may have ended
// with one of another.
func (h *Calls) tellAbandoned(c *vcpu.CPU, call *Call, how string) {
	if h.Abandoned != nil && h.Sub.Active() {
		defer h.bus.guard(h.Sub)
		h.Abandoned(c, call, how)
	}
}

// failed ends the whole hook when leave panics: the Bus knows of one place only.
func (h *Calls) failed() {
	if r := recover(); r != nil {
		h.Sub.Disable()
		panic(r)
	}
}

// Arg is argument i of the call, counted from 0, as the calling convention passes
// integers. It holds at the function's first instruction.
func (l *Call) Arg(c *vcpu.CPU, i int) uint64 {
	v, _ := c.Arg(l.SP, i)
	return v
}

// Result is what the function returned, in leave.
func (l *Call) Result(c *vcpu.CPU) uint64 { return c.Result() }

// SetResult replaces what the function returned, in leave.
func (l *Call) SetResult(c *vcpu.CPU, v uint64) { c.SetResult(v) }

// Skip returns from the function at once, in enter: it is not run, and leave is
// not called.
func (l *Call) Skip(c *vcpu.CPU, result uint64) {
	l.taken = true
	c.Return(l.SP, l.Return, result)
}
