# HLT with a single step: QEMU sleeps for ever.
.include "prot.inc"
main:
	OPEN "step hlt"
	push 0x102
	popf
	hlt
	nop
	CLOSE
	jmp finish
