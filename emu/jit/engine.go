package jit

import (
	"fmt"

	"panda/emu/guest"
	"panda/emu/host"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// Engine compiles blocks and runs them. It must not be copied.
type Engine struct {
	target Target
	arena  *host.Arena
	used   uint32
	base   uint32 // end of the prologue

	unit Unit
	tables
	spare []uint64 // room for a copy of the slots

	// OnCode, when set, is shown the code of each block where it will run, and
	// OnReset told when all of it goes.
	OnCode  func(tb *vcpu.TB, at uint64, code []byte)
	OnReset func()
}

// Sizes of the code arena.
const (
	arenaSize = 256 << 20
	margin    = 1 << 20 // more than a block takes
	align     = 16
)

// New makes an engine for a target.
func New(t Target) (*Engine, error) {
	a, err := host.NewArena(arenaSize)
	if err != nil {
		return nil, fmt.Errorf("jit: memory for machine code: %w", err)
	}
	e := &Engine{target: t, arena: a}
	e.used = uint32(copy(a.Buf, t.Prologue(a.Base)))
	e.base = e.used
	return e, nil
}

// Close gives the arena back.
func (e *Engine) Close() error { return e.arena.Close() }

// Name is the engine's name for -accel and messages.
func (*Engine) Name() string { return "jit" }

// Extends is true: what a long block has in registers needs no stores.
func (*Engine) Extends() bool { return true }

// Full reports whether there may be no room for another block. Then all blocks
// must be dropped and Reset called.
func (e *Engine) Full() bool { return int(e.used)+margin > len(e.arena.Buf) }

// Code is the machine code of the block that was compiled last, until the next.
func (e *Engine) Code() []byte { return e.unit.Code }

// Used is the number of bytes of machine code.
func (e *Engine) Used() int { return int(e.used) }

// Common is the code that all blocks share, and where it is.
func (e *Engine) Common() (at uint64, code []byte) { return uint64(e.arena.Base), e.arena.Buf[:e.base] }

// show tells of the block whose code was just made.
func (e *Engine) show(u *Unit) {
	if e.OnCode != nil {
		e.OnCode(u.TB, uint64(e.arena.Base)+uint64(u.Origin), u.Code)
	}
}

// Reset forgets all blocks.
func (e *Engine) Reset() {
	if e.OnReset != nil {
		e.OnReset()
	}
	e.used = e.base
	e.tables.reset()
	e.unit = Unit{}
}

// Compile makes machine code of a block.
func (e *Engine) Compile(b *ir.Block, tb *vcpu.TB) error {
	if e.Full() {
		return fmt.Errorf("jit: no room for machine code")
	}
	u := &e.unit
	u.Reset(b, tb, e.nextPlace())
	u.Number, u.FirstSite, u.FirstValue, u.FirstOp = e.units.n, e.sites.n, e.values.n, e.ops.n
	u.Limit = tb.Limit
	u.Exact, u.Far = tb.Exact || len(tb.Sites)+len(tb.MemSites) > 0, tb.Far
	if err := e.target.Lower(u); err != nil {
		return err
	}
	e.install(u)
	return nil
}

// nextPlace moves the end of what is used to where a unit may begin, and returns it.
func (e *Engine) nextPlace() uint32 {
	e.used = (e.used + align - 1) &^ (align - 1)
	return e.used
}

// install puts a unit into the arena and the tables.
func (e *Engine) install(u *Unit) {
	copy(e.arena.Buf[u.Origin:], u.Code)
	e.used = u.Origin + uint32(len(u.Code))
	u.TB.Entry = pointer(e.arena.Base + uintptr(u.Origin))
	for slot, ch := range u.Chain {
		*u.TB.ChainAt(slot) = ch
	}
	u.TB.Unit = e.add(u)
	e.show(u)
}

// Copy gives a block the code of another one, which is for the same guest code,
// at the same address, with the same options, and carries no instrumentation. The
// other may have been dropped meanwhile.
func (e *Engine) Copy(of, tb *vcpu.TB) error {
	if e.Full() {
		return fmt.Errorf("jit: no room for machine code")
	}
	x, end := *e.units.at(of.Unit), e.after(of.Unit)
	u := &e.unit
	u.Reset(nil, tb, e.nextPlace())
	moved := u.Origin - x.code
	u.Code = append(u.Code, e.arena.Buf[x.code:x.end]...)
	for n := x.site; n < end.site; n++ {
		s := *e.sites.at(n)
		s.Block = e.units.n
		if s.Resume != 0 {
			s.Resume += moved
		}
		u.Sites = append(u.Sites, s)
	}
	for n := x.fault; n < end.fault; n++ {
		f := *e.faults.at(n)
		f.Block = e.units.n
		f.Place += moved
		u.Faults = append(u.Faults, f)
	}
	for n := x.reloc; n < end.reloc; n++ {
		r := *e.relocs.at(n)
		u.Relocs = append(u.Relocs, r)
		r.apply(u.Code, e.sites.n-x.site, moved)
	}
	for slot := range u.Chain {
		if ch := of.ChainAt(slot); ch.Place != 0 { // it leads to no other block yet
			u.Chain[slot] = vcpu.Chain{Place: ch.Place + moved, Stub: ch.Stub + moved}
			e.target.Link(u.Code, ch.Place-x.code, ch.Stub-x.code)
		}
	}
	e.install(u)
	return nil
}

// Link lets a chain slot lead to a block, or for nil to the run loop.
func (e *Engine) Link(from *vcpu.TB, slot int, to *vcpu.TB) {
	ch := from.ChainAt(slot)
	if ch.Place == 0 {
		return
	}
	target := ch.Stub
	if to != nil {
		target = uint32(uintptr(to.Entry) - e.arena.Base)
	}
	e.target.Link(e.arena.Buf, ch.Place, target)
}

// Enter runs blocks from tb on until one leaves, and says how in c.Leave. A
// fault or the panic of a helper comes back as the fault value, with CPU.TB and
// CPU.Insn naming the instruction.
func (e *Engine) Enter(c *vcpu.CPU, tb *vcpu.TB) (fault any) {
	h := &c.Host
	h.Target = uintptr(tb.Entry)
	outer, before := h.Calling, h.Before // of a function that, perhaps, runs guest code
	h.Calling, h.FP, c.Moved = nil, 0, false
	for again := true; again; {
		fault, again = e.run(c)
	}
	h.Calling, h.Before = outer, before
	return fault
}

// run is Enter until a panic. The block to begin with, or where to continue, is
// in Host.Target.
func (e *Engine) run(c *vcpu.CPU) (fault any, again bool) {
	defer func() {
		if r := recover(); r != nil {
			fault, again = e.panicked(c, r)
		}
	}()
	return e.loop(c), false
}

// loop enters machine code until a block leaves.
func (e *Engine) loop(c *vcpu.CPU) (fault any) {
	h := &c.Host
	for {
		e.target.Enter(c)
		if h.Signal != 0 {
			return e.faulted(c)
		}
		s := e.sites.at(h.Exit)
		tb := *e.blocks.at(s.Block)
		c.TB = tb
		calling := h.Calling
		h.Calling = nil
		left := false
		switch s.Kind {
		case AtHead:
			left = !e.yields(c, tb)
		case Called:
			left = e.called(c, calling)
		case Operate:
			left = (*e.ops.at(s.Op)).Do(c)
			h.Target = e.arena.Base + uintptr(s.Resume)
		case Aside:
			left = e.aside(c, tb, s)
			h.Target = e.arena.Base + uintptr(s.Resume)
		default:
			return leaves(c, tb, s)
		}
		if left {
			return nil
		}
	}
}

// yields gives the thread to Go's scheduler if that is all that somebody wants of a
// block at its head, which then begins again. Else the run ends there.
func (*Engine) yields(c *vcpu.CPU, tb *vcpu.TB) bool {
	c.Left += int64(len(tb.Marks))
	if c.Left >= int64(len(tb.Marks)) && c.Yield() {
		c.Host.Target = uintptr(tb.Entry)
		return true
	}
	leave(c, tb, ir.ExitNone, uint64(tb.PC))
	return false
}

// leaves ends a run by an exit that nothing continues after.
func leaves(c *vcpu.CPU, tb *vcpu.TB, s *Site) (fault any) {
	switch s.Kind {
	case Chain:
		leave(c, tb, ir.ExitEnd, s.PC)
		c.Leave.Direct = true
		if !tb.Unchained {
			c.Leave.From, c.Leave.Slot = tb, int(s.Slot)
		}
	case Indirect:
		leave(c, tb, ir.ExitEnd, c.W[c.Machine.Arch.PC])
	case Leave:
		c.Left += s.Why.Undone(len(tb.Marks), int(s.Insn))
		leave(c, tb, s.Why, s.PC)
		c.Leave.Slot = int(s.Gate)
	case Redo:
		c.Insn = int(s.Insn)
		return &vcpu.Redo{Why: s.Redo}
	case Outside:
		c.Insn = int(s.Insn)
		access := guest.Read
		if s.Write {
			access = guest.Write
		}
		return &guest.MemFault{Addr: guest.Addr(c.Host.Addr), Access: access}
	}
	return nil
}

// leave notes how the run ended; the guest will continue at pc.
func leave(c *vcpu.CPU, tb *vcpu.TB, why ir.Exit, pc uint64) {
	c.W[c.Machine.Arch.PC] = pc
	c.Leave = vcpu.Leave{Why: why, Last: tb}
	c.TB = nil
}

// faulted finds the guest instruction of a fault of the host.
func (e *Engine) faulted(c *vcpu.CPU) any {
	h := &c.Host
	sig := h.Signal
	h.Signal = 0
	place := uint32(h.RIP - e.arena.Base)
	n := e.faults.search(func(f *Fault) bool { return f.Place >= place })
	if n == e.faults.n || e.faults.at(n).Place != place {
		return fmt.Sprintf("signal %d in machine code at %#x (% x), address %#x", sig, h.RIP, e.arena.Buf[place:place+16], h.Addr)
	}
	f := e.faults.at(n)
	c.TB = *e.blocks.at(f.Block)
	c.Insn = int(f.Insn)
	if f.Storing {
		c.Insn |= vcpu.Storing
	}
	e.restore(c, f.State)
	if sig == sigFPE {
		x := c.Machine.Arch.FPException
		return &x
	}
	return &hostFault{addr: h.Addr}
}

const sigFPE = 8

// restore puts the slots that were in registers into the frame.
func (e *Engine) restore(c *vcpu.CPU, s State) {
	for n := range uint32(s.Count) {
		switch v := e.values.at(s.Value + n); {
		case v.Reg == InConst:
			c.W[v.Word] = v.K
		case v.Reg == InTarget:
			e.target.Restore(c, v.K)
		case v.Reg == InCount:
			*c.TB.Counters[v.Word] += v.K
		case v.Reg >= InVec:
			copy(c.W[v.Word:], c.Host.Vec[v.Reg-InVec][:v.K])
		default:
			c.W[v.Word] = c.Host.Regs[v.Reg]
		}
	}
}

// hostFault is an access that the host forbade.
type hostFault struct{ addr uintptr }

func (f *hostFault) Addr() uintptr { return f.addr }

func (f *hostFault) Error() string { return fmt.Sprintf("access to %#x in machine code", f.addr) }
