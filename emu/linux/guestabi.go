package linux

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/linux/abi"
	"panda/emu/linux/sigframe"
	"panda/emu/linux/vdso"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

// guestABI is a way in which programs call the kernel. A process has that of its
// program; INT 0x80 is the one of i386 in every program. Both lead to the same
// functions.
type guestABI struct {
	lay      *abi.Layout
	word     int    // bytes in a long
	mask     uint64 // of a register
	calls    []callEntry
	byName   func(name string) *row
	args     [6]ir.Ref
	platform string // AT_PLATFORM
	restart  int    // number of restart_syscall

	frameSize func(w *regs.Words) uint64
	push      func(w *regs.Words, s *mmu.Space, f *sigframe.Frame) bool
}

func newABI64() *guestABI {
	byName := func(name string) *row { return rows[name] }
	return &guestABI{
		lay: abi.Layout64, word: 8, mask: ^uint64(0), calls: callTable(abi.X86_64, byName), byName: byName,
		args: argRegs, platform: "x86_64", restart: 219, frameSize: sigframe.Size, push: sigframe.Push,
	}
}

func newABI32() *guestABI {
	return &guestABI{
		lay: abi.Layout32, word: 4, mask: 1<<32 - 1, calls: callTable(abi.I386, rowI386), byName: rowI386,
		args: argRegs32, platform: "i686", restart: 0, frameSize: sigframe.SizeI386, push: sigframe.PushI386,
	}
}

// abiOf is the ABI of a program.
func (k *Kernel) abiOf(arch guest.Arch) *guestABI {
	if arch == guest.I386 {
		return k.abi32
	}
	return k.abi64
}

// callInsn does what a call instruction asks for.
func (t *Thread) callInsn(kind vcpu.SyscallKind) {
	w := t.words()
	switch {
	case kind == vcpu.Int80Insn:
		t.enterCall(t.k.abi32)
	case kind == vcpu.SyscallInsn:
		// SYSCALL itself overwrites these two.
		w[regs.RCX], w[regs.R11] = w[regs.RIP], regs.RFlags(w)
		t.enterCall(t.k.abi64)
	case t.p.mm.Vdso == 0 || t.p.abi.word == 8:
		// A 64-bit program has no place to come back to from SYSENTER.
		w[regs.RIP] -= syscallSize
		t.force(abi.Siginfo{Signo: abi.SIGILL, Code: abi.ILL_ILLOPN, Addr: w[regs.RIP]})
	default:
		t.sysenter(w)
	}
}

// sysenter is a call through the vdso, which has pushed ECX, EDX and EBP and left
// the stack pointer in EBP. It returns there, not behind the instruction.
func (t *Thread) sysenter(w *regs.Words) {
	w[regs.RSP] = uint64(uint32(w[regs.RBP]))
	w[regs.RIP] = uint64(t.p.mm.Vdso) + vdso32.At[vdso.Vsyscall] + vdso.LandingAt
	sixth, e := t.u32(guest.Addr(w[regs.RSP])) // of the arguments
	if e != 0 {
		t.setResult(-int64(e))
		return
	}
	w[regs.RBP] = uint64(sixth)
	t.enterCall(t.k.abi32)
}

// unpack replaces a call of i386 whose arguments lie in memory by the one that is
// meant.
func (t *Thread) unpack() {
	c := &t.call
	if c.info == nil || len(c.info.Args) == 0 || !inMemory[c.info.Args[0].Type] {
		return
	}
	info, args := abi.Resolve(t.memory(), c.info, c.regs, c.abi.word)
	if info != c.info {
		c.info, c.regs, c.row = info, args, c.abi.byName(info.Name)
		return
	}
	c.row = &unreadable
	if c.info.Args[0].Type == abi.TSocketCall && (c.regs[0] == 0 || c.regs[0] > abi.SYS_SENDMMSG) {
		c.row = &invalid
	} else if c.info.Args[0].Type == abi.TIPCCall {
		c.row = nil
	}
}

// inMemory are the first arguments of the calls with a block of arguments.
var inMemory = map[abi.Type]bool{abi.TMmapArgs: true, abi.TSelectArgs: true, abi.TSocketCall: true, abi.TIPCCall: true}

var (
	unreadable = row{fn: func(*Thread, *call) (int64, errno) { return 0, abi.EFAULT }}
	invalid    = row{fn: func(*Thread, *call) (int64, errno) { return 0, abi.EINVAL }}
)

// spread puts the arguments of an i386 call where the functions expect those of
// x86-64: halves of offsets are joined, signed longs and 16-bit ids extended.
func (c *call) spread() {
	if c.info == nil {
		return
	}
	c.Args = [6]uint64{}
	for i := range min(len(c.info.Args), len(c.Args)) {
		v := c.info.Value(i, c.regs, c.abi.word)
		switch c.info.Args[i].Type.Kind() {
		case abi.TLong:
			v = uint64(int64(int32(v)))
		case abi.TOffHiLo:
			v = v<<32 | v>>32
		case abi.TID16:
			if v &= 0xffff; v == 0xffff {
				v = uint64(keepID)
			}
		}
		c.Args[i] = v
	}
}

// wide reports whether times, attributes and offsets in memory have 64 bits for a
// caller whose longs have 32.
func (c *call) wide() bool { return c.row != nil && c.row.wide }
