# Page tables of four levels: rights, bits of error codes, accessed and dirty bits.
.include "long.inc"
# QEMU has other error codes for reserved bits, and for what is read and written.
.macro PAGE name, n
	mov ebx, 0x80000000 + \n*0x1000
	TRY "\name: read \n", mov al, [rbx]
	TRY "\name: write \n", mov [rbx+1], al
	TRY "\name: call \n", call rbx
	TRY3 "\name: user read \n", mov al, [rbx]
	TRY3 "\name: user write \n", mov [rbx+1], al
	TRY3 "\name: user call \n", call rbx
	mov rax, [0x75000 + \n*8]
	VALUE "\name: entry \n", rax
.endm
.macro PAGES name
	.irp n, 0, 1, 2, 3, 4, 5, 7
	PAGE "\name", \n
	TRY "!\name: inc \n", inc byte ptr [rbx+1]
	.endr
	PAGE "!\name", 6
	call tables
.endm
main:
	call tables
	PAGES "plain"
	mov rax, cr0
	or rax, 0x10000
	mov cr0, rax
	PAGES "wp"
	mov eax, 0x100220
	mov cr4, rax
	PAGES "smep"
	mov eax, 0x200220
	mov cr4, rax
	PAGES "smap"
	stac
	mov ebx, 0x80000000
	OPEN "stac"
	stac
	mov [rbx+1], al
	CLOSE
	OPEN "clac"
	clac
	mov [rbx+1], al
	CLOSE
	# supervisors' own accesses, with a table where only users may
	mov eax, 0x220
	mov cr4, rax
	# across two pages
	mov ebx, 0x80003ffe
	TRY "read across", mov eax, [rbx]
	mov ebx, 0x80000ffe
	TRY3 "user write across", mov [rbx], eax
	mov ebx, 0x80001ffe
	TRY3 "user read across", mov eax, [rbx]
	# bits of upper levels
	mov ebx, 0x80000000
.macro UPPER name, at, bits
	mov rcx, \bits
	mov rdx, [\at]
	mov rsi, rdx
	xor rsi, rcx
	mov [\at], rsi
	mov rcx, cr3
	mov cr3, rcx
	TRY "\name: read", mov al, [rbx]
	TRY "\name: write", mov [rbx+1], al
	TRY "\name: call", call rbx
	TRY3 "\name: user read", mov al, [rbx]
	TRY3 "\name: user write", mov [rbx+1], al
	TRY3 "\name: user call", call rbx
	mov [\at], rdx
	mov rcx, cr3
	mov cr3, rcx
.endm
	.irp at, 0x71010, 0x74000
	.irp bits, 1, 2, 4, 0x8000000000000000
	UPPER "\at \bits", \at, \bits
	.endr
	.irp bits, 0x8000000000000, 0x10000000000
	UPPER "!\at \bits", \at, \bits
	.endr
	.endr
	# large pages
	mov qword ptr [0x71018], 0x87
	mov ebx, 0xc0075000
	TRY "1g", mov rax, [rbx]
	mov rax, [0x71018]
	VALUE "1g entry", rax
	TRY3 "user 1g write", mov byte ptr [rbx+0x800], 1
	mov rax, [0x71018]
	VALUE "1g entry", rax
	mov qword ptr [0x71018], 0x2087
	mov rcx, cr3
	mov cr3, rcx
	TRY "!1g with a reserved bit", mov rax, [rbx]
	mov qword ptr [0x71018], 0
	mov qword ptr [0x74008], 0x4087
	mov ebx, 0x80200000
	TRY "!2m with a reserved bit", mov al, [rbx]
	mov qword ptr [0x74008], 0x1087
	TRY "2m with pat", mov al, [rbx]
	mov rax, [0x74008]
	VALUE "2m entry", rax
	mov rbx, 0x8000000000000000
	TRY "not canonical", mov al, [rbx]
	OPEN "!stack that is not canonical"
	mov rsp, rbx
	push rax
	CLOSE
	jmp finish

# tables has the pages' entries new, and a RET in each frame.
tables:
	mov byte ptr [0x60000], 0xc3
	mov qword ptr [0x75000], 0x60007
	mov qword ptr [0x75008], 0x60005
	mov qword ptr [0x75010], 0x60003
	mov qword ptr [0x75018], 0x60001
	mov qword ptr [0x75020], 0x60006
	mov rax, 0x8000000000060007
	mov [0x75028], rax
	mov rax, 0x8000000060007
	mov [0x75030], rax
	mov rax, 0x8000000000060003
	mov [0x75038], rax
	mov rax, [0x70000]
	VALUE "top", rax
	mov rax, [0x71010]
	VALUE "third", rax
	mov rax, [0x74000]
	VALUE "second", rax
	mov qword ptr [0x70000], 0x71007
	mov qword ptr [0x71010], 0x74007
	mov qword ptr [0x74000], 0x75007
	mov rax, cr3
	mov cr3, rax
	ret
