package event

import (
	"fmt"
	"strings"

	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// Frame is one call of a backtrace: where it is, or goes on when it is returned
// to, and the stack pointer that it then has.
type Frame struct{ PC, SP guest.Addr }

// Backtrace follows the frame pointers for at most most calls. At the first
// instruction of a function its own frame does not stand yet.
func Backtrace(c *vcpu.CPU, most int) []Frame {
	arch := c.Machine.Arch
	fs := []Frame{{c.PC(), c.SP()}}
	if _, off, ok := c.Machine.Symbol(c.PC()); ok && off == 0 {
		if ret, ok := c.Caller(); ok {
			fs = append(fs, Frame{ret, arch.Popped(c.SP())})
		}
	}
	if arch.Calls.Frame == ir.None {
		return fs[:min(len(fs), max(most, 1))]
	}
	saved := guest.Addr(arch.Calls.Saved)
	for at := guest.Addr(c.W[arch.Calls.Frame]) + saved; len(fs) < most && at >= c.SP(); {
		next, ok := c.Word(at)
		ret, ok2 := c.Word(at + arch.Word())
		if !ok || !ok2 || ret == 0 {
			break
		}
		fs = append(fs, Frame{ret, at + 2*arch.Word()})
		if next += saved; next <= at {
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
