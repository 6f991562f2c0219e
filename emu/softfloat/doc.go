// Package softfloat is IEEE 754 arithmetic with the rules of x86: binary32
// and binary64 as SSE computes them (SDM vol. 1 ch. 4, 10, 11, 14), the x87
// double extended format (ch. 8), and the conversions between them.
//
// Problem: a guest sees more of an operation than its value: six exception
// flags, four rounding modes, flush-to-zero, which NaN survives. The host's
// floating-point unit cannot be asked for those from Go.
//
// Idea: every operand is unpacked to one form, num, with a 128-bit
// significand; the arithmetic there is exact or keeps a sticky bit; one place
// rounds, raises flags and packs. In front of that, Add64 and its kind compute
// on the host and accept the value when the flags are known without more work.
//
// The transcendental instructions of the x87 use 128-bit series and round
// once. Their values are the mathematical ones correctly rounded, except where
// Intel CPUs are known to cut corners (the 66-bit pi, tiny arguments, logarithms
// of powers of two); they lie within one unit in the last place of those CPUs'
// results, and all flags agree.
//
// Invariants: a function changes Env.Flags (and C1 for x87) and nothing else;
// results depend on nothing but Env and the operands, so record and replay
// and every host agree.
//
// Unmasked exceptions: a function never traps. The caller that unmasks clears
// Flags before the operation; if Flags &^ Masks is not zero afterwards, the
// guest exception is due, and the result is not to be written (for x87
// overflow and underflow to a register it is: SDM vol. 1 8.5.4, 8.5.5). The
// flags are those the CPU would show: an unmasked denormal operand, for
// example, stops the operation before underflow is found.
//
// Called by the translators' helpers of guest x86 (and later arm). It must not
// know the vCPU, the register file, memory, or the x87 stack.
package softfloat
