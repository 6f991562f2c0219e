// Package arch is the contract between the run loop and a guest architecture.
// An architecture implements Guest; the run loop asks it to translate and to
// name things, and never looks at an instruction itself.
package arch

import (
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// LongestInsn is how many bytes the longest instruction of any architecture has:
// those of x86 (SDM vol. 2A 2.3.11; a longer one raises #GP).
const LongestInsn = 15

// Guest is a guest architecture.
type Guest interface {
	// View describes the registers as code of a mode sees them. The result is
	// shared and constant; which words are slots is the same for all modes.
	View(mode uint64) *vcpu.Arch
	// Mode packs what besides the bytes a translation depends on: code size,
	// privilege, segments. It is asked when the run loop enters blocks.
	Mode(c *vcpu.CPU) uint64
	// Translate writes the block of at most max instructions at pc into b, whose
	// frame has been reset, and returns the bytes of guest code used. code holds
	// what can be fetched from pc on. With no whole instruction in code, size is
	// 0 and want says how many bytes the first one needs at least.
	Translate(b *ir.Builder, code []byte, pc guest.Addr, mode uint64, max int) (size, want int)
	// CodeBase is what is added to the pc of a mode for the address of its code.
	CodeBase(mode uint64) uint64
	// Mnemonic names the instruction at the head of code, "" for none.
	Mnemonic(code []byte, mode uint64) string
	// Fault makes an exception of a forbidden memory access.
	Fault(c *vcpu.CPU, f *guest.MemFault) guest.Exception
	// Undefined is the exception of an instruction that does not exist.
	Undefined() guest.Exception
	// Stepped is the trap after a block for which Translate set the Builder's
	// Step.
	Stepped() guest.Exception
	Describer
}

// Describer is what people are told of an architecture.
type Describer interface {
	// SlotNames are the names of the register words, for printed IR.
	SlotNames() ir.Names
	// Untranslated is the text of an instruction that exists and is Undefined all the
	// same, "" for other code. why goes before it and tells the cases apart: nothing
	// translates it, or the CPU model lacks it.
	Untranslated(code []byte, pc, mode uint64) (why, text string)
}

// Privileged is the architecture of a machine's CPU: it handles its exceptions and
// interrupts by itself.
type Privileged interface {
	Guest
	// Enter is told of the mode of the blocks that run from now on.
	Enter(c *vcpu.CPU, mode uint64)
	// Deliver has the guest handle an exception or interrupt. A panic with a
	// *mmu.CodeStore says that it must be done again when that store is possible; nothing has
	// changed then. ended says that the CPU has shut down.
	Deliver(c *vcpu.CPU, x guest.Exception) (ended bool)
	// Attend says what is to be done before the next instruction: x is to be delivered, if
	// ok, or that instruction is to run alone and Attend to be asked again.
	Attend(c *vcpu.CPU) (x guest.Exception, ok, alone bool)
}
