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

// put writes the first bits of a word. What it leaves after them is overwritten by
// the next instruction, or is not part of the code.
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

// rrByte is rr for a byte register in the field that could be memory.
func (a *asm) rrByte(op opcode, size uint8, reg, rm Reg) {
	w, n := head(op, size, reg, 0, rm, rm >= RSP)
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

// vrrI is vrr with an immediate byte.
func (a *asm) vrrI(op vop, wide bool, d, v, s Reg, imm byte) {
	a.vrr(op, wide, d, v, s)
	a.byte(imm)
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
