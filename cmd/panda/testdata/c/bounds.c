// Takes as much as it gets of what -limit limits, and says how much that was.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static char b[1 << 20];
static long count(int (*f)(void)) {
	long n = 0;
	while (n < 5000 && f()) n++;
	int e = errno;
	printf("%s: ", strerrorname_np(e));
	return n;
}
static int fd;
static int map(void) { return mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED; }
static int reserve(void) { return mmap(0, 1 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED; }
static int opens(void) { return open("/dev/null", O_RDONLY) >= 0; }
static int writes(void) { return write(fd, b, sizeof b) == sizeof b; }
static int names(void) {
	static int n;
	char name[32];
	snprintf(name, sizeof name, "/tmp/link%d", n++);
	return symlink("x", name) == 0;
}
static int forks(void) {
	pid_t p = fork();
	if (p == 0) pause();
	return p > 0;
}
int main(int argc, char **argv) {
	char what = argv[1][0];
	if (what == 'w') fd = memfd_create("x", 0);
	if (what == 'f') fd = open("/tmp/f", O_CREAT | O_RDWR, 0600);
	int (*f)(void) = what == 'm' ? map : what == 'r' ? reserve : what == 'o' ? opens : what == 'p' ? forks : what == 'n' ? names : writes;
	printf("%ld\n", count(f));
	if (fd && !ftruncate(fd, 0)) lseek(fd, 0, SEEK_SET), printf("then %ld\n", (long)write(fd, b, 4096));
	fflush(stdout);
	if (what == 'p') signal(SIGTERM, SIG_IGN), kill(0, SIGTERM);
}
