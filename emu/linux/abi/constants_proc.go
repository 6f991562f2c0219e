package abi

// Processes and threads: clone, wait, prctl, futex, limits, the auxiliary vector.

// clone(2).
const (
	CSIGNAL              = 0xff
	CLONE_NEWTIME        = 0x80
	CLONE_VM             = 0x100
	CLONE_FS             = 0x200
	CLONE_FILES          = 0x400
	CLONE_SIGHAND        = 0x800
	CLONE_PIDFD          = 0x1000
	CLONE_PTRACE         = 0x2000
	CLONE_VFORK          = 0x4000
	CLONE_PARENT         = 0x8000
	CLONE_THREAD         = 0x10000
	CLONE_NEWNS          = 0x20000
	CLONE_SYSVSEM        = 0x40000
	CLONE_SETTLS         = 0x80000
	CLONE_PARENT_SETTID  = 0x100000
	CLONE_CHILD_CLEARTID = 0x200000
	CLONE_DETACHED       = 0x400000
	CLONE_UNTRACED       = 0x800000
	CLONE_CHILD_SETTID   = 0x1000000
	CLONE_NEWCGROUP      = 0x2000000
	CLONE_NEWUTS         = 0x4000000
	CLONE_NEWIPC         = 0x8000000
	CLONE_NEWUSER        = 0x10000000
	CLONE_NEWPID         = 0x20000000
	CLONE_NEWNET         = 0x40000000
	CLONE_IO             = 0x80000000
	CLONE_CLEAR_SIGHAND  = 0x100000000
	CLONE_INTO_CGROUP    = 0x200000000
)

// wait4(2), waitid(2).
const (
	WNOHANG    = 1
	WUNTRACED  = 2
	WSTOPPED   = 2
	WEXITED    = 4
	WCONTINUED = 8
	WNOWAIT    = 0x1000000
	WNOTHREAD  = 0x20000000
	WALL       = 0x40000000
	WCLONE     = 0x80000000
)

// waitid(2) id types.
const (
	P_ALL   = 0
	P_PID   = 1
	P_PGID  = 2
	P_PIDFD = 3
)

// futex(2) operations and their modifier bits.
const (
	FUTEX_WAIT            = 0
	FUTEX_WAKE            = 1
	FUTEX_FD              = 2
	FUTEX_REQUEUE         = 3
	FUTEX_CMP_REQUEUE     = 4
	FUTEX_WAKE_OP         = 5
	FUTEX_LOCK_PI         = 6
	FUTEX_UNLOCK_PI       = 7
	FUTEX_TRYLOCK_PI      = 8
	FUTEX_WAIT_BITSET     = 9
	FUTEX_WAKE_BITSET     = 10
	FUTEX_WAIT_REQUEUE_PI = 11
	FUTEX_CMP_REQUEUE_PI  = 12
	FUTEX_LOCK_PI2        = 13
	FUTEX_PRIVATE_FLAG    = 128
	FUTEX_CLOCK_REALTIME  = 256
	FUTEX_CMD_MASK        = 127
	FUTEX_OP_SET          = 0
	FUTEX_OP_ADD          = 1
	FUTEX_OP_OR           = 2
	FUTEX_OP_ANDN         = 3
	FUTEX_OP_XOR          = 4
	FUTEX_OP_OPARG_SHIFT  = 8
	FUTEX_OP_CMP_EQ       = 0
	FUTEX_OP_CMP_NE       = 1
	FUTEX_OP_CMP_LT       = 2
	FUTEX_OP_CMP_LE       = 3
	FUTEX_OP_CMP_GT       = 4
	FUTEX_OP_CMP_GE       = 5
)

// Futex word bits, robust lists, futex2 flags.
const (
	FUTEX_WAITERS          = 0x80000000
	FUTEX_OWNER_DIED       = 0x40000000
	FUTEX_TID_MASK         = 0x3fffffff
	FUTEX_BITSET_MATCH_ANY = 0xffffffff
	ROBUST_LIST_LIMIT      = 0x800
	FUTEX_32               = 2
	FUTEX2_SIZE_U8         = 0
	FUTEX2_SIZE_U16        = 1
	FUTEX2_SIZE_U32        = 2
	FUTEX2_SIZE_U64        = 3
	FUTEX2_NUMA            = 4
	FUTEX2_PRIVATE         = 128
)

// Resource limits; RLIM_INFINITY is for 64-bit rlimits, RLIM_INFINITY32 for i386's 32-bit ones.
const (
	RLIMIT_CPU        = 0
	RLIMIT_FSIZE      = 1
	RLIMIT_DATA       = 2
	RLIMIT_STACK      = 3
	RLIMIT_CORE       = 4
	RLIMIT_RSS        = 5
	RLIMIT_NPROC      = 6
	RLIMIT_NOFILE     = 7
	RLIMIT_MEMLOCK    = 8
	RLIMIT_AS         = 9
	RLIMIT_LOCKS      = 10
	RLIMIT_SIGPENDING = 11
	RLIMIT_MSGQUEUE   = 12
	RLIMIT_NICE       = 13
	RLIMIT_RTPRIO     = 14
	RLIMIT_RTTIME     = 15
	RLIM_NLIMITS      = 16
	RLIM_INFINITY     = 0xffffffffffffffff
	RLIM_INFINITY32   = 0xffffffff
)

// getrusage, getpriority, scheduler.
const (
	RUSAGE_SELF         = 0
	RUSAGE_CHILDREN     = -1
	RUSAGE_THREAD       = 1
	PRIO_PROCESS        = 0
	PRIO_PGRP           = 1
	PRIO_USER           = 2
	SCHED_OTHER         = 0
	SCHED_NORMAL        = 0
	SCHED_FIFO          = 1
	SCHED_RR            = 2
	SCHED_BATCH         = 3
	SCHED_ISO           = 4
	SCHED_IDLE          = 5
	SCHED_DEADLINE      = 6
	SCHED_EXT           = 7
	SCHED_RESET_ON_FORK = 1073741824
)

// prctl(2).
const (
	PR_SET_PDEATHSIG             = 1
	PR_GET_PDEATHSIG             = 2
	PR_GET_DUMPABLE              = 3
	PR_SET_DUMPABLE              = 4
	PR_GET_UNALIGN               = 5
	PR_SET_UNALIGN               = 6
	PR_GET_KEEPCAPS              = 7
	PR_SET_KEEPCAPS              = 8
	PR_GET_FPEMU                 = 9
	PR_SET_FPEMU                 = 10
	PR_GET_FPEXC                 = 11
	PR_SET_FPEXC                 = 12
	PR_GET_TIMING                = 13
	PR_SET_TIMING                = 14
	PR_SET_NAME                  = 15
	PR_GET_NAME                  = 16
	PR_GET_ENDIAN                = 19
	PR_SET_ENDIAN                = 20
	PR_GET_SECCOMP               = 21
	PR_SET_SECCOMP               = 22
	PR_CAPBSET_READ              = 23
	PR_CAPBSET_DROP              = 24
	PR_GET_TSC                   = 25
	PR_SET_TSC                   = 26
	PR_GET_SECUREBITS            = 27
	PR_SET_SECUREBITS            = 28
	PR_SET_TIMERSLACK            = 29
	PR_GET_TIMERSLACK            = 30
	PR_TASK_PERF_EVENTS_DISABLE  = 31
	PR_TASK_PERF_EVENTS_ENABLE   = 32
	PR_MCE_KILL                  = 33
	PR_MCE_KILL_GET              = 34
	PR_SET_MM                    = 35
	PR_SET_CHILD_SUBREAPER       = 36
	PR_GET_CHILD_SUBREAPER       = 37
	PR_SET_NO_NEW_PRIVS          = 38
	PR_GET_NO_NEW_PRIVS          = 39
	PR_GET_TID_ADDRESS           = 40
	PR_SET_THP_DISABLE           = 41
	PR_GET_THP_DISABLE           = 42
	PR_MPX_ENABLE_MANAGEMENT     = 43
	PR_MPX_DISABLE_MANAGEMENT    = 44
	PR_SET_FP_MODE               = 45
	PR_GET_FP_MODE               = 46
	PR_CAP_AMBIENT               = 47
	PR_SVE_SET_VL                = 50
	PR_SVE_GET_VL                = 51
	PR_GET_SPECULATION_CTRL      = 52
	PR_SET_SPECULATION_CTRL      = 53
	PR_PAC_RESET_KEYS            = 54
	PR_SET_TAGGED_ADDR_CTRL      = 55
	PR_GET_TAGGED_ADDR_CTRL      = 56
	PR_SET_IO_FLUSHER            = 57
	PR_GET_IO_FLUSHER            = 58
	PR_SET_SYSCALL_USER_DISPATCH = 59
	PR_PAC_SET_ENABLED_KEYS      = 60
	PR_PAC_GET_ENABLED_KEYS      = 61
	PR_SCHED_CORE                = 62
	PR_SET_MDWE                  = 65
	PR_GET_MDWE                  = 66
	PR_SET_MEMORY_MERGE          = 67
	PR_GET_MEMORY_MERGE          = 68
	PR_SET_VMA                   = 0x53564d41
	PR_SET_VMA_ANON_NAME         = 0
	PR_SET_PTRACER               = 1499557217
	PR_SET_PTRACER_ANY           = 0xffffffffffffffff
	PR_CAP_AMBIENT_IS_SET        = 1
	PR_CAP_AMBIENT_RAISE         = 2
	PR_CAP_AMBIENT_LOWER         = 3
	PR_CAP_AMBIENT_CLEAR_ALL     = 4
)

// arch_prctl(2).
const (
	ARCH_SET_GS               = 0x1001
	ARCH_SET_FS               = 0x1002
	ARCH_GET_FS               = 0x1003
	ARCH_GET_GS               = 0x1004
	ARCH_GET_CPUID            = 0x1011
	ARCH_SET_CPUID            = 0x1012
	ARCH_GET_XCOMP_SUPP       = 0x1021
	ARCH_GET_XCOMP_PERM       = 0x1022
	ARCH_REQ_XCOMP_PERM       = 0x1023
	ARCH_GET_XCOMP_GUEST_PERM = 0x1024
	ARCH_REQ_XCOMP_GUEST_PERM = 0x1025
	ARCH_MAP_VDSO_X32         = 0x2001
	ARCH_MAP_VDSO_32          = 0x2002
	ARCH_MAP_VDSO_64          = 0x2003
	ARCH_SHSTK_ENABLE         = 0x5001
	ARCH_SHSTK_DISABLE        = 0x5002
	ARCH_SHSTK_LOCK           = 0x5003
	ARCH_SHSTK_UNLOCK         = 0x5004
	ARCH_SHSTK_STATUS         = 0x5005
	ARCH_GET_UNTAG_MASK       = 0x4001
	ARCH_ENABLE_TAGGED_ADDR   = 0x4002
	ARCH_GET_MAX_TAG_BITS     = 0x4003
)

// personality(2).
const (
	PER_LINUX          = 0
	PER_LINUX32        = 8
	PER_LINUX32_3GB    = 0x8000008
	PER_BSD            = 6
	PER_SVR4           = 0x4100001
	UNAME26            = 0x20000
	ADDR_NO_RANDOMIZE  = 0x40000
	FDPIC_FUNCPTRS     = 0x80000
	MMAP_PAGE_ZERO     = 0x100000
	ADDR_COMPAT_LAYOUT = 0x200000
	READ_IMPLIES_EXEC  = 0x400000
	ADDR_LIMIT_32BIT   = 0x800000
	SHORT_INODE        = 0x1000000
	WHOLE_SECONDS      = 0x2000000
	STICKY_TIMEOUTS    = 0x4000000
	ADDR_LIMIT_3GB     = 0x8000000
)

// Tags of the auxiliary vector.
const (
	AT_NULL              = 0
	AT_IGNORE            = 1
	AT_EXECFD            = 2
	AT_PHDR              = 3
	AT_PHENT             = 4
	AT_PHNUM             = 5
	AT_PAGESZ            = 6
	AT_BASE              = 7
	AT_FLAGS             = 8
	AT_ENTRY             = 9
	AT_NOTELF            = 10
	AT_UID               = 11
	AT_EUID              = 12
	AT_GID               = 13
	AT_EGID              = 14
	AT_PLATFORM          = 15
	AT_HWCAP             = 16
	AT_CLKTCK            = 17
	AT_FPUCW             = 18
	AT_SECURE            = 23
	AT_BASE_PLATFORM     = 24
	AT_RANDOM            = 25
	AT_HWCAP2            = 26
	AT_RSEQ_FEATURE_SIZE = 27
	AT_RSEQ_ALIGN        = 28
	AT_HWCAP3            = 29
	AT_HWCAP4            = 30
	AT_EXECFN            = 31
	AT_SYSINFO           = 32
	AT_SYSINFO_EHDR      = 33
	AT_MINSIGSTKSZ       = 51
)

// close_range, getrandom, kcmp, seccomp, membarrier, rseq, capability headers, set_thread_area.
const (
	CLOSE_RANGE_UNSHARE                                 = 2
	CLOSE_RANGE_CLOEXEC                                 = 4
	GRND_NONBLOCK                                       = 1
	GRND_RANDOM                                         = 2
	GRND_INSECURE                                       = 4
	KCMP_FILE                                           = 0
	KCMP_VM                                             = 1
	KCMP_FILES                                          = 2
	KCMP_FS                                             = 3
	KCMP_SIGHAND                                        = 4
	KCMP_IO                                             = 5
	KCMP_SYSVSEM                                        = 6
	KCMP_EPOLL_TFD                                      = 7
	SECCOMP_SET_MODE_STRICT                             = 0
	SECCOMP_SET_MODE_FILTER                             = 1
	SECCOMP_GET_ACTION_AVAIL                            = 2
	SECCOMP_GET_NOTIF_SIZES                             = 3
	SECCOMP_MODE_DISABLED                               = 0
	SECCOMP_MODE_STRICT                                 = 1
	SECCOMP_MODE_FILTER                                 = 2
	SECCOMP_FILTER_FLAG_TSYNC                           = 1
	SECCOMP_FILTER_FLAG_LOG                             = 2
	SECCOMP_FILTER_FLAG_SPEC_ALLOW                      = 4
	SECCOMP_FILTER_FLAG_NEW_LISTENER                    = 8
	SECCOMP_FILTER_FLAG_TSYNC_ESRCH                     = 0x10
	MEMBARRIER_CMD_QUERY                                = 0
	MEMBARRIER_CMD_GLOBAL                               = 1
	MEMBARRIER_CMD_GLOBAL_EXPEDITED                     = 2
	MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED            = 4
	MEMBARRIER_CMD_PRIVATE_EXPEDITED                    = 8
	MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED           = 0x10
	MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE          = 0x20
	MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE = 0x40
	MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ               = 0x80
	MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ      = 0x100
	RSEQ_FLAG_UNREGISTER                                = 1
	LINUX_CAPABILITY_VERSION_1                          = 0x19980330
	LINUX_CAPABILITY_VERSION_2                          = 0x20071026
	LINUX_CAPABILITY_VERSION_3                          = 0x20080522
)

// ptrace(2) requests that programs make of themselves and their children.
const (
	PTRACE_TRACEME                = 0
	PTRACE_PEEKTEXT               = 1
	PTRACE_PEEKDATA               = 2
	PTRACE_PEEKUSER               = 3
	PTRACE_POKETEXT               = 4
	PTRACE_POKEDATA               = 5
	PTRACE_POKEUSER               = 6
	PTRACE_CONT                   = 7
	PTRACE_KILL                   = 8
	PTRACE_SINGLESTEP             = 9
	PTRACE_GETREGS                = 12
	PTRACE_SETREGS                = 13
	PTRACE_GETFPREGS              = 14
	PTRACE_SETFPREGS              = 15
	PTRACE_ATTACH                 = 16
	PTRACE_DETACH                 = 17
	PTRACE_GETFPXREGS             = 18
	PTRACE_SETFPXREGS             = 19
	PTRACE_GET_THREAD_AREA        = 25
	PTRACE_SET_THREAD_AREA        = 26
	PTRACE_ARCH_PRCTL             = 30
	PTRACE_SYSCALL                = 24
	PTRACE_SYSEMU                 = 31
	PTRACE_SYSEMU_SINGLESTEP      = 32
	PTRACE_SINGLEBLOCK            = 33
	PTRACE_SETOPTIONS             = 16896
	PTRACE_GETEVENTMSG            = 16897
	PTRACE_GETSIGINFO             = 16898
	PTRACE_SETSIGINFO             = 16899
	PTRACE_GETREGSET              = 16900
	PTRACE_SETREGSET              = 16901
	PTRACE_SEIZE                  = 16902
	PTRACE_INTERRUPT              = 16903
	PTRACE_LISTEN                 = 16904
	PTRACE_PEEKSIGINFO            = 16905
	PTRACE_GETSIGMASK             = 16906
	PTRACE_SETSIGMASK             = 16907
	PTRACE_SECCOMP_GET_FILTER     = 16908
	PTRACE_SECCOMP_GET_METADATA   = 16909
	PTRACE_GET_SYSCALL_INFO       = 16910
	PTRACE_GET_RSEQ_CONFIGURATION = 16911
)

// ptrace(2) options.
const (
	PTRACE_O_TRACESYSGOOD    = 1
	PTRACE_O_TRACEFORK       = 2
	PTRACE_O_TRACEVFORK      = 4
	PTRACE_O_TRACECLONE      = 8
	PTRACE_O_TRACEEXEC       = 0x10
	PTRACE_O_TRACEVFORKDONE  = 0x20
	PTRACE_O_TRACEEXIT       = 0x40
	PTRACE_O_TRACESECCOMP    = 0x80
	PTRACE_O_EXITKILL        = 0x100000
	PTRACE_O_SUSPEND_SECCOMP = 0x200000
)

// reboot(2).
const (
	LINUX_REBOOT_MAGIC1         = 0xfee1dead
	LINUX_REBOOT_MAGIC2         = 0x28121969
	LINUX_REBOOT_CMD_RESTART    = 0x1234567
	LINUX_REBOOT_CMD_HALT       = 0xcdef0123
	LINUX_REBOOT_CMD_CAD_ON     = 0x89abcdef
	LINUX_REBOOT_CMD_CAD_OFF    = 0
	LINUX_REBOOT_CMD_POWER_OFF  = 0x4321fedc
	LINUX_REBOOT_CMD_RESTART2   = 0xa1b2c3d4
	LINUX_REBOOT_CMD_SW_SUSPEND = 0xd000fce2
	LINUX_REBOOT_CMD_KEXEC      = 0x45584543
)
