# XSAVES, and what QEMU lets pass.
.include "long.inc"
main:
	mov rcx, 0x800000000000
	TRY "!sysretq to what is not canonical", .byte 0x48, 0x0f, 7
	xor ecx, ecx
	TRY "xgetbv without osxsave", xgetbv
	mov rax, cr4
	or eax, 0x40600
	mov cr4, rax
	xor ecx, ecx
	xor edx, edx
	mov eax, 7
	xsetbv
	mov eax, 7
	TRY "xsaves", xsaves [0x5000]
	TRY "xrstors", xrstors [0x5000]
	TRY "xsave", xsave [0x5000]
	TRY "!xrstors of another format", xrstors [0x5800]
	TRY3 "user xsaves", xsaves [0x5000]
	mov eax, 7
	vpcmpeqd ymm1, ymm1, ymm1
	xsaves [0x5000]
	vpxor ymm1, ymm1, ymm1
	xrstors [0x5000]
	vextracti128 xmm2, ymm1, 1
	movq rbx, xmm2
	VALUE "ymm1", rbx
	mov rbx, [0x5000+520]
	VALUE "xcomp_bv", rbx
	mov ecx, 0xda0
	xor edx, edx
	mov eax, 0x100
	TRY "wrmsr xss", wrmsr
	xor eax, eax
	TRY "wrmsr xss 0", wrmsr
	# exceptions of SSE are undefined while nobody has enabled them
	push 0x1f00
	ldmxcsr [rsp]
	xorps xmm0, xmm0
	TRY "addps", divps xmm0, xmm0
	mov rax, cr4
	xor eax, 0x400
	mov cr4, rax
	TRY "addps without osxmmexcpt", divps xmm0, xmm0
	jmp finish
