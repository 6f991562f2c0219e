# Exceptions while another one is delivered.
.include "prot.inc"
.section .start, "ax"
gated:	int 0x30
.text
.macro GATEOF vec, sel, type
	mov word ptr [idt+\vec*8+2], \sel
	mov byte ptr [idt+\vec*8+5], \type
.endm
main:
	GATEOF 13, 8, 0x0e
	OPEN "gp, gate not present"
	mov eax, 0x130
	mov ds, eax
	CLOSE
	TRY "int without a gate", int 0x41
	TRY "ud, then nothing", ud2
	GATEOF 13, 0, 0x8e
	OPEN "gp, null handler"
	mov eax, 0x130
	mov ds, eax
	CLOSE
	GATEOF 13, 0x78, 0x8e
	OPEN "gp, handler not present"
	mov eax, 0x130
	mov ds, eax
	CLOSE
	GATEOF 13, 8, 0x8e
	GATEOF 6, 8, 0x0e
	TRY "!ud, gate not present", ud2
	GATEOF 6, 0, 0x8e
	TRY "!ud, null handler", ud2
	GATEOF 6, 0x10, 0x8e
	TRY "!ud, handler in data", ud2
	GATEOF 6, 8, 0x8e
	GATEOF 0, 8, 0x0e
	xor ecx, ecx
	TRY "de, gate not present", div ecx
	GATEOF 0, 8, 0x8e
	GATEOF 1, 0x10, 0x8e
	OPEN "!step, handler in data"
	push 0x102
	popf
	nop
	CLOSE
	mov eax, dr6
	VALUE "dr6", eax
	TRY "!int1, handler in data", int1
	GATEOF 1, 8, 0x8e
	GATEOF 3, 8, 0x8e
	TRY3 "user int3, gate of supervisors", int3
	GATEOF 3, 8, 0x6e
	TRY "int3, gate not present", int3
	# page faults
	mov edi, 0x70000
	mov eax, 0x83
	mov ecx, 0x3ff
1:	stosd
	add eax, 0x400000
	loop 1b
	mov dword ptr [edi], 0
	mov eax, 0x70000
	mov cr3, eax
	mov eax, 0x10
	mov cr4, eax
	mov eax, cr0
	or eax, 0x80000000
	mov cr0, eax
	mov ebx, 0xffc00010
	TRY "pf", mov al, [ebx]
	GATEOF 14, 8, 0x0e
	TRY "pf, gate not present", mov al, [ebx]
	GATEOF 14, 8, 0x8e
	OPEN3 "user pf, inner stack not there"
	mov dword ptr ss:[tss+4], 0
	int 0x30
	CLOSE
	.irp vec, 14, 13
	OPEN "\vec, stack of the handler is missing"
	GATEOF 8, 0xc0, 0x85
	mov edi, offset tss2
	mov dword ptr [edi+0x1c], 0x70000
	mov dword ptr [edi+0x20], offset dftask
	mov dword ptr [edi+0x24], 2
	mov dword ptr [edi+0x38], 0x6e00
	mov dword ptr [edi+0x48], 0x10
	mov dword ptr [edi+0x4c], 8
	mov dword ptr [edi+0x50], 0x10
	mov dword ptr [edi+0x54], 0x10
	mov byte ptr [gdt+0xc5], 0x89
	mov esp, ebx
	.if \vec == 14
	mov al, [ebx]
	.else
	mov eax, 0x130
	mov ds, eax
	.endif
	CLOSE
	.endr
	jmp finish
dftask:	pop edx
	VALUE "code of the double fault", edx
	mov eax, [tss+0x20]
	sub eax, [trystart]
	VALUE "where", eax
	mov eax, cr2
	VALUE "cr2", eax
	mov byte ptr [gdt+0x2d], 0x89
	mov eax, 0x28
	ltr ax
	clts
	push 2
	popf
	mov esp, [tryesp]
	jmp dword ptr [tryresume]
