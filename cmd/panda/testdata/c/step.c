// Steps through its own code with TF, as programs do that look for a debugger, and
// prints where it trapped: the place from the first instruction on, si_code, the
// trap number, TF in the saved flags, and whether si_addr is the place.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

#ifdef __x86_64__
#define PC REG_RIP
#define CX "%%rcx"
#define SI "%%rsi"
#define DI "%%rdi"
#define AX "%%rax"
#define SP "%%rsp"
#define OR "orq"
#define AND "andq"
#define GETPID "mov $39, %%eax; syscall;"
#define LOADSS "mov %%ss, %%eax; mov %%eax, %%ss;"
#define ONLY "cpuid;"
#define CLOBBERED "rbx", "rcx", "rdx", "rsi", "rdi", "r11"
#else
#define PC REG_EIP
#define CX "%%ecx"
#define SI "%%esi"
#define DI "%%edi"
#define AX "%%eax"
#define SP "%%esp"
#define OR "orl"
#define AND "andl"
#define GETPID "mov $20, %%eax; int $0x80;"
#define LOADSS "push %%ss; pop %%ss;"
#define ONLY "aaa;"
#define CLOBBERED "ecx", "edx", "esi", "edi"
#endif

extern char first[];
enum { most = 1000 };
static struct { long at; int code, number, tf, same; } traps[most];
static int count;

static void trapped(int signo, siginfo_t *info, void *context) {
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
	if (count == most) return;
	traps[count].at = (char *)r[PC] - first;
	traps[count].code = info->si_code;
	traps[count].number = r[REG_TRAPNO];
	traps[count].tf = r[REG_EFL] >> 8 & 1;
	traps[count++].same = (char *)info->si_addr == (char *)r[PC];
}

int main(void) {
	struct sigaction act = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO};
	sigaction(SIGTRAP, &act, 0);
	char from[16] = "hello, world", to[16];
	for (int round = 0; round < 3; round++) // the same code with TF and, at its head, without
		__asm__ volatile("first: pushf; " OR " $0x100, (" SP "); popf; nop;"
			"lea %0, " SI "; lea %1, " DI "; mov $5, %%ecx; cld; rep movsb;" // a trap for each element
			"mov $3, %%ecx; 1: dec %%ecx; jnz 1b; call 2f; jmp 3f; 2: ret; 3:"
			"xor %%ecx, %%ecx; rep movsb;" // of none
			GETPID "nop;" // none directly behind the call
			LOADSS "nop; nop;" LOADSS "pushf; pop " AX ";" // put off by one instruction
			ONLY
			"lea %0, " DI "; mov $100, %%ecx; mov $'w', %%al; repne scasb;"
			"int3; nop; .byte 0xf1; nop;"
			"pushf; " AND " $~0x100, (" SP "); popf; nop; nop;"
			: : "m"(from), "m"(to) : "eax", CLOBBERED, "memory", "cc");
	for (int i = 0; i < count; i++)
		printf("+%#lx code %d number %d TF %d address %d\n", traps[i].at, traps[i].code, traps[i].number, traps[i].tf, traps[i].same);
	return count == most;
}
