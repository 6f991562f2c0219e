// /proc/self and /proc/PID by every name that leads there. What they show is this
// program, whoever runs it.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <linux/openat2.h>

static char mark[] = "this program's own memory";
static char dir[] = "/tmp/procXXXXXX";

static void say(const char *name, long r) { printf("%s: %s\n", name, r == -1 ? strerror(errno) : "yes"); }

// mem says whose memory an open file is, and closes it.
static void mem(const char *name, int fd) {
	char b[sizeof mark];
	if (fd < 0) return say(name, fd);
	ssize_t n = pread(fd, b, sizeof b, (uintptr_t)mark);
	printf("%s: %s\n", name, n == sizeof b && !memcmp(b, mark, n) ? "own" : "not own");
	if (pread(fd, b, 1, 0xc000000000) == 1) printf("%s: something is at 0xc000000000\n", name);
	close(fd);
}

static int at2(int d, const char *p, int flags, int resolve) {
	struct open_how how = {.flags = flags, .resolve = resolve};
	return syscall(SYS_openat2, d, p, &how, sizeof how);
}

static void names(void) { // without and with links
	static const char *list[] = {
		"/proc/self/mem", "//proc//self///mem", "/./proc/./self/./mem", "/tmp/../proc/self/mem", "../../proc/self/mem", "/proc/../proc/self/mem",
		"/proc/thread-self/mem", "/proc/self/task/../mem", "/proc/self/fd/../mem", "/proc/self/root/proc/self/mem", "/proc/self/cwd/self/mem",
		"self/mem", "self/../self/mem", "self/task/../mem", "self/cwd/self/mem", "self/root/proc/self/mem", "again/mem", "memory", "relative", "procfs/self/mem",
		"procfs/thread-self/mem", "self/mem/", "self/nothing", "procfs/self/../nothing", "/proc/self/fd/999/mem", "loop", "/proc/selfish", "/proc/0", "/proc/01",
	};
	symlink("/proc/self", "self"), symlink("self", "again"), symlink("again/mem", "memory"), symlink("../../proc/self/mem", "relative"), symlink("/proc", "procfs");
	symlink("loop", "loop");
	for (unsigned i = 0; i < sizeof list / sizeof *list; i++) {
		mem(list[i], open(list[i], O_RDWR));
		say("nofollow", open(list[i], O_RDONLY | O_NOFOLLOW));
	}
	mem("create", open("memory", O_RDWR | O_CREAT, 0600));
	mem("exclusive", open("memory", O_RDWR | O_CREAT | O_EXCL, 0600));
	char deep[4000] = "";
	for (int i = 0; i < 200; i++) strcat(deep, "self/task/../..//");
	mem("deep", open(strcat(deep, "procfs/self/mem"), O_RDWR));
}

static void directories(void) { // by descriptors and the working directory
	static const char *list[] = {"/proc/self", "/proc/self/task", "/proc/self/fd", "/proc", "/proc/sys", "/proc/sys/kernel/random", "/"};
	static const char *rel[] = {"mem", "../mem", "../self/mem", "self/mem", "../../self/mem", "../../../self/mem", "proc/self/mem"};
	symlink("/proc", "procfs");
	for (int i = 0; i < 7; i++) {
		for (int k = 0; k < 7; k++) {
			int d = open(list[i], O_PATH), e = open(list[i], O_RDONLY | O_DIRECTORY);
			char name[99];
			snprintf(name, sizeof name, "%s %s", list[i], rel[k]);
			mem(name, openat(d, rel[k], O_RDWR));
			mem("again", openat(e, rel[k], O_RDWR));
			fchdir(k % 2 ? d : e);
			mem("after fchdir", open(rel[k], O_RDWR));
			chdir(list[i]);
			mem("after chdir", open(rel[k], O_RDWR));
			close(d), close(e);
			chdir(dir);
		}
	}
	int d = open("/", O_PATH), p = open("procfs", O_PATH);
	static const int ways[] = {0, RESOLVE_BENEATH, RESOLVE_IN_ROOT, RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS, RESOLVE_NO_XDEV};
	for (int i = 0; i < 6; i++) {
		printf("way %d\n", ways[i]);
		mem("proc/self/mem", at2(d, "proc/self/mem", O_RDWR, ways[i]));
		mem("self/mem", at2(p, "self/mem", O_RDWR, ways[i]));
		mem("/self/mem", at2(p, "/self/mem", O_RDWR, ways[i]));
		mem("self/../../proc/self/mem", at2(p, "self/../../proc/self/mem", O_RDWR, ways[i]));
	}
}

static void reopened(void) {
	char p[99];
	int f = open("/proc/self/mem", O_RDWR), g = open("/proc/self/mem", O_PATH), d = open("/proc/self", O_PATH);
	static const char *forms[] = {"/proc/self/fd/%d", "/dev/fd/%d", "/proc/thread-self/fd/%d"};
	for (int i = 0; i < 3; i++) {
		snprintf(p, sizeof p, forms[i], f);
		mem("file", open(p, O_RDWR));
		symlink(p, "link");
		mem("by a link", open("link", O_RDWR));
		unlink("link");
		snprintf(p, sizeof p, forms[i], g);
		mem("O_PATH file", open(p, O_RDWR));
		snprintf(p, sizeof p, forms[i], d);
		mem("directory", openat(open(p, O_PATH), "mem", O_RDWR));
		mem("below it", open(strcat(p, "/mem"), O_RDWR));
	}
	int s[2];
	char c[CMSG_SPACE(4)] = "";
	struct iovec v = {p, 1};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = c, .msg_controllen = sizeof c};
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	h->cmsg_level = SOL_SOCKET, h->cmsg_type = SCM_RIGHTS, h->cmsg_len = CMSG_LEN(4), *(int *)CMSG_DATA(h) = d;
	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	sendmsg(s[0], &m, 0), recvmsg(s[1], &m, 0);
	mem("passed", openat(*(int *)CMSG_DATA(CMSG_FIRSTHDR(&m)), "mem", O_RDWR));
}

static void *thread(void *x) {
	char p[99];
	int tid = syscall(SYS_gettid);
	static const char *forms[] = {"/proc/self/task/%d/mem", "/proc/%d/mem", "/proc/%d/task/../mem"};
	for (int i = 0; i < 3; i++) {
		snprintf(p, sizeof p, forms[i], tid);
		mem(forms[i], open(p, O_RDWR));
		symlink(p, "link");
		mem("by a link", open("link", O_RDWR));
		unlink("link");
	}
	mem("thread-self", open("/proc/thread-self/mem", O_RDWR));
	snprintf(p, sizeof p, "/proc/%d/comm", tid);
	prctl(PR_SET_NAME, "a thread");
	char b[32] = "";
	read(open(p, 0), b, sizeof b - 1), printf("%s", b);
	return 0;
}
static void threads(void) {
	pthread_t t;
	pthread_create(&t, 0, thread, 0), pthread_join(t, 0);
}

static void processes(void) {
	char p[99], b[99] = "";
	int go[2];
	pipe(go);
	int pid = fork();
	if (pid == 0) {
		strcpy(mark, "the child's");
		snprintf(p, sizeof p, "/proc/%d/mem", getpid());
		mem("own", open(p, O_RDWR));
		symlink(p, "child"), mem("by a link", open("child", O_RDWR));
		snprintf(p, sizeof p, "../../proc/%d/root/proc/self/mem", getpid());
		mem("root", open(p, O_RDWR));
		snprintf(p, sizeof p, "/proc/%d/mem", getppid());
		pread(open(p, O_RDWR), b, sizeof mark, (uintptr_t)mark), puts(b);
		snprintf(p, sizeof p, "/proc/%d/cwd/child", getppid());
		mem("parent's directory", open(p, O_RDWR));
		int f = open("/proc/self/mem", O_RDWR);
		if (fork() == 0) { mem("inherited", f); _exit(0); }
		wait(0);
		read(go[0], b, 1);
		_exit(3);
	}
	snprintf(p, sizeof p, "/proc/%d/mem", pid);
	int f = open(p, O_RDWR);
	write(go[1], "x", 1);
	siginfo_t si;
	waitid(P_PID, pid, &si, WEXITED | WNOWAIT);
	printf("after its end %zd\n", pread(f, b, 1, (uintptr_t)mark));
	snprintf(p, sizeof p, "/proc/%d/stat", pid);
	char state, comm[20] = "";
	FILE *st = fopen(p, "r");
	fscanf(st, "%*d (%19[^)]) %c", comm, &state), printf("%s %c\n", comm, state);
	snprintf(p, sizeof p, "/proc/%d/mem", pid);
	waitpid(pid, 0, 0);
	say("gone", open(p, O_RDWR));
}

static void calls(void) { // that take a path and open nothing
	char b[300];
	struct stat st, own;
	int f = open("file", O_CREAT | O_RDWR, 0640);
	write(f, "abc", 3), dup2(f, 77);
	symlink("/proc/self", "self"), symlink("/proc/self/fd/77", "f"), symlink("/proc/self/fd/78", "d"), symlink("/dev/fd/78", "dd");
	mkdir("sub", 0700), dup2(open("sub", O_PATH), 78);
	ssize_t n = readlink("self/cwd", b, sizeof b);
	printf("cwd %d\n", n == (ssize_t)strlen(dir) && !memcmp(b, dir, n));
	n = readlink("f", b, sizeof b), printf("%.*s\n", (int)n, b);
	n = readlink("self/fd/77", b, sizeof b), printf("fd %d\n", n == (ssize_t)strlen(dir) + 5);
	printf("exe %d %d\n", stat("self/exe", &st), stat("/proc/self/exe", &own) == 0 && own.st_ino == st.st_ino && S_ISREG(st.st_mode));
	say("chmod", chmod("f", 0600)), fstat(f, &st), printf("%o\n", st.st_mode);
	say("truncate", truncate("f", 1)), stat("f", &st), printf("%ld\n", (long)st.st_size);
	lstat("f", &st), printf("link %d\n", S_ISLNK(st.st_mode));
	say("link", linkat(AT_FDCWD, "f", AT_FDCWD, "hard", AT_SYMLINK_FOLLOW));
	say("link", linkat(AT_FDCWD, "/proc/self/fd/77", AT_FDCWD, "hard2", AT_SYMLINK_FOLLOW));
	say("access", access("f", R_OK)), say("utimes", utimensat(AT_FDCWD, "f", 0, 0));
	stat("file", &st), printf("%ld names\n", (long)st.st_nlink);
	say("mkdir", mkdir("d/x", 0700)), say("there", access("sub/x", F_OK)), say("symlink", symlink("y", "dd/sl")), say("rename", rename("dd/x", "d/z"));
	say("unlink", unlink("d/sl")), say("rmdir", rmdir("dd/z")), say("mkdir", mkdir("d/x/", 0700)), say("rmdir", rmdir("d/x/")), say("rmdir", rmdir("sub"));
	say("mkdir", mkdir("self/x", 0700)), say("mkdir", mkdir("self/fd", 0700)), say("unlink", unlink("self/comm")), say("rename", rename("self/comm", "q"));
	say("rename", rename("file", "self/comm")), say("link", link("self/comm", "q")), say("symlink", symlink("x", "self/comm")), say("rmdir", rmdir("self/fd"));
	say("chmod", chmod("self/comm", 0777)), say("mknod", mknod("self/q", S_IFREG | 0600, 0)), say("xattr", getxattr("self/comm", "user.x", b, 9));
	struct statfs fs;
	say("statfs", statfs("self/comm", &fs)), printf("%lx\n", (long)fs.f_type);
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	strcpy(a.sun_path, "self/comm");
	say("bind", bind(s, (void *)&a, sizeof a)), say("connect", connect(s, (void *)&a, sizeof a));
	strcpy(a.sun_path, "self/cwd/sock"), say("bind", bind(s, (void *)&a, sizeof a)), say("there", access("sock", F_OK));
	say("exec", execl("self/comm", "x", NULL)), say("exec", execl("/proc/self/mem", "x", NULL)), say("exec", execl("self", "x", NULL));
	say("exec", execl("/proc/self/nothing", "x", NULL));
	char *arg[] = {"x", 0}, *env[] = {0};
	symlink("/proc/self/exe", "exe"), say("execveat", syscall(SYS_execveat, AT_FDCWD, "exe", arg, env, AT_SYMLINK_NOFOLLOW));
	say("chdir", chdir("self/cwd")), printf("%d\n", getcwd(b, sizeof b) && !strcmp(b, dir));
	say("chdir", chdir("self")), say("open", open("status", 0)), say("chdir", chdir("..")), puts(getcwd(b, sizeof b));
	say("chdir", chdir("self/comm")), say("chdir", chdir("/proc/self/task")), printf("%d\n", getcwd(b, sizeof b) && strstr(b, "/task") != 0);
}

static void *hole(int prot, int flags) {
	void *p = mmap(0, 8192, prot, flags | MAP_ANONYMOUS, -1, 0);
	munmap((char *)p + 4096, 4096);
	return p;
}

static void memory(void) { // what /proc/self/mem does
	static const int constant = 5;
	char b[99] = "", c[99] = "";
	int f = open("/proc/self/mem", O_RDWR);
	struct iovec v[] = {{b, 5}, {c, 7}};
	lseek(f, (uintptr_t)mark, SEEK_SET), printf("readv %zd %s|%s\n", readv(f, v, 2), b, c);
	printf("position %d\n", lseek(f, 0, SEEK_CUR) == (uintptr_t)mark + 12);
	printf("relative %d\n", lseek(f, -12, SEEK_CUR) == (uintptr_t)mark), say("end", lseek(f, 0, SEEK_END));
	v[0].iov_len = 2, printf("pwritev %zd\n", pwritev(f, v, 2, (uintptr_t)mark + 3)), puts(mark);
	printf("constant %zd\n", pwrite(f, "\6", 1, (uintptr_t)&constant)), printf("%d\n", *(volatile const int *)&constant);
	say("unmapped", pread(f, b, 4, 16)), say("kernel", pread(f, b, 4, 0xffffffff81000000)), printf("nothing %zd\n", pread(f, b, 0, 16));
	char *p = hole(PROT_NONE, MAP_PRIVATE);
	printf("write %zd", pwrite(f, "abcd", 4, (uintptr_t)p)), printf(" read %zd %.4s\n", pread(f, b, 4, (uintptr_t)p), b);
	printf("short %zd %zd\n", pread(f, b, 16, (uintptr_t)p + 4088), pwrite(f, b, 16, (uintptr_t)p + 4088));
	say("read-only and shared", pwrite(f, "abcd", 4, (uintptr_t)hole(PROT_READ, MAP_SHARED)));
	int (*code)(void) = hole(PROT_READ | PROT_EXEC, MAP_PRIVATE);
	for (int i = 1; i < 4; i++) { // code that ran is written anew
		unsigned char text[] = {0xb8, i, 0, 0, 0, 0xc3};
		pwrite(f, text, 6, (uintptr_t)code), printf("%d\n", code());
	}
	int copy = open("/proc/self/exe", O_RDONLY);
	char *map = mmap(0, 4096, PROT_READ, MAP_PRIVATE, copy, 0);
	printf("file %zd", pwrite(f, "\0", 1, (uintptr_t)map)), pread(copy, b, 1, 0), printf(" %d %d\n", map[0], b[0]);
	say("mmap", (long)mmap(0, 4096, PROT_READ, MAP_SHARED, f, 0));
	say("read into itself", pread(f, mark, sizeof mark, (uintptr_t)mark)), say("bad buffer", pread(f, (void *)8, 4, (uintptr_t)mark));
}

// field finds a row of /proc/self/status.
static char *field(const char *name) {
	char *text = malloc(8192);
	int f = open("/proc/self/status", O_RDONLY), n = read(f, text, 8191);
	close(f), text[n] = 0;
	char key[64];
	snprintf(key, sizeof key, "\n%s:\t", name);
	char *at = strstr(text, key);
	if (!at) return "none";
	at += strlen(key), *strchr(at, '\n') = 0;
	return at;
}

// column finds a field of /proc/self/stat, from 3 on.
static unsigned long column(int n) {
	static char text[2048];
	int f = open("/proc/self/stat", O_RDONLY);
	text[read(f, text, sizeof text - 1)] = 0, close(f);
	char *at = strrchr(text, ')') + 2;
	for (int i = 3; i < n; i++) at = strchr(at, ' ') + 1;
	return strtoul(at, 0, 10);
}

static void values(void) { // agree with what calls say, and with each other
	struct rlimit r = {61, 77};
	char line[300], want[300], soft[30], hard[30];
	setrlimit(RLIMIT_NOFILE, &r), signal(SIGUSR1, say), signal(SIGUSR2, SIG_IGN), umask(027);
	sigset_t set;
	sigemptyset(&set), sigaddset(&set, SIGHUP), sigaddset(&set, SIGUSR1), sigprocmask(SIG_BLOCK, &set, 0), raise(SIGHUP), kill(getpid(), SIGUSR1);
	for (FILE *f = fopen("/proc/self/limits", "r"); fgets(line, sizeof line, f);)
		if (strstr(line, "open files") || !strncmp(line, "Limit", 5)) printf("%s", line);
	printf("Umask %s\nThreads %s\nSigBlk %s\nSigIgn %s\nSigCgt %s\n", field("Umask"), field("Threads"), field("SigBlk"), field("SigIgn"), field("SigCgt"));
	printf("SigPnd %s\nShdPnd %s\nState %s\nTracerPid %s\n", field("SigPnd"), field("ShdPnd"), field("State"), field("TracerPid"));
	printf("ids %d %d %d %d\n", atoi(field("Pid")) == getpid(), atoi(field("Tgid")) == getpid(), atoi(field("PPid")) == getppid(), atoi(field("NSsid")) == getsid(0));
	snprintf(want, sizeof want, "%d\t%d\t%d\t%d", getuid(), geteuid(), geteuid(), geteuid()), printf("Uid %d\n", !strcmp(want, field("Uid")));
	printf("stat %ld %ld %ld %ld\n", column(4) == getppid(), column(5) == getpgrp(), column(6) == getsid(0), column(20));
	printf("signals %lx %lx %lx %ld\n", column(32), column(33), column(34), column(38));
	unsigned long total = 0, code = 0, stack = 0, data = 0, brk = 0, argument = 0, resident = 0;
	for (FILE *f = fopen("/proc/self/maps", "r"); fgets(line, sizeof line, f);) {
		unsigned long a, b;
		sscanf(line, "%lx-%lx", &a, &b);
		if (strstr(line, "[vsyscall]")) continue;
		total += b - a;
		code |= a <= column(26) && column(27) <= b && strstr(line, "r-xp");
		stack |= a <= column(28) && column(28) < b && strstr(line, "[stack]");
		argument |= a <= column(48) && column(51) <= b && strstr(line, "[stack]");
		data |= a <= column(45) && column(45) < b;
	}
	printf("size %d, code %ld, stack %ld, arguments %ld, data %ld, started %d\n", atol(field("VmSize")) * 1024 - (long)total <= 1 << 20, code, stack, argument, data, column(22) > 0);
	FILE *f = fopen("/proc/self/statm", "r");
	fscanf(f, "%lu %lu", &total, &resident), printf("statm %d %d\n", labs(total * 4 - atol(field("VmSize"))) < 1024, resident <= total && resident > 0);
	static const char *keys[] = {"Groups", "VmPeak", "VmLck", "VmHWM", "VmRSS", "RssAnon", "RssFile", "VmData", "VmStk", "VmExe", "VmLib", "VmPTE", "VmSwap", "FDSize", "SigQ", "CapInh",
		"CapPrm", "CapEff", "CapBnd", "NoNewPrivs", "Seccomp", "Cpus_allowed", "Cpus_allowed_list", "Mems_allowed_list", "voluntary_ctxt_switches"};
	for (unsigned i = 0; i < sizeof keys / sizeof *keys; i++) printf("%s %d\n", keys[i], strcmp(field(keys[i]), "none") != 0);
	for (int i = 0; i < 2; i++) { // a text is made anew when it is read from the start
		int c = open("/proc/self/comm", O_RDWR);
		memset(line, 0, sizeof line), read(c, line, 99), puts(line);
		prctl(PR_SET_NAME, "renamed"), lseek(c, 0, SEEK_SET), memset(line, 0, sizeof line), read(c, line, 99), printf("%s", line);
		say("write", write(c, "written", 7)), prctl(PR_GET_NAME, line), puts(line), say("end", lseek(c, 0, SEEK_END)), say("mmap", (long)mmap(0, 4096, PROT_READ, MAP_PRIVATE, c, 0));
		close(c);
	}
	int p = open("/proc/self/pagemap", O_RDONLY);
	uint64_t page = 0;
	printf("pagemap %zd", pread(p, &page, 8, (uintptr_t)line / 4096 * 8)), printf(" %d", (int)(page >> 63)), say(" odd", pread(p, &page, 7, 0));
	printf("unmapped %zd", pread(p, &page, 8, 8)), printf(" %lx\n", (long)page);
	p = open("/proc/self/oom_score_adj", O_RDWR), say("adjust", write(p, "500\n", 4)), pread(p, line, 4, 0), printf("%.3s\n", line), say("too much", write(p, "1001", 4));
	p = open("/proc/self/coredump_filter", O_RDWR), say("filter", write(p, "0x7f", 4)), pread(p, line, 8, 0), printf("%.8s\n", line);
	unsigned long aux[60] = {0};
	p = open("/proc/self/auxv", O_RDONLY), read(p, aux, sizeof aux);
	for (int i = 0; i < 58 && aux[i]; i += 2) { // in the kernel's order, but for what only newer ones have
		if (aux[i] < 27 || aux[i] == AT_EXECFN || aux[i] == AT_SYSINFO_EHDR) printf("%lu ", aux[i]);
		if (aux[i] != AT_HWCAP && getauxval(aux[i]) != aux[i + 1]) puts("differs"); // the C library has a hwcap of its own
	}
	unsigned long frame = getauxval(AT_MINSIGSTKSZ);
	printf("\nframe %d\n", frame == 0 || frame >= 1024 && frame % 16 == 0);
}

#define T(f) {#f, f}
static struct { const char *name; void (*f)(void); } tests[] = {T(names), T(directories), T(reopened), T(threads), T(processes), T(calls), T(memory), T(values)};
int main(int argc, char **argv) {
	char p[99];
	setvbuf(stdout, 0, _IOLBF, 0);
	for (unsigned i = 0; i < sizeof tests / sizeof *tests; i++) {
		if (argc < 2) puts(tests[i].name);
		else if (!strcmp(argv[1], tests[i].name)) {
			mkdtemp(dir), chdir(dir), tests[i].f();
			snprintf(p, sizeof p, "rm -rf %s", dir), chdir("/"), system(p);
		}
	}
}
