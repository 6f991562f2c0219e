// Package exec is the run loop of a vCPU: it finds or makes the translation for
// the pc, lets an engine run it, links blocks, and turns what stops them into a
// vcpu.Stop for the environment. It alone sees both the guest architecture and
// the engine.
//
// Self-modifying code: pages with translated code are kept read-only, so a
// store into one faults. The run loop then drops the page's translations, makes
// it writable and runs the storing instruction alone, from a translation that
// is not kept. So the next instruction is translated from the new bytes, also
// when it stands in the same block. Pages where that happens again and again are
// left writable: see checked.go.
//
// Invariant: between two blocks the registers are exact and no block is running.
package exec

import (
	"io"
	"runtime/debug"

	"panda/emu/arch"
	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/interp"
	"panda/emu/ir"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

// Backend is an engine.
type Backend interface {
	// Compile makes tb.Entry of a block. The block's slices are used again.
	Compile(b *ir.Block, tb *vcpu.TB) error
	// Enter runs from tb on until a block leaves; see vcpu.Leave. fault is what
	// an access or helper left with: an error with Addr() uintptr for a fault of
	// the host's, *guest.MemFault or *guest.Exception.
	Enter(c *vcpu.CPU, tb *vcpu.TB) (fault any)
	// Link tells that tb.Next[slot] of a block has become to, which may be nil.
	Link(tb *vcpu.TB, slot int, to *vcpu.TB)
	// Copy makes tb.Entry from another block's, which is for the same code with the
	// same options, and perhaps dropped already. Neither is instrumented.
	Copy(of, tb *vcpu.TB) error
	// Extends reports whether it pays to make hot blocks longer.
	Extends() bool
	// Full reports that there may be no room for another block. All are dropped
	// then, and Reset is called.
	Full() bool
	Reset()
}

// Engine runs one vCPU.
type Engine struct {
	guest   arch.Guest
	system  arch.Privileged // the same, if it is one
	asid    guest.ASID      // of a machine, when that was looked at last
	backend Backend
	once    interp.Engine // runs blocks that are not kept: machine code would not pay
	bus     *event.Bus
	cpu     *vcpu.CPU

	present
	caches   map[mmu.Code]*cache
	jumps    jumps
	memo     memo
	made     made
	work     workshop
	hot      hot
	switches switches
	budget   budget
	drop     pending
	nest     nest
	otherwise

	// OnTranslate, when set, is shown each block before and after the passes, and
	// when the backend has compiled it.
	OnTranslate func(tb *vcpu.TB, b *ir.Block, stage string)
	// OnUndefined, when set, is told of an instruction that is undefined.
	OnUndefined func(pc guest.Addr, code []byte, mode uint64)
	// Stats counts what the engine did.
	Stats Stats
}

// otherwise is what blocks are made otherwise for than the first time.
type otherwise struct {
	renew   renewal
	redone  *vcpu.TB            // the block whose rest runs once, because an instruction could not be done there
	generic map[guest.Addr]bool // blocks in which the engine does no helper family by itself
	far     map[guest.Addr]bool // blocks in which it looks at addresses as a whole
}

// present is where the CPU is.
type present struct {
	space  vcpu.Space
	cache  *cache
	mode   uint64
	base   uint64 // of the mode's code
	blocks *modeCache
}

// switches are what users turn off.
type switches struct{ noChain, noMemory bool }

// Stats are counts of an engine's work.
type Stats struct {
	Blocks, Insns uint64 // translated
	Copied        uint64 // blocks that are copies of others
	Reused        uint64 // blocks that another address space has left behind
	Flushes, SMC  uint64
	Hot           uint64 // blocks to be translated again because they run often
	Turns         uint64 // chains of blocks that ran; without chaining, blocks
	Partial       uint64 // changes of subscriptions that dropped some translations
}

// New makes an engine for a vCPU. It takes over the Bus's hooks.
func New(g arch.Guest, b Backend, bus *event.Bus, c *vcpu.CPU) *Engine {
	e := &Engine{guest: g, backend: b, bus: bus, cpu: c, caches: map[mmu.Code]*cache{}, otherwise: otherwise{generic: map[guest.Addr]bool{}, far: map[guest.Addr]bool{}}, budget: budget{limit: -1, alarm: NoAlarm}}
	e.system, _ = g.(arch.Privileged)
	bus.Changed, bus.Hurry = e.changed, e.hurry
	c.Cut = e.cut
	return e
}

// cut has direct branches to the places of one of TB.Awaits pass the run loop.
func (e *Engine) cut(awaits *int) {
	if len(e.caches) == 1 && e.cache != nil { // which is most often so, and calls are frequent
		e.cache.cut(awaits)
		return
	}
	for _, k := range e.caches { // the order is not seen
		k.cut(awaits)
	}
}

// Close gives back what the backend holds. The engine must not run any more.
func (e *Engine) Close() {
	if c, ok := e.backend.(io.Closer); ok {
		c.Close()
	}
}

// FlushTB drops all translations as soon as the current block is done.
func (e *Engine) FlushTB() {
	e.drop.all = true
	e.cpu.Kick()
}

// SetChaining lets blocks run on without returning to the run loop, or not.
func (e *Engine) SetChaining(on bool) {
	e.switches.noChain = !on
	e.FlushTB()
}

// Switches are what SetChaining and SetMemCallbacks last said.
func (e *Engine) Switches() (chaining, memory bool) { return !e.switches.noChain, !e.switches.noMemory }

// SetMemCallbacks lets the memory callbacks that are registered fire, or not.
func (e *Engine) SetMemCallbacks(on bool) {
	e.switches.noMemory = !on
	e.FlushTB()
}

func (e *Engine) run(c *vcpu.CPU, n int64) vcpu.Stop {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	c.Deadline = c.Icount() + uint64(n)
	c.Left = n
	c.Leave = vcpu.Leave{} // the environment may have moved the guest elsewhere
	e.enterSpace()
	if e.system != nil { // what there was to attend to may have been taken for a request
		c.Kick()
	}
	for {
		if stop, yes := e.turn(c); yes {
			return stop
		}
	}
}

// turn runs one chain of blocks.
func (e *Engine) turn(c *vcpu.CPU) (stop vcpu.Stop, yes bool) {
	e.Stats.Turns++
	if c.StopWord() {
		if c.Stopping() {
			return vcpu.StopRequest, true
		}
		if acted, stop, yes := e.attend(c); acted {
			return stop, yes
		}
	}
	if e.nest.away != nil && e.nest.away(c.SP()) {
		return vcpu.StopAway, true
	}
	if e.nest.inside == 0 { // a block that waits for a nested call keeps its code
		e.forget()
	}
	e.hasten(c)
	if c.Left <= 0 {
		return vcpu.StopBudget, true
	}
	tb, fault := e.find(c)
	if e.drop.late && e.nest.inside == 0 {
		tb, fault = e.findLate(c)
	}
	if fault != nil {
		return e.except(c, e.guest.Fault(c, fault))
	}
	if l := &c.Leave; l.From != nil && !tb.Once {
		e.cache.link(l.From, l.Slot, tb)
	}
	c.Leave = vcpu.Leave{}
	if int64(len(tb.Marks)) > c.Left { // the rest of the budget, and no further
		if e.budget.loose {
			return vcpu.StopBudget, true
		}
		if tb, fault = e.translate(c, order{max: int(c.Left)}); fault != nil {
			return e.except(c, e.guest.Fault(c, fault))
		}
	}
	return e.enter(c, tb)
}

// enter runs a block and handles how it left.
func (e *Engine) enter(c *vcpu.CPU, tb *vcpu.TB) (vcpu.Stop, bool) {
	run := e.backend
	if tb.Once {
		run = &e.once
	}
	if fault := run.Enter(c, tb); fault != nil {
		return e.faulted(c, fault)
	}
	if c.Leave.Direct {
		c.Direct = c.Icount() + 1
	}
	if c.Leave.Why == ir.ExitStale {
		return e.staleBlock(c)
	}
	e.afterBlock(c)
	switch l := &c.Leave; l.Why {
	case ir.ExitSyscall:
		c.Gate = vcpu.Gate(l.Slot)
		return vcpu.StopSyscall, true
	case ir.ExitUndefined:
		return e.undefined(c)
	case ir.ExitHalt:
		return vcpu.StopHalt, true
	case ir.ExitEnd:
		if l.Last.Step {
			return e.except(c, e.guest.Stepped())
		}
	}
	e.followMode(c)
	return 0, false
}

// followMode looks for blocks of another mode if it is one now.
func (e *Engine) followMode(c *vcpu.CPU) {
	if mode := e.guest.Mode(c); mode != e.mode {
		e.enterSpace()
		c.Leave.From = nil
	}
}

func (e *Engine) undefined(c *vcpu.CPU) (vcpu.Stop, bool) {
	if e.OnUndefined != nil {
		var code [arch.LongestInsn]byte
		n, _ := c.Space.Fetch(e.codeAt(c.PC()), code[:])
		e.OnUndefined(c.PC(), code[:n], e.mode)
	}
	return e.except(c, e.guest.Undefined())
}

// except makes an exception pending for the environment, or has the CPU deliver it.
func (e *Engine) except(c *vcpu.CPU, x guest.Exception) (vcpu.Stop, bool) {
	c.Exc = x
	c.Leave = vcpu.Leave{}
	if e.system != nil {
		return e.deliver(c, x)
	}
	return vcpu.StopException, true
}

// codeAt is the address of the code at a pc of the present mode.
func (e *Engine) codeAt(pc guest.Addr) guest.Addr {
	if e.base == 0 {
		return pc
	}
	return guest.Addr(uint32(uint64(pc) + e.base))
}

// find is the block at the pc, translated if need be.
func (e *Engine) find(c *vcpu.CPU) (*vcpu.TB, *guest.MemFault) {
	pc := c.PC()
	if tb := c.Jump.Find(uint64(pc)); tb != nil {
		return tb, nil
	}
	tb, fault := e.cache.find(e.blocks, c.Space, pc)
	if tb == nil && fault == nil {
		tb, fault = e.translate(c, order{max: maxInsns, keep: true})
	}
	if fault != nil {
		return nil, fault
	}
	if !e.switches.noChain && !tb.Dead && !tb.Once && e.nest.away == nil {
		c.Jump.Set(tb)
		e.blocks.held |= mmu.PartsOf(tb.Code)
	}
	return tb, nil
}

func (e *Engine) flushAll() {
	defer e.backend.Reset()
	e.drop.all, e.drop.stale = false, e.drop.stale[:0]
	e.Stats.Flushes++
	for _, k := range e.caches { // each by itself
		k.flush(nil)
	}
	e.memo.clear()
	e.made = made{}
	e.enterSpace()
	e.cpu.Leave.From = nil
}
