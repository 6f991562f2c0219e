package linux

import (
	"slices"

	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/linux/abi"
	"panda/emu/linux/mm"
	"panda/emu/linux/sigframe"
	"panda/emu/linux/vdso"
)

func newI386() *ABI {
	return &ABI{
		Arch: regs.I386, Layout: abi.Layout32, Calls: abi.I386, byName: rowI386,
		Regs:    CallRegs{Number: regs.RAX, Args: [6]ir.Ref{regs.RBX, regs.RCX, regs.RDX, regs.RSI, regs.RDI, regs.RBP}, Ret: regs.RAX},
		Restart: 0, Shape: mm.Shape{Bits: 32, End: endI386}, Platform: "i686",
		Vdso: vdsoI386, Auxv: auxvI386,
		Start:  func(w *Words, pc, sp guest.Addr) { startX86(w, pc, sp, 32) },
		SetTLS: setTLSI386, UserRegs: userRegsI386, SetResult: setResultX86, Result: resultX86, Again: againX86,
		Frames: SignalFrames{
			Size: sigframe.SizeI386, Push: pushI386,
			Pop: func(t *Thread) (sigframe.Saved, bool) { return popI386(t, true) },
		},
	}
}

// endI386 is the end of what a program can have (IA32_PAGE_OFFSET).
const endI386 = 0xffffe000

// capSEP is the bit of the hardware capabilities, and of CPUID, that says that
// there is SYSENTER.
const capSEP = 1 << 11

// vdsoI386 is the object through which programs make calls and return from
// handlers.
func vdsoI386(hwcap uint64) *vdso.Image {
	img := &vdso.I386
	if hwcap&capSEP != 0 {
		return img
	}
	without := slices.Clone(img.Bytes)
	copy(without[img.At[vdso.Vsyscall]+vdso.EnterAt:], vdso.NoEnter)
	return &vdso.Image{Bytes: without, At: img.At}
}

// vdsoAt is the address of a function of the process's object.
func (p *Process) vdsoAt(name string) uint64 { return uint64(p.mm.Vdso) + vdso.I386.At[name] }

func auxvI386(at guest.Addr) []uint64 {
	return []uint64{abi.AT_SYSINFO, uint64(at) + vdso.I386.At[vdso.Vsyscall]}
}

// setTLSI386 fills a descriptor.
func setTLSI386(t, child *Thread, tls uint64) errno {
	var d abi.UserDesc
	if e := t.load(guest.Addr(tls), &d); e != 0 {
		return e
	}
	return child.setArea(child.regs, &d)
}

func pushI386(t *Thread, f *sigframe.Frame) bool {
	if t.p.mm.Vdso != 0 {
		f.Sigreturn, f.RTSigreturn = t.p.vdsoAt(vdso.Sigreturn), t.p.vdsoAt(vdso.RTSigreturn)
	}
	return sigframe.PushI386(t.Words(), t.p.mm.Space, f)
}

// popI386 ends rt_sigreturn, or sigreturn.
func popI386(t *Thread, rt bool) (sigframe.Saved, bool) {
	return sigframe.PopI386(t.Words(), t.p.mm.Space, rt, t.reload)
}

func sysSigreturn(t *Thread, _ *call) (int64, errno) {
	alternate := t.signal.stack
	n, e := t.sigreturn(popI386(t, false))
	t.signal.stack = alternate
	return n, e
}

// sysenter is a call through the vdso, which has pushed ECX, EDX and EBP and left
// the stack pointer in EBP. It returns there, not after the instruction.
func sysenter(t *Thread) bool {
	w := t.Words()
	if t.p.mm.Vdso == 0 || t.p.abi.Arch != regs.I386 { // a 64-bit program has no place to come back to
		w[regs.RIP] -= callInsnSize
		t.force(abi.Siginfo{Signo: abi.SIGILL, Code: abi.ILL_ILLOPN, Addr: w[regs.RIP]})
		return false
	}
	w[regs.RSP] = uint64(uint32(w[regs.RBP]))
	w[regs.RIP] = t.p.vdsoAt(vdso.Vsyscall) + vdso.LandingAt
	sixth, e := t.u32(guest.Addr(w[regs.RSP])) // of the arguments
	if e != 0 {
		setResultX86(w, -int64(e))
		return false
	}
	w[regs.RBP] = uint64(sixth)
	return true
}

// sysArchPrctlI386: the bases of FS and GS are set by descriptors.
func sysArchPrctlI386(*Thread, *call) (int64, errno) { return 0, abi.EINVAL }

// userRegsI386 is struct user_regs_struct (asm/user_32.h).
func userRegsI386(w *Words, number uint64) (b []byte) {
	seg := func(s ir.Ref) uint64 { return w[regs.Sel+s] }
	for _, v := range [...]uint64{
		w[regs.RBX], w[regs.RCX], w[regs.RDX], w[regs.RSI], w[regs.RDI], w[regs.RBP], w[regs.RAX], seg(regs.DS), seg(regs.ES), seg(regs.FS), seg(regs.GS),
		number, w[regs.RIP], seg(regs.CS), regs.RFlags(w), w[regs.RSP], seg(regs.SS),
	} {
		b = le.AppendUint32(b, uint32(v))
	}
	return b
}
