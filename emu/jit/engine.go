package jit

import (
	"fmt"
	"sort"

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

	unit   Unit
	sites  []Site
	faults []Fault
	values []Value
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

// Shares reports whether blocks with the same code may share a translation:
// machine code names its block.
func (*Engine) Shares() bool { return false }

// Extends is true: what a long block has in registers needs no stores.
func (*Engine) Extends() bool { return true }

// Full reports whether there may be no room for another block. Then all blocks
// must be dropped and Reset called.
func (e *Engine) Full() bool { return int(e.used)+margin > len(e.arena.Buf) }

// Code is the machine code of the block that was compiled last, until the next.
func (e *Engine) Code() []byte { return e.unit.Code }

// Used is the number of bytes of machine code.
func (e *Engine) Used() int { return int(e.used) }

// Reset forgets all blocks.
func (e *Engine) Reset() {
	e.used = e.base
	e.sites, e.faults, e.values = e.sites[:0], e.faults[:0], e.values[:0]
	e.unit = Unit{}
}

// Compile makes machine code of a block.
func (e *Engine) Compile(b *ir.Block, tb *vcpu.TB) error {
	if e.Full() {
		return fmt.Errorf("jit: no room for machine code")
	}
	u := &e.unit
	e.used = (e.used + align - 1) &^ (align - 1)
	u.Reset(b, tb, e.used)
	u.FirstSite, u.FirstValue = uint32(len(e.sites)), uint32(len(e.values))
	u.Limit = tb.Limit
	u.Exact = tb.Exact || tb.Instrumented()
	if err := e.target.Lower(u); err != nil {
		return err
	}
	copy(e.arena.Buf[e.used:], u.Code)
	tb.Entry = pointer(e.arena.Base + uintptr(e.used))
	for slot, ch := range u.Chain {
		*tb.ChainAt(slot) = ch
	}
	e.used += uint32(len(u.Code))
	e.sites = append(e.sites, u.Sites...)
	e.faults = append(e.faults, u.Faults...)
	e.values = append(e.values, u.Values...)
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
	defer func() {
		if r := recover(); r != nil {
			fault = r
		}
	}()
	h := &c.Host
	h.Target = uintptr(tb.Entry)
	for {
		e.target.Enter(c)
		if h.Signal != 0 {
			return e.faulted(c)
		}
		s := &e.sites[h.Exit]
		c.TB = s.TB
		switch s.Kind {
		case Operate:
			if s.Op.Do(c) {
				return nil
			}
			h.Target = e.arena.Base + uintptr(s.Resume)
			continue
		case AtHead:
			c.Left += int64(len(s.TB.Marks))
			if c.Left >= int64(len(s.TB.Marks)) && c.Yield() {
				h.Target = uintptr(s.TB.Entry)
				continue
			}
			e.leave(c, s, ir.ExitNone, uint64(s.TB.PC))
		case Chain:
			e.leave(c, s, ir.ExitEnd, s.PC)
			if !s.TB.Unchained {
				c.Leave.From, c.Leave.Slot = s.TB, int(s.Slot)
			}
		case Indirect:
			e.leave(c, s, ir.ExitEnd, c.W[c.Machine.Arch.PC])
		case Leave:
			c.Left += s.Why.Undone(len(s.TB.Marks), int(s.Insn))
			e.leave(c, s, s.Why, s.PC)
			c.Leave.Slot = int(s.Slot)
		case Redo:
			c.Insn = int(s.Insn)
			return &vcpu.Redo{}
		case Outside:
			c.Insn = int(s.Insn)
			access := guest.Read
			if s.Slot != 0 {
				access = guest.Write
			}
			return &guest.MemFault{Addr: guest.Addr(h.Addr), Access: access}
		}
		return nil
	}
}

// leave notes how the run ended; the guest goes on at pc.
func (e *Engine) leave(c *vcpu.CPU, s *Site, why ir.Exit, pc uint64) {
	c.W[c.Machine.Arch.PC] = pc
	c.Leave = vcpu.Leave{Why: why, Last: s.TB}
	c.TB = nil
}

// faulted finds the guest instruction of a fault of the host.
func (e *Engine) faulted(c *vcpu.CPU) any {
	h := &c.Host
	sig := h.Signal
	h.Signal = 0
	place := uint32(h.RIP - e.arena.Base)
	n := sort.Search(len(e.faults), func(i int) bool { return e.faults[i].Place >= place })
	if n == len(e.faults) || e.faults[n].Place != place {
		return fmt.Sprintf("signal %d in machine code at %#x (% x), address %#x", sig, h.RIP, e.arena.Buf[place:place+16], h.Addr)
	}
	f := &e.faults[n]
	c.TB = e.sites[f.Site].TB
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
	for _, v := range e.values[s.Value:][:s.Count] {
		switch {
		case v.Reg == InConst:
			c.W[v.Word] = v.K
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
