# Virtual-8086 mode, and the bitmap of I/O ports.
.include "prot.inc"
.section .start, "ax"
.code16
far16:	int 0x30
ret16:	lret
iret16:	iret
.code32
.text
.macro OPENV name, flags
	BEGIN "\name"
	push 0x444
	push 0x333
	push 0x222
	push 0x111
	push 0
	push 0x6000
	push 0x20002 + (\flags)
	push 0
	push offset 8f
	iret
	.code16
8:
.endm
.macro CLOSEV
	int 0x30
	.code32
9:
.endm
.macro TRYV name, insn:vararg
	OPENV "v86 \name", 0
	\insn
	CLOSEV
	OPENV "v86, iopl 3: \name", 0x3000
	\insn
	CLOSEV
.endm
main:
	mov byte ptr [tss+0x68+0x10], 0xfe # port 80h
	.irp insn, "nop", "cli", "sti", "pushf", "popf", "pushfd", "popfd", "hlt", "clts", "rdtsc", "int 0x31", "int3", "int 3", ".byte 0xcd, 3", "into", "iret", "in al, 0x80", "out 0x80, al", "in al, 0x81", "in ax, 0x80", "lgdt [0x5000]", "sgdt [0x5000]", "smsw ax", "lmsw ax", "sldt ax", "str ax", "lldt ax", "ltr ax", "lar ax, bx", "verr ax", "arpl ax, bx", "mov eax, cr0", "mov eax, dr0", "rdmsr", "sysenter", "invlpg [0]", "ud2", "mov al, [0xffff]", "ljmp 0, far16", "lcall 0, far16", "lcall 0, ret16", "bound ax, [0x5000]"
	TRYV "\insn", \insn
	.endr
	OPENV "!word at the end", 0x3000
	mov ax, [0xffff]
	CLOSEV
	OPENV "!beyond the end of the stack", 0x3000
	mov eax, [esp+0x10000]
	CLOSEV
	OPENV "segments", 0x3000
	mov ax, ds
	mov bx, es
	mov cx, fs
	mov dx, gs
	CLOSEV
	VALUE "ds", eax
	VALUE "es", ebx
	VALUE "fs", ecx
	VALUE "gs", edx
	mov dword ptr [0x5554], 0x87654321
	OPENV "mov ds", 0x3000
	mov ax, 0x555
	mov ds, ax
	mov eax, [4]
	CLOSEV
	VALUE "eax", eax
	OPENV "popf keeps iopl and vm", 0x3000
	push 0
	push 0x4ed5
	popfd
	pushfd
	pop eax
	CLOSEV
	VALUE "eax", eax
	OPENV "iret", 0x3000
	push 0x0ad5
	push 0
	push offset far16
	iret
	CLOSEV
	OPENV "real interrupt of a program", 0x3000
	pushf
	push 0
	push offset 1f
	ljmp 0, iret16
1:	nop
	CLOSEV
	OPENV "divide", 0
	xor cx, cx
	div cx
	CLOSEV
	OPENV "step", 0x3000
	push 0x3102
	popf
	nop
	nop
	CLOSEV
	OPENV "!stack at the end", 0x3000
	mov sp, 1
	push ax
	CLOSEV
	OPENV "!pop at the end", 0x3000
	mov sp, 0xffff
	pop ax
	CLOSEV
	OPENV "stack wraps around", 0x3000
	xor sp, sp
	push ax
	mov ax, sp
	CLOSEV
	VALUE "ax", eax
	OPENV "!ip beyond", 0x3000
	.byte 0x66, 0xe9
	.long 0x10000
	CLOSEV
	# gates that virtual-8086 mode must not go through
	mov word ptr [idt+0x30*8+2], 0x40
	OPENV "gate to conforming code", 0x3000
	int 0x30
	CLOSEV
	mov word ptr [idt+0x30*8+2], 0x18
	OPENV "gate to users", 0x3000
	int 0x30
	CLOSEV
	mov word ptr [idt+0x30*8+2], 8
	mov byte ptr [idt+0x30*8+5], 0x8e
	OPENV "gate of supervisors", 0x3000
	int 0x30
	CLOSEV
	mov byte ptr [idt+0x30*8+5], 0xee
	# the bitmap in protected mode
	.irp port, 0x80, 0x81, 0x7f
	TRY3 "user in al, \port", in al, \port
	.endr
	TRY3 "user in ax, 0x7f", in ax, 0x7f
	mov dx, 0x80
	TRY3 "user in ax, 0x80", in ax, dx
	mov edi, 0x5000
	TRY3 "!user insb without es", insb
	mov ecx, 0
	TRY3 "user rep insb, 0", rep insb
	mov byte ptr [tss+0x68+0x10], 0
	mov byte ptr [tss+0x68+0x11], 0xf0
	mov dx, 0x88
	TRY3 "user in eax, 0x88", in eax, dx
	mov dx, 0x8a
	TRY3 "user in eax, 0x8a", in eax, dx
	mov dx, 0x87
	TRY3 "user in ax, 0x87", in ax, dx
	mov dx, 0xffff
	mov word ptr [tss+0x66], 0x68
	mov byte ptr [tss+0x68+0x1fff], 0
	TRY3 "user in al, 0xffff", in al, dx
	mov word ptr [tss+0x66], 0x2068
	mov dx, 0x80
	TRY3 "user in beyond the tss", in al, dx
	push 0x3002
	popf
	TRY3 "user with iopl 3", in al, dx
	push 0x3002
	popf
	TRY3 "user cli with iopl 3", cli
	push 0x3002
	popf
	TRY3 "user sti with iopl 3", sti
	push 0x3002
	popf
	TRY3 "user hlt with iopl 3", hlt
	jmp finish
