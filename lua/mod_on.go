package lua

import (
	"fmt"

	glua "github.com/yuin/gopher-lua"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/plugin"
	"panda/emu/vcpu"
	"panda/lua/num"
	"panda/lua/val"
)

var handleModule = Module{
	Name: "handle:",
	Doc:  "A subscription, as `panda.on` returns it.",
	Rows: []Row{
		{"enable", "", "", "Lets it fire again.", handleDo((*event.Sub).Enable)},
		{"disable", "", "", "Keeps it from firing.", handleDo((*event.Sub).Disable)},
		{"remove", "", "", "Ends it.", handleDo((*event.Sub).Remove)},
	},
	Fields: []Field{
		{"hits", "how often the event matched"},
		{"matches", "how many places were chosen at translation"},
		{"kind", "name of the event"},
		{"active", "whether it is served: neither disabled nor failed"},
		{"error", "why it was disabled after an error, else nil"},
	},
}

func handleDo(do func(*event.Sub)) func(*State, *glua.LState) int {
	return func(_ *State, L *glua.LState) int {
		cb := checkHandle(L)
		do(cb.sub)
		if cb.more != nil {
			for _, sub := range cb.more() {
				do(sub)
			}
		}
		return 0
	}
}

// checkHandle is the receiver of a handle's method.
func checkHandle(L *glua.LState) *callback {
	if ud, ok := L.Get(1).(*glua.LUserData); ok {
		if cb, ok := ud.Value.(*callback); ok {
			return cb
		}
	}
	L.ArgError(1, "handle expected: methods are called with a colon")
	return nil
}

func handleField(cb *callback, name string) glua.LValue {
	switch name {
	case "hits":
		return num.Int(cb.sub.Hits)
	case "matches":
		return num.Int(cb.sub.Matches)
	case "kind":
		return glua.LString(cb.sub.What())
	case "active":
		return glua.LBool(cb.sub.Active())
	case "error":
		if cb.sub.Failed != nil {
			return glua.LString(cb.sub.Failed.Error())
		}
	}
	return glua.LNil
}

// String is a handle in words.
func (cb *callback) String() string {
	state := "active"
	switch {
	case cb.sub.Failed != nil:
		state = "failed"
	case !cb.sub.Active():
		state = "disabled"
	}
	return fmt.Sprintf("handle: %v, %s, %d hits at %d places", cb.sub.What(), state, cb.sub.Hits, cb.sub.Matches)
}

// object makes userdata with the methods and fields of a module; text is its
// tostring.
func (s *State) object(m Module, value any, field func(name string) glua.LValue, text func() string) *glua.LUserData {
	mt := s.L.NewTable()
	methods := s.open(m, s.L.NewTable())
	mt.RawSetString("__index", s.L.NewFunction(func(L *glua.LState) int {
		if fn := methods.RawGet(L.Get(2)); fn != glua.LNil {
			L.Push(fn)
			return 1
		}
		name, _ := L.Get(2).(glua.LString)
		for _, f := range m.Fields {
			if f.Name == string(name) {
				L.Push(field(f.Name))
				return 1
			}
		}
		L.RaiseError("%s has no field %q%s", m.Name[:len(m.Name)-1], L.Get(2).String(), event.DidYouMean(string(name), memberNames(m)))
		return 0
	}))
	mt.RawSetString("__tostring", s.L.NewFunction(func(L *glua.LState) int { return val.PushString(L, text()) }))
	ud := s.L.NewUserData()
	ud.Value, ud.Metatable = value, mt
	return ud
}

func memberNames(m Module) []string {
	var ns []string
	for _, r := range m.Rows {
		ns = append(ns, r.Name)
	}
	for _, f := range m.Fields {
		ns = append(ns, f.Name)
	}
	return ns
}

// kind is argument n as an event.
func (s *State) kind(L *glua.LState, n int) event.Kind {
	k, err := event.ParseKind(L.CheckString(n))
	if err != nil {
		L.RaiseError("%v", err)
	}
	return k
}

// needHost is the machine; a session without one can compute only.
func (s *State) needHost(L *glua.LState) *plugin.Host {
	if s.host == nil {
		L.RaiseError("there is no guest: this needs a machine")
	}
	return s.host
}

func pandaOn(s *State, L *glua.LState) int {
	s.needHost(L)
	k := s.kind(L, 1)
	fn := 3
	filter := new(event.Filter)
	if t, ok := L.Get(2).(*glua.LTable); ok {
		filter = s.filter(L, k, t)
	} else {
		fn = 2
	}
	f, ok := L.Get(fn).(*glua.LFunction)
	if !ok {
		L.ArgError(fn, val.Expected("function", L.Get(fn)))
	}
	if (k == event.InsnExec || k == event.AfterInsnExec) && filter.PC == nil {
		// Without any filter the Bus would wait for insn_translate to choose.
		filter.PC = everywhere
	}
	return s.subscribe(L, k, filter, f)
}

var everywhere = []event.Range{{Lo: 0, Hi: ^guest.Addr(0)}}

func (s *State) subscribe(L *glua.LState, k event.Kind, f *event.Filter, fn *glua.LFunction) int {
	cb := s.newCallback(k, fn)
	cb.sub = s.host.Subscribe(k, f, cb.gofunc())
	L.Push(s.handleOf(cb))
	return 1
}

func (s *State) handleOf(cb *callback) *glua.LUserData {
	return s.object(handleModule, cb, func(name string) glua.LValue { return handleField(cb, name) }, cb.String)
}

// pandaRegister is the manual's panda_register_callback: (plugin,) kind,
// function; for insn_translate also a filter in place of the function.
func pandaRegister(s *State, L *glua.LState) int {
	h := s.needHost(L)
	if _, ok := L.Get(1).(*glua.LUserData); ok {
		L.Remove(1)
	}
	k := s.kind(L, 1)
	switch v := L.Get(2).(type) {
	case *glua.LFunction:
		return s.subscribe(L, k, new(event.Filter), v)
	case *glua.LTable:
		if fn, ok := L.Get(3).(*glua.LFunction); ok {
			return s.subscribe(L, k, s.filter(L, k, v), fn)
		}
		if k == event.InsnTranslate {
			cb := &callback{s: s, kind: k}
			cb.sub = h.Subscribe(k, s.filter(L, k, v), event.PCBoolFunc(func(*vcpu.CPU, guest.Addr) bool { return true }))
			L.Push(s.handleOf(cb))
			return 1
		}
	}
	L.ArgError(2, fmt.Sprintf("%v needs a function", k))
	return 0
}
