// Names of Unix sockets: what each side sees of the other's. The argument is a folder
// to make them in.
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

typedef int (*getter)(int, struct sockaddr *, socklen_t *);

static void show(const char *what, int fd, getter get) {
	struct sockaddr_un a;
	socklen_t n = sizeof a;
	memset(&a, 'x', sizeof a);
	int r = get(fd, (struct sockaddr *)&a, &n);
	printf("%s: %d, %u bytes, %.*s\n", what, r, n, n > 2 ? (int)(n - 2) : 0, a.sun_path + (n > 2 && !a.sun_path[0]));
}

static struct sockaddr_un name(const char *path) {
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	strcpy(a.sun_path, path);
	return a;
}

static int bound(int type, const char *path) {
	int s = socket(AF_UNIX, type, 0);
	struct sockaddr_un a = name(path);
	unlink(path);
	printf("bind %s: %d\n", path, bind(s, (struct sockaddr *)&a, sizeof a));
	show("own name", s, getsockname);
	return s;
}

static void streams(const char *server, const char *client) {
	int l = bound(SOCK_STREAM, server), c = bound(SOCK_STREAM, client);
	struct sockaddr_un a = name(server);
	listen(l, 1);
	printf("connect: %d\n", connect(c, (struct sockaddr *)&a, sizeof a));
	show("client's peer", c, getpeername);
	struct sockaddr_un from;
	socklen_t n = sizeof from;
	int s = accept(l, (struct sockaddr *)&from, &n);
	printf("accepted: %s, %u bytes\n", from.sun_path, n);
	show("server's peer", s, getpeername);
	show("server's name", s, getsockname);
	close(s), close(c), close(l);
}

static void datagrams(const char *server, const char *client) {
	int s = bound(SOCK_DGRAM, server), c = bound(SOCK_DGRAM, client);
	struct sockaddr_un to = name(server), from = {0};
	char b[8] = "";
	socklen_t n = sizeof from;
	printf("send: %zd\n", sendto(c, "ask", 3, 0, (struct sockaddr *)&to, sizeof to));
	printf("receive: %zd\n", recvfrom(s, b, sizeof b, 0, (struct sockaddr *)&from, &n));
	printf("from %s, %u bytes\n", from.sun_path, n);
	printf("answer: %zd\n", sendto(s, "said", 4, 0, (struct sockaddr *)&from, n));
	memset(&from, 0, sizeof from);
	struct iovec v = {b, sizeof b};
	struct msghdr m = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &v, .msg_iovlen = 1};
	printf("receive: %zd\n", recvmsg(c, &m, 0));
	printf("%.4s from %s, %u bytes\n", b, from.sun_path, m.msg_namelen);
	close(s), close(c);
}

int main(int argc, char **argv) {
	char a[128], b[128];
	setvbuf(stdout, 0, _IOLBF, 0);
	chdir(argv[1]);
	mkdir("deep", 0755);
	symlink("deep", "link");
	streams("one", "two");
	streams("deep/one", "./deep/../deep/two");
	datagrams("link/three", "deep/four");
	snprintf(a, sizeof a, "%s/five", argv[1]);
	snprintf(b, sizeof b, "%s/deep//six", argv[1]);
	streams(a, b);
	struct sockaddr_un x = name("deep/nothing");
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	printf("nobody: %d\n", connect(s, (struct sockaddr *)&x, sizeof x));
	show("no name", s, getsockname);
	unlink("deep/not");
	bind(s, (struct sockaddr *)&x, offsetof(struct sockaddr_un, sun_path) + 8);
	show("part of a name", s, getsockname);
}
