package amd64

import "encoding/binary"

// Reg is a general or vector register of the host.
type Reg uint8

// The general registers in the order of their encoding.
const (
	RAX Reg = iota
	RCX
	RDX
	RBX
	RSP
	RBP
	RSI
	RDI
	R8
	R9
	R10
	R11
	R12
	R13
	R14
	R15
	numRegs

	noReg Reg = 0xff
)

// Mem is a memory operand: Base + Index<<Scale + Disp. An absent register is
// noReg.
type Mem struct {
	Base, Index Reg
	Scale       uint8
	Disp        int32
}

// at is the operand [base+disp].
func at(base Reg, disp int32) Mem { return Mem{Base: base, Index: noReg, Disp: disp} }

// asm writes machine code into a buffer (SDM vol. 2A chapter 2). An instruction
// is put together in a word, lowest byte first, and written at once: n bits of
// the word are in use.
type asm struct{ code []byte }

func (a *asm) pos() int { return len(a.code) }

func (a *asm) byte(b ...byte) { a.code = append(a.code, b...) }

// put writes the first bits of a word. What stands behind them is overwritten
// later, or is not part of the code.
func (a *asm) put(w uint64, bits uint) {
	at := len(a.code)
	if at+8 > cap(a.code) {
		a.code = append(a.code, make([]byte, 1<<10)...)
	}
	binary.LittleEndian.PutUint64(a.code[at:at+8], w)
	a.code = a.code[:at+int(bits/8)]
}

func (a *asm) i32(v int32) { a.put(uint64(uint32(v)), 32) }

func (a *asm) i64(v uint64) { a.put(v, 64) }

// An opcode is up to three bytes, with a mandatory prefix (66, F2, F3) in the
// highest byte.
type opcode uint32

// head is the prefixes and opcode of an instruction on operands of size bytes. r,
// x and b extend the register fields; byte registers from SPL on need a REX too.
func head(op opcode, size uint8, r, x, b Reg, rex bool) (w uint64, n uint) {
	if size == 2 {
		w, n = 0x66, 8
	}
	if p := op >> 24; p != 0 {
		w |= uint64(p) << n
		n += 8
	}
	v := 0x40 | uint64(r>>3&1)<<2 | uint64(x>>3&1)<<1 | uint64(b>>3&1)
	if size == 8 {
		v |= 8
	}
	if v != 0x40 || rex {
		w |= v << n
		n += 8
	}
	if op&0xff0000 != 0 {
		w |= uint64(op>>16&0xff) << n
		n += 8
	}
	if op&0xffff00 != 0 {
		w |= uint64(op>>8&0xff) << n
		n += 8
	}
	return w | uint64(op&0xff)<<n, n + 8
}

// rr writes an instruction with two registers: reg, and rm in the field that
// could be memory.
func (a *asm) rr(op opcode, size uint8, reg, rm Reg) {
	w, n := head(op, size, reg, 0, rm, size == 1 && (reg >= RSP || rm >= RSP))
	a.put(w|(0xc0|uint64(reg&7)<<3|uint64(rm&7))<<n, n+8)
}

// rm writes an instruction with a register and memory.
func (a *asm) rm(op opcode, size uint8, reg Reg, m Mem) {
	x, b := m.Index, m.Base
	if x == noReg {
		x = 0
	}
	if b == noReg {
		b = 0
	}
	w, n := head(op, size, reg, x, b, size == 1 && reg >= RSP)
	a.memory(w, n, byte(reg), m)
}

// memory writes an instruction that has ModRM, SIB and displacement of a memory
// operand yet to come.
func (a *asm) memory(w uint64, n uint, reg byte, m Mem) {
	field := uint64(reg&7) << 3
	if m.Base == noReg {
		a.put(w|(field|4|(uint64(m.Scale)<<6|sibIndex(m.Index)|5)<<8)<<n, n+16)
		a.i32(m.Disp)
		return
	}
	mod := uint64(0x80)
	switch {
	case m.Disp == 0 && m.Base&7 != RBP:
		mod = 0
	case m.Disp == int32(int8(m.Disp)):
		mod = 0x40
	}
	if m.Index != noReg || m.Base&7 == RSP {
		w |= (mod | field | 4 | (uint64(m.Scale)<<6|sibIndex(m.Index)|uint64(m.Base&7))<<8) << n
		n += 16
	} else {
		w |= (mod | field | uint64(m.Base&7)) << n
		n += 8
	}
	a.put(w, n)
	switch mod {
	case 0x40:
		a.put(uint64(uint8(m.Disp)), 8)
	case 0x80:
		a.i32(m.Disp)
	}
}

func sibIndex(r Reg) uint64 {
	if r == noReg {
		return 4 << 3
	}
	return uint64(r&7) << 3
}

// mov copies a register.
func (a *asm) mov(size uint8, d, s Reg) { a.rr(0x8b, size, d, s) }

// load reads size bytes, 4 or 8, store writes 1, 2, 4 or 8.
func (a *asm) load(size uint8, d Reg, m Mem) { a.rm(0x8b, size, d, m) }

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

// neg and not are unary; their number is in the register field.
func (a *asm) neg(size uint8, d Reg) { a.rr(0xf7, size, 3, d) }
func (a *asm) not(size uint8, d Reg) { a.rr(0xf7, size, 2, d) }

func (a *asm) imul(size uint8, d, s Reg) { a.rr(0x0faf, size, d, s) }
func (a *asm) imulI(size uint8, d, s Reg, v int32) {
	a.rr(0x69, size, d, s)
	a.i32(v)
}

// Opcodes of instructions with a register and a register or memory operand.
const (
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

// vop is an instruction in VEX encoding: opcode, map (1 to 3), mandatory prefix
// (0, 1 for 66, 2 for F3, 3 for F2) and the W bit.
type vop uint32

func vexOp(pp, m, w, op uint32) vop { return vop(op | m<<8 | pp<<16 | w<<20) }

// vrr writes a VEX instruction on three registers; wide selects 256 bits.
func (a *asm) vrr(op vop, wide bool, d, v, s Reg) {
	w, n := vex(op, wide, d, v, 0, s)
	a.put(w|(0xc0|uint64(d&7)<<3|uint64(s&7))<<n, n+8)
}

// vrm writes a VEX instruction with memory as the last operand.
func (a *asm) vrm(op vop, wide bool, d, v Reg, m Mem) {
	x, b := m.Index, m.Base
	if x == noReg {
		x = 0
	}
	if b == noReg {
		b = 0
	}
	w, n := vex(op, wide, d, v, x, b)
	a.memory(w, n, byte(d), m)
}

// vex is the prefix and opcode.
func vex(op vop, wide bool, r, v, x, b Reg) (w uint64, n uint) {
	m, pp, wbit := uint64(op>>8&0x1f), uint64(op>>16&3), uint64(op>>20&1)
	last := uint64(^v&15)<<3 | pp
	if wide {
		last |= 4
	}
	if m == 1 && wbit == 0 && x < 8 && b < 8 {
		return 0xc5 | (uint64(^r>>3&1)<<7|last)<<8 | uint64(op&0xff)<<16, 24
	}
	return 0xc4 | (uint64(^r>>3&1)<<7|uint64(^x>>3&1)<<6|uint64(^b>>3&1)<<5|m)<<8 | (wbit<<7|last)<<16 | uint64(op&0xff)<<24, 32
}
