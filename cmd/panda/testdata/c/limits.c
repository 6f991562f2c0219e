// Limits of a process, and what is said and sent when they are reached. Run in a
// folder of its own.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int signals;
static void on(int sig, siginfo_t *i, void *c) {
	signals++;
	if (i->si_code != SI_USER || i->si_pid != getpid()) printf("code %d\n", i->si_code);
}

static void limit(int what, long n) {
	struct rlimit r;
	getrlimit(what, &r);
	r.rlim_cur = n;
	if (setrlimit(what, &r)) perror("setrlimit");
}

// say prints what a call gave, and how often SIGXFSZ came.
static void say(const char *what, long n) {
	int e = errno;
	printf("%s %ld %s, signals %d\n", what, n, n < 0 ? strerrorname_np(e) : "", signals);
	signals = 0;
}

static char data[300];
static int file(const char *name, long n) {
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	write(fd, data, n);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void sizes(void) {
	struct sigaction a = {.sa_sigaction = on, .sa_flags = SA_SIGINFO};
	int in = file("in", 300), big = file("big", 200), p[2];
	sigaction(SIGXFSZ, &a, 0);
	limit(RLIMIT_FSIZE, 100);
	int f = file("f", 0);
	say("write part", write(f, data, 150));
	say("write none", write(f, data, 1));
	say("write nothing", write(f, data, 0));
	say("pwrite part", pwrite(f, data, 50, 90));
	say("pwrite none", pwrite(f, data, 50, 100));
	struct iovec v[2] = {{data, 60}, {data, 60}};
	say("pwritev part", pwritev(f, v, 2, 0));
	say("pwritev none", pwritev(f, v, 2, 200));
	say("ftruncate", ftruncate(f, 101));
	say("ftruncate to the limit", ftruncate(f, 100));
	say("ftruncate shrinks", ftruncate(big, 150));
	say("ftruncate grows", ftruncate(big, 160));
	say("truncate", truncate("f", 101));
	say("truncate shrinks", truncate("big", 120));
	say("truncate a folder", truncate(".", 1000));
	say("truncate nothing", truncate("none", 1000));
	say("fallocate", fallocate(f, 0, 50, 51));
	say("fallocate within", fallocate(f, 0, 50, 50));
	say("fallocate of no length", fallocate(f, 0, 50, 0));
	say("sendfile to limit", sendfile(file("g", 0), in, 0, 100));
	lseek(in, 0, SEEK_SET);
	int g = file("g", 0);
	say("sendfile part", sendfile(g, in, 0, 150));
	say("place of in", lseek(in, 0, SEEK_CUR));
	say("sendfile none", sendfile(g, in, 0, 150));
	off_t off = 250, out = 0;
	say("sendfile of the rest", sendfile(file("g", 0), in, &off, 150));
	off = 0;
	say("copy_file_range part", copy_file_range(in, &off, g, &out, 150, 0));
	say("copy_file_range none", copy_file_range(in, &off, g, &out, 150, 0));
	out = 1000;
	say("copy_file_range beyond", copy_file_range(in, &off, g, &out, 150, 0));
	pipe(p);
	write(p[1], data, 150);
	g = file("g", 0);
	say("splice part", splice(p[0], 0, g, 0, 150, 0));
	say("splice none", splice(p[0], 0, g, 0, 150, 0));
	int app = open("f", O_WRONLY | O_APPEND);
	ftruncate(app, 90);
	say("append part", write(app, data, 20));
	say("append none", pwrite(app, data, 20, 0));
	say("to a pipe", write(p[1], data, 200));
	signal(SIGXFSZ, SIG_IGN);
	say("ignored", write(app, data, 20));
	if (fork() == 0) {
		signal(SIGXFSZ, SIG_DFL);
		limit(RLIMIT_CORE, 0);
		write(app, data, 20);
		_exit(0);
	}
	int st;
	wait(&st);
	printf("killed by %d\n", WTERMSIG(st));
}

static void times(void) {
	int st;
	if (fork() == 0) {
		struct rlimit r = {1, 2};
		limit(RLIMIT_CORE, 0);
		setrlimit(RLIMIT_CPU, &r);
		for (;;) {}
	}
	wait(&st);
	printf("killed by %d\n", WTERMSIG(st));
	if (fork() == 0) {
		struct rlimit r = {1, 2};
		setrlimit(RLIMIT_CPU, &r);
		signal(SIGXCPU, SIG_IGN);
		for (;;) {}
	}
	wait(&st);
	printf("killed by %d\n", WTERMSIG(st));
}

static void files(void) {
	struct rlimit r;
	int n = 0, p[2], fd;
	getrlimit(RLIMIT_NOFILE, &r);
	limit(RLIMIT_NOFILE, 50);
	while ((fd = dup(0)) >= 0) n = fd;
	printf("last %d %s\n", n, strerrorname_np(errno));
	say("pipe", pipe(p));
	say("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, p));
	say("open", open("/dev/null", O_RDONLY));
	say("memfd_create", memfd_create("x", 0));
	say("dup2", dup2(0, 50));
	say("fcntl", fcntl(0, F_DUPFD, 50));
	say("fcntl", fcntl(0, F_DUPFD, 10));
	close(20);
	say("pipe", pipe(p));
	say("open", open("/proc/self/maps", O_RDONLY));
}

// exhaust opens files until there are no more, and then needs some.
static void exhaust(void) {
	char b[100];
	int fd, last = 0, st;
	while ((fd = open("/dev/null", O_RDONLY)) >= 0) last = fd;
	printf("%s\n", strerrorname_np(errno));
	say("open a new file", open("new", O_CREAT | O_WRONLY, 0600));
	say("it is not there", access("new", F_OK));
	for (int i = 0; i < 4; i++) close(last - i);
	fd = open("/proc/self/maps", O_RDONLY);
	printf("%d\n", read(fd, b, sizeof b) > 0);
	fd = open("/proc/self/exe", O_RDONLY);
	printf("%d\n", mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) != MAP_FAILED);
	fd = memfd_create("m", 0);
	say("memfd", ftruncate(fd, 1L << 62));
	say("memfd", fallocate(fd, 0, 0, -1));
	if (fork() == 0) { execl("/bin/true", "true", NULL); _exit(9); }
	wait(&st);
	printf("%d\n", st);
}

static struct { const char *name; void (*run)(void); } tests[] = {{"sizes", sizes}, {"times", times}, {"files", files}, {"exhaust", exhaust}};

int main(int argc, char **argv) {
	setvbuf(stdout, 0, _IONBF, 0);
	for (int i = 0; i < sizeof tests / sizeof *tests; i++) {
		if (argc == 1) puts(tests[i].name);
		else if (!strcmp(argv[1], tests[i].name)) tests[i].run();
	}
	return 0;
}
