// A file of 2 GiB, opened with and without O_LARGEFILE by a program of 32 bits that
// has no C library.
#define O_LARGEFILE 0100000
static int sys(int n, int a, int b, int c) { int r; __asm__ volatile("int $0x80" : "=a"(r) : "a"(n), "b"(a), "c"(b), "d"(c) : "memory"); return r; }
static void put(const char *what, int v) {
	char b[40]; int n = 0, i; char d[12]; int k = 0, neg = v < 0;
	while (what[n]) b[n] = what[n], n++;
	b[n++] = ' '; if (neg) v = -v, b[n++] = '-';
	do d[k++] = '0' + v % 10; while (v /= 10);
	while (k) b[n++] = d[--k];
	b[n++] = '\n'; sys(4, 1, (int)b, n);
}
static int res(int r) { if (r >= 0) { sys(6, r, 0, 0); return 0; } return r; }
void _start(void) {
	const char *big = "big";
	int fd = sys(5, (int)big, 01102 | O_LARGEFILE, 0600);
	static const unsigned len[2] = {0x80000000u, 0};
	put("make", res(fd < 0 ? fd : 0));
	fd = sys(5, (int)big, 2 | O_LARGEFILE, 0);
	put("truncate64", sys(194, fd, 0x7fffffff, 0));
	put("2 GiB - 1", res(sys(5, (int)big, 0, 0)));
	put("truncate64", sys(194, fd, 0x80000000, 0));
	put("open", res(sys(5, (int)big, 0, 0)));
	put("open large", res(sys(5, (int)big, O_LARGEFILE, 0)));
	put("path", res(sys(5, (int)big, 010000000, 0)));
	put("openat", res(sys(295, -100, (int)big, 1)));
	put("trunc", res(sys(5, (int)big, 01001, 0)));
	put("creat excl", res(sys(5, (int)big, 0302, 0600)));
	put("directory", res(sys(5, (int)big, 0200000, 0)));
	put("still large", res(sys(5, (int)big, 0, 0)));
	put("creat", res(sys(8, (int)big, 0600, 0)));
	put("after creat", res(sys(5, (int)big, 0, 0)));
	sys(1, 0, 0, 0);
}
