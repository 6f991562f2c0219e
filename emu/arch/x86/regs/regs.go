// Package regs lays out the register words of an x86 vCPU and computes the
// arithmetic flags from their lazy form. The translator, the Linux personality
// and the views of plugins read state through it; it translates nothing.
package regs

import (
	"panda/emu/guest"
	"panda/emu/ir"
)

// The architectures.
const (
	I386   guest.Arch = "i386"
	X86_64 guest.Arch = "x86_64"
)

// The slots. General registers come first in the order of the encoding, so
// that a register number is its word.
const (
	RAX ir.Ref = iota
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
	RIP
	CCOp   // how the arithmetic flags are kept: a CC
	CCDst  // see CC
	CCSrc  // see CC
	CCSrc2 // see CC
	CCCF   // see CC
	DF     // +1 or -1 as two's complement: the step of string instructions
	EFL    // the other flags of RFLAGS in place: TF IF IOPL NT RF VM AC VIF VIP ID
	Sel    // selectors: ES CS SS DS FS GS
	Base   = Sel + 6
	Limit  = Base + 6
	Attr   = Limit + 6 // attributes in the places of a descriptor's high half: see AttrL
	CR0    = Attr + 6
	CR2    = CR0 + 1
	CR3    = CR0 + 2
	CR4    = CR0 + 3
	CR8    = CR0 + 4
	EFER   = CR0 + 5
	XCR0   = CR0 + 6
	MXCSR  = CR0 + 7
	FCW    = MXCSR + 1
	FSW    = FCW + 1  // without TOP
	FTop   = FSW + 1  // 0..7
	FTag   = FTop + 1 // bit i set: physical register i holds a value
	FIP    = FTag + 1
	FDP    = FIP + 1
	FOP    = FDP + 1
	TSCAux = FOP + 1
	FNew   = TSCAux + 1 // within an x87 store: what is to be done after the access
	Area   = FNew + 1   // Areas descriptors of the thread that the environment knows: see Environment
	// ST is the first of eight x87 registers of two words: mantissa (also MMX
	// register), then sign and exponent in the low 16 bits. Physical order.
	ST = ir.Ref(72)
	// YMM is the first of sixteen registers of four words, each in one cache line.
	YMM      = ir.Ref(88)
	TempBase = YMM + 64
)

// Areas is how many words Area has.
const Areas = 3

// Segment register numbers, as encoded.
const (
	ES = iota
	CS
	SS
	DS
	FS
	GS
)

// Attributes of a segment (SDM vol. 3A 3.4.5).
const (
	AttrWrite   = 1 << 9  // data: may be written; code: may be read
	AttrDown    = 1 << 10 // data: the limit is below the segment
	AttrCode    = 1 << 11
	AttrPresent = 1 << 15

	AttrL = 1 << 21 // 64-bit code
	AttrB = 1 << 22 // 32-bit code, or a stack with a 32-bit pointer
)

// The selectors that Linux gives to programs.
const (
	UserCode64 = 0x33
	UserCode32 = 0x23
	UserData   = 0x2b
	UserCPU    = 0x7b // its limit is the number of the CPU, as that in TSCAux
)

// SetUserSegments gives a program its flat segments, for 64- or 32-bit code. The
// others are null.
func SetUserSegments(w *Words, bits int) {
	sel := [6]uint16{CS: UserCode64, SS: UserData}
	if bits == 32 {
		sel = [6]uint16{CS: UserCode32, SS: UserData, DS: UserData, ES: UserData}
	}
	for s, v := range sel {
		if d, ok := FlatDescriptor(v); ok {
			LoadSegment(w[:], ir.Ref(s), v, d)
		} else {
			LoadNull(w[:], ir.Ref(s), 0)
		}
	}
}

// Plain reports whether a segment allows every access, or in the case of CS
// every load and fetch.
func Plain(w *Words, seg ir.Ref) bool {
	const data = AttrPresent | AttrWrite
	want, mask := uint64(data), uint64(data|AttrCode|AttrDown)
	if seg == CS {
		want, mask = data|AttrCode, data|AttrCode
	}
	return w[Attr+seg]&mask == want && w[Limit+seg] == 1<<32-1
}

// CodeBits is the width of the code segment: 64, 32 or 16.
func CodeBits(w *Words) int {
	switch a := w[Attr+CS]; {
	case a&AttrL != 0:
		return 64
	case a&AttrB != 0:
		return 32
	}
	return 16
}

// RFLAGS bits (SDM vol. 1 3.4.3).
const (
	CF         = 1 << 0
	FlagsFixed = 1 << 1
	PF         = 1 << 2
	AF         = 1 << 4
	ZF         = 1 << 6
	SF         = 1 << 7
	TF         = 1 << 8
	IF         = 1 << 9
	DFBit      = 1 << 10
	OF         = 1 << 11
	IOPL       = 3 << 12
	NT         = 1 << 14
	RF         = 1 << 16
	VM         = 1 << 17
	AC         = 1 << 18
	VIF        = 1 << 19
	VIP        = 1 << 20
	ID         = 1 << 21
	Arith      = CF | PF | AF | ZF | SF | OF
)

// Bits of CR0, CR4 and EFER (SDM vol. 3A 2.5 and 2.2.1).
const (
	CR0PE = 1 << 0
	CR0MP = 1 << 1
	CR0EM = 1 << 2
	CR0TS = 1 << 3
	CR0ET = 1 << 4
	CR0NE = 1 << 5
	CR0WP = 1 << 16
	CR0AM = 1 << 18
	CR0NW = 1 << 29
	CR0CD = 1 << 30
	CR0PG = 1 << 31

	CR4VME        = 1 << 0
	CR4PVI        = 1 << 1
	CR4TSD        = 1 << 2
	CR4DE         = 1 << 3
	CR4PSE        = 1 << 4
	CR4PAE        = 1 << 5
	CR4MCE        = 1 << 6
	CR4PGE        = 1 << 7
	CR4PCE        = 1 << 8
	CR4OSFXSR     = 1 << 9
	CR4OSXMMEXCPT = 1 << 10
	CR4UMIP       = 1 << 11
	CR4FSGSBASE   = 1 << 16
	CR4PCIDE      = 1 << 17
	CR4OSXSAVE    = 1 << 18
	CR4SMEP       = 1 << 20
	CR4SMAP       = 1 << 21

	EFERSCE = 1 << 0
	EFERLME = 1 << 8
	EFERLMA = 1 << 10
	EFERNXE = 1 << 11
)

// CPL is the privilege of the code that runs on a machine's CPU: in real mode there is all
// of it, and none in virtual-8086 mode. Elsewhere it is that of the stack: CS may still have
// a selector of real mode.
func CPL(w *Words) uint64 {
	switch {
	case w[CR0]&CR0PE == 0:
		return 0
	case w[EFL]&VM != 0:
		return 3
	}
	return w[Attr+SS] >> 13 & 3
}

// XMM is the first word of vector register n.
func XMM(n uint8) ir.Ref { return YMM + 4*ir.Ref(n) }
