//go:build linux

#include "go_asm.h"
#include "textflag.h"

// The kernel calls a handler with the signal's number in DI, the siginfo in SI
// and the ucontext in DX, on the stack that Go keeps for signals. A handler is
// not Go: there is no g, and it may call nothing but Go's own handler.

// Places in a ucontext (Linux, arch/x86/include/uapi/asm/sigcontext.h) and in a
// siginfo (include/uapi/asm-generic/siginfo.h).
#define ucR8  40
#define ucR9  48
#define ucR10 56
#define ucR11 64
#define ucR12 72
#define ucR13 80
#define ucR14 88
#define ucR15 96
#define ucRDI 104
#define ucRSI 112
#define ucRBP 120
#define ucRBX 128
#define ucRDX 136
#define ucRAX 144
#define ucRCX 152
#define ucRSP 160
#define ucRIP 168
#define siCode 8
#define siAddr 16

// INCODE leaves RIP in AX and R15 in CX if machine code was interrupted. Else it
// jumps to miss.
#define INCODE(miss) \
	MOVQ ucRIP(DX), AX; \
	MOVQ AX, CX; \
	SUBQ ·codeLo(SB), CX; \
	CMPQ CX, ·codeSize(SB); \
	JAE  miss; \
	MOVQ ucR15(DX), CX

// GOHANDLER loads the handler that ours stands before.
#define GOHANDLER \
	LEAQ ·goHandler(SB), AX; \
	MOVQ (AX)(DI*8), AX

// yield<> is the handler of the signal by which Go's scheduler asks for the
// thread. It asks machine code to leave. Go's handler finds a pc that it does
// not know, and does nothing.
TEXT yield<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	INCODE(chain)
	ADDQ ·stopAt(SB), CX
	LOCK
	ORL $const_stopYield, (CX)
chain:
	GOHANDLER
	JMP AX

// SAVE copies a register from the ucontext to Host.Regs.
#define SAVE(from, number) \
	MOVQ from(DX), AX; \
	MOVQ AX, (const_hostRegs+8*number)(CX)

// fault<> is the handler of what an instruction itself brings about. It tells
// the CPU about it and continues at the landing. A signal that somebody sent
// (its code is not positive) is none of its business.
TEXT fault<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	CMPL siCode(SI), $0
	JLE  chain
	INCODE(chain)
	MOVQ AX, const_hostRIP(CX)
	MOVL DI, const_hostSignal(CX)
	MOVQ siAddr(SI), AX
	MOVQ AX, const_hostAddr(CX)
	SAVE(ucRAX, 0)
	SAVE(ucRCX, 1)
	SAVE(ucRDX, 2)
	SAVE(ucRBX, 3)
	SAVE(ucRSP, 4)
	SAVE(ucRBP, 5)
	SAVE(ucRSI, 6)
	SAVE(ucRDI, 7)
	SAVE(ucR8, 8)
	SAVE(ucR9, 9)
	SAVE(ucR10, 10)
	SAVE(ucR11, 11)
	SAVE(ucR12, 12)
	SAVE(ucR13, 13)
	SAVE(ucR14, 14)
	SAVE(ucR15, 15)
	MOVQ const_hostLanding(CX), AX
	MOVQ AX, ucRIP(DX)
	RET
chain:
	GOHANDLER
	JMP AX

// show<> is the handler of signals upon which Go looks at the stack. Machine
// code has nothing that Go can unwind, so while Go's handler runs the context
// says that enter's CALL has just returned.
TEXT show<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	INCODE(chain)
	MOVQ const_hostSP(CX), R8
	PUSHQ DX
	PUSHQ AX
	PUSHQ ucRSP(DX)
	MOVQ (R8), R9
	MOVQ R9, ucRIP(DX)
	ADDQ $8, R8
	MOVQ R8, ucRSP(DX)
	GOHANDLER
	CALL AX // three words are pushed: the stack is aligned for it
	POPQ CX
	POPQ AX
	POPQ DX
	MOVQ CX, ucRSP(DX)
	MOVQ AX, ucRIP(DX)
	RET
chain:
	GOHANDLER
	JMP AX

// func handlers() (yield, fault, show uintptr)
//
// The addresses are asked for here since Go would give those of wrappers.
TEXT ·handlers(SB), NOSPLIT, $0-24
	LEAQ yield<>(SB), AX
	MOVQ AX, yield+0(FP)
	LEAQ fault<>(SB), AX
	MOVQ AX, fault+8(FP)
	LEAQ show<>(SB), AX
	MOVQ AX, show+16(FP)
	RET
