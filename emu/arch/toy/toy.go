package toy

import (
	"debug/elf"

	"panda/emu/arch"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// Arch is what the architecture's programs are called.
const Arch guest.Arch = "toy"

// Machine is what its ELF files say that they are for.
const Machine elf.Machine = 0x707f

// Exceptions, by their vectors. All leave the state of before the instruction.
const (
	Undefined = 1
	Break     = 2
	Divide    = 3
	Memory    = 4 // Code has the bits of guest.Access, and Present
	Unaligned = 5
)

// Present in the Code of a Memory exception says that the page is there, and
// forbids the access.
const Present = 1 << 3

// GateSys is the instruction of system calls.
const GateSys vcpu.Gate = 0

// Guest is the architecture. There is one model of a CPU.
type Guest struct{ tr translator }

var _ arch.Guest = (*Guest)(nil)

// Reset gives a vCPU the registers that the CPU begins with.
func (g *Guest) Reset(c *vcpu.CPU) {
	c.Machine.Arch = view
	clear(c.W[:Words])
	c.W[FS] = initialFS
}

// View describes the registers. There is one mode.
func (*Guest) View(uint64) *vcpu.Arch { return view }

// Mode is always the same.
func (*Guest) Mode(*vcpu.CPU) uint64 { return 0 }

// CodeBase is 0: code lies where the pc says.
func (*Guest) CodeBase(uint64) uint64 { return 0 }

// Mnemonic names an instruction.
func (*Guest) Mnemonic(code []byte, _ uint64) string {
	in, ok := Decode(code)
	if !ok {
		return ""
	}
	return in.Name
}

// Fault is the exception of a refused access.
func (*Guest) Fault(_ *vcpu.CPU, f *guest.MemFault) guest.Exception {
	code := uint32(f.Access)
	if f.Present {
		code |= Present
	}
	return guest.Exception{Vector: Memory, HasCode: true, Code: code, Addr: f.Addr, Bus: f.Bus}
}

// Undefined is the exception of what is no instruction.
func (*Guest) Undefined() guest.Exception { return guest.Exception{Vector: Undefined} }

// Stepped is not asked for: the CPU cannot trap after each instruction.
func (*Guest) Stepped() guest.Exception { panic("BUG: no block of this architecture steps") }

// SlotNames are the names of the words.
func (*Guest) SlotNames() ir.Names {
	names := ir.Names{}
	for i, w := range allWords {
		names[w] = allNames[i]
	}
	return names
}

// Untranslated is "": all instructions are translated.
func (*Guest) Untranslated([]byte, uint64, uint64) (why, text string) { return "", "" }

// view is the architecture as vcpu has it.
var view = &vcpu.Arch{
	Name: Arch, Bits: 64, PC: PC, SP: SP, TempBase: Words,
	Hot:   []ir.Ref{SP, P0, V, P0 + 1, 1, 2, P0 + 2, 3, LR, FP, 17, 18}, // 1 is t0, 17 is s0
	Vec:   Words,                                                        // there are none
	FPEnv: FS, Static: static,
	Naming: vcpu.Naming{PCName: "pc", Lookup: lookup, Names: append(general[1:], "pc", "fs"), Flags: flagsSet},
	Disasm: disasm, Longest: Size, Classify: classify,
	Calls: vcpu.Convention{
		Args: []ir.Ref{P0, P0 + 1, P0 + 2, P0 + 3, P0 + 4, P0 + 5},
		Ret:  V, Link: LR, Frame: FP, Saved: -16, First: P0,
	},
}

func classify(code []byte) (vcpu.Class, int) {
	in, ok := Decode(code)
	if !ok {
		return vcpu.ClassPlain, 0
	}
	return in.Class, Size
}
