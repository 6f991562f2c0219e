//go:build linux

#include "go_asm.h"
#include "funcdata.h"
#include "textflag.h"

// func enter(ctx unsafe.Pointer, code uintptr)
//
// The frame is there for what the assembler does around it: the prologue grows
// the stack and honours a request to give up the thread, and it saves BP, which
// machine code may use. ABI0 lets machine code change all other registers; the
// compiler's wrapper puts R14 and X15 right.
TEXT ·enter(SB), 0, $16-16
	NO_LOCAL_POINTERS
	MOVQ ctx+0(FP), R15
	MOVQ code+8(FP), AX
	LEAQ -8(SP), CX
	MOVQ CX, const_hostSP(R15) // where CALL puts its return address
	CALL AX
	RET
