package oracle

import (
	"fmt"
	"syscall"
)

// State is what the oracle sets and reads of the CPU. The x87 registers are in
// the order of the stack and FTW is the abridged tag word: bit i set means that
// physical register i holds a value (SDM vol. 1 10.5.1.1).
type State struct {
	GPR            [16]uint64 // in the order of the encoding
	RIP            uint64
	RFlags         uint64
	FSBase, GSBase uint64
	Seg            [6]uint16 // es cs ss ds fs gs
	Bits           int       // 64 or 32: the size of the code segment
	MXCSR          uint32
	FCW, FSW       uint16
	FTW            uint8
	ST             [8][10]byte
	YMM            [16][32]byte
}

// NewState is the state of a fresh program for 64- or 32-bit code. FS and GS of
// 32-bit code are flat segments.
func NewState(bits int) *State {
	s := &State{RFlags: 0x202, Bits: bits, MXCSR: 0x1f80, FCW: 0x37f, Seg: [6]uint16{0, selCode64, selData}}
	if bits == 32 {
		s.Seg = [6]uint16{selData, selCode32, selData, selData, SelFS, SelGS}
	}
	return s
}

// Selectors of Linux (arch/x86/include/asm/segment.h), and those of the
// descriptors that the tracee gets besides.
const (
	selCode64 = 0x33
	selCode32 = 0x23
	selData   = 0x2b

	tlsFirst = 12 // GDT_ENTRY_TLS_MIN
	SelFS    = tlsFirst<<3 | 3
	SelGS    = (tlsFirst+1)<<3 | 3
)

// Segment is a descriptor as modify_ldt takes it (asm/ldt.h).
type Segment struct {
	Base, Limit uint32
	Flags       SegmentFlags
}

// SegmentFlags are the last word of a struct user_desc.
type SegmentFlags uint32

const (
	Seg32Bit  SegmentFlags = 1 << 0
	SegDown   SegmentFlags = 1 << 1 // data whose limit is below it
	SegCode   SegmentFlags = 2 << 1
	SegLocked SegmentFlags = 1 << 3 // data: read-only; code: may not be read
	SegPages  SegmentFlags = 1 << 4 // the limit counts pages
	SegAbsent SegmentFlags = 1 << 5

	segUsable SegmentFlags = 1 << 6
)

// Flat is the descriptor of SelFS and SelGS.
var Flat = Segment{0, 0xfffff, Seg32Bit | SegPages}

// LDT are the descriptors of the tracee's local table: the selector of entry i is
// i<<3 | 7.
var LDT = [...]Segment{
	{0x20000000, 0x1fff, Seg32Bit},                          // 07: small, with a base
	{0, 0xfffff, Seg32Bit | SegPages | SegLocked},           // 0f: read-only
	{0, 0x20000, Seg32Bit | SegPages | SegDown},             // 17: from 20001000 up
	{0, 0x10000, Seg32Bit | SegPages | SegCode},             // 1f: code below 10001000
	{0, 0xfffff, Seg32Bit | SegPages | SegCode | SegLocked}, // 27: code that may not be read
	{0x20000000, 0xfff, SegDown},                            // 2f: from 1000 to ffff, with a base
	{0, 0xfffff, Seg32Bit | SegPages | SegAbsent},           // 37
	{0x10000000, 0x1fff, Seg32Bit | SegCode},                // 3f: code with a base
}

// Descriptor is the segment's descriptor as Linux makes it.
func (s Segment) Descriptor() uint64 {
	bit := func(f SegmentFlags, at int) uint64 {
		if s.Flags&f != 0 {
			return 1 << at
		}
		return 0
	}
	kind := uint64(0x71)<<40 | uint64(s.Flags>>1&3)<<42 | bit(SegLocked, 41) ^ 1<<41 | bit(SegAbsent, 47) ^ 1<<47
	size := uint64(1)<<52 | bit(Seg32Bit, 54) | bit(SegPages, 55)
	base, limit := uint64(s.Base), uint64(s.Limit)
	return limit&0xffff | limit>>16&15<<48 | base&0xffffff<<16 | base>>24<<56 | kind | size
}

// Region is memory of the tracee: whole pages, zero at first.
type Region struct {
	Addr  uint64
	Size  uint64
	Write bool
	Exec  bool
}

// Exception vectors that Stop tells apart (SDM vol. 3A table 6-1).
const (
	NoVector = -1
	VecDE    = 0
	VecDB    = 1
	VecBP    = 3
	VecOF    = 4
	VecBR    = 5
	VecUD    = 6
	VecNP    = 11
	VecSS    = 12
	VecGP    = 13
	VecPF    = 14
	VecMF    = 16
	VecAC    = 17
	VecXM    = 19
)

// Stop says how a step ended: the exception, and the signal that the kernel
// made of it.
type Stop struct {
	Vector int // NoVector: the instruction is done
	Signal syscall.Signal
	Code   int32
	Addr   uint64 // of a page fault
}

func (s Stop) String() string {
	if s.Vector == NoVector {
		return "done"
	}
	return fmt.Sprintf("exception %d (%v, code %d, address %#x)", s.Vector, s.Signal, s.Code, s.Addr)
}
