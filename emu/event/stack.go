package event

import (
	"encoding/binary"
	"fmt"
	"strings"

	"panda/emu/guest"
	"panda/emu/vcpu"
)

// Frame is one call of a backtrace: where it is, or goes on when it is returned
// to, and the stack pointer that it then has.
type Frame struct{ PC, SP guest.Addr }

// framePointer is the register that links the frames, by the width of the
// architecture.
var framePointer = map[int]string{32: "ebp", 64: "rbp"}

// Backtrace follows the frame pointers for at most most calls. At the first
// instruction of a function, whose own frame does not stand yet, the top of the
// stack is the return address.
func Backtrace(c *vcpu.CPU, most int) []Frame {
	size := guest.Addr(c.Machine.Arch.Bits / 8)
	fs := []Frame{{c.PC(), c.SP()}}
	word := func(a guest.Addr) (guest.Addr, bool) {
		b := make([]byte, 8)
		err := c.Read(a, b[:size])
		return guest.Addr(binary.LittleEndian.Uint64(b)), err == nil
	}
	if _, off, ok := c.Machine.Symbol(c.PC()); ok && off == 0 {
		if ret, ok := word(c.SP()); ok {
			fs = append(fs, Frame{ret, c.SP() + size})
		}
	}
	fp, _ := c.Reg(framePointer[c.Machine.Arch.Bits])
	for at := guest.Addr(fp); len(fs) < most && at >= c.SP(); {
		next, ok := word(at)
		ret, ok2 := word(at + size)
		if !ok || !ok2 || ret == 0 {
			break
		}
		fs = append(fs, Frame{ret, at + 2*size})
		if next <= at {
			break
		}
		at = next
	}
	return fs[:min(len(fs), max(most, 1))]
}

// fieldStack is the calls that lead to the event as one text, the innermost
// first.
func fieldStack(e *Env) Value {
	const depth = 6
	var names []string
	for _, f := range Backtrace(e.CPU, depth) {
		name, _, ok := e.CPU.Machine.Symbol(f.PC)
		if !ok {
			name = fmt.Sprintf("%#x", uint64(f.PC))
		}
		names = append(names, name)
	}
	return text(strings.Join(names, " < "))
}
