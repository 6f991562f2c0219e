package amd64

import "encoding/binary"

// Instructions by their names (SDM vol. 2).

// mov copies a register.
func (a *asm) mov(size uint8, d, s Reg) { a.rr(opMov, size, d, s) }

// mov8, movImm8 and movImm16 leave the rest of the register as it is.
func (a *asm) mov8(d, s Reg) { a.rr(0x8a, 1, d, s) }

func (a *asm) movImm8(d Reg, v byte) {
	a.rr(0xc6, 1, 0, d)
	a.byte(v)
}

func (a *asm) movImm16(d Reg, v uint16) {
	a.rr(0xc7, 2, 0, d)
	a.byte(byte(v), byte(v>>8))
}

// load reads size bytes, 4 or 8, store writes 1, 2, 4 or 8.
func (a *asm) load(size uint8, d Reg, m Mem) { a.rm(opMov, size, d, m) }

func (a *asm) store(size uint8, m Mem, s Reg) {
	if size == 1 {
		a.rm(0x88, 1, s, m)
		return
	}
	a.rm(0x89, size, s, m)
}

// movImm sets a register without touching the flags.
func (a *asm) movImm(d Reg, v uint64) {
	switch {
	case v == uint64(uint32(v)):
		w, n := head(opcode(0xb8|d&7), 4, 0, 0, d, false)
		a.put(w|v<<n, n+32)
	case v == uint64(int64(int32(v))):
		a.rr(0xc7, 8, 0, d)
		a.i32(int32(v))
	default:
		a.put(head(opcode(0xb8|d&7), 8, 0, 0, d, false))
		a.i64(v)
	}
}

// storeImm stores a sign-extended constant of 4 or 8 bytes.
func (a *asm) storeImm(size uint8, m Mem, v int32) {
	a.rm(0xc7, size, 0, m)
	a.i32(v)
}

// storeImmN stores a constant of 1 or 2 bytes.
func (a *asm) storeImmN(size uint8, m Mem, v uint64) {
	if size == 1 {
		a.rm(0xc6, 1, 0, m)
		a.byte(byte(v))
		return
	}
	a.rm(0xc7, 2, 0, m)
	a.byte(byte(v), byte(v>>8))
}

// The arithmetic instructions by the number that their immediate forms have.
const (
	aluAdd = iota
	aluOr
	aluAdc
	aluSbb
	aluAnd
	aluSub
	aluXor
	aluCmp
)

// alu does d = d op s.
func (a *asm) alu(op byte, size uint8, d, s Reg) { a.rr(opcode(op<<3|3), size, d, s) }

// aluM does d = d op memory.
func (a *asm) aluM(op byte, size uint8, d Reg, m Mem) { a.rm(opcode(op<<3|3), size, d, m) }

// aluTo does memory = memory op s.
func (a *asm) aluTo(op byte, size uint8, m Mem, s Reg) { a.rm(opcode(op<<3|1), size, s, m) }

// alu8, alu8M and alu8I are alu, aluM and aluI for bytes.
func (a *asm) alu8(op byte, d, s Reg)      { a.rr(opcode(op<<3|2), 1, d, s) }
func (a *asm) alu8M(op byte, d Reg, m Mem) { a.rm(opcode(op<<3|2), 1, d, m) }

func (a *asm) alu8I(op byte, d Reg, v byte) {
	a.rr(0x80, 1, Reg(op), d)
	a.byte(v)
}

// aluI does d = d op constant.
func (a *asm) aluI(op byte, size uint8, d Reg, v int32) {
	if v == int32(int8(v)) {
		a.rr(0x83, size, Reg(op), d)
		a.byte(byte(v))
		return
	}
	a.rr(0x81, size, Reg(op), d)
	a.i32(v)
}

// aluMI does memory = memory op constant.
func (a *asm) aluMI(op byte, size uint8, m Mem, v int32) {
	if v == int32(int8(v)) {
		a.rm(0x83, size, Reg(op), m)
		a.byte(byte(v))
		return
	}
	a.rm(0x81, size, Reg(op), m)
	a.i32(v)
}

func (a *asm) test(size uint8, x, y Reg) { a.rr(0x85, size, y, x) }

func (a *asm) test8(x, y Reg) { a.rr(0x84, 1, y, x) }

// aluSized is alu for operands of 1, 2, 4 or 8 bytes.
func (a *asm) aluSized(op byte, n uint8, d, s Reg) {
	if n == 1 {
		a.alu8(op, d, s)
		return
	}
	a.alu(op, n, d, s)
}

// testSized is test for operands of 1, 2, 4 or 8 bytes.
func (a *asm) testSized(n uint8, x, y Reg) {
	if n == 1 {
		a.test8(x, y)
		return
	}
	a.test(n, x, y)
}

func (a *asm) testI(size uint8, x Reg, v int32) {
	if v&^0xff == 0 && size != 2 {
		a.rr(0xf6, 1, 0, x)
		a.byte(byte(v))
		return
	}
	a.rr(0xf7, size, 0, x)
	a.i32(v)
}

// The shifts by constants, by their number in the opcode's register field.
const (
	shiftRol = 0
	shiftRor = 1
	shiftShl = 4
	shiftShr = 5
	shiftSar = 7
)

func (a *asm) shiftI(op Reg, size uint8, d Reg, n byte) {
	a.rr(0xc1, size, op, d)
	a.byte(n)
}

// shiftCL shifts by the count in CL.
func (a *asm) shiftCL(op Reg, size uint8, d Reg) { a.rr(0xd3, size, op, d) }

func (a *asm) lea(size uint8, d Reg, m Mem) { a.rm(0x8d, size, d, m) }

// Instructions on one register, by their number in the opcode's register field.
// Multiplication and division are those of RDX:RAX.
const (
	unaryNot  Reg = 2
	unaryNeg  Reg = 3
	unaryImul Reg = 5
	unaryDiv  Reg = 6
	unaryIdiv Reg = 7
)

func (a *asm) unary(op Reg, size uint8, d Reg) { a.rr(0xf7, size, op, d) }

func (a *asm) neg(size uint8, d Reg) { a.unary(unaryNeg, size, d) }
func (a *asm) not(size uint8, d Reg) { a.unary(unaryNot, size, d) }

// signToRDX fills RDX with the sign of RAX (CDQ, CQO).
func (a *asm) signToRDX(size uint8) { a.put(head(0x99, size, 0, 0, 0, false)) }

func (a *asm) imul(size uint8, d, s Reg) { a.rr(0x0faf, size, d, s) }
func (a *asm) imulI(size uint8, d, s Reg, v int32) {
	a.rr(0x69, size, d, s)
	a.i32(v)
}

// Opcodes of instructions with a register and a register or memory operand.
const (
	opMov     = 0x8b
	opMovzx8  = 0x0fb6
	opMovzx16 = 0x0fb7
	opMovsx8  = 0x0fbe
	opMovsx16 = 0x0fbf
	opMovsxd  = 0x63
	opLzcnt   = 0xf3000fbd
	opTzcnt   = 0xf3000fbc
	opPopcnt  = 0xf3000fb8
	opCmov    = 0x0f40
)

func (a *asm) bswap(size uint8, d Reg) {
	a.put(head(opcode(0x0fc8|uint16(d&7)), size, 0, 0, d, false))
}

// btI brings a bit into CF.
func (a *asm) btI(size uint8, d Reg, bit byte) {
	a.rr(0x0fba, size, 4, d)
	a.byte(bit)
}

// rorx turns a register right without touching the flags.
func (a *asm) rorx(size uint8, d, s Reg, n byte) { a.vrrI(opRorx.sized(size), false, d, 0, s, n) }

// Condition codes of the host (SDM vol. 1 appendix B).
const (
	ccO = iota
	ccNO
	ccB
	ccAE
	ccE
	ccNE
	ccBE
	ccA
	ccS
	ccNS
	ccP
	ccNP
	ccL
	ccGE
	ccLE
	ccG
)

func (a *asm) setcc(cc byte, d Reg) { a.rr(opcode(0x0f90)|opcode(cc), 1, 0, d) }

func (a *asm) cmov(cc byte, size uint8, d, s Reg) { a.rr(opCmov|opcode(cc), size, d, s) }

// jcc and jmp write a jump with a 32-bit displacement to be set by patch, whose
// place they return.
func (a *asm) jcc(cc byte) int {
	a.put(0x0f|uint64(0x80|cc)<<8, 48)
	return a.pos() - 4
}

func (a *asm) jmp() int {
	a.put(0xe9, 40)
	return a.pos() - 4
}

// jcc8 writes a short jump.
func (a *asm) jcc8(cc byte) int {
	a.put(uint64(0x70|cc), 16)
	return a.pos() - 1
}

// patch makes the displacement at a place lead to a position of the buffer.
func (a *asm) patch(place, to int) {
	binary.LittleEndian.PutUint32(a.code[place:], uint32(to-place-4))
}

// patch8 makes a short jump lead here.
func (a *asm) patch8(place int) { a.code[place] = byte(a.pos() - place - 1) }

func (a *asm) jmpReg(r Reg) { a.rr(0xff, 4, 4, r) }

func (a *asm) jmpMem(m Mem) { a.rm(0xff, 4, 4, m) }

// leaNext sets a register to the address that is patched into the place that it
// returns.
func (a *asm) leaNext(d Reg) int {
	w, n := head(0x8d, 8, d, 0, 0, false)
	a.put(w|(5|uint64(d&7)<<3)<<n, n+8)
	a.i32(0)
	return a.pos() - 4
}

func (a *asm) ret() { a.byte(0xc3) }

// syscall calls the kernel, which overwrites RCX and R11.
func (a *asm) syscall() { a.byte(0x0f, 0x05) }

// pushFlags and popReg need a stack: see pushf.
func (a *asm) pushFlags() { a.byte(0x9c) }

func (a *asm) popReg(r Reg) { a.put(head(opcode(0x58|r&7), 4, 0, 0, r, false)) }

// The floating-point environment of SSE and AVX.
func (a *asm) ldmxcsr(m Mem) { a.rm(0x0fae, 4, 2, m) }
func (a *asm) stmxcsr(m Mem) { a.rm(0x0fae, 4, 3, m) }

// vzeroupper clears the upper halves, which slow SSE code down.
func (a *asm) vzeroupper() { a.byte(0xc5, 0xf8, 0x77) }
