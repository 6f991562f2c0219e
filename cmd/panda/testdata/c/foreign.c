// foreign maps a file to be written, waits, and writes what is in it: another process may
// have put that there.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv) {
	int fd = open(argv[1], O_RDWR);
	volatile char *file = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char c;
	write(1, "?", 1);
	read(0, &c, 1);
	c = file[0];
	write(1, &c, 1);
	return 0;
}
