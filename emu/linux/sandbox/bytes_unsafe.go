package sandbox

import "unsafe"

// as is the buffer of a call as the structure that it holds, which must be
// without pointers. It is nil when the buffer is too short.
func as[T any](b []byte) *T {
	if uintptr(len(b)) < unsafe.Sizeof(*new(T)) {
		return nil
	}
	return (*T)(unsafe.Pointer(unsafe.SliceData(b)))
}

// list is a buffer as a list of structures.
func list[T any](b []byte) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b))/unsafe.Sizeof(*new(T)))
}
