package asm

import "encoding/binary"

// Instructions by their names (SDM vol. 2).

// Mov copies a register.
func (a *Writer) Mov(size uint8, d, s Reg) { a.RR(OpMov, size, d, s) }

// Mov8 copies a byte. Like MovImm8 and MovImm16 it leaves the rest of the register as
// it is.
func (a *Writer) Mov8(d, s Reg) { a.RR(0x8a, 1, d, s) }

// MovImm8 sets the low byte of a register.
func (a *Writer) MovImm8(d Reg, v byte) {
	a.RR(0xc6, 1, 0, d)
	a.byte(v)
}

// MovImm16 sets the low two bytes.
func (a *Writer) MovImm16(d Reg, v uint16) {
	a.RR(0xc7, 2, 0, d)
	a.byte(byte(v), byte(v>>8))
}

// Load reads size bytes, 4 or 8.
func (a *Writer) Load(size uint8, d Reg, m Mem) { a.RM(OpMov, size, d, m) }

// Store writes size bytes, 1, 2, 4 or 8.
func (a *Writer) Store(size uint8, m Mem, s Reg) {
	if size == 1 {
		a.RM(0x88, 1, s, m)
		return
	}
	a.RM(0x89, size, s, m)
}

// MovImm sets a register without touching the flags.
func (a *Writer) MovImm(d Reg, v uint64) {
	switch {
	case v == uint64(uint32(v)):
		w, n := head(Opcode(0xb8|d&7), 4, 0, 0, d, false)
		a.put(w|v<<n, n+32)
	case v == uint64(int64(int32(v))):
		a.RR(0xc7, 8, 0, d)
		a.i32(int32(v))
	default:
		a.put(head(Opcode(0xb8|d&7), 8, 0, 0, d, false))
		a.i64(v)
	}
}

// StoreImm stores a sign-extended constant of 4 or 8 bytes.
func (a *Writer) StoreImm(size uint8, m Mem, v int32) {
	a.RM(0xc7, size, 0, m)
	a.i32(v)
}

// StoreImmN stores a constant of 1 or 2 bytes.
func (a *Writer) StoreImmN(size uint8, m Mem, v uint64) {
	if size == 1 {
		a.RM(0xc6, 1, 0, m)
		a.byte(byte(v))
		return
	}
	a.RM(0xc7, 2, 0, m)
	a.byte(byte(v), byte(v>>8))
}

// The arithmetic instructions by the number that their immediate forms have.
const (
	AluAdd = iota
	AluOr
	AluAdc
	AluSbb
	AluAnd
	AluSub
	AluXor
	AluCmp
)

// Alu does d = d op s.
func (a *Writer) Alu(op byte, size uint8, d, s Reg) { a.RR(Opcode(op<<3|3), size, d, s) }

// AluM does d = d op memory.
func (a *Writer) AluM(op byte, size uint8, d Reg, m Mem) { a.RM(Opcode(op<<3|3), size, d, m) }

// AluTo does memory = memory op s.
func (a *Writer) AluTo(op byte, size uint8, m Mem, s Reg) { a.RM(Opcode(op<<3|1), size, s, m) }

// Alu8 is Alu for bytes.
func (a *Writer) Alu8(op byte, d, s Reg) { a.RR(Opcode(op<<3|2), 1, d, s) }

// Alu8M is AluM for bytes.
func (a *Writer) Alu8M(op byte, d Reg, m Mem) { a.RM(Opcode(op<<3|2), 1, d, m) }

// Alu8I is AluI for bytes.
func (a *Writer) Alu8I(op byte, d Reg, v byte) {
	a.RR(0x80, 1, Reg(op), d)
	a.byte(v)
}

// AluI does d = d op constant.
func (a *Writer) AluI(op byte, size uint8, d Reg, v int32) {
	if v == int32(int8(v)) {
		a.RR(0x83, size, Reg(op), d)
		a.byte(byte(v))
		return
	}
	a.RR(0x81, size, Reg(op), d)
	a.i32(v)
}

// AluMI does memory = memory op constant.
func (a *Writer) AluMI(op byte, size uint8, m Mem, v int32) {
	if v == int32(int8(v)) {
		a.RM(0x83, size, Reg(op), m)
		a.byte(byte(v))
		return
	}
	a.RM(0x81, size, Reg(op), m)
	a.i32(v)
}

// Test sets the flags of x and y.
func (a *Writer) Test(size uint8, x, y Reg) { a.RR(0x85, size, y, x) }

// Test8 is Test for bytes.
func (a *Writer) Test8(x, y Reg) { a.RR(0x84, 1, y, x) }

// AluSized is Alu for operands of 1, 2, 4 or 8 bytes.
func (a *Writer) AluSized(op byte, n uint8, d, s Reg) {
	if n == 1 {
		a.Alu8(op, d, s)
		return
	}
	a.Alu(op, n, d, s)
}

// TestSized is test for operands of 1, 2, 4 or 8 bytes.
func (a *Writer) TestSized(n uint8, x, y Reg) {
	if n == 1 {
		a.Test8(x, y)
		return
	}
	a.Test(n, x, y)
}

// TestI is Test with a constant; one that has its low byte alone is tested as a byte.
func (a *Writer) TestI(size uint8, x Reg, v int32) {
	if v&^0xff == 0 && size != 2 {
		a.RR(0xf6, 1, 0, x)
		a.byte(byte(v))
		return
	}
	a.RR(0xf7, size, 0, x)
	a.i32(v)
}

// The shifts by constants, by their number in the opcode's register field.
const (
	ShiftRol = 0
	ShiftRor = 1
	ShiftShl = 4
	ShiftShr = 5
	ShiftSar = 7
)

// ShiftI shifts by a constant.
func (a *Writer) ShiftI(op Reg, size uint8, d Reg, n byte) {
	a.RR(0xc1, size, op, d)
	a.byte(n)
}

// ShiftCL shifts by the count in CL.
func (a *Writer) ShiftCL(op Reg, size uint8, d Reg) { a.RR(0xd3, size, op, d) }

// Lea sets a register to an address.
func (a *Writer) Lea(size uint8, d Reg, m Mem) { a.RM(0x8d, size, d, m) }

// Instructions on one register, by their number in the opcode's register field.
// Multiplication and division are those of RDX:RAX.
const (
	UnaryNot  Reg = 2
	UnaryNeg  Reg = 3
	UnaryImul Reg = 5
	UnaryDiv  Reg = 6
	UnaryIdiv Reg = 7
)

// Unary does an instruction on one register.
func (a *Writer) Unary(op Reg, size uint8, d Reg) { a.RR(0xf7, size, op, d) }

// Neg does d = -d.
func (a *Writer) Neg(size uint8, d Reg) { a.Unary(UnaryNeg, size, d) }

// Not does d = ^d.
func (a *Writer) Not(size uint8, d Reg) { a.Unary(UnaryNot, size, d) }

// SignToRDX fills RDX with the sign of RAX (CDQ, CQO).
func (a *Writer) SignToRDX(size uint8) { a.put(head(0x99, size, 0, 0, 0, false)) }

// Imul does d = d * s.
func (a *Writer) Imul(size uint8, d, s Reg) { a.RR(0x0faf, size, d, s) }

// ImulI does d = s * constant.
func (a *Writer) ImulI(size uint8, d, s Reg, v int32) {
	a.RR(0x69, size, d, s)
	a.i32(v)
}

// Opcodes of instructions with a register and a register or memory operand.
const (
	OpMov     = 0x8b
	OpMovzx8  = 0x0fb6
	OpMovzx16 = 0x0fb7
	OpMovsx8  = 0x0fbe
	OpMovsx16 = 0x0fbf
	OpMovsxd  = 0x63
	OpLzcnt   = 0xf3000fbd
	OpTzcnt   = 0xf3000fbc
	OpPopcnt  = 0xf3000fb8
	opCmov    = 0x0f40
)

// Bswap reverses the bytes of a register.
func (a *Writer) Bswap(size uint8, d Reg) {
	a.put(head(Opcode(0x0fc8|uint16(d&7)), size, 0, 0, d, false))
}

// BtI brings a bit into CF.
func (a *Writer) BtI(size uint8, d Reg, bit byte) {
	a.RR(0x0fba, size, 4, d)
	a.byte(bit)
}

// Rorx turns a register right without touching the flags.
func (a *Writer) Rorx(size uint8, d, s Reg, n byte) { a.VRRI(Rorx.Sized(size), false, d, 0, s, n) }

// Condition codes of the host (SDM vol. 1 appendix B).
const (
	CcO = iota
	CcNO
	CcB
	CcAE
	CcE
	CcNE
	CcBE
	CcA
	CcS
	CcNS
	CcP
	CcNP
	CcL
	CcGE
	CcLE
	CcG
)

// Setcc sets a byte to whether a condition holds.
func (a *Writer) Setcc(cc byte, d Reg) { a.RR(Opcode(0x0f90)|Opcode(cc), 1, 0, d) }

// Cmov does d = s if a condition holds.
func (a *Writer) Cmov(cc byte, size uint8, d, s Reg) { a.RR(opCmov|Opcode(cc), size, d, s) }

// Jcc writes a conditional jump with a 32-bit displacement to be set by Patch, whose
// place it returns.
func (a *Writer) Jcc(cc byte) int {
	a.put(0x0f|uint64(0x80|cc)<<8, 48)
	return a.Pos() - 4
}

// Jmp writes a jump like Jcc.
func (a *Writer) Jmp() int {
	a.put(0xe9, 40)
	return a.Pos() - 4
}

// Jcc8 writes a short jump.
func (a *Writer) Jcc8(cc byte) int {
	a.put(uint64(0x70|cc), 16)
	return a.Pos() - 1
}

// Patch makes the displacement at a place lead to a position of the buffer.
func (a *Writer) Patch(place, to int) {
	binary.LittleEndian.PutUint32(a.Buf[place:], uint32(to-place-4))
}

// Patch8 makes a short jump lead here.
func (a *Writer) Patch8(place int) { a.Buf[place] = byte(a.Pos() - place - 1) }

// JmpReg jumps to the address in a register.
func (a *Writer) JmpReg(r Reg) { a.RR(0xff, 4, 4, r) }

// JmpMem jumps to the address in memory.
func (a *Writer) JmpMem(m Mem) { a.RM(0xff, 4, 4, m) }

// LeaNext sets a register to the address that is patched into the place that it
// returns.
func (a *Writer) LeaNext(d Reg) int {
	w, n := head(0x8d, 8, d, 0, 0, false)
	a.put(w|(5|uint64(d&7)<<3)<<n, n+8)
	a.i32(0)
	return a.Pos() - 4
}

// Ret returns.
func (a *Writer) Ret() { a.byte(0xc3) }

// Syscall calls the kernel, which overwrites RCX and R11.
func (a *Writer) Syscall() { a.byte(0x0f, 0x05) }

// PushFlags and PopReg need a stack.
func (a *Writer) PushFlags() { a.byte(0x9c) }

// PopReg takes a register from the stack.
func (a *Writer) PopReg(r Reg) { a.put(head(Opcode(0x58|r&7), 4, 0, 0, r, false)) }

// Ldmxcsr loads the floating-point environment of SSE and AVX.
func (a *Writer) Ldmxcsr(m Mem) { a.RM(0x0fae, 4, 2, m) }

// Stmxcsr stores it.
func (a *Writer) Stmxcsr(m Mem) { a.RM(0x0fae, 4, 3, m) }

// Vzeroupper clears the upper halves, which slow SSE code down.
func (a *Writer) Vzeroupper() { a.byte(0xc5, 0xf8, 0x77) }
