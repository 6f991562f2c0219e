package lua

import (
	"strings"

	glua "github.com/yuin/gopher-lua"

	"panda/lua/num"
	"panda/lua/val"
)

// openOperators makes the helpers and gives U64, and strings that hold numbers,
// their arithmetic.
func (s *State) openOperators() {
	L := s.L
	s.help.Arith = map[string]*glua.LFunction{}
	wide := L.NewTable()
	str := L.GetMetatable(glua.LString("")).(*glua.LTable)
	for _, o := range num.Operators {
		fn := L.NewFunction(arithmetic(o))
		s.help.Arith[o.Sign] = fn
		wide.RawSetString(o.Event, fn)
		str.RawSetString(o.Event, fn)
	}
	unm := L.NewFunction(callNegate)
	wide.RawSetString("__unm", unm)
	str.RawSetString("__unm", unm)
	s.help.Less, s.help.LessEqual = L.NewFunction(callLess), L.NewFunction(callLessEqual)
	wide.RawSetString("__lt", s.help.Less)
	wide.RawSetString("__le", s.help.LessEqual)
	wide.RawSetString("__concat", L.NewFunction(callConcat))
	wide.RawSetString("__tostring", L.NewFunction(func(L *glua.LState) int {
		L.Push(glua.LString(L.Get(1).String()))
		return 1
	}))
	L.SetMetatable(num.U64(0), wide)
	s.help.Concat = L.NewFunction(s.callChain)
	s.help.Steps, s.help.Limit = L.NewFunction(callSteps), L.NewFunction(callLimit)
}

// arithmetic is an operator as a function: what is not of numbers is the metamethods'.
func arithmetic(o num.Operator) glua.LGFunction {
	return func(L *glua.LState) int {
		a, b := L.Get(1), L.Get(2)
		v := o.Do(a, b)
		if v == nil {
			v = metaArith(L, o.Event, a, b)
		}
		L.Push(v)
		return 1
	}
}

// metaArith calls the metamethod of a table or userdata, or raises Lua's error.
func metaArith(L *glua.LState, event string, a, b glua.LValue) glua.LValue {
	op := val.MetaField(L, a, event)
	if op == glua.LNil {
		op = val.MetaField(L, b, event)
	}
	if op == glua.LNil {
		if num.Of(a) != nil {
			a = b
		}
		L.RaiseError("attempt to perform arithmetic on a %s value", val.TypeName(a))
	}
	return val.Call(L, op, a, b)
}

func callNegate(L *glua.LState) int {
	v := num.Neg(L.Get(1))
	if v == nil {
		L.RaiseError("attempt to perform arithmetic on a %s value", val.TypeName(L.Get(1)))
	}
	L.Push(v)
	return 1
}

func callConcat(L *glua.LState) int {
	a, b := L.Get(1), L.Get(2)
	for _, v := range []glua.LValue{a, b} {
		if _, ok := v.(num.U64); !ok && !glua.LVCanConvToString(v) {
			L.RaiseError("attempt to concatenate a %s value", val.TypeName(v))
		}
	}
	L.Push(glua.LString(a.String() + b.String()))
	return 1
}

// callChain is a .. b .. c under limits, from the right as Lua does it.
func (s *State) callChain(L *glua.LState) int {
	size, all := 0, true
	for i := 1; i <= L.GetTop(); i++ {
		v := L.Get(i)
		size, all = size+val.TextLen(v), all && glua.LVCanConvToString(v)
	}
	s.room(L, size)
	if all {
		var b strings.Builder
		b.Grow(size)
		for i := 1; i <= L.GetTop(); i++ {
			b.WriteString(glua.LVAsString(L.Get(i)))
		}
		return val.PushString(L, b.String())
	}
	v := L.Get(L.GetTop())
	for i := L.GetTop() - 1; i >= 1; i-- {
		v = s.concat(L, L.Get(i), v)
	}
	L.Push(v)
	return 1
}

// concat is a .. b.
func (s *State) concat(L *glua.LState, a, b glua.LValue) glua.LValue {
	for _, v := range []glua.LValue{a, b} {
		if op := val.MetaField(L, v, "__concat"); op != glua.LNil {
			return val.Call(L, op, a, b)
		}
	}
	for _, v := range []glua.LValue{a, b} {
		if _, ok := v.(num.U64); !ok && !glua.LVCanConvToString(v) {
			L.RaiseError("cannot perform concat operation between %v and %v", a.Type(), b.Type())
		}
	}
	s.room(L, val.TextLen(a)+val.TextLen(b))
	return glua.LString(a.String() + b.String())
}

func callLess(L *glua.LState) int {
	L.Push(glua.LBool(val.Less(L, L.Get(1), L.Get(2))))
	return 1
}

func callLessEqual(L *glua.LState) int {
	L.Push(glua.LBool(val.LessEqual(L, L.Get(1), L.Get(2))))
	return 1
}

// callLimit makes the limit of a numeric for a plain number: a loop that begins
// at a small number and steps by a small one never gets beyond 2^53.
func callLimit(L *glua.LState) int {
	v := L.Get(1)
	if _, ok := v.(num.U64); ok {
		v = glua.LNumber(num.MaxPlain)
	}
	L.Push(v)
	return 1
}

// callSteps is the iterator of a numeric for whose bounds may be U64.
func callSteps(L *glua.LState) int {
	v, limit, step := num.Of(L.Get(1)), num.Of(L.Get(2)), num.Of(L.Get(3))
	for i, n := range []glua.LValue{v, limit, step} {
		if n == nil {
			L.RaiseError("'for' %s must be a number", [...]string{"initial value", "limit", "step"}[i])
		}
	}
	sign, _ := num.Compare(step, glua.LNumber(0))
	if u, ok := step.(num.U64); ok && u >= 1<<63 {
		sign = -1 // a two's complement step goes down
	}
	done := false
	L.Push(L.NewFunction(func(L *glua.LState) int {
		order, ok := num.Compare(v, limit)
		if done || !ok || sign >= 0 && order > 0 || sign < 0 && order < 0 {
			return 0
		}
		L.Push(v)
		next := num.Add(v, step)
		order, _ = num.Compare(next, v)
		done = order*sign < 0 // it wrapped around
		v = next
		return 1
	}))
	return 1
}
