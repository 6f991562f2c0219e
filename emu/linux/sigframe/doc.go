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
	Read  bool // the frame could be read: Mask counts even when its state is bad
	// Raises is what the kernel's IRET into the program raises, if that cannot be
	// where the frame says. The registers are then as the frame has them.
	Raises *guest.Exception
}

// Reload loads a segment register when a handler returns. The result is 0, or the
// vector that loading a selector raises which the program may not have there.
type Reload func(seg ir.Ref, sel uint16) (vector uint8)

const vecGeneral = 13 // #GP

// enter loads CS and SS as the kernel's IRET into the program does (SDM vol. 2A,
// IRET), and returns what that raises.
func enter(w *regs.Words, cs, ss uint16, reload Reload) *guest.Exception {
	w[regs.Sel+regs.CS], w[regs.Sel+regs.SS] = uint64(cs), uint64(ss)
	x := load(w, cs, ss, reload)
	if x == nil {
		return nil
	}
	x.HasCode = true
	if ss&selLDT != 0 { // the kernel enters by a stack of its own there, and knows no more
		x.Vector, x.Code = vecGeneral, 0
	}
	return x
}

// selLDT in a selector says that its descriptor is in the LDT.
const selLDT = 4

func load(w *regs.Words, cs, ss uint16, reload Reload) *guest.Exception {
	if vec := reload(regs.CS, cs); vec != 0 {
		return &guest.Exception{Vector: vec, Code: uint32(cs) &^ 3}
	}
	if vec := reload(regs.SS, ss); vec != 0 {
		return &guest.Exception{Vector: vec, Code: uint32(ss) &^ 3}
	}
	ok := int64(w[regs.RIP])<<16>>16 == int64(w[regs.RIP])
	if regs.CodeBits(w) != 64 {
		w[regs.RIP], w[regs.RSP] = uint64(uint32(w[regs.RIP])), uint64(uint32(w[regs.RSP]))
		ok = w[regs.RIP] <= w[regs.Limit+regs.CS]
	}
	if !ok {
		return &guest.Exception{Vector: vecGeneral}
	}
	return nil
}

// fits reports whether a frame at sp is on the alternate stack, if the signal is
// taken there: below it lies something else.
func (f *Frame) fits(sp uint64) bool {
	if !f.Switched && f.Stack.Flags&abi.SS_ONSTACK == 0 {
		return true
	}
	return sp > f.Stack.SP && sp-f.Stack.SP <= f.Stack.Size
}

// flat loads a segment that every program has.
func flat(w *regs.Words, seg ir.Ref, sel uint16) {
	d, _ := regs.FlatDescriptor(sel)
	regs.LoadSegment(w[:], seg, sel, d)
}
