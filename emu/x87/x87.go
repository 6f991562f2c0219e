// Package x87 says of a guest's x87 what an engine must know whose host has one: the
// words that are its registers, what each helper of the family does, and how. The
// translators of guests with an x87 write it down; a target that knows the family may
// lower its helpers by itself; for all others they are helpers like any. It does not
// know how an operation is done.
package x87

import "panda/emu/ir"

// Family is the x87 of a guest, for ir.Helper.Family: control and status word, the
// latter without the top, which is 0 to 7; the tags, where bit i says that register i
// is full; and the first of the registers, which have two words: mantissa, then sign
// and exponent.
type Family struct{ CW, SW, Top, Tag, ST ir.Ref }

// Name is the family's name.
func (*Family) Name() string { return "x87" }

// Op is an operation, for ir.Helper.Part. Of a helper with an Op other than Stored and
// Control the first parameter is a How. None is that of a helper that no host does.
type Op uint8

// The operations. They work on a stack of eight registers.
const (
	None    Op = iota
	Arith      // dst = dst op src
	Com        // compare st(0) with src and set the condition codes
	Comi       // the same; the result is CF, PF and ZF
	Push       // push src
	Set        // dst = st(0)
	Store      // the result is st(0) in the format of the kind; what else there is to do does Stored
	Stored     // ends a store: it follows the St of the result
	Xch        // exchange st(0) and src
	Unary      // st(0) = op st(0)
	Control    // the control word becomes the parameter, which is no How; its reserved bits do not count
)

// How says how an operation is to be done:
//
//	0   op   8  kind  12  dst  16  src  20  pops   32     more    63
//	+--------+--------+-----+-------+----+---------+---------------+
//
// dst and src are stack registers, pops the number of them to pop at the end. op
// is the number that the instruction set gives an arithmetic operation, and else
// one of the constants below.
type How uint64

// How makes the word of its parts.
func (k Kind) How(op, dst, src, pops uint8) How {
	return How(op) | How(k)<<8 | How(dst)<<12 | How(src)<<16 | How(pops)<<20
}

// Op, Kind, Dst, Src and Pops are the parts.
func (h How) Op() uint8    { return uint8(h) }
func (h How) Kind() Kind   { return Kind(h >> 8 & 15) }
func (h How) Dst() uint64  { return uint64(h >> 12 & 7) }
func (h How) Src() uint64  { return uint64(h >> 16 & 7) }
func (h How) Pops() uint64 { return uint64(h >> 20 & 3) }

// Kind is where an operand is, and its format.
type Kind uint8

// The kinds. A value in memory is the helper's second parameter, its bytes beyond
// eight are the third; integers are sign-extended.
const (
	Reg Kind = iota
	F32
	F64
	F80
	I16
	I32
	I64
	BCD
	Const // op is the number of a constant: 1, log2 10, log2 e, pi, log10 2, ln 2, 0
)

// Op of Com and Comi.
const (
	Signal uint8 = iota // a quiet NaN is invalid
	Quiet
)

// Op of Set.
const (
	Checked   uint8 = iota
	Unchecked       // an empty st(0) is popped, and no more
)

// Op of Store.
const (
	Round uint8 = iota
	Trunc       // an integer, cut off
)

// Op of Unary; there are more.
const (
	Chs uint8 = iota
	Abs
	Sqrt
	Rndint
)
