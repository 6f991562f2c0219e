package linux

import (
	"reflect"
	"strings"
	"testing"

	"panda/emu/event"
	"panda/emu/linux/abi"
	"panda/emu/linux/namei"
	"panda/emu/mmu"
)

// notState are the types at which the walk over the state of a kernel stops, and why.
var notState = map[reflect.Type]string{
	reflect.TypeFor[machinery]():     "what the kernel works with",
	reflect.TypeFor[callWork]():      "what a call works with until it returns",
	reflect.TypeFor[ABI]():           "a row of the guest's architecture",
	reflect.TypeFor[abi.Call]():      "a row of a table of calls",
	reflect.TypeFor[row]():           "a row of the table of functions",
	reflect.TypeFor[procRow]():       "a row of the table of /proc",
	reflect.TypeFor[namei.Node]():    "a *procNode",
	reflect.TypeFor[event.Syscall](): "what callbacks were shown of a call",
	reflect.TypeFor[mmu.Group]():     "memory, which mmu keeps",
	reflect.TypeFor[mmu.Space]():     "memory, which mmu keeps",
}

// TestStateIsPlain: what a kernel knows of its guest are values, and pointers to such:
// no functions, channels, or values of any type. So it can be walked and written down.
func TestStateIsPlain(t *testing.T) {
	seen := map[reflect.Type]bool{}
	met := map[reflect.Type]bool{}
	var walk func(at string, typ reflect.Type)
	walk = func(at string, typ reflect.Type) {
		if notState[typ] != "" {
			met[typ] = true
			return
		}
		if seen[typ] {
			return
		}
		seen[typ] = true
		switch typ.Kind() {
		case reflect.Func, reflect.Chan, reflect.Interface, reflect.UnsafePointer, reflect.Uintptr:
			t.Errorf("%s is a %s", at, typ)
		case reflect.Pointer, reflect.Slice, reflect.Array:
			walk(at, typ.Elem())
		case reflect.Map:
			walk(at+" (key)", typ.Key())
			walk(at, typ.Elem())
		case reflect.Struct:
			for f := range typ.NumField() {
				walk(strings.TrimPrefix(at+"."+typ.Field(f).Name, "."), typ.Field(f).Type)
			}
		}
	}
	walk("", reflect.TypeFor[Kernel]())
	for _, typ := range []reflect.Type{reflect.TypeFor[Process](), reflect.TypeFor[Thread](), reflect.TypeFor[File](), reflect.TypeFor[timer](), reflect.TypeFor[wait]()} {
		if !seen[typ] {
			t.Errorf("the walk has not met %s", typ)
		}
	}
	for typ, why := range notState { // each by itself
		if !met[typ] {
			t.Errorf("the walk has not met %s, %s", typ, why)
		}
	}
}
