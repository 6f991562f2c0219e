package event

import (
	"panda/emu/guest"
	"panda/emu/vcpu"
)

// The function types of callbacks, by kind.
type (
	// PCFunc serves insn_exec, after_insn_exec and before_block_translate.
	PCFunc func(c *vcpu.CPU, pc guest.Addr)
	// PCBoolFunc serves insn_translate.
	PCBoolFunc func(c *vcpu.CPU, pc guest.Addr) bool
	// BlockFunc serves before_block_exec, after_block_translate and
	// cpu_restore_state.
	BlockFunc func(c *vcpu.CPU, tb *vcpu.TB)
	// BlockBoolFunc serves before_block_exec_invalidate_opt.
	BlockBoolFunc func(c *vcpu.CPU, tb *vcpu.TB) bool
	// AfterBlockFunc serves after_block_exec.
	AfterBlockFunc func(c *vcpu.CPU, tb, next *vcpu.TB)
	// MemFunc serves the virt_mem kinds. Buf aliases nothing of the guest.
	MemFunc func(c *vcpu.CPU, m *vcpu.MemAccess)
	// HypercallFunc serves guest_hypercall.
	HypercallFunc func(c *vcpu.CPU) bool
	// SyscallFunc serves syscall_leave, user_before_syscall and user_after_syscall.
	SyscallFunc func(c *vcpu.CPU, s *Syscall)
	// SyscallBoolFunc serves syscall_enter.
	SyscallBoolFunc func(c *vcpu.CPU, s *Syscall) bool
	// ExceptionFunc serves before_exception.
	ExceptionFunc func(c *vcpu.CPU, e *guest.Exception)
	// ASIDFunc serves asid_changed.
	ASIDFunc func(c *vcpu.CPU, old, now guest.ASID)
	// ProcessFunc serves process_start, process_fork and process_exit.
	ProcessFunc func(c *vcpu.CPU, p *Process)
	// ThreadFunc serves thread_start and thread_exit.
	ThreadFunc func(c *vcpu.CPU, t *Thread)
	// ModuleFunc serves module_mapped and module_unmapped.
	ModuleFunc func(c *vcpu.CPU, m *MappedModule)
	// Func serves shutdown.
	Func func()
)

// Syscall is a system call as callbacks see it.
type Syscall struct {
	Name   string
	Number int
	NArgs  int // arguments that the call has; 6 for an unknown call
	Args   [6]uint64
	Ret    int64 // result: negative errno on failure, as the kernel returns it
	// Text prints the call in strace's format; the result only on leave.
	Text func() string
}

// Process is a guest process that starts an image, is made, or ends.
type Process struct {
	PID    int
	Path   string // of process_start
	Parent int    // of process_fork
	Status int    // wait status, of process_exit
}

// Thread is a guest thread that is made or ends.
type Thread struct {
	TID, PID int
	Status   int // wait status, of thread_exit
}

// MappedModule is code of a file that is mapped or unmapped.
type MappedModule struct {
	Path       string
	Start, End guest.Addr
}
