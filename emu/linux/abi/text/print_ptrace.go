package text

import (
	"panda/emu/linux/abi"
)

// ptraceArgs lists what the requests of ptrace take after the process: the
// address and the data. A request that is not listed takes two pointers.
var ptraceArgs = map[uint32][2]formatter{
	abi.PTRACE_KILL:       {nothing, nothing},
	abi.PTRACE_ATTACH:     {nothing, nothing},
	abi.PTRACE_INTERRUPT:  {nothing, nothing},
	abi.PTRACE_LISTEN:     {nothing, nothing},
	abi.PTRACE_GETREGS:    {nothing, showPtr},
	abi.PTRACE_SETREGS:    {nothing, showPtr},
	abi.PTRACE_GETFPREGS:  {nothing, showPtr},
	abi.PTRACE_SETFPREGS:  {nothing, showPtr},
	abi.PTRACE_CONT:       {showPtr, showSignal},
	abi.PTRACE_DETACH:     {showPtr, showSignal},
	abi.PTRACE_SYSCALL:    {showPtr, showSignal},
	abi.PTRACE_SYSEMU:     {showPtr, showSignal},
	abi.PTRACE_SINGLESTEP: {showPtr, showSignal},
	abi.PTRACE_SETOPTIONS: {showPtr, wordFlags(&ptraceOptions)},
	abi.PTRACE_SEIZE:      {showPtr, wordFlags(&ptraceOptions)},

	abi.PTRACE_SYSEMU_SINGLESTEP: {showPtr, showSignal},
	abi.PTRACE_SINGLEBLOCK:       {showPtr, showSignal},
	abi.PTRACE_GETSIGMASK:        {showUlong, showPtr},
	abi.PTRACE_SETSIGMASK:        {showUlong, showPtr},
	abi.PTRACE_GET_SYSCALL_INFO:  {showUlong, showPtr},
}

// showPtraceArg formats an argument after the request: 0 is the process.
func showPtraceArg(n int) formatter {
	return func(p *printer, a operand) string {
		request := uint32(p.value(0))
		row, ok := ptraceArgs[request]
		switch {
		case request == abi.PTRACE_TRACEME:
			return ""
		case n == 0:
			return int32Text(a.v)
		case !ok:
			return p.ptr(a.v)
		}
		return row[n-1](p, a)
	}
}
