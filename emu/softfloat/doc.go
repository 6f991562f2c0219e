// Package softfloat is IEEE 754 arithmetic as guests see it: binary32 and
// binary64 with binary16 and integers to convert from and to, and the double
// extended format of the x87 (SDM vol. 1 ch. 8).
//
// Problem: a guest sees more of an operation than its value: six exception
// flags, rounding modes, flush-to-zero, which NaN survives. The host's
// floating-point unit cannot be asked for those from Go, and architectures
// answer differently where the standard leaves a choice.
//
// Idea: every operand is unpacked to one form, num, with a 128-bit
// significand; the arithmetic there is exact or keeps a sticky bit; one place
// rounds, raises flags and packs. What architectures decide is a table of
// decisions, Rules, which is asked in the rare cases alone. In front of that,
// Add64 and its kind compute on the host and accept the value when the flags are
// known without more work: in those cases all rules agree.
//
// An operation takes its operands as bits, and its environment and rules from
// Env, to whose Flags it adds. A name such as MULSD or FMUL in the comment of a
// function says which instruction shows its meaning, not who may call it: each
// works under all rules. Those of binary32 and binary64 obey DAZ, FTZ and
// DefaultNaN; the x87's do not, and have rules of their own.
//
// The transcendental instructions of the x87 use 128-bit series and round
// once. Their values are the mathematical ones correctly rounded, except where
// Intel CPUs are known to cut corners (the 66-bit pi, tiny arguments, logarithms
// of powers of two); they lie within one unit in the last place of those CPUs'
// results, and all flags agree.
//
// Invariants: a function changes Env.Flags (and C1 for x87) and nothing else;
// results depend on nothing but Env and the operands, so record and replay
// and every host agree. The zero Env is that of SSE and the x87.
//
// Unmasked exceptions: a function never traps. The caller that unmasks clears
// Flags before the operation; if Flags &^ Masks is not zero afterwards, the
// guest exception is due, and the result is not to be written (for x87
// overflow and underflow to a register it is: SDM vol. 1 8.5.4, 8.5.5). The
// flags are those the CPU would show: an unmasked denormal operand, for
// example, stops the operation before underflow is found. The rules of ARM are
// those of a CPU that has no traps for them, as nearly all: its callers mask
// everything.
//
// Called by interp for the operations of ir, and by the helpers of a guest's
// translator. It must not know the vCPU, the register file, memory, or the x87
// stack.
package softfloat
