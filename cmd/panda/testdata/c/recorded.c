/* Needs nothing but system calls: writes 8 lines of random letters, waits after each if
   it has an argument, and returns 7. */
static long call(long n, long a, long b, long c) {
	long r;
	__asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
	return r;
}

void start(long *sp) {
	char b[64], line[33];
	long nap[2] = {0, 60000000};
	for (int i = 0; i < 8; i++) {
		call(318, (long)b, 32, 0); /* getrandom */
		for (int j = 0; j < 32; j++) line[j] = 'a' + (b[j] & 15);
		line[32] = '\n';
		call(1, 1, (long)line, 33);
		if (sp[0] > 1) call(35, (long)nap, 0, 0); /* nanosleep */
	}
	call(231, 7, 0, 0);
}

__asm__(".globl _start\n_start: mov %rsp, %rdi\nand $-16, %rsp\ncall start\n");
