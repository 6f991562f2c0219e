package ir

// Op is an operation code.
type Op uint8

// The operations. In the comments d, a, b, c are the operands' values.
const (
	// Nop does nothing. With Aux IfWatched it becomes a Br to label Imm when the
	// instruction's accesses are instrumented.
	Nop Op = iota

	// InsnMark starts guest instruction number Imm of the block (index into Marks).
	InsnMark

	// Unset says that nobody looks at d until it is set again: it does nothing.
	Unset
	Mov // d = b (b may be Const)
	Add // d = a + b
	Sub // d = a - b
	Mul // d = a * b, low half
	MulHU
	MulHS
	And
	Or
	Xor
	AndNot // d = a &^ b
	Shl    // shift counts are taken modulo the width
	Shr
	Sar
	Rotl
	Rotr
	Neg // d = -a
	Not // d = ^a
	Clz // leading zeros; the width for 0
	Ctz
	Popcnt
	Bswap
	ZExt    // d = a zero-extended from type Aux
	SExt    // d = a sign-extended from type Aux, then truncated to the operation's type
	Extract // d = (a >> Aux) & (1<<Sub - 1)
	Deposit // d = a with bits [Aux, Aux+Sub) replaced by the low bits of b
	SetCond // d = a Aux b ? 1 : 0
	Select  // d = a != 0 ? b : c
	Lea     // d = a + b<<Aux + Imm; b may be None

	// DivU and RemU are quotient and remainder of the number whose high word is c
	// (None for 0) and low word a, by b, unsigned. c must be below b.
	DivU
	RemU
	// DivS and RemS divide a by b, signed, towards zero. b must not be 0 or -1.
	DivS
	RemS
	// Flags is what operation Aux (see FlagOp) on a and b tells of its result, as
	// the bits CF, PF, AF, ZF, SF and OF. Type is the operands' width; what stands
	// above it does not matter. Bit 0 of c, unless that is None, is a carry or
	// borrow in, which FlagsAnd does not have.
	Flags

	// Ld and St access memory at a + b<<(Aux&3) + Imm, where a or b may be None.
	// Type is the access width. Ld zero-extends to the word, or with bit 2 of
	// Aux sign-extends to 32 bits, with bits 2 and 3 to 64. St stores c.
	Ld
	St

	SetLabel // label Imm is here
	Br       // to label Imm
	BrCond   // to label C when a Aux b (b may be Const: Imm)

	// GotoTB leaves to the block at pc Imm through chain slot Aux. C (a literal, not
	// a word) is the number of the block's instructions that have not been done: it
	// is not 0 for the slots from 2 up.
	GotoTB
	// GotoPtr leaves to the block at the pc in a, through the jump cache.
	GotoPtr
	// ExitTB leaves to the run loop for reason Aux; Imm is the pc to store.
	ExitTB

	// Call calls Helpers[Imm] with a, b, c; the result goes to d unless None.
	Call
	// Vec does vector operation Aux on lanes of 1<<Sub bytes of a, b and c (first
	// words). See VecOp.
	Vec

	// Probe fires the site with number Imm of the block's instrumentation.
	// Everything is visible to it: it reads and may write all slots.
	Probe
	// ProbeMem fires memory site Imm: a is the address word, b the value's
	// first word.
	ProbeMem
	// Count adds C (a literal, not a word) to counter number Imm of the block's
	// instrumentation. Aux is OfBlock for a counter that stands before the block.
	Count
	NumOps
)

// Access bits of Ld's Aux.
const (
	ScaleMask = 3
	SignExt   = 4 // to 32 bits
	SignExt64 = 8 // with SignExt: to 64 bits
)

// flags of an operation.
type opFlags uint16

const (
	writesD  opFlags = 1 << iota
	readsA           // A is a word it reads
	readsB           // B is a word or Const
	readsC           // C is a word
	readsD           // D's old value matters
	control          // ends the straight line
	faults           // can leave with an exception: all slots must be right
	barrier          // outside code sees and changes slots
	optional         // A or B may be None
	keep             // must not be dropped though its result is unused
)

type opRow struct {
	name  string
	flags opFlags
}

const (
	unary  = writesD | readsA
	binary = writesD | readsA | readsB
)

var opRows = [NumOps]opRow{
	Nop:      {"nop", 0},
	InsnMark: {"insn", keep},
	Unset:    {"unset", writesD | keep},
	Mov:      {"mov", writesD | readsB},
	Add:      {"add", binary},
	Sub:      {"sub", binary},
	Mul:      {"mul", binary},
	MulHU:    {"mulhu", binary},
	MulHS:    {"mulhs", binary},
	And:      {"and", binary},
	Or:       {"or", binary},
	Xor:      {"xor", binary},
	AndNot:   {"andn", binary},
	Shl:      {"shl", binary},
	Shr:      {"shr", binary},
	Sar:      {"sar", binary},
	Rotl:     {"rotl", binary},
	Rotr:     {"rotr", binary},
	Neg:      {"neg", unary},
	Not:      {"not", unary},
	Clz:      {"clz", unary},
	Ctz:      {"ctz", unary},
	Popcnt:   {"popcnt", unary},
	Bswap:    {"bswap", unary},
	ZExt:     {"zext", unary},
	SExt:     {"sext", unary},
	Extract:  {"extract", unary},
	Deposit:  {"deposit", binary},
	SetCond:  {"setc", binary},
	Select:   {"select", writesD | readsA | readsB | readsC},
	Lea:      {"lea", writesD | readsA | readsB | optional},
	DivU:     {"divu", binary | readsC | optional},
	RemU:     {"remu", binary | readsC | optional},
	DivS:     {"divs", binary},
	RemS:     {"rems", binary},
	Flags:    {"flags", binary | readsC | optional},
	Ld:       {"ld", writesD | readsA | readsB | faults | optional | keep},
	St:       {"st", readsA | readsB | readsC | faults | optional | keep},
	SetLabel: {"label", control | keep},
	Br:       {"br", control | keep},
	BrCond:   {"brc", readsA | readsB | control | keep},
	GotoTB:   {"goto_tb", control | barrier | keep},
	GotoPtr:  {"goto_ptr", readsA | control | barrier | keep},
	ExitTB:   {"exit_tb", control | barrier | keep},
	Call:     {"call", writesD | readsA | readsB | readsC | optional | keep},
	Vec:      {"vec", writesD | readsA | readsB | readsC | optional},
	Probe:    {"probe", barrier | keep},
	ProbeMem: {"probe_mem", readsA | readsB | barrier | optional | keep},
	Count:    {"count", keep},
}

// opBits are the flags of opRows alone: passes ask for them often.
var opBits = func() (bits [256]opFlags) {
	for op := range opRows {
		bits[op] = opRows[op].flags
	}
	return bits
}()

func (op Op) String() string { return opRows[op].name }

// WritesD reports whether the operation sets its D word.
func (op Op) WritesD() bool { return opBits[op]&writesD != 0 }

// Control reports whether the operation ends a straight line of code.
func (op Op) Control() bool { return opBits[op]&control != 0 }

// Faults reports whether the operation can leave with an exception.
func (op Op) Faults() bool { return opBits[op]&faults != 0 }

// Barrier reports whether code outside the block sees or changes slots here.
func (op Op) Barrier() bool { return opBits[op]&barrier != 0 }

// Keep reports whether the operation has an effect besides its D word.
func (op Op) Keep() bool { return opBits[op]&keep != 0 }

// ReadsA reports whether A is an operand; likewise ReadsB and ReadsC.
func (op Op) ReadsA() bool { return opBits[op]&readsA != 0 }

// ReadsB reports whether B is an operand.
func (op Op) ReadsB() bool { return opBits[op]&readsB != 0 }

// ReadsC reports whether C is an operand word.
func (op Op) ReadsC() bool { return opBits[op]&readsC != 0 }

// Reads are the operands among A, B and C that it reads, as bits 0 to 2.
func (op Op) Reads() uint8 { return uint8(opBits[op] / readsA & 7) }

// Optional reports whether operands may be None.
func (op Op) Optional() bool { return opBits[op]&optional != 0 }
