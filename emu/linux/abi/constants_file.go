package abi

// File system: open, fcntl, stat, directory entries.

// Open flags (open(2)). O_LARGEFILE is the kernel's bit, also on x86-64, where C libraries define it as 0.
const (
	O_RDONLY    = 0
	O_WRONLY    = 0o1
	O_RDWR      = 0o2
	O_ACCMODE   = 0o3
	O_CREAT     = 0o100
	O_EXCL      = 0o200
	O_NOCTTY    = 0o400
	O_TRUNC     = 0o1000
	O_APPEND    = 0o2000
	O_NONBLOCK  = 0o4000
	O_DSYNC     = 0o10000
	FASYNC      = 0o20000
	O_ASYNC     = 0o20000
	O_DIRECT    = 0o40000
	O_LARGEFILE = 0o100000
	O_DIRECTORY = 0o200000
	O_NOFOLLOW  = 0o400000
	O_NOATIME   = 0o1000000
	O_CLOEXEC   = 0o2000000
	O_SYNC      = 0o4010000
	O_PATH      = 0o10000000
	O_TMPFILE   = 0o20200000
)

// Special directory descriptor and path-resolution flags of the *at calls.
const (
	AT_FDCWD              = -100
	AT_SYMLINK_NOFOLLOW   = 0x100
	AT_EACCESS            = 0x200
	AT_REMOVEDIR          = 0x200
	AT_SYMLINK_FOLLOW     = 0x400
	AT_NO_AUTOMOUNT       = 0x800
	AT_EMPTY_PATH         = 0x1000
	AT_STATX_SYNC_TYPE    = 0x6000
	AT_STATX_SYNC_AS_STAT = 0
	AT_STATX_FORCE_SYNC   = 0x2000
	AT_STATX_DONT_SYNC    = 0x4000
	AT_RECURSIVE          = 0x8000
)

// openat2(2) resolution.
const (
	RESOLVE_NO_XDEV       = 1
	RESOLVE_NO_MAGICLINKS = 2
	RESOLVE_NO_SYMLINKS   = 4
	RESOLVE_BENEATH       = 8
	RESOLVE_IN_ROOT       = 0x10
	RESOLVE_CACHED        = 0x20
)

// File types and permission bits in st_mode.
const (
	S_IFMT   = 0o170000
	S_IFSOCK = 0o140000
	S_IFLNK  = 0o120000
	S_IFREG  = 0o100000
	S_IFBLK  = 0o60000
	S_IFDIR  = 0o40000
	S_IFCHR  = 0o20000
	S_IFIFO  = 0o10000
	S_ISUID  = 0o4000
	S_ISGID  = 0o2000
	S_ISVTX  = 0o1000
)

// access(2) modes.
const (
	F_OK = 0
	X_OK = 1
	W_OK = 2
	R_OK = 4
)

// lseek(2).
const (
	SEEK_SET  = 0
	SEEK_CUR  = 1
	SEEK_END  = 2
	SEEK_DATA = 3
	SEEK_HOLE = 4
)

// fcntl(2) commands. The *LK64 numbers exist for 32-bit guests only.
const (
	F_DUPFD            = 0
	F_GETFD            = 1
	F_SETFD            = 2
	F_GETFL            = 3
	F_SETFL            = 4
	F_GETLK            = 5
	F_SETLK            = 6
	F_SETLKW           = 7
	F_SETOWN           = 8
	F_GETOWN           = 9
	F_SETSIG           = 10
	F_GETSIG           = 11
	F_GETLK64          = 12
	F_SETLK64          = 13
	F_SETLKW64         = 14
	F_SETOWN_EX        = 15
	F_GETOWN_EX        = 16
	F_GETOWNER_UIDS    = 17
	F_OFD_GETLK        = 36
	F_OFD_SETLK        = 37
	F_OFD_SETLKW       = 38
	F_SETLEASE         = 1024
	F_GETLEASE         = 1025
	F_NOTIFY           = 1026
	F_DUPFD_QUERY      = 1027
	F_CREATED_QUERY    = 1028
	F_CANCELLK         = 1029
	F_DUPFD_CLOEXEC    = 1030
	F_SETPIPE_SZ       = 1031
	F_GETPIPE_SZ       = 1032
	F_ADD_SEALS        = 1033
	F_GET_SEALS        = 1034
	F_GET_RW_HINT      = 1035
	F_SET_RW_HINT      = 1036
	F_GET_FILE_RW_HINT = 1037
	F_SET_FILE_RW_HINT = 1038
)

// Descriptor flag, record locks, owners.
const (
	FD_CLOEXEC   = 1
	F_RDLCK      = 0
	F_WRLCK      = 1
	F_UNLCK      = 2
	F_OWNER_TID  = 0
	F_OWNER_PID  = 1
	F_OWNER_PGRP = 2
)

// Seals of a memfd.
const (
	F_SEAL_SEAL         = 1
	F_SEAL_SHRINK       = 2
	F_SEAL_GROW         = 4
	F_SEAL_WRITE        = 8
	F_SEAL_FUTURE_WRITE = 0x10
	F_SEAL_EXEC         = 0x20
)

// flock(2).
const (
	LOCK_SH    = 1
	LOCK_EX    = 2
	LOCK_NB    = 4
	LOCK_UN    = 8
	LOCK_MAND  = 32
	LOCK_READ  = 64
	LOCK_WRITE = 128
	LOCK_RW    = 192
)

// Directory entry types.
const (
	DT_UNKNOWN = 0
	DT_FIFO    = 1
	DT_CHR     = 2
	DT_DIR     = 4
	DT_BLK     = 6
	DT_REG     = 8
	DT_LNK     = 10
	DT_SOCK    = 12
	DT_WHT     = 14
)

// statx(2) masks and attributes.
const (
	STATX_TYPE            = 1
	STATX_MODE            = 2
	STATX_NLINK           = 4
	STATX_UID             = 8
	STATX_GID             = 0x10
	STATX_ATIME           = 0x20
	STATX_MTIME           = 0x40
	STATX_CTIME           = 0x80
	STATX_INO             = 0x100
	STATX_SIZE            = 0x200
	STATX_BLOCKS          = 0x400
	STATX_BASIC_STATS     = 0x7ff
	STATX_BTIME           = 0x800
	STATX_ALL             = 0xfff
	STATX_MNT_ID          = 0x1000
	STATX_DIOALIGN        = 0x2000
	STATX_MNT_ID_UNIQUE   = 0x4000
	STATX_SUBVOL          = 0x8000
	STATX_WRITE_ATOMIC    = 0x10000
	STATX_DIO_READ_ALIGN  = 0x20000
	STATX_ATTR_COMPRESSED = 4
	STATX_ATTR_IMMUTABLE  = 0x10
	STATX_ATTR_APPEND     = 0x20
	STATX_ATTR_NODUMP     = 0x40
	STATX_ATTR_ENCRYPTED  = 0x800
	STATX_ATTR_AUTOMOUNT  = 0x1000
	STATX_ATTR_MOUNT_ROOT = 0x2000
	STATX_ATTR_VERITY     = 0x100000
	STATX_ATTR_DAX        = 0x200000
)

// renameat2(2).
const (
	RENAME_NOREPLACE = 1
	RENAME_EXCHANGE  = 2
	RENAME_WHITEOUT  = 4
)

// fallocate(2).
const (
	FALLOC_FL_KEEP_SIZE      = 1
	FALLOC_FL_PUNCH_HOLE     = 2
	FALLOC_FL_NO_HIDE_STALE  = 4
	FALLOC_FL_COLLAPSE_RANGE = 8
	FALLOC_FL_ZERO_RANGE     = 0x10
	FALLOC_FL_INSERT_RANGE   = 0x20
	FALLOC_FL_UNSHARE_RANGE  = 0x40
)

// posix_fadvise(2).
const (
	POSIX_FADV_NORMAL     = 0
	POSIX_FADV_RANDOM     = 1
	POSIX_FADV_SEQUENTIAL = 2
	POSIX_FADV_WILLNEED   = 3
	POSIX_FADV_DONTNEED   = 4
	POSIX_FADV_NOREUSE    = 5
)

// sync_file_range, splice, preadv2, xattr.
const (
	SYNC_FILE_RANGE_WAIT_BEFORE = 1
	SYNC_FILE_RANGE_WRITE       = 2
	SYNC_FILE_RANGE_WAIT_AFTER  = 4
	SPLICE_F_MOVE               = 1
	SPLICE_F_NONBLOCK           = 2
	SPLICE_F_MORE               = 4
	SPLICE_F_GIFT               = 8
	RWF_HIPRI                   = 1
	RWF_DSYNC                   = 2
	RWF_SYNC                    = 4
	RWF_NOWAIT                  = 8
	RWF_APPEND                  = 0x10
	RWF_NOAPPEND                = 0x20
	RWF_ATOMIC                  = 0x40
	RWF_DONTCACHE               = 0x80
	XATTR_CREATE                = 1
	XATTR_REPLACE               = 2
)

// File system magics of statfs(2).
const (
	EXT4_SUPER_MAGIC      = 0xef53
	TMPFS_MAGIC           = 0x1021994
	PROC_SUPER_MAGIC      = 0x9fa0
	SYSFS_MAGIC           = 0x62656572
	DEVPTS_SUPER_MAGIC    = 0x1cd1
	PIPEFS_MAGIC          = 0x50495045
	SOCKFS_MAGIC          = 0x534f434b
	OVERLAYFS_SUPER_MAGIC = 0x794c7630
	BTRFS_SUPER_MAGIC     = 0x9123683e
	XFS_SUPER_MAGIC       = 0x58465342
	RAMFS_MAGIC           = 0x858458f6
	CGROUP_SUPER_MAGIC    = 0x27e0eb
	CGROUP2_SUPER_MAGIC   = 0x63677270
	NFS_SUPER_MAGIC       = 0x6969
	MSDOS_SUPER_MAGIC     = 0x4d44
	ISOFS_SUPER_MAGIC     = 0x9660
	SQUASHFS_MAGIC        = 0x73717368
	FUSE_SUPER_MAGIC      = 0x65735546
	DEBUGFS_MAGIC         = 0x64626720
	TRACEFS_MAGIC         = 0x74726163
	SECURITYFS_MAGIC      = 0x73636673
	HUGETLBFS_MAGIC       = 0x958458f6
	BPF_FS_MAGIC          = 0xcafe4a11
	NSFS_MAGIC            = 0x6e736673
	ANON_INODE_FS_MAGIC   = 0x9041934
)

// inotify(7).
const (
	IN_ACCESS        = 1
	IN_MODIFY        = 2
	IN_ATTRIB        = 4
	IN_CLOSE_WRITE   = 8
	IN_CLOSE_NOWRITE = 0x10
	IN_OPEN          = 0x20
	IN_MOVED_FROM    = 0x40
	IN_MOVED_TO      = 0x80
	IN_CREATE        = 0x100
	IN_DELETE        = 0x200
	IN_DELETE_SELF   = 0x400
	IN_MOVE_SELF     = 0x800
	IN_UNMOUNT       = 0x2000
	IN_Q_OVERFLOW    = 0x4000
	IN_IGNORED       = 0x8000
	IN_ONLYDIR       = 0x1000000
	IN_DONT_FOLLOW   = 0x2000000
	IN_EXCL_UNLINK   = 0x4000000
	IN_MASK_CREATE   = 0x10000000
	IN_MASK_ADD      = 0x20000000
	IN_ISDIR         = 0x40000000
	IN_ONESHOT       = 0x80000000
	IN_ALL_EVENTS    = 0xfff
	IN_NONBLOCK      = 0x800
	IN_CLOEXEC       = 0x80000
)

// mount(2) and umount2(2).
const (
	MS_RDONLY       = 1
	MS_NOSUID       = 2
	MS_NODEV        = 4
	MS_NOEXEC       = 8
	MS_SYNCHRONOUS  = 0x10
	MS_REMOUNT      = 0x20
	MS_MANDLOCK     = 0x40
	MS_DIRSYNC      = 0x80
	MS_NOSYMFOLLOW  = 0x100
	MS_NOATIME      = 0x400
	MS_NODIRATIME   = 0x800
	MS_BIND         = 0x1000
	MS_MOVE         = 0x2000
	MS_REC          = 0x4000
	MS_SILENT       = 0x8000
	MS_POSIXACL     = 0x10000
	MS_UNBINDABLE   = 0x20000
	MS_PRIVATE      = 0x40000
	MS_SLAVE        = 0x80000
	MS_SHARED       = 0x100000
	MS_RELATIME     = 0x200000
	MS_KERNMOUNT    = 0x400000
	MS_I_VERSION    = 0x800000
	MS_STRICTATIME  = 0x1000000
	MS_LAZYTIME     = 0x2000000
	MNT_FORCE       = 1
	MNT_DETACH      = 2
	MNT_EXPIRE      = 4
	UMOUNT_NOFOLLOW = 8
)

// Mount flags as statfs reports them.
const (
	ST_RDONLY      = 1
	ST_NOSUID      = 2
	ST_NODEV       = 4
	ST_NOEXEC      = 8
	ST_SYNCHRONOUS = 0x10
	ST_VALID       = 0x20
	ST_MANDLOCK    = 0x40
	ST_NOATIME     = 0x400
	ST_NODIRATIME  = 0x800
	ST_RELATIME    = 0x1000
	ST_NOSYMFOLLOW = 0x2000
)

// Limits.
const (
	PATH_MAX   = 4096
	NAME_MAX   = 255
	IOV_MAX    = 1024
	PIPE_BUF   = 4096
	UTIME_NOW  = 0x3fffffff
	UTIME_OMIT = 0x3ffffffe
)
