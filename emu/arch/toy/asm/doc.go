// Package asm writes programs of the toy architecture: text becomes an ELF file with
// symbols.
//
//	; a comment
//	start:  adr p0, text          ; an instruction, as the disassembly prints it
//	        sys write             ; the number of the call into n, and the instruction
//	.again: bne t0, z, .again     ; a label that is no symbol
//	        li t1, 0x123456789    ; as many instructions as the number needs
//	        mov t2, t1
//	        .data
//	text:   .ascii "hello\n"
//	        .byte 1, 2
//	        .quad text, 3
//	        .space 64
//	        .align 8
//
// A program begins at start. Labels before .data are functions, those after it are
// objects. Only tests use it: most of what is wrong in the text is an error with its
// line, but it looks at no range of data and at nothing that stands too much.
package asm
