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

// DR6Step is the Code of a debug exception after a single step: BS of DR6 (SDM
// vol. 3B 18.2.3).
const DR6Step = 1 << 14
