package regs

// Environment is what an x86 CPU asks its surroundings for.
type Environment struct {
	// Descriptor finds the segment descriptor of a selector besides those that every
	// program has; nil when there are no others.
	Descriptor func(sel uint16) (d uint64, ok bool)
}

// The gates: what makes a system call. They are a vcpu.Gate.
const (
	GateSyscall  = iota // SYSCALL
	GateSysenter        // SYSENTER
	GateInt80           // INT 0x80
)

// Exception vectors (SDM vol. 3A table 6-1).
const (
	VecDE  = 0
	VecDB  = 1
	VecNMI = 2
	VecBP  = 3
	VecOF  = 4
	VecBR  = 5
	VecUD  = 6
	VecNM  = 7
	VecDF  = 8
	VecTS  = 10
	VecNP  = 11
	VecSS  = 12
	VecGP  = 13
	VecPF  = 14
	VecMF  = 16
	VecAC  = 17
	VecXM  = 19
)

// Page fault error bits (SDM vol. 3A 4.7).
const (
	PFPresent  = 1
	PFWrite    = 2
	PFUser     = 4
	PFReserved = 8
	PFFetch    = 16
)

// DR6Step is the Code of a debug exception after a single step: BS of DR6 (SDM
// vol. 3B 18.2.3).
const DR6Step = 1 << 14
