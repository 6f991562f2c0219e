package lua

import (
	"errors"
	"fmt"
	"reflect"

	glua "github.com/yuin/gopher-lua"

	"panda/emu/plugin"
	"panda/emu/vcpu"
	"panda/lua/num"
	"panda/lua/val"
)

// Plugins exchange Go values. What a script exports is turned into one: data is
// copied, and a function becomes a plugin.Func, which Go plugins and other
// scripts call. Besides those, a Go function that a plugin exports can be called
// from Lua if numbers, texts, truth values, lists and maps are all that it takes
// and gives; the CPU is filled in.

func pandaExport(s *State, L *glua.LState) int {
	h := s.needHost(L)
	v, err := s.toGo(L.CheckAny(2), 0)
	if err != nil {
		L.ArgError(2, err.Error())
	}
	h.Export(L.CheckString(1), v)
	return 0
}

// goDepth bounds how deep tables that are exchanged may be: one that contains
// itself has no end.
const goDepth = 20

// maxExported bounds how many values one exchange copies: tables that share tables
// have many more than they take memory for.
const maxExported = 1 << 20

// toGo copies a value: numbers become int64, uint64 or float64, tables []any if
// they are lists and map[any]any if not.
func (s *State) toGo(v glua.LValue, depth int) (any, error) {
	if depth == 0 {
		s.exported = 0
	}
	if s.exported++; s.exported > maxExported {
		return nil, fmt.Errorf("the table holds more than %d values", maxExported)
	}
	switch v := v.(type) {
	case *glua.LNilType:
		return nil, nil
	case glua.LString:
		return string(v), nil
	case glua.LBool:
		return bool(v), nil
	case glua.LNumber:
		if num.IsWhole(v) {
			return int64(v), nil
		}
		return float64(v), nil
	case num.U64:
		return uint64(v), nil
	case *glua.LFunction:
		return s.function(v), nil
	case *glua.LTable:
		if depth == goDepth {
			return nil, fmt.Errorf("the table is more than %d deep", goDepth)
		}
		return s.tableToGo(v, depth+1)
	}
	return nil, fmt.Errorf("a %s value cannot be exported", val.TypeName(v))
}

func (s *State) tableToGo(t *glua.LTable, depth int) (any, error) {
	var err error
	m := map[any]any{}
	t.ForEach(func(k, v glua.LValue) {
		if err != nil {
			return
		}
		gk, kerr := s.toGo(k, goDepth)
		gv, verr := s.toGo(v, depth)
		for _, e := range []error{kerr, verr} {
			if e != nil {
				err = e
				return
			}
		}
		m[gk] = gv
	})
	if err != nil || len(m) != t.Len() || len(m) == 0 {
		return m, err
	}
	list := make([]any, t.Len())
	for i := range list {
		list[i] = m[int64(i+1)]
	}
	return list, nil
}

func (s *State) function(fn *glua.LFunction) plugin.Func {
	return func(args []any) ([]any, error) {
		var as []glua.LValue
		for _, a := range args {
			as = append(as, s.fromGo(a))
		}
		ret, err := s.run(fn, as...)
		if err != nil {
			return nil, err
		}
		var out []any
		for _, r := range ret {
			v, err := s.toGo(r, 0)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	}
}

// fromGo is a Go value in Lua; what has no counterpart is nil.
func (s *State) fromGo(v any) glua.LValue {
	switch f := v.(type) {
	case nil:
		return glua.LNil
	case glua.LValue:
		return f
	case plugin.Func:
		return s.L.NewFunction(func(L *glua.LState) int { return s.callFunction(L, f) })
	}
	return s.fromValue(reflect.ValueOf(v))
}

func (s *State) fromValue(v reflect.Value) glua.LValue {
	switch {
	case v.CanInt():
		return num.Signed(v.Int())
	case v.CanUint():
		return num.Int(v.Uint())
	case v.CanFloat():
		return glua.LNumber(v.Float())
	}
	switch v.Kind() {
	case reflect.String:
		return glua.LString(v.String())
	case reflect.Bool:
		return glua.LBool(v.Bool())
	case reflect.Func:
		return s.L.NewFunction(func(L *glua.LState) int { return s.callGo(L, v) })
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return glua.LNil
		}
		return s.fromGo(v.Elem().Interface())
	case reflect.Slice, reflect.Array:
		return s.listFromGo(v)
	case reflect.Map:
		t := s.L.NewTable()
		for _, k := range v.MapKeys() {
			if key := s.fromGo(k.Interface()); key != glua.LNil {
				t.RawSet(key, s.fromGo(v.MapIndex(k).Interface()))
			}
		}
		return t
	}
	return glua.LNil
}

func (s *State) listFromGo(v reflect.Value) glua.LValue {
	if v.Type().Elem().Kind() == reflect.Uint8 && v.Kind() == reflect.Slice {
		return glua.LString(v.Bytes())
	}
	t := s.L.NewTable()
	for i := range v.Len() {
		t.Append(s.fromGo(v.Index(i).Interface()))
	}
	return t
}

// callFunction calls a function of another script. An error there is one here.
func (s *State) callFunction(L *glua.LState, f plugin.Func) int {
	var as []any
	for _, a := range val.Args(L, 1) {
		v, err := s.toGo(a, 0)
		if err != nil {
			L.RaiseError("%v", err)
		}
		as = append(as, v)
	}
	ret, err := f(as)
	var script *ScriptError
	if errors.As(err, &script) {
		err = errors.New(script.Msg)
	}
	if err != nil {
		L.RaiseError("%v", err)
	}
	for _, r := range ret {
		L.Push(s.fromGo(r))
	}
	return len(ret)
}

var (
	cpuType   = reflect.TypeFor[*vcpu.CPU]()
	errorType = reflect.TypeFor[error]()
)

// callGo calls a Go function. An error as its last result is raised.
func (s *State) callGo(L *glua.LState, fn reflect.Value) int {
	var in []reflect.Value
	n := 1
	for i := range fn.Type().NumIn() {
		want := fn.Type().In(i)
		switch {
		case want == cpuType:
			in = append(in, reflect.ValueOf(s.needCPU(L)))
		case fn.Type().IsVariadic() && i == fn.Type().NumIn()-1:
			for ; n <= L.GetTop(); n++ {
				in = append(in, s.goArg(L, n, want.Elem()))
			}
		default:
			in = append(in, s.goArg(L, n, want))
			n++
		}
	}
	out := fn.Call(in)
	if k := len(out) - 1; k >= 0 && out[k].Type() == errorType {
		if err, ok := out[k].Interface().(error); ok {
			L.RaiseError("%v", err)
		}
		out = out[:k]
	}
	for _, v := range out {
		L.Push(s.fromGo(v.Interface()))
	}
	return len(out)
}

// goArg is argument n as a value of a Go type.
func (s *State) goArg(L *glua.LState, n int, want reflect.Type) reflect.Value {
	v := reflect.New(want).Elem()
	switch {
	case v.CanInt():
		v.SetInt(int64(val.ArgInt(L, n)))
	case v.CanUint():
		v.SetUint(val.ArgInt(L, n))
	case v.CanFloat():
		v.SetFloat(val.ArgFloat(L, n))
	case want.Kind() == reflect.String:
		v.SetString(L.CheckString(n))
	case want.Kind() == reflect.Bool:
		v.SetBool(L.CheckBool(n))
	case want.Kind() == reflect.Interface && want.NumMethod() == 0:
		g, err := s.toGo(L.Get(n), 0)
		if err != nil {
			L.ArgError(n, err.Error())
		}
		if g != nil {
			v.Set(reflect.ValueOf(g))
		}
	default:
		L.RaiseError("the function takes a %v, which Lua cannot make", want)
	}
	return v
}
