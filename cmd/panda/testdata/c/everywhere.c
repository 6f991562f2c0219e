// A program in which each event occurs that can in user mode, but for those of its start.
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
static volatile int signals, *page;
static void on(int sig) { signals++; }
static void fault(int sig, siginfo_t *si, void *u) { signals++; mprotect((void *)page, 4096, PROT_READ | PROT_WRITE); }
int main(void) {
	char b[600], c[600];
	struct sigaction sa = {.sa_sigaction = fault, .sa_flags = SA_SIGINFO};
	signal(SIGUSR1, on);
	sigaction(SIGSEGV, &sa, 0);
	page = mmap(0, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*page = 1;
	memset(b, 1, sizeof b);
	memcpy(c, b, sizeof c);
	raise(SIGUSR1);
	if (fork() == 0) { raise(SIGUSR1); _exit(signals); }
	int st;
	wait(&st);
	printf("signals %d, child %d, %d\n", signals, WEXITSTATUS(st), c[599]);
	asm volatile("cpuid" ::: "eax", "ebx", "ecx", "edx");
	return 3;
}
