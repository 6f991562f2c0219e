package text

import (
	"math/bits"
	"strconv"
	"strings"

	"panda/emu/linux/abi"
)

func showSignal(_ *printer, a operand) string { return abi.SignalName(int(int32(a.v))) }

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
			list = append(list, abi.ShortSignal(i+1))
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
	return showAt(p, a.v, func(p *printer, v *abi.Iovec) string {
		set := p.ptr(v.Base)
		if bits8, ok := p.word(v.Base, 8); v.Base != 0 && v.Len == 8 && ok {
			set = SigsetText(bits8, abi.NSIG)
		}
		return "{sigmask=" + set + ", sigsetsize=" + udec(v.Len) + "}"
	})
}

func handlerText(v uint64) string {
	switch v {
	case abi.SIG_DFL:
		return "SIG_DFL"
	case abi.SIG_IGN:
		return "SIG_IGN"
	}
	return hex(v)
}

func showSigHandler(_ *printer, a operand) string { return handlerText(a.v) }

// sigactionText formats an action with a mask of n signals. The restorer counts
// only with its flag.
func sigactionText(v *abi.Sigaction, n int) string {
	s := "{sa_handler=" + handlerText(v.Handler) + ", sa_mask=" + SigsetText(v.Mask, n) +
		", sa_flags=" + saFlags.Format(v.Flags)
	if v.Flags&abi.SA_RESTORER != 0 {
		s += ", sa_restorer=" + hex(v.Restorer)
	}
	return s + "}"
}

func showSigaction(_ *printer, v *abi.Sigaction) string { return sigactionText(v, abi.NSIG) }

func showOldSigaction(_ *printer, v *abi.OldSigaction) string {
	return sigactionText((*abi.Sigaction)(v), 32)
}

func showStack(p *printer, v *abi.Stack) string {
	return "{ss_sp=" + p.ptr(v.SP) + ", ss_flags=" + stackFlags.Format(uint64(uint32(v.Flags))) +
		", ss_size=" + udec(v.Size) + "}"
}

// siCodeNames are the codes that belong to one signal.
var siCodeNames = map[int32]*Enum{
	abi.SIGILL: &illCodes, abi.SIGFPE: &fpeCodes, abi.SIGSEGV: &segvCodes, abi.SIGBUS: &busCodes, abi.SIGTRAP: &trapCodes,
	abi.SIGCHLD: &cldCodes, abi.SIGPOLL: &pollCodes, abi.SIGSYS: &sysCodes,
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

func showSiginfo(p *printer, v *abi.Siginfo) string {
	if v.Signo == 0 {
		return "{}"
	}
	s := "{si_signo=" + abi.SignalName(int(v.Signo)) + ", si_code=" + siCodeText(v.Signo, v.Code)
	if v.Errno != 0 {
		s += ", si_errno=" + abi.Errno(v.Errno).Name()
	}
	kind := v.Kind()
	if v.Code == abi.SI_KERNEL && abi.KindOf(v.Signo) == abi.SigFault {
		kind = abi.SigFault // a fault without an address: a general protection fault
	}
	return s + siginfoTexts[kind](p, v) + "}"
}

var siginfoTexts = [...]func(p *printer, v *abi.Siginfo) string{
	abi.SigKill: func(p *printer, v *abi.Siginfo) string {
		switch {
		case v.Code == abi.SI_USER || v.Code == abi.SI_TKILL:
			return siSender(v)
		case v.PID == 0 && v.UID == 0:
			return siValue(p, v)
		}
		return siSender(v) + siValue(p, v)
	},
	abi.SigTimer: func(p *printer, v *abi.Siginfo) string {
		return ", si_timerid=" + hex(uint64(uint32(v.TimerID))) + ", si_overrun=" + dec(int64(v.Overrun)) + siValue(p, v)
	},
	abi.SigQueue: func(p *printer, v *abi.Siginfo) string { return siSender(v) + siValue(p, v) },
	abi.SigChild: func(_ *printer, v *abi.Siginfo) string {
		status := dec(int64(v.Status))
		if v.Code != abi.CLD_EXITED {
			status = abi.SignalName(int(v.Status))
		}
		return siSender(v) + ", si_status=" + status + ", si_utime=" + ticksText(v.Utime) + ", si_stime=" + ticksText(v.Stime)
	},
	abi.SigFault: siFault,
	abi.SigPoll: func(_ *printer, v *abi.Siginfo) string {
		return ", si_band=" + dec(v.Band) + ", si_fd=" + dec(int64(v.FD))
	},
	abi.SigCall: func(p *printer, v *abi.Siginfo) string {
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
	{abi.AUDIT_ARCH_X86_64, "AUDIT_ARCH_X86_64"},
	{abi.AUDIT_ARCH_I386, "AUDIT_ARCH_I386"},
	{abi.AUDIT_ARCH_ARM, "AUDIT_ARCH_ARM"},
	{abi.AUDIT_ARCH_AARCH64, "AUDIT_ARCH_AARCH64"},
}}

// siFault adds to the address what only some faults have.
func siFault(p *printer, v *abi.Siginfo) string {
	s := ", si_addr=" + p.ptr(v.Addr)
	switch {
	case v.Signo == abi.SIGBUS && (v.Code == abi.BUS_MCEERR_AR || v.Code == abi.BUS_MCEERR_AO):
		s += ", si_addr_lsb=" + hex(uint64(uint16(v.AddrLSB)))
	case v.Signo == abi.SIGSEGV && v.Code == abi.SEGV_BNDERR:
		s += ", si_lower=" + p.ptr(v.Lower) + ", si_upper=" + p.ptr(v.Upper)
	case v.Signo == abi.SIGSEGV && v.Code == abi.SEGV_PKUERR:
		s += ", si_pkey=" + udec(uint64(v.Pkey))
	}
	return s
}

func siSender(v *abi.Siginfo) string {
	return ", si_pid=" + dec(int64(v.PID)) + ", si_uid=" + udec(uint64(v.UID))
}

func siValue(p *printer, v *abi.Siginfo) string {
	if v.Value == 0 {
		return ""
	}
	return ", si_int=" + dec(int64(int32(v.Value))) + ", si_ptr=" + p.ptr(v.Value)
}

func showSigevent(p *printer, v *abi.Sigevent) string {
	signo := dec(int64(v.Signo))
	switch v.Notify {
	case abi.SIGEV_SIGNAL, abi.SIGEV_THREAD, abi.SIGEV_THREAD_ID:
		signo = abi.SignalName(int(v.Signo))
	}
	s := "{"
	if v.Value != 0 {
		s = "{sigev_value={sival_int=" + dec(int64(int32(v.Value))) + ", sival_ptr=" + p.ptr(v.Value) + "}, "
	}
	s += "sigev_signo=" + signo + ", sigev_notify=" + sigevNotifies.Format(uint64(uint32(v.Notify)))
	switch v.Notify {
	case abi.SIGEV_THREAD_ID:
		s += ", sigev_notify_thread_id=" + dec(int64(v.TID))
	case abi.SIGEV_THREAD:
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
	return "{mask=" + SigsetText(v, abi.NSIG) + "}"
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
