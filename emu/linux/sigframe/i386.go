package sigframe

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/linux/abi"
	"panda/emu/mmu"
)

// The frames of i386 (arch/x86/include/asm/sigframe.h), from low addresses. The
// old one, for a handler without SA_SIGINFO:
//
//	0    return address: the restorer
//	4    signal number
//	8    struct sigcontext
//	96   room that is not used
//	720  upper half of the mask
//	724  code that calls sigreturn
//
// and the one with a siginfo:
//
//	0    return address
//	4    signal number, and pointers to what follows
//	16   siginfo_t
//	144  struct ucontext: flags, link, stack_t, struct sigcontext, mask
//	260  code that calls rt_sigreturn
//
// Behind both lies the floating-point state: an FSAVE image with the status word
// once more, then an FXSAVE image and what may follow it.
const (
	oldContextAt = 8
	oldMaskAt    = 720
	oldCodeAt    = 724
	oldSize      = 732

	rtInfoAt    = 16
	rtUcAt      = rtInfoAt + abi.SiginfoSize
	rtStackAt   = rtUcAt + 8
	rtContextAt = rtStackAt + 12
	rtMaskAt    = rtContextAt + context32Size
	rtCodeAt    = rtMaskAt + 8
	rtSize      = rtCodeAt + 8

	fsaveSize = 112
)

// Offsets in struct sigcontext of i386.
const (
	c32Trapno     = 48
	c32Err        = 52
	c32IP         = 56
	c32CS         = 60
	c32Flags      = 64
	c32SPSignal   = 68
	c32SS         = 72
	c32FPState    = 76
	c32OldMask    = 80
	c32CR2        = 84
	context32Size = 88
)

// Segment registers come first in struct sigcontext, then general ones.
var (
	c32Segs = [4]ir.Ref{regs.GS, regs.FS, regs.ES, regs.DS}
	c32Regs = [8]ir.Ref{regs.RDI, regs.RSI, regs.RBP, regs.RSP, regs.RBX, regs.RDX, regs.RCX, regs.RAX}
)

// What the frame has for a handler without a restorer: pop %eax (the old one
// only), mov $number,%eax, int $0x80. Debuggers and unwinders know these bytes.
var (
	oldCode = [8]byte{0x58, 0xb8, 119, 0, 0, 0, 0xcd, 0x80}
	rtCode  = [8]byte{0xb8, 173, 0, 0, 0, 0xcd, 0x80}
)

// SizeI386 is the most that a frame of an i386 program takes on the stack.
func SizeI386(w *regs.Words) uint64 { return oldSize + fsaveSize + uint64(stateSize(w)) + 64 + 16 }

// PushI386 is PushX86_64 for an i386 program.
func PushI386(w *regs.Words, s *mmu.Space, f *Frame) bool {
	rt := f.Act.Flags&abi.SA_SIGINFO != 0
	size := uint64(oldSize)
	if rt {
		size = rtSize
	}
	fx := (uint64(f.SP) - uint64(stateSize(w))) &^ 63
	state := fx - fsaveSize
	sp := uint64(uint32((state-size+4)&^15 - 4))
	b := make([]byte, size)
	p := func(at int, v uint64) { le.PutUint32(b[at:], uint32(v)) }
	p(4, uint64(f.Info.Signo))
	edx, ecx := uint64(0), uint64(0)
	if rt {
		edx, ecx = sp+rtInfoAt, sp+rtUcAt
		p(8, edx)
		p(12, ecx)
		encodeRT(w, b, f, state)
	} else {
		encodeContext(w, b[oldContextAt:], f, state)
		p(oldMaskAt, f.Mask>>32)
		copy(b[oldCodeAt:], oldCode[:])
	}
	p(0, f.returnTo(rt, sp))
	fp := make([]byte, fsaveSize+stateSize(w))
	saveFsave(w, fp)
	saveState(w, fp[fsaveSize:], narrow)
	if hasAVX(w) {
		le.PutUint32(fp[fsaveSize+swAt+4:], xsaveSize+4+fsaveSize)
	}
	if !f.Fits(sp) || !store(s, sp, b) || !store(s, state, fp) {
		return false
	}
	w[regs.RAX], w[regs.RDX], w[regs.RCX] = uint64(f.Info.Signo), edx, ecx
	w[regs.RSP], w[regs.RIP] = sp, f.Act.Handler
	regs.SetRFlags(w, regs.RFlags(w)&^(regs.DFBit|regs.RF|regs.TF))
	flat(w, regs.CS, regs.UserCode32)
	for _, seg := range []ir.Ref{regs.SS, regs.DS, regs.ES} {
		flat(w, seg, regs.UserData)
	}
	InitState(w)
	return true
}

// returnTo is what the handler returns to.
func (f *Frame) returnTo(rt bool, sp uint64) uint64 {
	vdso, inFrame := f.Sigreturn, sp+oldCodeAt
	if rt {
		vdso, inFrame = f.RTSigreturn, sp+rtCodeAt
	}
	switch {
	case f.Act.Flags&abi.SA_RESTORER != 0:
		return f.Act.Restorer
	case vdso != 0:
		return vdso
	}
	return inFrame
}

func encodeRT(w *regs.Words, b []byte, f *Frame, state uint64) {
	if hasAVX(w) {
		le.PutUint32(b[rtUcAt:], ucFPXstate)
	}
	abi.Layout32.Put(b[rtInfoAt:], &f.Info)
	abi.Layout32.Put(b[rtStackAt:], &f.Stack)
	encodeContext(w, b[rtContextAt:], f, state)
	le.PutUint64(b[rtMaskAt:], f.Mask)
	copy(b[rtCodeAt:], rtCode[:])
}

func encodeContext(w *regs.Words, b []byte, f *Frame, state uint64) {
	for i, s := range c32Segs {
		le.PutUint32(b[4*i:], uint32(w[regs.Sel+s]))
	}
	for i, r := range c32Regs {
		le.PutUint32(b[16+4*i:], uint32(w[r]))
	}
	for at, v := range map[int]uint64{ // each at its place
		c32Trapno: f.Trapno, c32Err: f.Err, c32IP: w[regs.RIP], c32CS: w[regs.Sel+regs.CS],
		c32Flags: regs.RFlags(w), c32SPSignal: w[regs.RSP], c32SS: w[regs.Sel+regs.SS], c32FPState: state, c32OldMask: f.Mask, c32CR2: f.FaultAddr,
	} {
		le.PutUint32(b[at:], uint32(v))
	}
}

// PopI386 undoes PushI386; rt tells rt_sigreturn from sigreturn. The stack
// pointer is after the return address, and for sigreturn after the signal
// number, as the code in the frame leaves it.
func PopI386(w *regs.Words, s *mmu.Space, rt bool, reload Reload) (saved Saved, ok bool) {
	at, size := w[regs.RSP]-8, oldSize
	if rt {
		at, size = w[regs.RSP]-4, rtSize
	}
	b, ok := read(s, uint64(uint32(at)), size)
	if !ok {
		return saved, false
	}
	context := b[oldContextAt:]
	if rt {
		context = b[rtContextAt:]
		saved.Mask = le.Uint64(b[rtMaskAt:])
		abi.Layout32.Get(b[rtStackAt:], &saved.Stack)
	} else {
		saved.Mask = uint64(le.Uint32(b[oldMaskAt:]))<<32 | uint64(le.Uint32(context[c32OldMask:]))
	}
	saved.Read, saved.Raises = true, popContext(w, context, reload)
	return saved, loadState32(w, s, uint64(le.Uint32(context[c32FPState:])))
}

func popContext(w *regs.Words, b []byte, reload Reload) *guest.Exception {
	for i, r := range c32Regs {
		w[r] = uint64(le.Uint32(b[16+4*i:]))
	}
	w[regs.RIP] = uint64(le.Uint32(b[c32IP:]))
	regs.SetRFlags(w, regs.RFlags(w)&^restorable|uint64(le.Uint32(b[c32Flags:]))&restorable)
	for i, seg := range c32Segs { // a selector that is gone becomes null
		if sel := le.Uint16(b[4*i:]); sel&^3 == 0 || reload(seg, sel|3) != 0 {
			regs.LoadNull(w[:], seg, 0)
		}
	}
	return enter(w, le.Uint16(b[c32CS:])|3, le.Uint16(b[c32SS:])|3, reload)
}

// loadState32 restores the state after an FSAVE image, whose x87 part counts.
func loadState32(w *regs.Words, s *mmu.Space, a uint64) bool {
	if a == 0 {
		InitState(w)
		return true
	}
	legacy, ok := read(s, a, fsaveSize)
	if !ok || !loadState(w, s, a+fsaveSize, narrow) {
		return false
	}
	loadFsave(w, legacy)
	return true
}

// The fields of the FSAVE image in 32-bit form, of four bytes each; the eight
// registers of ten bytes follow, in the order of the stack, and the status word.
const (
	fsCW, fsSW, fsTag, fsIP, fsCS, fsDP, fsDS = 0, 4, 8, 12, 16, 20, 24
	fsRegs                                    = 28
	fsStatus                                  = 108
)

const highOnes = 0xffff0000 // in the unused half of 16-bit fields

func saveFsave(w *regs.Words, b []byte) {
	status := regs.FStatus(w)
	for at, v := range map[int]uint64{ // each at its place
		fsCW: w[regs.FCW] | highOnes, fsSW: status | highOnes, fsTag: fullTags(w) | highOnes,
		fsIP: w[regs.FIP], fsCS: w[regs.Sel+regs.CS] | w[regs.FOP]<<16, fsDP: w[regs.FDP], fsDS: w[regs.Sel+regs.DS] | highOnes,
	} {
		le.PutUint32(b[at:], uint32(v))
	}
	for i := range 8 {
		st := regs.ST + 2*regs.FRef(w, i)
		le.PutUint64(b[fsRegs+10*i:], w[st])
		le.PutUint16(b[fsRegs+10*i+8:], uint16(w[st+1]))
	}
	le.PutUint16(b[fsStatus:], uint16(status))
}

func loadFsave(w *regs.Words, b []byte) {
	w[regs.FCW] = uint64(le.Uint16(b[fsCW:]))&0x1f3f | 0x40
	regs.SetFStatus(w, uint64(le.Uint16(b[fsSW:])))
	regs.SumFStatus(w)
	w[regs.FTag] = 0
	for i := range 8 {
		if b[fsTag+i/4]>>(i%4*2)&3 != 3 {
			w[regs.FTag] |= 1 << i
		}
	}
	w[regs.FIP], w[regs.FDP] = uint64(le.Uint32(b[fsIP:])), uint64(le.Uint32(b[fsDP:]))
	w[regs.FOP] = uint64(le.Uint16(b[fsCS+2:])) & 0x7ff
	for i := range 8 {
		st := regs.ST + 2*regs.FRef(w, i)
		w[st], w[st+1] = le.Uint64(b[fsRegs+10*i:]), uint64(le.Uint16(b[fsRegs+10*i+8:]))
	}
}

// fullTags is the tag word with two bits for each physical register: valid, zero,
// special, empty (SDM vol. 1 8.1.7).
func fullTags(w *regs.Words) (tags uint64) {
	for i := range 8 {
		mant, exp := w[int(regs.ST)+2*i], w[int(regs.ST)+2*i+1]&0x7fff
		tag := uint64(0)
		switch {
		case w[regs.FTag]>>i&1 == 0:
			tag = 3
		case exp == 0 && mant == 0:
			tag = 1
		case exp == 0 || exp == 0x7fff || mant>>63 == 0:
			tag = 2
		}
		tags |= tag << (2 * i)
	}
	return tags
}
