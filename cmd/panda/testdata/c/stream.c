// Streams whose parts come with descriptors: MSG_WAITALL, MSG_PEEK and ancillary data.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static void give(int s, const char *text, int n, int fd) {
	char room[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec v = {(void *)text, n};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
	if (fd >= 0) {
		m.msg_control = room, m.msg_controllen = sizeof room;
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET, c->cmsg_type = SCM_RIGHTS, c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
	}
	if (sendmsg(s, &m, 0) != n) printf("send: %s\n", strerror(errno));
}

// take receives with room for n bytes and two descriptors, and counts those it got.
static void take(const char *what, int s, int n, int flags) {
	char text[200] = {0}, room[CMSG_SPACE(2 * sizeof(int))];
	struct iovec v[2] = {{text, n / 2}, {text + n / 2, n - n / 2}};
	struct msghdr m = {.msg_iov = v, .msg_iovlen = 2, .msg_control = room, .msg_controllen = sizeof room};
	int got = recvmsg(s, &m, flags), fds = 0;
	if (got < 0) { printf("%s: %s\n", what, strerror(errno)); return; }
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
		for (unsigned i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			fds += fcntl(fd, F_GETFD) >= 0, close(fd);
		}
	printf("%s: %d \"%s\", %d descriptors, flags %#x\n", what, got, text, fds, m.msg_flags);
}

// later sends the parts one by one from another process, the second with a descriptor.
static void later(int s, int other, int passes) {
	if (fork()) return;
	close(other);
	const char *parts[] = {"one ", "two ", "three ", "four"};
	for (int i = 0; i < 4; i++) usleep(2000), give(s, parts[i], strlen(parts[i]), passes && i == 1 ? 1 : -1);
	_exit(0);
}

static void tcp(int p[2]) {
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof a;
	int l = socket(AF_INET, SOCK_STREAM, 0);
	bind(l, (void *)&a, n), listen(l, 1), getsockname(l, (void *)&a, &n);
	p[0] = socket(AF_INET, SOCK_STREAM, 0);
	connect(p[0], (void *)&a, n);
	p[1] = accept(l, 0, 0);
	close(l);
}

static void all(const char *kind, void (*make)(int[2])) {
	int p[2];
	puts(kind);
	make(p), later(p[0], p[1], 0), close(p[0]);
	take("wait for all", p[1], 10, MSG_WAITALL);
	wait(0);
	take("peek at all", p[1], 8, MSG_WAITALL | MSG_PEEK);
	take("more than comes", p[1], 100, MSG_WAITALL);
	take("the end", p[1], 10, MSG_WAITALL);
	close(p[1]);

	make(p);
	give(p[0], "abcdef", 6, -1);
	take("peek", p[1], 4, MSG_PEEK);
	take("peek again", p[1], 6, MSG_PEEK);
	take("take", p[1], 4, 0);
	take("no wait", p[1], 10, MSG_WAITALL | MSG_DONTWAIT);
	take("nothing", p[1], 10, MSG_WAITALL | MSG_DONTWAIT);
	take("nothing to peek at", p[1], 10, MSG_PEEK | MSG_DONTWAIT);
	struct timeval tv = {0, 20000};
	setsockopt(p[1], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	give(p[0], "xyz", 3, -1);
	take("until the time is over", p[1], 10, MSG_WAITALL);
	take("only time", p[1], 10, MSG_WAITALL);
	give(p[0], "xyz", 3, -1);
	take("truncated away", p[1], 10, MSG_WAITALL | MSG_TRUNC | MSG_DONTWAIT);
	close(p[0]), close(p[1]);
}

static void local(int p[2]) { socketpair(AF_UNIX, SOCK_STREAM, 0, p); }

int main(void) {
	setvbuf(stdout, 0, _IOLBF, 0);
	all("local", local);
	all("tcp", tcp);
	int p[2];
	puts("descriptors");
	local(p), later(p[0], p[1], 1), close(p[0]);
	take("wait for all", p[1], 12, MSG_WAITALL);
	take("the rest", p[1], 100, MSG_WAITALL);
	take("the end", p[1], 100, MSG_WAITALL);
	close(p[1]), wait(0);
	local(p), later(p[0], p[1], 1), wait(0);
	take("peek", p[1], 100, MSG_PEEK);
	take("peek with a descriptor", p[1], 100, MSG_PEEK | MSG_WAITALL);
	take("before it", p[1], 2, 0);
	take("up to it", p[1], 100, 0);
	take("the one with it", p[1], 2, 0);
	take("behind it", p[1], 100, MSG_DONTWAIT);
	take("behind it", p[1], 100, MSG_DONTWAIT);
	return 0;
}
