// Package vcpu is one virtual CPU as data: register words, the memory it sees,
// the instruction count, the stop word, the pending exception, and the record
// of a translation block. Engines run it, plugins look at it and change it
// through its methods. It decides nothing and imports no engine.
package vcpu

import (
	"strings"
	"sync/atomic"

	"panda/emu/guest"
	"panda/emu/ir"
)

// CPU is one virtual CPU. W holds the register words and, above them, the
// temporaries of the running block. It is the engines': who changes registers by SetReg
// and the other setters is recorded, who changes words is not.
type CPU struct {
	W [ir.FrameWords]uint64

	// Host is what machine code and Go tell each other. It stands right after W:
	// machine code reaches both from one register.
	Host Host

	Memory

	// Left is the number of instructions to go before Run must return. A block
	// takes its whole length at its head, so that Deadline-Left counts the
	// instructions up to the end of the running block.
	Left     int64
	Deadline uint64

	Exc     guest.Exception // the pending exception of ExitRaise and StopException
	Gate    Gate            // the instruction of StopSyscall
	TB      *TB             // the running block
	Insn    int             // index of the current instruction of TB, and Storing
	Jump    *JumpCache      // of the current address space and mode
	Leave   Leave           // how the engine left
	Access  MemAccess       // what memory callbacks are shown
	Machine *Machine        // what is common to all address spaces

	// Skip suppresses the sites that fired before the last stop, so that the
	// instruction they stand at does not fire them again when it goes on.
	Skip Skip

	// Direct is 1 more than the icount at which the guest last came to a pc by a
	// branch to a known address, or by falling through, and a block ended there.
	Direct uint64

	// Cut is told of one of TB.Awaits that is 0 no more. It may be nil.
	Cut func(awaits *int)

	// Editing, when set, is told of each change that a callback or a debugger is about to
	// make. A panic keeps it from being made.
	Editing func(e *Edit)

	// Wrote, when set, is told before a helper writes memory through Span.
	Wrote func(a uint64, n int)

	Attention
	tapped bool // the last word that Stopping took was a tap alone
}

// Attention says why the guest should not just run on. Machine code looks at all of
// it at once.
type Attention struct {
	stop atomic.Int32
	// Moved says that somebody assigned the pc, perhaps its own value: the guest
	// continues there, and what stands there fires again. Sites clear it.
	Moved bool
	// Again asks the site that fires to leave its block and to continue at the same
	// place without firing once more, so that the run loop can act in between.
	Again bool
	_     [2]bool
}

// Skip names the sites that have fired already: those of at most this rank
// before the instruction with this count.
type Skip struct {
	On     bool
	Counts bool // their counters have been added to as well
	Icount uint64
	Rank   SiteRank
}

// Storing in CPU.Insn says that the instruction is at a store, for the run loop
// to tell a read fault from a write fault.
const Storing = 1 << 16

// Leave says how an engine left a run of blocks.
type Leave struct {
	Why  ir.Exit
	From *TB // block with the chain slot to fill, or nil
	Slot int
	Last *TB // the block that ran last, for after_block_exec
	// Direct says that the pc was known when the block was translated.
	Direct bool
}

// Machine is what a CPU knows of its surroundings.
type Machine struct {
	Arch *Arch
	// Symbol finds the symbol at or before an address of the current address
	// space; Module the mapped file. Both are never nil.
	Symbol func(a guest.Addr) (name string, off uint64, ok bool)
	Module func(a guest.Addr) (file string, base guest.Addr, ok bool)
	// Home is the file, by its base name, whose function lies at an address of no
	// file, where its resolver has found it. It may be nil.
	Home func(a guest.Addr) (file string, ok bool)
	// Names are all names of the symbol that begins at an address, FindSymbols
	// the addresses in a space of symbols that a function takes. Both may be nil.
	Names       func(a guest.Addr) []string
	FindSymbols func(s Space, take func(name string) bool) []guest.Addr
	// Thread and Process name the running guest thread and process; zero in
	// system mode.
	Thread, Process int
	Comm            string
	// Stacks tells of a living guest thread. It may be nil.
	Stacks func(tid int) Stacks
	// Hypercall, when not nil, gets the instruction by which a guest calls plugins
	// first. It says whether one of them took it, and what is to be called when the
	// instruction is done: see Callbacks.
	Hypercall func(c *CPU) (then func(), taken bool)
}

// Arch is the guest architecture as a view of the register words.
type Arch struct {
	Name     guest.Arch
	PC       ir.Ref
	SP       ir.Ref
	Hot      []ir.Ref // the words that programs use most, in order
	Bits     int
	Vec      ir.Ref      // first of the vector registers, which reach up to TempBase
	FPEnv    ir.Ref      // environment of floating-point operations
	Families []ir.Family // of its helpers
	TempBase ir.Ref
	// Subroutines are helpers with a Body.
	Subroutines []*ir.Helper
	Naming
	// Static is the word that blocks do not keep up to date: a Mark's State is
	// its value there, unless it is Dynamic. Where they keep up all, it is a word of no
	// other use, whose value is always Dynamic.
	Static  ir.Ref
	Dynamic uint64
	// Disasm prints the instruction at pc. For what is none it prints its bytes, as many
	// as the next one may begin after.
	Disasm func(c *CPU, code []byte, pc guest.Addr, sym func(uint64) (string, uint64, bool)) (text string, n int)
	// Longest is how many bytes an instruction has at most, and Classify says what
	// the one at the head of code does to the flow of control, and its length; 0 for
	// what is none.
	Longest  int
	Classify func(code []byte) (class Class, n int)
	Calls    Convention
	// FPException is raised by a floating-point operation whose exception the
	// environment does not mask.
	FPException guest.Exception
}

// Naming is what people call the registers.
type Naming struct {
	PCName string // the name of PC as a register
	// Lookup finds a register by its name in any case, nil if unknown.
	Lookup func(name string) Register
	// Names are the registers of a dump, in order.
	Names []string
	// Flags names the bits that are set in a register of flags; ok is false for other
	// registers. It may be nil.
	Flags func(name string, v uint64) (set []string, ok bool)
}

// Register is one register under one name.
type Register interface {
	Value(w *[ir.FrameWords]uint64) uint64
	SetValue(w *[ir.FrameWords]uint64, v uint64)
}

// Placed is a Register that is n bits of a word from a bit up; of ok false it is
// not, or the word is not kept up to date.
type Placed interface {
	Place() (w ir.Ref, bit, n uint8, ok bool)
}

// Reg reads a register by name.
func (c *CPU) Reg(name string) (uint64, bool) {
	r := c.Machine.Arch.Lookup(name)
	if r == nil {
		return 0, false
	}
	return r.Value(&c.W), true
}

// SetReg writes a register by name; a false result says there is none.
func (c *CPU) SetReg(name string, v uint64) bool {
	r := c.Machine.Arch.Lookup(name)
	if r == nil {
		return false
	}
	if c.Editing != nil {
		c.Editing(&Edit{Op: EditRegister, Name: name, Value: v})
	}
	r.SetValue(&c.W, v)
	if strings.EqualFold(name, c.Machine.Arch.PCName) {
		c.GoTo(c.PC())
	}
	return true
}

// PC is the address of the current instruction.
func (c *CPU) PC() guest.Addr { return guest.Addr(c.W[c.Machine.Arch.PC]) }

// SetPC makes the guest go on at pc once the callback returns. Where it stands
// already, the instruction begins again, with its events.
func (c *CPU) SetPC(pc guest.Addr) {
	if c.Editing != nil {
		c.Editing(&Edit{Op: EditPC, Value: uint64(pc)})
	}
	c.GoTo(pc)
}

// GoTo is SetPC for the run loop's own sake.
func (c *CPU) GoTo(pc guest.Addr) {
	c.W[c.Machine.Arch.PC] = uint64(pc)
	c.Moved, c.Skip.On = true, false
}

// Redirect is the panic of a helper of translated code whose callbacks sent the
// guest elsewhere, or changed what the block takes for granted. The instruction is
// done; the guest goes on at the pc.
type Redirect struct{}

// Callbacks runs f, which calls callbacks in the middle of a helper, with the
// exact state of its instruction. The helper calls then, which leaves the block
// if need be, when the instruction is done.
func (c *CPU) Callbacks(f func()) (then func()) {
	if c.TB == nil {
		f()
		return func() {}
	}
	a, m := c.Machine.Arch, &c.TB.Marks[c.Index()]
	c.Show(c.Index())
	c.Moved = false
	static := c.W[a.Static]
	f()
	if moved := c.Moved || c.W[a.PC] != m.PC; moved || c.W[a.Static] != static || c.Again {
		if c.Again = false; !moved {
			c.W[a.PC] = m.PC + uint64(m.Len)
		}
		return func() { panic(Redirect{}) }
	}
	return func() {}
}

// SP is the stack pointer.
func (c *CPU) SP() guest.Addr { return guest.Addr(c.W[c.Machine.Arch.SP]) }

// Icount is the number of guest instructions completed before the current one.
func (c *CPU) Icount() uint64 {
	n := c.Deadline - uint64(c.Left)
	if c.TB != nil {
		n -= uint64(len(c.TB.Marks) - c.Index())
	}
	return n
}

// Index is the number of the current instruction in the running block.
func (c *CPU) Index() int { return c.Insn &^ Storing }

// Settle makes the registers those before the current instruction of the
// running block: pc and the words that blocks keep statically. The block is
// left: instructions not yet done are given back to the budget.
func (c *CPU) Settle() {
	tb := c.TB
	if tb == nil {
		return
	}
	c.Show(c.Index())
	c.Left += int64(len(tb.Marks) - c.Index())
	c.TB = nil
}

// Show makes registers and pc visible as they are before instruction n of the
// running block, without leaving it.
func (c *CPU) Show(n int) {
	m := &c.TB.Marks[n]
	c.Insn = n
	a := c.Machine.Arch
	c.W[a.PC] = m.PC
	if m.State != a.Dynamic {
		c.W[a.Static] = m.State
	}
}

// Raise leaves the running block with an exception. Helpers of translated code
// call it; it does not return.
func (c *CPU) Raise(e guest.Exception) { panic(&e) }

// Bits of the stop word.
const (
	stopAsked = 1 << iota // somebody called Stop
	stopKick              // the run loop has something to do between two blocks
	stopTap               // the owner of the machine has something to do
	StopYield             // Go's scheduler wants the thread that runs machine code
)

// Stop makes the run loop return as soon as the current block ends. It may be
// called from any goroutine.
func (c *CPU) Stop() { c.stop.Or(stopAsked) }

// Kick makes the engine pass through the run loop before the next block.
func (c *CPU) Kick() { c.stop.Or(stopKick) }

// Unkick takes a Kick back.
func (c *CPU) Unkick() { c.stop.And(^stopKick) }

// Tap makes the run loop return to the owner of the machine, who has something
// to do and then lets it go on. It may be called from any goroutine.
func (c *CPU) Tap() { c.stop.Or(stopTap) }

// Tapped reports whether the last stop was for a Tap and nothing else, once.
func (c *CPU) Tapped() bool {
	t := c.tapped
	c.tapped = false
	return t
}

// Yield reports whether Go's scheduler asked for the thread and nobody asked for
// more, and clears that. Entering machine code again gives up the thread.
func (c *CPU) Yield() bool { return c.stop.CompareAndSwap(StopYield, 0) }

// Stopping reports and clears a stop request or tap; it clears all else too.
func (c *CPU) Stopping() bool {
	if c.stop.Load() == 0 {
		return false
	}
	word := c.stop.Swap(0) & (stopAsked | stopTap)
	c.tapped = word == stopTap
	return word != 0
}

// StopAsked reports whether somebody called Stop since the run began.
func (c *CPU) StopAsked() bool { return c.stop.Load()&stopAsked != 0 }

// StopWord is polled by engines between blocks.
func (c *CPU) StopWord() bool { return c.stop.Load() != 0 }
