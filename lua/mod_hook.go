package lua

import (
	"encoding/binary"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
)

// maxArgs is how many arguments of a call a handler may take.
const maxArgs = 16

// hook watches the calls of functions: their first instruction, and for leave
// the place that they return to.
type hook struct {
	s     *State
	table *glua.LTable // the handlers; name and caller are set in it
	sub   *event.Sub   // of the first instruction
	enter *callback
	leave *callback
	// returns are the subscriptions at return addresses, which stay: calls come
	// from the same places again. pending are the calls that have not returned,
	// by thread, the innermost last.
	returns map[place]*event.Sub
	pending map[int][]pendingCall
}

type place struct {
	asid guest.ASID
	pc   guest.Addr
}

type pendingCall struct {
	place
	sp   guest.Addr // of the entry: where the return address lies
	name string
	args []glua.LValue
	own  glua.LValue // the table of this call, made when enter and leave may share it
}

func pandaHook(s *State, L *glua.LState) int {
	host := s.needHost(L)
	t := L.CheckTable(2)
	h := &hook{s: s, table: t, returns: map[place]*event.Sub{}, pending: map[int][]pendingCall{}}
	h.enter, h.leave = s.handler(L, t, "enter"), s.handler(L, t, "leave")
	if h.enter == nil && h.leave == nil {
		L.ArgError(2, "a hook needs enter= or leave=")
	}
	h.sub = host.Subscribe(event.InsnExec, s.functionFilter(L), event.PCFunc(h.entered))
	for _, cb := range []*callback{h.enter, h.leave} {
		if cb != nil {
			cb.sub = h.sub
		}
	}
	L.Push(s.handleOf(&callback{s: s, kind: event.InsnExec, sub: h.sub, more: h.subs}))
	return 1
}

// handler is a function of a table of handlers, nil if it is not there.
func (s *State) handler(L *glua.LState, t *glua.LTable, name string) *callback {
	switch fn := t.RawGetString(name).(type) {
	case *glua.LFunction:
		return s.newCallback(event.InsnExec, fn)
	case *glua.LNilType:
		return nil
	default:
		L.ArgError(2, name+"= must be a function")
		return nil
	}
}

// functionFilter reads argument 1: an address, a symbol or a pattern of symbols,
// with the file's name before it as in "libc.so.6!mem*".
func (s *State) functionFilter(L *glua.LState) *event.Filter {
	if u, ok := bits64(L.Get(1)); ok {
		return &event.Filter{PC: []event.Range{{Lo: guest.Addr(u), Hi: guest.Addr(u) + 1}}}
	}
	f := new(event.Filter)
	module, name, ok := strings.Cut(L.CheckString(1), "!")
	if ok {
		f.Module = []string{module}
	} else {
		name = module
	}
	f.Symbol = []string{name}
	return f
}

func (h *hook) subs() []*event.Sub {
	var subs []*event.Sub
	for _, s := range h.returns {
		subs = append(subs, s)
	}
	return subs
}

// entered serves the first instruction of a function. What enter returns is the
// result of the call, which then is not made.
func (h *hook) entered(c *vcpu.CPU, pc guest.Addr) {
	size := c.Machine.Arch.Bits / 8
	var b [8]byte
	if err := c.Read(c.SP(), b[:size]); err != nil {
		return // no call: nothing can be returned to
	}
	call := pendingCall{place{c.ASID(), guest.Addr(binary.LittleEndian.Uint64(b[:]))}, c.SP(), SymbolAt(c, pc), nil, glua.LNil}
	if h.enter != nil && h.leave != nil {
		call.own = h.s.L.NewTable()
	}
	call.args = h.arguments(c)
	if h.enter != nil {
		h.tell(call)
		if ret := h.enter.call(c, 1, call.args...); ret != glua.LNil {
			h.skip(c, call, ret)
			return
		}
	}
	if h.leave != nil {
		h.expect(c, call)
	}
}

// arguments reads as many as the handlers take: enter(cpu, a, b), leave(cpu,
// ret, a, b).
func (h *hook) arguments(c *vcpu.CPU) []glua.LValue {
	n := 0
	if h.enter != nil {
		n = h.enter.want - 1
	}
	if h.leave != nil {
		n = max(n, h.leave.want-2)
	}
	var as []glua.LValue
	for i := range min(n, maxArgs) {
		v, err := callArg(c, i)
		if err != nil {
			break
		}
		as = append(as, h.s.box(v))
	}
	return as
}

// tell sets the fields by which handlers know the call.
func (h *hook) tell(call pendingCall) {
	h.table.RawSetString("name", glua.LString(call.name))
	h.table.RawSetString("caller", Int(uint64(call.pc)))
	h.table.RawSetString("call", call.own)
}

// skip returns from the function at once.
func (h *hook) skip(c *vcpu.CPU, call pendingCall, ret glua.LValue) {
	if v, ok := bits64(ret); ok {
		c.W[c.Machine.Arch.Ret] = v
	} else if b, ok := ret.(glua.LBool); ok {
		c.W[c.Machine.Arch.Ret] = map[glua.LBool]uint64{true: 1}[b]
	}
	c.W[c.Machine.Arch.SP] += uint64(c.Machine.Arch.Bits / 8)
	c.SetPC(call.pc)
}

// expect waits for the return of a call.
func (h *hook) expect(c *vcpu.CPU, call pendingCall) {
	t := c.Machine.Thread
	h.pending[t] = append(unwound(h.pending[t], call.sp), call)
	if h.returns[call.place] == nil {
		f := &event.Filter{PC: []event.Range{{Lo: call.pc, Hi: call.pc + 1}}}
		h.returns[call.place] = h.s.host.Subscribe(event.InsnExec, f, event.PCFunc(h.returned))
	}
}

// unwound drops calls whose frames are gone: the stack pointer is above them.
func unwound(calls []pendingCall, sp guest.Addr) []pendingCall {
	for len(calls) > 0 && calls[len(calls)-1].sp < sp {
		calls = calls[:len(calls)-1]
	}
	return calls
}

// returned serves a place that calls return to. A function that ended in a jump
// to another returns with it, so several calls may end here.
func (h *hook) returned(c *vcpu.CPU, pc guest.Addr) {
	t := c.Machine.Thread
	for {
		calls := h.pending[t]
		last := len(calls) - 1
		if last < 0 || calls[last].sp >= c.SP() {
			return
		}
		call := calls[last]
		if h.pending[t] = calls[:last]; last == 0 {
			delete(h.pending, t)
		}
		if call.place == (place{c.ASID(), pc}) {
			h.leaves(c, call)
		}
	}
}

// leaves tells of one return. What leave returns replaces the result. When it
// fails, the Bus disables the one place that was returned to: the hook ends with
// it.
func (h *hook) leaves(c *vcpu.CPU, call pendingCall) {
	defer func() {
		if r := recover(); r != nil {
			h.failed(r)
			panic(r)
		}
	}()
	ret := &c.W[c.Machine.Arch.Ret]
	h.tell(call)
	args := append([]glua.LValue{h.s.box(*ret)}, call.args...)
	if v, ok := bits64(h.leave.call(c, 1, args...)); ok {
		*ret = v
	}
}

// failed disables the hook at all its places.
func (h *hook) failed(r any) {
	h.sub.Failed, _ = r.(error)
	for _, sub := range append(h.subs(), h.sub) {
		sub.Disable()
	}
}

// pandaSyscall is panda.hook for system calls.
func pandaSyscall(s *State, L *glua.LState) int {
	host := s.needHost(L)
	f := &filterParser{s: s, L: L, kind: event.SyscallEnter, key: "name"}
	f.f.Names = f.names(L.Get(1))
	t := L.CheckTable(2)
	h := &sysHook{s: s, table: t, enter: s.handler(L, t, "enter"), leave: s.handler(L, t, "leave"), own: map[int]glua.LValue{}}
	var subs []*event.Sub
	if h.enter != nil {
		h.enter.kind = event.SyscallEnter
		subs = append(subs, host.Subscribe(event.SyscallEnter, &f.f, event.SyscallBoolFunc(h.entered)))
	}
	if h.leave != nil {
		h.leave.kind = event.SyscallLeave
		leave := f.f
		subs = append(subs, host.Subscribe(event.SyscallLeave, &leave, event.SyscallFunc(h.left)))
	}
	if len(subs) == 0 {
		L.ArgError(2, "a hook needs enter= or leave=")
	}
	L.Push(s.handleOf(&callback{s: s, kind: subs[0].Kind, sub: subs[0], more: func() []*event.Sub { return subs[1:] }}))
	return 1
}

type sysHook struct {
	s            *State
	table        *glua.LTable
	enter, leave *callback
	own          map[int]glua.LValue // the tables of the calls in progress, by thread
}

func (h *sysHook) args(sc *event.Syscall) []glua.LValue {
	var as []glua.LValue
	for i := range min(sc.NArgs, len(sc.Args)) {
		as = append(as, h.s.box(sc.Args[i]))
	}
	return as
}

// entered: what enter returns is the result of the call, which is not made.
func (h *sysHook) entered(c *vcpu.CPU, sc *event.Syscall) bool {
	h.table.RawSetString("name", glua.LString(sc.Name))
	if h.leave != nil {
		h.own[c.Machine.Thread] = h.s.L.NewTable()
		h.table.RawSetString("call", h.own[c.Machine.Thread])
	}
	ret, ok := bits64(h.enter.call(c, 1, h.args(sc)...))
	if ok {
		sc.Ret = int64(ret)
	}
	return ok
}

func (h *sysHook) left(c *vcpu.CPU, sc *event.Syscall) {
	h.table.RawSetString("name", glua.LString(sc.Name))
	if own, ok := h.own[c.Machine.Thread]; ok {
		h.table.RawSetString("call", own)
		delete(h.own, c.Machine.Thread)
	}
	h.leave.call(c, 0, append([]glua.LValue{Signed(sc.Ret)}, h.args(sc)...)...)
}
