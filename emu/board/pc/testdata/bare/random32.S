# Runs what the test puts into slots of 16 bytes from 20000h on, each with the registers
# that lie at 1f000h; what ends in an exception goes on with the next slot.
.include "prot.inc"
.section .start, "ax"
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
	mov esp, 0x1f000
	popa
	mov esp, 0x7000
	jmp dword ptr [slot]
.data
slot:	.long 0
