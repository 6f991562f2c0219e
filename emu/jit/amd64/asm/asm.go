// Package asm encodes instructions of x86-64 hosts: general ones, those in VEX encoding
// and those of the x87. It knows how an instruction is written and nothing of what it
// is for; jit/amd64 says which.
package asm

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
	NumRegs // how many there are

	NoReg Reg = 0xff // none
)

// Mem is a memory operand: Base + Index<<Scale + Disp. An absent register is
// NoReg.
type Mem struct {
	Base, Index Reg
	Scale       uint8
	Disp        int32
}

// At is the operand [base+disp].
func At(base Reg, disp int32) Mem { return Mem{Base: base, Index: NoReg, Disp: disp} }

// Writer writes machine code into a buffer (SDM vol. 2A chapter 2). An instruction
// is put together in a word, lowest byte first, and written at once: n bits of
// the word are in use.
type Writer struct{ Buf []byte }

// Pos is where the next instruction will stand in the buffer.
func (a *Writer) Pos() int { return len(a.Buf) }

func (a *Writer) byte(b ...byte) { a.Buf = append(a.Buf, b...) }

// put writes the first bits of a word. What it leaves after them is overwritten by
// the next instruction, or is not part of the code.
func (a *Writer) put(w uint64, bits uint) {
	at := len(a.Buf)
	if at+8 > cap(a.Buf) {
		a.Buf = append(a.Buf, make([]byte, 1<<10)...)
	}
	binary.LittleEndian.PutUint64(a.Buf[at:at+8], w)
	a.Buf = a.Buf[:at+int(bits/8)]
}

func (a *Writer) i32(v int32) { a.put(uint64(uint32(v)), 32) }

func (a *Writer) i64(v uint64) { a.put(v, 64) }

// Opcode is the operation of an instruction: up to three bytes, with a mandatory prefix (66, F2, F3) in the
// highest byte.
type Opcode uint32

// head is the prefixes and opcode of an instruction on operands of size bytes. r,
// x and b extend the register fields; byte registers from SPL on need a REX too.
func head(op Opcode, size uint8, r, x, b Reg, rex bool) (w uint64, n uint) {
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

// RR writes an instruction with two registers: reg, and rm in the field that
// could be memory.
func (a *Writer) RR(op Opcode, size uint8, reg, rm Reg) {
	w, n := head(op, size, reg, 0, rm, size == 1 && (reg >= RSP || rm >= RSP))
	a.put(w|(0xc0|uint64(reg&7)<<3|uint64(rm&7))<<n, n+8)
}

// RRByte is RR for a byte register in the field that could be memory.
func (a *Writer) RRByte(op Opcode, size uint8, reg, rm Reg) {
	w, n := head(op, size, reg, 0, rm, rm >= RSP)
	a.put(w|(0xc0|uint64(reg&7)<<3|uint64(rm&7))<<n, n+8)
}

// RM writes an instruction with a register and memory.
func (a *Writer) RM(op Opcode, size uint8, reg Reg, m Mem) {
	x, b := m.Index, m.Base
	if x == NoReg {
		x = 0
	}
	if b == NoReg {
		b = 0
	}
	w, n := head(op, size, reg, x, b, size == 1 && reg >= RSP)
	a.memory(w, n, byte(reg), m)
}

// memory writes an instruction that has ModRM, SIB and displacement of a memory
// operand yet to come.
func (a *Writer) memory(w uint64, n uint, reg byte, m Mem) {
	field := uint64(reg&7) << 3
	if m.Base == NoReg {
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
	if m.Index != NoReg || m.Base&7 == RSP {
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
	if r == NoReg {
		return 4 << 3
	}
	return uint64(r&7) << 3
}

// VRR writes a VEX instruction on three registers; wide selects 256 bits.
func (a *Writer) VRR(op VOp, wide bool, d, v, s Reg) {
	w, n := vex(op, wide, d, v, 0, s)
	a.put(w|(0xc0|uint64(d&7)<<3|uint64(s&7))<<n, n+8)
}

// VRM writes a VEX instruction with memory as the last operand.
func (a *Writer) VRM(op VOp, wide bool, d, v Reg, m Mem) {
	x, b := m.Index, m.Base
	if x == NoReg {
		x = 0
	}
	if b == NoReg {
		b = 0
	}
	w, n := vex(op, wide, d, v, x, b)
	a.memory(w, n, byte(d), m)
}

// VRRI is VRR with an immediate byte.
func (a *Writer) VRRI(op VOp, wide bool, d, v, s Reg, imm byte) {
	a.VRR(op, wide, d, v, s)
	a.byte(imm)
}

// vex is the prefix and opcode.
func vex(op VOp, wide bool, r, v, x, b Reg) (w uint64, n uint) {
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
