package x86

import (
	"fmt"
	"strings"

	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// ccDynamic as a Mark's state says that the flags' form is in the CCOp word.
const ccDynamic = ^regs.CC(0)

func newView(bits int) *vcpu.Arch {
	v := &vcpu.Arch{
		Name: guest.X86_64, Bits: bits, PC: regs.RIP, PCName: "rip", SP: regs.RSP, Hot: hot, Vec: regs.YMM, FPEnv: regs.MXCSR, X87: vcpu.X87{CW: regs.FCW, SW: regs.FSW, Top: regs.FTop, Tag: regs.FTag, ST: regs.ST}, Ret: regs.RAX, TempBase: regs.TempBase,
		Lookup: lookupReg, Static: regs.CCOp, Dynamic: uint64(ccDynamic), Disasm: disasm(dec.Mode(bits)), Arg: sysvArg,
		Subroutines: subroutines, FPException: guest.Exception{Vector: vecXM},
	}
	for _, d := range regs.Defs[:16] {
		v.Names = append(v.Names, d.Name)
	}
	v.Names = append(v.Names, "rip", "rflags")
	if bits == 32 {
		v.Name, v.PCName, v.Arg = guest.I386, "eip", func(int) ir.Ref { return ir.None }
		v.Names = []string{"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "eip", "eflags"}
	}
	return v
}

func lookupReg(name string) vcpu.Register {
	d := regs.Find(strings.ToLower(name))
	if d == nil {
		return nil
	}
	return d
}

// sysvArg is the word of an integer argument (System V ABI x86-64, 3.2.3).
func sysvArg(i int) ir.Ref {
	if i < 0 || i >= 6 {
		return ir.None
	}
	return [6]ir.Ref{regs.RDI, regs.RSI, regs.RDX, regs.RCX, regs.R8, regs.R9}[i]
}

func disasm(mode dec.Mode) func(*vcpu.CPU, []byte, guest.Addr, func(uint64) (string, uint64, bool)) (string, int) {
	return func(_ *vcpu.CPU, code []byte, pc guest.Addr, sym func(uint64) (string, uint64, bool)) (string, int) {
		var in dec.Inst
		if err := dec.Decode(&in, code, mode); err != nil {
			if len(code) == 0 {
				return "(no memory)", 0
			}
			return fmt.Sprintf(".byte %#02x", code[0]), 1
		}
		return dec.Text(&in, uint64(pc), sym), int(in.Len)
	}
}

// hot are the registers in the order of how much programs use them.
var hot = []ir.Ref{regs.RAX, regs.RCX, regs.RDX, regs.RBX, regs.RSP, regs.RBP, regs.RSI, regs.RDI, regs.R8, regs.R9, regs.R10, regs.R11}
