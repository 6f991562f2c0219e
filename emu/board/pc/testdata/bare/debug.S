# Single steps and breakpoints.
.include "prot.inc"
.section .start, "ax"
gated:	nop
	nop
	iret
.text
.macro STEP name, insn:vararg
	OPEN "\name"
	push 0x102
	popf
	\insn
	nop
	nop
	CLOSE
.endm
# BREAK sets breakpoint 0 to an address, by its bits of DR7 from 16 on, and enables it.
.macro BREAK at, how
	mov eax, offset \at
	mov dr0, eax
	mov eax, ((\how) << 16) + 2
	mov dr7, eax
.endm
.macro DATA name, at, how, insn:vararg
	mov ebx, 0x5000
	OPEN "\name"
	BREAK \at, \how
	\insn
	nop
	CLOSE
	xor eax, eax
	mov dr7, eax
.endm
main:
	mov word ptr [idt+0x31*8], offset gated
	mov word ptr [idt+0x31*8+6], 0
	xor eax, eax
	mov dr6, eax
	mov eax, dr6
	VALUE "dr6", eax
	mov eax, 0xffffffff
	mov dr6, eax
	mov eax, dr6
	VALUE "!dr6, all", eax
	xor eax, eax
	mov dr7, eax
	mov eax, dr7
	VALUE "dr7", eax
	xor eax, eax
	mov dr6, eax
	# single steps
	.irp insn, "nop", "cpuid", "rdtsc", "jmp .+2", "pushf", "mov eax, cr0", "mov cr0, eax", "mov ds, ax", "push 2", "fninit", "in al, 0x61", "out 0x80, al", "cli", "wbinvd", "loop .+2", "int 0x31", "int3", "into", "lgdt [gdtr]", "invlpg [0]", "enter 8, 0"
	mov eax, cr0
	mov ecx, 2
	cmp ecx, 2 # not mov ds of cr0
	.ifnc \insn, mov ds, ax
	STEP "step \insn", \insn
	.endif
	.endr
	mov eax, 0x10
	STEP "mov ds", mov ds, ax
	mov eax, 0x10
	STEP "mov ss", mov ss, ax
	STEP "!step lss", lss esp, [farstack]
	STEP "ud2", ud2
	OPEN "step popf"
	push 2
	push 0x102
	popf
	popf
	nop
	CLOSE
	OPEN "step iret"
	push 0x102
	push 8
	push offset 1f
	iret
1:	nop
	nop
	CLOSE
	OPEN "step out of iret"
	push 2
	push 8
	push offset 1f
	push 0x102
	popf
	iret
1:	nop
	CLOSE
	mov esi, 0x5000
	mov edi, 0x5800
	mov ecx, 3
	STEP "rep movsb", rep movsb
	VALUE "ecx", ecx
	mov ecx, 0
	STEP "rep movsb, 0", rep movsb
	mov ecx, 1
	STEP "rep movsb, 1", rep movsb
	mov ecx, 3
	mov edi, 0x5000
	STEP "repne scasb", repne scasb
	VALUE "ecx", ecx
	mov ecx, 3
	STEP "rep insb", mov edi, 0x5000
	mov ecx, 2
	mov dx, 0x80
	mov esi, 0x5000
	STEP "rep outsb", rep outsb
	VALUE "ecx", ecx
	OPEN3 "user step"
	push 0x102
	popf
	nop
	nop
	CLOSE
	OPEN3 "user step int"
	push 0x102
	popf
	int 0x30
	CLOSE
	# data
	.irp how, 1, 3, 5, 7, 13, 15, 9
	DATA "\how mov [ebx]", 0x5000, \how, mov [ebx], al
	DATA "\how mov [ebx+3]", 0x5000, \how, mov [ebx+3], al
	DATA "\how mov [ebx+4]", 0x5000, \how, mov [ebx+4], al
	DATA "\how mov [ebx-1]", 0x5000, \how, mov [ebx-1], ax
	DATA "\how mov eax, [ebx-3]", 0x5000, \how, mov eax, [ebx-3]
	DATA "\how mov eax, [ebx-4]", 0x5000, \how, mov eax, [ebx-4]
	DATA "\how inc", 0x5000, \how, inc byte ptr [ebx+1]
	DATA "\how cmp", 0x5000, \how, cmp byte ptr [ebx+1], 3
	DATA "\how unaligned", 0x5003, \how, mov eax, [ebx]
	.endr
	DATA "push", 0x6ffc, 13, push eax
	DATA "call", 0x6ffc, 13, call 8f
	mov ecx, 5
	mov edi, 0x4ffe
	DATA "rep stosb", 0x5000, 1, rep stosb
	VALUE "ecx", ecx
	mov esi, 0x4ffe
	mov edi, 0x5800
	mov ecx, 5
	DATA "rep movsb", 0x5000, 3, rep movsb
	VALUE "ecx", ecx
	DATA "cmpxchg8b", 0x5004, 13, cmpxchg8b [ebx]
	DATA "bts", 0x5004, 13, bts dword ptr [ebx], 35
	DATA "fnsave", 0x5060, 1, fnsave [ebx]
	DATA "sgdt", 0x5004, 1, sgdt [ebx]
	DATA "lgdt", gdtr, 3, lgdt [gdtr]
	DATA "pop to memory", 0x5000, 1, pop dword ptr [ebx]
	DATA "!and a fault", 0x5000, 3, bound eax, [ebx]
	OPEN "mov ss and data"
	BREAK 0x5000, 3
	mov word ptr [0x5100], 0x10
	mov al, [0x5000]
	nop
	CLOSE
	mov word ptr [0x5000], 0x10
	OPEN "!mov ss of data"
	BREAK 0x5000, 7
	mov ss, [0x5000]
	nop
	nop
	CLOSE
	OPEN "!data and step"
	BREAK 0x5000, 3
	push 0x102
	popf
	mov al, [0x5000]
	nop
	CLOSE
	OPEN "!two"
	mov eax, 0x5001
	mov dr3, eax
	BREAK 0x5000, 0xf003
	or eax, 0x80
	mov dr7, eax
	mov eax, [0x5000]
	nop
	CLOSE
	OPEN "not enabled"
	mov eax, 0x5000
	mov dr0, eax
	mov eax, 0x30000
	mov dr7, eax
	mov eax, [0x5000]
	CLOSE
	OPEN3 "user data"
	mov ax, 0x23
	mov ds, ax
	mov al, [0x5000]
	CLOSE
	BREAK 0x5000, 3
	OPEN3 "user data, and on"
	mov ax, 0x23
	mov ds, ax
	mov al, [0x5000]
	nop
	CLOSE
	# instructions
	OPEN "insn"
	BREAK 1f, 0
	nop
1:	inc ecx
	CLOSE
	OPEN "insn in the middle"
	BREAK 1f+1, 0
	nop
1:	mov eax, 5
	CLOSE
	OPEN "insn that is undefined"
	BREAK 1f, 0
1:	ud2
	CLOSE
	OPEN "!insn with rf"
	BREAK 1f, 0
	push 0x10002
	push 8
	push offset 1f
	iret
1:	inc ecx
	jmp 1b
	CLOSE
	OPEN "insn, resuming by popf"
	BREAK 1f, 0
	push 0x10002
	popf
1:	inc ecx
	CLOSE
	mov ecx, 3
	mov edi, 0x5000
	OPEN "insn rep"
	BREAK 1f, 0
1:	rep stosb
	CLOSE
	VALUE "ecx", ecx
	OPEN "!insn rep with rf"
	BREAK 1f, 0
	push 0x10002
	push 8
	push offset 1f
	iret
1:	rep stosb
	CLOSE
	VALUE "!ecx", ecx
	OPEN "!insn, and a step before"
	BREAK 1f, 0
	push 0x102
	popf
	nop
1:	nop
	CLOSE
	OPEN3 "user insn"
	nop
	nop
	CLOSE
	# the flags that a handler sees
	mov byte ptr [0x5000], 0
	OPEN "!general detect"
	mov eax, 0x2000
	mov dr7, eax
	mov eax, dr7
	CLOSE
	mov eax, dr7
	VALUE "!dr7 after general detect", eax
	# ports
	DATA "!port without de", 0x80, 2, out 0x80, al
	mov eax, cr4
	or eax, 8
	mov cr4, eax
	DATA "port", 0x80, 2, out 0x80, al
	DATA "port beside", 0x81, 2, out 0x80, al
	DATA "port of a wide one", 0x80, 14, in al, 0x82
	DATA "wide access", 0x82, 2, in eax, 0x80
	TRY "dr4 with de", mov eax, dr4
	TRY "mov dr5 with de", mov dr5, eax
	mov eax, cr4
	and eax, 0xfffffff7
	mov cr4, eax
	TRY "dr4", mov eax, dr4
	TRY3 "user dr4", mov eax, dr4
	jmp finish
.data
farstack: .long 0x7000
	.word 0x10
