// RLIMIT_NPROC of an ordinary user: processes and threads count, those of others do
// not.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const uid_t somebody = 1234567; // who has no processes
static int stop[2];

static void *waits(void *p) { char c; read(stop[0], &c, 1); return 0; }

static void limit(int n) {
	struct rlimit r = {n, n};
	if (setrlimit(RLIMIT_NPROC, &r)) perror("setrlimit");
}

static int forks(int most) {
	int n = 0;
	for (; n < most; n++) {
		int pid = fork();
		if (pid == 0) { close(stop[1]); waits(0); _exit(0); }
		if (pid < 0) { printf("fork: %s\n", strerror(errno)); break; }
	}
	return n;
}

static void ends(const char *what) {
	printf("%s: %d\n", what, forks(8));
	close(stop[1]);
	while (wait(0) > 0) {}
	pipe(stop);
}

int main(int argc, char **argv) {
	if (argc > 1) { puts("executed"); return 0; }
	setvbuf(stdout, 0, _IOLBF, 0);
	pipe(stop);
	limit(4), ends("root has no limit");
	if (setresuid(somebody, somebody, somebody)) return 1;
	ends("processes");
	ends("after they have ended");
	pthread_t t;
	int e = pthread_create(&t, 0, waits, 0);
	printf("thread: %d\n", e);
	ends("processes beside a thread");
	close(stop[0]), close(stop[1]);
	limit(0);
	printf("none: %d\n", forks(1));
	execl(argv[0], argv[0], "x", (char *)0);
	return 1;
}
