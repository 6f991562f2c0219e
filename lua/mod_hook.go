package lua

import (
	"fmt"
	"slices"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
	"panda/lua/num"
	"panda/lua/val"
)

// maxArgs is how many arguments of a call a handler may take.
const maxArgs = 16

// hook watches the calls of functions for a table of handlers, in which it sets
// name, caller and call.
type hook struct {
	s                       *State
	table                   *glua.LTable
	calls                   *event.Calls
	enter, leave, abandoned *callback
}

// hookedCall is what enter leaves for leave.
type hookedCall struct {
	name string
	args []glua.LValue
	own  glua.LValue // the table of this call, made when enter and leave may share it
}

func pandaHook(s *State, L *glua.LState) int {
	host := s.needHost(L)
	t := L.CheckTable(2)
	h := &hook{s: s, table: t, enter: s.handler(L, t, "enter"), leave: s.handler(L, t, "leave"), abandoned: s.handler(L, t, "abandoned")}
	misspeltHandler(L, t, "enter", "leave", "abandoned")
	if h.enter == nil && h.leave == nil && h.abandoned == nil {
		L.ArgError(2, "a hook needs enter=, leave= or abandoned=")
	}
	f := s.functionFilter(L)
	var leave func(*vcpu.CPU, *event.Call)
	if h.leave != nil || h.abandoned != nil {
		leave = h.left
	}
	h.calls = host.HookCalls(func(to *event.Filter) error { *to = *f; return nil }, h.entered, leave)
	h.calls.Abandoned = h.wasAbandoned
	for _, cb := range []*callback{h.enter, h.leave, h.abandoned} {
		if cb != nil {
			cb.sub = h.calls.Sub
		}
	}
	L.Push(s.handleOf(&callback{s: s, kind: event.InsnExec, sub: h.calls.Sub}))
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

// misspeltHandler refuses a function whose name is nearly that of a handler that the
// table has not. Other fields are the script's own.
func misspeltHandler(L *glua.LState, t *glua.LTable, known ...string) {
	var missing, names []string
	for _, n := range known {
		if t.RawGetString(n) == glua.LNil {
			missing = append(missing, n)
		}
	}
	t.ForEach(func(k, v glua.LValue) {
		if name, ok := k.(glua.LString); ok && v.Type() == glua.LTFunction && !slices.Contains(known, string(name)) {
			names = append(names, string(name))
		}
	})
	slices.Sort(names)
	for _, n := range names {
		low := strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(n), "on"), "_")
		if i := slices.IndexFunc(missing, func(m string) bool { return event.Near(low, m) }); i >= 0 {
			L.ArgError(2, fmt.Sprintf("a hook calls no %q (did you mean %q?)", n, missing[i]))
		}
	}
}

// functionFilter reads argument 1: an address, a symbol or a pattern of symbols,
// with the file's name before it as in "libc.so.6!mem*".
func (s *State) functionFilter(L *glua.LState) *event.Filter {
	if u, ok := num.Bits(L.Get(1)); ok {
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

// entered serves the first instruction of a function. What enter returns is the
// result of the call, which then is not made.
func (h *hook) entered(c *vcpu.CPU, call *event.Call) {
	mine := &hookedCall{SymbolAt(c, call.Func), h.arguments(c, call), glua.LNil}
	call.Data = mine
	if h.enter == nil {
		return
	}
	if h.leave != nil || h.abandoned != nil {
		mine.own = h.s.L.NewTable()
	}
	h.tell(call, mine)
	if v, ok := h.enter.result(h.enter.call(c, 1, mine.args...)); ok {
		call.Skip(c, v)
	}
}

// result is what a handler returned to be the result of a call: nothing, an integer,
// or false and true for 0 and 1. Anything else is the handler's error.
func (cb *callback) result(v glua.LValue) (u uint64, ok bool) {
	switch b := v.(type) {
	case *glua.LNilType:
		return 0, false
	case glua.LBool:
		return map[glua.LBool]uint64{true: 1}[b], true
	}
	if u, ok = num.Bits(v); !ok {
		panic(fmt.Errorf("%s returned a %s value; a result is an integer, true or false, or nothing", cb.where(), val.TypeName(v)))
	}
	return u, true
}

// arguments reads as many as the handlers take: enter(cpu, a, b), leave(cpu,
// ret, a, b).
func (h *hook) arguments(c *vcpu.CPU, call *event.Call) []glua.LValue {
	n := 0
	if h.enter != nil {
		n = h.enter.want - 1
	}
	for _, cb := range []*callback{h.leave, h.abandoned} {
		if cb != nil {
			n = max(n, cb.want-2)
		}
	}
	var as []glua.LValue
	for i := range min(n, maxArgs) {
		as = append(as, h.s.box(call.Arg(c, i)))
	}
	return as
}

// tell sets the fields by which handlers know the call.
func (h *hook) tell(call *event.Call, mine *hookedCall) {
	h.table.RawSetString("name", glua.LString(mine.name))
	h.table.RawSetString("caller", num.Int(uint64(call.Return)))
	h.table.RawSetString("call", mine.own)
}

// left tells of one return. What leave returns replaces the result. When it
// fails, the Bus knows of the one place that was returned to: the handle tells.
func (h *hook) left(c *vcpu.CPU, call *event.Call) {
	if h.leave == nil {
		return
	}
	defer h.noteFailure()
	if v, ok := h.leave.result(h.ended(c, call, h.leave, h.s.box(call.Result(c)))); ok {
		call.SetResult(c, v)
	}
}

// wasAbandoned tells of a call that ended without a return.
func (h *hook) wasAbandoned(c *vcpu.CPU, call *event.Call, how string) {
	if h.abandoned != nil {
		h.ended(c, call, h.abandoned, glua.LString(how))
	}
}

// noteFailure keeps why a handler failed. It is deferred.
func (h *hook) noteFailure() {
	if r := recover(); r != nil {
		h.calls.Sub.Failed, _ = r.(error)
		panic(r)
	}
}

// ended calls a handler of a call's end.
func (h *hook) ended(c *vcpu.CPU, call *event.Call, cb *callback, first glua.LValue) glua.LValue {
	defer h.noteFailure()
	mine := call.Data.(*hookedCall)
	h.tell(call, mine)
	return cb.call(c, 1, append([]glua.LValue{first}, mine.args...)...)
}

// pandaSyscall is panda.hook for system calls.
func pandaSyscall(s *State, L *glua.LState) int {
	host := s.needHost(L)
	f := &filterParser{s: s, L: L, kind: event.SyscallEnter, key: "name"}
	f.f.Names = f.names(L.Get(1))
	t := L.CheckTable(2)
	h := &sysHook{s: s, table: t, enter: s.handler(L, t, "enter"), leave: s.handler(L, t, "leave"), own: map[int]glua.LValue{}}
	misspeltHandler(L, t, "enter", "leave")
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
	ret, ok := h.enter.result(h.enter.call(c, 1, h.args(sc)...))
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
	h.leave.call(c, 0, append([]glua.LValue{num.Signed(sc.Ret)}, h.args(sc)...)...)
}
