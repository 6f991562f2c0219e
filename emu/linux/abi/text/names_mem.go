package text

import (
	"panda/emu/linux/abi"
)

// Memory flags. The order of flags is the order in which they are printed.
var (
	prots = Flags{"PROT_???", []Name{
		{abi.PROT_NONE, "PROT_NONE"},
		{abi.PROT_READ, "PROT_READ"},
		{abi.PROT_WRITE, "PROT_WRITE"},
		{abi.PROT_EXEC, "PROT_EXEC"},
		{abi.PROT_SEM, "PROT_SEM"},
		{abi.PROT_GROWSDOWN, "PROT_GROWSDOWN"},
		{abi.PROT_GROWSUP, "PROT_GROWSUP"},
	}}
	mapTypes = Enum{"MAP_???", []Name{
		{0, "MAP_FILE"},
		{abi.MAP_SHARED, "MAP_SHARED"},
		{abi.MAP_PRIVATE, "MAP_PRIVATE"},
		{abi.MAP_SHARED_VALIDATE, "MAP_SHARED_VALIDATE"},
	}}
	mapFlags = Flags{"MAP_???", []Name{
		{abi.MAP_FIXED, "MAP_FIXED"},
		{abi.MAP_ANONYMOUS, "MAP_ANONYMOUS"},
		{abi.MAP_32BIT, "MAP_32BIT"},
		{abi.MAP_NORESERVE, "MAP_NORESERVE"},
		{abi.MAP_POPULATE, "MAP_POPULATE"},
		{abi.MAP_NONBLOCK, "MAP_NONBLOCK"},
		{abi.MAP_GROWSDOWN, "MAP_GROWSDOWN"},
		{abi.MAP_DENYWRITE, "MAP_DENYWRITE"},
		{abi.MAP_EXECUTABLE, "MAP_EXECUTABLE"},
		{abi.MAP_LOCKED, "MAP_LOCKED"},
		{abi.MAP_STACK, "MAP_STACK"},
		{abi.MAP_HUGETLB, "MAP_HUGETLB"},
		{abi.MAP_SYNC, "MAP_SYNC"},
		{abi.MAP_FIXED_NOREPLACE, "MAP_FIXED_NOREPLACE"},
	}}
	mremapFlags = Flags{"MREMAP_???", []Name{
		{abi.MREMAP_MAYMOVE, "MREMAP_MAYMOVE"}, {abi.MREMAP_FIXED, "MREMAP_FIXED"}, {abi.MREMAP_DONTUNMAP, "MREMAP_DONTUNMAP"},
	}}
	msyncFlags = Flags{"MS_???", []Name{
		{abi.MS_SYNC, "MS_SYNC"}, {abi.MS_ASYNC, "MS_ASYNC"}, {abi.MS_INVALIDATE, "MS_INVALIDATE"},
	}}
	madvices = Enum{"MADV_???", []Name{
		{abi.MADV_NORMAL, "MADV_NORMAL"},
		{abi.MADV_RANDOM, "MADV_RANDOM"},
		{abi.MADV_SEQUENTIAL, "MADV_SEQUENTIAL"},
		{abi.MADV_WILLNEED, "MADV_WILLNEED"},
		{abi.MADV_DONTNEED, "MADV_DONTNEED"},
		{abi.MADV_FREE, "MADV_FREE"},
		{abi.MADV_REMOVE, "MADV_REMOVE"},
		{abi.MADV_DONTFORK, "MADV_DONTFORK"},
		{abi.MADV_DOFORK, "MADV_DOFORK"},
		{abi.MADV_MERGEABLE, "MADV_MERGEABLE"},
		{abi.MADV_UNMERGEABLE, "MADV_UNMERGEABLE"},
		{abi.MADV_HUGEPAGE, "MADV_HUGEPAGE"},
		{abi.MADV_NOHUGEPAGE, "MADV_NOHUGEPAGE"},
		{abi.MADV_DONTDUMP, "MADV_DONTDUMP"},
		{abi.MADV_DODUMP, "MADV_DODUMP"},
		{abi.MADV_WIPEONFORK, "MADV_WIPEONFORK"},
		{abi.MADV_KEEPONFORK, "MADV_KEEPONFORK"},
		{abi.MADV_COLD, "MADV_COLD"},
		{abi.MADV_PAGEOUT, "MADV_PAGEOUT"},
		{abi.MADV_POPULATE_READ, "MADV_POPULATE_READ"},
		{abi.MADV_POPULATE_WRITE, "MADV_POPULATE_WRITE"},
		{abi.MADV_DONTNEED_LOCKED, "MADV_DONTNEED_LOCKED"},
		{abi.MADV_COLLAPSE, "MADV_COLLAPSE"},
		{abi.MADV_HWPOISON, "MADV_HWPOISON"},
		{abi.MADV_SOFT_OFFLINE, "MADV_SOFT_OFFLINE"},
	}}
	mlockFlags = Flags{"MLOCK_???", []Name{
		{abi.MLOCK_ONFAULT, "MLOCK_ONFAULT"},
	}}
	mlockallFlags = Flags{"MCL_???", []Name{
		{abi.MCL_CURRENT, "MCL_CURRENT"}, {abi.MCL_FUTURE, "MCL_FUTURE"}, {abi.MCL_ONFAULT, "MCL_ONFAULT"},
	}}
	memfdFlags = Flags{"MFD_???", []Name{
		{abi.MFD_CLOEXEC, "MFD_CLOEXEC"}, {abi.MFD_ALLOW_SEALING, "MFD_ALLOW_SEALING"}, {abi.MFD_HUGETLB, "MFD_HUGETLB"},
	}}
	mpolModes = Enum{"MPOL_???", []Name{
		{abi.MPOL_DEFAULT, "MPOL_DEFAULT"},
		{abi.MPOL_PREFERRED, "MPOL_PREFERRED"},
		{abi.MPOL_BIND, "MPOL_BIND"},
		{abi.MPOL_INTERLEAVE, "MPOL_INTERLEAVE"},
		{abi.MPOL_LOCAL, "MPOL_LOCAL"},
		{abi.MPOL_PREFERRED_MANY, "MPOL_PREFERRED_MANY"},
	}}
	mpolFlags = Flags{"MPOL_F_???", []Name{
		{1 << 15, "MPOL_F_STATIC_NODES"}, {1 << 14, "MPOL_F_RELATIVE_NODES"}, {1 << 13, "MPOL_F_NUMA_BALANCING"},
	}}
	ipcFlags = Flags{"IPC_???", []Name{
		{abi.IPC_CREAT, "IPC_CREAT"}, {abi.IPC_EXCL, "IPC_EXCL"}, {abi.IPC_NOWAIT, "IPC_NOWAIT"},
	}}
	shmgetFlags = Flags{"SHM_???", []Name{
		{abi.IPC_CREAT, "IPC_CREAT"}, {abi.IPC_EXCL, "IPC_EXCL"}, {abi.SHM_HUGETLB, "SHM_HUGETLB"}, {abi.SHM_NORESERVE, "SHM_NORESERVE"},
	}}
	shmatFlags = Flags{"SHM_???", []Name{
		{abi.SHM_RDONLY, "SHM_RDONLY"}, {abi.SHM_RND, "SHM_RND"}, {abi.SHM_REMAP, "SHM_REMAP"}, {abi.SHM_EXEC, "SHM_EXEC"},
	}}
	shmctlCmds = Enum{"SHM_???", []Name{
		{abi.IPC_RMID, "IPC_RMID"},
		{abi.IPC_SET, "IPC_SET"},
		{abi.IPC_STAT, "IPC_STAT"},
		{abi.IPC_INFO, "IPC_INFO"},
		{abi.SHM_LOCK, "SHM_LOCK"},
		{abi.SHM_UNLOCK, "SHM_UNLOCK"},
		{abi.SHM_STAT, "SHM_STAT"},
		{abi.SHM_INFO, "SHM_INFO"},
		{15, "SHM_STAT_ANY"},
	}}
	semctlCmds = Enum{"SEM_???", []Name{
		{abi.IPC_RMID, "IPC_RMID"},
		{abi.IPC_SET, "IPC_SET"},
		{abi.IPC_STAT, "IPC_STAT"},
		{abi.IPC_INFO, "IPC_INFO"},
		{abi.GETPID, "GETPID"},
		{abi.GETVAL, "GETVAL"},
		{abi.GETALL, "GETALL"},
		{abi.GETNCNT, "GETNCNT"},
		{abi.GETZCNT, "GETZCNT"},
		{abi.SETVAL, "SETVAL"},
		{abi.SETALL, "SETALL"},
		{abi.SEM_STAT, "SEM_STAT"},
		{abi.SEM_INFO, "SEM_INFO"},
		{20, "SEM_STAT_ANY"},
	}}
	msgctlCmds = Enum{"MSG_???", []Name{
		{abi.IPC_RMID, "IPC_RMID"},
		{abi.IPC_SET, "IPC_SET"},
		{abi.IPC_STAT, "IPC_STAT"},
		{abi.IPC_INFO, "IPC_INFO"},
		{abi.MSG_STAT, "MSG_STAT"},
		{abi.MSG_INFO, "MSG_INFO"},
		{13, "MSG_STAT_ANY"},
	}}
	msgqFlags = Flags{"MSG_???", []Name{
		{abi.MSG_NOERROR, "MSG_NOERROR"}, {abi.MSG_EXCEPT, "MSG_EXCEPT"}, {0x4000, "MSG_COPY"}, {abi.IPC_NOWAIT, "IPC_NOWAIT"},
	}}
	sembufFlags = Flags{"SEM_???", []Name{
		{abi.SEM_UNDO, "SEM_UNDO"}, {abi.IPC_NOWAIT, "IPC_NOWAIT"},
	}}
)
