package linux

import (
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/linux/abi"
	"panda/emu/linux/mm"
	"panda/emu/linux/sigframe"
	"panda/emu/linux/vdso"
	"panda/emu/load"
	"panda/emu/vcpu"
)

// words are the registers of a CPU. Those of a thread that is not on it are as many
// of them as the architecture has.
type words = [ir.FrameWords]uint64

// Guest is what the personality knows of a guest architecture: all that depends on
// its registers is here or in the ABIs of its programs. The functions are called for
// the thread that is on the CPU, unless they say otherwise.
type Guest struct {
	abis  []*guestABI // of its programs; the first process has the first one before it has a program
	gates []gate      // the instructions of calls, by vcpu.Gate

	hwcap, hwcap2 uint64 // AT_HWCAP, AT_HWCAP2

	// userEnd is where the addresses of programs end: the kernel refuses what lies
	// beyond before it does anything (access_ok).
	userEnd uint64
	// machines are the ELF files of its programs.
	machines load.Machines
	// machine is its name for uname, narrow that under the personality of a 32-bit
	// machine.
	machine, narrow string

	// attach tells the architecture's CPU where to ask the kernel. It may be nil.
	attach func(k *Kernel)
	// enterFunction sets what a function expects of registers besides those that
	// vcpu.Convention names. It may be nil.
	enterFunction func(w *words)

	// ofMemory tells whether an exception is that of an access to a page that is not
	// there or does not allow it.
	ofMemory func(e *guest.Exception) bool
	// leave does to the registers what the CPU does to those that it saves when an
	// exception takes it into the kernel. It may be nil.
	leave func(w *words, e *guest.Exception)
	// signalOf is the signal that an exception becomes. It notes the fault in the
	// thread, for signal frames.
	signalOf func(t *Thread, e *guest.Exception) abi.Siginfo
}

// gate is an instruction that makes system calls.
type gate struct {
	abi *guestABI
	// enter does to the registers what the instruction does, if that is not done yet.
	// A false result says that there is no call to be made. It may be nil.
	enter func(t *Thread) bool
}

// guestABI is a way in which programs call the kernel. A process has that of its
// program; a gate may be that of another one. All lead to the same functions.
type guestABI struct {
	arch     guest.Arch
	lay      *abi.Layout
	word     int    // bytes in a long
	mask     uint64 // of a register
	calls    []callEntry
	byName   func(name string) *row
	regs     callRegs
	restart  int // number of restart_syscall
	shape    mm.Shape
	platform string // AT_PLATFORM

	// vdso is the object that the kernel maps into programs, auxv the entries that go
	// before the others when it is there. Both may be nil.
	vdso func(hwcap uint64) *vdso.Image
	auxv func(vdso guest.Addr) []uint64

	// start gives a new program its registers. Those that it leaves alone are those
	// of a CPU after reset.
	start func(w *words, pc, sp guest.Addr)
	// setTLS gives a new thread, which is not on the CPU, the thread area that clone
	// names.
	setTLS func(t, child *Thread, tls uint64) errno

	// setResult puts the result of a call into its register, and result reads it.
	setResult func(w *words, v int64)
	result    func(w *words) int64
	// again makes the program make the call that has just ended once more, with the
	// same arguments, and with this number.
	again func(w *words, c *call, number int)

	frames signalFrames
}

// callRegs are the registers of a call: its number, its arguments, and its result.
type callRegs struct {
	number ir.Ref
	args   [6]ir.Ref
	ret    ir.Ref
}

// signalFrames are those of an ABI.
type signalFrames struct {
	size func(w *words) uint64                           // at most
	push func(t *Thread, f *sigframe.Frame) bool         // false where the stack cannot be written
	pop  func(t *Thread) (saved sigframe.Saved, ok bool) // for rt_sigreturn
}

// abiOf is the ABI of programs of an architecture. There is one: load knows only
// those that the guest has.
func (k *Kernel) abiOf(arch guest.Arch) *guestABI {
	for _, a := range k.guest.abis {
		if a.arch == arch {
			return a
		}
	}
	panic("BUG: no ABI for programs of " + arch.String())
}

// callInsn does what a call instruction asks for.
func (t *Thread) callInsn(n vcpu.Gate) {
	g := &t.k.guest.gates[n]
	if g.enter == nil || g.enter(t) {
		t.enterCall(g.abi)
	}
}

// gateEntry is the entry of the call that the registers describe, when the CPU has
// stopped at a gate; nil for none.
func (k *Kernel) gateEntry() *callEntry {
	a := k.guest.gates[k.cpu.Gate].abi
	if n := int(int32(k.cpu.W[a.regs.number])); n >= 0 && n < len(a.calls) {
		return &a.calls[n]
	}
	return nil
}

// vdsoImage is the object of programs with words of a size, nil for none.
func (k *Kernel) vdsoImage(word int) *vdso.Image {
	for _, a := range k.guest.abis {
		if a.word == word && a.vdso != nil {
			return a.vdso(k.guest.hwcap)
		}
	}
	return nil
}
