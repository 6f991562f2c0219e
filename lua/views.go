package lua

import (
	glua "github.com/yuin/gopher-lua"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
	"panda/lua/num"
	"panda/lua/val"
)

// views are the objects that callbacks get besides numbers. There is one of
// each kind in a state, which shows what the running callback is about: nothing
// is built per event. Outside of its callback a view is empty and says so.
type views struct {
	cpu      *glua.LUserData
	cpuNames map[string]cpuEntry
	tb, next *view[vcpu.TB]
	call     *view[event.Syscall]
	exc      *view[guest.Exception]
}

// viewField is a row of a view: a value of T under a name.
type viewField[T any] struct {
	Field
	get func(L *glua.LState, v *T) glua.LValue
	set func(L *glua.LState, v *T, n int) // nil where it cannot be assigned; the value is argument n
}

type view[T any] struct {
	name string
	ud   *glua.LUserData
	cur  *T
}

func newView[T any](L *glua.LState, name string, fields []viewField[T], text string) *view[T] {
	v := &view[T]{name: name, ud: L.NewUserData()}
	byName := map[string]*viewField[T]{}
	var names []string
	for i := range fields {
		byName[fields[i].Name] = &fields[i]
		names = append(names, fields[i].Name)
	}
	find := func(L *glua.LState) *viewField[T] {
		if v.cur == nil {
			L.RaiseError("the %s of an event is gone when its callback returns", name)
		}
		key := L.CheckString(2)
		f := byName[key]
		if f == nil {
			L.RaiseError("%s has no field %q%s", name, key, event.DidYouMean(key, names))
		}
		return f
	}
	mt := L.NewTable()
	mt.RawSetString("__index", L.NewFunction(func(L *glua.LState) int {
		L.Push(find(L).get(L, v.cur))
		return 1
	}))
	mt.RawSetString("__newindex", L.NewFunction(func(L *glua.LState) int {
		f := find(L)
		if f.set == nil {
			L.RaiseError("%s.%s cannot be assigned", name, f.Name)
		}
		f.set(L, v.cur, 3)
		return 0
	}))
	mt.RawSetString("__tostring", L.NewFunction(func(L *glua.LState) int {
		if v.cur == nil {
			return val.PushString(L, name)
		}
		return val.PushString(L, byName[text].get(L, v.cur).String())
	}))
	v.ud.Metatable = mt
	return v
}

// show makes the view show x and gives it as a Lua value.
func (v *view[T]) show(x *T) glua.LValue {
	v.cur = x
	if x == nil {
		return glua.LNil
	}
	return v.ud
}

func (s *State) openViews() {
	s.openCPU()
	v := &s.views
	v.tb, v.next = newView(s.L, "tb", tbFields, "pc"), newView(s.L, "tb", tbFields, "pc")
	v.call = newView(s.L, "call", callFields, "text")
	v.exc = newView(s.L, "exception", excFields, "text")
	s.mods["panda"].RawSetString("cpu", v.cpu)
}

var tbFields = []viewField[vcpu.TB]{
	{Field{"pc", "address of the first instruction"}, func(_ *glua.LState, tb *vcpu.TB) glua.LValue { return num.Int(uint64(tb.PC)) }, nil},
	{Field{"size", "bytes of guest code"}, func(_ *glua.LState, tb *vcpu.TB) glua.LValue { return glua.LNumber(tb.Size) }, nil},
	{Field{"insns", "number of instructions"}, func(_ *glua.LState, tb *vcpu.TB) glua.LValue { return glua.LNumber(tb.Insns()) }, nil},
	{Field{"last", "address of the last instruction"}, func(_ *glua.LState, tb *vcpu.TB) glua.LValue { return num.Int(uint64(tb.Last)) }, nil},
	{Field{"asid", "address space"}, func(_ *glua.LState, tb *vcpu.TB) glua.LValue { return num.Int(uint64(tb.ASID)) }, nil},
}

var callFields = []viewField[event.Syscall]{
	{Field{"name", "name of the system call"}, func(_ *glua.LState, c *event.Syscall) glua.LValue { return glua.LString(c.Name) }, nil},
	{Field{"number", "its number"}, func(_ *glua.LState, c *event.Syscall) glua.LValue { return num.Signed(int64(c.Number)) }, nil},
	{Field{"nargs", "how many arguments it takes"}, func(_ *glua.LState, c *event.Syscall) glua.LValue { return glua.LNumber(c.NArgs) }, nil},
	{Field{"args", "table of its arguments, from 1"}, callArgs, nil},
	{
		Field{"ret", "its result, signed: a negative errno on failure; what syscall_enter assigns is the result of a call that it swallows"},
		func(_ *glua.LState, c *event.Syscall) glua.LValue { return num.Signed(c.Ret) },
		func(L *glua.LState, c *event.Syscall, n int) { c.Ret = int64(val.ArgInt(L, n)) },
	},
	{Field{"text", "the call as strace prints it; with its result in syscall_leave, without what it is yet to find out in syscall_enter"}, func(_ *glua.LState, c *event.Syscall) glua.LValue { return glua.LString(callText(c)) }, nil},
}

func callArgs(L *glua.LState, c *event.Syscall) glua.LValue {
	n := min(c.NArgs, len(c.Args))
	t := L.CreateTable(n, 0)
	for i := range n {
		t.RawSetInt(i+1, num.Int(c.Args[i]))
	}
	return t
}

func callText(c *event.Syscall) string {
	if c.Text == nil {
		return c.Name
	}
	return c.Text()
}

var excFields = []viewField[guest.Exception]{
	{Field{"vector", "number of the exception"}, func(_ *glua.LState, e *guest.Exception) glua.LValue { return glua.LNumber(e.Vector) }, nil},
	{Field{"code", "error code, nil if it has none"}, func(_ *glua.LState, e *guest.Exception) glua.LValue {
		if !e.HasCode {
			return glua.LNil
		}
		return glua.LNumber(e.Code)
	}, nil},
	{Field{"addr", "faulting address of a memory fault"}, func(_ *glua.LState, e *guest.Exception) glua.LValue { return num.Int(uint64(e.Addr)) }, nil},
	{Field{"text", "in words"}, func(_ *glua.LState, e *guest.Exception) glua.LValue { return glua.LString(e.String()) }, nil},
}

func viewModules() []Module {
	return []Module{
		{Name: "tb:", Doc: "A translation block, as block callbacks get it.", Fields: docs(tbFields)},
		{Name: "call:", Doc: "A system call, as syscall_enter and syscall_leave get it.", Fields: docs(callFields)},
		{Name: "exception:", Doc: "An exception of the guest's CPU.", Fields: docs(excFields)},
	}
}

func docs[T any](fs []viewField[T]) []Field {
	var ds []Field
	for _, f := range fs {
		ds = append(ds, f.Field)
	}
	return ds
}
