# System calls, transfers and exceptions of IA-32e mode.
.include "long.inc"
.section .start, "ax"
.code64
gated:	int 0x30
back:	retfq
.code32
compat:	mov eax, 0x12345678
	int 0x30
.code64
entry:	mov rbx, r11
	int 0x30
fixed:	mov rsi, rsp
	mov rdi, [rsp+24]
	int 0x30
.text
.macro MSR n, v:vararg
	mov ecx, \n
	mov rax, \v
	mov rdx, rax
	shr rdx, 32
	wrmsr
.endm
.macro TRYMSR n, v
	mov ecx, \n
	mov rax, \v
	mov rdx, rax
	shr rdx, 32
	TRY "wrmsr \n \v", wrmsr
	mov ecx, \n
	TRY "rdmsr \n", rdmsr
	VALUE "low", rax
	VALUE "high", rdx
.endm
# FARJ jumps to an offset in a segment through memory.
.macro FAR sel, off
	mov dword ptr [0x5000], offset \off
	mov dword ptr [0x5004], \sel
	mov dword ptr [0x5100], offset \off
	mov dword ptr [0x5104], 0
	mov dword ptr [0x5108], \sel
	TRY "jmp \sel", jmp fword ptr [0x5000]
	TRY "call \sel", call fword ptr [0x5000]
	TRY "jmp tbyte \sel", .byte 0x48, 0xff, 0x2c, 0x25, 0, 0x51, 0, 0
	OPEN "retfq \sel"
	push \sel
	push offset \off
	retfq
	CLOSE
	OPEN "iretq \sel"
	push 0x10
	push 0x6f00
	push 2
	push \sel
	push offset \off
	iretq
	CLOSE
.endm
main:
	.irp sel, 0, 8, 0x10, 0x18, 0x2b, 0x30, 0x38, 0x40, 0x48, 0x50, 0x60, 0x68, 0x80, 0x88, 0xa0, 0xb0, 0xc0
	FAR \sel, gated
	.endr
	mov eax, 3
	TRY "!mov ss, 3", mov ss, eax
	.irp sel, 0, 0x10, 0x20, 0x23, 0x28, 0x38, 0x98, 0xc0
	mov eax, \sel
	TRY "mov ss, \sel", mov ss, eax
	TRY "mov ds, \sel", mov ds, eax
	TRY3 "user mov ss, \sel", mov ss, eax
	TRY3 "user mov fs, \sel", mov fs, eax
	.endr
	xor eax, eax
	mov ds, eax
	mov es, eax
	# compatibility mode
	OPEN3 "compatibility mode", 0x1b
	.code32
	mov eax, 0x87654321
	inc eax
	push eax
	int 0x30
	.code64
	CLOSE
	VALUE "eax", rax
	OPEN3 "!compatibility mode: syscall", 0x1b
	.byte 0x0f, 5
	CLOSE
	OPEN3 "compatibility mode: pusha", 0x1b
	.byte 0x60
	CLOSE
	OPEN3 "!compatibility mode: address", 0x1b
	.byte 0xa0
	.long 0x90000000
	CLOSE
	# stacks of handlers
	mov word ptr [idt+0x31*16], offset fixed
	mov dword ptr [idt+0x31*16+4], 0xee00
	.irp n, 0, 1, 2, 7, 8, 15
	OPEN "alignment \n"
	mov esp, 0x6e00 + \n
	int 0x31
	CLOSE
	VALUE "rsp", rsi
	VALUE "pushed", rdi
	.endr
	OPEN3 "from users"
	int 0x31
	CLOSE
	VALUE "rsp", rsi
	VALUE "pushed", rdi
	mov dword ptr [idt+0x31*16+4], 0xee02
	OPEN "stack 2"
	int 0x31
	CLOSE
	VALUE "rsp", rsi
	VALUE "pushed", rdi
	mov dword ptr [idt+0x31*16+8], 0x8000
	TRY "!handler that is not canonical", int 0x31
	mov dword ptr [idt+0x31*16+8], 0
	.irp sel, 0, 0x10, 0x30, 0x60, 0x78, 0x80, 0x28, 0xc0
	mov word ptr [idt+0x31*16+2], \sel
	TRY "handler in \sel", int 0x31
	.endr
	mov word ptr [idt+0x31*16+2], 8
	.irp type, 0xe5, 0xe6, 0xe7, 0xec, 0x6e, 0xef
	mov byte ptr [idt+0x31*16+5], \type
	TRY "!gate of type \type", int 0x31
	.endr
	TRY "!int 0x41", int 0x41
	TRY3 "!user int 0x32", int 0x32
	OPEN "iretq with nt"
	pushf
	or dword ptr [rsp], 0x4000
	popf
	iretq
	CLOSE
	# system calls
	MSR 0xc0000081, 0x0018000800000000
	MSR 0xc0000082, offset entry
	MSR 0xc0000084, 0x300
	OPEN3 "!syscall"
	mov r11d, 0
	syscall
	CLOSE
	VALUE "r11", rbx
	OPEN3 "syscall and step, masked"
	push 0x102
	popf
	syscall
	CLOSE
	MSR 0xc0000084, 0
	OPEN3 "syscall and step"
	push 0x102
	popf
	syscall
	CLOSE
	OPEN "sysretq"
	mov ecx, USER+offset 8f
	mov r11d, 0x202
	mov esp, USER+0x6000
	.byte 0x48, 0x0f, 7
8:	mov ecx, cs
	mov edx, ss
	int 0x30
9:
	OPEN "sysretl"
	mov ecx, USER+offset 8f
	mov r11d, 0x3ed7
	mov esp, USER+0x6000
	.byte 0x0f, 7
8:	mov ecx, cs
	mov edx, ss
	int 0x30
9:
	VALUE "cs", rcx
	VALUE "ss", rdx
	OPEN "sysretq and step"
	mov ecx, USER+offset 8f
	mov r11d, 0x102
	.byte 0x48, 0x0f, 7
8:	nop
	nop
	int 0x30
9:
	TRY3 "user sysretq", .byte 0x48, 0x0f, 7
	MSR 0xc0000080, 0x900
	TRY3 "syscall without sce", syscall
	TRY "sysretq without sce", .byte 0x48, 0x0f, 7
	MSR 0xc0000080, 0x901
	MSR 0x174, 0
	TRY3 "sysenter without cs", sysenter
	MSR 0x174, 8
	MSR 0x175, 0x6e00
	MSR 0x176, offset entry
	TRY3 "sysenter", sysenter
	TRY3 "user sysexit", .byte 0x0f, 0x35
	# model-specific registers
	.irp n, 0xc0000082, 0xc0000083, 0xc0000100, 0xc0000101, 0xc0000102, 0x175, 0x176
	TRYMSR \n, 0x123456789abc
	TRYMSR \n, 0xffff800000000000
	.endr
	.irp n, 0xc0000082, 0xc0000083, 0xc0000100, 0xc0000101, 0xc0000102, 0x176
	mov ecx, \n
	xor eax, eax
	mov edx, 0x8000
	TRY "!wrmsr \n, not canonical", wrmsr
	.endr
	.irp v, 0x501, 0xd01, 0x10000d01, 1, 0x901
	mov ecx, 0xc0000080
	mov edx, 0
	mov eax, \v
	TRY "!efer \v", wrmsr
	mov ecx, 0xc0000080
	rdmsr
	VALUE "!efer", rax
	.endr
	mov ecx, 0x12345
	TRY "!rdmsr of nothing", rdmsr
	MSR 0xc0000101, 0x1111
	MSR 0xc0000102, 0x2222
	TRY "swapgs", swapgs
	mov ecx, 0xc0000101
	rdmsr
	VALUE "gs", rax
	TRY3 "user swapgs", swapgs
	mov eax, 0x98
	mov fs, eax
	mov ecx, 0xc0000100
	rdmsr
	VALUE "fs base", rax
	xor eax, eax
	mov fs, eax
	TRY "rdfsbase", rdfsbase rax
	mov rax, cr4
	or eax, 0x10000
	mov cr4, rax
	TRY "rdfsbase, enabled", rdfsbase rax
	mov rbx, 0x800000000000
	TRY "!wrfsbase, not canonical", wrfsbase rbx
	# switched off
.macro OFF name
	TRY "\name: fld1", fld1
	TRY "\name: fwait", fwait
	TRY "!\name: emms", emms
	TRY "!\name: addps", addps xmm0, xmm0
	TRY "\name: fxsave", fxsave [0x5000]
	TRY "!\name: vaddps", vaddps ymm0, ymm0, ymm0
	TRY "\name: xgetbv", xgetbv
	TRY "\name: movnti", movnti [0x5000], eax
.endm
	xor ecx, ecx
	OFF "plain"
	.irp bits, 8, 4, 2, 0xa, 0xc, 6
	mov rax, cr0
	mov rdx, rax
	or eax, \bits
	mov cr0, rax
	OFF "cr0 \bits"
	mov cr0, rdx
	.endr
	mov rax, cr4
	xor eax, 0x200
	mov cr4, rax
	OFF "no osfxsr"
	xor eax, 0x40200
	mov cr4, rax
	OFF "osxsave"
	xor ecx, ecx
	xor edx, edx
	.irp v, 0, 2, 5, 6, 8, 7
	mov eax, \v
	TRY "xsetbv \v", xsetbv
	.endr
	OFF "avx"
	# UMIP, TSD
	mov rax, cr4
	or eax, 0x804
	mov cr4, rax
	mov ebx, USER+0x5000
	.irp insn, "sgdt [rbx]", "sidt [rbx]", "sldt eax", "str eax", "smsw eax", "rdtsc"
	TRY3 "user \insn", \insn
	TRY "\insn", \insn
	.endr
	jmp finish
