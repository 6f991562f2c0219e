// Package toy is a guest architecture that no CPU has: the model of a new one, and
// the proof that nothing else knows which there are. Only tests, and what they import, import it. It is a
// whole one all the same: instructions of its own, which both engines run, and
// programs that Linux runs (package user), which package asm writes.
//
// It is unlike x86 wherever the contract (packages arch and vcpu, and linux.Guest)
// leaves a choice, so that whoever guesses is found out:
//
//   - 32 registers of 64 bits, of which the first is always zero; no flags, a branch
//     compares two registers.
//   - Instructions have four bytes, and code that is not aligned to them is an
//     exception.
//   - A call puts its return address into a register. Functions take arguments in
//     six registers and leave their result in a seventh; the frame pointer stands
//     above what it leads to.
//   - Dividing by zero, a breakpoint, a bad instruction, bad memory and code that is
//     not aligned are exceptions 3, 2, 1, 4 and 5; the state is always that of before.
//   - Floating point goes by the rules of ARM, and never traps.
//
// The word of an instruction, whose opcode is the number of its row:
//
//	31       24 23   19 18   14 13    9 8        0
//	  opcode   |   d   |   a   |   b   |          |    add d, a, b
//	  opcode   |   d   |   a   |     immediate    |    addi d, a, i; ld8 d, [a+i]; beq d, a, label
//	  opcode   |   d   |        immediate         |    set d, i; adr d, label
//	  opcode   |            immediate             |    call label
//
// Bits that no operand of the row has must be 0.
package toy
