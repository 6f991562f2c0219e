package mmu

import "panda/emu/guest"

// Parts is a set of parts of an address space: a bit for each 2^28 bytes of the lowest
// 2^32, and above those one for each sixteenth of the 2^48 bytes that page tables of four
// levels translate, the last of which are the highest addresses of all.
type Parts uint32

// AllParts is the whole of it.
const AllParts = ^Parts(0)

const (
	// PartsMost is how many parts there are.
	PartsMost = 32

	lowBits   = 32
	lowShift  = lowBits - 4
	highShift = 48 - 4
	highParts = 16 // the number of the first
)

// PartOf is the number of the part that an address lies in.
func PartOf(a guest.Addr) int {
	if a < 1<<lowBits {
		return int(a >> lowShift)
	}
	return highParts + int(a>>highShift%16)
}

// PartsOf is the part of an address.
func PartsOf(a guest.Addr) Parts { return 1 << PartOf(a) }

// PartsBetween are the parts of addresses from first to last.
func PartsBetween(first, last guest.Addr) Parts {
	from, to := PartOf(first), PartOf(last)
	if to < from || last-first >= 1<<48 {
		return AllParts
	}
	return AllParts >> (PartsMost - 1 - to + from) << from
}
