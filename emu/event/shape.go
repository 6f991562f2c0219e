package event

import (
	"fmt"
	"path"

	"panda/emu/guest"
	"panda/emu/vcpu"
)

// Shape is what the callbacks of a kind are given, and what they answer. It is the
// one adapter between an Env, as which events are fired, filtered and added up, and
// the function type that plugins write.
type Shape struct {
	// bind makes of a callback a function that is given an Env; false is no answer.
	bind func(fn any) (func(e *Env) bool, error)
	// each makes a callback that shows each event to hit, as an Env that is valid
	// during the call, and gives its answer.
	each func(hit func(e *Env) bool) any
	// subject is what the filters name and number look at; nil where they are not
	// taken.
	subject func(e *Env) (name string, number int64)
}

// shapeOf makes the shape of a function type of two halves: call gives an event to
// a callback, each makes a callback that writes its event into e.
func shapeOf[F any](call func(fn F, e *Env) bool, each func(e *Env, hit func(*Env) bool) F) *Shape {
	return &Shape{
		bind: func(fn any) (func(*Env) bool, error) {
			f, ok := fn.(F)
			if !ok {
				return nil, fmt.Errorf("a callback is a %T, not a %T", f, fn)
			}
			return func(e *Env) bool { return call(f, e) }, nil
		},
		each: func(hit func(*Env) bool) any { return each(new(Env), hit) },
	}
}

// about adds the subject.
func (s *Shape) about(subject func(e *Env) (string, int64)) *Shape {
	s.subject = subject
	return s
}

// The shapes.
var (
	pcShape = shapeOf(
		func(fn PCFunc, e *Env) bool { fn(e.CPU, e.PC); return false },
		func(e *Env, hit func(*Env) bool) PCFunc {
			return func(c *vcpu.CPU, pc guest.Addr) { e.CPU, e.PC = c, pc; hit(e) }
		})
	pcBoolShape = shapeOf(
		func(fn PCBoolFunc, e *Env) bool { return fn(e.CPU, e.PC) },
		func(e *Env, hit func(*Env) bool) PCBoolFunc {
			return func(c *vcpu.CPU, pc guest.Addr) bool { e.CPU, e.PC = c, pc; return hit(e) }
		})
	blockShape = shapeOf(
		func(fn BlockFunc, e *Env) bool { fn(e.CPU, e.TB); return false },
		func(e *Env, hit func(*Env) bool) BlockFunc {
			return func(c *vcpu.CPU, tb *vcpu.TB) { e.CPU, e.PC, e.TB = c, tb.PC, tb; hit(e) }
		})
	blockBoolShape = shapeOf(
		func(fn BlockBoolFunc, e *Env) bool { return fn(e.CPU, e.TB) },
		func(e *Env, hit func(*Env) bool) BlockBoolFunc {
			return func(c *vcpu.CPU, tb *vcpu.TB) bool { e.CPU, e.PC, e.TB = c, tb.PC, tb; return hit(e) }
		})
	afterBlockShape = shapeOf(
		func(fn AfterBlockFunc, e *Env) bool { fn(e.CPU, e.TB, e.Next); return false },
		func(e *Env, hit func(*Env) bool) AfterBlockFunc {
			return func(c *vcpu.CPU, tb, next *vcpu.TB) { e.CPU, e.PC, e.TB, e.Next = c, tb.PC, tb, next; hit(e) }
		})
	memShape = shapeOf(
		func(fn MemFunc, e *Env) bool { fn(e.CPU, e.Mem); return false },
		func(e *Env, hit func(*Env) bool) MemFunc {
			return func(c *vcpu.CPU, m *vcpu.MemAccess) { e.CPU, e.PC, e.Mem = c, m.PC, m; hit(e) }
		})
	hypercallShape = shapeOf(
		func(fn HypercallFunc, e *Env) bool { return fn(e.CPU) },
		func(e *Env, hit func(*Env) bool) HypercallFunc {
			return func(c *vcpu.CPU) bool { e.CPU, e.PC = c, c.PC(); return hit(e) }
		})
	syscallShape = shapeOf(
		func(fn SyscallFunc, e *Env) bool { fn(e.CPU, e.Call); return false },
		func(e *Env, hit func(*Env) bool) SyscallFunc {
			return func(c *vcpu.CPU, s *Syscall) { e.CPU, e.PC, e.Call = c, c.PC(), s; hit(e) }
		}).about(syscallSubject)
	syscallBoolShape = shapeOf(
		func(fn SyscallBoolFunc, e *Env) bool { return fn(e.CPU, e.Call) },
		func(e *Env, hit func(*Env) bool) SyscallBoolFunc {
			return func(c *vcpu.CPU, s *Syscall) bool { e.CPU, e.PC, e.Call = c, c.PC(), s; return hit(e) }
		}).about(syscallSubject)
	exceptionShape = shapeOf(
		func(fn ExceptionFunc, e *Env) bool { fn(e.CPU, e.Exception); return false },
		func(e *Env, hit func(*Env) bool) ExceptionFunc {
			return func(c *vcpu.CPU, x *guest.Exception) { e.CPU, e.PC, e.Exception = c, c.PC(), x; hit(e) }
		}).about(func(e *Env) (string, int64) { return "", int64(e.Exception.Vector) })
	asidShape = shapeOf(
		func(fn ASIDFunc, e *Env) bool { fn(e.CPU, e.OldASID, e.CPU.ASID()); return false },
		func(e *Env, hit func(*Env) bool) ASIDFunc {
			return func(c *vcpu.CPU, old, _ guest.ASID) { e.CPU, e.PC, e.OldASID = c, c.PC(), old; hit(e) }
		})
	processShape = shapeOf(
		func(fn ProcessFunc, e *Env) bool { fn(e.CPU, e.Process); return false },
		func(e *Env, hit func(*Env) bool) ProcessFunc {
			return func(c *vcpu.CPU, p *Process) { e.CPU, e.PC, e.Process = c, c.PC(), p; hit(e) }
		}).about(func(e *Env) (string, int64) { return path.Base(e.Process.Path), 0 })
	threadShape = shapeOf(
		func(fn ThreadFunc, e *Env) bool { fn(e.CPU, e.Thread); return false },
		func(e *Env, hit func(*Env) bool) ThreadFunc {
			return func(c *vcpu.CPU, t *Thread) { e.CPU, e.PC, e.Thread = c, c.PC(), t; hit(e) }
		})
	moduleShape = shapeOf(
		func(fn ModuleFunc, e *Env) bool { fn(e.CPU, e.Module); return false },
		func(e *Env, hit func(*Env) bool) ModuleFunc {
			return func(c *vcpu.CPU, m *MappedModule) { e.CPU, e.PC, e.Module = c, c.PC(), m; hit(e) }
		}).about(func(e *Env) (string, int64) { return path.Base(e.Module.Path), 0 })
	plainShape = shapeOf(
		func(fn Func, _ *Env) bool { fn(); return false },
		func(e *Env, hit func(*Env) bool) Func { return func() { hit(e) } })
)

func syscallSubject(e *Env) (string, int64) { return e.Call.Name, int64(e.Call.Number) }

// Each makes a callback of the kind's function type that is given the event as
// an Env, which is valid during the call only. It answers false.
func (k Kind) Each(hit func(e *Env)) any {
	return Rows[k].Shape.each(func(e *Env) bool { hit(e); return false })
}
