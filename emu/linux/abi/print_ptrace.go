package abi

// ptraceArgs lists what the requests of ptrace take after the process: the
// address and the data. A request that is not listed takes two pointers.
var ptraceArgs = map[uint32][2]formatter{
	PTRACE_KILL:       {nothing, nothing},
	PTRACE_ATTACH:     {nothing, nothing},
	PTRACE_INTERRUPT:  {nothing, nothing},
	PTRACE_LISTEN:     {nothing, nothing},
	PTRACE_GETREGS:    {nothing, showPtr},
	PTRACE_SETREGS:    {nothing, showPtr},
	PTRACE_GETFPREGS:  {nothing, showPtr},
	PTRACE_SETFPREGS:  {nothing, showPtr},
	PTRACE_CONT:       {showPtr, showSignal},
	PTRACE_DETACH:     {showPtr, showSignal},
	PTRACE_SYSCALL:    {showPtr, showSignal},
	PTRACE_SYSEMU:     {showPtr, showSignal},
	PTRACE_SINGLESTEP: {showPtr, showSignal},
	PTRACE_SETOPTIONS: {showPtr, wordFlags(&ptraceOptions)},
	PTRACE_SEIZE:      {showPtr, wordFlags(&ptraceOptions)},

	PTRACE_SYSEMU_SINGLESTEP: {showPtr, showSignal},
	PTRACE_SINGLEBLOCK:       {showPtr, showSignal},
	PTRACE_GETSIGMASK:        {showUlong, showPtr},
	PTRACE_SETSIGMASK:        {showUlong, showPtr},
	PTRACE_GET_SYSCALL_INFO:  {showUlong, showPtr},
}

// showPtraceArg formats an argument after the request: 0 is the process.
func showPtraceArg(n int) formatter {
	return func(p *printer, a operand) string {
		request := uint32(p.value(0))
		row, ok := ptraceArgs[request]
		switch {
		case request == PTRACE_TRACEME:
			return ""
		case n == 0:
			return int32Text(a.v)
		case !ok:
			return p.ptr(a.v)
		}
		return row[n-1](p, a)
	}
}
