package abi

// Memory: mmap, mprotect, madvise and their kin.

// Protections.
const (
	PROT_NONE      = 0
	PROT_READ      = 1
	PROT_WRITE     = 2
	PROT_EXEC      = 4
	PROT_SEM       = 8
	PROT_GROWSDOWN = 0x1000000
	PROT_GROWSUP   = 0x2000000
)

// mmap(2) flags.
const (
	MAP_SHARED          = 1
	MAP_PRIVATE         = 2
	MAP_SHARED_VALIDATE = 3
	MAP_DROPPABLE       = 8
	MAP_TYPE            = 0xf
	MAP_FIXED           = 0x10
	MAP_ANONYMOUS       = 0x20
	MAP_32BIT           = 0x40
	MAP_ABOVE4G         = 0x80
	MAP_GROWSDOWN       = 0x100
	MAP_DENYWRITE       = 0x800
	MAP_EXECUTABLE      = 0x1000
	MAP_LOCKED          = 0x2000
	MAP_NORESERVE       = 0x4000
	MAP_POPULATE        = 0x8000
	MAP_NONBLOCK        = 0x10000
	MAP_STACK           = 0x20000
	MAP_HUGETLB         = 0x40000
	MAP_SYNC            = 0x80000
	MAP_FIXED_NOREPLACE = 0x100000
	MAP_HUGE_SHIFT      = 0x1a
	MAP_HUGE_MASK       = 0x3f
)

// mremap, msync, mlock, memfd.
const (
	MREMAP_MAYMOVE    = 1
	MREMAP_FIXED      = 2
	MREMAP_DONTUNMAP  = 4
	MS_ASYNC          = 1
	MS_INVALIDATE     = 2
	MS_SYNC           = 4
	MCL_CURRENT       = 1
	MCL_FUTURE        = 2
	MCL_ONFAULT       = 4
	MLOCK_ONFAULT     = 1
	MFD_CLOEXEC       = 1
	MFD_ALLOW_SEALING = 2
	MFD_HUGETLB       = 4
	MFD_NOEXEC_SEAL   = 8
	MFD_EXEC          = 0x10
)

// madvise(2).
const (
	MADV_NORMAL          = 0
	MADV_RANDOM          = 1
	MADV_SEQUENTIAL      = 2
	MADV_WILLNEED        = 3
	MADV_DONTNEED        = 4
	MADV_FREE            = 8
	MADV_REMOVE          = 9
	MADV_DONTFORK        = 10
	MADV_DOFORK          = 11
	MADV_MERGEABLE       = 12
	MADV_UNMERGEABLE     = 13
	MADV_HUGEPAGE        = 14
	MADV_NOHUGEPAGE      = 15
	MADV_DONTDUMP        = 16
	MADV_DODUMP          = 17
	MADV_WIPEONFORK      = 18
	MADV_KEEPONFORK      = 19
	MADV_COLD            = 20
	MADV_PAGEOUT         = 21
	MADV_POPULATE_READ   = 22
	MADV_POPULATE_WRITE  = 23
	MADV_DONTNEED_LOCKED = 24
	MADV_COLLAPSE        = 25
	MADV_HWPOISON        = 100
	MADV_SOFT_OFFLINE    = 101
	MADV_GUARD_INSTALL   = 102
	MADV_GUARD_REMOVE    = 103
)

// NUMA policies.
const (
	MPOL_DEFAULT        = 0
	MPOL_PREFERRED      = 1
	MPOL_BIND           = 2
	MPOL_INTERLEAVE     = 3
	MPOL_LOCAL          = 4
	MPOL_PREFERRED_MANY = 5
)

// System V shared memory, semaphores, message queues.
const (
	IPC_CREAT     = 0x200
	IPC_EXCL      = 0x400
	IPC_NOWAIT    = 0x800
	IPC_RMID      = 0
	IPC_SET       = 1
	IPC_STAT      = 2
	IPC_INFO      = 3
	IPC_64        = 0x100
	IPC_PRIVATE   = 0
	SHM_RDONLY    = 0x1000
	SHM_RND       = 0x2000
	SHM_REMAP     = 0x4000
	SHM_EXEC      = 0x8000
	SHM_HUGETLB   = 0x800
	SHM_NORESERVE = 0x1000
	SHM_LOCK      = 0xb
	SHM_UNLOCK    = 0xc
	SHM_STAT      = 0xd
	SHM_INFO      = 0xe
	SHM_DEST      = 0x200
	SHM_LOCKED    = 0x400
	GETPID        = 0xb
	GETVAL        = 0xc
	GETALL        = 0xd
	GETNCNT       = 0xe
	GETZCNT       = 0xf
	SETVAL        = 0x10
	SETALL        = 0x11
	SEM_STAT      = 0x12
	SEM_INFO      = 0x13
	SEM_UNDO      = 0x1000
	MSG_NOERROR   = 0x1000
	MSG_EXCEPT    = 0x2000
	MSG_STAT      = 0xb
	MSG_INFO      = 0xc
)
