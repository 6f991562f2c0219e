// A process attaches to a child that counts, looks at it and lets it go.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static long word = 0x1122334455667788;
static void say(const char *what, long v) { printf("%s %ld %s\n", what, v, v == -1 ? strerror(errno) : ""); }

static void showStatus(int pid) {
	char name[64], line[256];
	sprintf(name, "/proc/%d/status", pid);
	FILE *f = fopen(name, "r");
	while (fgets(line, sizeof line, f))
		if (!strncmp(line, "State", 5) && strchr(line, 't')) printf("%s", strstr(line, "tracing") ? "tracing stop\n" : "");
		else if (!strncmp(line, "TracerPid", 9)) printf("traced %d\n", atoi(line + 10) == getpid());
	fclose(f);
}

int main(void) {
	volatile long *n = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int pid = fork();
	if (!pid)
		for (;;) ++*n;
	while (!*n) usleep(1000);
	if (ptrace(PTRACE_ATTACH, pid, 0, 0) && errno == EPERM) kill(pid, SIGKILL), exit(77);
	int status;
	say("wait", waitpid(pid, &status, __WALL) == pid);
	printf("status %x\n", status);
	long then = *n;
	usleep(20000);
	say("stands still", *n == then);
	showStatus(pid);
	struct user_regs_struct r, s;
	struct iovec iov = {&s, sizeof s};
	say("regs", ptrace(PTRACE_GETREGS, pid, 0, &r));
	say("set", ptrace(PTRACE_GETREGSET, pid, 1, &iov));
	say("alike", iov.iov_len == sizeof s && !memcmp(&r, &s, sizeof r));
	say("in no call", r.orig_rax), say("code segment", r.cs), say("stack", (r.rsp ^ (unsigned long)&r) >> 20);
	iov.iov_len = 24;
	say("part", ptrace(PTRACE_GETREGSET, pid, 1, &iov)), say("length", iov.iov_len);
	say("odd length", (iov.iov_len = 23, ptrace(PTRACE_GETREGSET, pid, 1, &iov)));
	say("no such set", ptrace(PTRACE_GETREGSET, pid, 0x1234, &iov));
	say("word", (errno = 0, ptrace(PTRACE_PEEKDATA, pid, &word, 0)) == word);
	say("no word", ptrace(PTRACE_PEEKDATA, pid, 8, 0));
	say("attach twice", ptrace(PTRACE_ATTACH, pid, 0, 0));
	say("itself", ptrace(PTRACE_ATTACH, getpid(), 0, 0));
	say("nobody", ptrace(PTRACE_ATTACH, 999999999, 0, 0));
	say("nothing new", waitpid(pid, &status, WNOHANG | __WALL));
	say("detach", ptrace(PTRACE_DETACH, pid, 0, 0));
	then = *n;
	while (*n == then) usleep(1000);
	say("not traced", ptrace(PTRACE_GETREGS, pid, 0, &r));
	showStatus(pid);
	ptrace(PTRACE_ATTACH, pid, 0, 0), waitpid(pid, &status, __WALL);
	kill(pid, SIGKILL);
	say("end", waitpid(pid, &status, __WALL) == pid);
	printf("status %x\n", status);
	return 0;
}
