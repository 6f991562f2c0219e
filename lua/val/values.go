package val

import (
	glua "github.com/yuin/gopher-lua"

	"panda/lua/num"
)

// MetaField finds a metamethod that is not one of ours: those of U64 and of
// strings lead back here.
func MetaField(L *glua.LState, v glua.LValue, event string) glua.LValue {
	switch v.(type) {
	case *glua.LTable, *glua.LUserData:
		return L.GetMetaField(v, event)
	}
	return glua.LNil
}

// Call gives the first result of a call.
func Call(L *glua.LState, fn glua.LValue, args ...glua.LValue) glua.LValue {
	L.Push(fn)
	for _, a := range args {
		L.Push(a)
	}
	L.Call(len(args), 1)
	v := L.Get(-1)
	L.Pop(1)
	return v
}

// TypeName is the type as error messages name it.
func TypeName(v glua.LValue) string {
	if _, ok := v.(num.U64); ok {
		return "number"
	}
	return v.Type().String()
}

// TextLen is the bytes of a value that is text.
func TextLen(v glua.LValue) int {
	s, _ := v.(glua.LString)
	return len(s)
}
