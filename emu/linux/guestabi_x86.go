package linux

import (
	"debug/elf"

	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/linux/sigframe"
	"panda/emu/load"
)

// What i386 and x86-64 share. Their programs run on one CPU, and each can make the
// calls of the other: INT 0x80 is the gate of i386 in every program.

// X86 is an x86 CPU as the personality sees it. The kernel answers what it asks its
// environment for. hwcap and hwcap2 say what the CPU can do.
func X86(env *regs.Environment, hwcap, hwcap2 uint64) *Guest {
	wide, narrow := newX86_64(), newI386()
	return &Guest{
		ABIs: []*ABI{wide, narrow},
		Gates: []Gate{
			regs.GateSyscall:  {wide, syscallInsn},
			regs.GateSysenter: {narrow, sysenter},
			regs.GateInt80:    {narrow, nil},
		},
		Machines: load.Machines{
			{Arch: regs.X86_64, ELF: []elf.Machine{elf.EM_X86_64}, Bits: 64, End: endX86_64},
			{Arch: regs.I386, ELF: []elf.Machine{elf.EM_386, em486}, Bits: 32, End: endI386},
		},
		HWCap: hwcap, HWCap2: hwcap2, UserEnd: endX86_64, Machine: "x86_64", Narrow: "i686",
		attach: func(k *Kernel) {
			env.Descriptor = func(sel uint16) (uint64, bool) { return k.sched.cur.descriptor(sel) }
		},
		EnterFunction: enterX86,
		OfMemory:      func(e *guest.Exception) bool { return e.Vector == vecPage },
		Leave:         leaveX86,
		SignalOf:      signalOfX86,
	}
}

// em486 is what some files of i386 have in place of EM_386.
const em486 = 6

// callInsnSize is the length of SYSCALL and of INT 0x80, by which a call that is to
// be restarted steps back. After SYSENTER an INT 0x80 stands for this purpose.
const callInsnSize = 2

// syscallInsn overwrites two registers.
func syscallInsn(t *Thread) bool {
	w := t.Words()
	w[regs.RCX], w[regs.R11] = w[regs.RIP], regs.RFlags(w)
	return true
}

func againX86(w *Words, number int, _ uint64) {
	w[regs.RIP] -= callInsnSize
	w[regs.RAX] = uint64(number)
}

// setResultX86 makes a result as wide as the running code knows its register.
func setResultX86(w *Words, v int64) {
	if regs.CodeBits(w) != 64 {
		v = int64(uint32(v))
	}
	w[regs.RAX] = uint64(v)
}

func resultX86(w *Words) int64 {
	if regs.CodeBits(w) != 64 {
		return int64(int32(w[regs.RAX]))
	}
	return int64(w[regs.RAX])
}

func startX86(w *Words, pc, sp guest.Addr, bits int) {
	clear(w[:16])
	sigframe.InitState(w)
	regs.SetRFlags(w, regs.IF|regs.FlagsFixed)
	regs.SetUserSegments(w, bits)
	w[regs.RIP], w[regs.RSP] = uint64(pc), uint64(sp)
}

// enterX86: RAX tells a variadic function that no argument is in a vector register
// (System V ABI x86-64 3.2.3); strings go up.
func enterX86(w *Words) { w[regs.RAX], w[regs.DF] = 0, 1 }
