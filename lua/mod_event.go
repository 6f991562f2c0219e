package lua

import (
	glua "github.com/yuin/gopher-lua"

	"panda/emu/event"
	"panda/emu/plugin"
	"panda/lua/val"
)

var eventModule = Module{
	Name: "event:",
	Doc:  "An event of a plugin's own, as `panda.event` declares it.",
	Rows: []Row{
		{"fire", "...", "", "Tells all who listen; numbers, texts, truth values and tables can be told.", eventFire},
		{"heard", "", "boolean", "Whether anybody listens.", eventHeard},
	},
	Fields: []Field{{"name", "its name"}},
}

func pandaEvent(s *State, L *glua.LState) int {
	h := s.needHost(L)
	var params []string
	for i := 3; i <= L.GetTop(); i++ {
		params = append(params, L.CheckString(i))
	}
	e := h.Event(L.CheckString(1), L.OptString(2, ""), params...)
	L.Push(s.object(eventModule, e, func(string) glua.LValue { return glua.LString(e.Name) }, func() string { return "event: " + e.Name }))
	return 1
}

func checkEvent(L *glua.LState) *plugin.Event {
	if ud, ok := L.Get(1).(*glua.LUserData); ok {
		if e, ok := ud.Value.(*plugin.Event); ok {
			return e
		}
	}
	L.ArgError(1, "event expected: methods are called with a colon")
	return nil
}

func eventFire(s *State, L *glua.LState) int {
	e := checkEvent(L)
	var as []any
	for i, a := range val.Args(L, 2) {
		v, err := s.toGo(a, 0)
		if err != nil {
			L.ArgError(i+2, err.Error())
		}
		as = append(as, v)
	}
	e.Fire(as...)
	return 0
}

func eventHeard(_ *State, L *glua.LState) int {
	L.Push(glua.LBool(checkEvent(L).Heard()))
	return 1
}

func pandaListen(s *State, L *glua.LState) int {
	h := s.needHost(L)
	cb := s.newCallback(event.Detached, L.CheckFunction(3))
	var err error
	cb.sub, err = h.Listen(L.CheckString(1), L.CheckString(2), func(args []any) {
		as := make([]glua.LValue, len(args))
		for i, a := range args {
			as[i] = s.fromGo(a)
		}
		cb.bare(as)
	})
	if err != nil {
		return val.PushError(L, err)
	}
	L.Push(s.handleOf(cb))
	return 1
}

// bare calls the function without the CPU before its arguments.
func (cb *callback) bare(args []glua.LValue) {
	if _, err := cb.s.run(cb.fn, args...); err != nil {
		panic(err)
	}
}

func pandaNeed(s *State, L *glua.LState) int {
	l, err := s.needHost(L).Need(L.CheckString(1), s.pluginArgs(L, 2)...)
	if err != nil {
		return val.PushError(L, err)
	}
	L.Push(s.pluginValue(l))
	return 1
}

// pluginEvents lists what a plugin declares.
func (s *State) pluginEvents(l *plugin.Loaded) glua.LValue {
	t := s.L.NewTable()
	for _, e := range l.Events() {
		r := s.L.NewTable()
		r.RawSetString("name", glua.LString(e.Name))
		r.RawSetString("doc", glua.LString(e.Doc))
		r.RawSetString("params", s.fromGo(e.Params))
		t.Append(r)
	}
	return t
}
