package rr

import "runtime/debug"

// Buffers of calls may be guest memory, which need not be there.

// safely calls f and reports whether all memory that it reached was there.
func safely(f func()) (ok bool) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			if _, fault := r.(interface{ Addr() uintptr }); !fault {
				panic(r)
			}
			ok = false
		}
	}()
	f()
	return true
}

func copySafe(dst, src []byte) bool { return safely(func() { copy(dst, src) }) }

// there is how many bytes of b can be read, in whole pages.
func there(b []byte) int {
	for n := 0; n < len(b); n += PageSize {
		var one [1]byte
		if !copySafe(one[:], b[n:]) || !copySafe(one[:], b[min(n+PageSize, len(b))-1:]) {
			return n
		}
	}
	return len(b)
}
