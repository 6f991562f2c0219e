package text

import (
	"strings"

	"panda/emu/linux/abi"
)

// WaitStatusText formats the status that wait4 returns.
func WaitStatusText(status uint32) string {
	sig := int(status & 0x7f)
	code := int(status >> 8 & 0xff)
	switch {
	case status == 0xffff:
		return "{WIFCONTINUED(s)}"
	case status&0xff == 0x7f:
		s := "{WIFSTOPPED(s) && WSTOPSIG(s) == " + abi.SignalName(code) + "}"
		if event := status >> 16; event != 0 {
			s += " | " + hex(uint64(event)<<16)
		}
		return s
	case sig == 0:
		return "{WIFEXITED(s) && WEXITSTATUS(s) == " + dec(int64(code)) + "}"
	case status&0x80 != 0:
		return "{WIFSIGNALED(s) && WTERMSIG(s) == " + abi.SignalName(sig) + " && WCOREDUMP(s)}"
	}
	return "{WIFSIGNALED(s) && WTERMSIG(s) == " + abi.SignalName(sig) + "}"
}

// showWaitStatus: without a child the status is not filled in.
func showWaitStatus(p *printer, a operand) string {
	if p.ret == 0 {
		return p.ptr(a.v)
	}
	return number(bytes4, func(_ *printer, v uint64) string { return WaitStatusText(uint32(v)) })(p, a)
}

// afterWait formats what a wait fills in only when it found a child.
func afterWait(format formatter) formatter {
	return func(p *printer, a operand) string {
		if p.ret == 0 && p.call.Name == "wait4" {
			return p.ptr(a.v)
		}
		return format(p, a)
	}
}

func showRusage(_ *printer, v *abi.Rusage) string {
	return "{ru_utime=" + timevalText(&v.Utime) + ", ru_stime=" + timevalText(&v.Stime) + ", ...}"
}

// limitText formats a resource limit; multiples of 1024 are shown as such.
func limitText(v uint64, infinity string) string {
	switch {
	case v == abi.RLIM_INFINITY:
		return infinity
	case v > 1024 && v%1024 == 0:
		return udec(v/1024) + "*1024"
	}
	return udec(v)
}

func showRlimit(p *printer, v *abi.Rlimit) string {
	if p.l.Word == 8 {
		return rlimitText(v, "RLIM64_INFINITY")
	}
	return rlimitText(v, "RLIM_INFINITY")
}

func showRlimit64(_ *printer, v *abi.Rlimit64) string {
	return rlimitText((*abi.Rlimit)(v), "RLIM64_INFINITY")
}

func rlimitText(v *abi.Rlimit, infinity string) string {
	return "{rlim_cur=" + limitText(v.Cur, infinity) + ", rlim_max=" + limitText(v.Max, infinity) + "}"
}

func showUtsname(_ *printer, v *abi.Utsname) string { return utsnameText(v, ", ...}") }

func utsnameText(v *abi.Utsname, tail string) string {
	return "{sysname=" + quote([]byte(v.Sysname)) + ", nodename=" + quote([]byte(v.Nodename)) + tail
}

func showOldUtsname(_ *printer, v *abi.OldUtsname) string {
	return utsnameText((*abi.Utsname)(v), ", ...}")
}

func showOldOldUtsname(_ *printer, v *abi.OldOldUtsname) string {
	return utsnameText((*abi.Utsname)(v), ", ...}")
}

func showSysinfo(_ *printer, v *abi.Sysinfo) string {
	loads := []string{udec(v.Loads[0]), udec(v.Loads[1]), udec(v.Loads[2])}
	list := []string{
		"uptime=" + dec(v.Uptime), "loads=[" + strings.Join(loads, ", ") + "]",
		"totalram=" + udec(v.Totalram), "freeram=" + udec(v.Freeram), "sharedram=" + udec(v.Sharedram),
		"bufferram=" + udec(v.Bufferram), "totalswap=" + udec(v.Totalswap), "freeswap=" + udec(v.Freeswap),
		"procs=" + udec(uint64(v.Procs)), "totalhigh=" + udec(v.Totalhigh), "freehigh=" + udec(v.Freehigh),
		"mem_unit=" + udec(uint64(v.Unit)),
	}
	return "{" + strings.Join(list, ", ") + "}"
}

// showCloneFlags prints the flags of clone with the exit signal in the low byte.
func showCloneFlags(_ *printer, a operand) string {
	names, rest := cloneFlags.split(a.v &^ abi.CSIGNAL)
	if rest != 0 {
		names = append(names, hex(rest))
	}
	if sig := int(a.v & abi.CSIGNAL); sig != 0 {
		names = append(names, abi.SignalName(sig))
	}
	if len(names) == 0 {
		return "flags=0"
	}
	return "flags=" + strings.Join(names, "|")
}

func showCloneStack(p *printer, a operand) string { return "child_stack=" + p.ptr(a.v) }

// cloneWants reports whether the flags of clone ask for an argument.
func (p *printer) cloneWants(flags uint64) bool { return p.value(0)&flags != 0 }

func showCloneParentTID(p *printer, a operand) string {
	if !p.cloneWants(abi.CLONE_PARENT_SETTID | abi.CLONE_PIDFD) {
		return ""
	}
	if p.failed {
		return "parent_tid=" + p.ptr(a.v)
	}
	return "parent_tid=" + outInt(p, a)
}

func showCloneChildTID(p *printer, a operand) string {
	if !p.cloneWants(abi.CLONE_CHILD_SETTID | abi.CLONE_CHILD_CLEARTID) {
		return ""
	}
	return "child_tidptr=" + p.ptr(a.v)
}

func showCloneTLS(p *printer, a operand) string {
	if !p.cloneWants(abi.CLONE_SETTLS) {
		return ""
	}
	if p.l.Word == 4 {
		return "tls=" + showAt(p, a.v, showUserDesc)
	}
	return "tls=" + p.ptr(a.v)
}

func showUserDesc(_ *printer, v *abi.UserDesc) string {
	bit := func(b uint32) string { return dec(int64(v.Flags / b & 1)) }
	entry := udec(uint64(v.EntryNumber))
	if int32(v.EntryNumber) == -1 {
		entry = "-1"
	}
	return "{entry_number=" + entry + ", base_addr=" + hex8(v.Base) + ", limit=" + hex8(v.Limit) +
		", seg_32bit=" + bit(abi.UserDescSeg32Bit) + ", contents=" + dec(int64(v.Flags>>abi.UserDescContentsShift&3)) +
		", read_exec_only=" + bit(abi.UserDescReadExecOnly) + ", limit_in_pages=" + bit(abi.UserDescLimitInPages) +
		", seg_not_present=" + bit(abi.UserDescNotPresent) + ", useable=" + bit(abi.UserDescUseable) + "}"
}

// showCloneArgs prints struct clone_args as far as its size goes.
func showCloneArgs(p *printer, a operand) string {
	if a.v == 0 || p.length(a) < abi.CloneArgsSizeVer0 {
		return p.ptr(a.v)
	}
	b := make([]byte, abi.CloneArgsSizeVer2)
	n := min(int(p.length(a)), len(b))
	if p.mem.Read(a.v, b[:n]) != nil {
		return hex(a.v)
	}
	var v abi.CloneArgs
	p.l.Get(b, &v)
	return p.cloneArgs(&v)
}

func (p *printer) cloneArgs(v *abi.CloneArgs) string {
	list := []string{"flags=" + clone3Flags.Format(v.Flags)}
	add := func(ok bool, s string) {
		if ok {
			list = append(list, s)
		}
	}
	add(v.Flags&abi.CLONE_PIDFD != 0, "pidfd="+p.ptr(v.PidFD))
	add(v.Flags&(abi.CLONE_CHILD_SETTID|abi.CLONE_CHILD_CLEARTID) != 0, "child_tid="+p.ptr(v.ChildTID))
	add(v.Flags&abi.CLONE_PARENT_SETTID != 0, "parent_tid="+p.ptr(v.ParentTID))
	list = append(list, "exit_signal="+abi.SignalName(int(v.ExitSignal)), "stack="+p.ptr(v.Stack), "stack_size="+hex(v.StackSize))
	add(v.Flags&abi.CLONE_SETTLS != 0, "tls="+hex(v.TLS))
	add(v.SetTID != 0 || v.SetTIDSize != 0, "set_tid="+p.numbers(v.SetTID, int(v.SetTIDSize), 4, int32Text)+", set_tid_size="+udec(v.SetTIDSize))
	add(v.Flags&abi.CLONE_INTO_CGROUP != 0, "cgroup="+udec(v.Cgroup))
	return "{" + strings.Join(list, ", ") + "}"
}

// showCloneArgsOut adds what the kernel wrote through the pointers in clone_args.
func showCloneArgsOut(p *printer, a operand) string {
	s := showCloneArgs(p, a)
	var v abi.CloneArgs
	if p.failed || p.length(a) < abi.CloneArgsSizeVer0 || a.v == 0 {
		return s
	}
	b := make([]byte, abi.CloneArgsSizeVer2)
	if p.mem.Read(a.v, b[:min(int(p.length(a)), len(b))]) != nil {
		return s
	}
	p.l.Get(b, &v)
	var out []string
	if v.Flags&abi.CLONE_PIDFD != 0 {
		out = append(out, "pidfd="+outInt(p, operand{v: v.PidFD}))
	}
	if v.Flags&abi.CLONE_PARENT_SETTID != 0 {
		out = append(out, "parent_tid="+outInt(p, operand{v: v.ParentTID}))
	}
	if len(out) == 0 {
		return s
	}
	return s + " => {" + strings.Join(out, ", ") + "}"
}

// showPersona prints an execution domain and its flags; all ones asks for it.
func showPersona(_ *printer, a operand) string {
	if uint32(a.v) == 1<<32-1 {
		return hex(uint64(uint32(a.v)))
	}
	return PersonaText(uint32(a.v))
}

// PersonaText formats the argument and the result of personality(2).
func PersonaText(v uint32) string {
	return personaFlags.with([]string{personas.Format(uint64(v & 0xff))}, uint64(v&^0xff))
}

// cpus prints the bits of a mask: [0 1 5].
func (p *printer) cpus(addr, size uint64) string {
	b, ok := p.read(addr, int(min(size, 1024)))
	if addr == 0 || !ok {
		return p.ptr(addr)
	}
	var list []string
	for i := range len(b) * 8 {
		if b[i/8]>>(i%8)&1 != 0 {
			list = append(list, dec(int64(i)))
		}
	}
	return "[" + strings.Join(list, " ") + "]"
}

func showCPUSet(p *printer, a operand) string { return p.cpus(a.v, p.length(a)) }

func showOutCPUSet(p *printer, a operand) string { return p.cpus(a.v, uint64(p.ret)) }

func showSchedParam(_ *printer, v *abi.SchedParam) string { return "[" + dec(int64(v.Priority)) + "]" }

func showCapHeader(_ *printer, v *abi.CapHeader) string {
	return "{version=" + capVersions.Format(uint64(v.Version)) + ", pid=" + dec(int64(v.PID)) + "}"
}

// showCapData prints three capability sets; all versions but the first split
// them over two structures.
func showCapData(p *printer, a operand) string {
	var head abi.CapHeader
	if a.v == 0 || p.l.Load(p.mem, p.value(a.by), &head) != nil {
		return p.ptr(a.v)
	}
	var lo, hi abi.CapData
	if p.l.Load(p.mem, a.v, &lo) != nil {
		return hex(a.v)
	}
	if head.Version != abi.LINUX_CAPABILITY_VERSION_1 && p.l.LoadAt(p.mem, a.v, 1, &hi) != nil {
		return hex(a.v)
	}
	return "{effective=" + capsText(lo.Effective, hi.Effective) +
		", permitted=" + capsText(lo.Permitted, hi.Permitted) +
		", inheritable=" + capsText(lo.Inheritable, hi.Inheritable) + "}"
}

func capsText(lo, hi uint32) string {
	set := uint64(hi)<<32 | uint64(lo)
	var list []string
	for _, c := range caps.Names {
		if set>>c.Value&1 != 0 {
			list = append(list, "1<<"+c.Name)
			set &^= 1 << c.Value
		}
	}
	if set != 0 {
		list = append(list, hex(set))
	}
	if list == nil {
		return "0"
	}
	return strings.Join(list, "|")
}

func showGroups(size int, format func(uint64) string) formatter {
	return func(p *printer, a operand) string { return p.numbers(a.v, int(p.length(a)), size, format) }
}

// showOutGroups: a size of 0 asks for the number of groups only.
func showOutGroups(size int, format func(uint64) string) formatter {
	return func(p *printer, a operand) string {
		if p.value(0) == 0 && p.ret > 0 {
			return p.ptr(a.v)
		}
		return p.numbers(a.v, int(p.ret), size, format)
	}
}

func showSyslogType(_ *printer, a operand) string {
	v := uint64(uint32(a.v))
	if name, ok := syslogTypes.Lookup(int64(v)); ok {
		return udec(v) + " /* " + name + " */"
	}
	return udec(v) + " /* " + syslogTypes.Unknown + " */"
}

// showSeccompFlags: the flags belong to filters.
func showSeccompFlags(p *printer, a operand) string {
	v := uint64(uint32(a.v))
	if uint32(p.value(0)) == abi.SECCOMP_SET_MODE_FILTER {
		return seccompFlags.Format(v)
	}
	return hex(v)
}

// showSyslogArg: only reading takes a buffer, and setting the level a number.
func showSyslogArg(p *printer, a operand) string {
	const read, readClear, level, last = 2, 4, 8, 10
	t := uint32(p.value(0))
	switch {
	case t < read || t > readClear && t != level && t <= last:
		return ""
	case a.i == 1:
		return p.ptr(a.v)
	}
	return int32Text(a.v)
}

func showRestart(*printer, operand) string { return "<... resuming interrupted system call ...>" }

// showRebootArg: one command takes a string.
func showRebootArg(p *printer, a operand) string {
	if uint32(p.value(a.by)) != abi.LINUX_REBOOT_CMD_RESTART2 {
		return ""
	}
	return showStr(p, a)
}

// showKcmpIndex: only descriptors have an index.
func showKcmpIndex(p *printer, a operand) string {
	switch uint32(p.value(a.by)) {
	case abi.KCMP_FILE:
		return int32Text(a.v)
	case abi.KCMP_EPOLL_TFD:
		if a.i == 4 {
			return p.ptr(a.v)
		}
		return int32Text(a.v)
	}
	return ""
}
