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

// Words are the registers of a CPU. Those of a thread that is not on it are as many
// of them as the architecture has.
type Words = [ir.FrameWords]uint64

// Guest is what the personality knows of a guest architecture: all that depends on
// its registers is here or in the ABIs of its programs. The functions are called for
// the thread that is on the CPU, unless they say otherwise.
type Guest struct {
	ABIs  []*ABI // of its programs and gates; the first process has the first one before it has a program
	Gates []Gate // the instructions of calls, by vcpu.Gate
	// Machines are the ELF files of its programs. Each Arch of them has an ABI.
	Machines load.Machines

	HWCap, HWCap2 uint64 // AT_HWCAP, AT_HWCAP2

	// UserEnd is where the addresses of programs end: the kernel refuses what lies
	// beyond before it does anything (access_ok).
	UserEnd uint64
	// Machine is its name for uname, Narrow that under the personality of a 32-bit
	// machine.
	Machine, Narrow string

	// attach tells the architecture's CPU where to ask the kernel. It may be nil.
	attach func(k *Kernel)
	// EnterFunction sets what a function expects of registers besides those that
	// vcpu.Convention names. It may be nil.
	EnterFunction func(w *Words)

	// OfMemory tells whether an exception is that of an access to a page that is not
	// there or does not allow it.
	OfMemory func(e *guest.Exception) bool
	// Leave does to the registers what the CPU does to those that it saves when an
	// exception takes it into the kernel. It may be nil.
	Leave func(w *Words, e *guest.Exception)
	// SignalOf is the signal that an exception becomes. It notes the fault in the
	// thread, for signal frames: see Thread.SetFault.
	SignalOf func(t *Thread, e *guest.Exception) abi.Siginfo
}

// Gate is an instruction that makes system calls.
type Gate struct {
	ABI *ABI
	// Enter does to the registers what the instruction does, if that is not done yet.
	// A false result says that there is no call to be made. It may be nil.
	Enter func(t *Thread) bool
}

// ABI is a way in which programs call the kernel. A process has that of its program;
// a gate may be that of another one. All lead to the same functions.
type ABI struct {
	Arch     guest.Arch
	Layout   *abi.Layout
	Calls    []abi.Call // by number
	Regs     CallRegs
	Restart  int // number of restart_syscall
	Shape    mm.Shape
	Platform string // AT_PLATFORM

	// byName finds the row of a call; nil for that of its name. near and far are Calls
	// with their rows, by number.
	byName func(name string) *row
	near   []callEntry
	far    map[int]*callEntry

	// Vdso is the object that the kernel maps into programs, Auxv the entries that go
	// before the others when it is there. Both may be nil.
	Vdso func(hwcap uint64) *vdso.Image
	Auxv func(vdso guest.Addr) []uint64

	// Start gives a new program its registers. Those that it leaves alone are those
	// of a CPU after reset.
	Start func(w *Words, pc, sp guest.Addr)
	// SetTLS gives a new thread, which is not on the CPU, the thread area that clone
	// names.
	SetTLS func(t, child *Thread, tls uint64) abi.Errno

	// UserRegs are the registers of a thread, which is not on the CPU and in the call of
	// that number, as debuggers get them (struct user_regs_struct). It may be nil.
	UserRegs func(w *Words, number uint64) []byte

	// SetResult puts the result of a call into its register, and Result reads it.
	SetResult func(w *Words, v int64)
	Result    func(w *Words) int64
	// Again makes the program make the call that has just ended once more, under this
	// number. first was in the register of its first argument.
	Again func(w *Words, number int, first uint64)

	Frames SignalFrames
}

// CallRegs are the registers of a call: its number, its arguments, and its result.
type CallRegs struct {
	Number ir.Ref
	Args   [6]ir.Ref
	Ret    ir.Ref
}

// SignalFrames are those of an ABI.
type SignalFrames struct {
	Size func(w *Words) uint64                           // at most
	Push func(t *Thread, f *sigframe.Frame) bool         // false where the stack cannot be written
	Pop  func(t *Thread) (saved sigframe.Saved, ok bool) // for rt_sigreturn
}

// prepare makes the table of calls.
func (a *ABI) prepare() *ABI {
	a.near, a.far = callTable(a.Calls, a.row)
	return a
}

func (a *ABI) row(name string) *row {
	if a.byName != nil {
		return a.byName(name)
	}
	return rows[name]
}

// word is how many bytes a long has.
func (a *ABI) word() int { return a.Layout.Word }

// entry is what belongs to a number, nil if it is none of a call.
func (a *ABI) entry(number int) *callEntry {
	if number >= 0 && number < len(a.near) {
		return &a.near[number]
	}
	return a.far[number]
}

// number is that of the call which the registers describe.
func (a *ABI) number(w *Words) int { return int(int32(w[a.Regs.Number])) }

// abiOf is the ABI of programs of an architecture.
func (k *Kernel) abiOf(arch guest.Arch) *ABI {
	for _, a := range k.guest.ABIs {
		if a.Arch == arch {
			return a
		}
	}
	panic("BUG: no ABI for programs of " + arch.String())
}

// callInsn does what a call instruction asks for. The thread pays for that unless it
// is free.
func (t *Thread) callInsn(n vcpu.Gate, free bool) {
	g := &t.k.guest.Gates[n]
	entry := g.ABI.entry(g.ABI.number(t.Words()))
	if !free {
		t.charge(entry.price())
	}
	if g.Enter == nil || g.Enter(t) {
		t.enterCall(g.ABI, entry)
	}
}

// gateEntry is what belongs to the call that the registers describe, when the CPU
// has stopped at a gate; nil for none.
func (k *Kernel) gateEntry() *callEntry {
	a := k.guest.Gates[k.cpu.Gate].ABI
	return a.entry(a.number(&k.cpu.W))
}

// What architectures see of a thread.

// Words are the registers of the thread that is on the CPU.
func (t *Thread) Words() *Words { return &t.k.cpu.W }

// Reg reads and SetReg writes a register wherever the thread is.
func (t *Thread) Reg(r ir.Ref) uint64 {
	if t == t.k.sched.cur {
		return t.k.cpu.W[r]
	}
	return t.regs[r]
}

// SetReg writes what Reg reads.
func (t *Thread) SetReg(r ir.Ref, v uint64) {
	if t == t.k.sched.cur {
		t.k.cpu.W[r] = v
	} else {
		t.regs[r] = v
	}
}

// CopyIn reads memory of the thread, and CopyOut writes it; an error is EFAULT.
func (t *Thread) CopyIn(a guest.Addr, b []byte) abi.Errno { return t.copyIn(a, b) }

// CopyOut writes what CopyIn reads.
func (t *Thread) CopyOut(a guest.Addr, b []byte) abi.Errno { return t.copyOut(a, b) }

// SetFault notes the last fault of the thread, for signal frames: what kind it was,
// what the CPU says of it, and where.
func (t *Thread) SetFault(trapno, err, addr uint64) { t.signal.fault = faultState{trapno, err, addr} }
