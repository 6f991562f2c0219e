package ir

// X87Op says that a Helper is an operation of the x87, which an engine whose host
// has one may do itself. Its first parameter is an X87How.
type X87Op uint8

// The operations. They work on a stack of eight registers: see vcpu.X87.
const (
	X87None    X87Op = iota
	X87Arith         // dst = dst op src
	X87Com           // compare st(0) with src and set the condition codes
	X87Comi          // the same; the result is CF, PF and ZF
	X87Push          // push src
	X87Set           // dst = st(0)
	X87Store         // the result is st(0) in the format of the kind; what else there is to do does X87Stored
	X87Stored        // ends a store: it follows the St of the result
	X87Xch           // exchange st(0) and src
	X87Unary         // st(0) = op st(0)
	X87Control       // the control word becomes the parameter, which is no X87How; its reserved bits do not count
)

// X87How says how an operation is to be done:
//
//	0   op   8  kind  12  dst  16  src  20  pops   32     more    63
//	+--------+--------+-----+-------+----+---------+---------------+
//
// dst and src are stack registers, pops the number of them to pop at the end. op
// is the number that the instruction set gives an arithmetic operation, and else
// one of the constants below.
type X87How uint64

// How makes the word of its parts.
func (k X87Kind) How(op, dst, src, pops uint8) X87How {
	return X87How(op) | X87How(k)<<8 | X87How(dst)<<12 | X87How(src)<<16 | X87How(pops)<<20
}

// Op, Kind, Dst, Src and Pops are the parts.
func (h X87How) Op() uint8     { return uint8(h) }
func (h X87How) Kind() X87Kind { return X87Kind(h >> 8 & 15) }
func (h X87How) Dst() uint64   { return uint64(h >> 12 & 7) }
func (h X87How) Src() uint64   { return uint64(h >> 16 & 7) }
func (h X87How) Pops() uint64  { return uint64(h >> 20 & 3) }

// X87Kind is where an operand is, and its format.
type X87Kind uint8

// The kinds. A value in memory is the helper's second parameter, its bytes beyond
// eight are the third; integers are sign-extended.
const (
	X87Reg X87Kind = iota
	X87F32
	X87F64
	X87F80
	X87I16
	X87I32
	X87I64
	X87BCD
	X87Const // op is the number of a constant: 1, log2 10, log2 e, pi, log10 2, ln 2, 0
)

// Op of X87Com and X87Comi.
const (
	X87Signal uint8 = iota // a quiet NaN is invalid
	X87Quiet
)

// Op of X87Set.
const (
	X87Checked   uint8 = iota
	X87Unchecked       // an empty st(0) is popped, and no more
)

// Op of X87Store.
const (
	X87Round uint8 = iota
	X87Trunc       // an integer, cut off
)

// Op of X87Unary; there are more.
const (
	X87Chs uint8 = iota
	X87Abs
	X87Sqrt
	X87Rndint
)
