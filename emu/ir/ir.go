// Package ir is the language between guest translators and engines: typed
// operations on 64-bit words of a vCPU frame.
//
// A Ref is the index of a word in the frame. Words below a layout's TempBase
// are guest register slots, named by the layout and alive between blocks;
// words above are temporaries, dead at the end of the block. A vector takes
// consecutive words. So the interpreter indexes the frame with a Ref as it is,
// and a back end may keep any word in a host register between two operations
// that can be seen from outside (see Op.Barrier).
//
// Integer operations have type I32 or I64. An I32 result is stored
// zero-extended to the word, and an I32 operation looks at the low half of its
// operands only. The B operand may be Const, which stands for Imm, except in
// divisions and Select.
//
// No operation names a guest or a host: which choices of an architecture it goes
// by, if that matters, is said in the operation (Insn.Rules). What few guests have
// is there as operations for one purpose, rounds of ciphers and hashes (see VecOp), or
// as families of helpers (see Family).
package ir

import "panda/emu/softfloat"

// Ref is the index of a frame word.
type Ref uint16

const (
	// None is the absent operand.
	None Ref = 0xffff
	// Const as B operand stands for the operation's Imm.
	Const Ref = 0xfffe
	// FrameWords is the size of a frame: slots and temporaries.
	FrameWords = 1024
)

// Type is the width that an operation works on.
type Type uint8

// The types. I8 and I16 occur as widths of accesses, extensions and flags only.
const (
	I8 Type = iota
	I16
	I32
	I64
	V128
	V256
	NumTypes
)

// Bytes is the size of a value of the type in memory.
func (t Type) Bytes() int { return 1 << t }

// Words is the number of frame words a value of the type takes.
func (t Type) Words() int { return max(1, 1<<t/8) }

func (t Type) String() string { return [NumTypes]string{"i8", "i16", "i32", "i64", "v128", "v256"}[t] }

// IntType is the integer type of n bytes (1, 2, 4, 8), VecType the vector
// type of n bytes (16, 32).
func IntType(n int) Type { return [9]Type{1: I8, 2: I16, 4: I32, 8: I64}[n] }

// VecType is the vector type of n bytes, 16 or 32.
func VecType(n int) Type {
	if n == 32 {
		return V256
	}
	return V128
}

// Cond is a comparison of two integers.
type Cond uint8

// The conditions. Test conditions look at A & B.
const (
	Eq Cond = iota
	Ne
	LtU
	GeU
	LeU
	GtU
	LtS
	GeS
	LeS
	GtS
	TestEq
	TestNe
	NumConds
)

var condNames = [NumConds]string{"eq", "ne", "ltu", "geu", "leu", "gtu", "lts", "ges", "les", "gts", "teq", "tne"}

func (c Cond) String() string { return condNames[c] }

// Not is the opposite condition.
func (c Cond) Not() Cond { return c ^ 1 }

// IfWatched is the Aux of a Nop that stands for a branch; see Nop.
const IfWatched = 1

// OfBlock is the Aux of a Count; see there.
const OfBlock = 1

// Exit says why a block hands over to the run loop.
type Exit uint8

// The exits. Each leaves the pc slot at the instruction to continue with, except
// Undefined and Raise, which leave it at the faulting one.
const (
	ExitNone      Exit = iota
	ExitSyscall        // a system call instruction ran
	ExitUndefined      // no such instruction, or not in this mode
	ExitRaise          // the vCPU's pending exception is set
	ExitHalt           // the CPU waits for an interrupt
	ExitEnd            // the block ended without a chainable successor
	ExitStale          // the block is not of the code that is there now; it did nothing
	NumExits
)

var exitNames = [NumExits]string{"none", "syscall", "undefined", "raise", "halt", "end", "stale"}

func (e Exit) String() string { return exitNames[e] }

// Undone is how many instructions of a block of n are still to be done, or done
// again, when instruction i leaves by an ExitTB.
func (e Exit) Undone(n, i int) int64 {
	if e == ExitUndefined || e == ExitRaise || e == ExitStale {
		return int64(n - i)
	}
	return int64(n - i - 1)
}

// Insn is one operation. What the fields hold is said by the row of its Op.
type Insn struct {
	Op   Op
	Type Type
	Aux  uint8 // condition, scale and sign of an access, lane size: see the Op
	Sub  uint8 // second detail: width of a bit field, a vector operation's variant
	D    Ref
	A    Ref
	B    Ref
	C    Ref
	// Rules are the choices of an architecture that a floating-point operation goes by.
	Rules softfloat.Rules
	Imm   uint64
}

// Helper describes a function of the architecture or the engine that a block
// calls. Fn has a type that the engines know; this room does not.
type Helper struct {
	Name string
	Fn   any
	// Body, when set, writes the same function as operations on slots, without
	// parameters, and returns the word of the result. An engine may make a
	// subroutine of it, and then does not call Fn. It neither faults nor leaves.
	Body  func(b *Builder) Ref
	Reads []Ref // slots it looks at; AllSlots for every one
	// Writes are the slots it changes apart from the result.
	Writes   []Ref
	MayFault bool // it can leave the block with an exception
	Once     bool // it asks somebody outside the guest, who would notice a second time
	Pure     bool // neither reads nor writes anything but its operands
	// Family is the family that the helper belongs to, nil for none, and Part says
	// which of it the helper is.
	Family Family
	Part   uint8
}

// Family is a set of helpers that work on the same words of the guest, and which a
// target may lower by itself if its host has instructions for them: it knows the
// family by its type, which says what these words are and what the parts do. For
// whoever does not know the type they are helpers like any.
type Family interface{ Name() string }

// Block is one translation block: the operations of a run of guest
// instructions that is entered at its head only.
type Block struct {
	PC      uint64 // guest address of the first instruction
	Insns   []Insn
	Labels  int // labels are numbered 0..Labels-1
	Temps   Ref // first free word
	Helpers []*Helper
	Marks   []Mark
}

// Mark is the start of a guest instruction within a block.
type Mark struct {
	PC    uint64
	Len   uint8
	State uint64 // what the translator knew statically here and restores on a fault
}
