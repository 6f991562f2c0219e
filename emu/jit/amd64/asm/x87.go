package asm

// Instructions of the x87 (SDM vol. 2, the chapter of each; vol. 2D A.5 has the
// opcodes in one place). With memory an instruction is an opcode and a number in
// the register field, with a register a second byte that st(i) is added to.

// X87Mem is an instruction with memory.
type X87Mem struct {
	op Opcode
	n  Reg
}

// The instructions with memory by the bits of what is there.
var (
	Fld32, Fld64, Fld80    = X87Mem{0xd9, 0}, X87Mem{0xdd, 0}, X87Mem{0xdb, 5}
	Fild16, Fild32, Fild64 = X87Mem{0xdf, 0}, X87Mem{0xdb, 0}, X87Mem{0xdf, 5}

	Fst32, Fst64                 = X87Mem{0xd9, 2}, X87Mem{0xdd, 2}
	Fstp32, Fstp64, Fstp80       = X87Mem{0xd9, 3}, X87Mem{0xdd, 3}, X87Mem{0xdb, 7}
	Fist16, Fist32               = X87Mem{0xdf, 2}, X87Mem{0xdb, 2}
	Fistp16, Fistp32, Fistp64    = X87Mem{0xdf, 3}, X87Mem{0xdb, 3}, X87Mem{0xdf, 7}
	Fisttp16, Fisttp32, Fisttp64 = X87Mem{0xdf, 1}, X87Mem{0xdb, 1}, X87Mem{0xdd, 1}
	Fldcw, Fnstsw, Fnsave        = X87Mem{0xd9, 5}, X87Mem{0xdd, 7}, X87Mem{0xdd, 6}
)

// X87Mem does an instruction with memory.
func (a *Writer) X87Mem(i X87Mem, m Mem) { a.RM(i.op, 4, i.n, m) }

// X87Reg is an instruction with a register of the stack.
type X87Reg [2]byte

// The instructions with a register, or without an operand but the stack.
var (
	FldST, FxchST          = X87Reg{0xd9, 0xc0}, X87Reg{0xd9, 0xc8}
	FstST, FstpST          = X87Reg{0xdd, 0xd0}, X87Reg{0xdd, 0xd8}
	FcomST, FcompST        = X87Reg{0xd8, 0xd0}, X87Reg{0xd8, 0xd8}
	FucomST, FucompST      = X87Reg{0xdd, 0xe0}, X87Reg{0xdd, 0xe8}
	FcomppST, FucomppST    = X87Reg{0xde, 0xd8}, X87Reg{0xda, 0xe8} // with st(1)
	FcomiST, FcomipST      = X87Reg{0xdb, 0xf0}, X87Reg{0xdf, 0xf0}
	FucomiST, FucomipST    = X87Reg{0xdb, 0xe8}, X87Reg{0xdf, 0xe8}
	Fconst                 = X87Reg{0xd9, 0xe8} // and the number of a constant
	Fchs, Fabs             = X87Reg{0xd9, 0xe0}, X87Reg{0xd9, 0xe1}
	Fsqrt, Frndint, Fnclex = X87Reg{0xd9, 0xfa}, X87Reg{0xd9, 0xfc}, X87Reg{0xdb, 0xe2}
)

// X87Reg does an instruction with st(i).
func (a *Writer) X87Reg(i X87Reg, st uint64) { a.byte(i[0], i[1]+byte(st)) }

// The opcodes of arithmetic with memory by what is there, floats or integers of so
// many bits; the operation is the number in the register field.
const (
	ArithF32 Opcode = 0xd8
	ArithF64 Opcode = 0xdc
	ArithI16 Opcode = 0xde
	ArithI32 Opcode = 0xda
)

// FcomNumber is the number of the comparison that does not pop; one more does.
const FcomNumber = 2

// X87ArithMem does st(0) = st(0) op memory, or compares the two.
func (a *Writer) X87ArithMem(op Reg, with Opcode, m Mem) { a.RM(with, 4, op, m) }

// X87Arith does st(0) = st(0) op st(i).
func (a *Writer) X87Arith(op byte, st uint64) { a.byte(0xd8, 0xc0|op<<3|byte(st)) }

// X87ArithTo does st(i) = st(i) op st(0), and pops if asked. Here a - b and b - a
// have each other's number, and so have the divisions.
func (a *Writer) X87ArithTo(op byte, st, pops uint64) {
	if op >= 4 {
		op ^= 1
	}
	a.byte(0xdc|byte(pops)<<1, 0xc0|op<<3|byte(st))
}
