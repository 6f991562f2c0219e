package dec

import "errors"

// Mode is the width of the code segment: CS.D and CS.L decide it.
type Mode uint8

const (
	Mode16 Mode = 16
	Mode32 Mode = 32
	Mode64 Mode = 64
)

// What is wrong with the guest's bytes.
var (
	ErrTruncated = errors.New("dec: instruction needs more bytes")        // fetch more, or #PF
	ErrInvalid   = errors.New("dec: invalid instruction")                 // #UD
	ErrTooLong   = errors.New("dec: instruction is longer than 15 bytes") // #GP(0)
)

// MaxLen is the longest instruction a CPU accepts (SDM vol. 2A 2.3.11).
const MaxLen = 15

// Kind says what an operand is.
type Kind uint8

const (
	None   Kind = iota
	GPR         // Reg 0..15 in encoding order (rax rcx rdx rbx rsp rbp rsi rdi r8..), Size 1, 2, 4, 8
	GPRH        // ah ch dh bh: Reg 0..3 is the register whose second byte it is
	SegReg      // Reg 0..5: es cs ss ds fs gs
	CtlReg      // Reg is the number of the control register
	DbgReg      // Reg is the number of the debug register
	STReg       // x87 st(Reg)
	MMReg       // Reg 0..7, Size 8
	XMM         // Reg 0..15, Size 16 (xmm) or 32 (ymm); Width tells the bytes that take part
	MemArg      // Inst.Mem, or es:[rDI] if Reg is MemDI; Size in bytes, 0 if it has no plain size
	ImmArg      // Imm, extended as the instruction uses it; Size is the width to print
	RelArg      // Imm is the signed displacement from the next instruction
	FarArg      // Imm is the offset, Inst.Sel the selector
)

// Arg is one operand.
type Arg struct {
	Kind  Kind
	Reg   uint8
	Size  uint8 // bytes; of an XMM register the register's own width
	Width uint8 // bytes accessed: differs from Size for scalars and halves in XMM registers
	Imm   int64
}

// Arg.Reg of a MemArg: which memory operand it is. String instructions that
// have both sides describe the rSI side in Inst.Mem, those with only the rDI
// side (ins, stos, scas) describe that.
const (
	MemModRM = 0 // Inst.Mem
	MemDI    = 1 // es:[rDI] of a string instruction, whatever Inst.Mem says
)

// Seg is a segment register in encoding order.
type Seg uint8

const (
	SegES   Seg = 0
	SegCS   Seg = 1
	SegSS   Seg = 2
	SegDS   Seg = 3
	SegFS   Seg = 4
	SegGS   Seg = 5
	SegNone Seg = 255
)

// Base and Index values that are not a GPR.
const (
	RegNone = -1
	RegIP   = 16 // Base only: address of the next instruction
)

// Mem is an effective address: Seg:[Base + Index<<Scale + Disp], truncated to
// Inst.AddrSize before the segment base is added.
type Mem struct {
	Seg   Seg   // effective segment; in 64-bit mode only FS and GS overrides count
	Base  int8  // GPR number, RegNone or RegIP
	Index int8  // GPR number or RegNone; an XMM number if Vsib is set
	Scale uint8 // log2
	Vsib  uint8 // 0, or the size of the vector index register: 16 or 32
	Disp  int64 // sign-extended; for moffs forms the whole address
}

// Prefix is the set of prefixes that count. REX and VEX payload bits are here
// in their positive sense.
type Prefix uint16

const (
	Lock  Prefix = 1 << iota
	RepE         // F3; of F2 and F3 the last one counts
	RepNE        // F2
	OpSize66
	AddrSize67
	RexPrefix
	RexW
	RexR
	RexX
	RexB
	VexPrefix
)

// Inst is one decoded instruction.
type Inst struct {
	Row         *Row
	Mode        Mode
	Len         uint8
	OpSize      uint8 // effective operand size: 2, 4, 8
	AddrSize    uint8 // 2, 4, 8
	Prefix      Prefix
	SegOverride Seg   // last segment prefix; in 64-bit mode FS and GS beat the ignored ones
	Opcode      uint8 // last opcode byte; its low four bits are the condition of jcc, setcc, cmovcc
	ModRM       uint8
	VexL        uint8  // 0: 128 bit, 1: 256 bit
	N           uint8  // number of operands
	Args        [5]Arg // Intel order, destination first
	Mem         Mem    // set if there is a MemArg, or an implicit operand (ImplDI, ImplAX)
	Sel         uint16 // of a FarArg
}

// RowFlags are the properties of a row that are not part of the match.
type RowFlags uint16

const (
	LockOK    RowFlags = 1 << iota // LOCK is allowed with a memory destination
	RepOK                          // F3 and F2 repeat rCX times
	RepZOK                         // F3 and F2 repeat while ZF is as they say
	Def64                          // operand size is 64 in 64-bit mode unless 66 makes it 16
	Force64                        // operand size is 64 in 64-bit mode, whatever the prefixes
	ImplDI                         // an implicit operand at DS:[rDI], described by Inst.Mem
	ImplAX                         // an implicit operand at DS:[rAX], described by Inst.Mem
	RegForm                        // ModRM.mod is ignored and taken as 3 (mov to and from CR, DR)
	GatherSrc                      // memory operand needs SIB with a vector index
	BndOK                          // F2 is bnd, 3E with an indirect form notrack: displayed only
	AnyAlign                       // 16 bytes in memory need not be aligned, on the CPUs of some vendors

	only66   // 66 selects the row and so says nothing about the operand size
	hasVvvv  // an operand is in VEX.vvvv, which otherwise must be 1111b
	checkReg // not every register number is legal
)

// Map is an opcode map.
type Map uint8

const (
	MapOneByte Map = iota
	Map0F
	Map0F38
	Map0F3A
	MapX87
	MapVex0F
	MapVex0F38
	MapVex0F3A
	numMaps
)

// Row is one encoding of the instruction tables.
type Row struct {
	ID    uint16 // index into Rows()
	Name  string // what the instruction does, independent of operand size: the translator's key
	Flags RowFlags
	Map   Map
	Op    uint8  // first opcode byte it covers (+r forms cover eight)
	Spec  string // operands in the codes of SDM vol. 2D appendix A.2
	n     uint8
	ops   [5]operand
}

// ElemSize is the size of the element that a string instruction works on.
func (in *Inst) ElemSize() uint8 {
	if in.Row.Name == "outs" { // its first operand is the port
		return in.Args[1].Size
	}
	return in.Args[0].Size
}

// Next is the address after an instruction at pc, wrapped to the mode.
func (in *Inst) Next(pc uint64) uint64 {
	return truncate(pc+uint64(in.Len), in.Mode)
}

// Target is the address that the RelArg operand of an instruction at pc (an
// offset in CS) means.
// A 16-bit operand size clears the upper half of the instruction pointer
// (SDM vol. 2A, JMP and Jcc).
func (in *Inst) Target(pc uint64, a *Arg) uint64 {
	t := pc + uint64(in.Len) + uint64(a.Imm)
	if in.OpSize == 2 && in.Mode != Mode64 {
		return t & 0xffff
	}
	return truncate(t, in.Mode)
}

func truncate(addr uint64, mode Mode) uint64 {
	if mode == Mode64 {
		return addr
	}
	return addr & 0xffff_ffff
}
