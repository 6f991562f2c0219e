/* Handlers that return to other segments, to addresses that are none, and with a damaged
 * floating-point state: which signal follows, where, and with what in its frame. Each
 * case runs in a child, so that it may end it. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#ifdef __x86_64__
#define WIDE 1
#define IP REG_RIP
#define SP REG_RSP
#define AX REG_RAX
#define GET_CS(g) ((g)[REG_CSGSFS] & 0xffff)
#define GET_SS(g) ((g)[REG_CSGSFS] >> 48 & 0xffff)
#define SET_CS(g, v) ((g)[REG_CSGSFS] = (g)[REG_CSGSFS] & ~0xffffL | (v))
#define SET_SS(g, v) ((g)[REG_CSGSFS] = (g)[REG_CSGSFS] & ~(0xffffL << 48) | (long)(v) << 48)
enum { FPAT = 0 };
#else
#define WIDE 0
#define IP REG_EIP
#define SP REG_ESP
#define AX REG_EAX
#define GET_CS(g) ((g)[REG_CS] & 0xffff)
#define GET_SS(g) ((g)[REG_SS] & 0xffff)
#define SET_CS(g, v) ((g)[REG_CS] = (v))
#define SET_SS(g, v) ((g)[REG_SS] = (v))
enum { FPAT = 112 };
#endif
#define REAL_CS (WIDE ? 0x33 : 0x23)

enum { CODE = 0x31000000, STACK = 0x32000000 };
static uint8_t *code;
static sigjmp_buf back;
static const char *what;
static int arg, faults;
static unsigned long sent_ip, sent_sp;

/* report is the handler of what follows a bad return. */
static void report(int s, siginfo_t *i, void *p)
{
	greg_t *g = ((ucontext_t *)p)->uc_mcontext.gregs;
	unsigned long ip = g[IP], sp = g[SP];
	printf(" signal %d code %d addr %lx trap %d err %x cs %x ss %x ip %s%lx sp %s flags %lx", s, i->si_code,
	       i->si_code == SI_KERNEL || (unsigned long)i->si_addr >= 0x34000000 || (unsigned long)i->si_addr < 0x31000000 ? 0 : (long)i->si_addr, (int)g[REG_TRAPNO], (int)g[REG_ERR], (int)GET_CS(g), (int)GET_SS(g),
	       ip == sent_ip ? "sent" : "", ip >> 12 == CODE >> 12 ? ip : 0, sp == sent_sp ? "sent" : "other", (long)g[REG_EFL] & 0x254000);
	if (++faults > 3)
		_exit(9);
	siglongjmp(back, 1);
}

static void xstate(uint8_t *fx, int n)
{
	uint32_t size = *(uint32_t *)(fx + 464 + 16);
	switch (n) {
	case 0: fx[512 + 8] = 1; break;                         /* reserved words of the header */
	case 1: fx[512 + 63] = 1; break;
	case 2: fx[512 + 7] |= 0x40; break;                     /* a component that is none */
	case 3: fx[512 + 15] |= 0x80; break;                    /* compacted */
	case 4: *(uint32_t *)(fx + 24) |= 0x10000; break;       /* MXCSR */
	case 5: *(uint32_t *)(fx + size) = 0; break;            /* the second magic word */
	case 6: *(uint32_t *)(fx + 464) = 0; break;             /* the first */
	case 7: *(uint32_t *)(fx + 464 + 16) = 0x7fffffff; break; /* sizes */
	case 8: *(uint32_t *)(fx + 464 + 16) = 16; break;
	case 9: *(uint32_t *)(fx + 464 + 4) = 16; break;
	case 10: *(uint64_t *)(fx + 464 + 8) = 0; break;        /* features */
	case 11: memset(fx + 512, 0, 64); break;                /* all initial */
	}
}

static void change(ucontext_t *u, greg_t *g)
{
	uint8_t *fp = (uint8_t *)u->uc_mcontext.fpregs;
	int n = arg;
	if (!strcmp(what, "cs"))
		SET_CS(g, n);
	else if (!strcmp(what, "ss"))
		SET_SS(g, n);
	else if (!strcmp(what, "both"))
		SET_CS(g, n), SET_SS(g, 0x1234);
	else if (!strcmp(what, "to")) { /* code in another segment that comes back by a far jump */
		SET_CS(g, n);
		g[IP] = CODE + 0x100;
		if (n == 0x27)
			g[IP] = 0x200;
	} else if (!strcmp(what, "stack")) {
		SET_SS(g, n);
	} else if (!strcmp(what, "ip"))
		g[IP] = WIDE ? 0x800000000000 : 0xfffff000;
	else if (!strcmp(what, "flags"))
		g[REG_EFL] = n;
	else if (!strcmp(what, "xstate"))
		xstate(fp + FPAT, n);
	else if (!strcmp(what, "fp"))
		u->uc_mcontext.fpregs = (void *)(n == 0 ? 0L : n == 1 ? (long)fp + 1 : n == 2 ? 8L : n == 3 ? -64L : (long)fp + 32);
#ifndef __x86_64__
	else if (!strcmp(what, "ds"))
		g[REG_DS] = n;
	else if (!strcmp(what, "gs"))
		g[REG_FS] = n;
#endif
	sent_ip = g[IP];
	sent_sp = g[SP];
}

static void handler(int s, siginfo_t *i, void *p)
{
	ucontext_t *u = p;
	change(u, u->uc_mcontext.gregs);
}

static void segment(int n, uint32_t base, uint32_t limit, uint32_t flags)
{
	struct { uint32_t n, base, limit, flags; } d = {n, base, limit, flags | 1 << 6};
	syscall(SYS_modify_ldt, 0x11, &d, sizeof d);
}

/* returned is where the far jumps come back to. */
static void returned(void)
{
	printf(" came back");
	siglongjmp(back, 1);
}

static void go(const char *name, int n)
{
	fflush(stdout);
	what = name;
	arg = n;
	if (fork() == 0) {
		unsigned short ds = 0, fs = 0;
		alarm(10);
		printf("%s %x:", name, n);
		if (sigsetjmp(back, 1) == 0) {
			raise(SIGUSR1);
			asm volatile("mov %%ds, %0; mov %%fs, %1" : "=r"(ds), "=r"(fs));
			printf(" returned, ds %x fs %x", ds, fs);
		}
		printf("\n");
		exit(0);
	}
	int st;
	wait(&st);
	if (st)
		printf(" ends with %x\n", st);
}

int main(void)
{
	static const int selectors[] = {0, 1, 2, 3, 0x10, 0x13, 0x18, 0x20, 0x2b, 0x7, 0xf, 0x17, 0x1f, 0x3ff, 0xfff7, 0x53, 0x6b, 0x7b};
	int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE};
	struct sigaction a = {.sa_sigaction = report, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	stack_t alt = {.ss_sp = mmap(0, 65536, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), .ss_size = 65536};
	setvbuf(stdout, 0, _IOFBF, 4096);
	sigaltstack(&alt, 0);
	for (int i = 0; i < 5; i++)
		sigaction(faults[i], &a, 0);
	a.sa_sigaction = handler;
	a.sa_flags = SA_SIGINFO;
	sigaction(SIGUSR1, &a, 0);
	code = mmap((void *)CODE, 4096, 7, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	mmap((void *)STACK, 0x10000, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	/* 100: jmp far to returned, whose address stands behind it */
	memcpy(code + 0x100, "\x2e\xff\x2d\x00\x00\x00\x00", 7);
	*(uint32_t *)(code + 0x103) = CODE + 0x180;
	*(uint32_t *)(code + 0x180) = (uint32_t)(uintptr_t)returned;
	*(uint16_t *)(code + 0x184) = REAL_CS;
	memcpy(code + 0x200, "\x2e\x66\xff\x2e\x80\x01", 6); /* the same of 16 bits */
	segment(0, 0, 0, 0 | 1 << 5);                 /* 7: data that is not present */
	segment(1, 0, 0xfffff, 1 | 2 << 1 | 1 << 4 | 1 << 5); /* f: code that is not */
	segment(2, 0, 0xfffff, 1 | 1 << 3 | 1 << 4);  /* 17: data that is read-only */
	segment(3, 0, 0xfffff, 1 | 1 << 4);           /* 1f: data */
	segment(4, CODE, 0xffff, 2 << 1);             /* 27: code of 16 bits */
	segment(5, 0, 0xfffff, 1 | 2 << 1 | 1 << 4);  /* 2f: code */
	segment(6, 0, 0xffff, 1);                     /* 37: a small stack */

	for (int i = 0; i < sizeof selectors / sizeof selectors[0]; i++) {
		go("cs", selectors[i]);
		go("ss", selectors[i]);
		go("ds", selectors[i]);
		go("gs", selectors[i]);
	}
	go("both", 0xf);
	go("both", 0x2b);
	go("ip", 0);
#if WIDE
	go("to", 0x23);
#endif
	go("to", 0x27);
	go("to", 0x2f);
#if !WIDE
	go("to", 0x33);
#endif
	go("stack", 0x1f);
	go("stack", 0x37);
	for (int i = 0; i < 22; i++)
		if (i != 8 && i != 9)
			go("flags", 1 << i | 0x202);
	for (int i = 0; i < 12; i++)
		go("xstate", i);
	for (int i = 0; i < 5; i++)
		go("fp", i);
	return 0;
}
