package event

import (
	"fmt"
	"slices"
	"strconv"

	"panda/emu/guest"
	"panda/emu/vcpu"
)

// The parts of a filter that are not known at translation are checked by Go
// closures around the callback. The Bus puts them there, so that who fires an
// event need not know them.

// Dynamic reports whether the filter has parts that are decided at each event.
func (f *Filter) Dynamic() bool {
	return f.When != nil || f.Process != nil || f.Thread != nil || f.Every > 1 || f.Limit > 0
}

// OnlyWhen reports whether nothing but a condition is decided at each event.
func (f *Filter) OnlyWhen() bool {
	return f.Process == nil && f.Thread == nil && f.Every <= 1 && f.Limit == 0
}

// take decides one event.
func (s *Sub) take(e *Env) bool {
	f := s.Filter
	if !f.matchWho(e) || f.When != nil && !f.When.True(e) {
		s.Hits-- // the Bus has counted it
		return false
	}
	s.seen++
	if f.Every > 1 && s.seen%f.Every != 0 {
		return false
	}
	s.taken++
	if f.Limit > 0 && s.taken >= f.Limit {
		s.Disable() // this call is the last
	}
	return true
}

func (f *Filter) matchWho(e *Env) bool {
	if f.Process == nil && f.Thread == nil {
		return true
	}
	if e.CPU == nil {
		return false
	}
	m := e.CPU.Machine
	return (f.Process == nil || matchAny(f.Process, m.Comm) || slices.Contains(f.Process, strconv.Itoa(m.Process))) &&
		(f.Thread == nil || slices.Contains(f.Thread, int64(m.Thread)))
}

// count makes a counter a callback that counts.
func (s *Sub) count() {
	n := s.Counter
	s.Counter, s.Counted = nil, n
	s.Fn = s.Kind.Each(func(*Env) { *n++ })
}

// guarded wraps the callback of a subscription whose filter is dynamic. A
// counter becomes a callback that counts.
func (s *Sub) guarded() any {
	if n := s.Counter; n != nil {
		s.Counter, s.Counted = nil, n
		return s.Kind.Each(func(e *Env) {
			if s.take(e) {
				*n++
			}
		})
	}
	switch fn := s.Fn.(type) {
	case PCFunc:
		return guardPC(s, fn)
	case PCBoolFunc:
		return PCBoolFunc(func(c *vcpu.CPU, pc guest.Addr) bool { return s.take(&Env{CPU: c, PC: pc}) && fn(c, pc) })
	case BlockFunc:
		return guardBlock(s, fn)
	case BlockBoolFunc:
		return BlockBoolFunc(func(c *vcpu.CPU, tb *vcpu.TB) bool {
			return s.take(&Env{CPU: c, PC: tb.PC, TB: tb}) && fn(c, tb)
		})
	case AfterBlockFunc:
		return AfterBlockFunc(func(c *vcpu.CPU, tb, next *vcpu.TB) {
			if s.take(&Env{CPU: c, PC: tb.PC, TB: tb}) {
				fn(c, tb, next)
			}
		})
	case MemFunc:
		return guardMem(s, fn)
	}
	return s.guardedSystem()
}

func guardPC(s *Sub, fn PCFunc) PCFunc {
	e := new(Env)
	return func(c *vcpu.CPU, pc guest.Addr) {
		e.CPU, e.PC = c, pc
		if s.take(e) {
			fn(c, pc)
		}
	}
}

func guardBlock(s *Sub, fn BlockFunc) BlockFunc {
	e := new(Env)
	return func(c *vcpu.CPU, tb *vcpu.TB) {
		e.CPU, e.PC, e.TB = c, tb.PC, tb
		if s.take(e) {
			fn(c, tb)
		}
	}
}

func guardMem(s *Sub, fn MemFunc) MemFunc {
	e := new(Env)
	return func(c *vcpu.CPU, m *vcpu.MemAccess) {
		e.CPU, e.PC, e.Mem = c, m.PC, m
		if s.take(e) {
			fn(c, m)
		}
	}
}

func (s *Sub) guardedSystem() any {
	switch fn := s.Fn.(type) {
	case HypercallFunc:
		return HypercallFunc(func(c *vcpu.CPU) bool { return s.take(&Env{CPU: c, PC: c.PC()}) && fn(c) })
	case SyscallFunc:
		return SyscallFunc(func(c *vcpu.CPU, sc *Syscall) {
			if s.take(&Env{CPU: c, PC: c.PC(), Call: sc}) {
				fn(c, sc)
			}
		})
	case SyscallBoolFunc:
		return SyscallBoolFunc(func(c *vcpu.CPU, sc *Syscall) bool {
			return s.take(&Env{CPU: c, PC: c.PC(), Call: sc}) && fn(c, sc)
		})
	case ExceptionFunc:
		return ExceptionFunc(func(c *vcpu.CPU, x *guest.Exception) {
			if s.take(&Env{CPU: c, PC: c.PC(), Exception: x}) {
				fn(c, x)
			}
		})
	case ASIDFunc:
		return ASIDFunc(func(c *vcpu.CPU, old, now guest.ASID) {
			if s.take(&Env{CPU: c}) {
				fn(c, old, now)
			}
		})
	case ProcessFunc:
		return ProcessFunc(func(c *vcpu.CPU, p *Process) {
			if s.take(&Env{CPU: c, Process: p}) {
				fn(c, p)
			}
		})
	case ThreadFunc:
		return ThreadFunc(func(c *vcpu.CPU, t *Thread) {
			if s.take(&Env{CPU: c, Thread: t}) {
				fn(c, t)
			}
		})
	case ModuleFunc:
		return ModuleFunc(func(c *vcpu.CPU, m *MappedModule) {
			if s.take(&Env{CPU: c, Module: m}) {
				fn(c, m)
			}
		})
	case Func:
		return Func(func() {
			if s.take(new(Env)) {
				fn()
			}
		})
	}
	panic(fmt.Sprintf("BUG: %v callback of type %T", s.Kind, s.Fn))
}

// Each makes a callback of the kind's function type that is given the event as
// an Env, which is valid during the call only. It answers false.
func (k Kind) Each(hit func(e *Env)) any {
	e := new(Env)
	pc := func(c *vcpu.CPU, pc guest.Addr) { e.CPU, e.PC = c, pc; hit(e) }
	block := func(c *vcpu.CPU, tb *vcpu.TB) { e.CPU, e.PC, e.TB = c, tb.PC, tb; hit(e) }
	call := func(c *vcpu.CPU, sc *Syscall) { e.CPU, e.PC, e.Call = c, c.PC(), sc; hit(e) }
	switch k {
	case InsnExec, AfterInsnExec, BeforeBlockTranslate:
		return PCFunc(pc)
	case InsnTranslate:
		return PCBoolFunc(func(c *vcpu.CPU, at guest.Addr) bool { pc(c, at); return false })
	case GuestHypercall:
		return HypercallFunc(func(c *vcpu.CPU) bool { pc(c, c.PC()); return false })
	case BeforeBlockExec, AfterBlockTranslate, CPURestoreState:
		return BlockFunc(block)
	case BeforeBlockExecInvalidateOpt:
		return BlockBoolFunc(func(c *vcpu.CPU, tb *vcpu.TB) bool { block(c, tb); return false })
	case AfterBlockExec:
		return AfterBlockFunc(func(c *vcpu.CPU, tb, _ *vcpu.TB) { block(c, tb) })
	case VirtMemBeforeRead, VirtMemAfterRead, VirtMemBeforeWrite, VirtMemAfterWrite:
		return MemFunc(func(c *vcpu.CPU, m *vcpu.MemAccess) { e.CPU, e.PC, e.Mem = c, m.PC, m; hit(e) })
	case SyscallEnter:
		return SyscallBoolFunc(func(c *vcpu.CPU, sc *Syscall) bool { call(c, sc); return false })
	case SyscallLeave, UserBeforeSyscall, UserAfterSyscall:
		return SyscallFunc(call)
	case BeforeException:
		return ExceptionFunc(func(c *vcpu.CPU, x *guest.Exception) { e.CPU, e.PC, e.Exception = c, c.PC(), x; hit(e) })
	case ThreadStart, ThreadExit:
		return ThreadFunc(func(c *vcpu.CPU, t *Thread) { e.CPU, e.PC, e.Thread = c, c.PC(), t; hit(e) })
	case ModuleMapped, ModuleUnmapped:
		return ModuleFunc(func(c *vcpu.CPU, m *MappedModule) { e.CPU, e.PC, e.Module = c, c.PC(), m; hit(e) })
	case ProcessStart, ProcessFork, ProcessExit:
		return ProcessFunc(func(c *vcpu.CPU, p *Process) { e.CPU, e.PC, e.Process = c, c.PC(), p; hit(e) })
	case ASIDChanged:
		return ASIDFunc(func(c *vcpu.CPU, _, _ guest.ASID) { e.CPU, e.PC = c, c.PC(); hit(e) })
	}
	return Func(func() { hit(e) })
}
