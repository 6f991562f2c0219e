// Package sigframe builds and reads signal frames: what the kernel puts on a
// thread's stack so that a handler runs and can return. It knows the layout of
// each guest ABI; which signal is delivered, and what its mask is, is decided
// by the personality.
package sigframe

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/linux/abi"
)

// Frame is one signal about to be delivered.
type Frame struct {
	Info  abi.Siginfo
	Act   abi.Sigaction
	Mask  uint64    // to be restored when the handler returns
	Stack abi.Stack // the alternate stack as it was before
	// SP is where the frame goes below: the thread's stack pointer, or the top
	// of its alternate stack, when Switched is set.
	SP       guest.Addr
	Switched bool
	// The last fault of the thread.
	Trapno, Err, CR2 uint64
	// Sigreturn and RTSigreturn are where a handler without a restorer returns
	// to in an i386 program; 0 for the code in the frame.
	Sigreturn, RTSigreturn uint64
}

// Saved is what a handler's return restores besides the registers.
type Saved struct {
	Mask  uint64
	Stack abi.Stack
}

// Reload loads a segment register when a handler returns. A false result says
// that the program may not have this selector there.
type Reload func(seg ir.Ref, sel uint16) bool

// flat loads a segment that every program has.
func flat(w *regs.Words, seg ir.Ref, sel uint16) {
	d, _ := regs.FlatDescriptor(sel)
	regs.LoadSegment(w[:], seg, sel, d)
}
