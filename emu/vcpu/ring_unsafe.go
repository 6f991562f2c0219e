package vcpu

import "unsafe"

const recordSize = unsafe.Sizeof(Record{})

// addressOf is where records begin, which whoever asks keeps alive.
func addressOf(rs []Record) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(rs))) }

// RingNext and RingLast are the places of the two addresses in a Ring, for machine
// code.
const (
	RingNext = unsafe.Offsetof(Ring{}.next)
	RingLast = unsafe.Offsetof(Ring{}.last)
)
