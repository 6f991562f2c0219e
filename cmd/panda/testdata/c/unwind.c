/* Unwinding through the frame of a signal handler: one of each kind, a thread that is
 * cancelled in a call, and a handler that throws its way out by forced unwinding. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <unwind.h>

static int frames, found;
static void *outer;

static _Unwind_Reason_Code frame(struct _Unwind_Context *c, void *arg)
{
	frames++;
	if (_Unwind_FindEnclosingFunction((void *)_Unwind_GetIP(c)) == outer)
		found = 1;
	return 0;
}

static void count(const char *what)
{
	frames = found = 0;
	_Unwind_Backtrace(frame, 0);
	printf("%s: %d frames, raiser %s\n", what, frames, found ? "found" : "lost");
	fflush(stdout);
}

static void old(int s) { count("handler"); }
static void info(int s, siginfo_t *i, void *u) { count("handler with siginfo"); }

static __attribute__((noinline)) void raiser(int s)
{
	volatile int guard = 1;
	kill(getpid(), s);
	guard++;
}

static volatile int cleaned;
static void clean(void *p) { cleaned++; }

static void *waits(void *p)
{
	pthread_cleanup_push(clean, 0);
	for (;;)
		pause();
	pthread_cleanup_pop(0);
	return 0;
}

static void fault(int s, siginfo_t *i, void *u) { count("fault"); _exit(0); }

int main(void)
{
	struct sigaction a = {.sa_handler = old};
	pthread_t t;
	void *r;
	outer = (void *)raiser;
	sigaction(SIGUSR1, &a, 0);
	raiser(SIGUSR1);
	a.sa_sigaction = info;
	a.sa_flags = SA_SIGINFO;
	sigaction(SIGUSR2, &a, 0);
	raiser(SIGUSR2);
	pthread_create(&t, 0, waits, 0);
	usleep(10000);
	pthread_cancel(t);
	pthread_join(t, &r);
	printf("cancelled %d cleaned %d\n", r == PTHREAD_CANCELED, cleaned);
	fflush(stdout);
	outer = (void *)main;
	a.sa_sigaction = fault;
	sigaction(SIGSEGV, &a, 0);
	*(volatile int *)8 = 1;
	return 1;
}
