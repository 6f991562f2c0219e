// Package dec decodes x86 instructions (16-, 32- and 64-bit code) and prints
// them in Intel syntax.
//
// The instruction set is data: tables_*.go hold one row per encoding, cut by
// opcode map as in SDM vol. 2D appendix A and written in its operand codes.
// codes.go parses those, table.go indexes the rows on first use. decode.go and
// decode_*.go walk prefixes, opcode, ModRM and immediates, find the row whose
// conditions hold and fill an Inst; text.go prints one.
//
// A new instruction is a new row in opcode order; the tests show it to objdump
// and to golang.org/x/arch by themselves.
//
// The translator of x86 guests calls it, and arch/x86 for whoever wants the text or
// the class of an instruction: filters, hooks, the prompt. It knows bytes only: no
// guest state, no CPUID (whether the guest's CPU has an instruction is the
// translator's question), no memory.
package dec
