// Package sigframe builds and reads signal frames: what the kernel puts on a
// thread's stack so that a handler runs and can return. It knows the layout of
// each guest ABI; which signal is delivered, and what its mask is, is decided
// by the personality.
package sigframe

import (
	"encoding/binary"

	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/mmu"
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
	Trapno, Err, FaultAddr uint64
	// Sigreturn and RTSigreturn are where a handler without a restorer returns
	// to, where the kernel has code for that; 0 for the code in the frame.
	Sigreturn, RTSigreturn uint64
}

// Saved is what a handler's return restores besides the registers.
type Saved struct {
	Mask  uint64
	Stack abi.Stack
	Read  bool // the frame could be read: Mask counts even when its state is bad
	// Raises is what the kernel's return into the program raises, if that cannot be
	// where the frame says. The registers are then as the frame has them.
	Raises *guest.Exception
}

// Fits reports whether a frame at sp is on the alternate stack, if the signal is
// taken there: below it lies something else.
func (f *Frame) Fits(sp uint64) bool {
	if !f.Switched && f.Stack.Flags&abi.SS_ONSTACK == 0 {
		return true
	}
	return sp > f.Stack.SP && sp-f.Stack.SP <= f.Stack.Size
}

var le = binary.LittleEndian

func store(s *mmu.Space, a uint64, b []byte) bool {
	return s.Store(guest.Addr(a), b) == nil
}

func read(s *mmu.Space, a uint64, n int) ([]byte, bool) {
	b := make([]byte, n)
	return b, s.Load(guest.Addr(a), b) == nil
}
