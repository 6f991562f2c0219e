// Threads that loop over something short beside a main thread that wants it
// now and then. Each test prints how often each of them got it.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { rounds = 100 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER, quiet = PTHREAD_COND_INITIALIZER;
static volatile int done, word, flag;
static volatile long other;
static int fds[2], ev;

static long sysc(void) { return syscall(SYS_getppid); }
static void work(int n) { for (volatile int i = 0; i < n; i++) {} }

static void each(void *(*f)(void *), int n, void (*mine)(void)) {
	pthread_t t[8];
	for (int i = 0; i < n; i++) pthread_create(&t[i], 0, f, 0);
	long got = 0;
	for (; got < rounds; got++) {
		for (long before = other; other < before + 3;) sched_yield();
		mine();
	}
	done = 1;
	printf("%ld %ld\n", got, other / n);
	fflush(stdout);
	_exit(0);
}

// A mutex that is held across a call, or across work, and let go for a moment.
static void *callHolder(void *p) {
	for (; !done; other++) { pthread_mutex_lock(&mutex); sysc(); pthread_mutex_unlock(&mutex); }
	return 0;
}
static void *workHolder(void *p) {
	for (; !done; other++) { pthread_mutex_lock(&mutex); work(300); pthread_mutex_unlock(&mutex); }
	return 0;
}
static void lockOnce(void) { pthread_mutex_lock(&mutex); pthread_mutex_unlock(&mutex); }
static void mutexCall(void) { each(callHolder, 1, lockOnce); }
static void mutexWork(void) { each(workHolder, 1, lockOnce); }
static void mutexMany(void) { each(callHolder, 4, lockOnce); }

// A lock that is tried without waiting for it.
static void tryOnce(void) {
	while (pthread_mutex_trylock(&mutex)) {}
	pthread_mutex_unlock(&mutex);
}
static void trylock(void) { each(workHolder, 1, tryOnce); }
static void tryYield(void) {
	while (pthread_mutex_trylock(&mutex)) sched_yield();
	pthread_mutex_unlock(&mutex);
}
static void trylockYield(void) { each(callHolder, 1, tryYield); }

// Python's interpreter lock: a flag under a mutex, with a signal when it falls.
static void take(void) {
	pthread_mutex_lock(&mutex);
	while (flag) pthread_cond_wait(&cond, &mutex);
	flag = 1;
	pthread_mutex_unlock(&mutex);
}
static void drop(void) {
	pthread_mutex_lock(&mutex);
	flag = 0;
	pthread_cond_signal(&cond);
	pthread_mutex_unlock(&mutex);
}
static void *gilHolder(void *p) {
	for (; !done; other++) { take(); work(100); drop(); sysc(); }
	return 0;
}
static void gilOnce(void) { take(); drop(); }
static void gil(void) { each(gilHolder, 1, gilOnce); }
static void gilMany(void) { each(gilHolder, 3, gilOnce); }

// A lock made of a futex, whose waiters are always woken.
static void futexTake(void) {
	while (__sync_lock_test_and_set(&word, 1)) syscall(SYS_futex, &word, FUTEX_WAIT, 1, 0, 0, 0);
}
static void futexDrop(void) {
	word = 0;
	__sync_synchronize();
	syscall(SYS_futex, &word, FUTEX_WAKE, 1, 0, 0, 0);
}
static void *futexHolder(void *p) {
	for (; !done; other++) { futexTake(); sysc(); futexDrop(); }
	return 0;
}
static void futexOnce(void) { futexTake(); futexDrop(); }
static void futexLock(void) { each(futexHolder, 1, futexOnce); }

// Condition variables both ways, beside threads that want nothing but the CPU.
static void *spinner(void *p) {
	for (; !done; other++) work(100);
	return 0;
}
static void *answers(void *p) {
	pthread_mutex_lock(&mutex);
	while (!done) {
		while (flag != 1) pthread_cond_wait(&cond, &mutex);
		flag = 0;
		pthread_cond_signal(&quiet);
	}
	return 0;
}
static void ask(void) {
	pthread_mutex_lock(&mutex);
	flag = 1;
	pthread_cond_signal(&cond);
	while (flag) pthread_cond_wait(&quiet, &mutex);
	pthread_mutex_unlock(&mutex);
}
static void condition(void) {
	pthread_t t;
	pthread_create(&t, 0, answers, 0);
	each(spinner, 2, ask);
}

// Spinning until another thread has changed a flag.
static void *flips(void *p) {
	while (!done) { while (!flag && !done) sched_yield(); flag = 0; }
	return 0;
}
static void flip(void) { flag = 1; while (flag) sched_yield(); }
static void yield(void) {
	pthread_t t;
	pthread_create(&t, 0, flips, 0);
	each(spinner, 1, flip);
}

// Bytes that go through a pipe, an event counter or a socket, beside a thread that
// makes short calls, which also holds a mutex.
static void *echo(void *p) {
	char b[8];
	for (int n; (n = read(fds[0], b, 8)) > 0;) { pthread_mutex_lock(&mutex); write(ev, "\1\0\0\0\0\0\0", 8); pthread_mutex_unlock(&mutex); }
	return 0;
}
static void send8(void) {
	char b[8] = {1};
	write(fds[1], b, 8);
	read(ev, b, 8);
}
static void echoed(void) {
	pthread_t t;
	ev = eventfd(0, 0);
	pthread_create(&t, 0, echo, 0);
	each(callHolder, 1, send8);
}
static void pipes(void) { pipe(fds); echoed(); }
static void sockets(void) { socketpair(AF_UNIX, SOCK_STREAM, 0, fds); echoed(); }
static void eventfds(void) { fds[0] = fds[1] = eventfd(0, 0); echoed(); }

// Threads and processes that are made beside one that maps code, runs it and
// unmaps it.
static void *mapper(void *p) {
	for (; !done; other++) {
		unsigned char *code = mmap(0, 4096, 7, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		code[0] = 0xc3;
		((void (*)(void))code)();
		munmap(code, 4096);
	}
	return 0;
}
static void *nothing(void *p) { return 0; }
static void thread(void) {
	pthread_t t;
	pthread_create(&t, 0, nothing, 0);
	pthread_join(t, 0);
}
static void threads(void) { each(mapper, 1, thread); }
static void process(void) {
	pid_t p = fork();
	if (p == 0) _exit(0);
	waitpid(p, 0, 0);
}
static void processes(void) { each(mapper, 1, process); }

static struct { const char *name; void (*run)(void); } tests[] = {
	{"mutexCall", mutexCall}, {"mutexWork", mutexWork}, {"mutexMany", mutexMany}, {"trylock", trylock}, {"trylockYield", trylockYield},
	{"gil", gil}, {"gilMany", gilMany}, {"futexLock", futexLock}, {"condition", condition}, {"yield", yield},
	{"pipes", pipes}, {"sockets", sockets}, {"eventfds", eventfds}, {"threads", threads}, {"processes", processes},
};

int main(int argc, char **argv) {
	for (int i = 0; i < sizeof tests / sizeof *tests; i++) {
		if (argc == 1) puts(tests[i].name);
		else if (!strcmp(argv[1], tests[i].name)) tests[i].run();
	}
	return 0;
}
