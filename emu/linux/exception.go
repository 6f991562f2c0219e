package linux

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"panda/emu/arch/x86/regs"
	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/linux/abi"
)

// The registers that every architecture has.
const (
	pcReg  = regs.RIP
	spReg  = regs.RSP
	retReg = regs.RAX
)

// Vectors of the exceptions of a program (SDM vol. 3A table 6-1).
const (
	vecDivide    = 0
	vecDebug     = 1
	vecBreak     = 3
	vecOverflow  = 4
	vecBound     = 5
	vecUndefined = 6
	vecAbsent    = 11
	vecStack     = 12
	vecGeneral   = 13
	vecPage      = 14
	vecX87       = 16
	vecAlign     = 17
	vecSIMD      = 19
)

// excSignal says which signal an exception becomes. Where withPC is set, its
// address is that of the instruction.
type excSignal struct {
	signo, code int32
	withPC      bool
}

var excSignals = map[uint8]excSignal{
	vecDivide:    {abi.SIGFPE, abi.FPE_INTDIV, true},
	vecDebug:     {abi.SIGTRAP, abi.TRAP_BRKPT, true}, // INT1
	vecBreak:     {abi.SIGTRAP, abi.SI_KERNEL, false},
	vecOverflow:  {abi.SIGSEGV, abi.SI_KERNEL, false},
	vecBound:     {abi.SIGSEGV, abi.SI_KERNEL, false},
	vecUndefined: {abi.SIGILL, abi.ILL_ILLOPN, true},
	vecAbsent:    {abi.SIGBUS, abi.SI_KERNEL, false},
	vecStack:     {abi.SIGBUS, abi.SI_KERNEL, false},
	vecGeneral:   {abi.SIGSEGV, abi.SI_KERNEL, false},
	vecAlign:     {abi.SIGBUS, abi.BUS_ADRALN, false},
}

// exception turns an exception of the CPU into a signal.
func (t *Thread) exception(e guest.Exception) {
	k := t.k
	pc := t.reg(pcReg)
	if e.Vector == vecPage && t.p.mm.GrowDown(e.Addr, t.p.limit(unix.RLIMIT_STACK)) {
		return
	}
	k.bus.Fire(event.BeforeException, &event.Env{CPU: k.cpu, PC: k.cpu.PC(), Exception: &e})
	if t.reg(pcReg) != pc {
		return // a callback dealt with it
	}
	t.fault = faultState{trapno: uint64(e.Vector), cr2: t.fault.cr2}
	if e.HasCode {
		t.fault.err = uint64(e.Code)
	}
	if !e.Next { // the CPU saves RF with the flags of a fault (SDM vol. 3B 18.3.1.1)
		t.setReg(regs.EFL, t.reg(regs.EFL)|regs.RF)
	}
	t.force(t.signalOf(&e))
}

func (t *Thread) signalOf(e *guest.Exception) abi.Siginfo {
	switch e.Vector {
	case vecPage:
		t.fault.cr2 = uint64(e.Addr)
		if e.Addr >= taskSizeMax { // the kernel's own: it does not say what is there
			t.fault.err |= pfPresent
		}
		return t.pageSignal(e)
	case vecDebug:
		if e.Code&guest.DR6Step != 0 {
			return abi.Siginfo{Signo: abi.SIGTRAP, Code: abi.TRAP_TRACE, Addr: t.reg(pcReg)}
		}
	case vecX87:
		return abi.Siginfo{Signo: abi.SIGFPE, Code: fpeCode(t.reg(regs.FSW) &^ t.reg(regs.FCW)), Addr: t.reg(pcReg)}
	case vecSIMD:
		mx := t.reg(regs.MXCSR)
		return abi.Siginfo{Signo: abi.SIGFPE, Code: fpeCode(mx &^ (mx >> 7)), Addr: t.reg(pcReg)}
	}
	s, ok := excSignals[e.Vector]
	if !ok {
		s = excSignals[vecGeneral]
	}
	info := abi.Siginfo{Signo: s.signo, Code: s.code}
	if s.withPC {
		info.Addr = t.reg(pcReg)
	}
	return info
}

// taskSizeMax is the end of what a program can have.
const taskSizeMax = 1<<47 - 1<<12

// Bits of a page fault's error code.
const (
	pfPresent = 1 << 0
	pfWrite   = 1 << 1
	pfFetch   = 1 << 4
)

// pageSignal tells a missing page, a protected one and one behind the end of its
// file apart.
func (t *Thread) pageSignal(e *guest.Exception) abi.Siginfo {
	access := guest.Read
	switch {
	case e.Code&pfFetch != 0:
		access = guest.Exec
	case e.Code&pfWrite != 0:
		access = guest.Write
	}
	info := abi.Siginfo{Signo: abi.SIGSEGV, Code: abi.SEGV_MAPERR, Addr: uint64(e.Addr)}
	_, f := t.p.mm.Space.Slice(e.Addr, 1, access)
	switch {
	case f == nil, f.Bus, e.Bus: // the host's view counts: a cut file may have grown since
		if f != nil || e.Bus || e.Code&pfPresent == 0 {
			info.Signo, info.Code = abi.SIGBUS, abi.BUS_ADRERR
		} else {
			info.Code = abi.SEGV_ACCERR
		}
	case f.Mapped:
		info.Code = abi.SEGV_ACCERR
	}
	return info
}

// fpeCode says which of the unmasked floating-point exceptions to report.
func fpeCode(raised uint64) int32 {
	for _, f := range []struct {
		bit  uint64
		code int32
	}{{1, abi.FPE_FLTINV}, {4, abi.FPE_FLTDIV}, {8, abi.FPE_FLTOVF}, {2 | 16, abi.FPE_FLTUND}, {32, abi.FPE_FLTRES}} {
		if raised&f.bit != 0 {
			return f.code
		}
	}
	return abi.FPE_FLTINV
}

// deathNotes are what a shell says of a process that a signal killed.
var deathNotes = map[int32]string{
	abi.SIGSEGV: "Segmentation fault", abi.SIGBUS: "Bus error", abi.SIGILL: "Illegal instruction",
	abi.SIGFPE: "Floating point exception", abi.SIGTRAP: "Trace/breakpoint trap", abi.SIGABRT: "Aborted", abi.SIGSYS: "Bad system call",
}

// report1 says that a fault kills the process: in the log, with registers, and,
// when no shell in the guest will, in one line on the guest's standard error.
func (t *Thread) report1(info abi.Siginfo) {
	note, ok := deathNotes[info.Signo]
	if !ok {
		return
	}
	where := fmt.Sprintf("pc %#x", t.reg(pcReg))
	if name, off, ok := t.k.symbolAt(guest.Addr(t.reg(pcReg))); ok {
		where += fmt.Sprintf(" <%s+%#x>", name, off)
	}
	if info.Kind() == abi.SigFault {
		where += fmt.Sprintf(", address %#x", info.Addr)
	}
	t.k.log.Info("process killed", "pid", t.p.pid, "tid", t.tid, "signal", note, "where", where, "registers", t.registers())
	if t.p == t.k.first && info.Code > 0 { // not when another process sent it
		line := fmt.Sprintf("%s: %s (%s)\n", t.comm, note, where)
		t.k.host.Write(t.k.cfg.Stderr, []byte(line))
	}
}

// shownRegs are the general registers, rip and rflags.
const shownRegs = 18

// registers prints them.
func (t *Thread) registers() string {
	var b strings.Builder
	for i := range regs.Defs[:shownRegs] {
		d := &regs.Defs[i]
		fmt.Fprintf(&b, "%s=%#x ", d.Name, d.Value(t.words()))
	}
	return strings.TrimSuffix(b.String(), " ")
}
