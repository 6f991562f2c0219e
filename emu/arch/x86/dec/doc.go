// Package dec decodes x86 instructions (16-, 32- and 64-bit code) and prints
// them in Intel syntax.
//
// The instruction set is data: tables_*.go hold one row per encoding, cut by
// opcode map as in SDM vol. 2D appendix A and written in its operand codes.
// decode.go walks prefixes, opcode, ModRM and immediates, finds the row whose
// conditions hold and fills an Inst; text.go prints an Inst.
//
// The translator of x86 guests, the monitor, the debugger stub and filters on
// mnemonics call it. It knows bytes only: no guest state, no CPUID (whether
// the guest's CPU has an instruction is the translator's question), no memory.
package dec
