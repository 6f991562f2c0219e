/* What the frame of a page fault says: trap number, error code and address, for each
 * kind of access to each kind of page; and handlers that run off their stack. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static sigjmp_buf back;
static uint8_t *page;
static unsigned long base;

#ifdef __x86_64__
#define CR2(u) (*(unsigned long *)((char *)(u)->uc_mcontext.gregs + 22 * 8))
#define SPNAME "rsp"
#else
#define CR2(u) ((u)->uc_mcontext.cr2)
#define SPNAME "esp"
#endif

static void handler(int s, siginfo_t *i, void *p)
{
	ucontext_t *u = p;
	unsigned long a = (unsigned long)i->si_addr, c = CR2(u);
	printf(" %d/%d trap %d err %x addr %lx cr2 %s\n", s, i->si_code, (int)u->uc_mcontext.gregs[REG_TRAPNO], (int)u->uc_mcontext.gregs[REG_ERR],
	       a - base < 0x20000 ? a - base : a > 0x100000 && a < ~0ul << 20 ? 0 : a, c == a ? "same" : "other");
	siglongjmp(back, 1);
}

#define TRY(name, ...) do { printf("%s %s:", kind, name); if (sigsetjmp(back, 1) == 0) { __VA_ARGS__; printf(" fine\n"); } } while (0)

static void all(const char *kind, uint8_t *p)
{
	unsigned long r;
	uint8_t buf[64] = {0};
	TRY("read", asm volatile("movb (%1), %b0" : "=q"(r) : "r"(p)));
	TRY("write", asm volatile("movb $1, (%0)" : : "r"(p) : "memory"));
	TRY("add", asm volatile("addl $1, (%0)" : : "r"(p) : "memory", "cc"));
	TRY("lock xadd", asm volatile("lock xaddl %%eax, (%0)" : : "r"(p) : "memory", "cc", "eax"));
	TRY("cmpxchg", asm volatile("cmpxchgl %%ecx, (%0)" : : "r"(p) : "memory", "cc", "eax"));
	TRY("cmpxchg8b", asm volatile("cmpxchg8b (%0)" : : "S"(p) : "memory", "cc", "eax", "edx"));
	TRY("xchg", asm volatile("xchgl %%eax, (%0)" : : "r"(p) : "memory", "eax"));
	TRY("bts", asm volatile("btsl $3, (%0)" : : "r"(p) : "memory", "cc"));
	TRY("bt", asm volatile("btl $3, (%0)" : : "r"(p) : "memory", "cc"));
	TRY("test", asm volatile("testl $3, (%0)" : : "r"(p) : "memory", "cc"));
	TRY("setc", asm volatile("setc (%0)" : : "r"(p) : "memory", "cc"));
	TRY("shift", asm volatile("shll $3, (%0)" : : "r"(p) : "memory", "cc"));
	TRY("shift by 0", asm volatile("shll %%cl, (%0)" : : "r"(p), "c"(0) : "memory", "cc"));
	TRY("movs from", asm volatile("movsl" : : "S"(p), "D"(buf) : "memory"));
	TRY("movs to", asm volatile("movsl" : : "S"(buf), "D"(p) : "memory"));
	TRY("rep stos", asm volatile("rep stosl" : : "D"(p), "c"(3), "a"(0) : "memory"));
	TRY("cmps", asm volatile("cmpsb" : : "S"(buf), "D"(p) : "memory", "cc"));
	TRY("movups to", asm volatile("movups %%xmm0, (%0)" : : "r"(p) : "memory"));
	TRY("movups from", asm volatile("movups (%0), %%xmm0" : : "r"(p)));
	TRY("fst", asm volatile("fldz; fstpl (%0)" : : "r"(p) : "memory"));
	asm volatile("fninit");
	TRY("fld", asm volatile("fldl (%0); fstp %%st(0)" : : "r"(p) : "memory"));
	TRY("fnsave", asm volatile("fnsave (%0)" : : "r"(p) : "memory"));
	TRY("fxsave", asm volatile("fxsave (%0)" : : "r"((unsigned long)p & ~15ul) : "memory"));
	TRY("fnstcw", asm volatile("fnstcw (%0)" : : "r"(p) : "memory"));
	TRY("push", asm volatile("mov %%" SPNAME ", %0; lea 8(%1), %%" SPNAME "; push $1; mov %0, %%" SPNAME : "=&r"(r) : "r"(p) : "memory"));
	TRY("pop", asm volatile("mov %%" SPNAME ", %0; mov %1, %%" SPNAME "; pop %%ax; mov %0, %%" SPNAME : "=&r"(r) : "r"(p) : "memory", "eax"));
	TRY("push of it", asm volatile("push (%0); lea 8(%%" SPNAME "), %%" SPNAME : : "r"(p) : "memory"));
	TRY("prefetch", asm volatile("prefetcht0 (%0)" : : "r"(p)));
	TRY("clflush", asm volatile("clflush (%0)" : : "r"(p)));
	TRY("execute", ((void (*)(void))p)());
}

static volatile int depth;
static void deep(int s, siginfo_t *i, void *p)
{
	if (++depth < 100)
		raise(SIGUSR1);
}
static void segv(int s, siginfo_t *i, void *p) { _exit(3); }

/* overflow has handlers interrupt each other until their stack is full. */
static void overflow(int own)
{
	fflush(stdout);
	if (fork() == 0) {
		uint8_t *s = mmap(0, 0x10000, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		stack_t alt = {.ss_sp = s + 0x8000, .ss_size = 0x4000};
		struct sigaction a = {.sa_sigaction = deep, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER}; /* frames of one size */
		sigaltstack(&alt, 0);
		sigaction(SIGUSR1, &a, 0);
		a.sa_flags = SA_SIGINFO | (own ? SA_ONSTACK : 0);
		a.sa_sigaction = segv;
		sigaction(SIGSEGV, &a, 0);
		alarm(10);
		raise(SIGUSR1);
		_exit(0);
	}
	int st;
	wait(&st);
	printf("full, %d: ends with %x\n", own, st);
}

int main(void)
{
	int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE};
	struct sigaction a = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	stack_t alt = {.ss_sp = malloc(65536), .ss_size = 65536};
	char name[] = "/tmp/pagefaultXXXXXX";
	int fd = mkstemp(name);
	sigaltstack(&alt, 0);
	for (int i = 0; i < 5; i++)
		sigaction(signals[i], &a, 0);
	unlink(name);
	ftruncate(fd, 4096);
	page = mmap(0, 0x20000, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	base = (unsigned long)page;
	memset(page, 0xc3, 0x20000);
	munmap(page + 0x1000, 0x1000);
	mprotect(page + 0x3000, 0x1000, PROT_NONE);
	mprotect(page + 0x5000, 0x1000, PROT_READ);
	mprotect(page + 0x7000, 0x1000, PROT_READ | PROT_EXEC);
	mprotect(page + 0x9000, 0x1000, PROT_WRITE);
	mmap(page + 0xa000, 0x2000, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	mmap(page + 0xd000, 0x1000, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	mmap(page + 0xf000, 0x1000, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	all("missing", page + 0x1100);
	all("none", page + 0x3100);
	all("read-only", page + 0x5100);
	all("code", page + 0x7100);
	all("write", page + 0x9100);
	all("behind the file", page + 0xb100);
	all("never touched", page + 0xd100);
	all("null", (uint8_t *)8);
	all("into missing", page + 0xfff);
	all("out of missing", page + 0x1fff);
	all("into none", page + 0x2fff);
	all("into read-only", page + 0x4fff);
	all("out of read-only", page + 0x5fff);
	all("behind the file's end", page + 0xafff);
	all("top", (uint8_t *)-4096l);
#ifdef __x86_64__
	all("kernel", (uint8_t *)0xffff880000000000);
	all("no address", (uint8_t *)0x800000000000);
	all("before no address", (uint8_t *)0x7fffffffffff);
	all("last page", (uint8_t *)0x7ffffffff000);
#endif
	overflow(0);
	overflow(1);
	return 0;
}
