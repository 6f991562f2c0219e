package oracle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"syscall"
)

// Oracle is a tracee and the thread that drives it: ptrace belongs to the
// thread that started the tracee, so New ties the calling goroutine to its
// thread, and only that goroutine may use the Oracle until Close.
type Oracle struct {
	pid     int
	regions []Region
	mem     []byte // the memory file: all regions one after the other
	regs    syscall.PtraceRegs
	xsave   []byte
	watch   *watchdog
	cpus    cpuSet // of the thread before New
}

// pageSize is that of x86.
const pageSize = 0x1000

// New starts a tracee with this memory.
func New(regions ...Region) (*Oracle, error) {
	runtime.LockOSThread()
	o := &Oracle{regions: regions, xsave: make([]byte, 64<<10), watch: &watchdog{done: make(chan struct{})}}
	if err := o.open(); err != nil {
		return nil, fmt.Errorf("oracle: %w", errors.Join(err, o.Close()))
	}
	return o, nil
}

func (o *Oracle) open() error {
	size := uint64(0)
	for _, r := range o.regions {
		if r.Addr%pageSize != 0 || r.Size%pageSize != 0 {
			return fmt.Errorf("region %#x+%#x is not whole pages", r.Addr, r.Size)
		}
		size += r.Size
	}
	if err := quietStops(); err != nil {
		return fmt.Errorf("signal action: %w", err)
	}
	var err error
	if o.cpus, err = pin(); err != nil {
		return fmt.Errorf("pin to a CPU: %w", err)
	}
	fd, err := memfd("oracle-memory")
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	if err := syscall.Ftruncate(fd, int64(size)); err != nil {
		return fmt.Errorf("size memory: %w", err)
	}
	if o.mem, err = syscall.Mmap(fd, 0, int(size), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED); err != nil {
		return fmt.Errorf("map memory: %w", err)
	}
	if err := o.start(fd); err != nil {
		return err
	}
	go o.watch.guard(o.pid, patience)
	if err := o.unmapAll(); err != nil {
		return err
	}
	if err := o.mapRegions(); err != nil {
		return err
	}
	if err := o.describe(); err != nil {
		return err
	}
	if err := o.confine(); err != nil {
		return err
	}
	return o.xstate(ptraceGetRegset)
}

// Close ends the tracee and sets the goroutine free.
func (o *Oracle) Close() error {
	defer runtime.UnlockOSThread()
	close(o.watch.done)
	err := o.kill()
	if o.cpus != (cpuSet{}) {
		err = errors.Join(err, setAffinity(&o.cpus))
	}
	if o.mem != nil {
		err = errors.Join(err, syscall.Munmap(o.mem))
		o.mem = nil
	}
	return err
}

// Bytes is the tracee's memory at an address of a region: the memory itself, to
// be read and written.
func (o *Oracle) Bytes(addr uint64, n int) []byte {
	off := uint64(0)
	for _, r := range o.regions {
		if addr >= r.Addr && addr+uint64(n) <= r.Addr+r.Size {
			at := off + addr - r.Addr
			return o.mem[at : at+uint64(n)]
		}
		off += r.Size
	}
	panic(fmt.Sprintf("BUG: the oracle has no memory at %#x+%#x", addr, n))
}

// Step runs the instruction at RIP: a repeated string instruction to its end,
// and any other once. The registers are those after it, or those that the
// exception left.
func (o *Oracle) Step() (Stop, error) {
	pc := o.regs.Rip
	code := o.fetch(pc)
	for {
		sig, err := o.advance(syscall.PTRACE_SINGLESTEP)
		switch {
		case err != nil:
			return Stop{}, err
		case sig != syscall.SIGTRAP || raisesTrap(code):
			return o.stopped(sig, code)
		case o.regs.Rip != pc || !repeats(code):
			o.unTrap(code)
			return Stop{Vector: NoVector}, nil
		}
	}
}

// Run runs from RIP to the next int3, where it leaves RIP, or to an exception.
// It is several times as fast as Step: put an int3 wherever an instruction may
// lead and Run is a step.
//
// #OF is told from #GP by the first instruction.
func (o *Oracle) Run() (Stop, error) {
	code := o.fetch(o.regs.Rip)
	sig, err := o.advance(syscall.PTRACE_CONT)
	if err != nil {
		return Stop{}, err
	}
	if sig != syscall.SIGTRAP {
		return o.stopped(sig, code)
	}
	o.regs.Rip--
	const ripOffset = 16 * 8 // in the user area
	if err := o.poke(ripOffset, o.regs.Rip); err != nil {
		return Stop{}, fmt.Errorf("oracle: set RIP: %w", err)
	}
	return Stop{Vector: NoVector}, nil
}

// advance resumes the tracee and reads the registers of its stop.
func (o *Oracle) advance(how int) (syscall.Signal, error) {
	st, err := o.resume(how)
	if err != nil {
		return 0, fmt.Errorf("oracle: resume: %w", err)
	}
	if !st.Stopped() {
		pid := o.pid
		o.pid = 0
		return 0, fmt.Errorf("oracle: tracee %d is gone: status %#x", pid, uint32(st))
	}
	if err := o.getRegs(); err != nil {
		return 0, fmt.Errorf("oracle: read registers: %w", err)
	}
	return st.StopSignal(), nil
}

// fetch is the code at pc, nil if it is not in a region.
func (o *Oracle) fetch(pc uint64) []byte {
	for _, r := range o.regions {
		if pc >= r.Addr && pc < r.Addr+r.Size {
			return o.Bytes(pc, int(min(15, r.Addr+r.Size-pc)))
		}
	}
	return nil
}

// stopped turns a signal back into the exception that it came from.
func (o *Oracle) stopped(sig syscall.Signal, code []byte) (Stop, error) {
	how, addr, err := o.siginfo()
	if err != nil {
		return Stop{}, fmt.Errorf("oracle: signal information: %w", err)
	}
	s := Stop{Vector: o.vector(sig, how, code), Signal: sig, Code: how}
	if s.Vector == VecPF {
		s.Addr = addr
	}
	return s, nil
}

// Signal codes (asm-generic/siginfo.h).
const (
	siKernel  = 0x80
	busAdrAln = 1
	fpeIntDiv = 1
)

// vector is the exception behind a signal (arch/x86/kernel/traps.c of Linux).
// What the kernel reports alike is told by the instruction.
func (o *Oracle) vector(sig syscall.Signal, code int32, insn []byte) int {
	op := skipPrefixes(insn)
	switch {
	case sig == syscall.SIGILL:
		return VecUD
	case sig == syscall.SIGFPE && code == fpeIntDiv:
		return VecDE
	case sig == syscall.SIGFPE && o.x87Pending(insn):
		return VecMF
	case sig == syscall.SIGFPE:
		return VecXM
	case sig == syscall.SIGBUS && code == busAdrAln:
		return VecAC
	case sig == syscall.SIGBUS && loadsSegment(op):
		return VecNP
	case sig == syscall.SIGBUS:
		return VecSS
	case sig == syscall.SIGTRAP && op != nil && (op[0] == opInt3 || op[0] == opInt):
		return VecBP
	case sig == syscall.SIGTRAP:
		return VecDB
	case code != siKernel:
		return VecPF
	case op != nil && (op[0] == opInto || op[0] == opInt && op[1] == VecOF):
		return VecOF
	case len(op) > 0 && op[0] == opBound:
		return VecBR
	}
	return VecGP
}

// x87Pending says whether a floating-point exception is one of the x87 unit: if
// none is unmasked in MXCSR, or else if the instruction is one of x87 or MMX.
func (o *Oracle) x87Pending(insn []byte) bool {
	const summary, masks, flags = 0x80, 7, 0x3f
	if o.xstate(ptraceGetRegset) != nil || o.xsave[xFSW]&summary == 0 {
		return false
	}
	mxcsr := binary.LittleEndian.Uint32(o.xsave[xMXCSR:])
	return mxcsr&^(mxcsr>>masks)&flags == 0 || waitsForX87(insn)
}
