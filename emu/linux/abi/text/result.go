package text

import (
	"strings"

	"panda/emu/linux/abi"
)

// result formats what follows "= ".
func (p *printer) result() string {
	if p.call.Ret == abi.RNone && !p.failed {
		return "?"
	}
	if e, ok := abi.IsError(p.ret); ok {
		if e >= abi.ERESTARTSYS {
			return "? " + e.Error()
		}
		return "-1 " + e.Error()
	}
	return results[p.call.Ret](p)
}

func decimal(p *printer) string { return dec(p.ret) }

// results formats a result by its type.
var results = [...]func(p *printer) string{
	abi.RInt:        decimal,
	abi.RFD:         decimal,
	abi.RUint:       func(p *printer) string { return udec(p.word64()) },
	abi.RHex:        func(p *printer) string { return hex(p.word64()) },
	abi.ROctal:      func(p *printer) string { return octal(p.word64()) },
	abi.RSigmask:    func(p *printer) string { return hex(p.word64()) + " (mask " + SigsetText(uint64(p.ret), 32) + ")" },
	abi.ROldSigmask: func(p *printer) string { return hex(p.word64()) + " (old mask " + SigsetText(uint64(p.ret), 32) + ")" },
	abi.RSigHandler: handlerResult,
	abi.RUserDesc:   userDescResult,
	abi.RTime:       func(p *printer) string { return dec(p.ret) + " (" + date(p.ret, "") + ")" },
	abi.RPoll:       pollResult,
	abi.RSelect:     selectResult,
	abi.RFcntl:      fcntlResult,
	abi.RPrctl:      prctlResult,
	abi.RPersona:    func(p *printer) string { return hex(uint64(uint32(p.ret))) + " (" + PersonaText(uint32(p.ret)) + ")" },
	abi.RTimex:      func(p *printer) string { return dec(p.ret) + " (" + adjStates.Format(uint64(p.ret)) + ")" },
	abi.RSched:      func(p *printer) string { return dec(p.ret) + " (" + schedPolicies.Format(uint64(p.ret)) + ")" },
	abi.RMembarrier: membarrierResult,
	abi.RSignal:     func(p *printer) string { return dec(p.ret) + " (" + abi.SignalName(int(p.ret)) + ")" },
	abi.RNone:       func(*printer) string { return "?" },
}

// word64 is the result as an unsigned word of the guest.
func (p *printer) word64() uint64 {
	if p.l != nil && p.l.Word == 4 {
		return uint64(uint32(p.ret))
	}
	return uint64(p.ret)
}

func handlerResult(p *printer) string {
	v := p.word64()
	if v > abi.SIG_IGN {
		return hex(v)
	}
	return hex(v) + " (" + handlerText(v) + ")"
}

// userDescResult tells which entry the kernel chose.
func userDescResult(p *printer) string {
	var v abi.UserDesc
	if p.l.Load(p.mem, p.value(0), &v) != nil {
		return dec(p.ret)
	}
	return dec(p.ret) + " (entry_number=" + udec(uint64(v.EntryNumber)) + ")"
}

// pollResult lists the descriptors that are ready.
func pollResult(p *printer) string {
	if p.ret == 0 {
		return "0 (Timeout)"
	}
	var ready []string
	for i := range int(uint32(p.value(1))) {
		var v abi.PollFD
		if p.l.LoadAt(p.mem, p.value(0), i, &v) != nil {
			break
		}
		if v.Revents == 0 {
			continue
		}
		if len(ready) == maxString {
			ready = append(ready, "...")
			break
		}
		ready = append(ready, "{fd="+dec(int64(v.FD))+", revents="+pollEvents.Format(uint64(v.Revents))+"}")
	}
	return dec(p.ret) + " ([" + strings.Join(ready, ", ") + "]" + p.left(2) + ")"
}

// left tells what remains of a timeout that the call counts down.
func (p *printer) left(arg int) string {
	a := p.operand(arg)
	if a.v == 0 {
		return ""
	}
	switch t := p.call.Args[arg].Type; t {
	case abi.TTimespec, abi.TTimespec64, abi.TTimeval:
		return ", left " + kinds[t].show(p, a)
	}
	return ""
}

// selectResult lists the members of the sets that are ready.
func selectResult(p *printer) string {
	if p.ret == 0 {
		return "0 (Timeout)"
	}
	var list []string
	for i, name := range []string{"in", "out", "except"} {
		fds, ok := p.fdSet(p.value(1+i), int(int32(p.value(0))))
		if ok && len(fds) > 0 {
			list = append(list, name+" "+fdsText(fds))
		}
	}
	return dec(p.ret) + " (" + strings.TrimPrefix(strings.Join(list, ", ")+p.left(4), ", ") + ")"
}

// fcntlResult: the result of some commands is a set of flags.
func fcntlResult(p *printer) string {
	v := uint64(uint32(p.ret))
	switch uint32(p.value(1)) {
	case abi.F_GETFD:
		if v == 0 {
			return "0"
		}
		return hex(v) + " (flags " + fdFlags.Format(v) + ")"
	case abi.F_GETFL:
		return hex(v) + " (flags " + OpenFlagsText(v) + ")"
	case abi.F_GETLEASE:
		return hex(v) + " (" + lockTypes.Format(v) + ")"
	case abi.F_GETSIG, abi.F_GETOWN:
		if v != 0 && uint32(p.value(1)) == abi.F_GETSIG {
			return dec(p.ret) + " (" + abi.SignalName(int(p.ret)) + ")"
		}
	case abi.F_GET_SEALS:
		if v != 0 {
			return hex(v) + " (seals " + sealFlags.Format(v) + ")"
		}
	}
	return dec(p.ret)
}

func prctlResult(p *printer) string {
	switch v := uint64(uint32(p.ret)); uint32(p.value(0)) {
	case abi.PR_GET_DUMPABLE:
		return dec(p.ret) + " (" + dumpables.Format(v) + ")"
	case abi.PR_GET_SECUREBITS:
		if v != 0 {
			return hex(v) + " (" + securebits.Format(v) + ")"
		}
	}
	return dec(p.ret)
}

// membarrierResult: a query returns the commands that are supported.
func membarrierResult(p *printer) string {
	if p.ret == 0 || uint32(p.value(0)) != abi.MEMBARRIER_CMD_QUERY {
		return dec(p.ret)
	}
	set := Flags{membarrierCmds.Unknown, membarrierCmds.Names[1:]} // without QUERY, which is 0
	return hex(p.word64()) + " (" + set.Format(p.word64()) + ")"
}
