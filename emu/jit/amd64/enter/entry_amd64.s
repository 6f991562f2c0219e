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
//
// Machine code returns to leave, with R10 = 0, or for the function of a site to be
// called, with R10 = *vcpu.Call and all registers of the guest at home. The
// function is Go's and is called as Go calls one (cmd/compile/abi-internal.md):
// its value in DX, arguments in AX and BX, g in R14, X15 zero, BP pointing at the
// saved BP, and room for two arguments at the bottom of the frame, which has
// nothing else. So for whoever walks the stack enter has called it: nothing of
// machine code is there. Meanwhile the stack may move and the CPU run other code.
TEXT ·enter(SB), 0, $16-16
	NO_LOCAL_POINTERS
	MOVQ ctx+0(FP), R15
	MOVQ code+8(FP), AX
	XORL R10, R10
run:
	LEAQ -8(SP), CX
	MOVQ CX, const_hostSP(R15) // where CALL puts its return address
	CALL AX
	TESTQ R10, R10
	JEQ  out
	CMPB const_ctxSkip(R15), $0
	JNE  whole
	MOVQ const_callFor(R10), CX
	CMPB const_servedOn(CX), $0
	JEQ  back
	INCQ const_servedHits(CX)
	MOVQ R10, const_hostCalling(R15)
	MOVQ const_callArg(R10), BX
	MOVQ const_callFn(R10), DX
	LEAQ const_ctxCPU(R15), AX
	MOVQ TLS, R14
	MOVQ (R14)(TLS*1), R14
	XORPS X15, X15
	LEAQ 16(SP), BP
	CALL (DX)
	MOVQ ctx+0(FP), R15
	MOVQ const_hostCalling(R15), R10
	CMPQ const_ctxStop(R15), $0
	JNE  wants

back:
	MOVQ const_callResume(R10), R11
	MOVQ code+8(FP), AX
	ADDQ $const_ResumeAt, AX
	JMP  run

// Something fired here before, and may not again: Go knows.
whole:
	MOVQ const_callExit(R10), CX
	JMP  leave

// The function wants something: Go finds out what.
wants:
	MOVQ const_callWants(R10), CX

leave:
	MOVL CX, const_hostExit(R15)
	LDMXCSR const_hostMXCSR(R15)
	MOVL $0, const_hostFP(R15)

out:
	RET
