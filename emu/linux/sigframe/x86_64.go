package sigframe

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
	"panda/emu/linux/abi"
	"panda/emu/mmu"
)

// The frame of x86-64 (arch/x86/include/asm/sigframe.h), from low addresses:
//
//	0    return address: the restorer
//	8    struct ucontext: flags, link, stack_t, struct sigcontext, mask
//	312  siginfo_t
//	...  gap
//	     floating-point state, 64-byte aligned
const (
	ucontextAt   = 8
	ucFlagsAt    = ucontextAt
	ucStackAt    = ucontextAt + 16
	mcontextAt   = ucontextAt + 40
	ucMaskAt     = mcontextAt + 256
	infoAt       = ucMaskAt + 8
	frameSize    = infoAt + abi.SiginfoSize
	redZone      = 128
	ucFPXstate   = 1
	ucSigcontext = 2
	ucStrictSS   = 4
)

// Offsets in struct sigcontext after the general registers.
const (
	scFlags   = 136
	scCS      = 144
	scSS      = 150
	scErr     = 152
	scTrapno  = 160
	scOldMask = 168
	scCR2     = 176
	scFPState = 184
)

// scRegs are the registers of struct sigcontext in order.
var scRegs = [17]ir.Ref{
	regs.R8, regs.R9, regs.R10, regs.R11, regs.R12, regs.R13, regs.R14, regs.R15,
	regs.RDI, regs.RSI, regs.RBP, regs.RBX, regs.RDX, regs.RAX, regs.RCX, regs.RSP, regs.RIP,
}

// restorable are the flags that a handler may change (FIX_EFLAGS). RF stays
// clear: it would be over after one instruction, and nothing here heeds it.
const restorable = regs.AC | regs.OF | regs.DFBit | regs.TF | regs.SF | regs.ZF | regs.AF | regs.PF | regs.CF

// SizeX86_64 is the most that a frame takes on the stack.
func SizeX86_64(w *regs.Words) uint64 { return frameSize + uint64(stateSize(w)) + 64 + 16 + redZone }

// PushX86_64 puts the frame on the stack and points the registers at the handler. A
// false result says that the stack cannot be written.
func PushX86_64(w *regs.Words, s *mmu.Space, f *Frame) bool {
	sp := uint64(f.SP)
	if !f.Switched {
		sp -= redZone
	}
	state := (sp - uint64(stateSize(w))) &^ 63
	sp = (state-frameSize)&^15 - 8
	b := make([]byte, frameSize)
	encode(w, b, f, state)
	fp := make([]byte, stateSize(w))
	saveState(w, fp, wide)
	if !f.Fits(sp) || !store(s, sp, b) || !store(s, state, fp) {
		return false
	}
	w[regs.RDI], w[regs.RSI], w[regs.RDX] = uint64(f.Info.Signo), sp+infoAt, sp+ucontextAt
	w[regs.RAX], w[regs.RSP], w[regs.RIP] = 0, sp, f.Act.Handler
	regs.SetRFlags(w, regs.RFlags(w)&^(regs.DFBit|regs.RF|regs.TF))
	flat(w, regs.CS, regs.UserCode64)
	flat(w, regs.SS, regs.UserData)
	InitState(w)
	return true
}

func encode(w *regs.Words, b []byte, f *Frame, state uint64) {
	le.PutUint64(b, f.Act.Restorer)
	flags := uint64(ucSigcontext | ucStrictSS)
	if hasAVX(w) {
		flags |= ucFPXstate
	}
	le.PutUint64(b[ucFlagsAt:], flags)
	abi.Layout64.Put(b[ucStackAt:], &f.Stack)
	mc := b[mcontextAt:]
	for i, r := range scRegs {
		le.PutUint64(mc[8*i:], w[r])
	}
	le.PutUint64(mc[scFlags:], regs.RFlags(w))
	le.PutUint16(mc[scCS:], uint16(w[regs.Sel+regs.CS]))
	le.PutUint16(mc[scSS:], uint16(w[regs.Sel+regs.SS]))
	for at, v := range map[int]uint64{scErr: f.Err, scTrapno: f.Trapno, scOldMask: f.Mask, scCR2: f.FaultAddr, scFPState: state} { // each at its place
		le.PutUint64(mc[at:], v)
	}
	le.PutUint64(b[ucMaskAt:], f.Mask)
	abi.Layout64.Put(b[infoAt:], &f.Info)
}

// PopX86_64 undoes PushX86_64: rsp is after the return address, as the restorer leaves it.
func PopX86_64(w *regs.Words, s *mmu.Space, reload Reload) (saved Saved, ok bool) {
	b, ok := read(s, w[regs.RSP]-8, frameSize)
	if !ok {
		return saved, false
	}
	mc := b[mcontextAt:]
	saved.Read, saved.Mask = true, le.Uint64(b[ucMaskAt:])
	abi.Layout64.Get(b[ucStackAt:], &saved.Stack)
	for i, r := range scRegs {
		w[r] = le.Uint64(mc[8*i:])
	}
	regs.SetRFlags(w, regs.RFlags(w)&^restorable|le.Uint64(mc[scFlags:])&restorable)
	saved.Raises = enter(w, le.Uint16(mc[scCS:])|3, le.Uint16(mc[scSS:])|3, reload)
	return saved, loadState(w, s, le.Uint64(mc[scFPState:]), wide)
}
