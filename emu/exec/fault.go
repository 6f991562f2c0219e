package exec

import (
	"fmt"

	"panda/emu/guest"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

// faulted handles what an access or a helper left the block with.
func (e *Engine) faulted(c *vcpu.CPU, fault any) (vcpu.Stop, bool) {
	c.Leave = vcpu.Leave{}
	switch f := fault.(type) {
	case *guest.Exception:
		return e.raised(c, *f)
	case *vcpu.Redo:
		tb, n := c.TB, c.Index()
		switch f.Why {
		case vcpu.RedoAddress:
			e.often(tb, &tb.Outside, e.far)
		case vcpu.RedoRefused:
			e.often(tb, &tb.Refused, e.generic)
		}
		c.Settle()
		c.Skip = vcpu.Skip{On: true, Counts: true, Icount: c.Icount(), Rank: vcpu.RankBlock} // no block begins here
		return e.rest(c, tb, n)
	case vcpu.Redirect:
		a := c.Machine.Arch
		pc, static := c.W[a.PC], c.W[a.Static]
		c.Settle()
		c.W[a.PC], c.W[a.Static] = pc, static
		c.Left--
		return 0, false
	case *guest.MemFault:
		tb := c.TB
		c.Settle()
		return e.exceptIn(c, tb, e.guest.Fault(c, f))
	case *mmu.CodeStore:
		c.Settle()
		c.Skip = vcpu.Skip{On: true, Counts: true, Icount: c.Icount(), Rank: vcpu.RankInsn}
		return e.selfModifying(c, f.Page)
	case *mmu.TableStore, *mmu.DeviceAccess:
		c.Settle()
		c.Skip = vcpu.Skip{On: true, Counts: true, Icount: c.Icount(), Rank: vcpu.RankInsn}
		return e.alone(c)
	case interface{ Addr() uintptr }:
		return e.hostFault(c, f.Addr(), fault)
	}
	panic(e.bug(c, fault))
}

// raised handles an exception of a helper. A trap leaves the state after its
// instruction.
func (e *Engine) raised(c *vcpu.CPU, x guest.Exception) (vcpu.Stop, bool) {
	tb, n := c.TB, c.Index()
	c.Settle()
	if x.Next {
		c.GoTo(guest.Addr(tb.Marks[n].PC) + guest.Addr(tb.Marks[n].Len))
		c.Left--
	}
	return e.exceptIn(c, tb, x)
}

// exceptIn makes an exception of an instruction in a block pending, unless a
// callback goes on elsewhere.
func (e *Engine) exceptIn(c *vcpu.CPU, tb *vcpu.TB, x guest.Exception) (vcpu.Stop, bool) {
	if e.restored(c, tb) {
		return 0, false
	}
	return e.except(c, x)
}

// hostFault turns a fault of the host into one of the guest, or handles a store
// into translated code.
func (e *Engine) hostFault(c *vcpu.CPU, host uintptr, raw any) (vcpu.Stop, bool) {
	_, inside := c.Offset(host)
	if c.TB == nil || !inside && (!c.TB.Soft || c.TB.Once) {
		panic(e.bug(c, raw))
	}
	tb, n := c.TB, c.Index()
	if !inside { // an address that no CPU has, at the stack: see mmu.TLBHead
		c.Settle()
		c.Skip = vcpu.Skip{On: true, Icount: c.Icount(), Rank: vcpu.RankInsn}
		return e.rest(c, tb, n)
	}
	f, at, watched := c.Space.HostFault(host, c.Insn&vcpu.Storing != 0)
	c.Settle()
	if watched || f == nil { // the instruction begins again; what stands before it has fired
		c.Skip = vcpu.Skip{On: true, Icount: c.Icount(), Rank: vcpu.RankInsn}
	}
	switch {
	case watched: // what a window shows has its address as its place
		return e.selfModifying(c, mmu.PageOf(guest.PhysAddr(at)))
	case f == nil:
		return e.rest(c, tb, n) // the map has changed since: try again
	}
	return e.exceptIn(c, tb, e.guest.Fault(c, f))
}

// redoneOften is how often a block may find the guest in a state that is not what the
// engine has counted on, before it is translated again without that.
const redoneOften = 8

// often counts it, and notes the block when it is translated again.
func (e *Engine) often(tb *vcpu.TB, count *uint8, otherwise map[guest.Addr]bool) {
	if *count++; *count == redoneOften {
		otherwise[tb.PC] = true
		e.cache.kill(tb)
	}
}

// selfModifying lets one store into a page of translated code happen.
func (e *Engine) selfModifying(c *vcpu.CPU, page guest.PhysAddr) (vcpu.Stop, bool) {
	e.storedInto(c, page)
	return e.alone(c)
}

// storedInto drops what was translated from a page that is about to be stored into.
func (e *Engine) storedInto(c *vcpu.CPU, page guest.PhysAddr) {
	e.Stats.SMC++
	e.cache.stored(page, c.Icount())
	e.cache.drop(page, page+mmu.PageSize)
	e.cache.code.Stored(page)
}

// rest runs a block from instruction n on, at which the guest is. All of it: what
// stands before a block would fire again if another one began after that instruction.
func (e *Engine) rest(c *vcpu.CPU, tb *vcpu.TB, n int) (vcpu.Stop, bool) {
	e.redone = tb
	defer func() { e.redone = nil }()
	return e.runOnce(c, len(tb.Marks)-n)
}

// alone runs one instruction.
func (e *Engine) alone(c *vcpu.CPU) (vcpu.Stop, bool) { return e.runOnce(c, 1) }

// runOnce runs at most n instructions from a block that is not kept.
func (e *Engine) runOnce(c *vcpu.CPU, n int) (vcpu.Stop, bool) {
	tb, fault := e.translate(c, order{max: n, exact: true})
	if fault != nil {
		return e.except(c, e.guest.Fault(c, fault))
	}
	return e.enter(c, tb)
}

// Bug is a mistake of the emulator's own, with the place where it showed.
type Bug struct {
	Cause  any
	PC     guest.Addr
	Icount uint64
}

// Fatal keeps the Bus from containing it as a callback's failure.
func (*Bug) Fatal() {}

func (b *Bug) Error() string {
	return fmt.Sprintf("BUG: %v (guest pc %#x, icount %d)", b.Cause, uint64(b.PC), b.Icount)
}

func (e *Engine) bug(c *vcpu.CPU, cause any) *Bug {
	b := &Bug{Cause: cause, PC: c.PC(), Icount: c.Icount()}
	if c.TB != nil && c.Index() < len(c.TB.Marks) {
		b.PC = guest.Addr(c.TB.Marks[c.Index()].PC)
	}
	return b
}
