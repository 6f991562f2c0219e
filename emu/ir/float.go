package ir

// Floating-point operations, those whose row says FP, work by the rules of
// Insn.Rules in the environment of word C, to which they add exception flags. The
// word is laid out thus, and means the same under all rules (what a decision of
// the rules is about is said in softfloat):
//
//	bits 0-5    exception flags: invalid, denormal, zero divide, overflow,
//	            underflow, inexact
//	bit 6       denormal operands count as zero
//	bits 7-12   masks of the exceptions, in the same order
//	bits 13-14  rounding: nearest even, down, up, toward zero
//	bit 15      tiny results become zero
//	bit 16      NaN results are the default NaN
//	bit 17      binary16 has numbers in place of infinities and NaNs
//
// All other bits are 0. If a new flag is not masked, D keeps its value and the
// architecture's floating-point exception leaves the block. A guest that keeps
// its environment in another form translates where it is read and written.
//
// Under SSE bits 16 and 17 must be 0: then the low half is what an x86 host loads
// as it is.
const (
	EnvFlags      = 0x3f
	EnvDAZ        = 1 << 6
	EnvMasks      = 7 // number of the first bit
	EnvRound      = 13
	EnvFTZ        = 1 << 15
	EnvDefaultNaN = 1 << 16
	EnvAltHalf    = 1 << 17
)

// How an operation rounds is said in its Imm if its comment speaks of rounding:
// one of the first six, with bits of what follows.
const (
	RoundNearest = 0
	RoundDown    = 1
	RoundUp      = 2
	RoundZero    = 3
	RoundEnv     = 4  // as the environment says
	RoundAway    = 16 // nearest, ties away from zero
	RoundSilent  = 8  // never inexact: VFRound alone

	// Of the integer that is converted to or from.
	IntUnsigned = 1 << 6
	IntShort    = 1 << 7 // it is the low 16 bits of the lane
	IntFrac     = 8      // bits 8-14: how many of its bits are a fraction
)

// RoundOdd is the Imm of a VF64ToF32 that sets the last bit of what is inexact,
// so that rounding it again is right.
const RoundOdd = 1
