//go:build linux && amd64

package enter

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"panda/emu/vcpu"
)

// ctxWord is the word of vcpu.CPU.W that R15 points at in machine code.
const ctxWord = Bias / 8

// Places relative to R15 that assembly code uses; the compiler hands it the
// constants in go_asm.h.
const (
	ctxHost     = int(unsafe.Offsetof(vcpu.CPU{}.Host)) - Bias
	hostLanding = ctxHost + int(unsafe.Offsetof(vcpu.Host{}.Landing))
	hostSignal  = ctxHost + int(unsafe.Offsetof(vcpu.Host{}.Signal))
	hostRIP     = ctxHost + int(unsafe.Offsetof(vcpu.Host{}.RIP))
	hostAddr    = ctxHost + int(unsafe.Offsetof(vcpu.Host{}.Addr))
	hostSP      = ctxHost + int(unsafe.Offsetof(vcpu.Host{}.SP))
	hostRegs    = ctxHost + int(unsafe.Offsetof(vcpu.Host{}.Regs))

	hostExit    = ctxHost + int(unsafe.Offsetof(vcpu.Host{}.Exit))
	hostFP      = ctxHost + int(unsafe.Offsetof(vcpu.Host{}.FP))
	hostMXCSR   = ctxHost + int(unsafe.Offsetof(vcpu.Host{}.MXCSR))
	hostCalling = ctxHost + int(unsafe.Offsetof(vcpu.Host{}.Calling))

	ctxCPU  = -Bias
	ctxSkip = int(unsafe.Offsetof(vcpu.CPU{}.Skip)+unsafe.Offsetof(vcpu.Skip{}.On)) - Bias
	ctxStop = int(vcpu.StopAt) - Bias

	callFn     = int(unsafe.Offsetof(vcpu.Call{}.Fn))
	callArg    = int(unsafe.Offsetof(vcpu.Call{}.Arg))
	callFor    = int(unsafe.Offsetof(vcpu.Call{}.For))
	callResume = int(unsafe.Offsetof(vcpu.Call{}.Resume))
	callExit   = int(unsafe.Offsetof(vcpu.Call{}.Exit))
	callWants  = int(unsafe.Offsetof(vcpu.Call{}.Wants))
	servedHits = int(unsafe.Offsetof(vcpu.Served{}.Hits))
	servedOn   = int(unsafe.Offsetof(vcpu.Served{}.On))

	stopYield = vcpu.StopYield
)

// The places that only the assembler reads, in go_asm.h.
var _ = [...]int{
	hostSP, hostCalling, ctxCPU, ctxSkip, ctxStop, callFn, callArg, callFor, callResume, callExit, callWants, servedHits, servedOn,
}

// enter runs machine code at code with R15 = ctx until it returns. The code
// leaves RSP as it found it, DF clear, the x87 stack empty, MXCSR as it was and
// the upper halves of vector registers zero; it pushes nothing and calls
// nothing. R10 is 0 then, or the *vcpu.Call of a function that is to be called
// before code is entered at its Resume, through code+ResumeAt. Go's scheduler may run
// another goroutine before the code starts.
func enter(ctx unsafe.Pointer, code uintptr)

// Run runs machine code on behalf of a CPU.
func Run(c *vcpu.CPU, code uintptr) { enter(unsafe.Pointer(&c.W[ctxWord]), code) }

// sigaction is the kernel's struct (arch/x86/include/uapi/asm/signal.h).
type sigaction struct {
	handler  uintptr
	flags    uint64
	restorer uintptr
	mask     uint64
}

// rtSigaction reads and, unless set is nil, changes what is done upon a signal.
func rtSigaction(sig unix.Signal, set, old *sigaction) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(set)),
		uintptr(unsafe.Pointer(old)), unsafe.Sizeof(sigaction{}.mask), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
