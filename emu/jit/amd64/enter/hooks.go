//go:build linux && amd64

// Signals. Machine code cannot be interrupted by Go's scheduler, cannot be
// unwound by it, and faults in the guest's name. So before Go's own handlers
// stand ours, which look whether machine code was interrupted, by the address
// of the instruction: host.CodeRange holds machine code and nothing else. If
// not, Go's handler runs as if nothing were there.
//
// Only the address of the handler is replaced; flags, mask and restorer stay
// those of Go. signal.Notify and signal.Reset leave the hooks alone;
// signal.Ignore of one of their signals would remove them, and is never called.

package enter

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"panda/emu/host"
	"panda/emu/jit/amd64/asm"
	"panda/emu/vcpu"
)

// What the handlers know: the range of machine code, the place of the stop word
// relative to R15, and Go's handler of each signal.
var (
	codeLo, codeSize uintptr
	stopAt           uintptr
	goHandler        [65]uintptr
)

// handlers are the addresses of ours.
func handlers() (yield, fault, show uintptr)

// hook is a signal with the handler to put before Go's.
type hook struct {
	sig     unix.Signal
	handler uintptr
	needed  bool // machine code cannot run without it
}

func hooks() []hook {
	yield, fault, show := handlers()
	return []hook{
		{unix.SIGURG, yield, true},
		{unix.SIGSEGV, fault, true},
		{unix.SIGBUS, fault, true},
		{unix.SIGFPE, fault, true},
		{unix.SIGPROF, show, false},
		{unix.SIGQUIT, show, false},
		{unix.SIGABRT, show, false},
		{unix.SIGTRAP, show, false},
		{unix.SIGILL, show, false},
	}
}

// hookSignals puts our handlers in place, once: a second time would make them
// call themselves. After an error some may be in place; they do no harm.
var hookSignals = sync.OnceValue(func() error {
	lo, hi := host.CodeRange()
	if lo == hi {
		return errors.New("no addresses for machine code")
	}
	codeLo, codeSize, stopAt = lo, hi-lo, vcpu.StopOffset()-Bias
	for _, h := range hooks() {
		if err := h.set(); err != nil {
			return fmt.Errorf("hook %s: %w", unix.SignalName(h.sig), err)
		}
	}
	return nil
})

func (h *hook) set() error {
	var act sigaction
	if err := rtSigaction(h.sig, nil, &act); err != nil {
		return err
	}
	if act.handler <= 1 { // SIG_DFL, SIG_IGN
		if h.needed {
			return errors.New("not handled by Go")
		}
		return nil
	}
	goHandler[h.sig] = act.handler
	act.handler = h.handler
	return rtSigaction(h.sig, &act, nil)
}

// Unusable tells why machine code cannot run in this process; nil says that it
// can. It installs the hooks and tries both: machine code that sends itself the
// scheduler's signal, and machine code that faults.
var Unusable = sync.OnceValue(func() error {
	if preemptOff(os.Getenv("GODEBUG")) {
		return errors.New("GODEBUG has asyncpreemptoff or gccheckmark, so Go's scheduler cannot ask for the thread")
	}
	if err := hookSignals(); err != nil {
		return err
	}
	a, err := host.NewArena(os.Getpagesize())
	if err != nil {
		return err
	}
	return errors.Join(tryHooks(a), a.Close())
})

// preemptOff reads GODEBUG as the runtime does at its start: the last number
// counts. To check the collector's marks also turns the signal off.
func preemptOff(godebug string) bool {
	set := map[string]int64{}
	for _, setting := range strings.Split(godebug, ",") {
		name, v, _ := strings.Cut(setting, "=")
		if n, err := strconv.ParseInt(v, 10, 32); err == nil {
			set[name] = n
		}
	}
	return set["asyncpreemptoff"] != 0 || set["gccheckmark"] > 0
}

// tryYield sends a signal to its own thread and leaves the kernel's answer in the
// word at R15.
func tryYield(a *asm.Writer, sig unix.Signal) {
	a.MovImm(asm.RAX, unix.SYS_GETTID)
	a.Syscall()
	a.Mov(4, asm.RSI, asm.RAX)
	a.Load(4, asm.RDI, asm.At(asm.R15, 0))
	a.MovImm(asm.RDX, uint64(sig))
	a.MovImm(asm.RAX, unix.SYS_TGKILL)
	a.Syscall()
	a.Store(8, asm.At(asm.R15, 0), asm.RAX)
	a.Ret()
}

// nowhere is an address at which nothing is.
const nowhere = 0x40

// tryFault reads there. It returns where it does, and where it can land: at its last
// instruction.
func tryFault(a *asm.Writer) (reads, lands uintptr) {
	a.MovImm(asm.RAX, 0)
	reads = uintptr(a.Pos())
	a.Load(4, asm.RAX, asm.At(asm.RAX, nowhere))
	lands = uintptr(a.Pos())
	a.Ret()
	return reads, lands
}

func tryHooks(a *host.Arena) (err error) {
	defer func() {
		// A fault that passed the hook ends here.
		if r := recover(); r != nil {
			err = fmt.Errorf("a fault of machine code reached Go: %v", r)
		}
	}()
	var code asm.Writer
	tryYield(&code, unix.SIGURG)
	fault := a.Base + uintptr(code.Pos())
	reads, lands := tryFault(&code)
	reads, lands = a.Base+reads, a.Base+lands
	copy(a.Buf, code.Buf)

	c := new(vcpu.CPU)
	c.W[ctxWord] = uint64(os.Getpid())
	Run(c, a.Base)
	if errno := -int64(c.W[ctxWord]); errno != 0 {
		return fmt.Errorf("SIGURG to the own thread: %w", unix.Errno(errno))
	}
	if !c.StopWord() {
		return errors.New("the handler of SIGURG did not see machine code")
	}
	c.Host.Landing = lands
	Run(c, fault)
	if h := &c.Host; h.Signal != uint32(unix.SIGSEGV) || h.RIP != reads || h.Addr != nowhere {
		return fmt.Errorf("the handler of SIGSEGV saw signal %d at %#x of %#x, not of %#x", h.Signal, h.RIP, h.Addr, nowhere)
	}
	return nil
}
