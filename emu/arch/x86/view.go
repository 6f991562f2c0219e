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
		Name: regs.X86_64, Bits: bits, PC: regs.RIP, SP: regs.RSP, Hot: hot, Vec: regs.YMM, FPEnv: regs.MXCSR, Families: []ir.Family{x87Family}, TempBase: regs.TempBase,
		Naming: vcpu.Naming{PCName: "rip", Lookup: lookupReg, Flags: flagsSet},
		Static: regs.CCOp, Dynamic: uint64(ccDynamic), Disasm: disasm(dec.Mode(bits)),
		Longest: dec.MaxLen, Classify: classify(dec.Mode(bits)), Calls: sysv,
		Subroutines: subroutines, FPException: guest.Exception{Vector: regs.VecXM},
	}
	for _, d := range regs.Defs[:16] {
		v.Names = append(v.Names, d.Name)
	}
	v.Names = append(v.Names, "rip", "rflags")
	if bits == 32 {
		v.Name, v.PCName, v.Calls = regs.I386, "eip", cdecl
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

// flagsSet names the flags that programs look at (SDM vol. 1, 3.4.3).
func flagsSet(name string, v uint64) (set []string, ok bool) {
	if !strings.HasSuffix(name, "flags") {
		return nil, false
	}
	for _, f := range []struct {
		bit  uint64
		name string
	}{{regs.CF, "CF"}, {regs.PF, "PF"}, {regs.AF, "AF"}, {regs.ZF, "ZF"}, {regs.SF, "SF"}, {regs.TF, "TF"}, {regs.DFBit, "DF"}, {regs.OF, "OF"}} {
		if v&f.bit != 0 {
			set = append(set, f.name)
		}
	}
	return set, true
}

// sysv and cdecl are the conventions of the System V ABIs (x86-64 3.2, i386 2.2).
var (
	sysv = vcpu.Convention{
		Args: []ir.Ref{regs.RDI, regs.RSI, regs.RDX, regs.RCX, regs.R8, regs.R9},
		Ret:  regs.RAX, Link: ir.None, Frame: regs.RBP, First: regs.RAX,
	}
	cdecl = vcpu.Convention{Ret: regs.RAX, Link: ir.None, Frame: regs.RBP, Cleans: true, First: ir.None}
)

// classes are the instructions that go elsewhere, by the names of their rows.
var classes = map[string]vcpu.Class{
	"call": vcpu.ClassCall, "callf": vcpu.ClassCall, "ret": vcpu.ClassReturn, "retf": vcpu.ClassReturn, "iret": vcpu.ClassReturn,
	"jmp": vcpu.ClassJump, "jmpf": vcpu.ClassJump, "jcxz": vcpu.ClassBranch,
	"loop": vcpu.ClassBranch, "loope": vcpu.ClassBranch, "loopne": vcpu.ClassBranch,
}

func init() {
	for _, c := range condNames {
		classes["j"+c] = vcpu.ClassBranch
	}
}

func classify(mode dec.Mode) func(code []byte) (vcpu.Class, int) {
	return func(code []byte) (vcpu.Class, int) {
		var in dec.Inst
		if dec.Decode(&in, code, mode) != nil {
			return vcpu.ClassPlain, 0
		}
		return classes[in.Row.Name], int(in.Len)
	}
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
