//go:build linux && amd64

package oracle

import (
	"fmt"
	"syscall"
	"unsafe"
)

// The kernel's numbers (linux/ptrace.h, linux/elf.h, asm-generic/mman.h).
const (
	ptraceSetThreadArea = 26
	ptraceGetSiginfo    = 0x4202
	ptraceGetRegset     = 0x4204
	ptraceSetRegset     = 0x4205
	ptraceExitKill      = 1 << 20
	ntX86XState         = 0x202
	mapFixedNoReplace   = 0x100000
	sysMemfdCreate      = 319
	sysGetCPU           = 309
	memfdCloexec        = 1
	saNoCldStop         = 1
)

// ptrace is the bare system call: the runtime need not know that this thread is
// in the kernel for a microsecond.
func ptrace(req, pid int, addr uintptr, data unsafe.Pointer) error {
	_, _, e := syscall.RawSyscall6(syscall.SYS_PTRACE, uintptr(req), uintptr(pid), addr, uintptr(data), 0, 0)
	if e != 0 {
		return e
	}
	return nil
}

func (o *Oracle) getRegs() error {
	return ptrace(syscall.PTRACE_GETREGS, o.pid, 0, unsafe.Pointer(&o.regs))
}

func (o *Oracle) setRegs() error {
	return ptrace(syscall.PTRACE_SETREGS, o.pid, 0, unsafe.Pointer(&o.regs))
}

// xstate gets or sets the whole x87, SSE and AVX state. Its length is the
// kernel's, found by the first get.
func (o *Oracle) xstate(req int) error {
	v := syscall.Iovec{Base: &o.xsave[0], Len: uint64(len(o.xsave))}
	if err := ptrace(req, o.pid, ntX86XState, unsafe.Pointer(&v)); err != nil {
		return err
	}
	o.xsave = o.xsave[:v.Len]
	return nil
}

// setThreadArea makes a descriptor of the tracee's from a struct user_desc.
func (o *Oracle) setThreadArea(desc *[4]uint32) error {
	return ptrace(ptraceSetThreadArea, o.pid, uintptr(desc[0]), unsafe.Pointer(desc))
}

// resume lets the tracee go on in the given way and waits for it to stop.
func (o *Oracle) resume(how int) (syscall.WaitStatus, error) {
	o.watch.running.Store(true)
	defer o.watch.ran()
	if err := ptrace(how, o.pid, 0, nil); err != nil {
		return 0, err
	}
	var st int32
	for {
		pid, _, e := syscall.Syscall6(syscall.SYS_WAIT4, uintptr(o.pid), uintptr(unsafe.Pointer(&st)), syscall.WALL, 0, 0, 0)
		switch {
		case e == syscall.EINTR:
		case e != 0:
			return 0, e
		case int(pid) == o.pid:
			return syscall.WaitStatus(st), nil
		}
	}
}

// poke sets one word of the tracee's register area.
func (o *Oracle) poke(off uintptr, v uint64) error {
	_, _, e := syscall.RawSyscall6(syscall.SYS_PTRACE, syscall.PTRACE_POKEUSR, uintptr(o.pid), off, uintptr(v), 0, 0)
	if e != 0 {
		return e
	}
	return nil
}

// siginfo is what stopped the tracee.
func (o *Oracle) siginfo() (code int32, addr uint64, err error) {
	var b [128]byte
	err = ptrace(ptraceGetSiginfo, o.pid, 0, unsafe.Pointer(&b))
	return *(*int32)(unsafe.Pointer(&b[8])), *(*uint64)(unsafe.Pointer(&b[16])), err
}

// memfd makes an anonymous file.
func memfd(name string) (int, error) {
	p, err := syscall.BytePtrFromString(name)
	if err != nil {
		return -1, err
	}
	fd, _, e := syscall.Syscall(sysMemfdCreate, uintptr(unsafe.Pointer(p)), memfdCloexec, 0)
	if e != 0 {
		return -1, fmt.Errorf("memfd_create: %w", e)
	}
	return int(fd), nil
}

// sigaction is the kernel's structure.
type sigaction struct {
	handler  uintptr
	flags    uint64
	restorer uintptr
	mask     uint64
}

// quietStops keeps the stops of traced children from raising SIGCHLD in this
// process, where nobody asked for it: it would double the cost of a step.
func quietStops() error {
	var sa sigaction
	const size = unsafe.Sizeof(sa.mask)
	if _, _, e := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(syscall.SIGCHLD), 0, uintptr(unsafe.Pointer(&sa)), size, 0, 0); e != 0 {
		return e
	}
	sa.flags |= saNoCldStop
	if _, _, e := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(syscall.SIGCHLD), uintptr(unsafe.Pointer(&sa)), 0, size, 0, 0); e != 0 {
		return e
	}
	return nil
}

// cpuSet is the kernel's set of CPUs, as large as any kernel's.
type cpuSet [1024 / 64]uint64

// pin ties the calling thread, and so the tracee that it will start, to the CPU
// it is on, and returns the CPUs it could run on before. A step is two thread
// switches, which cost a multiple when they wake another CPU.
func pin() (before cpuSet, err error) {
	var cpu uint32
	if _, _, e := syscall.RawSyscall(sysGetCPU, uintptr(unsafe.Pointer(&cpu)), 0, 0); e != 0 {
		return before, e
	}
	if _, _, e := syscall.RawSyscall(syscall.SYS_SCHED_GETAFFINITY, 0, unsafe.Sizeof(before), uintptr(unsafe.Pointer(&before))); e != 0 {
		return before, e
	}
	var one cpuSet
	one[cpu/64%uint32(len(one))] = 1 << (cpu % 64)
	return before, setAffinity(&one)
}

func setAffinity(s *cpuSet) error {
	if _, _, e := syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, 0, unsafe.Sizeof(*s), uintptr(unsafe.Pointer(s))); e != 0 {
		return e
	}
	return nil
}
