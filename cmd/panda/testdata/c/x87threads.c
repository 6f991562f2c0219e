// Threads with control words of their own, that take signals and give up the CPU
// between x87 instructions: each computes with its own rounding and precision.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { threads = 6, turns = 400 };

static void setcw(uint16_t cw) { __asm__ volatile("fldcw %0" : : "m"(cw)); }
static uint16_t getcw(void) { uint16_t cw; __asm__ volatile("fnstcw %0" : "=m"(cw)); return cw; }
static void setmx(uint32_t v) { __asm__ volatile("ldmxcsr %0" : : "m"(v)); }
static uint32_t getmx(void) { uint32_t v; __asm__ volatile("stmxcsr %0" : "=m"(v)); return v; }

// third is a third and its whole number of 10/4, as they are rounded.
static uint64_t third(void) {
	unsigned char x[10];
	int32_t three = 3, ten = 10, four = 4, whole;
	double d = 1, e = 3;
	__asm__ volatile("fld1; fildl %2; fdivrp; fstpt %0; fildl %3; fidivl %4; fistpl %1"
		: "=m"(x), "=m"(whole) : "m"(three), "m"(ten), "m"(four));
	__asm__ volatile("divsd %1, %0" : "+x"(d) : "x"(e));
	uint64_t m, b;
	memcpy(&m, x, 8), memcpy(&b, &d, 8);
	return m ^ b << 7 ^ (uint64_t)whole << 50;
}

static __thread uint64_t inHandler;
static __thread volatile int nested;

static void handler(int sig) {
	inHandler = inHandler * 31 + getcw() + (getmx() & 0xffc0);
	setcw(nested & 1 ? 0x0c7f : 0x0a7f), setmx(0x3f80);
	inHandler = inHandler * 31 + third();
	if (nested++ % 3 == 0) raise(SIGUSR2);
	__asm__ volatile("fninit; fldpi");
}

static void *run(void *p) {
	long id = (long)p;
	uint64_t sum = 0, changed = 0;
	uint16_t cw = 0x007f | (id % 4) << 10 | (id % 3 == 0 ? 0x300 : id % 3 == 1 ? 0x200 : 0);
	uint32_t mx = 0x1f80 | (id * 7 % 4) << 13;
	char env[28], all[108];
	setcw(cw), setmx(mx);
	for (int i = 0; i < turns; i++) {
		sum = sum * 33 + third();
		switch (i % 5) {
		case 0: sched_yield(); break;
		case 1: raise(SIGUSR1); break;
		case 2: __asm__ volatile("fnstenv %0; fninit; fldenv %0" : "+m"(env)); break;
		case 3: __asm__ volatile("fldl2e; fnsave %0" : "=m"(all)); sched_yield(); __asm__ volatile("frstor %0; fstp %%st(0)" : : "m"(all)); break;
		case 4: pthread_kill(pthread_self(), SIGUSR2); sched_yield(); break;
		}
		changed += getcw() != cw, changed += (getmx() & 0xffc0) != (mx & 0xffc0);
	}
	static char lines[threads][120];
	sprintf(lines[id], "%ld: cw %#x mxcsr %#x sum %016lx handlers %016lx changed %lu", id, getcw(), getmx() & 0xffc0, (long)sum, (long)inHandler, (long)changed);
	return lines[id];
}

int main(void) {
	pthread_t t[threads];
	struct sigaction a = {.sa_handler = handler};
	sigaction(SIGUSR1, &a, 0), sigaction(SIGUSR2, &a, 0);
	for (long i = 0; i < threads; i++) pthread_create(&t[i], 0, run, (void *)i);
	for (int i = 0; i < threads; i++) {
		void *line;
		pthread_join(t[i], &line);
		puts(line);
	}
	return 0;
}
