package linux

import (
	"reflect"
	"strings"
	"testing"
)

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
