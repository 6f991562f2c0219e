package ir

import "math/bits"

// FlagOp is an operation whose flags Flags computes.
type FlagOp uint8

// The operations.
const (
	FlagsAdd FlagOp = iota
	FlagsSub
	FlagsAnd
	NumFlagOps
)

var flagOpNames = [NumFlagOps]string{"add", "sub", "and"}

func (f FlagOp) String() string { return flagOpNames[f] }

// The flags, in places of ir's own: an architecture moves them to where it has
// them. (The places are those where an x86 host's instructions leave them.)
//
// CF is what leaves the top bit: the carry of an addition, the borrow of a
// subtraction. An architecture whose carry means "no borrow" turns it around, in
// both directions, or adds the complement: a - b is a + ^b + 1, whose carry is
// that, and a - b with such a carry in is FlagsAdd of a, ^b and the carry.
// AF is the same of bit 3, PF says that the low byte has an even number of ones,
// ZF that the result is 0; SF is its top bit, and OF says that the sign is wrong.
// After FlagsAnd CF, AF and OF are 0.
const (
	CF = 1 << 0
	PF = 1 << 2
	AF = 1 << 4
	ZF = 1 << 6
	SF = 1 << 7
	OF = 1 << 11
)

// Of computes the flags of an operation on n bits of a and b; c is a carry or
// borrow in.
func (f FlagOp) Of(n uint, a, b, c uint64) uint64 {
	switch f {
	case FlagsAdd:
		r := a + b + c
		carries := a&b | (a|b)&^r // the carry out of each bit
		return resultFlags(r, n) | carries>>(n-1)&1*CF | (a^b^r)&AF | ((a^r)&(b^r))>>(n-1)&1*OF
	case FlagsSub:
		r := a - b - c
		borrows := ^a&b | (^a|b)&r
		return resultFlags(r, n) | borrows>>(n-1)&1*CF | (a^b^r)&AF | ((a^b)&(a^r))>>(n-1)&1*OF
	}
	return resultFlags(a&b, n)
}

// resultFlags are SF, ZF and PF of a result of n bits.
func resultFlags(r uint64, n uint) uint64 {
	f := r >> (n - 1) & 1 * SF
	if r<<(64-n) == 0 {
		f |= ZF
	}
	return f | uint64(^bits.OnesCount8(uint8(r))&1)*PF
}
