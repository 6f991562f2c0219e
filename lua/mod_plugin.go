package lua

import (
	"fmt"

	glua "github.com/yuin/gopher-lua"

	"panda/emu/plugin"
	"panda/lua/num"
	"panda/lua/val"
)

var pluginModule = Module{
	Name: "plugin:",
	Doc:  "A loaded plugin, as init_plugin, load_plugin and get_plugin_by_name give it.",
	Rows: []Row{
		{"disable", "", "", "Keeps all its callbacks from firing.", pluginDo((*plugin.Loaded).Disable)},
		{"enable", "", "", "Lets its callbacks fire again.", pluginDo((*plugin.Loaded).Enable)},
		{"lookup", "name", "value or nil", "What the plugin exports under a name: data, or a function that can be called.", pluginLookup},
	},
	Fields: []Field{{"exports", "list of the names that it exports"}, {"events", "list of the events that it declares, tables with name, doc and params"}, {"name", "name it was loaded under"}, {"path", "file of a script"}},
}

func (s *State) pluginValue(l *plugin.Loaded) glua.LValue {
	if l == nil {
		return glua.LNil
	}
	return s.object(pluginModule, l, func(name string) glua.LValue {
		switch name {
		case "path":
			return glua.LString(l.Path)
		case "exports":
			return s.fromGo(l.Exports())
		case "events":
			return s.pluginEvents(l)
		}
		return glua.LString(l.Name)
	}, func() string { return "plugin: " + l.Name })
}

// checkPlugin is argument n as a plugin: a handle or a name.
func (s *State) checkPlugin(L *glua.LState, n int) *plugin.Loaded {
	if h := s.needHost(L); s.opts.Untrusted && !s.isOwn(L.Get(n)) {
		L.ArgError(n, fmt.Sprintf("an untrusted script reaches no plugin but its own, %q", h.Name()))
	}
	switch v := L.Get(n).(type) {
	case *glua.LUserData:
		if l, ok := v.Value.(*plugin.Loaded); ok {
			return l
		}
	case glua.LString:
		if l := s.needHost(L).Get(string(v)); l != nil {
			return l
		}
		L.ArgError(n, fmt.Sprintf("no plugin %q is loaded", string(v)))
	}
	L.ArgError(n, val.Expected("plugin", L.Get(n)))
	return nil
}

// isOwn reports whether a value is the handle or the name of the script itself.
func (s *State) isOwn(v glua.LValue) bool {
	if ud, ok := v.(*glua.LUserData); ok {
		l, ok := ud.Value.(*plugin.Loaded)
		return ok && l == s.host.Get(s.host.Name())
	}
	return v == glua.LString(s.host.Name())
}

func pluginDo(do func(*plugin.Loaded)) func(*State, *glua.LState) int {
	return func(s *State, L *glua.LState) int {
		do(s.checkPlugin(L, 1))
		return 0
	}
}

func pluginLookup(s *State, L *glua.LState) int {
	L.Push(s.fromGo(s.checkPlugin(L, 1).Lookup(L.CheckString(2))))
	return 1
}

func pandaLoadPlugin(s *State, L *glua.LState) int {
	l, err := s.needHost(L).LoadFile(L.CheckString(1), s.pluginArgs(L, 2)...)
	if err != nil {
		return val.PushError(L, err)
	}
	L.Push(s.pluginValue(l))
	return 1
}

func pandaLoad(s *State, L *glua.LState) int {
	l, err := s.needHost(L).Load(L.CheckString(1), s.pluginArgs(L, 2)...)
	if err != nil {
		return val.PushError(L, err)
	}
	L.Push(s.pluginValue(l))
	return 1
}

// pluginArgs reads a table of arguments: {key = value, flag = true}.
func (s *State) pluginArgs(L *glua.LState, n int) []plugin.Arg {
	t := L.OptTable(n, nil)
	if t == nil {
		return nil
	}
	var as []plugin.Arg
	t.ForEach(func(k, v glua.LValue) {
		as = append(as, plugin.Arg{Key: k.String(), Value: v.String(), Flag: v == glua.LTrue})
	})
	return as
}

func pandaUnload(s *State, L *glua.LState) int {
	if err := s.needHost(L).Unload(s.checkPlugin(L, 1)); err != nil {
		return val.PushError(L, err)
	}
	L.Push(glua.LTrue)
	return 1
}

func pandaGetPlugin(s *State, L *glua.LState) int {
	L.Push(s.pluginValue(s.needHost(L).Get(L.CheckString(1))))
	return 1
}

// pandaArgs gives the arguments by key; the list part holds {key, value} pairs
// in their order, as the manual's panda_arg_list does.
func pandaArgs(s *State, L *glua.LState) int {
	t := L.NewTable()
	for _, a := range s.needHost(L).Args().All() {
		v := glua.LValue(glua.LString(a.Value))
		if a.Flag {
			v = glua.LTrue
		}
		t.RawSetString(a.Key, v)
		pair := L.NewTable()
		pair.RawSetString("key", glua.LString(a.Key))
		pair.RawSetString("value", v)
		t.Append(pair)
	}
	L.Push(t)
	return 1
}

func pandaArg(s *State, L *glua.LState) int {
	h := s.needHost(L)
	key, def := L.CheckString(1), L.Get(2)
	switch d := def.(type) {
	case glua.LBool:
		L.Push(glua.LBool(h.Args().Bool(key, L.OptString(3, "")) || bool(d)))
	case glua.LNumber, num.U64:
		u, _ := num.Bits(d)
		L.Push(num.Int(h.Args().Uint(key, u, L.OptString(3, ""))))
	case *glua.LNilType:
		v := h.Args().String(key, "", L.OptString(3, ""))
		if v == "" {
			L.Push(glua.LNil)
			return 1
		}
		L.Push(glua.LString(v))
	default:
		L.Push(glua.LString(h.Args().String(key, d.String(), L.OptString(3, ""))))
	}
	return 1
}
