// Calls and services of the kernel that few programs use and many libraries do.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/rseq.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <dlfcn.h>
#include <linux/sched.h>

static void say(const char *name, long r) { printf("%s %ld %s\n", name, r, r == -1 ? strerror(errno) : ""); }

static void vdso(void) {
	static const char *names[] = {"__vdso_clock_gettime", "__vdso_gettimeofday", "__vdso_time", "__vdso_getcpu", "__vdso_clock_getres"};
	struct timespec a, r;
	struct timeval tv;
	unsigned c = 9, n = 9;
	void *h = dlopen("linux-vdso.so.1", RTLD_NOW | RTLD_NOLOAD);
	for (int i = 0; i < 5; i++) printf("%s %d\n", names[i], h && dlsym(h, names[i]));
	say("clock_gettime", clock_gettime(CLOCK_REALTIME, &a));
	say("gettimeofday", gettimeofday(&tv, 0));
	printf("near %d %d\n", tv.tv_sec - a.tv_sec <= 1, time(0) - a.tv_sec <= 1);
	say("clock_getres", clock_getres(CLOCK_MONOTONIC, &r));
	say("getcpu", getcpu(&c, &n));
	say("bad clock", clock_gettime(77, &a));
}

static volatile int stop;
static void *other(void *x) { while (!stop) ; return 0; }
static void nothing(int s) {}

// loop is a restartable sequence that only ends by its abort.
static int loop(struct rseq *r) {
	struct rseq_cs cs __attribute__((aligned(32))) = {0};
	int res = 0;
	asm volatile(
		"lea 1f(%%rip), %%rax; mov %%rax, 8(%[cs]); lea 2f(%%rip), %%rcx; sub %%rax, %%rcx; mov %%rcx, 16(%[cs]); lea 4f(%%rip), %%rax; mov %%rax, 24(%[cs]); mov %[cs], 8(%[r])\n"
		"1: pause; jmp 1b\n"
		"2: jmp 5f\n"
		".byte 0x0f, 0xb9, 0x3d\n.long 0x53053053\n"
		"4: mov $1, %[res]\n5:\n"
		: [res] "+r"(res) : [r] "r"(r), [cs] "r"(&cs) : "rax", "rcx", "memory");
	return res;
}
static void rseq(void) {
	struct rseq *r = (void *)((char *)__builtin_thread_pointer() + __rseq_offset);
	pthread_t t;
	cpu_set_t s;
	static struct rseq o[2] __attribute__((aligned(32)));
	CPU_ZERO(&s);
	CPU_SET(0, &s);
	printf("registered %d\n", (int)r->cpu_id == sched_getcpu());
	sched_setaffinity(0, sizeof s, &s);
	pthread_create(&t, 0, other, 0);
	printf("preempted %d\n", loop(r));
	stop = 1;
	pthread_join(t, 0);
	signal(SIGALRM, nothing);
	ualarm(10000, 0);
	printf("signal %d %lx\n", loop(r), (long)r->rseq_cs);
	say("other area", syscall(SYS_rseq, o, 32, 0, 0x53053053));
	say("again", syscall(SYS_rseq, r, 32, 0, 0x53053053));
	say("other signature", syscall(SYS_rseq, r, 32, 0, 1));
	say("off", syscall(SYS_rseq, r, 32, 1, 0x53053053));
	say("odd", syscall(SYS_rseq, (char *)o + 8, 32, 0, 0));
	say("on", syscall(SYS_rseq, o, 32, 0, 7));
	int p = fork(), st;
	if (p == 0) { o[0].rseq_cs = 16; sched_yield(); raise(SIGALRM); _exit(0); }
	waitpid(p, &st, 0);
	printf("bad description %d\n", st);
}

static volatile sig_atomic_t got;
static int fds[2], info_fd, info_code;
static void io(int sig, siginfo_t *i, void *u) { got++; info_fd = i->si_fd; info_code = i->si_code; }
static void async(void) {
	struct sigaction a = {.sa_sigaction = io, .sa_flags = SA_SIGINFO};
	char b[9];
	struct f_owner_ex ex;
	sigaction(SIGIO, &a, 0);
	sigaction(SIGRTMIN, &a, 0);
	socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
	shutdown(fds[0], SHUT_WR);
	say("F_SETOWN", fcntl(fds[0], F_SETOWN, getpid()));
	say("F_GETOWN", fcntl(fds[0], F_GETOWN) == getpid());
	say("F_SETSIG", fcntl(fds[0], F_SETSIG, SIGRTMIN));
	say("F_GETSIG", fcntl(fds[0], F_GETSIG) == SIGRTMIN);
	say("F_GETOWN_EX", fcntl(fds[0], F_GETOWN_EX, &ex));
	printf("owner %d %d\n", ex.type, ex.pid == getpid());
	say("nobody", fcntl(fds[0], F_SETOWN, 0x7fffffff));
	got = 0;
	say("O_ASYNC", fcntl(fds[0], F_SETFL, O_ASYNC | O_NONBLOCK));
	got = 0;
	write(fds[1], "x", 1);
	while (!got) usleep(1000);
	printf("sent %d %d\n", info_fd == fds[0], info_code);
	read(fds[0], b, 9);
	got = 0;
	write(fds[1], "y", 1);
	while (!got) usleep(1000);
	say("flags", fcntl(fds[0], F_GETFL) & O_ASYNC);
	say("F_SETSIG", fcntl(fds[0], F_SETSIG, 99));
}

static void burn(void) { for (volatile int i = 0; i < 3000000; i++); }
static void burnSome(void) { // until the kernel has noticed, which may count by ticks
	struct rusage u;
	do burn(), getrusage(RUSAGE_SELF, &u);
	while (u.ru_utime.tv_sec + u.ru_utime.tv_usec == 0);
}

static void usage(void) {
	struct rusage u, c, w;
	struct tms t;
	int p = fork(), st;
	if (p == 0) { burnSome(); _exit(0); }
	wait4(p, &st, 0, &w);
	getrusage(RUSAGE_CHILDREN, &c);
	getrusage(RUSAGE_SELF, &u);
	printf("child %d %d\n", w.ru_utime.tv_sec + w.ru_utime.tv_usec > 0, c.ru_utime.tv_sec + c.ru_utime.tv_usec > 0);
	printf("self %d\n", u.ru_maxrss > 0);
	clock_t before = clock();
	do burn();
	while (clock() <= before);
	printf("clock %d %d\n", clock() > before, times(&t) != -1);
	struct timespec ts;
	clockid_t id;
	say("getcpuclockid", pthread_getcpuclockid(pthread_self(), &id));
	say("thread clock", clock_gettime(id, &ts));
	say("process clock", clock_getcpuclockid(getpid(), &id));
	say("no clock", clock_gettime(id | 3, &ts));
}

static void profile(void) { // timers that go by the time of the process
	struct itimerval v = {{0, 0}, {0, 5000}}, z = {0};
	signal(SIGPROF, nothing);
	struct sigaction a = {.sa_sigaction = io, .sa_flags = SA_SIGINFO};
	sigaction(SIGPROF, &a, 0);
	sigaction(SIGVTALRM, &a, 0);
	got = 0;
	say("setitimer", setitimer(ITIMER_PROF, &v, 0));
	while (!got);
	say("setitimer", setitimer(ITIMER_VIRTUAL, &v, 0));
	while (got < 2);
	getitimer(ITIMER_PROF, &z);
	printf("left %ld\n", z.it_value.tv_sec + z.it_value.tv_usec);
	timer_t t;
	struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGPROF};
	struct itimerspec s = {{0, 0}, {0, 3000000}};
	say("timer_create", timer_create(CLOCK_THREAD_CPUTIME_ID, &e, &t));
	say("timer_settime", timer_settime(t, 0, &s, 0));
	while (got < 3);
}

static void grow(void) { // a map that grows down
	char *m = mmap((void *)0x20000000, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	munmap(m, 1 << 20);
	char *g = mmap(m + (1 << 20) - 4096, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
	for (int i = 0; i < 20; i++) g[-4096 * i] = i;
	int sum = 0;
	for (int i = 0; i < 20; i++) sum += g[-4096 * i];
	printf("sum %d\n", sum);
	int z = open("/dev/zero", O_RDONLY);
	say("read", read(z, g - 4096 * 30, 100));
}

static void robust(void) { // a mutex whose owner dies
	pthread_mutexattr_t a;
	pthread_mutexattr_init(&a);
	pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	pthread_mutex_t *m = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutex_init(m, &a);
	if (fork() == 0) { pthread_mutex_lock(m); _exit(0); }
	wait(0);
	printf("lock %s\n", strerror(pthread_mutex_lock(m)));
	printf("consistent %d\n", pthread_mutex_consistent(m));
	printf("unlock %d\n", pthread_mutex_unlock(m));
}

static void remap(void) {
	char *m = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	strcpy(m, "moved");
	char *n = mremap(m, 8192, 8192, MREMAP_MAYMOVE | 4, 0);
	printf("%s, left %d, elsewhere %d\n", n, m[0], n != m);
	say("sizes", (long)mremap(m, 8192, 4096, MREMAP_MAYMOVE | 4, 0));
	say("overlap", (long)mremap(m, 8192, 8192, MREMAP_MAYMOVE | MREMAP_FIXED, m + 4096));
	say("flags", (long)mremap(m, 8192, 8192, MREMAP_FIXED, m + 65536));
}

static void clone3s(void) {
	struct clone_args a = {.flags = 0, .exit_signal = SIGCHLD};
	int pidfd = -1, st;
	long p = syscall(SYS_clone3, &a, sizeof a);
	if (p == 0) _exit(7);
	siginfo_t i = {0};
	say("waitid", waitid(P_PID, p, &i, WEXITED | WNOWAIT));
	printf("%d %d %d\n", i.si_pid == p, i.si_code, i.si_status);
	say("wait", waitpid(p, &st, 0) == p);
	a.flags = CLONE_PIDFD;
	a.pidfd = (long)&pidfd;
	p = syscall(SYS_clone3, &a, sizeof a);
	if (p == 0) { pause(); _exit(0); }
	say("pidfd_send_signal", syscall(SYS_pidfd_send_signal, pidfd, SIGTERM, 0, 0));
	struct pollfd f = {pidfd, POLLIN};
	say("poll", poll(&f, 1, -1));
	say("waitid", waitid(P_PIDFD, pidfd, &i, WEXITED));
	printf("%d %d\n", i.si_code, i.si_status);
	say("small", syscall(SYS_clone3, &a, 8));
	a.exit_signal = 999;
	say("signal", syscall(SYS_clone3, &a, sizeof a));
	a.exit_signal = SIGCHLD;
	a.flags = CLONE_THREAD;
	say("thread", syscall(SYS_clone3, &a, sizeof a));
}

static siginfo_t taken;
static void take(int sig, siginfo_t *i, void *u) { taken = *i; }

static long send_by(int fd, int sig, int named, int code, int flags) {
	siginfo_t i = {.si_signo = named, .si_code = code};
	i.si_value.sival_int = 77;
	return syscall(SYS_pidfd_send_signal, fd, sig, named < 0 ? 0 : &i, flags);
}

// What pidfd_send_signal takes besides pidfds: directories of processes in /proc.
static void pidfds(void) {
	char path[64];
	struct sigaction a = {.sa_sigaction = take, .sa_flags = SA_SIGINFO};
	sigaction(SIGUSR1, &a, 0);
	snprintf(path, sizeof path, "/proc/%d", getpid());
	int own = open(path, O_RDONLY | O_DIRECTORY);
	say("own", send_by(own, SIGUSR1, -1, 0, 0));
	printf("%d %d\n", taken.si_code, taken.si_pid == getpid());
	say("value", send_by(own, SIGUSR1, SIGUSR1, SI_QUEUE, 0));
	printf("%d %d\n", taken.si_code, taken.si_value.sival_int);
	say("nothing", send_by(own, 0, -1, 0, 0));
	say("other signal", send_by(own, SIGUSR1, SIGUSR2, SI_QUEUE, 0));
	say("signal", send_by(own, 65, -1, 0, 0));
	say("flags", send_by(own, 0, -1, 0, 8));
	say("place", send_by(open(path, O_PATH), 0, -1, 0, 0));
	snprintf(path, sizeof path, "/proc/%d/task/%d", getpid(), getpid());
	say("thread", send_by(open(path, O_RDONLY), 0, -1, 0, 0));
	say("proc", send_by(open("/proc", O_RDONLY), 0, -1, 0, 0));
	say("file", send_by(open("/proc/self/stat", O_RDONLY), 0, -1, 0, 0));
	int child = fork();
	if (!child) { pause(); _exit(0); }
	snprintf(path, sizeof path, "/proc/%d", child);
	int of = open(path, O_RDONLY);
	say("as the kernel", send_by(of, SIGTERM, SIGTERM, SI_USER, 0));
	say("child", send_by(of, SIGTERM, -1, 0, 0));
	siginfo_t i = {0};
	say("waitid", waitid(P_PID, child, &i, WEXITED | WNOWAIT));
	say("ended", send_by(of, 0, -1, 0, 0));
	say("waitid", waitid(P_PID, child, &i, WEXITED));
	printf("%d %d\n", i.si_code, i.si_status);
	say("gone", send_by(of, 0, -1, 0, 0));
	i.si_code = SI_QUEUE;
	say("queue nothing", syscall(SYS_rt_sigqueueinfo, getpid(), 0, &i));
	say("queue no signal", syscall(SYS_rt_sigqueueinfo, getpid(), 65, &i));
	say("queue to nobody", syscall(SYS_rt_sigqueueinfo, child, 65, &i));
}

static void watch(void) {
	int n = inotify_init1(IN_NONBLOCK);
	mkdir("watched", 0755);
	say("watch", inotify_add_watch(n, "watched", IN_CREATE | IN_MOVED_TO | IN_DELETE));
	close(open("watched/a", O_CREAT | O_WRONLY, 0644));
	rename("watched/a", "watched/b");
	unlink("watched/b");
	char b[4096] __attribute__((aligned(8)));
	int len = read(n, b, sizeof b);
	for (char *p = b; p < b + len;) {
		struct inotify_event *e = (void *)p;
		printf("event %x %s\n", e->mask, e->len ? e->name : "");
		p += sizeof *e + e->len;
	}
}

static void locks(void) {
	int fd = open("locked", O_CREAT | O_RDWR, 0644), st;
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 5};
	say("lock", fcntl(fd, F_SETLK, &l));
	if (fork() == 0) {
		int own = open("locked", O_RDWR);
		say("child", fcntl(own, F_SETLK, &l));
		l.l_start = 20;
		say("child", fcntl(own, F_SETLK, &l));
		_exit(0);
	}
	wait(&st);
}

static void stat_of_child(void) { // /proc tells about children
	int p[2];
	char path[64], b[512];
	pipe(p);
	int pid = fork();
	if (pid == 0) { close(p[1]); read(p[0], b, 1); _exit(0); }
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	for (char state = 0; state != 'S'; usleep(1000)) {
		FILE *f = fopen(path, "r");
		int id, parent;
		char comm[64];
		fscanf(f, "%d (%60[^)]) %c %d", &id, comm, &state, &parent);
		fclose(f);
		if (state == 'S') printf("stat %d %s %d\n", id == pid, comm, parent == getpid());
	}
	static const char *names[] = {"cmdline", "comm", "maps", "status", "fd", "exe", "task", "environ", "limits", "root", "cwd", "fdinfo", "io", "oom_score_adj"};
	for (int i = 0; i < 14; i++) {
		snprintf(path, sizeof path, "/proc/%d/%s", pid, names[i]);
		printf("%s %d\n", names[i], access(path, F_OK));
	}
	write(p[1], "x", 1);
	waitpid(pid, 0, 0);
	snprintf(path, sizeof path, "/proc/%d", pid);
	say("gone", access(path, F_OK));
}

static void state(void) { // the extended state is in the signal frame, and comes back from it
	static unsigned long in[4] = {1, 2, 3, 4}, out[4];
	signal(SIGUSR1, nothing);
	asm volatile("vmovdqu %1, %%ymm7; mov %2, %%edi; mov %3, %%esi; mov $62, %%eax; syscall; vmovdqu %%ymm7, %0"
		: "=m"(out) : "m"(in), "r"(getpid()), "r"(SIGUSR1) : "rdi", "rsi", "rax", "rcx", "r11", "memory");
	printf("%lu %lu %lu %lu\n", out[0], out[1], out[2], out[3]);
	say("minimum", getauxval(AT_MINSIGSTKSZ) >= 1024);
}

static void fpus(int sig, siginfo_t *i, void *u) {
	ucontext_t *c = u;
	unsigned *sw = (unsigned *)((char *)c->uc_mcontext.fpregs + 464);
	printf("magic %x, size %d, end %d\n", sw[0], sw[1] == sw[4] + 4, *(unsigned *)((char *)c->uc_mcontext.fpregs + sw[4]) == 0x46505845);
	c->uc_mcontext.fpregs->_xmm[3].element[0] = 77;
}
static void frame(void) {
	struct sigaction a = {.sa_sigaction = fpus, .sa_flags = SA_SIGINFO};
	unsigned long out[2];
	sigaction(SIGUSR1, &a, 0);
	asm volatile("pxor %%xmm3, %%xmm3; mov %1, %%edi; mov %2, %%esi; mov $62, %%eax; syscall; movdqu %%xmm3, %0"
		: "=m"(out) : "r"(getpid()), "r"(SIGUSR1) : "rdi", "rsi", "rax", "rcx", "r11", "memory", "xmm3");
	printf("changed %lu\n", out[0]);
}

#define T(f) {#f, f}
static struct { const char *name; void (*f)(void); } tests[] = {T(vdso), T(rseq), T(async), T(usage), T(profile), T(grow), T(robust), T(remap), T(clone3s), T(pidfds), T(watch), T(locks),
	T(stat_of_child), T(state), T(frame)};
int main(int argc, char **argv) {
	setvbuf(stdout, 0, _IOLBF, 0);
	for (unsigned i = 0; i < sizeof tests / sizeof *tests; i++) {
		if (argc < 2) puts(tests[i].name);
		else if (!strcmp(argv[1], tests[i].name)) tests[i].f();
	}
}
