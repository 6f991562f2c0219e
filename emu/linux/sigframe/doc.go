// Package sigframe builds and reads signal frames: what the kernel puts on a
// thread's stack so that a handler runs and can return. It knows the layout of
// each guest ABI; which signal is delivered, and what its mask is, is decided
// by the personality.
package sigframe

import (
	"panda/emu/guest"
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
}

// Saved is what a handler's return restores besides the registers.
type Saved struct {
	Mask  uint64
	Stack abi.Stack
}
