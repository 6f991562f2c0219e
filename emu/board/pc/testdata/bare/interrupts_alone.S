# When interrupts of the timer are taken.
.include "real.inc"
main:
	# the timer: channel 0 counts to its end once
	mov word ptr [8*4], offset tick
	mov al, 0x11
	out 0x20, al
	mov al, 8
	out 0x21, al
	mov al, 4
	out 0x21, al
	mov al, 1
	out 0x21, al
	mov al, 0xfe
	out 0x21, al
	xor ebx, ebx
	call timer
	sti
	hlt
	VALUE "hlt and interrupt", ebx
	cli
	call timer
	call late
	xor ebx, ebx
	sti
	inc bl
	cli
	VALUE "sti and a shadow", ebx
	call timer
	call late
	xor ebx, ebx
	sti
	mov ax, ss
	inc bl
	inc bl
	cli
	VALUE "sti, shadow of one", ebx
	call timer
	call late
	xor ebx, ebx
	push 0x202
	popf
	inc bl
	cli
	VALUE "popf has no shadow", ebx
	call timer
	call late
	xor ebx, ebx
	xor ax, ax
	push 0x202
	popf
	mov ss, ax
	inc bl
	cli
	VALUE "popf, mov ss", ebx
	call timer
	call late
	xor ebx, ebx
	cli
	sti
	cli
	inc bl
	VALUE "sti, cli", ebx
	jmp finish

# tick notes how far the code has come.
tick:	push ax
	mov bh, bl
	or bh, 0x80
	mov al, 0x20
	out 0x20, al
	pop ax
	iret

timer:	mov al, 0x30
	out 0x43, al
	mov al, 50
	out 0x40, al
	mov al, 0
	out 0x40, al
	ret

# late lets the timer's time come.
late:	mov ecx, 200000
1:	dec ecx
	jnz 1b
	ret
