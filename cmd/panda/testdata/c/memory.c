// What happens to memory behind a program's back: files that are cut off while the
// kernel's structures lie in them, code that changes through another map, process
// or call, maps that fail. Each test prints what it saw.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
enum { RW = PROT_READ | PROT_WRITE, RX = PROT_READ | PROT_EXEC, RWX = RW | PROT_EXEC };

static int fd;  // a file in memory
static char *p; // a shared map of it
static void fresh(size_t size) {
	fd = memfd_create("x", 0);
	ftruncate(fd, size);
	p = mmap(0, size, RWX, MAP_SHARED, fd, 0);
}
static void say(const char *what, long result) { printf("%s %ld%s%s\n", what, result, result < 0 ? " " : "", result < 0 ? strerror(errno) : ""), fflush(stdout); }
static void nothing(int sig) {}
static void on(int sig, int flags) {
	struct sigaction a = {.sa_handler = nothing, .sa_flags = flags};
	sigaction(sig, &a, 0);
}

// child runs f and says how it ended.
static void child(const char *what, void (*f)(void)) {
	fflush(stdout);
	pid_t k = fork();
	if (k == 0) f(), _exit(0);
	int st = -1;
	waitpid(k, &st, 0);
	printf("%s: status %x\n", what, st);
	fflush(stdout);
}

static sigjmp_buf back;
static void jump(int sig) { siglongjmp(back, sig); }
// touch reads a byte, or says which signal that gives.
static int touch(volatile char *a) {
	signal(SIGSEGV, jump), signal(SIGBUS, jump);
	int sig = sigsetjmp(back, 1);
	return sig ? -sig : *a & 0xff;
}

// Kernel structures in memory that goes away.
static void altStack(void) {
	stack_t s = {.ss_sp = p, .ss_size = 65536};
	sigaltstack(&s, 0);
	on(SIGUSR1, SA_ONSTACK);
	ftruncate(fd, 0);
	raise(SIGUSR1);
}
static char stack[2][65536];
static int leave(void *a) { return 0; }
static void clearTid(void) {
	clone(leave, stack[0] + 65536, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_CHILD_CLEARTID, 0, 0, 0, p + PAGE);
	ftruncate(fd, 0);
	usleep(3000);
}
static void robust(void) {
	struct robust_list_head *r = (void *)p;
	r->list.next = (void *)(p + 2 * PAGE);
	*(void **)(p + 2 * PAGE) = p;
	syscall(SYS_set_robust_list, r, sizeof *r);
	ftruncate(fd, 0);
}
static void robustKilled(void) { robust(), raise(SIGKILL); }
static void sequence(void) { // a second rseq area needs that the first one goes
	extern const ptrdiff_t __rseq_offset;
	char *old = (char *)__builtin_thread_pointer() + __rseq_offset;
	if (syscall(SYS_rseq, old, 32, 1, 0x53053053)) _exit(0); // the C library has none
	syscall(SYS_rseq, p + PAGE, 32, 0, 0x53053053);
	ftruncate(fd, 0);
	for (int i = 0; i < 100; i++) sched_yield();
	usleep(1000);
}
static void setTid(void) {
	ftruncate(fd, 0);
	pid_t k = syscall(SYS_clone, CLONE_CHILD_SETTID | CLONE_PARENT_SETTID | SIGCHLD, 0, p, p + PAGE, 0);
	if (!k) _exit(7);
	int st;
	waitpid(k, &st, 0);
	printf("child %x\n", st), fflush(stdout);
}
static void later(void (*f)(void)) { // in another process, while this one waits
	pid_t parent = getpid();
	if (fork()) return;
	usleep(20000);
	f();
	kill(parent, SIGUSR1);
	_exit(0);
}
static void cutOff(void) { ftruncate(fd, 0); }
static void remaining(void) {
	on(SIGUSR1, 0);
	later(cutOff);
	struct timespec t = {3, 0};
	say("nanosleep", syscall(SYS_nanosleep, &t, p));
}
static void structures(void) {
	void (*all[])(void) = {altStack, clearTid, robust, robustKilled, sequence, setTid, remaining};
	const char *names[] = {"alternate stack", "cleared tid", "robust list", "robust list of a killed", "rseq", "set tid", "remaining time"};
	for (int i = 0; i < 7; i++) fresh(65536), child(names[i], all[i]);
	fresh(65536), cutOff();
	struct iovec v = {p, 10};
	int q[2];
	pipe(q);
	say("clock_gettime", syscall(SYS_clock_gettime, 0, p));
	say("writev", writev(q[1], &v, 1));
	say("poll", syscall(SYS_poll, p, 2, 0));
	say("select", syscall(SYS_select, 3, p, 0, 0, 0));
	say("wake", syscall(SYS_futex, p, FUTEX_WAKE, 1, 0, 0, 0));
	say("wake private", syscall(SYS_futex, p, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, 0, 0, 0));
	say("execve", syscall(SYS_execve, p, p, p));
	say("sigprocmask", syscall(SYS_rt_sigprocmask, 0, p, 0, 8));
	say("getgroups", syscall(SYS_getgroups, 100, p) < 0 ? -1 : 0);
	fresh(2 * PAGE), ftruncate(fd, PAGE);
	say("write across the end", write(q[1], p + PAGE - 10, 20));
	fresh(65536), p[100] = 0, memset(p, 'a', 90);
	later(cutOff);
	on(SIGUSR1, 0);
	pause();
	say("open", open(p, 0));
}

// Code in memory that changes by other ways than a store through its own map.
static void put(void *at, int v) {
	unsigned char c[6] = {0xb8, v, 0, 0, 0, 0xc3};
	memcpy(at, c, 6);
}
static int run(void *at) {
	int v = 0;
	for (int i = 0; i < 300; i++) v = ((int (*)(void))at)();
	return v;
}
static char *shared, *alias, *private; // maps of one file
static char page[PAGE];
static int value;
static void show(const char *how) { printf("%s: %d %d %d\n", how, run(shared), run(private), run(p)), fflush(stdout); }
static void source(int *from) { // a file with the next code
	*from = memfd_create("source", 0);
	put(page, ++value);
	write(*from, page, PAGE);
	lseek(*from, 0, SEEK_SET);
}
static void code(void) {
	fresh(2 * PAGE);
	put(page, ++value), pwrite(fd, page, PAGE, 0);
	shared = mmap(0, PAGE, RX, MAP_SHARED, fd, 0), private = mmap(0, PAGE, RX, MAP_PRIVATE, fd, 0), alias = mmap(0, PAGE, RW, MAP_SHARED, fd, 0);
	show("first");
	put(alias, ++value), show("store through another map");
	put(page, ++value), pwrite(fd, page, 6, 0), show("pwrite");
	put(page, ++value), lseek(fd, 0, 0), write(fd, page, 6), show("write");
	struct iovec v = {page, 6};
	put(page, ++value), pwritev(fd, &v, 1, 0), show("pwritev");
	put(page, ++value), pwritev2(fd, &v, 1, 0, 0), show("pwritev2");
	char name[64];
	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	int other = open(name, O_RDWR), from, q[2];
	put(page, ++value), pwrite(other, page, 6, 0), show("another descriptor");
	source(&from), lseek(fd, 0, 0), sendfile(fd, from, 0, 6), show("sendfile");
	loff_t zero = 0, to = 0;
	source(&from), syscall(SYS_copy_file_range, from, &zero, fd, &to, 6, 0), show("copy_file_range");
	pipe(q), to = 0, put(page, ++value), write(q[1], page, 6), splice(q[0], 0, fd, &to, 6, 0), show("splice");
	value++;
	if (!fork()) put(alias, value), _exit(0);
	wait(0), show("store of a child");
	value++;
	if (!fork()) put(page, value), pwrite(fd, page, 6, 0), _exit(0);
	wait(0), show("pwrite of a child");
	value++;
	if (!fork()) { // a map that the parent never had
		char *m = mmap(0, PAGE, RW, MAP_SHARED, other, 0);
		put(m, value), _exit(0);
	}
	wait(0), show("new map of a child");
	value++;
	if (!fork()) run(shared), run(p), put(p, value), _exit(run(p));
	int st;
	wait(&st), printf("in the child %d\n", (WEXITSTATUS(st) - value)), show("map for all of a child");
	mprotect(alias, PAGE, PROT_READ), run(shared), mprotect(alias, PAGE, RW), put(alias, ++value), show("made writable again");
	alias = mremap(alias, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, mmap(0, PAGE, 0, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	put(alias, ++value), show("moved");
	ftruncate(fd, 0), ftruncate(fd, 2 * PAGE), put(page, ++value), pwrite(fd, page, 6, 0), show("cut and grown");
	close(open(name, O_RDWR | O_TRUNC)), ftruncate(fd, 2 * PAGE), put(page, ++value), pwrite(fd, page, 6, 0), show("truncated by open");
	truncate(name, 0), ftruncate(fd, 2 * PAGE), put(page, ++value), pwrite(fd, page, 6, 0), show("truncated by name");
	fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE), printf("hole %d\n", touch(shared)), put(page, ++value), pwrite(fd, page, 6, 0), show("hole filled");
	char *own = mmap(0, PAGE, RWX, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	put(own, 1), run(own), put(page, 2);
	if (!fork()) {
		struct iovec l = {page, 6}, r = {own, 6};
		_exit(process_vm_writev(getppid(), &l, 1, &r, 1, 0) != 6);
	}
	wait(&st), printf("process_vm_writev %d: %d\n", st, run(own));
	ftruncate(fd, 0), printf("cut %d\n", touch(shared));
	signal(SIGBUS, jump);
	int sig = sigsetjmp(back, 1);
	printf("run behind the end: %d\n", sig ? -sig : run(shared));
}

// Maps that fail must leave what Linux leaves, and nothing of the emulator's.
static void fail(void) {
	size_t n = 64 * PAGE;
	int sv[2], dir = open("/", O_RDONLY), wo;
	socketpair(AF_UNIX, SOCK_STREAM, 0, sv);
	fresh(PAGE);
	char name[64];
	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	wo = open(name, O_WRONLY);
	int sealed = memfd_create("y", MFD_ALLOW_SEALING);
	ftruncate(sealed, PAGE), fcntl(sealed, F_ADD_SEALS, F_SEAL_WRITE);
	struct { const char *name; int fd, flags; } kinds[] = {{"eventfd", eventfd(0, 0), MAP_SHARED}, {"directory", dir, MAP_PRIVATE}, {"write only", wo, MAP_SHARED}, {"sealed", sealed, MAP_SHARED}, {"bad", 99, MAP_SHARED}};
	for (int i = 0; i < 5; i++) {
		char *a = mmap(0, n, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		a[0] = 1, a[n - 1] = 2;
		say(kinds[i].name, mmap(a, n, RW, kinds[i].flags | MAP_FIXED, kinds[i].fd, 0) == MAP_FAILED ? -1 : 0);
		if (i != 3) printf("still there: %d %d\n", touch(a), touch(a + n - 1));
	}
	char *a = mmap(0, n, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	say("socket", mmap(a, n, RW, MAP_SHARED | MAP_FIXED, sv[0], 0) == MAP_FAILED ? -1 : 0);
	for (int i = 0; i < 15; i++) { // others take their memory meanwhile
		char *m = mmap(0, 16 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		m[0] = 1;
		if (!fork()) _exit(m[0] - 1);
		int st;
		wait(&st);
		if (st) printf("child %x\n", st);
	}
	say("huge", mmap(0, 1ul << 46, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
	puts("alive");
}

// What a child gets.
static void advice(void) {
	char *a = mmap(0, 4 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *s = mmap(0, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memset(a, 5, 4 * PAGE);
	say("dontfork", madvise(a, PAGE, MADV_DONTFORK));
	say("wipe", madvise(a + PAGE, 2 * PAGE, MADV_WIPEONFORK));
	say("keep", madvise(a + 2 * PAGE, PAGE, MADV_KEEPONFORK));
	say("wipe shared", madvise(s, PAGE, MADV_WIPEONFORK));
	fflush(stdout);
	if (!fork()) {
		printf("child %d %d %d %d\n", touch(a), touch(a + PAGE), touch(a + 2 * PAGE), touch(a + 3 * PAGE)), fflush(stdout);
		if (!fork()) printf("its child %d %d\n", touch(a + PAGE), touch(a + 2 * PAGE)), fflush(stdout), _exit(0);
		wait(0), _exit(0);
	}
	wait(0);
	printf("parent %d %d\n", touch(a), touch(a + PAGE));
	say("dofork", madvise(a, PAGE, MADV_DOFORK)), fflush(stdout);
	if (!fork()) printf("child %d\n", touch(a)), fflush(stdout), _exit(0);
	wait(0);
	fresh(PAGE);
	say("validate sync", mmap(0, PAGE, RW, MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0) == MAP_FAILED ? -1 : 0);
	say("validate", mmap(0, PAGE, RW, MAP_SHARED_VALIDATE, fd, 0) == MAP_FAILED ? -1 : 0);
	say("validate anonymous", mmap(0, PAGE, RW, MAP_SHARED_VALIDATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
}

static void lowered(int what, rlim_t to) {
	struct rlimit r = {to, to};
	setrlimit(what, &r);
}
static void data(void) {
	lowered(RLIMIT_DATA, 8 << 20);
	say("private", mmap(0, 30 << 20, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
	char *a = mmap(0, 30 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	say("mprotect", mprotect(a, 30 << 20, RW));
	say("shared", mmap(0, 30 << 20, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
	say("brk", sbrk(30 << 20) == (void *)-1 ? -1 : 0);
}
static void space(void) {
	lowered(RLIMIT_AS, 300 << 20);
	say("large", mmap(0, 400 << 20, 0, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
	say("small", mmap(0, 1 << 20, 0, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
}
static void limits(void) { child("data", data), child("space", space); }

// All maps that there are.
static void many(void) {
	int n = 80000, i = 0;
	char *a = mmap(0, n * 2l * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	while (i < n && !mprotect(a + i * 2l * PAGE, PAGE, PROT_READ)) i++;
	say("mprotect", i == n ? 0 : -1);
	munmap(a, 100 * 2l * PAGE);
	char *c = mmap(0, 16 * PAGE, RWX, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int sum = 0;
	for (int v = 0; v < 200; v++) put(c + v * 64, v & 127), sum += run(c + v * 64); // code that changes, at the limit
	printf("ran %d\n", sum);
	munmap(a, n * 2l * PAGE);
	say("after all is gone", mprotect(c, PAGE, RX));
	puts("alive");
}

static struct { const char *name; void (*f)(void); } tests[] = {{"structures", structures}, {"code", code}, {"fail", fail}, {"advice", advice}, {"limits", limits}, {"many", many}};
int main(int argc, char **argv) {
	for (int i = 0; i < (int)(sizeof tests / sizeof tests[0]); i++)
		if (argc < 2) puts(tests[i].name);
		else if (!strcmp(argv[1], tests[i].name)) tests[i].f();
}
