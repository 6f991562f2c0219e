# Control and debug registers in code of 64 bits. QEMU takes bits that no CPU has, and hangs.
.include "long.inc"
main:
.macro CR name, reg, v
	mov rdx, \v
	TRY "mov \reg, \v", mov \reg, rdx
.endm
	.irp v, 0x20, 0x220, 0x1000, 0x20220, 0x1020, 0x4000220, 0x10220
	CR cr4, cr4, \v
	mov rax, cr4
	VALUE "cr4", rax
	.endr
	mov eax, 0x220
	mov cr4, rax
	.irp v, 0x180000011, 0x80000010, 0x11, 0xa0000011, 0xe0000011, 0x80000011, 0x80010013
	CR cr0, cr0, \v
	mov rax, cr0
	VALUE "cr0", rax
	.endr
	mov eax, 0x80000011
	mov cr0, rax
	.irp v, 0x10000070000, 0x8000000000070000, 0x70018, 0x70000
	CR cr3, cr3, \v
	mov rax, cr3
	VALUE "cr3", rax
	.endr
	mov eax, 0x20220
	mov cr4, rax
	CR cr3, cr3, 0x8000000000070000
	mov rax, cr3
	VALUE "cr3 with pcid", rax
	CR cr3, cr3, 0x70005
	mov eax, 0x70000
	mov cr3, rax
	mov eax, 0x220
	mov cr4, rax
	.irp v, 0, 15, 16, 0x100000000
	CR cr8, cr8, \v
	.endr
	TRY "mov cr1", .byte 0x0f, 0x20, 0xc8
	TRY "mov cr5", .byte 0x0f, 0x20, 0xe8
	TRY "mov cr9", .byte 0x44, 0x0f, 0x20, 0xc8
	TRY "mov to cr7", .byte 0x0f, 0x22, 0xf8
	TRY3 "!user mov cr1", .byte 0x0f, 0x20, 0xc8
	TRY "!mov dr8", .byte 0x44, 0x0f, 0x21, 0xc0
	TRY "!mov to dr15", .byte 0x44, 0x0f, 0x23, 0xf8
	mov rdx, 0x100000000
	TRY "mov dr7", mov dr7, rdx
	TRY "mov dr6", mov dr6, rdx
	TRY "mov dr0", mov dr0, rdx
	jmp finish
