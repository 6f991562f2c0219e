// Machine code that goes wrong. Each test puts code at CODE, sets every register,
// runs it by returning from a signal handler, and prints all that the signals
// show which it ends with: the fields, the registers, sums of the vector state and
// of memory. Addresses are fixed, so that the output is the same everywhere.
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/ucontext.h>
#include <unistd.h>

typedef uint64_t u64;
#define CODE 0x10000000ul  // 4 pages rwx, then nothing
#define DATA 0x20000000ul  // 16 pages rw, then nothing
#define FIXED 0x20100000ul // 1 page r
#define NONE 0x20200000ul  // 1 page, no access
#define STACK 0x30000000ul // 4 pages rw
#define TOP (STACK + 0x4000)
#define PAGE 4096ul
enum { RW = PROT_READ | PROT_WRITE, RWX = RW | PROT_EXEC };

static void map(u64 at, u64 n, int prot) {
	if (mmap((void *)at, n, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) perror("mmap"), exit(1);
}

// fix is asked by the handler: a true result goes on with the registers it left.
static int (*fix)(int sig, siginfo_t *i, greg_t *r);
static sigjmp_buf back;
static greg_t start[NGREG];
static u64 hidden; // registers that are not printed, by a bit

static u64 sum(u64 at, u64 n) {
	u64 h = 14695981039346656037ul;
	for (u64 i = 0; i < n; i += 8) h = (h ^ *(u64 *)(at + i)) * 1099511628211ul, h ^= h >> 29;
	return h;
}
static const char *names[] = {"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rdi", "rsi", "rbp", "rbx", "rdx", "rax", "rcx", "rsp", "rip", "efl"};
static u64 upper(ucontext_t *u) { // of the YMM registers
	char *x = (char *)u->uc_mcontext.fpregs;
	static const char zero[256];
	u64 bv = *(u64 *)(x + 512);
	return *(uint32_t *)(x + 464) == 0x46505853 && bv & 4 ? sum((u64)x + 576, 256) : sum((u64)zero, 256);
}
static void show(int sig, siginfo_t *i, ucontext_t *u) {
	greg_t *r = u->uc_mcontext.gregs;
	u64 err = r[REG_ERR];
	if (r[REG_TRAPNO] == 14 && (u64)r[REG_CR2] < 0x7ffffffff000) err &= ~1; // whether the page was touched before
	printf("  signal %d code %d addr %lx trap %lld err %llx cr2 %lx\n", sig, i->si_code, sig == SIGALRM || sig == SIGUSR2 ? 0 : (u64)i->si_addr, r[REG_TRAPNO], err, (u64)r[REG_CR2]);
	for (int n = 0; n < 18; n++) if (!(hidden >> n & 1)) printf(" %s=%llx", names[n], r[n]);
	char *x = (char *)u->uc_mcontext.fpregs;
	printf("\n  x87 %x %x %x mxcsr %x st %lx xmm %lx ymm %lx\n", *(uint16_t *)x, *(uint16_t *)(x + 2), *(unsigned char *)(x + 4), *(unsigned *)(x + 24), sum((u64)x + 32, 128), sum((u64)x + 160, 256), upper(u));
}
static void handler(int sig, siginfo_t *i, void *c) {
	ucontext_t *u = c;
	if (sig == SIGUSR1) { // begin
		for (int n = 0; n < 17; n++) u->uc_mcontext.gregs[n] = start[n];
		u->uc_mcontext.gregs[REG_EFL] = 0x202;
		char *x = (char *)u->uc_mcontext.fpregs;
		for (int n = 0; n < 256; n++) x[160 + n] = n * 7;
		return;
	}
	if (sig == SIGALRM && (u64)u->uc_mcontext.gregs[REG_RIP] - CODE >= 4 * PAGE) { // too early
		struct itimerval v = {{0, 0}, {0, 1000}};
		setitimer(ITIMER_REAL, &v, 0);
		return;
	}
	show(sig, i, u);
	if (fix && fix(sig, i, u->uc_mcontext.gregs)) return;
	siglongjmp(back, 1);
}
static void sums(void) {
	u64 h = 0;
	for (u64 a = DATA; a < DATA + 16 * PAGE; a += PAGE) {
		unsigned char there;
		if (mincore((void *)a, PAGE, &there) == 0 && mprotect((void *)a, PAGE, RW) == 0) h = h * 31 + sum(a, PAGE);
	}
	printf("  data %lx stack %lx\n", h, sum(STACK, TOP - STACK));
}
static void fresh(void) {
	map(CODE, 4 * PAGE, RWX);
	map(DATA, 16 * PAGE, RW);
	map(FIXED, PAGE, PROT_READ);
	map(NONE, PAGE, PROT_NONE);
	map(STACK, TOP - STACK, RW);
	static char pattern[16 * PAGE];
	if (!pattern[1]) for (int i = 0; i < 16 * PAGE; i++) pattern[i] = i * 13 + i / 256;
	memcpy((void *)DATA, pattern, sizeof pattern);
	static const u64 values[] = {0x0808, 0x0909, 0x1010, 0x1111, 0x1212, 0x1313, 0x1414, 0x1515, DATA + 0x100, DATA + 0x200, 0x5050, DATA, 2, 1, 3, TOP - 512};
	for (int n = 0; n < 16; n++) start[n] = values[n];
	start[REG_RIP] = CODE;
	fix = 0, hidden = 0;
}
static void go(const char *what) {
	puts(what);
	if (!sigsetjmp(back, 1)) { raise(SIGUSR1); puts("  came back"); }
	sums();
}

// CODE(name, text) is a piece of machine code.
#define PIECE(name, text) \
	asm(".pushsection .rodata\n" #name ": " text "\n" #name "_end: .popsection"); \
	extern const char name[], name##_end[];
#define put(name, at) memcpy((void *)(at), name, name##_end - name)

// Long enough for a loop to become one block of several.
#define HOT 150000
static const u64 turns[] = {3, HOT};
#define EACH for (int t = 0; t < 2; t++) if (fresh(), start[REG_RCX] = turns[t], 1)
#define LEN(a) (sizeof a / sizeof *a)

// Jumps into nowhere.
#define LOOP "1: add %rcx, %rax; test $1, %al; jz 2f; xor %rax, %rdx; 2: mov %rdx, 8(%rdi); test $2, %al; jz 3f; rol $3, %rdx; 3: dec %rcx; jnz 1b\n"
PIECE(jmp_reg, LOOP "jmp *%rbx")
PIECE(call_reg, LOOP "call *%rbx")
PIECE(jmp_mem, LOOP "mov %rbx, (%rsi); jmp *(%rsi)")
PIECE(call_mem, LOOP "mov %rbx, (%rsi); call *(%rsi)")
PIECE(ret_to, LOOP "push %rbx; ret")
PIECE(ret_more, LOOP "push %rbx; ret $32")
static const u64 nowheres[] = {
	0, 0x10, 0x12345000, 0x12345fff, DATA, DATA + PAGE - 1, FIXED, NONE, CODE + 4 * PAGE, CODE + 4 * PAGE - 1, CODE - 1, 0x7fffffffe000, 0x7ffffffff000, 0x7fffffffffff, 0x800000000000,
	0x8000000000000000, 0xffff800000000000, 0xffffffffffffffff, 0xffffffff80000000, 0xffffffffff601000, 0x7fff00000000,
};
static void jumps(void) {
	static const struct { const char *name, *code, *end; } ps[] = {
		{"jmp reg", jmp_reg, jmp_reg_end}, {"call reg", call_reg, call_reg_end}, {"jmp mem", jmp_mem, jmp_mem_end}, {"call mem", call_mem, call_mem_end}, {"ret", ret_to, ret_to_end}, {"ret more", ret_more, ret_more_end},
	};
	for (int p = 0; p < LEN(ps); p++)
		for (int n = 0; n < LEN(nowheres); n++) {
			fresh();
			start[REG_RCX] = n % 7 == p ? HOT : 3;
			memcpy((void *)CODE, ps[p].code, ps[p].end - ps[p].code);
			start[REG_RBX] = nowheres[n];
			printf("%lx ", nowheres[n]);
			go(ps[p].name);
		}
}
PIECE(jmp_rel, LOOP ".byte 0xe9, 0, 0, 0, 0x70")
PIECE(call_rel, LOOP ".byte 0xe8, 0, 0, 0, 0x90")
PIECE(jcc_rel, LOOP "cmp %eax, %eax; .byte 0x0f, 0x84, 0, 0, 0, 0x68")
static void direct(void) {
	EACH put(jmp_rel, CODE), go("jmp rel");
	EACH put(call_rel, CODE), go("call rel");
	EACH put(jcc_rel, CODE), go("jcc rel");
}

// Code at the edges of pages.
static void edges(void) {
	static const struct { const char *name; int n; unsigned char code[8]; } ends[] = {
		{"nop", 1, {0x90}}, {"push", 1, {0x50}}, {"ret", 1, {0xc3}}, {"jmp short, cut", 1, {0xeb}}, {"prefix", 1, {0xf3}}, {"rex", 1, {0x48}}, {"ud2, cut", 1, {0x0f}}, {"int3", 1, {0xcc}}, {"hlt", 1, {0xf4}},
		{"mov, cut", 3, {0xb8, 1, 2}}, {"vex, cut", 2, {0xc5, 0xfd}}, {"cmp and jz, cut", 3, {0x39, 0xc0, 0x74}}, {"rep stosb, cut", 1, {0xf3}}, {"prefixes", 8, {0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66}},
	};
	for (int n = 0; n < LEN(ends); n++)
		for (int then = 0; then < 4; then++) {
			fresh();
			memset((void *)(CODE + PAGE - 40), 0x90, 40);
			memcpy((void *)(CODE + PAGE - ends[n].n), ends[n].code, ends[n].n);
			memset((void *)(CODE + PAGE), 0x90, 16);
			*(uint16_t *)(CODE + PAGE + 16) = 0x0b0f;
			start[REG_RIP] = CODE + PAGE - 20 - ends[n].n;
			*(u64 *)(TOP - 512) = NONE + 5;
			if (then == 1) munmap((void *)(CODE + PAGE), PAGE);
			if (then == 2) mprotect((void *)(CODE + PAGE), PAGE, RW);
			if (then == 3) mprotect((void *)(CODE + PAGE), PAGE, PROT_NONE);
			printf("%d ", then);
			go(ends[n].name);
		}
}

// Access to memory, at the end of a hot loop.
#define ACCESS(name, text) PIECE(name, "cld; " LOOP text "; ud2")
ACCESS(ld8, "movzbl (%rbx), %eax")
ACCESS(ld16, "movzwl (%rbx), %eax")
ACCESS(ld64, "mov (%rbx), %rax")
ACCESS(ld64far, "mov 0x7fffffff(%rbx), %rax")
ACCESS(ld64back, "mov -0x80000000(%rbx), %rax")
ACCESS(ldindex, "mov 0x7fffff00(%rbx,%rbx,8), %rax")
ACCESS(ldrbp, "mov %rbx, %rbp; mov (%rbp), %rax")
ACCESS(ld128, "movups (%rbx), %xmm3")
ACCESS(ldal, "movaps (%rbx), %xmm3")
ACCESS(ld256, "vmovdqu (%rbx), %ymm3")
ACCESS(add256, "vpaddd (%rbx), %ymm3, %ymm4")
ACCESS(st8, "mov %al, (%rbx)")
ACCESS(st16, "mov %ax, (%rbx)")
ACCESS(st64, "mov %rax, (%rbx)")
ACCESS(stimm, "movq $-5, (%rbx)")
ACCESS(st128, "movups %xmm3, (%rbx)")
ACCESS(st256, "vmovdqu %ymm3, (%rbx)")
ACCESS(two, "mov %rax, -64(%rbx); vmovdqu %ymm3, (%rbx)")
ACCESS(addmem, "add %rax, (%rbx)")
ACCESS(adcmem, "stc; adcl $1, (%rbx)")
ACCESS(incmem, "lock incq (%rbx)")
ACCESS(xchgmem, "xchg %rax, (%rbx)")
ACCESS(xaddmem, "lock xadd %rax, (%rbx)")
ACCESS(cas, "cmpxchg %rdx, (%rbx)")
ACCESS(cas16, "cmpxchg16b (%rbx)")
ACCESS(shlmem, "shlq $1, (%rbx)")
ACCESS(shlcl, "shlq %cl, (%rbx)")
ACCESS(rcrmem, "rcrl (%rbx)")
ACCESS(shldmem, "shld $1, %rax, (%rbx)")
ACCESS(notmem, "notb (%rbx)")
ACCESS(btsmem, "btsq %rax, (%rbx)")
ACCESS(pushmem, "pushq (%rbx)")
ACCESS(popmem, "popq (%rbx)")
ACCESS(pushsp, "mov %rbx, %rsp; push %rax")
ACCESS(popsp, "mov %rbx, %rsp; pop %rax")
ACCESS(callsp, "mov %rbx, %rsp; call 9f; 9:")
ACCESS(leavesp, "mov %rbx, %rbp; leave")
ACCESS(entersp, "mov %rbx, %rsp; enter $32, $0")
ACCESS(pushfsp, "mov %rbx, %rsp; pushfq")
ACCESS(idivmem, "cqo; idivq (%rbx)")
ACCESS(setmem, "cmp %eax, %eax; sete (%rbx)")
ACCESS(cmovmem, "cmp %eax, %eax; cmovne (%rbx), %rax")
ACCESS(fldmem, "fld1; fldl (%rbx)")
ACCESS(fstmem, "fldpi; fstpt (%rbx)")
ACCESS(masked, "vpcmpeqd %xmm5, %xmm5, %xmm5; vpsrldq $8, %xmm5, %xmm5; vmaskmovps %xmm3, %xmm5, (%rbx)")
ACCESS(gather, "vpcmpeqd %ymm5, %ymm5, %ymm5; vpxor %ymm6, %ymm6, %ymm6; vpslld $3, %ymm5, %ymm6; vpgatherdd %ymm5, -8(%rbx,%ymm6,2), %ymm7")
ACCESS(movsb_, "mov %rbx, %rsi; movsb")
ACCESS(stosq_, "mov %rbx, %rdi; stosq")
ACCESS(cmpsq_, "mov %rbx, %rdi; cmpsq")
ACCESS(scasd_, "mov %rbx, %rdi; scasl")
ACCESS(lodsw_, "mov %rbx, %rsi; lodsw")
ACCESS(xlat_, "xlat")
ACCESS(prefetch, "prefetcht0 (%rbx); prefetchw (%rbx); nopl (%rbx)")
#define A(n) {#n, n, n##_end}
static const struct piece { const char *name, *code, *end; } accesses[] = {
	A(ld8), A(ld16), A(ld64), A(ld64far), A(ld64back), A(ldindex), A(ldrbp), A(ld128), A(ldal), A(ld256), A(add256), A(st8), A(st16), A(st64), A(stimm), A(st128), A(st256), A(two), A(addmem), A(adcmem), A(incmem),
	A(xchgmem), A(xaddmem), A(cas), A(cas16), A(shlmem), A(shlcl), A(rcrmem), A(shldmem), A(notmem), A(btsmem), A(pushmem), A(popmem), A(pushsp), A(popsp), A(callsp), A(leavesp), A(entersp), A(pushfsp), A(idivmem), A(setmem), A(cmovmem), A(fldmem),
	A(fstmem), A(masked), A(gather), A(movsb_), A(stosq_), A(cmpsq_), A(scasd_), A(lodsw_), A(xlat_), A(prefetch),
};
static const u64 places[] = {
	DATA + 16 * PAGE - 1, DATA + 16 * PAGE - 7, DATA + 16 * PAGE - 16, DATA + 16 * PAGE - 31, DATA + 16 * PAGE, DATA - 1, DATA - 31, FIXED, FIXED + PAGE - 3, NONE, NONE - 9, 0, 8, 0xffffffffffffffff,
	0x7fffffffffff, 0x800000000000, 0x7fffffffefff, 0x8000000000000000, 0xffff7fffffffffff, 0xffffffff80000000, 0xffffffffffffffe8, 0x7fffffff0000, DATA + 0x80000000,
};
static void memory(void) {
	for (int n = 0; n < LEN(accesses); n++)
		for (int p = 0; p < LEN(places); p++) {
			fresh();
			start[REG_RCX] = (n + p) % 41 ? 2 : HOT;
			start[REG_RBX] = places[p];
			start[REG_RDX] = 1;
			memcpy((void *)CODE, accesses[n].code, accesses[n].end - accesses[n].code);
			printf("%lx ", places[p]);
			go(accesses[n].name);
		}
}

// Walks out of the data, up and down, in a loop.
#define WALK(name, text, step) PIECE(name, "1: test $64, %bl; jz 2f; xor %rax, %r8; 2: add $3, %rdx; " text "; test $256, %bl; jnz 3f; add %rbx, %r9; 3: add $" #step ", %rbx; dec %rcx; jnz 1b; ud2")
WALK(up8, "mov %dl, (%rbx)", 1)
WALK(up64, "mov %rdx, (%rbx)", 3)
WALK(up256, "vpaddb %ymm1, %ymm2, %ymm2; vmovdqu %ymm2, (%rbx)", 5)
WALK(upadd, "adc %rdx, (%rbx)", 3)
WALK(down64, "mov %rdx, (%rbx)", -3)
WALK(down128, "movups %xmm1, (%rbx); movups (%rbx), %xmm2; paddb %xmm2, %xmm1", -5)
WALK(downld, "mov (%rbx), %rax; add %rax, %rdx", -3)
WALK(upld, "xor (%rbx), %rax", 3)
WALK(uppop, "pop %rax; add $-5, %rsp; xor %rsp, %rdx", 3)
PIECE(pushes, "1: push %rax; inc %rax; test $4, %al; jz 2f; inc %rdx; 2: dec %rcx; jnz 1b; ud2")
PIECE(recurse, "1: inc %rax; call 1b; ud2")
static void walk(const char *name, u64 from, int n) {
	start[REG_RBX] = from, start[REG_RCX] = 4000000, hidden = 0;
	if (n) start[REG_RSP] = from;
	go(name);
}
static u64 again, turnBack;
static int restart(int sig, siginfo_t *i, greg_t *r) { // back into the data, until it has had enough
	if (again == 0) return 0;
	again--;
	r[REG_RBX] = turnBack;
	if ((u64)r[REG_RSP] > DATA && (u64)r[REG_RSP] < DATA + 17 * PAGE) r[REG_RSP] = turnBack;
	return 1;
}
static void walks(void) {
	static const struct { struct piece p; int down, sp; } ws[] = {{A(up8)}, {A(up64)}, {A(up256)}, {A(upadd)}, {A(down64), 1}, {A(down128), 1}, {A(downld), 1}, {A(upld)}, {A(uppop), 0, 1}};
	for (int n = 0; n < LEN(ws); n++)
		for (int fixed = 0; fixed < 2; fixed++) {
			fresh();
			memcpy((void *)CODE, ws[n].p.code, ws[n].p.end - ws[n].p.code);
			turnBack = ws[n].down ? DATA + 16 * PAGE - 64 : DATA + 5;
			if (fixed) fix = restart, again = 40;
			walk(ws[n].p.name, turnBack, ws[n].sp);
		}
	fresh(), put(pushes, CODE), start[REG_RSP] = DATA + 16 * PAGE - 3, start[REG_RCX] = HOT, go("pushes");
	fresh(), put(recurse, CODE), start[REG_RSP] = DATA + 16 * PAGE, start[REG_RCX] = HOT, go("recursion");
}

// Handlers that repair what went wrong.
static int repair(int sig, siginfo_t *i, greg_t *r) {
	u64 page = (u64)i->si_addr & -PAGE;
	if (again == 0 || sig != SIGSEGV) return 0;
	again--;
	map(page, PAGE, RWX);
	return 1;
}
static int unlock(int sig, siginfo_t *i, greg_t *r) { return sig == SIGSEGV && again-- > 0 && mprotect((void *)((u64)i->si_addr & -PAGE), PAGE, RWX) == 0; }
static int lock(int sig, siginfo_t *i, greg_t *r) { // makes one page writable, and those before it not
	if (sig != SIGSEGV || again-- == 0) return 0;
	mprotect((void *)DATA, 16 * PAGE, PROT_READ);
	return mprotect((void *)((u64)i->si_addr & -PAGE), 2 * PAGE, RW) == 0;
}
static int skip(int sig, siginfo_t *i, greg_t *r) { // over a store of four bytes
	if (again-- == 0) return 0;
	r[REG_RIP] += 4;
	return 1;
}
PIECE(touch, "1: mov %rcx, %rdx; and $15, %edx; shl $12, %edx; addl %ecx, 8(%rbx,%rdx); test $1, %cl; jz 2f; add %rdx, %rax; 2: add $3, %r8; dec %rcx; jnz 1b; ud2")
PIECE(skipped, "1: add %rcx, %rax; mov %rax, 8(%rbx); test $1, %al; jz 2f; xor $5, %rdx; 2: dec %rcx; jnz 1b; ud2")
static void repairs(void) {
	EACH put(touch, CODE), munmap((void *)DATA, 16 * PAGE), fix = repair, again = 100, go("mapped on demand");
	EACH put(touch, CODE), mprotect((void *)DATA, 16 * PAGE, PROT_READ), fix = unlock, again = 100, go("unprotected on demand");
	EACH put(touch, CODE), mprotect((void *)DATA, 16 * PAGE, PROT_READ), fix = lock, again = 50, go("one at a time");
	EACH put(skipped, CODE), start[REG_RBX] = FIXED, fix = skip, again = 60, go("skipped");
	EACH put(jmp_reg, CODE), start[REG_RBX] = CODE + 2 * PAGE, memset((void *)(CODE + 2 * PAGE), 0x90, PAGE), put(jmp_reg, CODE + 2 * PAGE), *(uint16_t *)(CODE + 2 * PAGE) = 0x0b0f,
		mprotect((void *)(CODE + 2 * PAGE), PAGE, PROT_NONE), fix = unlock, again = 10, go("code on demand");
}

// Division.
#define DIV(name, text) PIECE(name, "1: mov %r8, %rax; xor %edx, %edx; test $1, %cl; jz 2f; add $7, %r9; 2: add %rcx, %r10; " text "; add %rax, %r11; sub $1, %rcx; jns 1b; ud2")
DIV(div8, "div %cl")
DIV(div16, "div %cx")
DIV(div32, "div %ecx")
DIV(div64, "div %rcx")
DIV(divmem, "mov %rcx, (%rbx); divl (%rbx)")
DIV(idiv32, "idiv %ecx")
DIV(idiv64, "idiv %rcx")
DIV(wide64, "mov %r12, %rdx; div %rcx")
DIV(least32, "mov $0x80000000, %eax; cdq; lea -1(%rcx), %ebp; idiv %ebp")
DIV(least64, "mov $1, %eax; ror $1, %rax; cqo; lea -1(%rcx), %rbp; idiv %rbp")
static int one(int sig, siginfo_t *i, greg_t *r) { // divide by one, once
	if (again-- == 0) return 0;
	r[REG_RCX] = 500, r[REG_RDX] = 0, r[REG_RBP] = 1;
	*(int *)DATA = 1;
	return 1;
}
static void divisions(void) {
	static const struct piece ps[] = {A(div8), A(div16), A(div32), A(div64), A(divmem), A(idiv32), A(idiv64), A(wide64), A(least32), A(least64)};
	for (int n = 0; n < LEN(ps); n++)
		for (int t = 0; t < 4; t++) {
			fresh();
			memcpy((void *)CODE, ps[n].code, ps[n].end - ps[n].code);
			start[REG_R8] = 200, start[REG_R12] = 1000;
			start[REG_RCX] = turns[t & 1];
			if (t > 1) fix = one, again = 3;
			go(ps[n].name);
		}
}
PIECE(overflow80, "fldcw (%rbx); 1: fld1; fldz; fdivrp; add $3, %rax; test $1, %cl; jz 2f; inc %rdx; 2: fstp %st; dec %rcx; jnz 1b; ud2")
PIECE(divsd_, "ldmxcsr (%rbx); 1: movapd %xmm1, %xmm0; test $1, %cl; jz 2f; inc %rdx; 2: cvtsi2sd %rcx, %xmm2; divsd %xmm2, %xmm0; addsd %xmm0, %xmm3; dec %rcx; jns 1b; ud2")
static void floats(void) {
	EACH put(overflow80, CODE), *(int *)DATA = 0x37b, go("x87");
	EACH put(divsd_, CODE), *(int *)DATA = 0x1d80, go("sse");
}

// Code that changes itself.
PIECE(next, "1: add $2, %rdx; movb $0xc2, 2f+1(%rip); 2: inc %eax; dec %rcx; jnz 1b; ud2") // inc eax becomes inc edx
PIECE(later, "1: add $2, %rdx; mov %cl, 2f+2(%rip); xor %rdx, %r8; lea 1(%r9), %r9; add %rdx, %r10; 2: add $0, %rax; dec %rcx; jnz 1b; ud2")
PIECE(behind, "1: add $2, %rdx; test $1, %dl; jnz 3f; test $4, %dl; jz 2f; inc %r8; 2: cmp $100, %rcx; jne 3f; movw $0x0b0f, 4f(%rip); 3: add %rdx, %r9; 4: add $0, %rax; dec %rcx; jnz 1b; ud2")
PIECE(before, "1: add $2, %rdx; test $4, %dl; jz 2f; inc %r8; 2: cmp $100, %rcx; jne 3f; movb $0xea, 1b+2(%rip); 3: add %rdx, %r9; dec %rcx; jnz 1b; ud2") // add becomes sub
PIECE(wide, "mov $0x0000b848c0ff48d1, %rax; 1: add $2, %r8; cmp $50, %rcx; jne 2f; vmovdqu 4f(%rip), %ymm1; vmovdqu %ymm1, 3f(%rip); 2: nop; 3: .fill 32, 1, 0x90; dec %rcx; jnz 1b; ud2; 4: .fill 8, 4, 0x04c08349")
PIECE(strings, "lea 2f(%rip), %rdi; 1: mov %rcx, %r8; cmp $5, %rcx; jne 2f; lea 3f(%rip), %rsi; mov $6, %ecx; rep movsb; 2: nop; nop; nop; nop; nop; nop; mov %r8, %rcx; dec %rcx; jnz 1b; ud2; 3: inc %rax; dec %rdx")
PIECE(calls_, "mov %rcx, %r12; 1: call 3f; test $8, %r12; jz 2f; mov %r12b, 3f+1(%rip); 2: dec %r12; jnz 1b; ud2; 3: mov $1, %al; add %rax, %rdx; ret")
PIECE(pushed, "lea 2f+8(%rip), %rsp; mov $0xccc0ffc3fec3feff, %rax; 1: push %rax; 2: .fill 8, 1, 0x90")
PIECE(other, "1: add %rcx, %rax; call *%rbx; dec %rcx; jnz 1b; ud2")
PIECE(function, "inc %r9; ret")
static void modifies(void) {
	EACH put(next, CODE), go("the next");
	EACH start[REG_RCX] = t ? 3000 : 3, put(later, CODE), go("a later one");
	EACH put(behind, CODE), go("behind");
	EACH put(before, CODE), go("before");
	EACH put(wide, CODE + 11), start[REG_RIP] += 11, go("32 bytes");
	EACH put(wide, CODE + PAGE - 90), start[REG_RIP] += PAGE - 90, go("32 bytes across pages");
	EACH put(strings, CODE), go("by rep movsb");
	EACH start[REG_RCX] = t ? 3000 : 20, put(calls_, CODE), go("a function");
	EACH put(pushed, CODE), go("by push");
	for (int at = 0; at < 12; at++) // across the edge of pages
		EACH put(behind, CODE + PAGE - 60 + 5 * at), start[REG_RIP] += PAGE - 60 + 5 * at, go("across pages");
	EACH put(other, CODE), put(function, CODE + PAGE), start[REG_RBX] = CODE + PAGE, go("call");
	for (int n = 0; n < 4; n++) // the second part of an instruction
		EACH {
			put(other, CODE), put(function, CODE + 2 * PAGE - 1 - n % 2), start[REG_RBX] = CODE + 2 * PAGE - 1 - n % 2;
			go("as it was");
			if (n < 2) *(char *)(CODE + 2 * PAGE) ^= 3; // another instruction
			else munmap((void *)(CODE + 2 * PAGE), PAGE);
			go("and now");
		}
}

// Code that loses its own memory.
#define CALL(nr, bytes, prot) "mov %rcx, %r12; mov $" #nr ", %eax; lea 1b(%rip), %rdi; and $-4096, %rdi; mov $" #bytes ", %esi; mov $" #prot ", %edx; syscall; mov %r12, %rcx;"
#define LOSES(name, nr, bytes, prot) PIECE(name, "1: add %rcx, %r8; test $1, %cl; jz 2f; xor %rcx, %r9; 2: cmp $2, %rcx; jne 3f; " CALL(nr, bytes, prot) "3: inc %r10; dec %rcx; jnz 1b; ud2")
LOSES(unmapped, 11, 4096, 0)
LOSES(unmappedAll, 11, 16384, 0)
LOSES(readonly, 10, 4096, 1)
LOSES(writable, 10, 16384, 3)
LOSES(nothing, 10, 4096, 0)
LOSES(fewer, 10, 4096, 5)
PIECE(upto, "1: add %rcx, %r8; test $1, %cl; jz 2f; xor %rcx, %r9; 2: mov %rax, (%rbx); add $8, %rbx; jmp 1b")
PIECE(still, "mov $1, %eax; mov %eax, (%rbx); 1: jmp 1b")
static int lose(int sig, siginfo_t *i, greg_t *r) { // the code goes, the reason for the fault too
	if (again-- == 0) return 0;
	r[REG_RBX] = DATA;
	if (again & 1) munmap((void *)CODE, PAGE);
	else mprotect((void *)CODE, PAGE, RW);
	return 1;
}
static void *remover(void *x) {
	while (!*(volatile int *)DATA) sched_yield();
	usleep(2000);
	if (x) munmap((void *)CODE, PAGE);
	else mprotect((void *)CODE, PAGE, PROT_READ);
	return 0;
}
static void loses(void) {
	static const struct piece ps[] = {A(unmapped), A(unmappedAll), A(readonly), A(writable), A(nothing), A(fewer)};
	for (int n = 0; n < LEN(ps); n++) {
		EACH memcpy((void *)CODE, ps[n].code, ps[n].end - ps[n].code), go(ps[n].name);
		EACH memcpy((void *)(CODE + PAGE - 30), ps[n].code, ps[n].end - ps[n].code), start[REG_RIP] += PAGE - 30, go(ps[n].name);
	}
	for (int n = 0; n < 4; n++) fresh(), put(upto, CODE), fix = lose, again = 1 + (n & 1), go("by a handler");
}
static void threads(void) {
	for (int n = 0; n < 2; n++) {
		pthread_t t;
		fresh(), put(still, CODE), *(int *)DATA = 0;
		sigset_t all;
		sigfillset(&all);
		pthread_create(&t, 0, remover, (void *)(long)n);
		go("by a thread");
		pthread_join(t, 0);
	}
}

// Signals in loops that end by nothing else.
PIECE(waitmem, "1: cmpl $0, (%rbx); jz 1b; ud2")
PIECE(waitlong, "1: add $3, %rax; mov (%rbx), %edx; test %edx, %edx; jnz 9f; test $1, %al; jz 2f; xor %rax, %r8; 2: mov %rax, 8(%rbx); jmp 1b; 9: ud2")
PIECE(waitreg, "1: test %rdx, %rdx; jz 1b; ud2")
PIECE(waitreg11, "1: inc %rax; xor %r10, %r10; test $1, %al; jz 2f; inc %r8; 2: cmp %r11, %r10; je 1b; ud2")
PIECE(waitvec, "vpxor %xmm0, %xmm0, %xmm0; 1: inc %rax; vpaddd %ymm0, %ymm1, %ymm1; vptest %ymm7, %ymm7; jz 1b; ud2")
PIECE(waitnot, "1: jmp 1b")
PIECE(waitcall, "1: call 2f; jmp 1b; 2: test %rdx, %rdx; jz 3f; ud2; 3: ret")
static int stopLoop(int sig, siginfo_t *i, greg_t *r) {
	if (sig != SIGALRM) return 0;
	*(int *)DATA = 1;
	r[REG_RDX] = 5, r[REG_R11] = 6;
	if (*(short *)CODE == (short)0xfeeb) r[REG_RIP] = CODE + 2, *(short *)(CODE + 2) = 0x0b0f;
	return 1;
}
static void wakes(void) {
	static const struct { struct piece p; u64 hide; } ps[] = {{A(waitmem)}, {A(waitreg)}, {A(waitnot)}, {A(waitlong), 1 << 0 | 1 << 12 | 1 << 13 | 1 << 17}, {A(waitreg11), 1 << 0 | 1 << 13 | 1 << 17}, {A(waitcall), 1 << 16 | 1 << 17 | 1 << 15}};
	for (int n = 0; n < LEN(ps); n++)
		for (int usec = 500; usec < 20000; usec *= 3) {
			fresh();
			memcpy((void *)CODE, ps[n].p.code, ps[n].p.end - ps[n].p.code);
			*(int *)DATA = 0, start[REG_RDX] = 0, start[REG_R11] = 0;
			fix = stopLoop, hidden = ps[n].hide | 1 << 16 | 1 << 17;
			struct itimerval v = {{0, 0}, {0, usec}};
			setitimer(ITIMER_REAL, &v, 0);
			puts(ps[n].p.name);
			if (!sigsetjmp(back, 1)) raise(SIGUSR1);
		}
}

// Repeated string instructions that run out of memory, behind a hot loop.
#define REP(name, text) PIECE(name, "1: add %rcx, %rax; test $1, %al; jz 2f; xor %rax, %r8; 2: dec %rcx; jnz 1b; mov %rdx, %rcx; mov %rbx, %rax; " text "; ud2")
REP(movsb1, "rep movsb")
REP(movsq1, "rep movsq")
REP(movsw0, "std; rep movsw")
REP(movsq0, "std; rep movsq")
REP(stosb1, "rep stosb")
REP(stosl0, "std; rep stosl")
REP(stosq1, "rep stosq")
REP(cmpsb1, "cmp %eax, %eax; repe cmpsb")
REP(cmpsl0, "std; repe cmpsl")
REP(cmpsq1, "repne cmpsq")
REP(scasb1, "repne scasb")
REP(scasw0, "std; repne scasw")
REP(scasq1, "repne scasq")
REP(lodsl1, "rep lodsl")
static int mapMore(int sig, siginfo_t *i, greg_t *r) { return sig == SIGSEGV && (u64)i->si_addr > 1 << 20 && again-- > 0 && mmap((void *)((u64)i->si_addr & -PAGE), PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != MAP_FAILED; }
static void repeats(void) {
	static const struct piece ps[] = {A(movsb1), A(movsq1), A(movsw0), A(movsq0), A(stosb1), A(stosl0), A(stosq1), A(cmpsb1), A(cmpsl0), A(cmpsq1), A(scasb1), A(scasw0), A(scasq1), A(lodsl1)};
	static const u64 ends[][2] = {
		{DATA + 0x1003, DATA + 0x9001}, {DATA + 15 * PAGE + 7, DATA + 3}, {DATA + 3, DATA + 15 * PAGE + 1}, {DATA + 16 * PAGE - 3, DATA + 2}, {DATA + 5, DATA + 16 * PAGE - 3}, {FIXED + 100, DATA + 200},
		{DATA + 200, FIXED + 100}, {NONE, DATA}, {DATA, NONE}, {0, 0}, {~7ul, DATA}, {DATA, ~5ul}, {0x8000000000000000, DATA}, {DATA, 0x800000000000}, {DATA + 0x100, DATA + 0x180},
	};
	for (int n = 0; n < LEN(ps); n++)
		for (int e = 0; e < LEN(ends); e++)
			for (int k = 0; k < 3; k++) {
				fresh();
				memcpy((void *)CODE, ps[n].code, ps[n].end - ps[n].code);
				start[REG_RSI] = ends[e][0], start[REG_RDI] = ends[e][1], start[REG_RDX] = k == 1 ? 0x1801 : ~0ul >> 1, start[REG_RBX] = 0xa1a2a3a4a5a6a7a8;
				start[REG_RCX] = (n + e) % 17 ? 3 : HOT;
				if (k == 2) memset((void *)DATA, 0x5a, 16 * PAGE), fix = mapMore, again = 3;
				go(ps[n].name);
				map(DATA - 16 * PAGE, 64 * PAGE, PROT_NONE), munmap((void *)(DATA - 16 * PAGE), 64 * PAGE); // what was mapped on the way
				munmap((void *)(NONE - 8 * PAGE), 32 * PAGE), munmap((void *)(FIXED - 8 * PAGE), 32 * PAGE);
			}
}

// A stack that overflows, with the handler on another.
static void stacks(void) {
	EACH put(pushes, CODE), start[REG_RSP] = DATA + 5 * PAGE, start[REG_RCX] = HOT, munmap((void *)DATA, 2 * PAGE), go("pushes");
	EACH put(recurse, CODE), start[REG_RSP] = DATA + 16 * PAGE, munmap((void *)DATA, (t ? 1 : 15) * PAGE), go("calls");
	EACH put(recurse, CODE), start[REG_RSP] = DATA + 16 * PAGE, mprotect((void *)DATA, 15 * PAGE, PROT_READ), fix = unlock, again = 12, go("grown by the handler");
}

#define T(f) {#f, f}
static const struct { const char *name; void (*f)(void); } tests[] = {T(jumps), T(direct), T(edges), T(memory), T(walks), T(repairs), T(divisions), T(floats), T(modifies), T(loses), T(threads), T(wakes), T(repeats), T(stacks)};
int main(int argc, char **argv) {
	setvbuf(stdout, 0, _IOLBF, 0);
	static char alternate[1 << 16];
	stack_t s = {alternate, 0, sizeof alternate};
	struct sigaction a = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	sigaltstack(&s, 0);
	static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGALRM, SIGUSR1};
	for (int i = 0; i < LEN(signals); i++) sigaction(signals[i], &a, 0);
	for (int i = 0; i < LEN(tests); i++) {
		if (argc < 2) puts(tests[i].name);
		else if (!strcmp(argv[1], tests[i].name)) tests[i].f();
	}
}
