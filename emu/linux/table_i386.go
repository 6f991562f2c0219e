package linux

import (
	"panda/emu/linux/cred"
)

// The calls of i386 lead to the functions of table.go. Most go by the same name;
// the maps below tell about the others.

// rowI386 finds a call of i386.
func rowI386(name string) *row {
	if r := own32[name]; r != nil {
		return r
	}
	if as, ok := aliases32[name]; ok {
		return rows[as]
	}
	if as, ok := wide32[name]; ok {
		r := *rows[as]
		r.wide = true
		return &r
	}
	return rows[name]
}

// aliases32 are calls that have another name elsewhere.
var aliases32 = map[string]string{
	"_newselect": "select", "waitpid": "wait4", "fcntl64": "fcntl", "ugetrlimit": "getrlimit",
	"truncate64": "truncate", "ftruncate64": "ftruncate", "fadvise64_64": "fadvise64",
	"chown32": "chown", "lchown32": "lchown", "fchown32": "fchown",
	"getuid32": "getuid", "geteuid32": "geteuid", "getgid32": "getgid", "getegid32": "getegid",
	"setuid32": "setuid", "setgid32": "setgid", "setreuid32": "setreuid", "setregid32": "setregid",
	"setresuid32": "setresuid", "setresgid32": "setresgid", "getresuid32": "getresuid", "getresgid32": "getresgid",
	"setfsuid32": "setfsuid", "setfsgid32": "setfsgid", "getgroups32": "getgroups", "setgroups32": "setgroups",
}

// wide32 are calls whose times, attributes and offsets in memory have 64 bits.
var wide32 = map[string]string{
	"stat64": "stat", "lstat64": "lstat", "fstat64": "fstat", "fstatat64": "newfstatat", "sendfile64": "sendfile",
	"clock_gettime64": "clock_gettime", "clock_settime64": "clock_settime", "clock_getres_time64": "clock_getres",
	"clock_nanosleep_time64": "clock_nanosleep", "futex_time64": "futex", "ppoll_time64": "ppoll", "pselect6_time64": "pselect6",
	"timer_gettime64": "timer_gettime", "timer_settime64": "timer_settime",
	"timerfd_gettime64": "timerfd_gettime", "timerfd_settime64": "timerfd_settime",
	"utimensat_time64": "utimensat", "recvmmsg_time64": "recvmmsg", "rt_sigtimedwait_time64": "rt_sigtimedwait",
	"sched_rr_get_interval_time64": "sched_rr_get_interval", "epoll_pwait2": "epoll_pwait2",
}

// own32 are calls that only i386 has, or that are another thing there.
var own32 = map[string]*row{
	// Arguments of another form.
	"mmap2": {fn: sysMmap2}, "clone": {fn: sysClone32, level: partial, gap: "no namespaces"}, "_llseek": {fn: sysLlseek},
	"preadv2": {fn: sysPreadv2Narrow}, "pwritev2": {fn: sysPwritev2Narrow},
	"statfs64": {fn: sysStatfs64, wide: true}, "fstatfs64": {fn: sysFstatfs64, wide: true},
	"send": {fn: sysSend}, "recv": {fn: sysRecv},
	"socketcall": {level: refused}, "ipc": {level: refused}, // those that unpack does not resolve
	// Ids of 16 bits.
	"getuid": {fn: low16(getuid(cred.Real))}, "geteuid": {fn: low16(getuid(cred.Effective))},
	"getgid": {fn: low16(getgid(cred.Real))}, "getegid": {fn: low16(getgid(cred.Effective))},
	"getresuid": {fn: ids16.getIDs(cred.UIDs)}, "getresgid": {fn: ids16.getIDs(cred.GIDs)},
	"getgroups": {fn: ids16.getGroups}, "setgroups": {fn: ids16.setGroups},
	// Forms of old.
	"oldstat": {fn: oldStat(sysStat)}, "oldlstat": {fn: oldStat(sysLstat)}, "oldfstat": {fn: oldStat(sysFstat)},
	"olduname": {fn: sysOlduname}, "oldolduname": {fn: sysOldolduname}, "getrlimit": {fn: sysOldGetrlimit},
	"nice": {fn: sysNice}, "stime": {fn: sysClockSettime},
	"sigaction": {fn: sysSigaction}, "signal": {fn: sysSignal}, "sigprocmask": {fn: sysSigprocmask}, "sigpending": {fn: sysSigpending},
	"sigsuspend": {fn: sysSigsuspend}, "sgetmask": {fn: sysSgetmask}, "ssetmask": {fn: sysSsetmask}, "sigreturn": {fn: sysSigreturn},
	// Segments.
	"set_thread_area": {fn: sysSetThreadArea}, "get_thread_area": {fn: sysGetThreadArea}, "arch_prctl": {fn: sysArchPrctlI386}, "modify_ldt": {fn: sysModifyLdt},
	"vm86": {level: refused}, "vm86old": {level: refused}, "uselib": {level: refused}, "readdir": {level: refused},
}
