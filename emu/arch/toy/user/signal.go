package user

import (
	"encoding/binary"

	"panda/emu/arch/toy"
	"panda/emu/guest"
	"panda/emu/linux"
	"panda/emu/linux/abi"
	"panda/emu/linux/sigframe"
)

// signals are what the exceptions become, but for those of memory.
var signals = map[uint8]struct{ signo, code int32 }{
	toy.Undefined: {abi.SIGILL, abi.ILL_ILLOPC},
	toy.Break:     {abi.SIGTRAP, abi.TRAP_BRKPT},
	toy.Divide:    {abi.SIGFPE, abi.FPE_INTDIV},
	toy.Unaligned: {abi.SIGBUS, abi.BUS_ADRALN},
}

func signalOf(t *linux.Thread, e *guest.Exception) abi.Siginfo {
	t.SetFault(uint64(e.Vector), uint64(e.Code), uint64(e.Addr))
	if e.Vector == toy.Memory {
		return t.MemorySignal(e, guest.Access(e.Code&^toy.Present), e.Code&toy.Present != 0)
	}
	s := signals[e.Vector]
	return abi.Siginfo{Signo: s.signo, Code: s.code, Addr: t.Reg(toy.PC)}
}

// The frame of a signal, from where sp points:
//
//	0    siginfo_t
//	128  stack_t
//	152  mask
//	160  the registers, a word each
const (
	stackAt   = abi.SiginfoSize
	maskAt    = stackAt + 24
	regsAt    = maskAt + 8
	frameSize = regsAt + 8*uint64(toy.Words)
)

// push makes the frame. The handler has the signal, siginfo_t and the registers as
// arguments, and returns to the restorer.
func push(t *linux.Thread, f *sigframe.Frame) bool {
	w, lay := t.Words(), layout()
	b := make([]byte, frameSize)
	lay.Put(b, &f.Info)
	lay.Put(b[stackAt:], &f.Stack)
	binary.LittleEndian.PutUint64(b[maskAt:], f.Mask)
	for i, v := range w[:toy.Words] {
		binary.LittleEndian.PutUint64(b[regsAt+8*i:], v)
	}
	sp := (uint64(f.SP) - frameSize) &^ 15
	if !f.Fits(sp) || t.CopyOut(guest.Addr(sp), b) != 0 {
		return false
	}
	w[toy.P0], w[toy.P0+1], w[toy.P0+2] = uint64(f.Info.Signo), sp, sp+regsAt
	w[toy.SP], w[toy.LR], w[toy.PC] = sp, f.Act.Restorer, f.Act.Handler
	return true
}

// pop gives back the registers as the handler left them.
func pop(t *linux.Thread) (saved sigframe.Saved, ok bool) {
	b := make([]byte, frameSize)
	if t.CopyIn(guest.Addr(t.Reg(toy.SP)), b) != 0 {
		return saved, false
	}
	toy.SetRegisters(t.Words(), b[regsAt:])
	saved.Read, saved.Mask = true, binary.LittleEndian.Uint64(b[maskAt:])
	layout().Get(b[stackAt:], &saved.Stack)
	return saved, true
}
