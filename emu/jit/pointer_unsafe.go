package jit

import "unsafe"

// pointer is an address outside Go's heap as a pointer.
func pointer(a uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&a)) }
