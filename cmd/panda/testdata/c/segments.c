/* Code segments of the LDT: of 16 and 32 bits, with a base and a limit. Each case calls
 * code in one of them with a far call; what it leaves in registers, or which signal it
 * gets where, is printed. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { BASE = 0x31000000, STACK = 0x32000000, DATA = 0x33000000 };

static struct { uint32_t off; uint16_t sel; } __attribute__((packed)) far_to;
static uint32_t regs[8], flags; /* eax ecx edx ebx esi edi esp-change */
static unsigned long saved_sp;
static sigjmp_buf out;
static int resume;

#ifdef __x86_64__
__asm__(".text\nthunk: push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
	"mov %rsp, saved_sp(%rip); mov $0x3200f000, %esp\n"
	"mov $0x1111, %eax; mov $5, %ecx; mov $0x22223333, %edx; mov $0x44445555, %ebx; mov $0x33000010, %esi; mov $0x33000080, %edi; cld\n"
	"lcall *far_to(%rip)\n"
	"mov %eax, regs(%rip); mov %ecx, regs+4(%rip); mov %edx, regs+8(%rip); mov %ebx, regs+12(%rip)\n"
	"mov %esi, regs+16(%rip); mov %edi, regs+20(%rip); mov %esp, regs+24(%rip); mov saved_sp(%rip), %rsp; cld\n"
	"pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx; ret\n");
#define IP REG_RIP
#define SP REG_RSP
#define CS(u) ((u)->uc_mcontext.gregs[REG_CSGSFS] & 0xffff)
#else
__asm__(".text\nthunk: push %ebx; push %ebp; push %esi; push %edi\n"
	"mov %esp, saved_sp; mov $0x3200f000, %esp\n"
	"mov $0x1111, %eax; mov $5, %ecx; mov $0x22223333, %edx; mov $0x44445555, %ebx; mov $0x33000010, %esi; mov $0x33000080, %edi; cld\n"
	"lcall *far_to\n"
	"mov %eax, regs; mov %ecx, regs+4; mov %edx, regs+8; mov %ebx, regs+12\n"
	"mov %esi, regs+16; mov %edi, regs+20; mov %esp, regs+24; mov saved_sp, %esp; cld\n"
	"pop %edi; pop %esi; pop %ebp; pop %ebx; ret\n");
#define IP REG_EIP
#define SP REG_ESP
#define CS(u) ((u)->uc_mcontext.gregs[REG_CS] & 0xffff)
#endif
void thunk(void);

static void handler(int s, siginfo_t *i, void *p)
{
	ucontext_t *u = p;
	greg_t *g = u->uc_mcontext.gregs;
	printf(" signal %d code %d cs %x ip %lx sp %lx trap %d err %x cr2 %lx;", s, i->si_code, (int)CS(u), (long)g[IP],
	       (long)(uint32_t)g[SP], (int)g[REG_TRAPNO], (int)g[REG_ERR], s == SIGSEGV && g[REG_TRAPNO] == 14 ? (long)i->si_addr : 0);
	if (resume) {
		g[IP] += resume;
		resume = 0;
		return;
	}
	siglongjmp(out, 1);
}

static void segment(int n, uint32_t base, uint32_t limit, int wide, int pages, int absent)
{
	struct { uint32_t n, base, limit, flags; } d = {n, base, limit, wide | 2 << 1 | pages << 4 | absent << 5 | 1 << 6};
	if (syscall(SYS_modify_ldt, 0x11, &d, sizeof d))
		printf("modify_ldt fails\n");
}

static void run(const char *name, int n, uint32_t off)
{
	far_to.off = off;
	far_to.sel = n << 3 | 7;
	printf("%s:", name);
	if (sigsetjmp(out, 1) == 0) {
		thunk();
		printf(" eax %x ecx %x edx %x ebx %x esi %x edi %x esp %x", regs[0], regs[1], regs[2], regs[3], regs[4], regs[5], regs[6]);
	}
	printf("\n");
	resume = 0;
}

static uint8_t *code;
#define CODE(off, bytes) memcpy(code + (off), bytes, sizeof(bytes) - 1)

int main(void)
{
	struct sigaction a = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	stack_t alt = {.ss_sp = mmap(0, 65536, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), .ss_size = 65536};
	int signals[] = {SIGSEGV, SIGILL, SIGFPE, SIGTRAP, SIGBUS};
	setvbuf(stdout, 0, _IONBF, 0);
	sigaltstack(&alt, 0);
	for (int i = 0; i < 5; i++)
		sigaction(signals[i], &a, 0);
	code = mmap((void *)BASE, 0x21000, 7, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	mmap((void *)STACK, 0x10000, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	uint8_t *data = mmap((void *)DATA, 0x1000, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	for (int i = 0; i < 0x1000; i++)
		data[i] = i * 7;
	memset(code, 0xf4, 0x21000);
	segment(0, BASE, 0xfffff, 1, 0, 0);       /* 32 bits with a base */
	segment(1, BASE, 0xffff, 0, 0, 0);        /* 16 bits with a base */
	segment(2, 0, 0xfffff, 1, 1, 0);          /* flat */
	segment(3, BASE + 0x123, 0xffff, 1, 0, 0); /* an odd base */
	segment(4, BASE, 0x200, 1, 0, 0);         /* a small limit */
	segment(5, BASE, 0xfff, 0, 1, 1);         /* not present */
	segment(6, 0x40000000, 0xffff, 1, 0, 0);  /* nothing is there */
	segment(7, 0xfffff000, 0xfffff, 1, 1, 0); /* a base that wraps around */

	CODE(0x100, "\x01\xc8\x49\x75\xfb\x50\x59\xcb");             /* 1: add eax, ecx; dec ecx; jnz 1; push eax; pop ecx; retf */
	run("32, loop", 0, 0x100);
	run("flat, loop", 2, BASE + 0x100);
	code[0x100] = 0x29; /* sub */
	run("32, changed", 0, 0x100);
	CODE(0x140, "\xe8\x0b\x00\x00\x00\xcb");                     /* call +11; retf */
	CODE(0x150, "\x8b\x14\x24\xff\x74\x24\x00\x58\xc3");         /* mov edx, [esp]; push [esp]; pop eax; ret */
	run("32, call", 0, 0x140);
	run("limit, call", 4, 0x140);
	CODE(0x160, "\xb8\x70\x01\x00\x00\xff\xe0");                 /* mov eax, 170; jmp eax */
	CODE(0x170, "\x0e\x5b\x2e\x8b\x0d\x70\x01\x00\x00\xcb");     /* push cs; pop ebx; mov ecx, cs:[170]; retf */
	run("32, jump", 0, 0x160);
	CODE(0x180, "\xe9\x7b\x00\x00\x00");                         /* jmp 200 */
	CODE(0x200, "\x90\x90\xcb");
	run("32, to 200", 0, 0x180);
	run("limit, over", 4, 0x180);
	CODE(0x190, "\xa1\x08\x00\x00\x00\xcb");                     /* mov eax, [8]; retf */
	run("32, fault", 0, 0x190);
	resume = 5;
	run("32, fault skipped", 0, 0x190);
	CODE(0x1a0, "\x0f\x0b\xcb");
	resume = 2;
	run("32, ud2", 0, 0x1a0);
	CODE(0x1b0, "\xcc\xcb");
	run("32, int3", 0, 0x1b0);
	resume = 0;
	CODE(0x1c0, "\xb8\x14\x00\x00\x00\xcd\x80\x85\xc0\x0f\x9f\xc0\x0f\xb6\xc0\xcb"); /* getpid by int 0x80; is it above 0? */
	run("32, call of the kernel", 0, 0x1c0);

	CODE(0x300, "\x01\xc8\x49\x75\xfb\x50\x59\x66\xcb");         /* the loop of 16 bits; retf of 32 */
	run("16, loop", 1, 0x300);
	CODE(0x320, "\xe8\x0d\x00\x66\xcb");                         /* call +13 */
	CODE(0x330, "\x67\x8b\x14\x24\x66\xb8\x78\x56\x34\x12\xc3"); /* mov dx, [esp]; mov eax, 12345678; ret */
	run("16, call", 1, 0x320);
	CODE(0x340, "\x67\x8b\x06\x67\x66\x8b\x5e\x04\xf3\x67\xa5\x66\xcb"); /* mov ax, [esi]; mov ebx, [esi+4]; rep movsw; retf */
	run("16, strings", 1, 0x340);
	CODE(0x360, "\xe9\x9d\xfc");                                 /* jmp 0000: back over the start and forth again */
	CODE(0x000, "\xe9\xfa\xff");                                 /* jmp fffd */
	CODE(0xfffd, "\xe9\x10\x04");                                /* jmp 0410, over the end */
	CODE(0x410, "\x31\xc0\x66\xcb");
	run("16, around", 1, 0x360);
	CODE(0x380, "\x8b\x07\x66\xcb");                             /* mov ax, [bx] */
	run("16, address", 1, 0x380);
	CODE(0x390, "\x0f\x0b\x66\xcb");
	resume = 2;
	run("16, ud2", 1, 0x390);
	CODE(0x3a0, "\x66\x31\xd2\x66\xf7\xf2\x66\xcb");             /* div edx by 0 */
	run("16, division", 1, 0x3a0);
	CODE(0x3b0, "\xe2\xfe\x9c\x58\x66\xcb");                     /* loop; pushf; pop ax */
	run("16, count", 1, 0x3b0);
	CODE(0x3c0, "\x66\xb8\x14\x00\x00\x00\xcd\x80\x66\x85\xc0\x0f\x9f\xc0\x66\x0f\xb6\xc0\x66\xcb");
	run("16, call of the kernel", 1, 0x3c0);
	CODE(0x3e0, "\x66\xb8\x67\x45\x23\x01\x66\xc8\x08\x00\x00\x66\xc9\x66\x60\x66\x61\x66\xcb"); /* enter, leave, pusha, popa */
	run("16, frames", 1, 0x3e0);
	CODE(0x420, "\xea\x30\x04\x17\x00");                         /* jmp 17:430, the flat one */
	run("16, to nothing", 1, 0x420);
	CODE(0x440, "\x66\xea\x00\x01\x00\x31\x17\x00");             /* jmp 17:31000100 */
	run("16, to 32", 1, 0x440);

	CODE(0x500 + 0x123, "\x40\xe8\x01\x00\x00\x00\xcb\x41\xc3");  /* inc eax; call; retf; inc ecx; ret */
	run("odd, call", 3, 0x500);
	CODE(0xff9 + 0x123, "\x01\xc8\x01\xc8\x01\xc8\x01\xc8\xcb");
	run("odd, over pages", 3, 0xff9);
	CODE(0x600, "\x2e\xc6\x05\x0c\x06\x00\x00\x41\x90\x90\x90\x90\x40\xcb"); /* mov byte cs:[60c], 41: code may not be written */
	run("32, store", 0, 0x600);
	for (int i = 0; i < 40; i++) {                               /* code that changes all the time */
		CODE(0x700, "\xb8\x00\x00\x00\x00\xcb");
		code[0x701] = i;
		far_to.off = 0x700, far_to.sel = 7;
		thunk();
		if (regs[0] != i)
			printf("stale: %x is %x\n", i, regs[0]);
	}
	CODE(0x720, "\xc6\x05\x31\x07\x00\x31\x2a\xb9\x02\x00\x00\x00\xeb\x02\x90\x90\xb8\x01\x00\x00\x00\xcb"); /* mov byte [31000731], 2a; ...; mov eax, 1 */
	run("32, changes itself", 0, 0x720);
	run("not present", 5, 0x100);
	run("no memory", 6, 0x100);
	run("over the limit", 4, 0x201);
	run("data as code", 8, 0x100);
	CODE(0x800, "\xcb");
	run("wraps around", 7, BASE + 0x1800);
	CODE(0x20ff0, "\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90");
	run("off the end", 0, 0x20ff0);
	for (int i = 0; i < 128; i++) { /* one after the other, with another base each */
		segment(8, BASE + 16 * i, 0xfffff, 1, 0, 0);
		far_to.off = 0x800 - 16 * i;
		far_to.sel = 8 << 3 | 7;
		thunk();
	}
	printf("done\n");
	return 0;
}
