package val

import (
	"strings"

	glua "github.com/yuin/gopher-lua"

	"panda/lua/num"
)

// Less is Lua's <, also between plain numbers and U64.
func Less(L *glua.LState, a, b glua.LValue) bool {
	if num.Is(a) && num.Is(b) {
		order, ok := num.Compare(a, b)
		return ok && order < 0
	}
	comparable(L, a, b)
	return L.LessThan(a, b)
}

// LessEqual is Lua's <=.
func LessEqual(L *glua.LState, a, b glua.LValue) bool {
	if num.Is(a) && num.Is(b) {
		order, ok := num.Compare(a, b)
		return ok && order <= 0
	}
	if x, ok := a.(glua.LString); ok {
		if y, ok := b.(glua.LString); ok {
			return strings.Compare(string(x), string(y)) <= 0
		}
	}
	comparable(L, a, b)
	op := MetaField(L, a, "__le")
	if op == glua.LNil || op != MetaField(L, b, "__le") {
		return !L.LessThan(b, a)
	}
	return glua.LVAsBool(Call(L, op, a, b))
}

// comparable raises Lua's error for values of two types.
func comparable(L *glua.LState, a, b glua.LValue) {
	if a.Type() != b.Type() || num.Is(a) || num.Is(b) {
		L.RaiseError("attempt to compare %s with %s", TypeName(a), TypeName(b))
	}
}

// KeyLess orders keys of any type: numbers, then strings, then the rest.
func KeyLess(a, b glua.LValue) bool {
	if num.Is(a) && num.Is(b) {
		order, _ := num.Compare(a, b)
		return order < 0
	}
	if x, ok := a.(glua.LString); ok {
		if y, ok := b.(glua.LString); ok {
			return x < y
		}
	}
	return keyClass(a) < keyClass(b)
}

func keyClass(v glua.LValue) int {
	if num.Is(v) {
		return 0
	}
	return 1 + int(v.Type())
}
