// A process forks after the pages of a private map of a file have gone with the
// file's end. Prints whether it could.
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	char name[] = "forkgoneXXXXXX";
	int f = mkstemp(name), pid;
	unlink(name);
	ftruncate(f, 8192);
	char *p = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, f, 0);
	p[0] = p[4096] = 1;
	ftruncate(f, 0);
	if ((pid = fork()) == 0)
		_exit(3);
	int status = 0;
	wait(&status);
	printf("%d %d\n", pid > 0, WEXITSTATUS(status));
	return 0;
}
