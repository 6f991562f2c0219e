// Memory all over the addresses that Linux gives a program: far above each other,
// across lines where an emulator may keep it in two pieces, moved, shared, forked,
// executed, cut off. Each test prints what it saw.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul
enum { RW = PROT_READ | PROT_WRITE, RWX = RW | PROT_EXEC };
static const int ANON = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
#define LAST 0x7e0000000000ul
#define LINE (0x601000000000ul) // a multiple of 64 GiB

static void say(const char *what, long v) { printf("%s %ld%s%s\n", what, v, v == -1 ? " " : "", v == -1 ? strerror(errno) : ""); }

static char *map(unsigned long at, unsigned long size, int prot, int flags, int fd) {
	char *p = mmap((void *)at, size, prot, flags | (at ? MAP_FIXED : 0), fd, 0);
	if (p == MAP_FAILED) say("map", -1), exit(1);
	return p;
}

static unsigned sum(const char *p, unsigned long n) {
	unsigned s = 0;
	for (unsigned long i = 0; i < n; i++) s = s * 31 + (unsigned char)p[i];
	return s;
}

static sigjmp_buf env;
static volatile unsigned long at;
static void caught(int sig, siginfo_t *i, void *u) {
	at = (unsigned long)i->si_addr;
	siglongjmp(env, sig * 100 + i->si_code);
}
static void touch(const char *what, volatile char *p, int write) {
	struct sigaction a = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO | SA_NODEFER};
	sigaction(SIGSEGV, &a, 0), sigaction(SIGBUS, &a, 0);
	int got = sigsetjmp(env, 1);
	if (!got) {
		if (write) *p = 1; else (void)*p;
		got = -1;
	}
	printf("%s: %d at %lx\n", what, got, got < 0 ? 0 : at);
}

static void places(void) {
	unsigned long all[] = {1ul << 40, 5ul << 40, 20ul << 40, 1ul << 46, 0x500000000000, LINE, LAST};
	for (int i = 0; i < 7; i++) {
		char *p = map(all[i], PAGE, RW, ANON, -1);
		p[0] = i, p[PAGE - 1] = i + 1;
	}
	for (int i = 0; i < 7; i++) printf("%d%d ", *(char *)all[i], *(char *)(all[i] + PAGE - 1));
	puts("");
	say("behind the last", (long)mmap((void *)((1ul << 47) - PAGE), PAGE, RW, ANON | MAP_FIXED, -1, 0));
	say("hint", mmap((void *)0x300000000000, PAGE, RW, ANON, -1, 0) == (void *)0x300000000000);
	touch("unmapped", (char *)LAST - PAGE, 0);
	touch("not canonical", (char *)(1ul << 47), 0);
	say("unmap", munmap((void *)LAST, PAGE));
	touch("gone", (char *)LAST, 1);
}

// A range that crosses the line, by all ways.
static void line(void) {
	char *p = map(LINE - 8 * PAGE, 16 * PAGE, RW, ANON, -1);
	for (unsigned long i = 0; i < 16 * PAGE; i++) p[i] = i * 7;
	char *l = p + 8 * PAGE;
	uint64_t v;
	memcpy(&v, l - 3, 8);
	printf("word %lx\n", v);
	memmove(l - 5000, l - 4999, 10000);
	printf("moved %x\n", sum(p, 16 * PAGE));
	int fd = memfd_create("x", 0);
	say("write", write(fd, l - 5000, 10000));
	memset(l - 5000, 0, 10000);
	say("pread", pread(fd, l - 5000, 10000, 0));
	printf("read %x\n", sum(p, 16 * PAGE));
	struct iovec iov[2] = {{l - 10, 20}, {p, 100}};
	say("writev", pwritev(fd, iov, 2, 0));
	int q[2];
	pipe(q);
	say("pipe", write(q[1], l - 3000, 6000));
	say("pipe", read(q[0], p, 6000));
	printf("piped %x\n", sum(p, 16 * PAGE));
	asm volatile("rep movsb" : : "D"(l - 100), "S"(p), "c"(200) : "memory");
	asm volatile("rep stosq" : : "D"(l - 804), "a"(0x1122334455667788), "c"(200) : "memory");
	asm volatile("lock xaddl %0, (%1)" : : "r"(77), "r"(l - 2) : "memory");
	asm volatile("movdqu %%xmm0, (%0)" : : "r"(l - 7) : "memory");
	printf("strings %x\n", sum(p, 8 * PAGE - 7));
	say("protect", mprotect(l - PAGE, 2 * PAGE, PROT_READ));
	touch("below the line", l - 1, 1), touch("above", l, 1), touch("beyond", l + PAGE, 1);
	int n = open("/dev/zero", O_RDONLY);
	say("read into what is protected", read(n, l - 2 * PAGE, 4 * PAGE));
	say("unmap", munmap(l - PAGE, 2 * PAGE));
	touch("gone", l, 0);
}

// Calls that fill one buffer, across the line.
static void calls(void) {
	char *l = map(LINE - PAGE, 2 * PAGE, RW, ANON, -1) + PAGE, dir[] = "/tmp/highXXXXXX", name[64];
	say("random", getrandom(l - 100, 200, 0));
	int zeroes = 0;
	for (int i = -100; i < 100; i++) zeroes += !l[i];
	say("filled", zeroes < 20);
	mkdtemp(dir);
	for (int i = 0; i < 4; i++) sprintf(name, "%s/%d", dir, i), close(open(name, O_CREAT | O_WRONLY, 0600));
	int d = open(dir, O_RDONLY);
	long n, entries = 0;
	while ((n = syscall(SYS_getdents64, d, l - 20, 100)) > 0)
		for (long o = 0; o < n; o += *(unsigned short *)(l - 20 + o + 16)) entries++;
	say("entries", entries);
	for (int i = 0; i < 4; i++) sprintf(name, "%s/%d", dir, i), unlink(name);
	rmdir(dir);
	int e = epoll_create1(0), q[2];
	pipe(q), write(q[1], "x", 1);
	struct epoll_event in = {EPOLLIN, {.u64 = 0x1122334455667788}}, out = {EPOLLOUT, {.u64 = 7}}, got[2];
	epoll_ctl(e, EPOLL_CTL_ADD, q[0], &in), epoll_ctl(e, EPOLL_CTL_ADD, q[1], &out);
	say("events", syscall(SYS_epoll_wait, e, l - 6, 2, 0));
	memcpy(got, l - 6, sizeof got);
	printf("%lx %lx\n", got[0].data.u64, got[1].data.u64);
}

static void moves(void) {
	char *low = map(0, 64 * PAGE, RW, ANON, -1);
	for (unsigned long i = 0; i < 64 * PAGE; i++) low[i] = i * 13 >> 3;
	unsigned before = sum(low, 64 * PAGE);
	char *high = mremap(low, 64 * PAGE, 64 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)(LINE - 32 * PAGE));
	say("up", sum(high, 64 * PAGE) == before);
	char *more = mremap(high, 64 * PAGE, 128 * PAGE, MREMAP_MAYMOVE);
	say("larger", sum(more, 64 * PAGE) == before && more[100 * PAGE] == 0);
	char *back = mremap(more, 128 * PAGE, 64 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)0x20000000);
	say("down", sum(back, 64 * PAGE) == before);
	char *s = map(LINE - PAGE, 2 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1);
	s[0] = 5, s[PAGE] = 6;
	char *t = mremap(s, 0, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)(LINE + 63 * PAGE));
	s[0]++, s[PAGE]++;
	printf("alias %d %d\n", t[0], t[PAGE]);
	map(LINE - PAGE, 2 * PAGE, RW, ANON, -1);
	printf("replaced %d %d\n", s[0], s[PAGE]);
	say("dontneed", madvise(back, PAGE, MADV_DONTNEED));
	printf("%d\n", back[5]);
	unsigned char vec[64];
	say("mincore", mincore(back, 64 * PAGE, vec));
	printf("%d %d\n", vec[0] & 1, vec[1] & 1);
}

static void forked(void) {
	char *p = map(LINE - PAGE, 2 * PAGE, RW, ANON, -1), *s = map(LAST, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1);
	char *wide = map(0x200000000000, 1ul << 43, RW, ANON, -1); // 8 TiB
	p[0] = 1, p[PAGE] = 2, s[0] = 3, wide[1ul << 42] = 4;
	fflush(stdout);
	for (int i = 0; i < 3; i++)
		if (!fork()) {
			p[0] += 10, p[PAGE] += 10, s[0] += 10, wide[1ul << 42] += 10, wide[5]++;
			if (i == 1 && !fork()) p[0] += 10, exit(p[0]);
			int status = 0;
			wait(&status);
			_exit(p[0] + p[PAGE] + wide[1ul << 42] + WEXITSTATUS(status));
		} else {
			int status;
			wait(&status);
			printf("child %d: %d %d %d %d\n", WEXITSTATUS(status), p[0], p[PAGE], s[0], wide[1ul << 42]);
		}
}

static void code(void) {
	unsigned char *c = (void *)map(LINE - PAGE, 2 * PAGE, RWX, ANON, -1);
	unsigned char add[] = {0x48, 0x8d, 0x04, 0x37, 0xc3}; // lea (rdi,rsi), rax; ret
	long (*f)(long, long) = (void *)(c + PAGE - 3); // across the line
	memcpy((void *)f, add, 5);
	printf("%ld\n", f(3, 4));
	((unsigned char *)f)[2] = 0x44, ((unsigned char *)f)[3] = 0x37, ((unsigned char *)f)[4] = 100, c[PAGE + 2] = 0xc3; // 100(rdi,rsi)
	printf("%ld\n", f(3, 4));
}

static void files(void) {
	int fd = memfd_create("x", 0);
	ftruncate(fd, 4 * PAGE);
	char *p = map(LINE - 2 * PAGE, 4 * PAGE, RW, MAP_SHARED, fd), *q = map(0x700000000000, 4 * PAGE, RW, MAP_PRIVATE, fd);
	p[0] = 1, p[3 * PAGE] = 2, q[PAGE] = 9;
	printf("%d %d %d\n", q[0], q[3 * PAGE], p[PAGE]);
	char b[2];
	pread(fd, b, 1, 3 * PAGE);
	printf("file %d\n", b[0]);
	ftruncate(fd, 2 * PAGE);
	touch("cut off", p + 3 * PAGE, 0), touch("cut off, private", q + 2 * PAGE, 1), touch("there", p + PAGE, 1);
	say("write of what is cut off", write(1, p + 2 * PAGE, 1));
	int r = memfd_create("code", 0);
	unsigned char ret[] = {0xb8, 1, 0, 0, 0, 0xc3};
	write(r, ret, 6);
	unsigned char *w = (void *)map(0x710000000000, PAGE, RW, MAP_SHARED, r);
	int (*f)(void) = (void *)map(0x500000000000, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, r);
	printf("%d ", f());
	w[1] = 2;
	printf("%d ", f());
	ret[1] = 3, pwrite(r, ret, 6, 0);
	printf("%d\n", f());
}

int main(int argc, char **argv) {
	setvbuf(stdout, 0, _IOLBF, 0);
	struct { const char *name; void (*run)(void); } all[] = {{"places", places}, {"line", line}, {"calls", calls}, {"moves", moves}, {"forked", forked}, {"code", code}, {"files", files}};
	for (int i = 0; i < 7; i++)
		if (argc < 2) puts(all[i].name);
		else if (!strcmp(argv[1], all[i].name)) all[i].run();
	return 0;
}
