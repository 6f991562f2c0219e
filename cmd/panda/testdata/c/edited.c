// A program that plugins change: what it prints is not what it computes.
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int __attribute__((noinline)) check(int x) { return x == 42; }
int __attribute__((noinline)) twice(int x) { return 2 * x; }
static volatile int cell = 5, signals;
static void on(int sig) { signals++; }

int main(void) {
	char b[16];
	signal(SIGUSR1, on);
	printf("check %d twice %d\n", check(7), twice(4));
	for (int i = 0; i < 2; i++)
		printf("cell %d\n", cell);
	int n = read(0, b, 8);
	printf("read %.*s\n", n, b);
	printf("uid %d\n", getuid() == 77);
	raise(SIGUSR1);
	printf("signals %d\n", signals);
	return 3;
}
