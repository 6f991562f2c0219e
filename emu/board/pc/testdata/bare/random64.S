# See random32.S.
.include "long.inc"
.section .start, "ax"
.code64
gated:	int 0x30
.text
main:
	mov dword ptr [tryresume], offset next
	mov dword ptr [tryesp], 0x7000
	mov dword ptr [slot], 0x20000
next:	add dword ptr [slot], 16
	mov eax, [slot]
	mov [trystart], eax
	cmp eax, 0x20800
	jae finish
	mov rax, [0x1f000]
	mov rcx, [0x1f008]
	mov rdx, [0x1f010]
	mov rbx, [0x1f018]
	mov rsi, [0x1f020]
	mov rdi, [0x1f028]
	mov r11, [0x1f030]
	jmp qword ptr [slot]
.data
slot:	.quad 0
