package oracle

import (
	"bytes"
	"encoding/binary"
)

// The few facts about instructions that single stepping needs. Length and
// operands are nobody's business here.

// Opcodes.
const (
	opBound = 0x62
	opWait  = 0x9b
	opPushf = 0x9c
	opInt3  = 0xcc
	opInt   = 0xcd
	opInto  = 0xce
	opInt1  = 0xf1
)

// skipPrefixes is an instruction from its opcode on, nil if there is none.
func skipPrefixes(code []byte) []byte {
	for i, b := range code {
		if !isPrefix(b) && b != 0xf2 && b != 0xf3 {
			return code[i:]
		}
	}
	return nil
}

// repeats tells a string instruction with a repeat prefix, of which a step does
// one element.
func repeats(code []byte) bool {
	rep := false
	for _, b := range code {
		switch {
		case b == 0xf2 || b == 0xf3:
			rep = true
		case b >= 0xa4 && b <= 0xa7, b >= 0xaa && b <= 0xaf, b >= 0x6c && b <= 0x6f:
			return rep
		case !isPrefix(b):
			return false
		}
	}
	return false
}

// isPrefix tells prefixes but the repeating ones. That REX is inc and dec
// outside 64-bit mode is no matter here.
func isPrefix(b byte) bool {
	switch b {
	case 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0:
		return true
	}
	return b&0xf0 == 0x40
}

// raisesTrap tells the instructions that end in the same signal as a step.
func raisesTrap(code []byte) bool {
	op := skipPrefixes(code)
	return op != nil && (op[0] == opInt3 || op[0] == opInt || op[0] == opInt1)
}

// loadsSegment tells mov to a segment register other than SS.
func loadsSegment(op []byte) bool {
	const ss = 2
	return len(op) > 1 && op[0] == 0x8e && op[1]>>3&7 != ss
}

// unTrap takes the trap flag, by which the kernel steps, out of what pushf has
// just pushed.
func (o *Oracle) unTrap(code []byte) {
	if op := skipPrefixes(code); op == nil || op[0] != opPushf {
		return
	}
	if top := o.fetch(o.regs.Rsp); len(top) > 1 {
		const trap = 0x100
		f := binary.LittleEndian.Uint16(top)
		binary.LittleEndian.PutUint16(top, f&^trap)
	}
}

// waitsForX87 tells x87 and MMX instructions from those of SSE that raise
// exceptions.
func waitsForX87(code []byte) bool {
	op := skipPrefixes(code)
	if len(op) < 2 {
		return false
	}
	if op[0] != 0x0f {
		return op[0]>>3 == 0xd8>>3 || op[0] == opWait
	}
	scalar := bytes.ContainsAny(code[:len(code)-len(op)], "\xf2\xf3")
	switch op[1] {
	case 0x2a: // a conversion from an MMX register or from memory
		return !scalar && len(op) > 2 && op[2] >= 0xc0
	case 0x2c, 0x2d: // conversions to MMX registers
		return !scalar
	case 0x38, 0xc4, 0xc5:
		return true
	case 0x3a: // palignr is the only one of its map
		return len(op) > 2 && op[2] == 0x0f
	}
	return op[1] >= 0x60 && op[1] <= 0x7b || op[1] == 0x7e || op[1] == 0x7f || op[1] >= 0xd1 && op[1] != 0xe6
}
