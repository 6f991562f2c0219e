package linux

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/linux/abi"
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

// leaveX86: the CPU saves RF with the flags of a fault (SDM vol. 3B 18.3.1.1).
func leaveX86(w *Words, e *guest.Exception) {
	if !e.Next {
		w[regs.EFL] |= regs.RF
	}
}

func signalOfX86(t *Thread, e *guest.Exception) abi.Siginfo {
	t.signal.fault = faultState{trapno: uint64(e.Vector), addr: t.signal.fault.addr}
	if e.HasCode {
		t.signal.fault.err = uint64(e.Code)
	}
	switch e.Vector {
	case vecPage:
		t.signal.fault.addr = uint64(e.Addr)
		if e.Addr >= endX86_64 { // the kernel's own: it does not say what is there
			t.signal.fault.err |= pfPresent
		}
		return t.MemorySignal(e, pageAccess(e.Code), e.Code&pfPresent != 0)
	case vecDebug:
		if e.Code&regs.DR6Step != 0 {
			return abi.Siginfo{Signo: abi.SIGTRAP, Code: abi.TRAP_TRACE, Addr: t.pc()}
		}
	case vecX87:
		return abi.Siginfo{Signo: abi.SIGFPE, Code: fpeCode(t.Reg(regs.FSW) &^ t.Reg(regs.FCW)), Addr: t.pc()}
	case vecSIMD:
		mx := t.Reg(regs.MXCSR)
		return abi.Siginfo{Signo: abi.SIGFPE, Code: fpeCode(mx &^ (mx >> 7)), Addr: t.pc()}
	}
	s, ok := excSignals[e.Vector]
	if !ok {
		s = excSignals[vecGeneral]
	}
	info := abi.Siginfo{Signo: s.signo, Code: s.code}
	if s.withPC {
		info.Addr = t.pc()
	}
	return info
}

// Bits of a page fault's error code.
const (
	pfPresent = 1 << 0
	pfWrite   = 1 << 1
	pfFetch   = 1 << 4
)

// pageAccess is the access that a page fault's error code tells of.
func pageAccess(code uint32) guest.Access {
	switch {
	case code&pfFetch != 0:
		return guest.Exec
	case code&pfWrite != 0:
		return guest.Write
	}
	return guest.Read
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
