package dec

import "strings"

// operand is one operand code of a row, parsed: where it is (how), what it is
// (kind) and how wide it is as a register (rsz) and in memory (msz).
type operand struct {
	how  how
	kind Kind
	num  uint8 // register number if how is inFixed
	rsz  sizeCode
	msz  sizeCode
}

// how says where the operand is encoded.
type how uint8

const (
	inRM    how = iota // ModRM.rm: memory, or a register of kind
	inReg              // ModRM.reg
	inVvvv             // VEX.vvvv
	inOpc              // low three bits of the opcode
	inIs4              // high half of an immediate byte
	inFixed            // nowhere: the register num
	immZero            // immediate of rsz bytes, zero-extended
	immByte            // immediate byte sign-extended to rsz
	immSign            // immediate of at most 4 bytes, sign-extended to rsz
	immFull            // immediate of the full operand size
	immOne             // the constant 1 of shifts
	relByte            // branch displacement of one byte
	relFull            // branch displacement of at most 4 bytes
	farPtr             // selector:offset
	moffs              // absolute address
	strSI              // seg:[rSI]
	strDI              // es:[rDI]
	xlatBX             // seg:[rBX + AL]
)

// sizeCode is a number of bytes, or one of the codes that need the decoded
// prefixes.
type sizeCode uint8

const (
	szV    sizeCode = 0x80 + iota // 2, 4, 8: the operand size
	szZ                           // 2, 4: at most 4
	szY                           // 4, 8: at least 4
	szR                           // 8 in 64-bit mode, else 4
	szN                           // the address size
	szPair                        // two operands of the operand size (bound)
	szFar                         // a selector and an offset of the operand size
	szX                           // the vector: 16 or 32
	szXh                          // half of it
	szXq                          // a quarter
	szXe                          // an eighth
)

// The type letters of SDM vol. 2D A.2.2, and those that its notation lacks:
// r, n, xh, xq, xe. Packed types say how lanes are read, which is the
// translator's business, so they are all x here.
var typeCodes = map[string]sizeCode{
	"": 0, "b": 1, "w": 2, "d": 4, "q": 8, "t": 10, "dq": 16, "qq": 32,
	"ss": 4, "sd": 8, "ps": szX, "pd": szX, "x": szX, "xh": szXh, "xq": szXq, "xe": szXe,
	"v": szV, "z": szZ, "y": szY, "r": szR, "n": szN, "a": szPair, "p": szFar,
}

// Operand codes that name their operand.
var namedCodes = map[string]operand{
	"AL": {inFixed, GPR, 0, 1, 0}, "CL": {inFixed, GPR, 1, 1, 0},
	"AX": {inFixed, GPR, 0, 2, 0}, "DX": {inFixed, GPR, 2, 2, 0},
	"eAX": {inFixed, GPR, 0, szZ, 0}, "rAX": {inFixed, GPR, 0, szV, 0},
	"ES": {inFixed, SegReg, 0, 2, 0}, "CS": {inFixed, SegReg, 1, 2, 0},
	"SS": {inFixed, SegReg, 2, 2, 0}, "DS": {inFixed, SegReg, 3, 2, 0},
	"FS": {inFixed, SegReg, 4, 2, 0}, "GS": {inFixed, SegReg, 5, 2, 0},
	"ST0": {inFixed, STReg, 0, 10, 0}, "STi": {inRM, STReg, 0, 10, 0},
	"XMM0": {inFixed, XMM, 0, 16, 0}, "1": {how: immOne},
	"Ib": {immZero, ImmArg, 0, 1, 0}, "Iw": {immZero, ImmArg, 0, 2, 0},
	"sIb": {immByte, ImmArg, 0, szV, 0}, "Iz": {immSign, ImmArg, 0, szV, 0},
	"Iv": {immFull, ImmArg, 0, szV, 0}, "Jb": {how: relByte}, "Jz": {how: relFull},
	"Ap": {how: farPtr}, "BX+AL": {how: xlatBX},
}

// The addressing letters of SDM vol. 2D A.2.1. M, R, U and N differ from E, W
// and Q in what ModRM.mod may be; formCond knows that.
var letterCodes = map[byte]operand{
	'E': {how: inRM, kind: GPR}, 'R': {how: inRM, kind: GPR}, 'M': {how: inRM},
	'W': {how: inRM, kind: XMM}, 'U': {how: inRM, kind: XMM},
	'Q': {how: inRM, kind: MMReg}, 'N': {how: inRM, kind: MMReg},
	'G': {how: inReg, kind: GPR}, 'V': {how: inReg, kind: XMM}, 'P': {how: inReg, kind: MMReg},
	'S': {how: inReg, kind: SegReg}, 'C': {how: inReg, kind: CtlReg}, 'D': {how: inReg, kind: DbgReg},
	'B': {how: inVvvv, kind: GPR}, 'H': {how: inVvvv, kind: XMM}, 'L': {how: inIs4, kind: XMM},
	'Z': {how: inOpc, kind: GPR}, 'O': {how: moffs}, 'X': {how: strSI}, 'Y': {how: strDI},
}

// parseOperand reads one code: a named one, a letter and a type ("Ev"), a
// register and a memory form of different widths ("Rv/Mw"), or gathered
// elements and the type of their vector index ("Md[xh]").
func parseOperand(code string) operand {
	if o, ok := namedCodes[code]; ok {
		return o
	}
	o, ok := letterCodes[code[0]]
	reg, mem := code[1:], code[1:]
	if r, m, both := strings.Cut(code, "/M"); both {
		reg, mem = r[1:], m
	} else if m, index, gather := strings.Cut(code[1:], "["); gather {
		reg, mem = strings.TrimSuffix(index, "]"), m
	}
	var okReg, okMem bool
	o.rsz, okReg = typeCodes[reg]
	o.msz, okMem = typeCodes[mem]
	if o.kind == SegReg { // its type letter says 16 bits of what it is moved to
		o.rsz, okReg, okMem = 2, true, true
	}
	if !ok || !okReg || !okMem {
		panic("BUG: operand code " + code + " is not known")
	}
	return o
}

// formCond is what an operand code demands of ModRM.mod.
func formCond(code string) cond {
	if code == "" || strings.Contains(code, "/") || namedCodes[code] != (operand{}) {
		return 0
	}
	switch code[0] {
	case 'M':
		return mem
	case 'R', 'U', 'N':
		return reg
	}
	return 0
}

// size resolves a size code for this instruction.
func (in *Inst) size(c sizeCode) uint8 {
	if c < szV {
		return uint8(c)
	}
	switch c {
	case szV:
		return in.OpSize
	case szZ:
		return min(in.OpSize, 4)
	case szY:
		return max(in.OpSize, 4)
	case szR:
		if in.Mode == Mode64 {
			return 8
		}
		return 4
	case szN:
		return in.AddrSize
	case szPair:
		return 2 * in.OpSize
	case szFar:
		return 2 + in.OpSize
	default:
		return 16 << in.VexL >> (c - szX)
	}
}
