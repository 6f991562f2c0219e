// epoll_wait with places for events that are not there, and epolls within epolls.
#define _GNU_SOURCE
#include <stdio.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <fcntl.h>
static void show(const char *what, long r) { printf("%s: %ld %s\n", what, r, r < 0 ? strerror(errno) : ""); }
static long ew(int ep, void *p, int n, int ms) { return syscall(SYS_epoll_wait, ep, p, n, ms); }
int main(void) {
	int ep = epoll_create1(0), ev = eventfd(0, EFD_NONBLOCK), p[2];
	struct epoll_event e = { EPOLLIN, { .fd = ev } };
	static struct epoll_event out[4]; // far below the end of the addresses, however they are laid out
	char *ro = mmap(0, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *half = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(half + 4096, 4096);
	epoll_ctl(ep, EPOLL_CTL_ADD, ev, &e);
	show("no event, null", ew(ep, 0, 1, 0));
	show("no event, unmapped", ew(ep, (void *)0x1000, 4, 0));
	show("no event, read-only", ew(ep, ro, 4, 1));
	show("no event, kernel", ew(ep, (void *)-4096L, 4, 0));
	show("no event, count 0", ew(ep, out, 0, 0));
	show("no event, count huge", ew(ep, out, 1 << 30, 0));
	show("no event, count most", ew(ep, out, 0x7fffffff / 12, 0));
	show("not epoll", ew(ev, out, 4, 0));
	eventfd_write(ev, 1);
	show("event, null", ew(ep, 0, 1, 0));
	show("event, read-only", ew(ep, ro, 4, 0));
	show("event, at the edge", ew(ep, half + 4096 - 12, 4, 0));
	show("event, across the edge", ew(ep, half + 4096 - 8, 4, 0));
	int ev2 = eventfd(1, 0);
	e.data.fd = ev2, epoll_ctl(ep, EPOLL_CTL_ADD, ev2, &e);
	show("two events, room for one", ew(ep, half + 4096 - 12, 4, 0));
	show("two events, after that", ew(ep, out, 4, 0));
	e.events = EPOLLIN | EPOLLET, epoll_ctl(ep, EPOLL_CTL_MOD, ev2, &e), epoll_ctl(ep, EPOLL_CTL_DEL, ev, 0);
	show("edge, lost to a fault", ew(ep, 0, 4, 0));
	show("edge, again", ew(ep, out, 4, 0));
	show("edge, once more", ew(ep, out, 4, 0));
	int deep[8];
	for (int i = 0; i < 8; i++) deep[i] = epoll_create1(0);
	for (int i = 0; i < 7; i++) { e.events = EPOLLIN, e.data.fd = i; char b[20]; sprintf(b, "depth %d", i); show(b, epoll_ctl(deep[i + 1], EPOLL_CTL_ADD, deep[i], &e)); }
	show("itself", epoll_ctl(deep[0], EPOLL_CTL_ADD, deep[0], &e));
	show("a ring", epoll_ctl(deep[0], EPOLL_CTL_ADD, deep[3], &e));
	show("ctl of no epoll", epoll_ctl(ev, EPOLL_CTL_ADD, ev2, &e));
	show("add, null", epoll_ctl(ep, EPOLL_CTL_ADD, ev, 0));
	show("twice", epoll_ctl(ep, EPOLL_CTL_ADD, ev2, &e));
	show("del, null", epoll_ctl(ep, EPOLL_CTL_DEL, ev2, 0));
	int fd = open("/dev/null", O_RDONLY), reg = open("/etc/passwd", O_RDONLY);
	show("regular", epoll_ctl(ep, EPOLL_CTL_ADD, reg, &e));
	show("bad op", epoll_ctl(ep, 9, ev, &e));
	return 0;
}
