// Counts bits once, among much else.
#include <stdio.h>

int main(int n, char **args) {
	unsigned long s = 0;
	for (unsigned long i = 0; i < 3000000; i++)
		s += i * i;
	int bits = __builtin_popcountl(s ^ n);
	for (unsigned long i = 0; i < 30000000; i++)
		s += i * i;
	printf("%lu %d\n", s, bits);
	return 0;
}
