# Real mode: the table of vectors, limits, unreal mode, A20.
.include "real.inc"
main:
	.irp insn, "nop", "int3", "into", "int 0x31", "ud2", "sti", "pushf", "clts", "lldt ax", "sldt ax", "str ax", "ltr ax", "lar ax, bx", "verr ax", "arpl ax, bx", "smsw ax", "sgdt [0x600]", "mov eax, cr0", "mov eax, cr4", "mov dr0, eax", "rdtsc", "sysenter", "syscall", "wbinvd", "invlpg [0]", "in al, 0x61", "rdmsr"
	mov ecx, 0x10
	xor bx, bx
	TRY "\insn", \insn
	.endr
	OPEN "divide"
	xor cx, cx
	div cx
	CLOSE
	OPEN "step"
	push 0x102
	popf
	nop
	nop
	CLOSE
	OPEN "far call and return"
	lcall 0, back
	CLOSE
	OPEN "iret"
	push 0x0ed7
	push 0
	push offset 1f
	iret
1:	nop
	CLOSE
	OPEN "iretd"
	push 0
	push 0x200ed7
	push 0
	push 0
	push 0
	push offset 1f
	.byte 0x66, 0xcf
1:	nop
	CLOSE
	OPEN "popf"
	push 0x7ed7
	popf
	CLOSE
	# what limits there are; QEMU checks none
	TRY "last byte", mov al, [0xffff]
	TRY "!word at the end", mov ax, [0xffff]
	TRY "!dword at the end", mov eax, [0xfffe]
	mov ebx, 0x10000
	TRY "!beyond", mov al, [ebx]
	TRY "!stack beyond", mov al, ss:[ebx]
	OPEN "push at 0"
	xor sp, sp
	push ax
	mov ax, sp
	CLOSE
	VALUE "sp", eax
	TRY "!jump beyond", .byte 0x66, 0xe9, 0, 0, 1, 0
	OPEN "jump wraps around"
	mov word ptr [0x600], 0x30cd
	mov ax, 0xff00
	add ax, 0x700
	jmp ax
	CLOSE
	TRY "!string over the end", nop
	mov si, 0xffff
	mov di, 0x600
	mov cx, 2
	OPEN "string wraps around"
	rep movsb
	CLOSE
	VALUE "esi", esi
	# a limit of the table
	lidt [short_idt]
	TRY "int in the table", int 0x30
	lidt [full_idt]
	TRY "int of a number that is an exception's", int 0x13
	lidt [short_idt]
	OPEN "!int beyond the table"
	int 0x3f
	CLOSE
	lidt [full_idt]
	# A20
	mov ax, 0xffff
	mov es, ax
	mov byte ptr [0x500], 0x11
	in al, 0x92
	or al, 2
	out 0x92, al
	mov byte ptr es:[0x510], 0x22
	movzx eax, byte ptr [0x500]
	VALUE "a20 on", eax
	in al, 0x92
	and al, 0xfd
	out 0x92, al
	movzx eax, byte ptr es:[0x510]
	VALUE "a20 off", eax
	mov byte ptr es:[0x510], 0x33
	movzx eax, byte ptr [0x500]
	VALUE "a20 off, below", eax
	in al, 0x92
	or al, 2
	out 0x92, al
	movzx eax, byte ptr es:[0x510]
	VALUE "a20 on again", eax
	# unreal mode
	lgdt [gdtr]
	mov eax, cr0
	or al, 1
	mov cr0, eax
	mov bx, 8
	mov fs, bx
	and al, 0xfe
	mov cr0, eax
	mov ebx, 0x100500
	TRY "unreal", mov al, fs:[ebx]
	movzx eax, al
	VALUE "read", eax
	mov ax, 0x10
	mov fs, ax
	TRY "unreal, another base", mov al, fs:[ebx-0x100]
	movzx eax, al
	VALUE "read", eax
	# CS with low bits, as a privilege would have them
	ljmp 3, offset 1f - 0x30
1:	mov eax, cr0
	or al, 1
	mov cr0, eax
	mov ecx, cr0
	and al, 0xfe
	mov cr0, eax
	ljmp 0, offset 2f
2:	and ecx, 1
	VALUE "privilege with a selector of real mode", ecx
	jmp finish

back:	lret

.balign 8
short_idt: .word 0x30*4+3
	.long 0
full_idt: .word 0x3ff
	.long 0
.balign 8
gdt:	.quad 0
	.quad 0x00cf93000000ffff
gdtr:	.word 15
	.long gdt
