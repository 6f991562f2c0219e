// Takes as much as it gets of what -limit limits, and says how much that was.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
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
// stores fills files through maps that it takes away again, by way of a hole where a
// file has one behind its end.
static int stores(void) {
	static int n;
	const size_t size = 1 << 20;
	int f = memfd_create("x", 0);
	if (n++ % 2 && fallocate(f, FALLOC_FL_KEEP_SIZE, size, size)) return 0;
	if (f < 0 || ftruncate(f, size)) return 0;
	char *p = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
	if (p == MAP_FAILED) return 0;
	memset(p, 1, size);
	return munmap(p, size) == 0;
}
// holds puts files into messages that only messages hold.
static int holds(void) {
	static int held = -1;
	int s[2], f = memfd_create("x", 0);
	if (f < 0 || write(f, b, sizeof b) != sizeof b || socketpair(AF_UNIX, SOCK_STREAM, 0, s)) return 0;
	char control[CMSG_SPACE(8)] = {0};
	int n = held < 0 ? 1 : 2, fds[2] = {f, held};
	struct iovec v = {"x", 1};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(4 * n)};
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	h->cmsg_level = SOL_SOCKET, h->cmsg_type = SCM_RIGHTS, h->cmsg_len = CMSG_LEN(4 * n);
	memcpy(CMSG_DATA(h), fds, 4 * n);
	if (sendmsg(s[0], &m, 0) < 0) return 0;
	close(s[0]), close(f);
	if (held >= 0) close(held);
	held = s[1];
	return 1;
}
static int zombies(void) {
	pid_t p = fork();
	if (p == 0) _exit(0);
	return p > 0;
}
int main(int argc, char **argv) {
	char what = argv[1][0];
	if (what == 'w') fd = memfd_create("x", 0);
	if (what == 'f') fd = open("/tmp/f", O_CREAT | O_RDWR, 0600);
	int (*f)(void) = what == 'm' ? map : what == 'r' ? reserve : what == 'o' ? opens : what == 'p' ? forks : what == 'n' ? names : what == 's' ? stores : what == 'h' ? holds : what == 'z' ? zombies : writes;
	printf("%ld\n", count(f));
	if (fd && !ftruncate(fd, 0)) lseek(fd, 0, SEEK_SET), printf("then %ld\n", (long)write(fd, b, 4096));
	fflush(stdout);
	if (what == 'p') signal(SIGTERM, SIG_IGN), kill(0, SIGTERM);
}
