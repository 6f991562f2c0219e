package amd64

// Instructions of the x87 (SDM vol. 2, the chapter of each; vol. 2D A.5 has the
// opcodes in one place). With memory an instruction is an opcode and a number in
// the register field, with a register a second byte that st(i) is added to.

// x87Mem is an instruction with memory.
type x87Mem struct {
	op opcode
	n  Reg
}

var (
	fld32, fld64, fld80    = x87Mem{0xd9, 0}, x87Mem{0xdd, 0}, x87Mem{0xdb, 5}
	fild16, fild32, fild64 = x87Mem{0xdf, 0}, x87Mem{0xdb, 0}, x87Mem{0xdf, 5}

	fst32, fst64                 = x87Mem{0xd9, 2}, x87Mem{0xdd, 2}
	fstp32, fstp64, fstp80       = x87Mem{0xd9, 3}, x87Mem{0xdd, 3}, x87Mem{0xdb, 7}
	fist16, fist32               = x87Mem{0xdf, 2}, x87Mem{0xdb, 2}
	fistp16, fistp32, fistp64    = x87Mem{0xdf, 3}, x87Mem{0xdb, 3}, x87Mem{0xdf, 7}
	fisttp16, fisttp32, fisttp64 = x87Mem{0xdf, 1}, x87Mem{0xdb, 1}, x87Mem{0xdd, 1}
	fldcw, fnstsw, fnsave        = x87Mem{0xd9, 5}, x87Mem{0xdd, 7}, x87Mem{0xdd, 6}
)

func (a *asm) x87Mem(i x87Mem, m Mem) { a.rm(i.op, 4, i.n, m) }

// x87Reg is an instruction with a register of the stack.
type x87Reg [2]byte

var (
	fldST, fxchST          = x87Reg{0xd9, 0xc0}, x87Reg{0xd9, 0xc8}
	fstST, fstpST          = x87Reg{0xdd, 0xd0}, x87Reg{0xdd, 0xd8}
	fcomST, fcompST        = x87Reg{0xd8, 0xd0}, x87Reg{0xd8, 0xd8}
	fucomST, fucompST      = x87Reg{0xdd, 0xe0}, x87Reg{0xdd, 0xe8}
	fcomppST, fucomppST    = x87Reg{0xde, 0xd8}, x87Reg{0xda, 0xe8} // with st(1)
	fcomiST, fcomipST      = x87Reg{0xdb, 0xf0}, x87Reg{0xdf, 0xf0}
	fucomiST, fucomipST    = x87Reg{0xdb, 0xe8}, x87Reg{0xdf, 0xe8}
	fconst                 = x87Reg{0xd9, 0xe8} // and the number of a constant
	fchs, fabs             = x87Reg{0xd9, 0xe0}, x87Reg{0xd9, 0xe1}
	fsqrt, frndint, fnclex = x87Reg{0xd9, 0xfa}, x87Reg{0xd9, 0xfc}, x87Reg{0xdb, 0xe2}
)

func (a *asm) x87Reg(i x87Reg, st uint64) { a.byte(i[0], i[1]+byte(st)) }

// The opcodes of arithmetic with memory by what is there, floats or integers of so
// many bits; the operation is the number in the register field.
const (
	arithF32 opcode = 0xd8
	arithF64 opcode = 0xdc
	arithI16 opcode = 0xde
	arithI32 opcode = 0xda
)

// fcomNumber is the number of the comparison that does not pop; one more does.
const fcomNumber = 2

// x87ArithMem does st(0) = st(0) op memory, or compares the two.
func (a *asm) x87ArithMem(op Reg, with opcode, m Mem) { a.rm(with, 4, op, m) }

// x87Arith does st(0) = st(0) op st(i).
func (a *asm) x87Arith(op byte, st uint64) { a.byte(0xd8, 0xc0|op<<3|byte(st)) }

// x87ArithTo does st(i) = st(i) op st(0), and pops if asked. Here a - b and b - a
// have each other's number, and so have the divisions.
func (a *asm) x87ArithTo(op byte, st, pops uint64) {
	if op >= 4 {
		op ^= 1
	}
	a.byte(0xdc|byte(pops)<<1, 0xc0|op<<3|byte(st))
}
