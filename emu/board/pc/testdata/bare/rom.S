# A ROM of 64 KiB that puts an image, which takes its place but for the end, to 7C00h.
.intel_syntax noprefix
.code16
.section .start, "ax"
.globl _start
_start:
	.org 0xff80
	cli
	cld
	mov ax, 0xf000
	mov ds, ax
	xor ax, ax
	mov es, ax
	xor si, si
	mov di, 0x7c00
	mov cx, 0x8000
	rep movsb
	mov ax, 0xfc0
	mov es, ax
	xor di, di
	mov cx, 0x7f80
	rep movsb
	ljmp 0, 0x7c00
	.org 0xfff0
	ljmp 0xf000, 0xff80
	.org 0x10000
