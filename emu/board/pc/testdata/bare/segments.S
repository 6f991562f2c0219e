# Loads of segment registers, limits and questions about selectors.
.include "prot.inc"
.section .start
gated:	int 0x31
.text
main:
.macro LOAD seg, sel
	mov eax, \sel
	TRY "mov \seg, \sel", mov \seg, ax
.endm
.macro LOAD3 seg, sel
	mov eax, \sel
	TRY3 "user mov \seg, \sel", mov \seg, ax
.endm
	.irp sel, 0, 3, 4, 8, 0xb, 0x10, 0x13, 0x18, 0x1b, 0x20, 0x23, 0x28, 0x38, 0x40, 0x43, 0x48, 0x50, 0x58, 0x60, 0x70, 0x73, 0x78, 0x98, 0xd8, 0xf0, 0x12c, 0x130, 0xfff8, 0x0c, 0x14, 0x1c, 0x24
	LOAD ds, \sel
	LOAD ss, \sel
	LOAD3 gs, \sel
	LOAD3 ss, \sel
	.endr
	mov eax, gdt+0x54
	VALUE "accessed 50", eax
	mov eax, gdt+0x5c
	VALUE "accessed 58", eax
	mov eax, gdt+0xf4
	VALUE "accessed f0", eax
	TRY "mov cs", .byte 0x8e, 0xc8
	# limits
	mov ax, 0x88
	mov es, ax
	TRY "limit last", mov al, es:[0xff]
	TRY "limit beyond", mov al, es:[0x100]
	TRY "limit across", mov ax, es:[0xff]
	TRY "limit write", mov es:[0xfd], eax
	mov ax, 0x90
	mov es, ax
	TRY "pages last", mov eax, es:[0x1ffc]
	TRY "pages across", mov eax, es:[0x1ffd]
	mov ax, 0x60
	mov es, ax
	TRY "!down first", mov al, es:[0xfff]
	TRY "down second", mov al, es:[0x1000]
	TRY "down top", mov eax, es:[0xfffffffc]
	TRY "down beyond", mov eax, es:[0xfffffffd]
	mov ax, 0x68
	mov es, ax
	TRY "down 16 last", mov al, es:[0xffff]
	TRY "down 16 beyond", mov al, es:[0x10000]
	TRY "down 16 across", mov ax, es:[0xffff]
	mov ax, 0x58
	mov es, ax
	TRY "read only read", mov al, es:[0x5000]
	TRY "read only write", mov es:[0x5000], al
	TRY "read only rmw", inc byte ptr es:[0x5000]
	mov ax, 8
	mov es, ax
	TRY "!code write", mov es:[0x5000], al
	TRY "code read", mov al, es:[0x5000]
	xor eax, eax
	mov es, ax
	TRY "!null", mov al, es:[0x5000]
	TRY "!cs write", mov cs:[0x5000], al
	TRY "cs read", mov al, cs:[0x5000]
	TRY "string null", stosb
	mov ax, 0x88
	mov es, ax
	mov edi, 0xfe
	mov ecx, 5
	TRY "!rep stosb over the limit", rep stosb
	VALUE "!edi", edi
	VALUE "!ecx", ecx
	# questions
.macro ASK sel
	mov ecx, \sel
	mov eax, 0x12345678
	TRY "lar \sel", lar eax, ecx
	mov eax, 0x12345678
	lar eax, ecx
	VALUE "lar \sel", eax
	mov eax, 0x12345678
	lsl eax, ecx
	VALUE "lsl \sel", eax
	TRY "verr \sel", verr cx
	TRY "verw \sel", verw cx
	TRY3 "user lar \sel", lar eax, ecx
	TRY3 "user lsl \sel", lsl eax, ecx
	TRY3 "user verr \sel", verr cx
	TRY3 "user verw \sel", verw cx
.endm
	.irp sel, 0, 8, 0xb, 0x10, 0x1b, 0x23, 0x28, 0x30, 0x38, 0x43, 0x4b, 0x50, 0x58, 0x60, 0x70, 0x98, 0xa0, 0xb8, 0xc0, 0xc8, 0xd8, 0x130, 0x14
	ASK \sel
	.endr
	mov ecx, 0x23
	mov eax, 0x20
	TRY "arpl", arpl ax, cx
	VALUE "arpl", eax
	# the tables
	.irp sel, 0, 8, 0x10, 0x38, 0x3c, 0x128, 0x28, 0x130
	mov eax, \sel
	TRY "lldt \sel", lldt ax
	.endr
	.irp sel, 8, 0x10, 0x28, 0x38, 0x3c, 0x100, 0xc0, 0xc0, 0x30, 0xb8, 0x130
	mov eax, \sel
	TRY "ltr \sel", ltr ax
	str eax
	VALUE "str \sel", eax
	.endr
	xor eax, eax
	TRY "!ltr 0", ltr ax
	mov eax, gdt+0x2c
	VALUE "busy 28", eax
	mov eax, gdt+0xc4
	VALUE "busy c0", eax
	mov eax, gdt+0x34
	VALUE "busy 30", eax
	mov byte ptr [gdt+0x2d], 0x89
	mov eax, 0x28
	ltr ax
	.irp insn, "lgdt [gdtr]", "lidt [idtr]", "lldt ax", "ltr ax", "clts", "hlt", "cli", "sti", "in al, 0x70", "out 0x80, al", "mov eax, cr0", "mov cr0, eax", "mov eax, dr7", "mov cr4, eax", "invlpg [0]", "wbinvd", "invd", "rdmsr", "wrmsr", "lmsw ax", "smsw eax", "sldt eax", "str eax", "rdtsc", "rdpmc", "sysexit", "int 0x31", "int 3", "into", "ud2", ".byte 0xf0, 0x90"
	TRY3 "user \insn", \insn
	.endr
	.irp insn, "sgdt [0x5000]", "sidt [0x5000]", "xsetbv", "int1", "bound eax, [0x7000]"
	TRY3 "!user \insn", \insn
	.endr
	TRY "int 0x41", int 0x41
	TRY "int 0x3f", int 0x3f
	mov dword ptr [idt+0x3f*8+4], 0x0e00
	TRY "gate that is not present", int 0x3f
	mov dword ptr [idt+0x3f*8+4], 0x8200
	TRY "gate of another type", int 0x3f
	mov dword ptr [idt+0x3f*8+4], 0x8e00
	.irp sel, 0, 0x10, 0x18, 0x78, 0x130, 0x40, 0xe0
	mov word ptr [idt+0x3f*8+2], \sel
	TRY "gate to \sel", int 0x3f
	.endr
	jmp finish
