package sandbox

import (
	"maps"
	"slices"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
	"panda/emu/linux/hostsys"
)

// row says what happens to a host call. Without do it is the host's, after the
// checks; made then notes what it made.
type row struct {
	do      func(s *Sandbox, c *hostsys.Call) (int64, errno)
	fds     []int8 // arguments that are descriptors
	anyKind bool   // they may also be directories and O_PATH
	onDir   errno  // the error for a directory otherwise
	may     func(s *Sandbox, c *hostsys.Call) errno
	made    func(s *Sandbox, c *hostsys.Call)
}

var first, both = []int8{0}, []int8{0, 2}

// self makes sure that an id is the emulator's own, 0 or without meaning.
func self(s *Sandbox, c *hostsys.Call) errno {
	if pid := intArg(c, 0); pid != 0 && pid != s.self {
		return abi.ESRCH
	}
	return 0
}

// nobody keeps processes of the host from being reached.
func nobody(*Sandbox, *hostsys.Call) errno { return abi.ESRCH }

// mayLimit lets the limits be read.
func mayLimit(s *Sandbox, c *hostsys.Call) errno {
	if c.Args[2].Num != 0 || c.Args[2].Buf != nil {
		return abi.EPERM
	}
	return self(s, c)
}

// mayPriority lets the emulator's own priority be read.
func mayPriority(s *Sandbox, c *hostsys.Call) errno {
	if intArg(c, 0) != unix.PRIO_PROCESS || intArg(c, 1) != 0 {
		return abi.ESRCH
	}
	return 0
}

// mayCapget asks about the emulator itself.
func mayCapget(s *Sandbox, c *hostsys.Call) errno {
	h := as[unix.CapUserHeader](c.Args[0].Buf)
	if h == nil || h.Pid != 0 {
		return abi.ESRCH
	}
	return 0
}

// doWrite writes. What goes to the random devices is lost, so that nothing
// reaches the host's pool.
func doWrite(s *Sandbox, c *hostsys.Call) (int64, errno) {
	f := s.open[fdArg(c, 0)]
	if f.swallows() {
		return written(c), 0
	}
	if f.holds() {
		if e := s.charge(written(c)); e != 0 {
			return 0, e
		}
	}
	return s.direct(c)
}

// mayWriteAt looks at the offset; -1 stands for the file's own place. What the guest was
// given to append to it does not get at in another way.
func mayWriteAt(s *Sandbox, c *hostsys.Call) errno {
	if s.open[fdArg(c, 0)].kind == stdio && intArg(c, 5)&abi.RWF_NOAPPEND != 0 {
		return abi.EOPNOTSUPP
	}
	return s.past(fdArg(c, 0), int64(c.Args[3].Num))
}

// rows are the host calls that the personality makes.
var rows = map[uintptr]row{
	// Names.
	unix.SYS_OPENAT: {do: callOpenat}, unix.SYS_OPENAT2: {do: callOpenat2}, unix.SYS_NEWFSTATAT: {do: callFstatat}, unix.SYS_STATX: {do: callStatx},
	unix.SYS_FACCESSAT2: {do: callFaccessat}, unix.SYS_READLINKAT: {do: callReadlinkat}, unix.SYS_STATFS: {do: callStatfs}, unix.SYS_TRUNCATE: {do: callTruncate},
	unix.SYS_MKDIRAT: {do: callMkdirat}, unix.SYS_MKNODAT: {do: callMknodat}, unix.SYS_UNLINKAT: {do: callUnlinkat}, unix.SYS_RENAMEAT2: {do: callRenameat2},
	unix.SYS_LINKAT: {do: callLinkat}, unix.SYS_SYMLINKAT: {do: callSymlinkat}, unix.SYS_FCHMODAT: {do: callFchmodat}, unix.SYS_FCHOWNAT: {do: callFchownat},
	unix.SYS_UTIMENSAT: {do: callUtimensat}, unix.SYS_UMASK: {do: callUmask},
	unix.SYS_GETXATTR: {do: callGetxattr}, unix.SYS_LGETXATTR: {do: callGetxattr}, unix.SYS_SETXATTR: {do: callSetxattr}, unix.SYS_LSETXATTR: {do: callSetxattr},
	unix.SYS_LISTXATTR: {do: callListxattr}, unix.SYS_LLISTXATTR: {do: callListxattr},
	unix.SYS_REMOVEXATTR: {do: callRemovexattr}, unix.SYS_LREMOVEXATTR: {do: callRemovexattr},
	// Descriptors.
	unix.SYS_CLOSE: {do: callClose, fds: first, anyKind: true},
	unix.SYS_READ:  {fds: first, onDir: abi.EISDIR}, unix.SYS_READV: {fds: first, onDir: abi.EISDIR}, unix.SYS_PREADV2: {fds: first, onDir: abi.EISDIR},
	unix.SYS_WRITE: {do: doWrite, fds: first, onDir: abi.EBADF}, unix.SYS_WRITEV: {do: doWrite, fds: first, onDir: abi.EBADF},
	unix.SYS_PWRITEV2: {do: doWrite, fds: first, onDir: abi.EBADF, may: mayWriteAt}, unix.SYS_LSEEK: {do: callLseek, fds: first, anyKind: true},
	unix.SYS_FSTAT: {do: callFstat, fds: first, anyKind: true}, unix.SYS_FSTATFS: {do: callFstatfs, fds: first, anyKind: true},
	unix.SYS_GETDENTS64: {do: callGetdents, fds: first, anyKind: true},
	unix.SYS_FTRUNCATE:  {fds: first, onDir: abi.EINVAL, may: mayResize}, unix.SYS_FALLOCATE: {fds: first, onDir: abi.EBADF, may: mayAllocate, do: (*Sandbox).fallocate},
	unix.SYS_FSYNC: {do: callNothing, fds: first, anyKind: true}, unix.SYS_FDATASYNC: {do: callNothing, fds: first, anyKind: true},
	unix.SYS_SYNCFS: {do: callNothing, fds: first, anyKind: true}, unix.SYS_SYNC_FILE_RANGE: {do: callNothing, fds: first, anyKind: true}, unix.SYS_SYNC: {do: callNothing},
	unix.SYS_FADVISE64: {fds: first, anyKind: true}, unix.SYS_READAHEAD: {fds: first, onDir: abi.EINVAL},
	unix.SYS_FCHMOD: {do: callFchmod, fds: first, anyKind: true}, unix.SYS_FCHOWN: {do: callFchown, fds: first, anyKind: true},
	unix.SYS_FLOCK: {do: callFlock, fds: first, anyKind: true}, unix.SYS_FCNTL: {do: callFcntl, fds: first, anyKind: true},
	unix.SYS_IOCTL:           {do: callIoctl, fds: first, anyKind: true},
	unix.SYS_COPY_FILE_RANGE: {fds: both, onDir: abi.EISDIR, may: all(mayPlace, mayGrow(2, 4, 0))}, unix.SYS_SENDFILE: {fds: []int8{0, 1}, onDir: abi.EINVAL, may: mayGrow(0, 3, 1)},
	unix.SYS_SPLICE: {fds: both, onDir: abi.EINVAL, may: all(mayPlace, mayGrow(2, 4, 0))}, unix.SYS_TEE: {fds: []int8{0, 1}, onDir: abi.EINVAL},
	unix.SYS_PIPE2: {made: madePair(0)}, unix.SYS_MEMFD_CREATE: {made: madeMemfd},
	// Waiting.
	unix.SYS_PPOLL: {may: checkPoll}, unix.SYS_EVENTFD2: {made: madeFD}, unix.SYS_EPOLL_CREATE1: {made: madeFD},
	unix.SYS_EPOLL_CTL: {fds: both, onDir: abi.EPERM}, unix.SYS_EPOLL_PWAIT: {fds: first, onDir: abi.EINVAL},
	unix.SYS_TIMERFD_CREATE: {made: madeFD}, unix.SYS_TIMERFD_SETTIME: {fds: first, onDir: abi.EINVAL}, unix.SYS_TIMERFD_GETTIME: {fds: first, onDir: abi.EINVAL},
	unix.SYS_INOTIFY_INIT1: {made: madeFD}, unix.SYS_INOTIFY_ADD_WATCH: {may: func(*Sandbox, *hostsys.Call) errno { return abi.ENOSPC }},
	unix.SYS_INOTIFY_RM_WATCH: {fds: first, onDir: abi.EINVAL},
	// Sockets.
	unix.SYS_SOCKET: {do: callSocket}, unix.SYS_SOCKETPAIR: {may: mayPair, made: madePair(3)},
	unix.SYS_BIND: {do: callBind, fds: first, onDir: abi.ENOTSOCK, may: mayUse}, unix.SYS_CONNECT: {do: callConnect, fds: first, onDir: abi.ENOTSOCK, may: mayUse},
	unix.SYS_LISTEN: {fds: first, onDir: abi.ENOTSOCK, may: mayUse}, unix.SYS_ACCEPT4: {do: callAccept, fds: first, onDir: abi.ENOTSOCK, may: mayUse},
	unix.SYS_SHUTDOWN:    {fds: first, onDir: abi.ENOTSOCK},
	unix.SYS_GETSOCKNAME: {do: callSockname, fds: first, onDir: abi.ENOTSOCK}, unix.SYS_GETPEERNAME: {do: callSockname, fds: first, onDir: abi.ENOTSOCK},
	unix.SYS_GETSOCKOPT: {fds: first, onDir: abi.ENOTSOCK, may: mayOption}, unix.SYS_SETSOCKOPT: {fds: first, onDir: abi.ENOTSOCK, may: mayOption},
	unix.SYS_SENDMSG: {do: callSendmsg, fds: first, onDir: abi.ENOTSOCK}, unix.SYS_RECVMSG: {do: callRecvmsg, fds: first, onDir: abi.ENOTSOCK},
	// The emulator and the machine: reading what is no secret.
	unix.SYS_GETPID: {}, unix.SYS_GETPPID: {}, unix.SYS_GETUID: {}, unix.SYS_GETEUID: {}, unix.SYS_GETGID: {}, unix.SYS_GETEGID: {},
	unix.SYS_GETRESUID: {}, unix.SYS_GETRESGID: {}, unix.SYS_GETGROUPS: {}, unix.SYS_GETSID: {may: self}, unix.SYS_GETPGID: {may: self},
	unix.SYS_KILL: {may: nobody}, unix.SYS_UNAME: {}, unix.SYS_SYSINFO: {}, unix.SYS_PRLIMIT64: {may: mayLimit},
	unix.SYS_GETPRIORITY: {may: mayPriority}, unix.SYS_SCHED_GETAFFINITY: {may: self}, unix.SYS_CAPGET: {may: mayCapget}, unix.SYS_GETRANDOM: {},
	unix.SYS_CLOCK_GETTIME: {}, unix.SYS_CLOCK_GETRES: {},
	hostsys.SysSignals: {}, hostsys.SysOrphaned: {}, hostsys.SysStop: {},
	hostsys.SysMappedStat: {}, hostsys.SysMappedKeep: {}, hostsys.SysMemory: {}, hostsys.SysMappedSize: {}, hostsys.SysMap: {}, hostsys.SysPunch: {},
	hostsys.SysMappedClose: {}, hostsys.SysResident: {}, hostsys.SysMappedRead: {}, hostsys.SysFileRoom: {do: callFileRoom},
	hostsys.SysIfconf: {do: func(*Sandbox, *hostsys.Call) (int64, errno) { return 0, abi.ENOTTY }},
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
