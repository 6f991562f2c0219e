#include "textflag.h"

// Frame: old MXCSR at saved-4, the new one at work-8.
#define ENTER \
	STMXCSR saved-4(SP); \
	LDMXCSR mxcsr+0(FP)

#define LEAVE2 \
	STMXCSR out+32(FP); \
	LDMXCSR saved-4(SP); \
	RET

#define LEAVE1 \
	STMXCSR out+24(FP); \
	LDMXCSR saved-4(SP); \
	RET

#define LEAVE3 \
	STMXCSR out+40(FP); \
	LDMXCSR saved-4(SP); \
	RET

// r = a op b in vector registers.
#define BINARY(NAME, OP) \
TEXT NAME(SB), NOSPLIT, $8-36; \
	ENTER; \
	MOVQ a+8(FP), X0; \
	MOVQ b+16(FP), X1; \
	OP X1, X0; \
	MOVQ X0, r+24(FP); \
	LEAVE2

BINARY(·Addss, ADDSS)
BINARY(·Subss, SUBSS)
BINARY(·Mulss, MULSS)
BINARY(·Divss, DIVSS)
BINARY(·Minss, MINSS)
BINARY(·Maxss, MAXSS)
BINARY(·Addsd, ADDSD)
BINARY(·Subsd, SUBSD)
BINARY(·Mulsd, MULSD)
BINARY(·Divsd, DIVSD)
BINARY(·Minsd, MINSD)
BINARY(·Maxsd, MAXSD)

// r = EFLAGS after comparing a with b. OP X1, X0 has X0 as the first operand
// of the manual.
#define COMPARE(NAME, OP) \
TEXT NAME(SB), NOSPLIT, $16-36; \
	ENTER; \
	MOVQ a+8(FP), X0; \
	MOVQ b+16(FP), X1; \
	OP X1, X0; \
	PUSHFQ; \
	POPQ AX; \
	MOVQ AX, r+24(FP); \
	LEAVE2

COMPARE(·Comiss, COMISS)
COMPARE(·Comisd, COMISD)
COMPARE(·Ucomiss, UCOMISS)
COMPARE(·Ucomisd, UCOMISD)

// r = op a, vector to vector.
#define UNARY(NAME, OP) \
TEXT NAME(SB), NOSPLIT, $8-28; \
	ENTER; \
	MOVQ a+8(FP), X0; \
	OP X0, X1; \
	MOVQ X1, r+16(FP); \
	LEAVE1

UNARY(·Sqrtss, SQRTSS)
UNARY(·Sqrtsd, SQRTSD)
UNARY(·Cvtss2sd, CVTSS2SD)
UNARY(·Cvtsd2ss, CVTSD2SS)
UNARY(·Cvtph2ps, VCVTPH2PS)

#define UNARYIMM(NAME, OP, IMM) \
TEXT NAME(SB), NOSPLIT, $8-28; \
	ENTER; \
	MOVQ a+8(FP), X0; \
	OP IMM, X0, X1; \
	MOVQ X1, r+16(FP); \
	LEAVE1

UNARYIMM(·Roundss0, ROUNDSS, $0)
UNARYIMM(·Roundss1, ROUNDSS, $1)
UNARYIMM(·Roundss2, ROUNDSS, $2)
UNARYIMM(·Roundss3, ROUNDSS, $3)
UNARYIMM(·Roundss12, ROUNDSS, $12)
UNARYIMM(·Roundsd0, ROUNDSD, $0)
UNARYIMM(·Roundsd1, ROUNDSD, $1)
UNARYIMM(·Roundsd2, ROUNDSD, $2)
UNARYIMM(·Roundsd3, ROUNDSD, $3)
UNARYIMM(·Roundsd12, ROUNDSD, $12)
UNARYIMM(·Cvtps2ph0, VCVTPS2PH, $0)
UNARYIMM(·Cvtps2ph1, VCVTPS2PH, $1)
UNARYIMM(·Cvtps2ph2, VCVTPS2PH, $2)
UNARYIMM(·Cvtps2ph3, VCVTPS2PH, $3)
UNARYIMM(·Cvtps2ph4, VCVTPS2PH, $4)

// Vector to general register.
#define TOINT(NAME, OP) \
TEXT NAME(SB), NOSPLIT, $8-28; \
	ENTER; \
	MOVQ a+8(FP), X0; \
	OP X0, AX; \
	MOVQ AX, r+16(FP); \
	LEAVE1

TOINT(·Cvtss2sil, CVTSS2SL)
TOINT(·Cvtss2siq, CVTSS2SQ)
TOINT(·Cvtsd2sil, CVTSD2SL)
TOINT(·Cvtsd2siq, CVTSD2SQ)
TOINT(·Cvttss2sil, CVTTSS2SL)
TOINT(·Cvttss2siq, CVTTSS2SQ)
TOINT(·Cvttsd2sil, CVTTSD2SL)
TOINT(·Cvttsd2siq, CVTTSD2SQ)
TOINT(·Cvtss2usil, VCVTSS2USIL)
TOINT(·Cvtss2usiq, VCVTSS2USIQ)
TOINT(·Cvtsd2usil, VCVTSD2USIL)
TOINT(·Cvtsd2usiq, VCVTSD2USIQ)
TOINT(·Cvttss2usil, VCVTTSS2USIL)
TOINT(·Cvttss2usiq, VCVTTSS2USIQ)
TOINT(·Cvttsd2usil, VCVTTSD2USIL)
TOINT(·Cvttsd2usiq, VCVTTSD2USIQ)

// General register to vector.
#define FROMINT(NAME, OP) \
TEXT NAME(SB), NOSPLIT, $8-28; \
	ENTER; \
	MOVQ a+8(FP), AX; \
	XORPS X0, X0; \
	OP AX, X0; \
	MOVQ X0, r+16(FP); \
	LEAVE1

FROMINT(·Cvtsil2ss, CVTSL2SS)
FROMINT(·Cvtsiq2ss, CVTSQ2SS)
FROMINT(·Cvtsil2sd, CVTSL2SD)
FROMINT(·Cvtsiq2sd, CVTSQ2SD)

#define FROMUINT(NAME, OP) \
TEXT NAME(SB), NOSPLIT, $8-28; \
	ENTER; \
	MOVQ a+8(FP), AX; \
	XORPS X0, X0; \
	OP AX, X0, X0; \
	MOVQ X0, r+16(FP); \
	LEAVE1

FROMUINT(·Cvtusil2ss, VCVTUSI2SSL)
FROMUINT(·Cvtusiq2ss, VCVTUSI2SSQ)
FROMUINT(·Cvtusil2sd, VCVTUSI2SDL)
FROMUINT(·Cvtusiq2sd, VCVTUSI2SDQ)

// R1, R2, R3 are the instruction's operands in the manual's order: 213 means
// operand 2 * operand 1 + operand 3.
#define FUSED(NAME, OP, R1, R2, R3) \
TEXT NAME(SB), NOSPLIT, $8-44; \
	ENTER; \
	MOVQ a+8(FP), X0; \
	MOVQ b+16(FP), X1; \
	MOVQ c+24(FP), X2; \
	OP R3, R2, R1; \
	MOVQ R1, r+32(FP); \
	LEAVE3

FUSED(·Fmass, VFMADD213SS, X1, X0, X2)
FUSED(·Fmasd, VFMADD213SD, X1, X0, X2)
FUSED(·Fma132sd, VFMADD132SD, X0, X2, X1)
FUSED(·Fma231sd, VFMADD231SD, X2, X0, X1)
