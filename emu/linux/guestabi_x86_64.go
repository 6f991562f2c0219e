package linux

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/linux/abi"
	"panda/emu/linux/mm"
	"panda/emu/linux/sigframe"
	"panda/emu/linux/vdso"
	"panda/emu/mmu"
)

func newX86_64() *ABI {
	byName := func(name string) *row {
		if r := ownX86_64[name]; r != nil {
			return r
		}
		return rows[name]
	}
	return &ABI{
		Arch: regs.X86_64, Layout: abi.Layout64, Calls: abi.X86_64, byName: byName,
		// x86-64 ABI, A.2.1
		Regs:    CallRegs{Number: regs.RAX, Args: [6]ir.Ref{regs.RDI, regs.RSI, regs.RDX, regs.R10, regs.R8, regs.R9}, Ret: regs.RAX},
		Restart: 219, Shape: mm.Shape{Bits: 38, End: endX86_64}, Platform: "x86_64",
		Vdso:     func(uint64) *vdso.Image { return &vdso.X86_64 },
		Start:    func(w *Words, pc, sp guest.Addr) { startX86(w, pc, sp, 64) },
		UserRegs: userRegsX86_64,
		SetTLS:   setTLSX86_64, SetResult: setResultX86, Result: resultX86, Again: againX86,
		Frames: SignalFrames{
			Size: sigframe.SizeX86_64,
			Push: func(t *Thread, f *sigframe.Frame) bool { return sigframe.PushX86_64(t.Words(), t.p.mm.Space, f) },
			Pop: func(t *Thread) (sigframe.Saved, bool) {
				return sigframe.PopX86_64(t.Words(), t.p.mm.Space, t.reload)
			},
		},
	}
}

// endX86_64 is the end of what a program can have (TASK_SIZE_MAX).
const endX86_64 = 1<<47 - mm.PageSize

// userRegsX86_64 is struct user_regs_struct (asm/user_64.h).
func userRegsX86_64(w *Words, number uint64) (b []byte) {
	seg := func(s ir.Ref) uint64 { return w[regs.Sel+s] }
	for _, v := range [...]uint64{
		w[regs.R15], w[regs.R14], w[regs.R13], w[regs.R12], w[regs.RBP], w[regs.RBX], w[regs.R11], w[regs.R10], w[regs.R9], w[regs.R8],
		w[regs.RAX], w[regs.RCX], w[regs.RDX], w[regs.RSI], w[regs.RDI], number, w[regs.RIP], seg(regs.CS), regs.RFlags(w), w[regs.RSP], seg(regs.SS),
		w[regs.Base+regs.FS], w[regs.Base+regs.GS], seg(regs.DS), seg(regs.ES), seg(regs.FS), seg(regs.GS),
	} {
		b = le.AppendUint64(b, v)
	}
	return b
}

// setTLSX86_64 sets the base of FS.
func setTLSX86_64(_, child *Thread, tls uint64) errno {
	child.regs[regs.Base+regs.FS] = tls
	return 0
}

// ownX86_64 are the calls that no other architecture has.
var ownX86_64 = map[string]*row{"arch_prctl": {fn: sysArchPrctl}, "modify_ldt": {fn: sysModifyLdt}}

// archPrctls are the commands of arch_prctl.
var archPrctls = map[int]func(t *Thread, a guest.Addr) errno{
	abi.ARCH_SET_FS: func(t *Thread, a guest.Addr) errno { return t.setBase(regs.FS, a) },
	abi.ARCH_SET_GS: func(t *Thread, a guest.Addr) errno { return t.setBase(regs.GS, a) },
	abi.ARCH_GET_FS: func(t *Thread, a guest.Addr) errno { return t.putU64(a, t.Reg(regs.Base+regs.FS)) },
	abi.ARCH_GET_GS: func(t *Thread, a guest.Addr) errno { return t.putU64(a, t.Reg(regs.Base+regs.GS)) },
}

func (t *Thread) setBase(seg ir.Ref, a guest.Addr) errno {
	if uint64(a) >= 1<<47-mmu.PageSize { // TASK_SIZE_MAX
		return abi.EPERM
	}
	t.SetReg(regs.Base+seg, uint64(a))
	return 0
}

func sysArchPrctl(t *Thread, c *call) (int64, errno) {
	do := archPrctls[c.i32(0)]
	if do == nil {
		return 0, abi.EINVAL
	}
	return 0, do(t, c.addr(1))
}
