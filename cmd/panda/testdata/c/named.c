/* The one function that main calls is called as the compiler is told. With an argument
   that file takes the program's name before. */
#include <stdio.h>

__attribute__((noinline)) int FUNC(int x) { return x; }

int main(int argc, char **argv) {
	if (argc > 1 && rename(argv[1], argv[0]) != 0)
		return 1;
	return FUNC(0);
}
