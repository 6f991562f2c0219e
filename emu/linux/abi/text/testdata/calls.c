// A freestanding program that makes system calls of every kind, for the
// comparison with strace. Builds for x86-64 and, with -m32, for i386:
//	cc -nostdlib -static -ffreestanding -fno-stack-protector -mgeneral-regs-only -O1 -o calls calls.c
#include <asm/unistd.h>
typedef long L;
typedef unsigned long U;
#ifdef __x86_64__
static L sys(L n, L a, L b, L c, L d, L e, L f) {
	register L r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
	__asm__ volatile("syscall" : "+a"(n) : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
	return n;
}
__asm__(".globl restorer\nrestorer: mov $15,%eax\nsyscall\n");
#else
L sys(L n, L a, L b, L c, L d, L e, L f);
__asm__("sys: push %ebp\npush %edi\npush %esi\npush %ebx\n"
	"mov 20(%esp),%eax\nmov 24(%esp),%ebx\nmov 28(%esp),%ecx\nmov 32(%esp),%edx\nmov 36(%esp),%esi\nmov 40(%esp),%edi\nmov 44(%esp),%ebp\n"
	"int $0x80\npop %ebx\npop %esi\npop %edi\npop %ebp\nret\n");
__asm__(".globl restorer\nrestorer: mov $173,%eax\nint $0x80\n");
__asm__(".globl old_restorer\nold_restorer: pop %eax\nmov $119,%eax\nint $0x80\n");
extern char old_restorer[];
#endif
extern char restorer[];
#define P6(n, a, b, c, d, e, f, ...) sys(n, (L)(a), (L)(b), (L)(c), (L)(d), (L)(e), (L)(f))
#define S(...) P6(__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define C(name, ...) S(__NR_##name, ##__VA_ARGS__)
#define GETPID sys(__NR_getpid, 0, 0, 0, 0, 0, 0)
#define BAD ((void *)-4096L)

static unsigned m10[2] = {1 << 9}, none[2];
static char buf[65536];
static char page[8192] __attribute__((aligned(4096)));
static void handler(int s) {}
struct kact { void *h; U flags; void *rest; unsigned mask[2]; };
static int str(char *d, const char *s) { int n = 0; while ((d[n] = s[n])) n++; return n; }

static void files(void) {
	int i, fd;
	char *dir = "abi-calls";
	C(umask, 022); C(umask, 0); C(umask, 022);
	C(mkdir, dir, 0755); C(chdir, dir); C(getcwd, buf, 4096); C(getcwd, buf, 2);
	fd = C(open, "file", 0102 | 02000000, 0644);
	C(write, fd, "hello, \"world\"\n\t\\ \001\0029\377 and much more than thirty-two", 52);
	C(write, fd, "short", 5); C(write, fd, BAD, 5); C(write, fd, 0, 0); C(write, fd, "", 0);
	C(lseek, fd, 0, 0); C(read, fd, buf, 5); C(read, fd, buf, 100); C(read, fd, buf, 100); C(read, -1, buf, 1); C(read, fd, BAD, 10);
	C(pread64, fd, buf, 3, 2); C(pwrite64, fd, "xyz", 3, 4);
	C(lseek, fd, -3, 2); C(lseek, -1, -1, 1);
	C(openat, -100, "file", 0); C(openat, -100, "nofile", 0400000); C(openat, -100, "new", 01101, 0600); C(openat, fd, "x", 3); C(openat, -100, BAD, 0);
	C(openat, -100, ".", 020200000 | 2, 0600); C(openat, -100, ".", 02204000); C(openat, -100, "file", 010000);
	C(creat, "created", 0640); C(close, fd); C(close, 99);
	fd = C(open, "file", 2);
	C(dup, fd); C(dup2, fd, 20); C(dup3, fd, 21, 02000000); C(close, 20); C(close, 21);
	C(fcntl, fd, 0, 30); C(fcntl, fd, 1); C(fcntl, fd, 2, 1); C(fcntl, fd, 1); C(fcntl, fd, 3); C(fcntl, fd, 4, 04000); C(fcntl, fd, 1030, 31);
	static short fl[16] = {1, 0}; C(fcntl, fd, 6, fl); C(fcntl, fd, 5, fl); C(fcntl, fd, 6, BAD); C(fcntl, fd, 1024, 0); C(fcntl, fd, 1025); C(fcntl, fd, 8, 0); C(fcntl, fd, 9); C(fcntl, fd, 10, 14); C(fcntl, fd, 11); C(fcntl, fd, 99, 5);
	static short fl2[16] = {1, 0}; C(fcntl, fd, 37, fl2); C(fcntl, fd, 36, fl2);
	static int ow[2] = {1, 1}; C(fcntl, fd, 15, ow); C(fcntl, fd, 16, ow);
	C(stat, "file", buf); C(stat, "nofile", buf); C(fstat, fd, buf); C(lstat, "file", buf); C(stat, "/dev/null", buf); C(stat, "/tmp", buf); C(stat, "file", 0); C(stat, "/proc/self/mem", buf);
	C(statx, -100, "file", 0x100, 0x7ff, buf); C(statx, -100, "", 0x1000, 0xfff, buf); C(statx, fd, "", 0x1000, 0x1, buf);
	C(access, "file", 4); C(access, "file", 0); C(faccessat, -100, "file", 7); C(faccessat2, -100, "file", 1, 0x200);
	C(readlink, "file", buf, 100); C(symlink, "target-of-this-link-is-longer-than-32-characters", "link"); C(readlink, "link", buf, 100); C(readlink, "link", buf, 5); C(readlinkat, -100, "link", buf, 100); C(symlinkat, "t", -100, "link2");
	C(link, "file", "hard"); C(linkat, -100, "file", -100, "hard2", 0x400); C(rename, "hard", "hard3"); C(renameat, -100, "hard2", -100, "hard4"); C(renameat2, -100, "hard3", -100, "hard4", 1); C(unlink, "hard3"); C(unlinkat, -100, "hard4", 0); C(mkdirat, -100, "sub", 0700); C(unlinkat, -100, "sub", 0x200); C(rmdir, "nodir");
	C(chmod, "file", 04755); C(stat, "file", buf); C(fchmod, fd, 0600); C(fchmodat, -100, "file", 0644); C(chown, "file", -1, 0); C(fchown, fd, 0, -1); C(lchown, "link", 0, 0); C(fchownat, -100, "file", 0, 0, 0x100);
	C(mknod, "fifo", 010644); C(mknodat, -100, "nul", 020666, 0x103); C(mknod, "sock", 0140600);
	static L tv[4] = {1000000000, 5, 1234567890, 999999}; C(utimes, "file", tv); C(futimesat, -100, "file", tv); C(utimensat, -100, "file", tv, 0); C(utimensat, fd, 0, 0, 0); C(utime, "file", tv); C(utime, "file", 0);
	static L omit[4] = {0, 0x3fffffff, 0, 0x3ffffffe}; C(utimensat, -100, "file", omit, 0x100);
	C(truncate, "file", 1000); C(ftruncate, fd, 100); C(fallocate, fd, 0, 0, 4096); C(fallocate, fd, 3, 0, 10); C(fsync, fd); C(fdatasync, fd); C(sync_file_range, fd, 0, 10, 2); C(fadvise64, fd, 0, 0, 3); C(readahead, fd, 0, 10); C(flock, fd, 6); C(flock, fd, 8);
	struct { void *p; U n; } iov[3] = {{"one", 3}, {"two two", 7}, {0, 0}}; C(writev, fd, iov, 3); C(writev, fd, BAD, 1); C(writev, -1, iov, 2);
	iov[0].p = buf; iov[1].p = buf + 100; C(lseek, fd, 0, 0); C(readv, fd, iov, 2); C(preadv, fd, iov, 2, 3, 0); C(pwritev, fd, iov, 1, 5, 0); C(preadv2, fd, iov, 1, 1, 0, 8); C(readv, -1, iov, 1);
	i = C(open, ".", 0200000); C(getdents64, i, buf, 4096); C(getdents64, i, buf, 4096); C(lseek, i, 0, 0); C(getdents, i, buf, 4096); C(getdents, -1, buf, 10); C(close, i);
	C(statfs, "/proc", buf); C(fstatfs, -1, buf); C(statfs, "nofile", buf);
	C(setxattr, "file", "user.a", "value", 5, 0); C(getxattr, "file", "user.a", buf, 100); C(getxattr, "file", "user.a", 0, 0); C(listxattr, "file", buf, 100); C(removexattr, "file", "user.a"); C(fgetxattr, fd, "user.none", buf, 10);
	int p[2]; C(pipe, p); C(pipe2, p, 02004000); C(pipe, BAD); C(write, p[1], "data", 4); C(tee, p[0], p[1], 10, 2); C(splice, fd, 0, p[1], 0, 10, 1); C(vmsplice, p[1], iov, 1, 1);
	static L off[2] = {1, 0}; C(sendfile, p[1], fd, off, 10); C(sendfile, p[1], fd, 0, 2); C(sendfile, -1, fd, off, 1); C(copy_file_range, fd, off, fd, 0, 1, 0);
	C(ioctl, p[0], 0x541b, buf); C(ioctl, p[0], 0x5401, buf); C(ioctl, fd, 0x5451); C(ioctl, fd, 0x5421, off); C(ioctl, fd, 0x12345678, 5); C(ioctl, fd, 0x5401, buf);
	static U how[6] = {0, 0, 0, 0, 0, 0}; C(openat2, -100, "file", how, 24); how[0] = 0101; C(openat2, -100, "file", how, 24);
	C(memfd_create, "name", 3); C(inotify_init); i = C(inotify_init1, 04000); C(inotify_add_watch, i, ".", 0x100 | 2); C(inotify_rm_watch, i, 5);
	C(name_to_handle_at, -100, "file", 0, 0, 0); C(execve, "/nonexistent", 0, 0); C(execveat, -1, "", 0, 0, 0x1000); C(acct, "nofile"); C(chroot, "nofile"); C(mount, "a", "b", "c", 0x1001, "data"); C(umount2, "x", 2); C(swapon, "x", 0); C(sync); C(syncfs, fd); C(quotactl_fd, -1, 0, 0, 0);
	C(close_range, 100, 200, 0); C(sysfs, 3); C(ustat, 0, 0);
	for (i = 3; i < 60; i++) S(__NR_close, i);
	C(unlink, "file"); C(unlink, "new"); C(unlink, "created"); C(unlink, "link"); C(unlink, "link2"); C(unlink, "fifo"); C(unlink, "nul"); C(unlink, "sock"); C(chdir, ".."); C(rmdir, dir);
}

static void terminals(void) {
	static int zero; static short ws[4] = {24, 80, 1, 2};
	int m = C(open, "/dev/ptmx", 02), n = 0;
	C(ioctl, m, 0x40045431, &zero); C(ioctl, m, 0x80045430, &n);
	C(ioctl, m, 0x5401, buf); C(ioctl, m, 0x5402, buf); C(ioctl, m, 0x5403, BAD); C(ioctl, m, 0x5413, buf); C(ioctl, m, 0x5414, ws); C(ioctl, m, 0x5413, buf); C(ioctl, m, 0x540f, buf); C(ioctl, m, 0x5409, 0); C(ioctl, m, 0x540b, 0); C(ioctl, m, 0x540a, 1); C(ioctl, m, 0x540e, 0); C(ioctl, m, 0x5410, &zero); C(ioctl, m, 0x5429, buf); C(ioctl, m, 0x541b, buf); C(ioctl, m, 0x802c542a, buf); C(ioctl, m, 0x540c); C(ioctl, m, 0x80045439, buf);
	C(close, m); C(vhangup);
}

static void memory(void) {
	char *m = (char *)
#ifdef __x86_64__
		C(mmap, 0, 8192, 3, 0x22, -1, 0);
#else
		C(mmap2, 0, 8192, 3, 0x22, -1, 0);
	static L old[6] = {0, 4096, 3, 0x22, -1, 0}; S(__NR_mmap, old); S(__NR_mmap2, 0, 4096, 1, 2, 99, 3);
#endif
	C(mprotect, m, 4096, 1); C(madvise, m, 8192, 4); C(mincore, m, 8192, buf); C(msync, m, 8192, 4); C(mlock, m, 4096); C(munlock, m, 4096); C(mlock2, m, 4096, 1); C(mlockall, 0); C(munlockall); C(mremap, m, 8192, 4096, 0); C(mremap, m, 4096, 16384, 3, 0); C(munmap, m, 4096); C(munmap, 1, 1);
	C(brk, 0); C(brk, 1); C(remap_file_pages, 0, 0, 0, 0, 0); C(pkey_alloc, 0, 0); C(pkey_free, 5); C(membarrier, 0, 0, 0); C(mbind, 0, 0, 0, 0, 0, 0); C(get_mempolicy, buf, 0, 0, 0, 0); C(set_mempolicy, 0, 0, 0); C(process_madvise, -1, 0, 0, 4, 0);
	static struct { void *p; U n; } l[1] = {{buf, 4}}, r[1] = {{page, 4}}; C(process_vm_readv, GETPID, l, 1, r, 1, 0); C(process_vm_writev, -1, l, 1, r, 1, 0);
}

static void signals(void) {
	struct kact a = {handler, 0x14000004 | 0x40000000, restorer, {0x80000002, 1}}, o;
	C(rt_sigaction, 10, &a, &o, 8); C(rt_sigaction, 10, 0, &o, 8); a.flags = 0x4000004; C(rt_sigaction, 10, &a, 0, 8); C(rt_sigaction, 9, &a, &o, 8); C(rt_sigaction, 10, BAD, BAD, 8); C(rt_sigaction, 12, &a, 0, 8);
	unsigned set[2] = {0x4002, 0}, full[2] = {-1, -1}; C(rt_sigprocmask, 0, set, buf, 8); C(rt_sigprocmask, 2, full, buf, 8); C(rt_sigprocmask, 0, 0, buf, 8); C(rt_sigprocmask, 1, full, 0, 8); C(rt_sigprocmask, 5, set, buf, 8); C(rt_sigprocmask, 0, BAD, 0, 8); C(rt_sigprocmask, 0, set, 0, 4);
	C(kill, GETPID, 10); C(tkill, GETPID, 12); C(tgkill, -1, -1, 6); C(kill, 0x7fffffff, 0); C(kill, 0x7fffffff, 40);
	static L ss[3]; ss[0] = (L)page; 
	*(int *)&ss[1] = 0; ss[2] = 8192; C(sigaltstack, ss, buf); C(sigaltstack, 0, buf); C(sigaltstack, BAD, 0);
	C(rt_sigpending, buf, 8); C(rt_sigprocmask, 0, m10, 0, 8); C(kill, GETPID, 10); C(rt_sigpending, buf, 8); C(rt_sigsuspend, none, 8); static L ts[2] = {0, 1000}; set[0] = 1 << 9; set[1] = 0; C(rt_sigprocmask, 0, set, 0, 8); C(rt_sigtimedwait, set, buf, ts, 8); 
	static unsigned info[32] = {10, 0, -1}; C(rt_sigqueueinfo, GETPID, 10, info); C(rt_sigtimedwait, set, buf, ts, 8); C(kill, GETPID, 10); C(rt_sigtimedwait, set, buf, 0, 8); C(rt_tgsigqueueinfo, -1, -1, 10, info);
	C(signalfd4, -1, set, 8, 02004000); C(signalfd, -1, set, 8); C(alarm, 0); C(pidfd_send_signal, -1, 9, 0, 0);
	struct { L v; int signo, notify; } ev = {7, 10, 0}; int id; C(timer_create, 1, &ev, &id); static L it[4] = {0, 0, 100, 500}; C(timer_settime, id, 0, it, buf); C(timer_settime, id, 1, it, 0); C(timer_gettime, 99, buf); C(timer_getoverrun, id); C(timer_delete, id); C(timer_create, 1, 0, &id); C(timer_create, 77, 0, &id);
	C(setitimer, 0, it, buf); C(getitimer, 5, buf); static L no[4]; C(setitimer, 0, no, 0);
#ifdef __i386__
	static L oa[4]; oa[0] = (L)handler; oa[1] = 2; oa[2] = 0x4000000; oa[3] = (L)old_restorer; S(__NR_sigaction, 12, oa, buf); S(__NR_sigaction, 12, 0, buf); S(__NR_kill, GETPID, 12); S(__NR_signal, 12, 1); S(__NR_sgetmask); S(__NR_ssetmask, 0x4000); static U om = 0x200; S(__NR_sigprocmask, 0, &om, buf); S(__NR_sigpending, buf);
#endif
}

static void times_(void) {
	static L ts[2] = {0, 1000}; C(nanosleep, ts, 0); C(nanosleep, ts, buf); C(nanosleep, BAD, 0); C(clock_nanosleep, 1, 0, ts, buf); C(clock_nanosleep, 1, 1, ts, 0); C(clock_getres, 1, buf); C(clock_gettime, 77, buf); C(clock_settime, 1, ts); C(clock_gettime, 0, BAD);
	C(gettimeofday, 0, buf); C(settimeofday, BAD, 0); C(adjtimex, BAD); C(times, BAD);
	int fd = C(timerfd_create, 1, 02000000); static L it[4] = {0, 0, 100, 0}; C(timerfd_settime, fd, 0, it, buf); C(timerfd_gettime, -1, buf); C(close, fd);
}

static void procs(void) {
	C(getuid); C(getgid); C(geteuid); C(getegid); C(setuid, 0); C(setreuid, -1, 0); C(setresuid, -1, -1, 0); C(getresuid, buf, buf + 4, buf + 8); C(getgroups, 0, 0); C(getgroups, 64, buf); static int g[2] = {0, 5}; C(setgroups, 2, g); C(getgroups, 64, buf); C(setfsuid, 0); C(setgid, 0); C(getpgid, 0x7fffffff); C(setpgid, -1, 0); C(getsid, -1); C(getpriority, 0, 0); C(setpriority, 0, 0, 5);
	C(getrlimit, 3, buf); C(setrlimit, 4, buf + 8); C(prlimit64, 0, 7, 0, buf); C(prlimit64, -1, 7, buf, 0); static U inf[4] = {-1, -1, -1, -1}; C(prlimit64, -1, 3, inf, 0); C(setrlimit, 99, inf); C(setrlimit, 98, buf); C(getrusage, 7, buf); C(uname, buf); C(uname, BAD);
	C(sched_yield); C(sched_getaffinity, 0, 128, buf); C(sched_setaffinity, -1, 8, buf); C(sched_getscheduler, 0); C(sched_getparam, 0, buf); C(sched_setscheduler, -1, 1, buf); C(sched_rr_get_interval, 0, buf); C(getcpu, 0, 0, 0); C(ioprio_get, 1, -1);
	C(prctl, 15, "a-name-that-is-long"); C(prctl, 16, buf); C(prctl, 1, 9); C(prctl, 2, buf); C(prctl, 3); C(prctl, 4, 1); C(prctl, 38, 1, 0, 0, 0); C(prctl, 39, 0, 0, 0, 0); C(prctl, 0x53564d41, 0, page, 4096, "n"); C(prctl, 999, 1, 2, 3, 4); C(prctl, 21); C(prctl, 23, 3); C(prctl, 27); C(prctl, 29, 50000); C(prctl, 30); C(prctl, 36, 1); C(prctl, 37, buf); C(prctl, 40, buf); C(prctl, 47, 1, 3, 0, 0); C(prctl, 25, buf);
	C(personality, -1); C(personality, 0x40000); unsigned cap[2] = {0x20080522, 0}; C(capget, cap, buf); C(capget, cap, 0); C(capset, cap, buf); C(capset, BAD, 0);
	int st; int pid = C(fork); if (!pid) C(exit_group, 3); C(wait4, pid, &st, 0, 0); pid = C(vfork); if (!pid) S(__NR_exit, 0x105); C(wait4, pid, &st, 0x40000000, buf); C(wait4, -1, &st, 1, buf);
	pid = S(__NR_clone, 0x01000000 | 0x200000 | 17, 0, buf, buf + 8, buf + 8); if (!pid) C(exit, 0); C(waitid, 1, pid, buf, 4 | 0x01000000, 0); C(wait4, pid, 0, 0, 0);
	pid = S(__NR_clone, 0x00100000 | 17, 0, buf, 0, 0); if (!pid) C(kill, GETPID, 9); C(waitid, 0, 0, buf, 4, buf + 200); C(waitid, 0, 0, buf, 4, 0);
	static unsigned long long ca[11] = {0x00100000, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0}; ca[3] = (U)buf; pid = C(clone3, ca, 88); if (!pid) C(exit, 7); C(wait4, pid, &st, 0, 0); C(clone3, ca, 8); C(clone3, BAD, 88); ca[0] = 0; ca[4] = 0; ca[5] = 1; C(clone3, ca, 64); C(clone, 0x10000, 0, 0, 0, 0); C(unshare, 0x80); C(setns, -1, 0);
	C(ptrace, 16, -1, 0, 0); C(kcmp, -1, -1, 0, 1, 2); C(getrandom, BAD, 0, 1); C(set_tid_address, buf); C(set_robust_list, buf, 3 * sizeof(L)); C(get_robust_list, 0, buf, buf + 8); C(rseq, buf, 32, 2, 0x53053053); C(syslog, 10, 0, 0); C(sethostname, "x", 65); C(reboot, 1, 2, 3, 0); C(bpf, 0, 0, 0); C(perf_event_open, 0, 0, 0, 0, 0); C(add_key, "user", "a", "b", 1, 0); C(iopl, 0);
	static int fx = 5; static L ts[2] = {0, 1000}; C(futex, &fx, 0, 4, 0); C(futex, &fx, 128, 5, ts); C(futex, &fx, 129, 1); C(futex, &fx, 0x189, 5, ts, 0, -1); C(futex, &fx, 0x89, 5, ts, 0, 3); C(futex, &fx, 3, 1, 2, &fx); C(futex, &fx, 4, 1, 2, &fx, 5); C(futex, &fx, 5, 1, 2, &fx, 0xa1002003); C(futex, &fx, 0x80 | 10, 1, 0, 0, -1); C(futex, 1, 7);
	static char *argv[] = {"prog", "an argument that is longer than thirty-two characters", 0}, *env[] = {"A=1", 0}; C(execve, "/nonexistent", argv, env); C(execve, "/nonexistent", BAD, 0); C(execve, "/nonexistent", argv, argv);
#ifdef __x86_64__
	C(arch_prctl, 0x1003, buf); C(arch_prctl, 0x1002, 0); C(arch_prctl, 0x1011); C(arch_prctl, 0x9999, 5);
#else
	static int ud[4] = {-1, 0x1000, 0xfffff, 0x51}; C(set_thread_area, ud); C(get_thread_area, ud); S(__NR_waitpid, -1, buf, 1); S(__NR_nice, 1); S(__NR_getuid32); S(__NR_setreuid32, -1, -1); S(__NR_getresuid32, buf, buf, buf); S(__NR_ugetrlimit, 3, buf); S(__NR_getgroups32, 10, buf); S(__NR_setgroups32, 2, g);
#endif
}

static void waits(void) {
	int p[2]; C(pipe, p); struct { int fd; short e, r; } f[3] = {{p[0], 1, 0}, {p[1], 4, 0}, {-1, 0x2001, 0}};
	C(poll, f, 3, 0); C(poll, f, 1, 1); C(poll, BAD, 1, 0); C(poll, 0, 0, 0); static L ts[2] = {0, 1000}; unsigned m[2] = {2, 0}; C(ppoll, f, 2, ts, m, 8); C(ppoll, f, 1, ts, 0, 8); C(ppoll, f, 1, 0, BAD, 8);
	U rd[32] = {0}, wr[32] = {0}; rd[0] = 1 << p[0]; wr[0] = 1 << p[1]; static L tv[2] = {0, 1000};
#ifdef __x86_64__
	C(select, 10, rd, wr, 0, tv); rd[0] = 1 << p[0]; C(select, 10, rd, 0, 0, tv); C(select, 0, 0, 0, 0, tv); C(select, 10, BAD, 0, 0, 0);
#else
	S(__NR__newselect, 10, rd, wr, 0, tv); static L sa[5]; sa[0] = 10; sa[1] = (L)rd; sa[4] = (L)tv; rd[0] = 1 << p[0]; S(__NR_select, sa);
#endif
	struct { void *p; U n; } sm = {m, 8}; rd[0] = 1 << p[0]; C(pselect6, 10, rd, wr, 0, ts, &sm); C(pselect6, 10, 0, 0, rd, ts, 0);
	int e = C(epoll_create1, 02000000); C(epoll_create, 5); static unsigned ev[3] = {5, 7, 1}; C(epoll_ctl, e, 1, p[1], ev); C(epoll_ctl, e, 3, p[1], ev); C(epoll_wait, e, buf, 10, 0); C(epoll_pwait, e, buf, 10, 0, m, 8); C(epoll_ctl, e, 2, p[1], ev); C(epoll_wait, e, buf, 10, 0); C(epoll_wait, -1, buf, 10, 0); C(epoll_pwait2, e, buf, 10, ts, 0, 8); C(epoll_ctl, e, 1, -1, BAD);
	int ef = C(eventfd2, 3, 04001); C(eventfd, 1); C(read, ef, buf, 8); C(close, e);
	for (e = 3; e < 20; e++) S(__NR_close, e);
}

static void sockets(void) {
	int sv[2], n; C(socketpair, 1, 1 | 02000000, 0, sv); struct { short f; char p[108]; } un = {1}; str(un.p, "abi-sock"); int s = C(socket, 1, 2, 0); C(bind, s, &un, 16); C(connect, s, &un, 110); C(unlink, un.p); un.p[0] = 0; C(bind, s, &un, 8); C(connect, s, &un, 2);
	unsigned char in[16] = {2, 0, 0, 80, 127, 0, 0, 1}, in6[28] = {10, 0, 0x12, 0x34, 0, 0, 0, 5}; in6[23] = 1; in6[24] = 2; int t = C(socket, 2, 1, 6); C(connect, t, in, 16); C(bind, t, in, 16); C(connect, t, in6, 28); C(connect, t, in, 4); C(connect, t, BAD, 16); C(connect, t, 0, 0); in[2] = 0; in[3] = 0; C(bind, t, in, 16); C(listen, t, 5); n = 128; C(getsockname, t, buf, &n); n = 4; C(getsockname, t, buf, &n); n = 16; C(getpeername, t, buf, &n); C(accept4, -1, buf, &n, 0x80800); C(accept4, -1, 0, 0, 0);
	int one = 1; C(setsockopt, t, 1, 2, &one, 4); C(setsockopt, t, 6, 1, &one, 4); int ling[2] = {1, 5}; C(setsockopt, t, 1, 13, ling, 8); C(setsockopt, t, 99, 1, &one, 4); C(setsockopt, t, 1, 25, "eth0", 5); n = 4; C(getsockopt, t, 1, 4, buf, &n); n = 100; C(getsockopt, t, 1, 3, buf, &n); n = 12; C(getsockopt, sv[0], 1, 17, buf, &n); n = 4; C(getsockopt, -1, 1, 3, buf, &n); n = 8; C(getsockopt, t, 1, 13, buf, &n); static L tmo[2] = {5, 0}; C(setsockopt, t, 1, 20, tmo, sizeof tmo); n = 4; C(getsockopt, t, 0, 1, buf, &n); C(setsockopt, t, 41, 26, &one, 4);
	C(sendto, sv[0], "hello", 5, 0x4000, 0, 0); C(recvfrom, sv[1], buf, 100, 0x40, 0, 0); n = 128; C(recvfrom, sv[1], buf, 100, 0x40, buf + 200, &n); C(sendto, s, "x", 1, 0, in, 16); C(shutdown, sv[0], 1);
	struct { void *p; U n; } iov[2] = {{"abc", 3}, {"defghi", 6}}; struct mh { void *n; int nl; void *iov; U iovn; void *c; U cn; int fl; } mh = {0, 0, iov, 2, 0, 0, 0}; int dv[2]; C(socketpair, 1, 2, 0, dv); C(sendmsg, dv[0], &mh, 0); struct { U len; int lv, ty; int fd[2]; } cm = {sizeof(L) + 8 + 4, 1, 1, {1, 0}}; mh.c = &cm; mh.cn = sizeof(L) + 8 + 4; C(sendmsg, dv[0], &mh, 0x4000); C(sendmsg, -1, BAD, 0); C(sendmsg, -1, 0, 0);
	iov[0].p = buf; iov[0].n = 100; iov[1].n = 1; iov[1].p = buf + 200; mh.c = buf + 1000; mh.cn = 100; mh.n = buf + 2000; mh.nl = 110; C(recvmsg, dv[1], &mh, 0x40); mh.cn = 100; mh.nl = 110; C(recvmsg, dv[1], &mh, 0x40); C(recvmsg, dv[1], &mh, 0x40);
	iov[0].p = "mm"; iov[0].n = 2; struct { struct mh h; unsigned len; } mm[2] = {{{0, 0, iov, 1, 0, 0, 0}, 0}, {{0, 0, iov, 1, 0, 0, 0}, 0}}; C(sendmmsg, dv[0], mm, 2, 0); iov[0].p = buf; iov[0].n = 50; C(recvmmsg, dv[1], mm, 2, 0x40, 0);
	C(socket, 16, 3, 0); C(socket, 10, 2, 17); C(socket, 1, 99, 5); unsigned nl[3] = {16, 0, 1}; C(bind, -1, nl, 12); static char o[16] = {5, 0, 'a', 'b'}; C(bind, -1, o, 10);
#ifdef __i386__
	static L a[6] = {1, 1, 0}; S(__NR_socketcall, 1, a); a[0] = 99; a[1] = (L)"x"; a[2] = 1; S(__NR_socketcall, 9, a); S(__NR_socketcall, 10, a); S(__NR_socketcall, 99, a); S(__NR_socketcall, 3, BAD);
#endif
	for (n = 3; n < 30; n++) S(__NR_close, n);
}

static void ipc_(void) {
#ifdef __x86_64__
	int id = C(shmget, 0, 4096, 01600);
	L m = C(shmat, id, 0, 010000); C(shmdt, m); C(shmctl, id, 0, 0);
	int q = C(msgget, 0, 01600); static struct { L t; char s[20]; } mb = {3, "message"}; C(msgsnd, q, &mb, 7, 0); C(msgrcv, q, buf, 20, 0, 04000); C(msgctl, q, 0, 0); id = C(semget, 0, 1, 01600); static short ops[6] = {0, 1, 0, 0, -1, 04000}; C(semop, id, ops, 2); C(semtimedop, id, ops, 1, 0); C(semctl, id, 0, 0, 0);
#else
	static int zero; int id2 = S(__NR_ipc, 23, 0, 4096, 01600); S(__NR_ipc, 24, id2, 0, 0, 0); id2 = S(__NR_ipc, 2, 0, 1, 01600, 0); S(__NR_ipc, 3, id2, 0, 0, &zero); static short ops[6] = {0, 1, 0, 0, -1, 04000}; S(__NR_ipc, 1, -1, 2, 0, ops);
#endif
	C(mq_open, "nope", 0); C(mq_open, "q", 0101, 0600, 0); C(mq_unlink, "q"); C(mq_timedsend, -1, "m", 1, 0, 0); C(mq_getsetattr, -1, 0, 0);
}


static void only32(void) {
#ifdef __i386__
	int fd = S(__NR_open, "/proc/self/exe", 0); S(__NR_stat64, "/dev/null", buf); S(__NR_fstat64, fd, buf); S(__NR_lstat64, "/nofile", buf); S(__NR_fstatat64, -100, "/tmp", buf, 0); S(__NR_oldstat, "/tmp", buf); S(__NR_statfs64, "/proc", 84, buf); S(__NR_fstatfs64, -1, 84, buf); S(__NR__llseek, fd, 1, 2, buf, 0); S(__NR__llseek, fd, -1, -1, buf, 1); S(__NR_truncate64, "/nofile", 5, 1); S(__NR_ftruncate64, -1, 5, 1); S(__NR_fcntl64, fd, 3); static short fl[16] = {0, 0}; S(__NR_fcntl64, fd, 12, fl); S(__NR_fcntl64, fd, 5, fl); S(__NR_sendfile64, -1, fd, buf, 1); S(__NR_fadvise64_64, fd, 0, 0, 5, 0, 1); S(__NR_umount, "x"); S(__NR_stime, BAD);
	static unsigned long long ts[4] = {0, 1000, 0, 0}; S(__NR_clock_getres_time64, 1, buf); S(__NR_clock_nanosleep_time64, 1, 0, ts, 0); S(__NR_ppoll_time64, 0, 0, ts, 0, 8); S(__NR_pselect6_time64, 0, 0, 0, 0, ts, 0); static int fx = 5; S(__NR_futex_time64, &fx, 128, 5, ts); S(__NR_utimensat_time64, -100, "/nofile", ts, 0); S(__NR_timerfd_settime64, -1, 0, ts, 0); S(__NR_rt_sigtimedwait_time64, buf, 0, ts, 4);
	S(__NR_chown32, "/nofile", -1, 5); S(__NR_fadvise64, fd, 1, 0, 2, 0); S(__NR_madvise, 0, 0, 0); S(__NR_rt_sigprocmask, 0, m10, 0, 8); S(__NR_kill, GETPID, 10); S(__NR_sigsuspend, 0, 0, 0x200 ^ 0x200); S(__NR_modify_ldt, 0, 0, 0); S(__NR_getpgrp); S(__NR_bdflush, 1, 2);
#endif
}

// odd makes calls that fail, for the sake of their arguments.
static void odd(void) {
	static unsigned t[16], info[32] = {10, 0, -1, 0, 77, 33, 5, 6}, codes[] = {-1, -6, -2, 0x80, -5, -3, -60, -99}, sigs[] = {4, 5, 7, 8, 11, 17, 29, 31, 10};
	int i, j;
	for (i = 0; i < 5; i++) { t[0] = t[1] = t[2] = t[3] = 0; if (i < 4) t[i] = -1; C(ioctl, -1, 0x5402, t); C(ioctl, -1, 0x402c542b, t); }
	for (i = 0; i < 8; i++) { info[0] = 10; info[2] = codes[i]; C(rt_sigqueueinfo, -1, 10, info); }
	for (i = 0; i < 9; i++) for (j = 1; j < 7; j++) { info[0] = sigs[i]; info[1] = j == 2 ? 5 : 0; info[2] = j; C(rt_sigqueueinfo, -1, 10, info); }
	static struct { L v; int signo, notify, tid, more[12]; } ev = {7, 10, 4, 123}; for (i = 0; i < 6; i++) { ev.notify = i; C(timer_create, 1, &ev, 0); ev.v = i & 1; }
	C(ptrace, 0, 0, 0, 0); C(ptrace, 7, -1, 0, 5); C(ptrace, 24, -1, 1, 0); C(ptrace, 0x4200, -1, 0, -1); C(ptrace, 1, -1, 8, 9); C(ptrace, 12, -1, 8, 9); C(ptrace, 0x4206, -1, 0, 1); C(ptrace, 8, -1, 1, 1); C(ptrace, 99, -1, 1, 1);
	C(sethostname, "abc", 70); C(reboot, 1, 1, 0xA1B2C3D4, "x"); C(pselect6, 0, 0, 0, 0, -1, -1);
	static L mh[10] = {0, 55}; C(recvmsg, -1, mh, 0); C(recvmsg, -1, 0, 0); C(socket, 1, 1 | 2048 | 64, 0); C(socket, 1, 15 | 2048, 0); C(socket, 1, 0, 0); C(socket, 1, 9, 0); C(socket, 1, 2048, 0); C(socket, 55, 1, 0); C(socket, 2, 3, 254); C(socket, 16, 3, 4);
	static unsigned short un[110] = {1, 'a'}; C(bind, -1, un, 2); C(bind, -1, un, 3); C(bind, -1, un, 1); C(bind, -1, un, 200); C(bind, -1, un, -1); static unsigned char nl[12] = {16, 0, 0, 0, 255, 255, 255, 255, 1}, u[16] = {0, 0, 1, 2, 3}, in6[28] = {10, 0, 0, 53}; C(bind, -1, nl, 12); C(bind, -1, nl, 6); C(connect, -1, u, 16); in6[23] = 1; C(bind, -1, in6, 24); C(bind, -1, in6, 20); in6[13] = 7; C(bind, -1, in6, 28);
	C(open, 0, 0x7fffffff, 07777); C(open, 0, 0x400000); C(open, 0, 010000 | 3); C(pipe2, 0, -1); C(access, 0, -1); C(faccessat2, -100, 0, 0, -1); C(unlinkat, -1, 0, -1); C(statx, -1, 0, -1, -1, 0); C(statx, -1, 0, 0x2000, 0x80000000, 0); C(renameat2, -1, 0, -1, 0, -1); C(flock, -1, -1); C(fallocate, -1, -1, 0, 0); C(splice, -1, 0, -1, 0, 0, -1); C(preadv2, -1, 0, 0, 0, 0, -1); C(setxattr, 0, 0, 0, 0, -1); C(mount, 0, 0, 0, -1, 0); C(mount, "s", "t", "type", 0xc0ed0001, "d"); C(umount2, 0, -1); C(inotify_add_watch, -1, 0, -1); C(inotify_init1, -1);
#ifdef __x86_64__
	C(mmap, 0, 0, -1, -1, -1, 0); C(mmap, 0, 0, 0, 0, -1, 0); C(mmap, 0, 0, 16, 4, -1, 4096); C(mmap, 0, 0, 0, 0x54040002, -1, 0); C(shmget, 1, 0, -1 & ~01000); C(shmat, -1, 0, -1); C(semget, 0, 0, -1 & ~01000); C(msgget, 5, -1 & ~01000); C(msgsnd, -1, 0, 0, -1); C(msgrcv, -1, 0, 0, 0, -1);
#else
	S(__NR_mmap2, 0, 0, -1, -1, -1, 0); S(__NR_mmap2, 0, 0, 16, 4, -1, 0x100000);
#endif
	C(mprotect, 1, 0, -1); C(mremap, 1, 0, 0, -1, 5); C(mremap, 1, 0, 0, 4, 5); C(mremap, 1, 0, 0, 2, 0); C(msync, 1, 0, -1); C(mlock2, 1, 1, -1); C(mlockall, -1); C(memfd_create, 0, -1); C(memfd_create, 0, 0x54000004);
	S(__NR_clone, -1, 0, 0, 0, 0); C(unshare, -1); C(setns, -1, -1); C(wait4, -1, 0, -1, 0); C(waitid, 3, -1, 0, -1, 0); C(seccomp, 1, -1, 0); C(getrandom, 0, 0, -1); C(pidfd_open, -1, -1); C(close_range, 10, 5, -1); C(signalfd4, -1, 0, 8, -1); C(timerfd_create, 99, -1); C(timer_settime, 77, -1, 0, 0); C(epoll_create1, -1); C(eventfd2, 0, -1); C(accept4, -1, 0, 0, -1); C(sendto, -1, 0, 0, -1, 0, 0); C(personality, 0x7fffff08); C(personality, 0);
	C(mbind, 1, 1, -1, 0, 0, 0); C(set_mempolicy, 0x8001, 0, 0); C(syslog, 9); C(syslog, 1); C(membarrier, 99, 0); C(delete_module, "x", -1);
	static unsigned long long how[3] = {-1, -1, -1}; C(openat2, -1, 0, how, 24); static struct { int fd; short e, r; } pf[2] = {{5, -1}, {6, 0}}; C(poll, pf, 2, 0); static unsigned ee[3] = {-1, -1, 1}; C(epoll_ctl, -1, 1, -1, ee); C(epoll_ctl, -1, 2, -1, ee); C(epoll_ctl, -1, 7, -1, ee);
	struct kact a = {(void *)1, -1, restorer, {-1, -1}}; C(rt_sigaction, 99, &a, 0, 8); a.mask[1] = 0x7fffffff; a.mask[0] = 0; a.flags = 0; C(rt_sigaction, 65, &a, 0, 8);
	C(mknod, 0, 0177777, 0x1234567); C(mknod, 0, 020666, 0x1234567); C(mknod, 0, 0644, 5); C(chmod, 0, 7); C(chmod, 0, 0); C(mkdir, 0, 0xffff); C(fcntl, -1, 1033, -1); C(fcntl, -1, 4, -1); C(fcntl, -1, 1024, 2); C(arch_prctl, 0x1012, 1); C(bpf, 5, 0, 0);
}

void start(void) {
	files(); terminals(); memory(); signals(); times_(); procs(); waits(); sockets(); ipc_(); odd(); only32();
	S(__NR_exit_group, 300);
}
__asm__(".globl _start\n_start:\n"
#ifdef __x86_64__
	"and $-16,%rsp\ncall start\n"
#else
	"and $-16,%esp\ncall start\n"
#endif
);
