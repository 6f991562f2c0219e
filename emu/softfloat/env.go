package softfloat

// Flags is a set of exceptions.
type Flags uint8

const (
	IE Flags = 1 << iota // invalid operation
	DE                   // denormal operand: see rules.denormalUsed
	ZE                   // zero divide
	OE                   // overflow
	UE                   // underflow
	PE                   // precision (inexact)

	AllFlags = IE | DE | ZE | OE | UE | PE
)

// Rounding is a rounding mode. The first four are those that an environment can
// have on every architecture; the others are chosen by instructions.
type Rounding uint8

const (
	NearestEven Rounding = iota
	Down
	Up
	TowardZero
	NearestAway // ties away from zero
	ToOdd       // what is inexact gets its last bit set: safe to round again
)

// Precision is the PC field of the x87 control word (SDM vol. 1 table 8-2).
type Precision uint8

const (
	Single   Precision = 0
	Double   Precision = 2
	Extended Precision = 3
)

// Relation is the outcome of a comparison.
type Relation uint8

const (
	Less Relation = iota
	Equal
	Greater
	Unordered
)

// Env is the control and status of one floating-point unit. The zero value
// rounds to nearest with all exceptions unmasked; most callers set Masks.
type Env struct {
	Round Rounding
	Masks Flags // a set bit masks the exception
	DAZ   bool  // denormal operands count as zero (but for the x87)
	FTZ   bool  // tiny results become zero (likewise); SSE's needs UE masked
	Flags Flags // accumulated, never cleared here

	Rules      Rules
	DefaultNaN bool // a result that is NaN is the default one
	AltHalf    bool // binary16 has numbers in place of infinities and NaNs

	// x87 only.
	Precision Precision // of add, subtract, multiply, divide, square root
	C1        bool      // the last inexact result was rounded up in magnitude
}

func (e *Env) raise(f Flags) { e.Flags |= f }

// unmasked reports whether the guest wants a trap for f.
func (e *Env) unmasked(f Flags) bool { return e.Masks&f == 0 }

// up decides whether a magnitude grows by one unit in the last place. odd is
// the last bit kept; rem is what was cut off, as a fraction of that unit with
// the binary point left of bit 63 and a sticky bit at the bottom.
func (m Rounding) up(neg, odd bool, rem uint64) bool {
	const half = 1 << 63
	switch m {
	case NearestEven:
		return rem > half || rem == half && odd
	case Down:
		return neg && rem != 0
	case Up:
		return !neg && rem != 0
	}
	return m > TowardZero && (m == NearestAway && rem >= half || m == ToOdd && !odd && rem != 0)
}

// overflowsToInf tells whether an overflow becomes infinity or the largest
// finite number (SDM vol. 1 table 4-10).
func (m Rounding) overflowsToInf(neg bool) bool {
	return m == NearestEven || m == NearestAway || m == Down && neg || m == Up && !neg
}
