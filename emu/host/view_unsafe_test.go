//go:build linux && (amd64 || arm64)

package host

import "unsafe"

func codeAt(a *Arena) unsafe.Pointer {
	c, _ := reserved()
	return unsafe.Add(c.base, a.run.off)
}

func bufPointer(a *Arena) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(a.Buf)) }

func bufAt(a *Arena) uintptr { return uintptr(bufPointer(a)) }

// code reads the bytes where they run.
func code(a *Arena, off, n int) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(codeAt(a), off)), n)
}
