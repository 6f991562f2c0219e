package linux

import (
	"panda/emu/linux/abi"
	"panda/emu/linux/cred"
)

// sysFunc performs a system call. Its result is returned to the guest unless the
// errno is set; blocked means that the thread was parked or is gone.
type sysFunc func(t *Thread, c *call) (int64, errno)

// level says how far a call is supported.
type level uint8

const (
	full    level = iota
	partial       // see the gap
	refused       // ENOSYS by intent: programs have another way
)

// row is a system call, by its name on every architecture.
type row struct {
	fn    sysFunc
	level level
	gap   string
	wide  bool // see call.wide
}

// callEntry is what belongs to a call number of an architecture.
type callEntry struct {
	info *abi.Call
	row  *row  // nil when there is no function for it
	cost int64 // in instructions, 0 for the usual: see callCosts
	// frame says that the stack pointer stands for the argument: sigreturn has none.
	frame bool
}

// price is the cost of the call, which may be none that there is.
func (e *callEntry) price() int64 {
	if e == nil || e.cost == 0 {
		return callCost
	}
	return e.cost
}

// nearCalls is the end of the numbers that one array has. Some architectures have
// calls of their own far from all others.
const nearCalls = 1 << 12

// callTable joins an architecture's numbers with the functions.
func callTable(calls []abi.Call, byName func(name string) *row) (near []callEntry, far map[int]*callEntry) {
	far = map[int]*callEntry{}
	for i := range calls {
		c := &calls[i]
		frame := len(c.Args) > 0 && (c.Args[0].Type == abi.TSigframe || c.Args[0].Type == abi.TOldSigframe)
		e := callEntry{c, byName(c.Name), callCosts[c.Name], frame}
		if c.Number >= nearCalls {
			far[c.Number] = &e
			continue
		}
		near = append(near, make([]callEntry, max(c.Number+1-len(near), 0))...)
		near[c.Number] = e
	}
	return near, far
}

// rows is the table of calls. A call that is not in it fails with ENOSYS and is
// listed with -v when the guest has ended.
var rows = map[string]*row{
	// Files: open, read, write.
	"open": {fn: sysOpen}, "creat": {fn: sysCreat}, "openat": {fn: sysOpenat}, "openat2": {fn: sysOpenat2},
	"close": {fn: sysClose}, "close_range": {fn: sysCloseRange},
	"read": {fn: sysRead}, "write": {fn: sysWrite}, "pread64": {fn: sysPread64}, "pwrite64": {fn: sysPwrite64},
	"readv": {fn: sysReadv}, "writev": {fn: sysWritev}, "preadv": {fn: sysPreadv}, "pwritev": {fn: sysPwritev},
	"preadv2": {fn: sysPreadv2}, "pwritev2": {fn: sysPwritev2}, "lseek": {fn: sysLseek},
	"sendfile": {fn: sysSendfile}, "copy_file_range": {fn: sysCopyFileRange}, "splice": {fn: sysSplice}, "tee": {fn: sysTee},
	"vmsplice": {level: refused},
	// Attributes.
	"stat": {fn: sysStat}, "lstat": {fn: sysLstat}, "fstat": {fn: sysFstat}, "newfstatat": {fn: sysNewfstatat}, "statx": {fn: sysStatx},
	"statfs": {fn: sysStatfs}, "fstatfs": {fn: sysFstatfs},
	"access": {fn: sysAccess}, "faccessat": {fn: sysFaccessat}, "faccessat2": {fn: sysFaccessat2},
	"readlink": {fn: sysReadlink}, "readlinkat": {fn: sysReadlinkat},
	"chmod": {fn: sysChmod}, "fchmod": {fn: sysFchmod}, "fchmodat": {fn: sysFchmodat}, "fchmodat2": {level: refused},
	"chown": {fn: sysChown}, "fchown": {fn: sysFchown}, "lchown": {fn: sysLchown}, "fchownat": {fn: sysFchownat},
	"utimensat": {fn: sysUtimensat}, "utimes": {fn: sysUtimes}, "utime": {fn: sysUtime}, "futimesat": {fn: sysFutimesat},
	"getxattr": {fn: getxattr(byPath)}, "lgetxattr": {fn: getxattr(byLink)}, "fgetxattr": {fn: getxattr(byFD)},
	"setxattr": {fn: setxattr(byPath)}, "lsetxattr": {fn: setxattr(byLink)}, "fsetxattr": {fn: setxattr(byFD)},
	"listxattr": {fn: listxattr(byPath)}, "llistxattr": {fn: listxattr(byLink)}, "flistxattr": {fn: listxattr(byFD)},
	"removexattr": {fn: removexattr(byPath)}, "lremovexattr": {fn: removexattr(byLink)}, "fremovexattr": {fn: removexattr(byFD)},
	// Directories.
	"getcwd": {fn: sysGetcwd}, "chdir": {fn: sysChdir}, "fchdir": {fn: sysFchdir}, "chroot": {fn: sysChroot},
	"getdents": {fn: sysGetdents}, "getdents64": {fn: sysGetdents64},
	"mkdir": {fn: sysMkdir}, "mkdirat": {fn: sysMkdirat}, "mknod": {fn: sysMknod}, "mknodat": {fn: sysMknodat},
	"rmdir": {fn: sysRmdir}, "unlink": {fn: sysUnlink}, "unlinkat": {fn: sysUnlinkat},
	"rename": {fn: sysRename}, "renameat": {fn: sysRenameat}, "renameat2": {fn: sysRenameat2},
	"link": {fn: sysLink}, "linkat": {fn: sysLinkat}, "symlink": {fn: sysSymlink}, "symlinkat": {fn: sysSymlinkat},
	"umask": {fn: sysUmask},
	// File content.
	"truncate": {fn: sysTruncate}, "ftruncate": {fn: sysFtruncate}, "fallocate": {fn: sysFallocate},
	"fsync": {fn: sysFsync}, "fdatasync": {fn: sysFdatasync}, "sync": {fn: sysSync}, "syncfs": {fn: sysSyncfs},
	"sync_file_range": {fn: sysSyncFileRange}, "fadvise64": {fn: sysFadvise64}, "readahead": {fn: sysReadahead},
	// Descriptors.
	"dup": {fn: sysDup}, "dup2": {fn: sysDup2}, "dup3": {fn: sysDup3}, "pipe": {fn: sysPipe}, "pipe2": {fn: sysPipe2},
	"fcntl": {fn: sysFcntl, level: partial, gap: "O_ASYNC sends one signal each time that a file becomes ready; record locks belong to the open file"},
	"ioctl": {fn: sysIoctl, level: partial, gap: "requests of terminals, sockets and files that programs use; others are ENOTTY"},
	"flock": {fn: sysFlock}, "memfd_create": {fn: sysMemfdCreate},
	// Waiting.
	"poll": {fn: sysPoll}, "ppoll": {fn: sysPpoll}, "select": {fn: sysSelect}, "pselect6": {fn: sysPselect6},
	"epoll_create": {fn: sysEpollCreate}, "epoll_create1": {fn: sysEpollCreate1}, "epoll_ctl": {
		fn: sysEpollCtl, level: partial,
		gap: "two descriptors of one open file cannot both be added",
	},
	"epoll_wait": {fn: sysEpollWait}, "epoll_pwait": {fn: sysEpollPwait}, "epoll_pwait2": {fn: sysEpollPwait2},
	"eventfd": {fn: sysEventfd}, "eventfd2": {fn: sysEventfd2},
	"timerfd_create": {fn: sysTimerfdCreate}, "timerfd_settime": {fn: sysTimerfdSettime}, "timerfd_gettime": {fn: sysTimerfdGettime},
	"signalfd": {fn: sysSignalfd}, "signalfd4": {fn: sysSignalfd4},
	"inotify_init": {fn: sysInotifyInit}, "inotify_init1": {fn: sysInotifyInit1},
	"inotify_add_watch": {fn: sysInotifyAddWatch}, "inotify_rm_watch": {fn: sysInotifyRmWatch},
	"io_uring_setup": {level: refused}, "io_setup": {level: refused},
	// Sockets.
	"socket": {fn: sysSocket}, "socketpair": {fn: sysSocketpair}, "bind": {fn: sysBind}, "listen": {fn: sysListen},
	"connect": {fn: sysConnect}, "accept": {fn: sysAccept}, "accept4": {fn: sysAccept4}, "shutdown": {fn: sysShutdown},
	"getsockname": {fn: sysGetsockname}, "getpeername": {fn: sysGetpeername},
	"getsockopt": {fn: sysGetsockopt}, "setsockopt": {fn: sysSetsockopt},
	"sendto": {fn: sysSendto}, "recvfrom": {fn: sysRecvfrom}, "sendmsg": {fn: sysSendmsg}, "recvmsg": {fn: sysRecvmsg},
	"sendmmsg": {fn: sysSendmmsg}, "recvmmsg": {fn: sysRecvmmsg},
	// Memory.
	"mmap":   {fn: sysMmap, level: partial, gap: "MAP_LOCKED and MAP_HUGETLB are ignored"},
	"munmap": {fn: sysMunmap}, "mprotect": {fn: sysMprotect}, "pkey_mprotect": {fn: sysPkeyMprotect}, "pkey_alloc": {level: refused}, "pkey_free": {level: refused},
	"mremap": {fn: sysMremap, level: partial, gap: "MREMAP_DONTUNMAP of what is shared or of a file"}, "brk": {fn: sysBrk},
	"madvise": {fn: sysMadvise}, "mincore": {fn: sysMincore}, "msync": {fn: sysMsync},
	"mlock": {fn: sysMlock}, "mlock2": {fn: sysMlock2}, "munlock": {fn: sysMunlock}, "mlockall": {fn: sysZero}, "munlockall": {fn: sysZero},
	"membarrier": {fn: sysMembarrier}, "mbind": {fn: sysZero}, "set_mempolicy": {fn: sysZero}, "get_mempolicy": {fn: sysGetMempolicy},
	"userfaultfd": {level: refused}, "remap_file_pages": {level: refused},
	"process_vm_readv": {fn: sysProcessVMReadv}, "process_vm_writev": {fn: sysProcessVMWritev},
	// Processes.
	"fork": {fn: sysFork}, "vfork": {fn: sysVfork}, "clone": {fn: sysClone, level: partial, gap: "no namespaces"},
	"clone3": {fn: sysClone3, level: partial, gap: "no namespaces, no set_tid"}, "unshare": {fn: sysUnshare, level: partial, gap: "no namespaces"},
	"execve": {fn: sysExecve}, "execveat": {fn: sysExecveat}, "exit": {fn: sysExit}, "exit_group": {fn: sysExitGroup},
	"wait4": {fn: sysWait4}, "waitid": {fn: sysWaitid},
	"getpid": {fn: sysGetpid}, "gettid": {fn: sysGettid}, "getppid": {fn: sysGetppid}, "getpgrp": {fn: sysGetpgrp}, "getpgid": {fn: sysGetpgid},
	"setpgid": {fn: sysSetpgid}, "getsid": {fn: sysGetsid}, "setsid": {fn: sysSetsid}, "set_tid_address": {fn: sysSetTidAddress},
	"pidfd_open": {fn: sysPidfdOpen}, "pidfd_send_signal": {fn: sysPidfdSendSignal}, "pidfd_getfd": {fn: sysPidfdGetfd}, "kcmp": {fn: sysKcmp},
	"prctl":       {fn: sysPrctl, level: partial, gap: "what means nothing to one process is accepted and forgotten"},
	"personality": {fn: sysPersonality}, "ptrace": {fn: sysPtrace, level: partial, gap: "attach to threads of another process, wait4 for them, look at them, detach"}, "seccomp": {level: refused}, "rseq": {fn: sysRseq}, "bpf": {level: refused},
	"futex":           {fn: sysFutex, level: partial, gap: "shared words wake guest processes only; no FUTEX_WAIT_REQUEUE_PI"},
	"set_robust_list": {fn: sysSetRobustList}, "get_robust_list": {fn: sysGetRobustList},
	"futex_waitv": {level: refused}, "futex_wait": {level: refused}, "futex_wake": {level: refused}, "futex_requeue": {level: refused},
	// Ids.
	"getuid": {fn: getuid(cred.Real)}, "geteuid": {fn: getuid(cred.Effective)}, "getgid": {fn: getgid(cred.Real)}, "getegid": {fn: getgid(cred.Effective)},
	"setuid": {fn: setID(cred.UIDs)}, "setgid": {fn: setID(cred.GIDs)}, "setreuid": {fn: setIDs(cred.UIDs, 2)}, "setregid": {fn: setIDs(cred.GIDs, 2)},
	"setresuid": {fn: setIDs(cred.UIDs, 3)}, "setresgid": {fn: setIDs(cred.GIDs, 3)}, "getresuid": {fn: ids32.getIDs(cred.UIDs)}, "getresgid": {fn: ids32.getIDs(cred.GIDs)},
	"setfsuid": {fn: setFSID(cred.UIDs)}, "setfsgid": {fn: setFSID(cred.GIDs)}, "getgroups": {fn: ids32.getGroups}, "setgroups": {fn: ids32.setGroups},
	"capget": {fn: sysCapget}, "capset": {fn: sysCapset},
	// Signals.
	"rt_sigaction": {fn: sysRtSigaction}, "rt_sigprocmask": {fn: sysRtSigprocmask}, "rt_sigreturn": {fn: sysRtSigreturn},
	"sigaltstack": {fn: sysSigaltstack}, "rt_sigpending": {fn: sysRtSigpending}, "rt_sigsuspend": {fn: sysRtSigsuspend}, "pause": {fn: sysPause},
	"rt_sigtimedwait": {fn: sysRtSigtimedwait}, "kill": {fn: sysKill}, "tkill": {fn: sysTkill}, "tgkill": {fn: sysTgkill},
	"rt_sigqueueinfo": {fn: sysRtSigqueueinfo}, "rt_tgsigqueueinfo": {fn: sysRtTgsigqueueinfo}, "restart_syscall": {fn: sysRestartSyscall},
	// Time.
	"clock_gettime": {fn: sysClockGettime}, "clock_getres": {fn: sysClockGetres}, "clock_settime": {fn: sysClockSettime},
	"clock_nanosleep": {fn: sysClockNanosleep}, "nanosleep": {fn: sysNanosleep}, "gettimeofday": {fn: sysGettimeofday}, "time": {fn: sysTime},
	"times": {fn: sysTimes}, "getrusage": {fn: sysGetrusage, level: partial, gap: "user time, counted in instructions, and memory"},
	"getitimer": {fn: sysGetitimer}, "setitimer": {fn: sysSetitimer}, "alarm": {fn: sysAlarm},
	"timer_create": {fn: sysTimerCreate}, "timer_settime": {fn: sysTimerSettime}, "timer_gettime": {fn: sysTimerGettime},
	"timer_getoverrun": {fn: sysTimerGetoverrun}, "timer_delete": {fn: sysTimerDelete},
	// Limits and scheduling.
	"getrlimit": {fn: sysGetrlimit}, "setrlimit": {fn: sysSetrlimit}, "prlimit64": {fn: sysPrlimit64, level: partial, gap: "AS, CORE, CPU, FSIZE, NOFILE, NPROC, SIGPENDING and STACK have an effect"},
	"getpriority": {fn: sysGetpriority}, "setpriority": {fn: sysSetpriority}, "ioprio_set": {fn: sysZero}, "ioprio_get": {fn: sysZero},
	"sched_yield": {fn: sysSchedYield}, "sched_getaffinity": {fn: sysSchedGetaffinity}, "sched_setaffinity": {fn: sysSchedSetaffinity},
	"sched_getparam": {fn: sysSchedGetparam}, "sched_setparam": {fn: sysZero}, "sched_getscheduler": {fn: sysSchedGetscheduler},
	"sched_setscheduler": {fn: sysSchedSetscheduler}, "sched_get_priority_max": {fn: sysSchedPriorityMax},
	"sched_get_priority_min": {fn: sysSchedPriorityMin}, "sched_rr_get_interval": {fn: sysSchedRrGetInterval},
	"sched_getattr": {level: refused}, "sched_setattr": {level: refused}, "getcpu": {fn: sysGetcpu},
	// The machine.
	"uname":         {fn: sysUname},
	"sethostname":   {fn: setName(func(k *Kernel) *ownName { return &k.uts.hostname }), level: partial, gap: ownNames},
	"setdomainname": {fn: setName(func(k *Kernel) *ownName { return &k.uts.domainname }), level: partial, gap: ownNames},
	"sysinfo":       {fn: sysSysinfo}, "getrandom": {fn: sysGetrandom}, "syslog": {level: refused},
	"mseal": {level: refused}, "cachestat": {level: refused}, "landlock_create_ruleset": {level: refused},
}
