# Page tables of 32 bits and PAE.
.include "prot.inc"
.macro ACCESS name, at
	mov ebx, \at
	TRY "\name: read", mov al, [ebx]
	TRY "\name: write", mov [ebx+1], al
	OPEN3 "\name: user read"
	mov ax, 0x23
	mov ds, ax
	mov al, [ebx]
	CLOSE
	OPEN3 "\name: user write"
	mov ax, 0x23
	mov ds, ax
	mov [ebx+1], al
	CLOSE
	TRY3 "\name: user call", call ebx
.endm
.macro RELOAD
	mov eax, cr3
	mov cr3, eax
.endm
main:
	mov byte ptr [0x60000], 0xc3
	mov byte ptr [0x80000], 0xc3
	# 4 MiB pages one to one, but for the third, which has a table
	mov edi, 0x70000
	mov eax, 0x87
	mov ecx, 0x400
1:	stosd
	add eax, 0x400000
	loop 1b
	mov dword ptr [0x70008], 0x71007
	mov dword ptr [0x71000], 0x60007
	mov dword ptr [0x71004], 0x60005
	mov dword ptr [0x71008], 0x60003
	mov dword ptr [0x7100c], 0x60001
	mov dword ptr [0x71010], 0x60006
	mov dword ptr [0x7000c], 0
	mov eax, 0x70000
	mov cr3, eax
	mov eax, 0x10
	mov cr4, eax
	mov eax, cr0
	or eax, 0x80000000
	mov cr0, eax
.macro SMALL name
	.irp n, 0, 1, 2, 3, 4
	ACCESS "\name \n", 0x800000+\n*0x1000
	mov eax, [0x71000+\n*4]
	VALUE "\name entry \n", eax
	.endr
	mov eax, [0x70008]
	VALUE "\name upper", eax
.endm
	SMALL "small"
	# a page in two address spaces, between which nothing else changes
	mov esi, 0x70000
	mov edi, 0x310000
	mov ecx, 0x400
	rep movsd
	mov dword ptr [0x310008], 0x311007
	mov dword ptr [0x311000], 0x312007
	mov byte ptr [0x60010], 0x11
	mov byte ptr [0x312010], 0x22
	movzx eax, byte ptr [0x800010]
	VALUE "first space", eax
	mov eax, 0x310000
	mov cr3, eax
	movzx eax, byte ptr [0x800010]
	mov byte ptr [0x800011], 0x33
	VALUE "second space", eax
	mov eax, 0x70000
	mov cr3, eax
	movzx eax, byte ptr [0x800011]
	VALUE "first space, stored to in the second", eax
	movzx eax, byte ptr [0x312011]
	VALUE "the second space's", eax
	mov eax, cr0
	or eax, 0x10000
	mov cr0, eax
	mov dword ptr [0x71000], 0x60007
	mov dword ptr [0x71004], 0x60005
	mov dword ptr [0x71008], 0x60003
	mov dword ptr [0x7100c], 0x60001
	mov dword ptr [0x70008], 0x71007
	RELOAD
	SMALL "wp"
	.irp bits, 0x71006, 0x71005, 0x71003
	mov dword ptr [0x70008], \bits
	RELOAD
	ACCESS "upper \bits", 0x800000
	.endr
	.irp bits, 0x81, 0x83, 0x85, 0x87, 0x86, 0x1087
	mov dword ptr [0x7000c], \bits
	RELOAD
	ACCESS "large \bits", 0xc80000
	mov eax, [0x7000c]
	VALUE "large \bits entry", eax
	.endr
	.irp bits, 0x200087, 0x400087
	mov dword ptr [0x7000c], \bits
	RELOAD
	TRY "!large, reserved \bits", mov al, [0xc80000]
	.endr
	# NXE without PAE changes nothing
	mov ecx, 0xc0000080
	mov eax, 0x800
	xor edx, edx
	wrmsr
	mov dword ptr [0x70008], 0x71003
	RELOAD
	mov ebx, 0x800000
	TRY3 "!nxe without pae: user call", call ebx
	# PAE
	mov eax, cr0
	and eax, 0x7fffffff
	mov cr0, eax
	mov edi, 0x72000
	xor eax, eax
	mov ecx, 0x1000
	rep stosd
	mov dword ptr [0x72000], 0x73001
	mov dword ptr [0x72008], 0x74001
	mov dword ptr [0x73000], 0x87
	mov dword ptr [0x74000], 0x75007
	mov dword ptr [0x75000], 0x60007
	mov dword ptr [0x75008], 0x60007
	mov dword ptr [0x7500c], 0x80000000
	mov dword ptr [0x75010], 0x60005
	mov dword ptr [0x75018], 0x60003
	mov dword ptr [0x75020], 0x60006
	mov eax, 0x30
	mov cr4, eax
	mov eax, 0x72000
	mov cr3, eax
	mov eax, cr0
	or eax, 0x80000000
	mov cr0, eax
	.irp n, 0, 1, 2, 3, 4
	ACCESS "pae \n", 0x40000000+\n*0x1000
	mov eax, [0x75000+\n*8]
	VALUE "pae entry \n", eax
	.endr
	mov eax, [0x74000]
	VALUE "pae upper", eax
	mov eax, [0x72008]
	VALUE "!pae top", eax
	.irp bits, 0x75006, 0x75005, 0x75003
	mov dword ptr [0x74000], \bits
	RELOAD
	ACCESS "pae upper \bits", 0x40000000
	.endr
	mov dword ptr [0x74000], 0x2087
	RELOAD
	TRY "!pae large, reserved", mov al, [0x40060000]
	mov dword ptr [0x74000], 0x87
	mov dword ptr [0x74004], 0x80000000
	RELOAD
	ACCESS "pae large, nx", 0x40060000
	.irp bits, 0x74003, 0x74005, 0x74021, 0x74041, 0x74081, 0x74101, 0x74200
	mov dword ptr [0x72010], \bits
	mov eax, cr3
	TRY "!pae top \bits", mov cr3, eax
	.endr
	mov dword ptr [0x72010], 0
	TRY "pae, not there", mov al, [0x80000000]
	jmp finish
