// Structures of the kernel's headers, initialised, for the comparison with the
// encodings of this package. Only compiled, never run.
#define __EXPORTED_HEADERS__
#include <linux/types.h>
#include <asm/stat.h>
#include <asm/statfs.h>
#include <linux/stat.h>
#include <linux/fcntl.h>
#include <asm/fcntl.h>
#include <linux/openat2.h>
#include <linux/time.h>
#include <linux/time_types.h>
#include <linux/times.h>
#include <linux/utime.h>
#include <linux/timex.h>
#include <asm/signal.h>
#include <asm/siginfo.h>
#include <linux/signalfd.h>
#include <linux/resource.h>
#include <linux/sysinfo.h>
#include <linux/utsname.h>
#include <linux/sched.h>
#include <linux/futex.h>
#include <asm/ldt.h>
#include <linux/capability.h>
#include <linux/rseq.h>
#include <linux/uio.h>
#include <asm/poll.h>
#include <linux/eventpoll.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/netlink.h>
#include <asm/termbits.h>
#include <asm/ioctls.h>
#include <asm/ipcbuf.h>
#include <asm/shmbuf.h>
#include <asm/sembuf.h>
#include <asm/msgbuf.h>
#include <linux/mqueue.h>

#ifdef __x86_64__
struct stat g_Stat = {.st_dev = 0x11223344, .st_ino = 0x21222324, .st_nlink = 3, .st_mode = 0100644, .st_uid = 5, .st_gid = 6, .st_rdev = 0x7172, .st_size = 0x81828384, .st_blksize = 4096, .st_blocks = 0xa1a2, .st_atime = 11, .st_atime_nsec = 12, .st_mtime = 13, .st_mtime_nsec = 14, .st_ctime = 15, .st_ctime_nsec = 16};
#else
struct stat g_Stat = {.st_dev = 0x11223344, .st_ino = 0x21222324, .st_nlink = 3, .st_mode = 0100644, .st_uid = 5, .st_gid = 6, .st_rdev = 0x7172, .st_size = 0x81828384, .st_blksize = 4096, .st_blocks = 0xa1a2, .st_atime = 11, .st_atime_nsec = 12, .st_mtime = 13, .st_mtime_nsec = 14, .st_ctime = 15, .st_ctime_nsec = 16};
struct stat64 g_Stat64 = {.st_dev = 0x11223344, .__st_ino = 0x21222324, .st_nlink = 3, .st_mode = 0100644, .st_uid = 5, .st_gid = 6, .st_rdev = 0x7172, .st_size = 0x181828384, .st_blksize = 4096, .st_blocks = 0xa1a2, .st_atime = 11, .st_atime_nsec = 12, .st_mtime = 13, .st_mtime_nsec = 14, .st_ctime = 15, .st_ctime_nsec = 16, .st_ino = 0x2021222324};
struct statfs64 g_Statfs64 = {1, 2, 0x300000003, 4, 5, 6, 7, {8, 9}, 10, 11, 12};
struct __old_kernel_stat g_OldStat = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
struct user_desc g_UserDesc = {.entry_number = 6, .base_addr = 0x1000, .limit = 0xfffff, .seg_32bit = 1, .limit_in_pages = 1, .useable = 1};
struct old_sigaction_ { void *h; unsigned long mask, flags; void *restorer; } g_OldSigaction = {(void *)1, 2, 3, (void *)4};
struct flock64 g_Flock64 = {1, 2, 0x300000003, 4, 5};
#endif
struct statx g_Statx = {.stx_mask = 1, .stx_blksize = 2, .stx_attributes = 3, .stx_nlink = 4, .stx_uid = 5, .stx_gid = 6, .stx_mode = 7, .stx_ino = 8, .stx_size = 9, .stx_blocks = 10, .stx_attributes_mask = 11, .stx_atime = {12, 13}, .stx_btime = {14, 15}, .stx_ctime = {16, 17}, .stx_mtime = {-18, 19}, .stx_rdev_major = 20, .stx_rdev_minor = 21, .stx_dev_major = 22, .stx_dev_minor = 23, .stx_mnt_id = 24, .stx_dio_mem_align = 25, .stx_dio_offset_align = 26};
struct statfs g_Statfs = {1, 2, 3, 4, 5, 6, 7, {8, 9}, 10, 11, 12};
struct flock g_Flock = {1, 2, -3, 4, 5};
struct f_owner_ex g_FOwnerEx = {1, 2};
struct open_how g_OpenHow = {1, 2, 3};
struct __kernel_old_timeval g_Timeval = {-1, 2};
struct __kernel_timespec g_Timespec64 = {-1, 2};
struct timezone g_Timezone = {-1, 2};
struct itimerval g_Itimerval = {{1, 2}, {3, 4}};
struct __kernel_itimerspec g_Itimerspec64 = {{1, 2}, {3, 4}};
struct tms g_Tms = {1, 2, 3, 4};
struct utimbuf g_Utimbuf = {1, 2};
struct __kernel_timex g_Timex64 = {.modes = 1, .offset = -2, .freq = 3, .maxerror = 4, .esterror = 5, .status = 6, .constant = 7, .precision = 8, .tolerance = 9, .time = {10, 11}, .tick = 12, .ppsfreq = 13, .jitter = 14, .shift = 15, .stabil = 16, .jitcnt = 17, .calcnt = 18, .errcnt = 19, .stbcnt = 20, .tai = 21};
struct timex_ { unsigned modes; long offset, freq, maxerror, esterror; int status; long constant, precision, tolerance; struct { long s, u; } time; long tick, ppsfreq, jitter; int shift; long stabil, jitcnt, calcnt, errcnt, stbcnt; int tai; int pad[11]; } g_Timex = {1, -2, 3, 4, 5, 6, 7, 8, 9, {10, 11}, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21};
struct ksigaction_ { void *h; unsigned long flags; void *restorer; unsigned long long mask; } g_Sigaction = {(void *)1, 2, (void *)3, 0x400000004};
stack_t g_Stack = {(void *)1, 2, 3};
siginfo_t g_SiginfoKill = {.si_signo = 10, .si_errno = 2, .si_code = 0, .si_pid = 4, .si_uid = 5};
siginfo_t g_SiginfoTimer = {.si_signo = 14, .si_code = -2, .si_tid = 4, .si_overrun = 5, ._sifields._timer._sigval = {.sival_ptr = (void *)6}};
siginfo_t g_SiginfoQueue = {.si_signo = 10, .si_code = -1, ._sifields._rt = {4, 5, {.sival_ptr = (void *)6}}};
siginfo_t g_SiginfoChild = {.si_signo = 17, .si_code = 2, ._sifields._sigchld = {4, 5, 9, 7, 8}};
siginfo_t g_SiginfoFault = {.si_signo = 11, .si_code = 1, .si_addr = (void *)0x12345};
siginfo_t g_SiginfoMce = {.si_signo = 7, .si_code = 4, .si_addr = (void *)0x12345, .si_addr_lsb = 12};
siginfo_t g_SiginfoBnd = {.si_signo = 11, .si_code = 3, .si_addr = (void *)0x12345, .si_lower = (void *)6, .si_upper = (void *)7};
siginfo_t g_SiginfoPkey = {.si_signo = 11, .si_code = 4, .si_addr = (void *)0x12345, .si_pkey = 8};
siginfo_t g_SiginfoPoll = {.si_signo = 29, .si_code = 1, .si_band = 4, .si_fd = 5};
siginfo_t g_SiginfoSys = {.si_signo = 31, .si_code = 1, .si_call_addr = (void *)0x12345, .si_syscall = 5, .si_arch = 0xc000003e};
struct sigevent g_Sigevent = {{.sival_ptr = (void *)1}, 2, 4, {._tid = 3}};
struct sigevent g_SigeventThread = {{.sival_ptr = (void *)1}, 2, 2, {._sigev_thread = {(void *)3, (void *)4}}};
struct signalfd_siginfo g_SignalfdSiginfo = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 0, 18, 19, 20};
struct rlimit g_Rlimit = {1, -1L};
struct rlimit64 g_Rlimit64 = {1, -1};
struct rusage g_Rusage = {{1, 2}, {3, 4}, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18};
struct sysinfo g_Sysinfo = {.uptime = 1, .loads = {2, 3, 4}, .totalram = 5, .freeram = 6, .sharedram = 7, .bufferram = 8, .totalswap = 9, .freeswap = 10, .procs = 11, .totalhigh = 12, .freehigh = 13, .mem_unit = 14};
struct new_utsname g_Utsname = {"s", "n", "r", "v", "m", "d"};
struct old_utsname g_OldUtsname = {"s", "n", "r", "v", "m"};
struct oldold_utsname g_OldOldUtsname = {"s", "n", "r", "v", "m"};
struct clone_args g_CloneArgs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
struct robust_list_head g_RobustListHead = {{(void *)1}, -2, (void *)3};
struct __user_cap_header_struct g_CapHeader = {1, -2};
struct __user_cap_data_struct g_CapData = {1, 2, 3};
struct iovec g_Iovec = {(void *)1, 2};
struct msghdr_ { void *name; int namelen; struct iovec *iov; unsigned long iovlen; void *control; unsigned long controllen; unsigned flags; };
struct msghdr_ g_Msghdr = {(void *)1, 2, (void *)3, 4, (void *)5, 6, 7};
struct { struct msghdr_ h; unsigned len; } g_Mmsghdr = {{(void *)1, 2, (void *)3, 4, (void *)5, 6, 7}, 8};
struct { unsigned long len; int level, type; } g_Cmsghdr = {1, 2, 3};
struct pollfd g_PollFD = {-1, 2, 3};
struct epoll_event g_EpollEvent = {1, 0x200000003};
struct { int onoff, linger; } g_Linger = {1, 2};
struct { unsigned pid, uid, gid; } g_Ucred = {1, 2, 3};
struct sockaddr_in g_SockaddrIn = {2, 0x5000, {0x0100007f}};
struct sockaddr_in6 g_SockaddrIn6 = {10, 0x5000, 0x01000000, {{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}}}, 17};
struct sockaddr_nl g_SockaddrNl = {16, 0, 1, 2};
struct { unsigned short r, c, x, y; } g_Winsize = {1, 2, 3, 4};
struct termios g_Termios = {1, 2, 3, 4, 5, {6, 7, 8}};
struct termios2 g_Termios2 = {1, 2, 3, 4, 5, {6, 7, 8}, 9, 10};
struct shmid64_ds g_ShmidDS = {.shm_perm = {1, 2, 3, 4, 5, 6, .seq = 7}, .shm_segsz = 8, .shm_atime = 9, .shm_dtime = 10, .shm_ctime = 11, .shm_cpid = 12, .shm_lpid = 13, .shm_nattch = 14};
struct semid64_ds g_SemidDS = {.sem_perm = {1, 2, 3, 4, 5, 6, .seq = 7}, .sem_otime = 8, .sem_ctime = 9, .sem_nsems = 10};
struct msqid64_ds g_MsqidDS = {.msg_perm = {1, 2, 3, 4, 5, 6, .seq = 7}, .msg_stime = 8, .msg_rtime = 9, .msg_ctime = 10, .msg_cbytes = 11, .msg_qnum = 12, .msg_qbytes = 13, .msg_lspid = 14, .msg_lrpid = 15};
struct { unsigned short n; short op, flg; } g_Sembuf = {1, -2, 3};
struct mq_attr g_MqAttr = {1, 2, 3, 4};
