package abi

import (
	"math/bits"
	"strconv"
	"strings"
)

var signalNames = [...]string{
	SIGHUP: "HUP", SIGINT: "INT", SIGQUIT: "QUIT", SIGILL: "ILL", SIGTRAP: "TRAP", SIGABRT: "ABRT",
	SIGBUS: "BUS", SIGFPE: "FPE", SIGKILL: "KILL", SIGUSR1: "USR1", SIGSEGV: "SEGV", SIGUSR2: "USR2",
	SIGPIPE: "PIPE", SIGALRM: "ALRM", SIGTERM: "TERM", SIGSTKFLT: "STKFLT", SIGCHLD: "CHLD",
	SIGCONT: "CONT", SIGSTOP: "STOP", SIGTSTP: "TSTP", SIGTTIN: "TTIN", SIGTTOU: "TTOU", SIGURG: "URG",
	SIGXCPU: "XCPU", SIGXFSZ: "XFSZ", SIGVTALRM: "VTALRM", SIGPROF: "PROF", SIGWINCH: "WINCH",
	SIGIO: "IO", SIGPWR: "PWR", SIGSYS: "SYS", SIGRTMIN: "RTMIN",
}

// shortSignal is a signal's name without SIG.
func shortSignal(n int) string {
	switch {
	case n > 0 && n < len(signalNames):
		return signalNames[n]
	case n > SIGRTMIN && n <= SIGRTMAX:
		return "RT_" + dec(int64(n-SIGRTMIN))
	}
	return ""
}

// SignalName returns the name of a signal, "SIGSEGV", or its number.
func SignalName(n int) string {
	if s := shortSignal(n); s != "" {
		return "SIG" + s
	}
	return dec(int64(n))
}

func showSignal(_ *printer, a operand) string { return SignalName(int(int32(a.v))) }

// SigsetText formats a set of n signals. A set with most signals in it is shown
// by those that are missing.
func SigsetText(set uint64, n int) string {
	all := uint64(1)<<n - 1 // 1<<64 is 0, so this is right for 64, too
	set &= all
	head := "["
	if bits.OnesCount64(set) >= n*2/3 {
		head, set = "~[", ^set&all
	}
	var list []string
	for i := range n {
		if set>>i&1 != 0 {
			list = append(list, shortSignal(i+1))
		}
	}
	return head + strings.Join(list, " ") + "]"
}

// showSigset prints a set whose size is another argument.
func showSigset(p *printer, a operand) string {
	if a.v == 0 {
		return "NULL"
	}
	size := int(min(p.length(a), 8))
	if size < p.l.Word || size%4 != 0 {
		return hex(a.v)
	}
	v, ok := p.word(a.v, size)
	if !ok {
		return hex(a.v)
	}
	return SigsetText(v, 8*size)
}

func showOldSigset(p *printer, a operand) string {
	if a.v == 0 {
		return "NULL"
	}
	v, ok := p.word(a.v, 4)
	if !ok {
		return hex(a.v)
	}
	return SigsetText(v, 32)
}

func showOldSigmask(_ *printer, a operand) string { return SigsetText(a.v, 32) }

// showSelectMask prints the sixth argument of pselect6: a pointer to a pointer
// and a size.
func showSelectMask(p *printer, a operand) string {
	return showAt(p, a.v, func(p *printer, v *Iovec) string {
		set := p.ptr(v.Base)
		if bits8, ok := p.word(v.Base, 8); v.Base != 0 && v.Len == 8 && ok {
			set = SigsetText(bits8, NSIG)
		}
		return "{sigmask=" + set + ", sigsetsize=" + udec(v.Len) + "}"
	})
}

func handlerText(v uint64) string {
	switch v {
	case SIG_DFL:
		return "SIG_DFL"
	case SIG_IGN:
		return "SIG_IGN"
	}
	return hex(v)
}

func showSigHandler(_ *printer, a operand) string { return handlerText(a.v) }

// sigactionText formats an action with a mask of n signals. The restorer counts
// only with its flag.
func sigactionText(v *Sigaction, n int) string {
	s := "{sa_handler=" + handlerText(v.Handler) + ", sa_mask=" + SigsetText(v.Mask, n) +
		", sa_flags=" + saFlags.Format(v.Flags)
	if v.Flags&SA_RESTORER != 0 {
		s += ", sa_restorer=" + hex(v.Restorer)
	}
	return s + "}"
}

func showSigaction(_ *printer, v *Sigaction) string { return sigactionText(v, NSIG) }

func showOldSigaction(_ *printer, v *OldSigaction) string {
	return sigactionText((*Sigaction)(v), 32)
}

func showStack(p *printer, v *Stack) string {
	return "{ss_sp=" + p.ptr(v.SP) + ", ss_flags=" + stackFlags.Format(uint64(uint32(v.Flags))) +
		", ss_size=" + udec(v.Size) + "}"
}

// siCodeNames are the codes that belong to one signal.
var siCodeNames = map[int32]*Enum{
	SIGILL: &illCodes, SIGFPE: &fpeCodes, SIGSEGV: &segvCodes, SIGBUS: &busCodes, SIGTRAP: &trapCodes,
	SIGCHLD: &cldCodes, SIGPOLL: &pollCodes, SIGSYS: &sysCodes,
}

func siCodeText(signo, code int32) string {
	if s, ok := siCodes.Lookup(int64(code)); ok {
		return s
	}
	if e := siCodeNames[signo]; e != nil {
		if s, ok := e.Lookup(int64(code)); ok {
			return s
		}
	}
	return hex(uint64(uint32(code)))
}

func showSiginfo(p *printer, v *Siginfo) string {
	if v.Signo == 0 {
		return "{}"
	}
	s := "{si_signo=" + SignalName(int(v.Signo)) + ", si_code=" + siCodeText(v.Signo, v.Code)
	if v.Errno != 0 {
		s += ", si_errno=" + Errno(v.Errno).Name()
	}
	kind := v.Kind()
	if v.Code == SI_KERNEL && siginfoKinds[v.Signo] == SigFault {
		kind = SigFault // a fault without an address: a general protection fault
	}
	return s + siginfoTexts[kind](p, v) + "}"
}

var siginfoTexts = [...]func(p *printer, v *Siginfo) string{
	SigKill: func(p *printer, v *Siginfo) string {
		switch {
		case v.Code == SI_USER || v.Code == SI_TKILL:
			return siSender(v)
		case v.PID == 0 && v.UID == 0:
			return siValue(p, v)
		}
		return siSender(v) + siValue(p, v)
	},
	SigTimer: func(p *printer, v *Siginfo) string {
		return ", si_timerid=" + hex(uint64(uint32(v.TimerID))) + ", si_overrun=" + dec(int64(v.Overrun)) + siValue(p, v)
	},
	SigQueue: func(p *printer, v *Siginfo) string { return siSender(v) + siValue(p, v) },
	SigChild: func(_ *printer, v *Siginfo) string {
		status := dec(int64(v.Status))
		if v.Code != CLD_EXITED {
			status = SignalName(int(v.Status))
		}
		return siSender(v) + ", si_status=" + status + ", si_utime=" + ticksText(v.Utime) + ", si_stime=" + ticksText(v.Stime)
	},
	SigFault: siFault,
	SigPoll: func(_ *printer, v *Siginfo) string {
		return ", si_band=" + dec(v.Band) + ", si_fd=" + dec(int64(v.FD))
	},
	SigCall: func(p *printer, v *Siginfo) string {
		return ", si_call_addr=" + p.ptr(v.CallAddr) + ", si_syscall=" + dec(int64(v.Syscall)) + ", si_arch=" + auditArchs.Format(uint64(v.Arch))
	},
}

// ticksText formats a time in ticks of 1/100 s.
func ticksText(v int64) string {
	if v == 0 {
		return "0"
	}
	return dec(v) + " /* " + strconv.FormatFloat(float64(v)/100, 'f', 2, 64) + " s */"
}

var auditArchs = Enum{"AUDIT_ARCH_???", []Name{
	{AUDIT_ARCH_X86_64, "AUDIT_ARCH_X86_64"},
	{AUDIT_ARCH_I386, "AUDIT_ARCH_I386"},
	{AUDIT_ARCH_ARM, "AUDIT_ARCH_ARM"},
	{AUDIT_ARCH_AARCH64, "AUDIT_ARCH_AARCH64"},
}}

// siFault adds to the address what only some faults have.
func siFault(p *printer, v *Siginfo) string {
	s := ", si_addr=" + p.ptr(v.Addr)
	switch {
	case v.Signo == SIGBUS && (v.Code == BUS_MCEERR_AR || v.Code == BUS_MCEERR_AO):
		s += ", si_addr_lsb=" + hex(uint64(uint16(v.AddrLSB)))
	case v.Signo == SIGSEGV && v.Code == SEGV_BNDERR:
		s += ", si_lower=" + p.ptr(v.Lower) + ", si_upper=" + p.ptr(v.Upper)
	case v.Signo == SIGSEGV && v.Code == SEGV_PKUERR:
		s += ", si_pkey=" + udec(uint64(v.Pkey))
	}
	return s
}

func siSender(v *Siginfo) string {
	return ", si_pid=" + dec(int64(v.PID)) + ", si_uid=" + udec(uint64(v.UID))
}

func siValue(p *printer, v *Siginfo) string {
	if v.Value == 0 {
		return ""
	}
	return ", si_int=" + dec(int64(int32(v.Value))) + ", si_ptr=" + p.ptr(v.Value)
}

func showSigevent(p *printer, v *Sigevent) string {
	signo := dec(int64(v.Signo))
	switch v.Notify {
	case SIGEV_SIGNAL, SIGEV_THREAD, SIGEV_THREAD_ID:
		signo = SignalName(int(v.Signo))
	}
	s := "{"
	if v.Value != 0 {
		s = "{sigev_value={sival_int=" + dec(int64(int32(v.Value))) + ", sival_ptr=" + p.ptr(v.Value) + "}, "
	}
	s += "sigev_signo=" + signo + ", sigev_notify=" + sigevNotifies.Format(uint64(uint32(v.Notify)))
	switch v.Notify {
	case SIGEV_THREAD_ID:
		s += ", sigev_notify_thread_id=" + dec(int64(v.TID))
	case SIGEV_THREAD:
		s += ", sigev_notify_function=" + p.ptr(v.Function) + ", sigev_notify_attributes=" + p.ptr(v.Attribs)
	}
	return s + "}"
}

// showSigframe prints the mask that a signal handler's return restores. The
// argument is the stack pointer at the call, which the personality must supply.
func showSigframe(p *printer, a operand) string {
	v, ok := p.word(a.v+p.l.SigMask, 8)
	if !ok {
		return "{mask=" + p.ptr(a.v) + "}"
	}
	return "{mask=" + SigsetText(v, NSIG) + "}"
}

// showOldSigframe: on i386 the stack pointer is at the sigcontext, which has the
// first 32 signals of the mask near its end.
func showOldSigframe(p *printer, a operand) string {
	v, ok := p.word(a.v+80, 4)
	if !ok {
		return "{mask=" + p.ptr(a.v) + "}"
	}
	return "{mask=" + SigsetText(v, 32) + "}"
}
