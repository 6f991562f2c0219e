// Programs that do what no program should: see their names in the table at the end.
// Each says what came of it, and is compared with its run on the host.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static void say(const char *name, long r) { printf("%s %ld %s\n", name, r, r == -1 ? strerror(errno) : ""); }
static char *page(int prot) { return mmap(0, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }

static sigjmp_buf back;
static void jump(int sig, siginfo_t *i, void *u) { printf("signal %d code %d\n", sig, i->si_code); siglongjmp(back, 1); }
static void on(int sig, void (*f)(int, siginfo_t *, void *), int flags) {
	struct sigaction a = {0};
	a.sa_sigaction = f;
	a.sa_flags = SA_SIGINFO | flags;
	sigaction(sig, &a, 0);
}
static void faults(void) { for (int s = 1; s < 32; s++) if (s != SIGCHLD) on(s, jump, SA_ONSTACK); }

// The stack is nowhere when a signal comes: there is no place for its frame.
static void badstack(void) { on(SIGSEGV, jump, 0); asm volatile("mov $16, %rsp; push %rax"); }
static void noncanonical(void) { on(SIGBUS, jump, SA_ONSTACK); on(SIGSEGV, jump, SA_ONSTACK); asm volatile("movabs $0x8000000000000000, %rsp; push %rax"); }
static void odd(void) { // misaligned by 3
	on(SIGUSR1, jump, 0);
	if (!sigsetjmp(back, 1)) asm volatile("sub $131, %%rsp; andq $-16, %%rsp; sub $3, %%rsp; mov %0, %%edi; mov %1, %%esi; mov $62, %%eax; syscall; hlt" : : "r"(getpid()), "r"(SIGUSR1) : "rdi", "rsi", "rax", "rcx", "r11", "memory");
	puts("odd");
}
static void own(void) { // unmap the stack that is in use
	char *s = page(PROT_READ | PROT_WRITE);
	asm volatile("lea 4096(%0), %%rsp; mov %0, %%rdi; mov $4096, %%esi; mov $11, %%eax; syscall; push %%rax" : : "r"(s) : "memory");
}
static void code(void) { // unmap the code that runs
	char *p = page(PROT_READ | PROT_WRITE | PROT_EXEC);
	memcpy(p, "\x0f\x05\xc3", 3);
	on(SIGSEGV, jump, 0);
	if (!sigsetjmp(back, 1)) asm volatile("mov $11, %%eax; mov %0, %%rdi; mov $4096, %%esi; call *%0" : : "r"(p) : "rdi", "rsi", "rax", "rcx", "r11", "memory");
}
static void protect(void) { // take the right to execute from the code that runs
	char *p = page(PROT_READ | PROT_WRITE | PROT_EXEC);
	memcpy(p, "\x0f\x05\xc3", 3);
	on(SIGSEGV, jump, 0);
	if (!sigsetjmp(back, 1)) asm volatile("mov $10, %%eax; mov %0, %%rdi; mov $4096, %%esi; mov $1, %%edx; call *%0" : : "r"(p) : "rdi", "rsi", "rdx", "rax", "rcx", "r11", "memory");
}
static void allmem(void) { // unmap everything
	asm volatile("mov $11, %%eax; xor %%edi, %%edi; movabs $0x7ffffffff000, %%rsi; syscall" : : : "rdi", "rsi", "rax", "rcx", "r11", "memory");
}
static volatile int depth;
static int deep(int n) { volatile char b[4096]; b[0] = n; depth++; return deep(n + 1) + b[0]; }
static void altoverflow(int sig, siginfo_t *i, void *u) { deep(0); }
static void overflow(void) { // overflow of the stack, handled on another
	stack_t s = {page(PROT_READ | PROT_WRITE), 0, 4096};
	struct rlimit l = {256 << 10, 256 << 10};
	setrlimit(RLIMIT_STACK, &l);
	s.ss_sp = malloc(s.ss_size = 65536);
	sigaltstack(&s, 0);
	on(SIGSEGV, jump, SA_ONSTACK);
	if (!sigsetjmp(back, 1)) deep(0);
	printf("deep %d\n", depth > 10);
}
static void alternate(void) { // and overflow of that
	struct rlimit l = {256 << 10, 256 << 10};
	setrlimit(RLIMIT_STACK, &l);
	char *m = mmap(0, 3 * 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(m + 65536, 65536, PROT_READ | PROT_WRITE);
	stack_t s = {m + 65536, 0, 65536};
	sigaltstack(&s, 0);
	on(SIGSEGV, altoverflow, SA_ONSTACK);
	deep(0);
}
static void tiny(void) { // an alternate stack too small for a frame
	char *m = page(PROT_READ | PROT_WRITE);
	stack_t s = {m, 0, MINSIGSTKSZ};
	say("sigaltstack", sigaltstack(&s, 0));
	s.ss_size = 100;
	say("sigaltstack", sigaltstack(&s, 0));
	s.ss_flags = 77; s.ss_size = 65536;
	say("sigaltstack", sigaltstack(&s, 0));
}
static char *shared;
static volatile int round_, seen;
static void *writer(void *x) {
	for (int i = 1; i <= 200; i++) {
		shared[1] = i; // mov $i, %eax
		round_ = i;
		while (seen != i) sched_yield();
	}
	return 0;
}
static void smc(void) { // execute what another thread just wrote
	shared = page(PROT_READ | PROT_WRITE | PROT_EXEC);
	memcpy(shared, "\xb8\0\0\0\0\xc3", 6);
	pthread_t t;
	int wrong = 0, last = 0;
	pthread_create(&t, 0, writer, 0);
	while (last < 200) {
		while (round_ == last) sched_yield();
		last = round_;
		wrong += ((int (*)(void))shared)() != last;
		seen = last;
	}
	pthread_join(t, 0);
	printf("wrong %d\n", wrong);
}
static void overlap(void) { // maps over maps
	char *m = mmap(0, 64 << 12, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned r = 1;
	for (int i = 0; i < 3000; i++) {
		r = r * 1103515245 + 12345;
		char *a = m + (r >> 8) % 64 * 4096;
		size_t n = ((r >> 16) % 8 + 1) * 4096;
		if (a + n > m + (64 << 12)) n = m + (64 << 12) - a;
		switch (r >> 28) {
		case 0: case 1: munmap(a, n); break;
		case 2: case 3: mprotect(a, n, PROT_READ); break;
		case 4: mremap(a, n, n / 2 & ~4095L ? n / 2 & ~4095L : 4096, 0); break;
		case 5: mremap(a, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, m + (r >> 4) % 64 * 4096); break;
		default: mmap(a, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0); memset(a, i, n);
		}
	}
	int p[2];
	pipe(p);
	unsigned long sum = 0;
	for (int i = 0; i < 64; i++) { // what is there, without faults
		char c;
		if (write(p[1], m + i * 4096, 1) != 1) { sum = sum * 31 + errno; continue; }
		read(p[0], &c, 1);
		sum = sum * 31 + (unsigned char)c;
	}
	printf("sum %lu\n", sum);
}
static volatile sig_atomic_t count;
static void tick(int s, siginfo_t *i, void *u) { count++; }
static void *stormer(void *x) {
	for (int i = 0; i < 1000; i++) pthread_kill(*(pthread_t *)x, i % 2 ? SIGUSR1 : SIGRTMIN);
	return 0;
}
static void storm(void) {
	on(SIGUSR1, tick, 0); on(SIGUSR2, tick, SA_NODEFER); on(SIGRTMIN, tick, 0);
	pthread_t self = pthread_self(), t[3];
	for (int i = 0; i < 3; i++) pthread_create(&t[i], 0, stormer, &self);
	for (int i = 0; i < 500; i++) raise(SIGUSR2);
	for (int i = 0; i < 3; i++) pthread_join(t[i], 0);
	printf("many %d\n", count >= 2000);
	sigset_t all; // queued while blocked: real-time signals count, others do not
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, 0);
	count = 0;
	for (int i = 0; i < 100; i++) { union sigval v = {i}; sigqueue(getpid(), SIGRTMIN, v); kill(getpid(), SIGUSR1); }
	sigprocmask(SIG_UNBLOCK, &all, 0);
	printf("count %d\n", count);
}
static void limit(void) { // signals that wait have a limit
	struct rlimit l = {10, 10};
	setrlimit(RLIMIT_SIGPENDING, &l);
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, 0);
	int n = 0, e = 0;
	for (int i = 0; i < 100; i++) { union sigval v = {i}; if (sigqueue(getpid(), SIGRTMIN, v)) e = errno; else n++; }
	printf("queued %d %s\n", n <= 10, strerror(e));
}
static void bomb(void) { // as many processes as there may be
	struct rlimit l = {1, 1};
	if (setuid(65534)) { puts("Resource temporarily unavailable"); return; }
	setrlimit(RLIMIT_NPROC, &l);
	int p = fork();
	if (p == 0) _exit(1);
	puts(p < 0 ? strerror(errno) : "forked");
}
static void forks(void) { // every process makes two
	int level = 0, n;
	for (; level < 6; level++) { fflush(stdout); fork(); }
	while (wait(&n) > 0);
	fflush(stdout);
	if (getpid() == getpgrp()) puts("over");
}
static void huge(void) {
	say("too big", (long)mmap(0, 1UL << 47, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
	say("zero", (long)mmap(0, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	say("negative", (long)mmap(0, -1L, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	say("kernel", (long)mmap((void *)0xffff800000000000, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	say("misaligned", (long)mmap((void *)0x10001, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	say("munmap", munmap((void *)1, 4096));
	say("munmap", munmap((void *)0x10000, -1L));
	say("mprotect", mprotect((void *)0x10000, 4096, PROT_READ));
	char *g = mmap(0, 8UL << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	g[0] = 1; g[(8UL << 30) - 1] = 2;
	printf("large %d\n", g[0] + g[4UL << 30] + g[(8UL << 30) - 1]);
	say("brk", (long)sbrk(1L << 46));
}
static void garbage(void) {
	static const char *texts[] = {"", "x", "\x7f""ELF", "#!", "#!/nonexistent\n", "#! \n", "\x7f""ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\x3e\0\1\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x40\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\x40\0\x38\0\xff\xff\x40\0\xff\xff\xff\xff"};
	static const int sizes[] = {0, 1, 4, 2, 16, 4, 64};
	for (int i = 0; i < 7; i++) {
		int fd = open("garbage", O_CREAT | O_WRONLY | O_TRUNC, 0755);
		write(fd, texts[i], sizes[i]);
		close(fd);
		say("exec", execl("./garbage", "garbage", (char *)0));
	}
	say("exec dir", execl("/", "/", (char *)0));
	say("exec bad", execve((char *)1, 0, 0));
	say("exec bad", execve("/bin/true", (char **)1, 0));
}
static void calls(void) { // every call with arguments that mean nothing
	for (int n = 0; n < 460; n++) {
		static const short skip[] = {SYS_rt_sigreturn, SYS_exit, SYS_exit_group, SYS_pause, SYS_vfork, SYS_fork, SYS_clone, SYS_clone3, SYS_munmap, SYS_close, SYS_close_range, SYS_dup2, SYS_dup3, SYS_rt_sigsuspend};
		int i = 0;
		while (i < sizeof skip / sizeof *skip && n != skip[i]) i++;
		if (i < sizeof skip / sizeof *skip) continue;
		syscall(n, 1L, -1L, 3L, 0x123456789L, -1L, 0x10001L);
		syscall(n, 0x10001L, 0x10001L, 0x10001L, 0x10001L, 0x10001L, 0x10001L);
	}
	dprintf(1, "done\n");
}
static void frames(void) { // rt_sigreturn with nonsense on the stack
	for (int i = 0; i < 8; i++) {
		fflush(stdout);
		int p = fork(), st;
		if (p == 0) {
			static char frame[65536] __attribute__((aligned(64)));
			unsigned r = i * 77777 + 1;
			for (int j = 0; j < 4096; j++) { r = r * 1103515245 + 12345; frame[32768 + j] = i == 0 ? 0 : i == 1 ? 0xff : r >> 16; }
			ucontext_t *u = (void *)(frame + 32768);
			if (i > 4) u->uc_mcontext.fpregs = (void *)(i == 5 ? (long)frame : i == 6 ? (long)frame + 1 : 16);
			if (i > 4) { u->uc_mcontext.gregs[REG_CSGSFS] = 0x2b000000000033; u->uc_mcontext.gregs[REG_RIP] = 0; }
			asm volatile("mov %0, %%rsp; mov $15, %%eax; syscall; hlt" : : "r"(u) : "memory");
		}
		waitpid(p, &st, 0);
		printf("frame %d: %d\n", i, st);
	}
}
static void modes(void) { // a far jump to selectors that are not there
	faults();
	static struct { unsigned off; unsigned short sel; } __attribute__((packed)) far = {0x1000, 0x1b};
	static const unsigned short sels[] = {0, 3, 0x10, 0x1b, 0x2b, 0xfff8, 0xffff};
	for (int i = 0; i < 7; i++) {
		far.sel = sels[i];
		if (!sigsetjmp(back, 1)) asm volatile("ljmp *%0" : : "m"(far));
		if (!sigsetjmp(back, 1)) asm volatile("mov %0, %%ss" : : "r"((int)sels[i]));
		if (!sigsetjmp(back, 1)) asm volatile("mov %0, %%ds; mov %1, %%ds" : : "r"((int)sels[i]), "r"(0));
	}
}
static void priv(void) { // instructions of the kernel
	faults();
#define TRY(s) do { printf("%s: ", s); if (!sigsetjmp(back, 1)) { asm volatile(s); puts("nothing"); } } while (0)
	TRY("hlt"); TRY("cli"); TRY("in $1, %al"); TRY("out %al, $1"); TRY("wrmsr"); TRY("rdmsr"); TRY("mov %cr0, %rax"); TRY("mov %rax, %cr3");
	TRY("mov %dr7, %rax"); TRY("lgdt 0"); TRY("lidt 0"); TRY("ltr %ax"); TRY("invlpg 0"); TRY("wbinvd"); TRY("clts"); TRY("swapgs"); TRY("iretq");
	TRY("int $3"); TRY("int $4"); TRY("int $0x21"); TRY("int $0xff"); TRY("ud2"); TRY("insb"); TRY("outsl"); TRY("sysretq"); TRY("xor %eax, %eax; div %eax"); TRY("int1"); TRY("rdpmc"); TRY("jmp 0x10"); TRY("jmp -1"); TRY("mov $0x800000000000, %rax; jmp *%rax"); TRY("mov $0x800000000000, %rax; mov (%rax), %al");
}
static void vforks(void) { // a vfork child that spoils its parent's stack pointer's surroundings, and dies
	int p = vfork(), st;
	if (p == 0) raise(SIGKILL);
	waitpid(p, &st, 0);
	printf("vfork %d\n", st);
}
static void *ender(void *x) { pause(); return 0; }
static void exits(void) { // the leader ends first
	pthread_t t;
	for (int i = 0; i < 3; i++) pthread_create(&t, 0, ender, 0);
	int p = fork();
	if (p == 0) { pthread_create(&t, 0, ender, 0); usleep(20000); execl("/bin/echo", "echo", "replaced", (char *)0); }
	wait(0);
	alarm(1);
	syscall(SYS_exit, 5);
}
static void fds(void) {
	struct rlimit l = {20, 20};
	setrlimit(RLIMIT_NOFILE, &l);
	int n = 0;
	close_range(3, ~0U, 0);
	while (open("/dev/null", 0) >= 0) n++;
	printf("opened %d %s\n", n, strerror(errno));
	say("dup2", dup2(0, 1000));
	say("pipe", pipe((int *)1));
}
static void fsize(void) {
	struct rlimit l = {1000, 1000};
	setrlimit(RLIMIT_FSIZE, &l);
	on(SIGXFSZ, tick, 0);
	int fd = open("big", O_CREAT | O_RDWR, 0644);
	static char b[3000];
	say("write", write(fd, b, 3000));
	say("write", write(fd, b, 1));
	say("ftruncate", ftruncate(fd, 5000));
	printf("signals %d\n", count);
}
static void memlimit(void) {
	struct rlimit l = {64 << 20, 64 << 20};
	setrlimit(RLIMIT_AS, &l);
	say("mmap", (long)mmap(0, 128 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}
static void cut(void) { // a map behind the end of its file
	int fd = open("cut", O_CREAT | O_RDWR, 0644);
	ftruncate(fd, 8192);
	char *m = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	m[5000] = 1;
	ftruncate(fd, 100);
	faults();
	if (!sigsetjmp(back, 1)) m[5000] = 2;
	say("read", read(open("/dev/zero", 0), m + 4096, 10));
	say("write", write(1, m + 4096, 1));
}
static void unaligned(int sig) { asm volatile("pushf; andq $~0x40000, (%%rsp); popf" : : : "cc", "memory"); siglongjmp(back, 1); }
static void aligned(void) { // the same POPF sets AC at times, and what follows it is not aligned
	on(SIGBUS, unaligned, 0);
	static long v[2];
	for (volatile int i = 0; i < 6; i++)
		if (!sigsetjmp(back, 1)) {
			asm volatile("pushf; orq %0, (%%rsp); popf; mov %1, %%rax; pushf; andq $~0x40000, (%%rsp); popf" : : "r"(i % 3 == 2 ? 0x40000l : 0l), "m"(*(long *)((char *)v + 1)) : "rax", "cc", "memory");
			puts("fine");
		} else {
			puts("not aligned");
		}
}
#define T(f) {#f, f}
static struct { const char *name; void (*f)(void); } tests[] = {T(badstack), T(noncanonical), T(odd), T(own), T(code), T(protect), T(allmem), T(overflow), T(alternate), T(tiny), T(smc), T(overlap), T(storm),
	T(limit), T(bomb), T(forks), T(huge), T(garbage), T(calls), T(frames), T(modes), T(priv), T(vforks), T(exits), T(fds), T(fsize), T(memlimit), T(cut), T(aligned)};
int main(int argc, char **argv) {
	setvbuf(stdout, 0, _IOLBF, 0);
	for (unsigned i = 0; i < sizeof tests / sizeof *tests; i++) {
		if (argc < 2) puts(tests[i].name);
		else if (!strcmp(argv[1], tests[i].name)) tests[i].f();
	}
}
