package vdso

// How an unwinder gets through the frame of a signal handler of i386: the
// registers of what was interrupted are in a struct sigcontext above the stack
// pointer, and its own stack pointer is where its frame is.

// Where the struct is from the stack pointer when the handler has returned: after
// the number of the signal, which sigreturn takes off the stack first, and after
// what a handler with SA_SIGINFO gets (arch/x86/include/asm/sigframe.h).
const (
	oldContext = 4
	rtContext  = 160
)

// contextESP is where struct sigcontext has the stack pointer, contextRegs the
// others by their DWARF numbers (System V ABI i386, table 2.14).
const contextESP = 28

var contextRegs = []struct{ number, at byte }{{0, 44}, {1, 40}, {2, 36}, {3, 32}, {5, 24}, {6, 20}, {7, 16}, {8, 56}}

// Call frame instructions and operations of expressions (DWARF 4 sections 6.4.2
// and 2.5).
const (
	cfaExpression    = 0x0f
	regExpression    = 0x10
	advance          = 0x40 // and by how much
	opESP, opDeref   = 0x74, 0x06
	popAt, popLength = 1, 1 // in sigreturnCode
)

// contextFrame is the description of a frame whose registers are n bytes above the
// stack pointer.
func contextFrame(n int) (b []byte) {
	e := append(leb128([]byte{opESP}, n+contextESP), opDeref)
	b = append([]byte{cfaExpression, byte(len(e))}, e...)
	for _, r := range contextRegs {
		e := leb128([]byte{opESP}, n+int(r.at))
		b = append(append(b, regExpression, r.number, byte(len(e))), e...)
	}
	return b
}

// sigreturnFrame is that of sigreturnCode, which pops a word.
func sigreturnFrame() []byte {
	b := append(contextFrame(oldContext), advance|popAt+popLength)
	return append(b, contextFrame(oldContext-4)...)
}

// leb128 appends a signed number in the format LEB128 (DWARF 4 section 7.6). It is
// not negative.
func leb128(b []byte, n int) []byte {
	for ; n >= 0x40; n >>= 7 {
		b = append(b, byte(n&0x7f|0x80))
	}
	return append(b, byte(n))
}
