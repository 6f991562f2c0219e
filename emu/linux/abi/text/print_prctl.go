package text

import (
	"panda/emu/linux/abi"
)

// prctlArgs lists the formatters of an option's arguments; arguments after them
// are not printed. An option that is not listed prints all four in hexadecimal.
var prctlArgs = map[uint32][]formatter{
	abi.PR_SET_PDEATHSIG:            {showSignal},
	abi.PR_GET_PDEATHSIG:            {number(bytes4, func(_ *printer, v uint64) string { return abi.SignalName(int(int32(v))) })},
	abi.PR_GET_DUMPABLE:             {},
	abi.PR_SET_DUMPABLE:             {enum(&dumpables)},
	abi.PR_GET_UNALIGN:              {outInt},
	abi.PR_GET_KEEPCAPS:             {},
	abi.PR_SET_KEEPCAPS:             {showUlong},
	abi.PR_GET_TIMING:               {},
	abi.PR_SET_TIMING:               {showUlong},
	abi.PR_SET_NAME:                 {showTaskName},
	abi.PR_GET_NAME:                 {showTaskName},
	abi.PR_GET_SECCOMP:              {},
	abi.PR_SET_SECCOMP:              {enum(&seccompModes), showPtr},
	abi.PR_CAPBSET_READ:             {enum(&caps)},
	abi.PR_CAPBSET_DROP:             {enum(&caps)},
	abi.PR_GET_TSC:                  {number(bytes4, func(_ *printer, v uint64) string { return tscModes.Format(v) })},
	abi.PR_SET_TSC:                  {enum(&tscModes)},
	abi.PR_GET_SECUREBITS:           {},
	abi.PR_SET_SECUREBITS:           {flags(&securebits)},
	abi.PR_GET_TIMERSLACK:           {},
	abi.PR_SET_TIMERSLACK:           {showUlong},
	abi.PR_TASK_PERF_EVENTS_DISABLE: {},
	abi.PR_TASK_PERF_EVENTS_ENABLE:  {},
	abi.PR_SET_CHILD_SUBREAPER:      {showUlong},
	abi.PR_GET_CHILD_SUBREAPER:      {outInt},
	abi.PR_SET_NO_NEW_PRIVS:         {showUlong, showHex, showHex, showHex},
	abi.PR_GET_TID_ADDRESS:          {outPtr},
	abi.PR_SET_THP_DISABLE:          {showUlong, showHex, showHex, showHex},
	abi.PR_CAP_AMBIENT:              {enum(&capAmbientOps), showAmbientCap, showHex, showHex},
	abi.PR_SET_PTRACER:              {showPtracer},
	abi.PR_SET_VMA:                  {enum(&vmaOps), showHex, showUlong, showStr},
	abi.PR_SET_IO_FLUSHER:           {showUlong, showHex, showHex, showHex},
}

// prctlOut are the options that fill their argument in.
var prctlOut = map[uint32]bool{
	abi.PR_GET_PDEATHSIG: true, abi.PR_GET_UNALIGN: true, abi.PR_GET_NAME: true, abi.PR_GET_TSC: true,
	abi.PR_GET_CHILD_SUBREAPER: true, abi.PR_GET_TID_ADDRESS: true,
}

var (
	dumpables = Enum{"SUID_DUMP_???", []Name{
		{0, "SUID_DUMP_DISABLE"}, {1, "SUID_DUMP_USER"}, {2, "SUID_DUMP_ROOT"},
	}}
	tscModes   = Enum{"PR_TSC_???", []Name{{1, "PR_TSC_ENABLE"}, {2, "PR_TSC_SIGSEGV"}}}
	vmaOps     = Enum{"PR_SET_VMA_???", []Name{{abi.PR_SET_VMA_ANON_NAME, "PR_SET_VMA_ANON_NAME"}}}
	securebits = Flags{"SECBIT_???", []Name{
		{1 << 0, "SECBIT_NOROOT"},
		{1 << 1, "SECBIT_NOROOT_LOCKED"},
		{1 << 2, "SECBIT_NO_SETUID_FIXUP"},
		{1 << 3, "SECBIT_NO_SETUID_FIXUP_LOCKED"},
		{1 << 4, "SECBIT_KEEP_CAPS"},
		{1 << 5, "SECBIT_KEEP_CAPS_LOCKED"},
		{1 << 6, "SECBIT_NO_CAP_AMBIENT_RAISE"},
		{1 << 7, "SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED"},
	}}
)

// showPrctlArg formats an argument of prctl as the option takes it.
func showPrctlArg(p *printer, a operand) string {
	option := uint32(p.value(a.by))
	row, ok := prctlArgs[option]
	switch {
	case !ok:
		return hex(a.v)
	case a.i > len(row):
		return ""
	case p.failed && prctlOut[option]:
		return p.ptr(a.v)
	}
	return row[a.i-1](p, a)
}

// showTaskName prints the name of a thread, 15 bytes at most.
func showTaskName(p *printer, a operand) string { return p.str(a.v, 15) }

func showAmbientCap(p *printer, a operand) string {
	if uint32(p.value(1)) == abi.PR_CAP_AMBIENT_CLEAR_ALL {
		return hex(a.v)
	}
	return caps.Format(uint64(uint32(a.v)))
}

func showPtracer(p *printer, a operand) string {
	if p.signed(a.v) == -1 {
		return "PR_SET_PTRACER_ANY"
	}
	return dec(int64(int32(a.v)))
}

// showArchPrctlArg: two options fill in a word, the others take an address or a number.
func showArchPrctlArg(p *printer, a operand) string {
	switch uint32(p.value(a.by)) {
	case abi.ARCH_GET_FS, abi.ARCH_GET_GS:
		if !p.failed {
			return outPtr(p, a)
		}
	case abi.ARCH_GET_CPUID:
		return ""
	case abi.ARCH_GET_XCOMP_SUPP, abi.ARCH_GET_XCOMP_PERM, abi.ARCH_GET_XCOMP_GUEST_PERM:
		return p.ptr(a.v)
	}
	return hex(a.v)
}
