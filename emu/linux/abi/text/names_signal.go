package text

import (
	"panda/emu/linux/abi"
)

// Signals, clocks, timers and waiting. The order of flags is the order in which they are printed.
var (
	sigHows = Enum{"SIG_???", []Name{
		{abi.SIG_BLOCK, "SIG_BLOCK"}, {abi.SIG_UNBLOCK, "SIG_UNBLOCK"}, {abi.SIG_SETMASK, "SIG_SETMASK"},
	}}
	saFlags = Flags{"SA_???", []Name{
		{abi.SA_RESTORER, "SA_RESTORER"},
		{abi.SA_ONSTACK, "SA_ONSTACK"},
		{abi.SA_RESTART, "SA_RESTART"},
		{0x20000000, "SA_INTERRUPT"},
		{abi.SA_NODEFER, "SA_NODEFER"},
		{abi.SA_RESETHAND, "SA_RESETHAND"},
		{abi.SA_SIGINFO, "SA_SIGINFO"},
		{abi.SA_NOCLDSTOP, "SA_NOCLDSTOP"},
		{abi.SA_NOCLDWAIT, "SA_NOCLDWAIT"},
	}}
	stackFlags = Flags{"SS_???", []Name{
		{abi.SS_ONSTACK, "SS_ONSTACK"}, {abi.SS_DISABLE, "SS_DISABLE"}, {abi.SS_AUTODISARM, "SS_AUTODISARM"},
	}}
	signalfdFlags = Flags{"SFD_???", []Name{
		{abi.SFD_CLOEXEC, "SFD_CLOEXEC"}, {abi.SFD_NONBLOCK, "SFD_NONBLOCK"},
	}}
	sigevNotifies = Enum{"SIGEV_???", []Name{
		{abi.SIGEV_SIGNAL, "SIGEV_SIGNAL"},
		{abi.SIGEV_NONE, "SIGEV_NONE"},
		{abi.SIGEV_THREAD, "SIGEV_THREAD"},
		{abi.SIGEV_THREAD_ID, "SIGEV_THREAD_ID"},
	}}
	siCodes = Enum{"SI_???", []Name{
		{abi.SI_USER, "SI_USER"},
		{abi.SI_KERNEL, "SI_KERNEL"},
		{-1, "SI_QUEUE"},
		{-2, "SI_TIMER"},
		{-3, "SI_MESGQ"},
		{-4, "SI_ASYNCIO"},
		{-5, "SI_SIGIO"},
		{-6, "SI_TKILL"},
		{-7, "SI_DETHREAD"},
		{-60, "SI_ASYNCNL"},
	}}
	illCodes = Enum{"ILL_???", []Name{
		{abi.ILL_ILLOPC, "ILL_ILLOPC"},
		{abi.ILL_ILLOPN, "ILL_ILLOPN"},
		{abi.ILL_ILLADR, "ILL_ILLADR"},
		{abi.ILL_ILLTRP, "ILL_ILLTRP"},
		{abi.ILL_PRVOPC, "ILL_PRVOPC"},
		{abi.ILL_PRVREG, "ILL_PRVREG"},
		{abi.ILL_COPROC, "ILL_COPROC"},
		{abi.ILL_BADSTK, "ILL_BADSTK"},
	}}
	fpeCodes = Enum{"FPE_???", []Name{
		{abi.FPE_INTDIV, "FPE_INTDIV"},
		{abi.FPE_INTOVF, "FPE_INTOVF"},
		{abi.FPE_FLTDIV, "FPE_FLTDIV"},
		{abi.FPE_FLTOVF, "FPE_FLTOVF"},
		{abi.FPE_FLTUND, "FPE_FLTUND"},
		{abi.FPE_FLTRES, "FPE_FLTRES"},
		{abi.FPE_FLTINV, "FPE_FLTINV"},
		{abi.FPE_FLTSUB, "FPE_FLTSUB"},
		{abi.FPE_FLTUNK, "FPE_FLTUNK"},
		{abi.FPE_CONDTRAP, "FPE_CONDTRAP"},
	}}
	segvCodes = Enum{"SEGV_???", []Name{
		{abi.SEGV_MAPERR, "SEGV_MAPERR"},
		{abi.SEGV_ACCERR, "SEGV_ACCERR"},
		{abi.SEGV_BNDERR, "SEGV_BNDERR"},
		{abi.SEGV_PKUERR, "SEGV_PKUERR"},
		{abi.SEGV_ACCADI, "SEGV_ACCADI"},
		{abi.SEGV_ADIDERR, "SEGV_ADIDERR"},
	}}
	busCodes = Enum{"BUS_???", []Name{
		{abi.BUS_ADRALN, "BUS_ADRALN"},
		{abi.BUS_ADRERR, "BUS_ADRERR"},
		{abi.BUS_OBJERR, "BUS_OBJERR"},
		{abi.BUS_MCEERR_AR, "BUS_MCEERR_AR"},
		{abi.BUS_MCEERR_AO, "BUS_MCEERR_AO"},
	}}
	trapCodes = Enum{"TRAP_???", []Name{
		{abi.TRAP_BRKPT, "TRAP_BRKPT"},
		{abi.TRAP_TRACE, "TRAP_TRACE"},
		{abi.TRAP_BRANCH, "TRAP_BRANCH"},
		{abi.TRAP_HWBKPT, "TRAP_HWBKPT"},
		{abi.TRAP_UNK, "TRAP_UNK"},
		{abi.TRAP_PERF, "TRAP_PERF"},
	}}
	cldCodes = Enum{"CLD_???", []Name{
		{abi.CLD_EXITED, "CLD_EXITED"},
		{abi.CLD_KILLED, "CLD_KILLED"},
		{abi.CLD_DUMPED, "CLD_DUMPED"},
		{abi.CLD_TRAPPED, "CLD_TRAPPED"},
		{abi.CLD_STOPPED, "CLD_STOPPED"},
		{abi.CLD_CONTINUED, "CLD_CONTINUED"},
	}}
	pollCodes = Enum{"POLL_???", []Name{
		{abi.POLL_IN, "POLL_IN"},
		{abi.POLL_OUT, "POLL_OUT"},
		{abi.POLL_MSG, "POLL_MSG"},
		{abi.POLL_ERR, "POLL_ERR"},
		{abi.POLL_PRI, "POLL_PRI"},
		{abi.POLL_HUP, "POLL_HUP"},
	}}
	sysCodes = Enum{"SYS_???", []Name{
		{abi.SYS_SECCOMP, "SYS_SECCOMP"}, {abi.SYS_USER_DISPATCH, "SYS_USER_DISPATCH"},
	}}
	clocks = Enum{"CLOCK_???", []Name{
		{abi.CLOCK_REALTIME, "CLOCK_REALTIME"},
		{abi.CLOCK_MONOTONIC, "CLOCK_MONOTONIC"},
		{abi.CLOCK_PROCESS_CPUTIME_ID, "CLOCK_PROCESS_CPUTIME_ID"},
		{abi.CLOCK_THREAD_CPUTIME_ID, "CLOCK_THREAD_CPUTIME_ID"},
		{abi.CLOCK_MONOTONIC_RAW, "CLOCK_MONOTONIC_RAW"},
		{abi.CLOCK_REALTIME_COARSE, "CLOCK_REALTIME_COARSE"},
		{abi.CLOCK_MONOTONIC_COARSE, "CLOCK_MONOTONIC_COARSE"},
		{abi.CLOCK_BOOTTIME, "CLOCK_BOOTTIME"},
		{abi.CLOCK_REALTIME_ALARM, "CLOCK_REALTIME_ALARM"},
		{abi.CLOCK_BOOTTIME_ALARM, "CLOCK_BOOTTIME_ALARM"},
		{abi.CLOCK_SGI_CYCLE, "CLOCK_SGI_CYCLE"},
		{abi.CLOCK_TAI, "CLOCK_TAI"},
	}}
	itimers = Enum{"ITIMER_???", []Name{
		{abi.ITIMER_REAL, "ITIMER_REAL"}, {abi.ITIMER_VIRTUAL, "ITIMER_VIRTUAL"}, {abi.ITIMER_PROF, "ITIMER_PROF"},
	}}
	timerFlags = Flags{"TIMER_???", []Name{
		{abi.TIMER_ABSTIME, "TIMER_ABSTIME"},
	}}
	timerfdFlags = Flags{"TFD_???", []Name{
		{abi.TFD_TIMER_ABSTIME, "TFD_TIMER_ABSTIME"},
		{abi.TFD_TIMER_CANCEL_ON_SET, "TFD_TIMER_CANCEL_ON_SET"},
		{abi.TFD_CLOEXEC, "TFD_CLOEXEC"},
		{abi.TFD_NONBLOCK, "TFD_NONBLOCK"},
	}}
	adjModes = Flags{"ADJ_???", []Name{
		{abi.ADJ_OFFSET_SS_READ, "ADJ_OFFSET_SS_READ"},
		{abi.ADJ_OFFSET_SINGLESHOT, "ADJ_OFFSET_SINGLESHOT"},
		{abi.ADJ_OFFSET, "ADJ_OFFSET"},
		{abi.ADJ_FREQUENCY, "ADJ_FREQUENCY"},
		{abi.ADJ_MAXERROR, "ADJ_MAXERROR"},
		{abi.ADJ_ESTERROR, "ADJ_ESTERROR"},
		{abi.ADJ_STATUS, "ADJ_STATUS"},
		{abi.ADJ_TIMECONST, "ADJ_TIMECONST"},
		{abi.ADJ_TAI, "ADJ_TAI"},
		{abi.ADJ_SETOFFSET, "ADJ_SETOFFSET"},
		{abi.ADJ_MICRO, "ADJ_MICRO"},
		{abi.ADJ_NANO, "ADJ_NANO"},
		{abi.ADJ_TICK, "ADJ_TICK"},
	}}
	adjStatus = Flags{"STA_???", []Name{
		{abi.STA_PLL, "STA_PLL"},
		{abi.STA_PPSFREQ, "STA_PPSFREQ"},
		{abi.STA_PPSTIME, "STA_PPSTIME"},
		{abi.STA_FLL, "STA_FLL"},
		{abi.STA_INS, "STA_INS"},
		{abi.STA_DEL, "STA_DEL"},
		{abi.STA_UNSYNC, "STA_UNSYNC"},
		{abi.STA_FREQHOLD, "STA_FREQHOLD"},
		{abi.STA_PPSSIGNAL, "STA_PPSSIGNAL"},
		{abi.STA_PPSJITTER, "STA_PPSJITTER"},
		{abi.STA_PPSWANDER, "STA_PPSWANDER"},
		{abi.STA_PPSERROR, "STA_PPSERROR"},
		{abi.STA_CLOCKERR, "STA_CLOCKERR"},
		{abi.STA_NANO, "STA_NANO"},
		{abi.STA_MODE, "STA_MODE"},
		{abi.STA_CLK, "STA_CLK"},
	}}
	adjStates = Enum{"TIME_???", []Name{
		{abi.TIME_OK, "TIME_OK"},
		{abi.TIME_INS, "TIME_INS"},
		{abi.TIME_DEL, "TIME_DEL"},
		{abi.TIME_OOP, "TIME_OOP"},
		{abi.TIME_WAIT, "TIME_WAIT"},
		{abi.TIME_ERROR, "TIME_ERROR"},
	}}
	pollEvents = Flags{"POLL???", []Name{
		{abi.POLLIN, "POLLIN"},
		{abi.POLLPRI, "POLLPRI"},
		{abi.POLLOUT, "POLLOUT"},
		{abi.POLLERR, "POLLERR"},
		{abi.POLLHUP, "POLLHUP"},
		{abi.POLLNVAL, "POLLNVAL"},
		{abi.POLLRDNORM, "POLLRDNORM"},
		{abi.POLLRDBAND, "POLLRDBAND"},
		{abi.POLLWRNORM, "POLLWRNORM"},
		{abi.POLLWRBAND, "POLLWRBAND"},
		{abi.POLLMSG, "POLLMSG"},
		{abi.POLLREMOVE, "POLLREMOVE"},
		{abi.POLLRDHUP, "POLLRDHUP"},
		{0x8000, "POLL_BUSY_LOOP"},
	}}
	epollEvents = Flags{"EPOLL???", []Name{
		{abi.EPOLLIN, "EPOLLIN"},
		{abi.EPOLLPRI, "EPOLLPRI"},
		{abi.EPOLLOUT, "EPOLLOUT"},
		{abi.EPOLLERR, "EPOLLERR"},
		{abi.EPOLLHUP, "EPOLLHUP"},
		{abi.EPOLLNVAL, "EPOLLNVAL"},
		{abi.EPOLLRDNORM, "EPOLLRDNORM"},
		{abi.EPOLLRDBAND, "EPOLLRDBAND"},
		{abi.EPOLLWRNORM, "EPOLLWRNORM"},
		{abi.EPOLLWRBAND, "EPOLLWRBAND"},
		{abi.EPOLLMSG, "EPOLLMSG"},
		{abi.EPOLLRDHUP, "EPOLLRDHUP"},
		{abi.EPOLLEXCLUSIVE, "EPOLLEXCLUSIVE"},
		{abi.EPOLLWAKEUP, "EPOLLWAKEUP"},
		{abi.EPOLLONESHOT, "EPOLLONESHOT"},
		{abi.EPOLLET, "EPOLLET"},
	}}
	epollOps = Enum{"EPOLL_CTL_???", []Name{
		{abi.EPOLL_CTL_ADD, "EPOLL_CTL_ADD"}, {abi.EPOLL_CTL_DEL, "EPOLL_CTL_DEL"}, {abi.EPOLL_CTL_MOD, "EPOLL_CTL_MOD"},
	}}
	epollFlags = Flags{"EPOLL_???", []Name{
		{abi.EPOLL_CLOEXEC, "EPOLL_CLOEXEC"},
	}}
	eventfdFlags = Flags{"EFD_???", []Name{
		{abi.EFD_SEMAPHORE, "EFD_SEMAPHORE"}, {abi.EFD_CLOEXEC, "EFD_CLOEXEC"}, {abi.EFD_NONBLOCK, "EFD_NONBLOCK"},
	}}
)
