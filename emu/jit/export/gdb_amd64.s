//go:build linux

#include "textflag.h"

// struct jit_descriptor, version 1. What it points to is kept alive elsewhere.
DATA __jit_debug_descriptor+0(SB)/4, $1
DATA __jit_debug_descriptor+4(SB)/4, $0
DATA __jit_debug_descriptor+8(SB)/8, $0
DATA __jit_debug_descriptor+16(SB)/8, $0
GLOBL __jit_debug_descriptor(SB), NOPTR, $24

// gdb has a breakpoint here.
TEXT __jit_debug_register_code(SB), NOSPLIT, $0-0
	RET

// func registerCode()
TEXT ·registerCode(SB), NOSPLIT, $0-0
	CALL __jit_debug_register_code(SB)
	RET

// func theDescriptor() *gdbDescriptor
TEXT ·theDescriptor(SB), NOSPLIT, $0-8
	LEAQ __jit_debug_descriptor(SB), AX
	MOVQ AX, ret+0(FP)
	RET
