package vcpu

// Host is the part of a CPU that machine code uses besides the register words. Most
// fields are of an amd64 host, the only one that there is machine code for. Their
// layout is known to assembly code: a test holds their places.
type Host struct {
	Target    uintptr // where machine code is to be entered
	Landing   uintptr // where the signal handlers send machine code that faulted
	Exit      uint32  // number of the exit site of the block that left
	Block     uint32  // number of the block that left
	FP        uint32  // not 0 while the host works in the guest's floating-point environment
	Signal    uint32  // number of the signal of a fault, 0 for none
	RIP       uintptr // host address of the instruction that faulted
	Addr      uintptr // host address that it could not access
	SP        uintptr // stack pointer at the entry into machine code
	Regs      [16]uint64
	Canonical uint64    // a constant that code compares with
	Link      uintptr   // where a subroutine returns to
	Scratch   [4]uint64 // where machine code keeps a register for a while
	Vec       [16][4]uint64
	MXCSR     uint32 // Go's floating-point environment

	// Calling is the site whose function machine code calls or called last, and
	// Before the static word at that time where the block does not know it.
	Calling *Call
	Before  uint64

	// Own is the target's alone, which says what is where in it.
	Own [17]uint64
}

// Chain is where a block's machine code leads on through a chain slot: offsets
// of the jump's displacement, 0 for none, and of the exit that it takes while
// nothing is linked.
type Chain struct{ Place, Stub uint32 }

// Redo is the fault value of an engine that cannot go on by itself: the instruction is
// to be run again, alone, from a block that is Exact.
type Redo struct{ Why RedoReason }

// RedoReason is why an instruction is run again.
type RedoReason uint8

// The reasons.
const (
	RedoAddress RedoReason = iota // the engine cannot tell whether an access is allowed
	// The engine does a family of helpers by itself in that block, in a way that the
	// state of the guest does not allow.
	RedoRefused
	RedoMiss // the TLB does not allow an access, which may be seldom
)
