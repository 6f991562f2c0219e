package abi

// Type is the type of an argument: its low bits say what it is, its high bits
// (By0 … By5) name the argument that gives its length, count or command.
//
//	15       13 12     10 9                 0
//	+----------+---------+-------------------+
//	| 0        | By + 1  | index into kinds  |
//	+----------+---------+-------------------+
//
// TOut… types are filled in by the kernel: they are printed after the call, and
// as a bare address when it failed.
type Type uint16

const (
	byShift       = 10
	kindMask Type = 1<<byShift - 1
)

// By0 … By5 name another argument of the same call, by its position in Call.Args.
const (
	By0 Type = (iota + 1) << byShift
	By1
	By2
	By3
	By4
	By5
)

// By returns the position of the argument that this type refers to, or -1.
func (t Type) By() int { return int(t>>byShift) - 1 }

// Kind returns the type without its reference.
func (t Type) Kind() Type { return t & kindMask }

// slots returns how many registers the argument takes.
func (t Type) slots() int {
	switch t.Kind() {
	case THexPair, TOffPair, TOffHiLo:
		return 2
	}
	return 1
}

// Numbers, addresses, descriptors.
const (
	TSkip        Type = iota // not printed
	TInt                     // int
	TUint                    // unsigned
	TLong                    // long
	TUlong                   // unsigned long
	TSize                    // size_t
	THex                     // a word in hexadecimal
	THexPair                 // 64 bits in hexadecimal, in two registers of a 32-bit guest
	TPtr                     // an address, NULL
	TID                      // uid or gid, -1 means no change
	TID16                    // the same, 16 bits wide
	TFD                      // descriptor
	TAtFD                    // descriptor or AT_FDCWD
	TOffPair                 // file offset, two registers even on x86-64 (the second is unused there)
	TOffHiLo                 // file offset, high half first
	TPageOff                 // file offset in pages
	TMode                    // permission bits
	TModeIf                  // permission bits, where the open flags create a file
	TFileMode                // file type and permission bits
	TUmask                   // umask's argument
	TDev                     // device number
	TDevIf                   // device number, where the mode makes a device
	TTime                    // pointer to seconds since the epoch
	TOldSigmask              // the first 32 signals, by value
	TSigHandler              // handler, by value
	TSigframe                // stack pointer at rt_sigreturn
	TOldSigframe             // stack pointer at sigreturn
	TMremapAddr              // new address, where the mremap flags ask for it
	TFcntlArg
	TIoctlArg
	TPrctlArg
	TFutexVal
	TFutexTimeout
	TFutexTimeout64
	TFutexAddr2
	TFutexVal3
	TArchPrctlArg
	TMmapArgs       // i386: the six arguments of mmap in memory
	TSelectArgs     // i386: the five arguments of select in memory
	TSocketCallArgs // i386: the arguments of a socket call in memory
)

// Strings and bytes.
const (
	TPath       = TSocketCallArgs + 1 + iota // NUL-terminated path
	TStr                                     // NUL-terminated string
	TBuf                                     // bytes, length in By
	THostname                                // bytes, no more than a name has
	TStrArray                                // argv
	TEnv                                     // envp
	TXattr                                   // value of an extended attribute, size in By
	TIovec                                   // vector of buffers to write, count in By
	TIovecPtrs                               // vector of address ranges of another process
	TOutBuf                                  // bytes, length is the result
	TOutHexBuf                               // random bytes, length is the result
	TOutStr                                  // string with NUL, length is the result
	TOutLink                                 // string without NUL, length is the result
	TOutXattr                                // extended attribute, length is the result
	TOutIovec                                // vector of buffers to fill, filled to the result
	TDirents                                 // linux_dirent
	TDirents64                               // linux_dirent64
	TOldDirent                               // old_linux_dirent
	TMsgbuf                                  // System V message, size in By
	TOutMsgbuf                               // System V message, size is the result
	TMincoreVec                              // residence of pages
)

// Numbers that the kernel fills in.
const (
	TOutInt = TMincoreVec + 1 + iota
	TOutID
	TOutID16
	TOutUlong
	TOutPtr
	TOutTime
	TOutTimerID
	TOutOff64
	TFDPair     // pipe, socketpair
	TOffPtr     // in and out: file offset, a word
	TOff64Ptr   // in and out: file offset, 64 bits
	TMovedOff64 // in and out: file offset, 64 bits
	TOutMpol    // NUMA policy
	TGroups
	TGroups16
	TOutGroups
	TOutGroups16
)

// Structures.
const (
	TStat    = TOutGroups16 + 1 + iota // struct stat of stat(2)
	TStat64                            // i386: struct stat64
	TOldStat                           // i386: struct __old_kernel_stat
	TStatx
	TStatfs
	TStatfs64 // i386: struct statfs64
	TUtsname
	TOldUtsname    // no domain name
	TOldOldUtsname // fields of 9 bytes
	TSysinfo
	TTms
	TUtimbuf
	TRlimit
	TOutRlimit
	TRlimit64
	TOutRlimit64
	TOutRusage
	TWaitStatus
	TTimespec
	TOutTimespec
	TRemTimespec // filled in when the sleep was interrupted
	TTimespecs
	TTimespec64 // the same with 64-bit seconds for every guest
	TOutTimespec64
	TRemTimespec64
	TTimespecs64
	TTimeval
	TOutTimeval
	TTimevals
	TTimezone
	TOutTimezone
	TItimerval
	TOutItimerval
	TItimerspec
	TOutItimerspec
	TItimerspec64
	TOutItimerspec64
	TTimex
	TTimex64
	TSigset
	TOutSigset
	TOldSigset
	TOutOldSigset
	TSelectMask // pselect6: pointer to mask and size
	TSigaction
	TOutSigaction
	TOldSigaction
	TOutOldSigaction
	TSiginfo
	TOutSiginfo
	TStack
	TOutStack
	TSigevent
	TSchedParam
	TOutSchedParam
	TCPUSet
	TOutCPUSet
	TFDSet   // in and out
	TPollFDs // in and out
	TEpollEvent
	TEpollEvents
	TSockaddr
	TOutSockaddr
	TSockLen // in and out
	TSockOpt
	TOutSockOpt
	TMsghdr
	TOutMsghdr
	TMmsg
	TOutMmsg
	TSembufs
	TMqAttr
	TMqAttrIf
	TOutMqAttr
	TCapHeader
	TCapData
	TOutCapData
	TUserDesc
	TOutUserDesc
	TCloneArgs
	TOpenHow
)

// Flags and enumerations.
const (
	TOpenFlags = TOpenHow + 1 + iota
	TOpenBits  // O_ flags without an access mode: pipe2, dup3
	TAccessMode
	TAccessFlags
	TAtFlags
	TUnlinkFlags
	TStatxFlags
	TStatxMask
	TRenameFlags
	TWhence
	TFcntlCmd
	TFlockOp
	TFallocMode
	TFadvice
	TSpliceFlags
	TSyncRangeFlags
	TRwFlags
	TXattrFlags
	TMountFlags
	TMountType // ignored by some flags
	TMountData
	TQuotaCmd
	TUmountFlags
	TInotifyMask
	TInotifyFlags
	TIoctlCmd
	TProt
	TMapFlags
	TMremapFlags
	TMsyncFlags
	TMadvice
	TMlockFlags
	TMlockallFlags
	TMpolMode
	TNodeMask // bits in By
	TOutNodeMask
	TMemfdFlags
	TIPCKey
	TIPCFlags
	TIPCCall
	TShmgetFlags
	TShmatFlags
	TShmctlCmd
	TSemctlCmd
	TSemun // by value, printed as if by a pointer
	TMsgqFlags
	TMsgctlCmd
	TCloneFlags
	TCloneStack
	TCloneParentTID
	TCloneTLS
	TCloneChildTID
	TUnshareFlags
	TNsFlags
	TModuleFlags
	TWaitFlags
	TIDType
	TFutexOp
	TRlimitRes
	TRusageWho
	TPrioWhich
	TIoprioWhich
	TSchedPolicy
	TPrctlOp
	TArchPrctlOp
	TPersona
	TPtraceReq
	TSyslogType
	TSyslogArg // buffer and length, where the type takes them
	TBpfCmd
	TRestart   // restart_syscall
	TRebootArg // where the command takes one
	TPtracePID // what the request takes
	TPtraceAddr
	TPtraceData
	TSeccompOp
	TSeccompFlags
	TMembarrierCmd
	TRandomFlags
	TRseqFlags
	TKcmpType
	TKcmpIndex // descriptors, where the type compares them
	TPidfdFlags
	TCloseRangeFlags
	TRebootMagic1
	TRebootMagic2
	TRebootCmd
	TSignal
	TSigHow
	TSignalfdFlags
	TClock
	TItimer
	TTimerFlags
	TTimerfdFlags
	TTimerfdSetFlags
	TEpollOp
	TEpollFlags
	TEventfdFlags
	TSockDomain
	TSockType
	TSockFlags
	TSockProto // protocol, domain in By
	TSockLevel
	TSockOptName // option, level in By
	TSocketCall
	TMsgFlags
	TShutHow

	NumTypes // how many there are
)

// raw6 are the arguments of numbers that no kernel implements.
var raw6 = args{{"a", THex}, {"b", THex}, {"c", THex}, {"d", THex}, {"e", THex}, {"f", THex}}
