// What a replay must have right: inputs of all kinds, and files that are mapped.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static sigjmp_buf back;
static volatile int ticks, faults;
static void tick(int s) { ticks++; }
static void bus(int s) { faults++; siglongjmp(back, 1); }
static unsigned sum(const unsigned char *p, long n) {
	unsigned h = 1;
	for (long i = 0; i < n; i++) h = h * 31 + p[i];
	return h;
}
static unsigned look(volatile unsigned char *p) { return sigsetjmp(back, 1) ? 999 : *p; }
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int p[2];
static void *work(void *a) {
	for (int i = 0; i < 50; i++) {
		struct timespec ts; unsigned char b[16];
		clock_gettime(CLOCK_REALTIME, &ts);
		pthread_mutex_lock(&lock);
		memcpy(b, &ts, 16);
		write(p[1], b, 16);
		pthread_mutex_unlock(&lock);
		if (i % 10 == 0) usleep(100);
	}
	return 0;
}
int main(int n, char **args) {
	char buf[8192]; unsigned char b[16]; unsigned h = 0;
	signal(SIGALRM, tick); signal(SIGBUS, bus);
	struct itimerval it = {{0, 500}, {0, 500}};
	setitimer(ITIMER_REAL, &it, 0);
	pipe(p);
	pthread_t t[3];
	for (int i = 0; i < 3; i++) pthread_create(&t[i], 0, work, 0);
	for (int i = 0; i < 150; i++) { read(p[0], b, 16); h = h * 31 + sum(b, 16); }
	for (int i = 0; i < 3; i++) pthread_join(t[i], 0);
	printf("threads %u %d\n", h, ticks > 0);
	int fd = open(args[1], O_RDWR);
	struct stat st; fstat(fd, &st);
	long len = st.st_size;
	unsigned char *sh = mmap(0, 1 << 20, 3, MAP_SHARED, fd, 0), *pr = mmap(0, 1 << 20, 3, MAP_PRIVATE, fd, 0);
	printf("file %ld %u %u\n", len, sum(sh, len), sum(pr, len));
	memcpy(sh + 100, "through the map", 15);
	printf("%.15s %u\n", pr + 100, sum(sh, len));
	pwrite(fd, "by a call", 9, 200);
	printf("%.9s %.9s\n", sh + 200, pr + 200);
	memcpy(pr + 300, "mine", 4);
	pread(fd, buf, 4, 300);
	printf("%.4s %u %d\n", pr + 300, sum(buf, 4), sh[300] == (unsigned char)buf[0]);
	printf("beyond %u %u\n", look(sh + len + 5000), look(pr + (1 << 19)));
	ftruncate(fd, 300000);
	printf("grown %u %u\n", look(sh + 299000), look(sh + 400000));
	sh[299999] = 7;
	lseek(fd, 0, SEEK_END); write(fd, "appended", 8);
	printf("%.8s %u\n", sh + 300000, sh[299999]);
	ftruncate(fd, 5000);
	printf("cut %u %u %u\n", look(sh + 4999), look(sh + 5001), look(sh + 9000));
	ftruncate(fd, 20000);
	printf("again %u %u\n", look(sh + 9000), look(pr + 9000));
	int q[2]; pipe(q);
	write(q[1], "spliced into the file", 21);
	loff_t off = 8000; splice(q[0], 0, fd, &off, 21, 0);
	printf("%.21s\n", sh + 8000);
	loff_t a = 0, c = 12000; copy_file_range(fd, &a, fd, &c, 400, 0);
	printf("%.15s\n", sh + 12100);
	fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 8000, 21);
	printf("hole %u\n", sum(sh + 8000, 21));
	int fd2 = open(args[1], O_WRONLY | O_APPEND); write(fd2, "by another", 10);
	printf("%.10s\n", sh + 20000);
	if (fork() == 0) { memcpy(sh + 50, "child", 5); pr[60] = 1; truncate(args[1], 30000); _exit(3); }
	int s; wait(&s);
	printf("%.5s %d %u\n", sh + 50, WEXITSTATUS(s), look(sh + 29999));
	msync(sh, 4096, MS_SYNC);
	munmap(sh, 1 << 20);
	sh = mmap(0, 8192, 3, MAP_SHARED, fd, 4096);
	printf("%u\n", sum(sh, 8192));
	open(args[1], O_RDWR | O_TRUNC);
	printf("emptied %u\n", look(sh));
	fd = open("other", O_RDWR | O_CREAT, 0600);
	write(fd, buf, 8192);
	sh = mmap(0, 8192, 3, MAP_SHARED, fd, 0);
	sh[5000] = 'a';
	it.it_value.tv_usec = it.it_interval.tv_usec = 0;
	setitimer(ITIMER_REAL, &it, 0);
	usleep(250000); // a store now changes no time of the file
	pr = mmap(0, 8192, 1, MAP_PRIVATE, fd, 0);
	printf("%c", pr[5000]);
	sh[5000] = 'b';
	munmap(pr, 8192); munmap(sh, 8192);
	pr = mmap(0, 8192, 1, MAP_PRIVATE, fd, 0);
	printf("%c\n", pr[5000]);
	int m = memfd_create("m", 0); ftruncate(m, 10000);
	unsigned char *mm = mmap(0, 10000, 3, MAP_SHARED, m, 0);
	memcpy(mm, "memfd", 5); pread(m, buf, 5, 0); printf("%.5s\n", buf);
	unsigned char *far = mmap((void *)(0x80000000ul * 3 - 8192), 16384, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (far != MAP_FAILED) { // across 2 GiB
		memset(far, 'x', 16384);
		pipe(q); write(q[1], far + 8000, 1000); read(q[0], far + 7900, 1000);
		struct iovec v[2] = {{far + 8100, 200}, {far + 8190, 10}};
		writev(q[1], v, 2); readv(q[0], v, 2);
		int z = open("/dev/urandom", O_RDONLY); read(z, far + 4096, 9000);
				fd = open(args[1], O_RDWR); write(fd, far, 16384); pread(fd, far + 1, 16000, 0);
		printf("far %d\n", sum(far, 16384) != 0);
	}
	int z = open("/dev/zero", O_RDWR); unsigned char *zp = mmap(0, 4096, 3, MAP_PRIVATE, z, 0); zp[5] = 1; printf("zero %u\n", sum(zp, 4096));
	int pm = open("/proc/self/maps", O_RDONLY); printf("maps %d\n", (int)read(pm, buf, 8192) > 0);
	fflush(stdout);
	int r = open("/dev/urandom", O_RDONLY); read(r, buf, 1); exit(20 + (buf[0] & 7));
}
