// Bugs for sanitizers to find, and a run without one.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int n;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int global[4];

static void *locked(void *a) {
	for (int i = 0; i < 1000; i++) pthread_mutex_lock(&lock), n++, pthread_mutex_unlock(&lock);
	return a;
}
static void *racing(void *a) {
	for (int i = 0; i < 1000; i++) n++;
	return a;
}
static void threads(void *(*f)(void *)) {
	pthread_t t[2];
	for (int i = 0; i < 2; i++) pthread_create(&t[i], 0, f, 0);
	for (int i = 0; i < 2; i++) pthread_join(t[i], 0);
}
static int freed(int i) {
	char *p = malloc(10);
	memset(p, 1, 10);
	free(p);
	return p[i];
}
static int beyond(int i) {
	volatile int a[4] = {0};
	return a[i + 4];
}

int main(int argc, char **argv) {
	const char *what = argc > 1 ? argv[1] : "";
	int one = argc - 1, status;
	puts(what), fflush(stdout);
	if (!strcmp(what, "clean")) {
		char *all[1000];
		for (int i = 0; i < 1000; i++) all[i] = malloc(i * 97);
		for (int i = 0; i < 1000; i++) free(all[i]);
		threads(locked);
		printf("%d\n", n);
		if (!fork()) exit(7);
		wait(&status);
		printf("child %d\n", WEXITSTATUS(status));
	}
	if (!strcmp(what, "freed")) return freed(one);
	if (!strcmp(what, "stack")) return beyond(one);
	if (!strcmp(what, "global")) return global[3 + one];
	if (!strcmp(what, "race")) threads(racing);
	if (!strcmp(what, "child")) {
		if (!fork()) _exit(freed(one));
		wait(&status);
		printf("child %d\n", WEXITSTATUS(status));
	}
	return 0;
}
