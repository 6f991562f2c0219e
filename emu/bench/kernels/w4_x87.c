/* W4 on the x87, as 32-bit programs have it. */
#include "w4_fp.c"
