package mmu

import "unsafe"

// hostOf is where memory lies on the host.
func hostOf(b []byte) uint64 { return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }

// rest is the memory from a to the end of its page. A page is memory of the host's,
// not of Go's heap, so that the entry need not keep it alive.
func (e *TLBEntry) rest(a uint64) []byte {
	host := uintptr(e.Host + a%PageSize)
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&host)), PageSize-a%PageSize)
}

// An entry has the size that the places in a TLB are reckoned with.
var _ = [1]struct{}{}[unsafe.Sizeof(TLBEntry{})-tlbEntrySize]
