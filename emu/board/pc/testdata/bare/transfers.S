# Far jumps, calls and returns, call gates, and switches between tasks.
.include "prot.inc"
.data
tsst:	.space 3*0x68
.section .start, "ax"
gated:	int 0x30
back:	retf
back16:	.byte 0x66
	retf
drop:	.byte 0xca, 8, 0 # retf 8
gated16: movzx esp, sp # the other half of a register is undefined
	int 0x30
nested:	iret
	int 0x30
	jmp nested
.text
.macro JUMP sel
	OPEN "jmp \sel"
	.byte 0xea
	.long gated
	.word \sel
	CLOSE
	OPEN "call \sel"
	.byte 0x9a
	.long gated
	.word \sel
	CLOSE
	OPEN3 "user jmp \sel"
	.byte 0xea
	.long gated
	.word \sel
	CLOSE
	OPEN3 "user call \sel"
	.byte 0x9a
	.long gated
	.word \sel
	CLOSE
	push \sel
	push offset gated
	TRY "retf \sel", retf
	add esp, 8
	OPEN3 "user retf \sel"
	push \sel
	push offset gated
	retf
	CLOSE
	push 2
	push \sel
	push offset gated
	TRY "iret \sel", iret
	add esp, 12
	OPEN3 "user iret \sel"
	push 2
	push \sel
	push offset gated
	iret
	CLOSE
.endm
main:
	.irp sel, 0, 3, 8, 0xb, 0x10, 0x18, 0x1b, 0x40, 0x43, 0x48, 0x4b, 0x50, 0x78, 0x98, 0x9b, 0xa0, 0xa8, 0xb0, 0xe0, 0xe1, 0x108, 0x118, 0x120, 0x38, 0x28, 0x130, 0x1c, 0x17, 0xf8, 0x100
	JUMP \sel
	.endr
	OPEN "!jmp beyond the limit"
	.byte 0xea
	.long 0x10000
	.word 0x80
	CLOSE
	# calls through gates come back
	mov word ptr [gdt+0x98], offset back
	mov word ptr [gdt+0xa0], offset back16
	mov word ptr [gdt+0xe8], offset drop
	mov word ptr [gdt+0xd8+4], 0xf300 # data of users
	OPEN "gate and back"
	.byte 0x9a
	.long 0
	.word 0x98
	CLOSE
	OPEN3 "user gate and back"
	.byte 0x9a
	.long 0
	.word 0x9b
	CLOSE
	mov ebx, 0x5000
	OPEN3 "user gate of 16 bits and back"
	mov ax, 0x23
	mov ds, ax
	.byte 0x9a
	.long 0
	.word 0xa3
	mov [ebx], esp
	CLOSE
	mov eax, [0x5000]
	VALUE "esp", eax
	OPEN3 "user gate with words and back"
	push 1
	push 2
	.byte 0x9a
	.long 0
	.word 0xeb
	mov eax, esp
	mov ebx, ds
	CLOSE
	OPEN3 "user gate and segments"
	mov ax, 0x43
	mov ds, ax
	mov ax, 0x23
	mov es, ax
	.byte 0x9a
	.long 0
	.word 0x9b
	mov eax, es:[0x5000]
	CLOSE
	# outward by hand
.macro OUT name, ss, cs
	mov edx, esp
	push \ss
	push 0x6000
	push \cs
	push offset gated
	TRY "retf to \name", retf
	mov esp, edx
	push \ss
	push 0x6000
	push 2
	push \cs
	push offset gated
	TRY "iret to \name", iret
	mov esp, edx
.endm
	OUT "users", 0x23, 0x1b
	OUT "users, stack of supervisors", 0x10, 0x1b
	OUT "users, no stack", 0, 0x1b
	OUT "users, rpl", 0x20, 0x1b
	OUT "users, code as stack", 0x1b, 0x1b
	OUT "users, stack that is not there", 0x73, 0x1b
	OUT "privilege 1", 0xd9, 0xe1
	OUT "conforming code", 0x23, 0x43
	OUT "conforming code of users", 0x23, 0x4b
	OUT "code of supervisors, rpl 3", 0x23, 0xb
	# flags of IRET
	push 0x3002
	popf
	OPEN3 "user popf"
	push 0x244ed7
	popf
	CLOSE
	OPEN3 "user popf, iopl 0"
	push 0
	popf
	CLOSE
	push 0x244ed7
	push 8
	push offset gated
	TRY "iret with flags", iret
	add esp, 12
	push 0x20002
	popf
	TRY "popf vm", nop
	# tasks: 28 is the present one, c0 and c8 are others
	mov edi, offset tss2
	call task32
	OPEN "jmp to a task"
	.byte 0xea
	.long 0
	.word 0xc0
	CLOSE
	call tasks
	mov edi, offset tss2
	call task32
	mov dword ptr [tss2+0x20], offset nested
	OPEN "call of a task, which returns"
	.byte 0x9a
	.long 0
	.word 0xc0
	CLOSE
	call tasks
	OPEN "call of a task again"
	.byte 0x9a
	.long 0
	.word 0xc0
	CLOSE
	call tasks
	OPEN "gate to a task"
	.byte 0x9a
	.long 0
	.word 0xb8
	CLOSE
	call tasks
	OPEN3 "user gate to a task"
	.byte 0x9a
	.long 0
	.word 0xbb
	CLOSE
	call tasks
	OPEN "task that is busy"
	.byte 0xea
	.long 0
	.word 0x28
	CLOSE
	mov word ptr [idt+0x3f*8+2], 0xc0
	mov word ptr [idt+0x3f*8+4], 0xe500
	TRY "int to a task", int 0x3f
	call tasks
	mov edi, offset tss2
	call task32
	mov dword ptr [tss2+0x20], offset popcode
	mov word ptr [idt+13*8+2], 0xc0
	mov word ptr [idt+13*8+4], 0x8500
	mov edx, 0
	OPEN "exception to a task"
	mov ax, 0xfff8
	mov ds, ax
	mov eax, edx
	CLOSE
	call tasks
	mov word ptr [idt+13*8+2], 8
	mov word ptr [idt+13*8+4], 0x8e00
	# tasks with segments that are wrong: the handlers are tasks as well
	.irp n, 10, 11, 12
	mov edi, offset tsst+(\n-10)*0x68
	call task32
	mov dword ptr [tsst+(\n-10)*0x68+0x20], offset wrong\n
	mov word ptr [gdt+0xf0+(\n-10)*8], 0x67
	mov dword ptr [gdt+0xf2+(\n-10)*8], offset tsst+(\n-10)*0x68
	mov word ptr [gdt+0xf5+(\n-10)*8], 0x89
	mov byte ptr [gdt+0xf7+(\n-10)*8], 0
	mov word ptr [idt+\n*8+2], 0xf0+(\n-10)*8
	mov word ptr [idt+\n*8+4], 0x8500
	.endr
.macro WRONG name, off, v, fix
	mov edi, offset tss2
	call task32
	mov dword ptr [tss2+\off], \v
	OPEN "task with \name"
	.byte 0xea
	.long 0
	.word 0xc0
	CLOSE
	call tasks
.endm
	WRONG "cs 0", 0x4c, 0
	WRONG "cs of data", 0x4c, 0x10
	WRONG "cs that is not there", 0x4c, 0x78
	WRONG "ss 0", 0x50, 0
	WRONG "ss of users", 0x50, 0x23
	WRONG "ss that is not there", 0x50, 0x70
	WRONG "ds beyond", 0x54, 0x130
	WRONG "ds that is not there", 0x54, 0x70
	WRONG "fs of code", 0x58, 0x50
	WRONG "ldt of data", 0x60, 0x10
	WRONG "ldt that is not there", 0x60, 0x128
	mov edi, offset tss2
	call task32
	mov word ptr [idt+0x3f*8+2], 0xc0
	mov dword ptr [tss2+0x54], 0x130
	TRY "int to a task with ds beyond", int 0x3f
	call tasks
	mov edi, offset tss2
	call task32
	mov dword ptr [tss2+0x64], 1
	OPEN "!task with a trap"
	.byte 0xea
	.long 0
	.word 0xc0
	CLOSE
	call tasks
	# nested by hand
	pushf
	or dword ptr [esp], 0x4000
	popf
	mov word ptr [tss], 0x10
	TRY "iret, link to data", iret
	pushf
	or dword ptr [esp], 0x4000
	popf
	mov word ptr [tss], 0xc0
	TRY "iret, link to a free task", iret
	# 16 bits
	mov edi, offset tss16b
	mov word ptr [edi+0xe], offset gated16
	mov word ptr [edi+0x10], 0x2
	mov word ptr [edi+0x1a], 0x6f00
	mov word ptr [edi+0x22], 0x10
	mov word ptr [edi+0x24], 8
	mov word ptr [edi+0x26], 0xd0
	mov word ptr [edi+0x28], 0x10
	mov eax, 0x12345678
	OPEN "jmp to a task of 16 bits"
	.byte 0xea
	.long 0
	.word 0xc8
	CLOSE
	VALUE "eax", eax
	mov eax, [tss+0x20]
	sub eax, [trystart]
	VALUE "eip of the old one", eax
	jmp finish

	.irp n, 10, 11, 12
wrong\n: pop edx
	push \n
	jmp wrong
	.endr
wrong:	pop eax
	VALUE "!vector", eax
	VALUE "code", edx
	mov esp, [tryesp]
	push 2
	popf
	jmp dword ptr [tryresume]

popcode:
	pop edx
	int 0x30

# tasks tells of the tasks' states, and makes 28 the present one with all free.
tasks:	str eax
	VALUE "!tr", eax
	.irp n, 0, 1, 2
	mov byte ptr [gdt+0xf5+\n*8], 0x89
	mov edi, offset tsst+\n*0x68
	mov dword ptr [edi+0x20], offset wrong1\n
	mov dword ptr [edi+0x38], 0x6d00
	.endr
	mov eax, cr0
	VALUE "cr0", eax
	mov eax, [gdt+0x2c]
	VALUE "28", eax
	mov eax, [gdt+0xc4]
	VALUE "c0", eax
	mov eax, [tss2]
	VALUE "link", eax
	mov eax, [tss+0x24]
	btr eax, 16 # QEMU knows no RF
	VALUE "flags of 28", eax
	mov eax, [tss2+0x24]
	btr eax, 16
	VALUE "flags of c0", eax
	mov eax, [tss+0x4c]
	VALUE "cs of 28", eax
	clts
	mov byte ptr [gdt+0x2d], 0x89
	mov byte ptr [gdt+0xc5], 0x89
	mov word ptr [tss2], 0
	mov eax, 0x28
	ltr ax
	mov eax, 0x38
	lldt ax
	ret

# task32 makes the task at EDI one that ends the try.
task32:
	push edi
	mov ecx, 0x1a
	xor eax, eax
	rep stosd
	pop edi
	mov dword ptr [edi+0x20], offset gated
	mov dword ptr [edi+0x24], 2
	mov dword ptr [edi+0x38], 0x6e00
	mov dword ptr [edi+0x48], 0x10
	mov dword ptr [edi+0x4c], 8
	mov dword ptr [edi+0x50], 0x10
	mov dword ptr [edi+0x54], 0x10
	mov dword ptr [edi+0x58], 0x10
	mov dword ptr [edi+0x5c], 0x10
	ret
