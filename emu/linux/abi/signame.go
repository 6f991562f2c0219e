package abi

import "strconv"

var signalNames = [...]string{
	SIGHUP: "HUP", SIGINT: "INT", SIGQUIT: "QUIT", SIGILL: "ILL", SIGTRAP: "TRAP", SIGABRT: "ABRT",
	SIGBUS: "BUS", SIGFPE: "FPE", SIGKILL: "KILL", SIGUSR1: "USR1", SIGSEGV: "SEGV", SIGUSR2: "USR2",
	SIGPIPE: "PIPE", SIGALRM: "ALRM", SIGTERM: "TERM", SIGSTKFLT: "STKFLT", SIGCHLD: "CHLD",
	SIGCONT: "CONT", SIGSTOP: "STOP", SIGTSTP: "TSTP", SIGTTIN: "TTIN", SIGTTOU: "TTOU", SIGURG: "URG",
	SIGXCPU: "XCPU", SIGXFSZ: "XFSZ", SIGVTALRM: "VTALRM", SIGPROF: "PROF", SIGWINCH: "WINCH",
	SIGIO: "IO", SIGPWR: "PWR", SIGSYS: "SYS", SIGRTMIN: "RTMIN",
}

// ShortSignal is a signal's name without SIG.
func ShortSignal(n int) string {
	switch {
	case n > 0 && n < len(signalNames):
		return signalNames[n]
	case n > SIGRTMIN && n <= SIGRTMAX:
		return "RT_" + strconv.Itoa(n-SIGRTMIN)
	}
	return ""
}

// SignalName returns the name of a signal, "SIGSEGV", or its number.
func SignalName(n int) string {
	if s := ShortSignal(n); s != "" {
		return "SIG" + s
	}
	return strconv.Itoa(n)
}
