package abi

// Signals: numbers, sigaction flags, siginfo codes.

// Signal numbers of x86 and ARM.
const (
	SIGHUP    = 1
	SIGINT    = 2
	SIGQUIT   = 3
	SIGILL    = 4
	SIGTRAP   = 5
	SIGABRT   = 6
	SIGIOT    = 6
	SIGBUS    = 7
	SIGFPE    = 8
	SIGKILL   = 9
	SIGUSR1   = 10
	SIGSEGV   = 11
	SIGUSR2   = 12
	SIGPIPE   = 13
	SIGALRM   = 14
	SIGTERM   = 15
	SIGSTKFLT = 16
	SIGCHLD   = 17
	SIGCONT   = 18
	SIGSTOP   = 19
	SIGTSTP   = 20
	SIGTTIN   = 21
	SIGTTOU   = 22
	SIGURG    = 23
	SIGXCPU   = 24
	SIGXFSZ   = 25
	SIGVTALRM = 26
	SIGPROF   = 27
	SIGWINCH  = 28
	SIGIO     = 29
	SIGPOLL   = 29
	SIGPWR    = 30
	SIGSYS    = 31
	SIGRTMIN  = 32
	SIGRTMAX  = 64
	NSIG      = 64
)

// Special handlers.
const (
	SIG_DFL = 0
	SIG_IGN = 1
)

// sigaction(2) flags.
const (
	SA_NOCLDSTOP      = 1
	SA_NOCLDWAIT      = 2
	SA_SIGINFO        = 4
	SA_UNSUPPORTED    = 0x400
	SA_EXPOSE_TAGBITS = 0x800
	SA_RESTORER       = 0x4000000
	SA_ONSTACK        = 0x8000000
	SA_RESTART        = 0x10000000
	SA_NODEFER        = 0x40000000
	SA_RESETHAND      = 0x80000000
)

// sigprocmask(2), sigaltstack(2).
const (
	SIG_BLOCK     = 0
	SIG_UNBLOCK   = 1
	SIG_SETMASK   = 2
	SS_ONSTACK    = 1
	SS_DISABLE    = 2
	SS_AUTODISARM = 0x80000000
	MINSIGSTKSZ   = 2048
	SIGSTKSZ      = 8192
)

// si_code: where a signal came from.
const (
	SI_USER     = 0
	SI_KERNEL   = 128
	SI_QUEUE    = -1
	SI_TIMER    = -2
	SI_MESGQ    = -3
	SI_ASYNCIO  = -4
	SI_SIGIO    = -5
	SI_TKILL    = -6
	SI_DETHREAD = -7
	SI_ASYNCNL  = -60
)

// si_code by signal.
const (
	ILL_ILLOPC        = 1
	ILL_ILLOPN        = 2
	ILL_ILLADR        = 3
	ILL_ILLTRP        = 4
	ILL_PRVOPC        = 5
	ILL_PRVREG        = 6
	ILL_COPROC        = 7
	ILL_BADSTK        = 8
	FPE_INTDIV        = 1
	FPE_INTOVF        = 2
	FPE_FLTDIV        = 3
	FPE_FLTOVF        = 4
	FPE_FLTUND        = 5
	FPE_FLTRES        = 6
	FPE_FLTINV        = 7
	FPE_FLTSUB        = 8
	FPE_FLTUNK        = 14
	FPE_CONDTRAP      = 15
	SEGV_MAPERR       = 1
	SEGV_ACCERR       = 2
	SEGV_BNDERR       = 3
	SEGV_PKUERR       = 4
	SEGV_ACCADI       = 5
	SEGV_ADIDERR      = 6
	BUS_ADRALN        = 1
	BUS_ADRERR        = 2
	BUS_OBJERR        = 3
	BUS_MCEERR_AR     = 4
	BUS_MCEERR_AO     = 5
	TRAP_BRKPT        = 1
	TRAP_TRACE        = 2
	TRAP_BRANCH       = 3
	TRAP_HWBKPT       = 4
	TRAP_UNK          = 5
	TRAP_PERF         = 6
	CLD_EXITED        = 1
	CLD_KILLED        = 2
	CLD_DUMPED        = 3
	CLD_TRAPPED       = 4
	CLD_STOPPED       = 5
	CLD_CONTINUED     = 6
	POLL_IN           = 1
	POLL_OUT          = 2
	POLL_MSG          = 3
	POLL_ERR          = 4
	POLL_PRI          = 5
	POLL_HUP          = 6
	SYS_SECCOMP       = 1
	SYS_USER_DISPATCH = 2
)

// sigevent notification.
const (
	SIGEV_SIGNAL    = 0
	SIGEV_NONE      = 1
	SIGEV_THREAD    = 2
	SIGEV_THREAD_ID = 4
)

// Architectures in the siginfo of SIGSYS.
const (
	AUDIT_ARCH_I386    = 0x40000003
	AUDIT_ARCH_X86_64  = 0xc000003e
	AUDIT_ARCH_ARM     = 0x40000028
	AUDIT_ARCH_AARCH64 = 0xc00000b7
)

// signalfd.
const (
	SFD_NONBLOCK = 0x800
	SFD_CLOEXEC  = 0x80000
)
