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
	Seg            [6]uint16 // es cs ss ds fs gs: read only; Bits decides what they are set to
	Bits           int       // 64 or 32: the size of the code segment
	MXCSR          uint32
	FCW, FSW       uint16
	FTW            uint8
	ST             [8][10]byte
	YMM            [16][32]byte
}

// NewState is the state of a fresh program for 64- or 32-bit code.
func NewState(bits int) *State {
	return &State{RFlags: 0x202, Bits: bits, MXCSR: 0x1f80, FCW: 0x37f}
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
