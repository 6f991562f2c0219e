package lua

import (
	"encoding/binary"
	"fmt"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
	"panda/lua/num"
	"panda/lua/val"
)

// callback is a Lua function that serves an event.
type callback struct {
	s    *State
	kind event.Kind
	fn   *glua.LFunction
	want int // arguments that the function takes: no more are made
	sub  *event.Sub
	more func() []*event.Sub // what belongs to it besides sub; may be nil
}

func (s *State) newCallback(k event.Kind, fn *glua.LFunction) *callback {
	cb := &callback{s: s, kind: k, fn: fn, want: 16}
	if !fn.IsG && fn.Proto.IsVarArg == 0 {
		cb.want = int(fn.Proto.NumParameters)
	}
	return cb
}

// call runs the function with cpu before the arguments. An error leaves as a
// panic that the Bus contains: it disables the callback, and the guest goes on.
func (cb *callback) call(c *vcpu.CPU, nret int, args ...glua.LValue) glua.LValue {
	s := cb.s
	if c != nil {
		s.cpu = c
	}
	L := s.enter()
	L.Push(cb.fn)
	n := 0
	if cb.want > 0 {
		L.Push(s.views.cpu)
		n++
	}
	for _, a := range args {
		if n >= cb.want {
			break
		}
		L.Push(a)
		n++
	}
	err := L.PCall(n, nret, nil)
	ret := glua.LNil
	if err == nil && nret > 0 {
		ret = L.Get(-1)
		L.Pop(1)
	}
	s.leave(L)
	if err != nil {
		panic(cb.failure(c, err))
	}
	return ret
}

func (cb *callback) truth(c *vcpu.CPU, args ...glua.LValue) bool {
	return glua.LVAsBool(cb.call(c, 1, args...))
}

func (cb *callback) failure(c *vcpu.CPU, err error) *ScriptError {
	e := cb.s.scriptError(err)
	e.Trace = strings.Replace(e.Trace, "in main chunk", "in "+cb.what()+" callback", 1)
	e.Where = "in " + cb.what()
	if c != nil && c.Machine != nil && c.Machine.Arch != nil {
		e.Where += fmt.Sprintf(" at pc %#x", uint64(c.PC()))
		if sym := SymbolAt(c, c.PC()); sym != "" {
			e.Where += " " + sym
		}
	}
	return e
}

// what names what calls the function: an event, or what a detached subscription
// stands for.
func (cb *callback) what() string {
	if cb.sub != nil {
		return cb.sub.What()
	}
	return cb.kind.String()
}

// addr is an argument that is a number.
func (cb *callback) addr(v uint64) glua.LValue { return cb.s.box(v) }

// bytes is the buffer of a memory event, made only for functions that take it.
func (cb *callback) bytes(position int, b []byte) glua.LValue {
	if cb.want <= position {
		return glua.LNil
	}
	return glua.LString(b)
}

// gofunc is the function of the kind's type that the Bus calls.
func (cb *callback) gofunc() any {
	switch cb.kind {
	case event.InsnExec, event.AfterInsnExec, event.BeforeBlockTranslate:
		return event.PCFunc(cb.pc)
	case event.InsnTranslate:
		return event.PCBoolFunc(func(c *vcpu.CPU, pc guest.Addr) bool {
			return cb.truth(c, cb.addr(uint64(pc)))
		})
	case event.BeforeBlockExec, event.AfterBlockTranslate, event.CPURestoreState:
		return event.BlockFunc(cb.block)
	case event.BeforeBlockExecInvalidateOpt:
		return event.BlockBoolFunc(func(c *vcpu.CPU, tb *vcpu.TB) bool {
			defer cb.s.views.tb.show(nil)
			return cb.truth(c, cb.s.views.tb.show(tb))
		})
	case event.AfterBlockExec:
		return event.AfterBlockFunc(cb.afterBlock)
	case event.VirtMemBeforeRead, event.VirtMemAfterRead, event.VirtMemBeforeWrite, event.VirtMemAfterWrite:
		return event.MemFunc(cb.mem)
	case event.GuestHypercall:
		return event.HypercallFunc(func(c *vcpu.CPU) bool { return cb.truth(c) })
	}
	return cb.systemFunc()
}

func (cb *callback) systemFunc() any {
	switch cb.kind {
	case event.UserBeforeSyscall, event.UserAfterSyscall:
		return event.SyscallFunc(cb.userSyscall)
	case event.SyscallLeave:
		return event.SyscallFunc(func(c *vcpu.CPU, sc *event.Syscall) {
			defer cb.s.views.call.show(nil)
			cb.call(c, 0, cb.s.views.call.show(sc))
		})
	case event.SyscallEnter:
		return event.SyscallBoolFunc(func(c *vcpu.CPU, sc *event.Syscall) bool {
			defer cb.s.views.call.show(nil)
			return cb.truth(c, cb.s.views.call.show(sc))
		})
	case event.BeforeException:
		return event.ExceptionFunc(func(c *vcpu.CPU, e *guest.Exception) {
			defer cb.s.views.exc.show(nil)
			cb.call(c, 0, cb.s.views.exc.show(e))
		})
	case event.ASIDChanged:
		return event.ASIDFunc(func(c *vcpu.CPU, old, now guest.ASID) {
			cb.call(c, 0, cb.addr(uint64(old)), cb.addr(uint64(now)))
		})
	case event.ProcessStart, event.ProcessFork, event.ProcessExit:
		return event.ProcessFunc(cb.process)
	case event.ThreadStart:
		return event.ThreadFunc(func(c *vcpu.CPU, t *event.Thread) {
			cb.call(c, 0, num.Signed(int64(t.TID)), num.Signed(int64(t.PID)))
		})
	case event.ThreadExit:
		return event.ThreadFunc(func(c *vcpu.CPU, t *event.Thread) {
			cb.call(c, 0, num.Signed(int64(t.TID)), num.Signed(int64(t.PID)), num.Signed(int64(t.Status)))
		})
	case event.ModuleMapped, event.ModuleUnmapped:
		return event.ModuleFunc(func(c *vcpu.CPU, m *event.MappedModule) {
			cb.call(c, 0, glua.LString(m.Path), cb.addr(uint64(m.Start)), cb.addr(uint64(m.End)))
		})
	case event.Shutdown:
		return event.Func(func() { cb.call(nil, 0) })
	}
	panic(fmt.Sprintf("BUG: event %v has no Lua callback", cb.kind))
}

func (cb *callback) pc(c *vcpu.CPU, pc guest.Addr) {
	cb.call(c, 0, cb.addr(uint64(pc)))
}

func (cb *callback) block(c *vcpu.CPU, tb *vcpu.TB) {
	defer cb.s.views.tb.show(nil)
	cb.call(c, 0, cb.s.views.tb.show(tb))
}

func (cb *callback) afterBlock(c *vcpu.CPU, tb, next *vcpu.TB) {
	v := &cb.s.views
	defer v.tb.show(nil)
	defer v.next.show(nil)
	cb.call(c, 0, v.tb.show(tb), v.next.show(next))
}

// mem calls a memory callback. What it returns replaces the value: text of the
// access's size, or a number.
func (cb *callback) mem(c *vcpu.CPU, m *vcpu.MemAccess) {
	ret := cb.call(c, 1, cb.addr(uint64(m.PC)), cb.addr(uint64(m.Addr)), cb.addr(uint64(m.Size)), cb.bytes(4, m.Buf))
	if ret == glua.LNil {
		return
	}
	if text, ok := ret.(glua.LString); ok {
		if len(text) != len(m.Buf) {
			panic(fmt.Errorf("%s returned %d bytes for an access of %d", cb.where(), len(text), len(m.Buf)))
		}
		copy(m.Buf, text)
		return
	}
	v, ok := num.Bits(ret)
	if !ok {
		panic(fmt.Errorf("%s returned a %s value for the bytes of an access", cb.where(), val.TypeName(ret)))
	}
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], v)
	copy(m.Buf, b[:])
}

// where names the callback by its place in the source.
func (cb *callback) where() string {
	if cb.fn.IsG {
		return cb.kind.String() + " callback"
	}
	return fmt.Sprintf("%s:%d: %v callback", cb.fn.Proto.SourceName, cb.fn.Proto.LineDefined, cb.kind)
}

// userSyscall passes number and arguments one by one, as the manual has it.
func (cb *callback) userSyscall(c *vcpu.CPU, sc *event.Syscall) {
	args := make([]glua.LValue, 0, 8)
	args = append(args, num.Signed(int64(sc.Number)))
	for _, a := range sc.Args {
		args = append(args, cb.addr(a))
	}
	if cb.kind == event.UserAfterSyscall {
		args = append(args, num.Signed(sc.Ret))
	}
	cb.call(c, 0, args...)
}

func (cb *callback) process(c *vcpu.CPU, p *event.Process) {
	switch cb.kind {
	case event.ProcessStart:
		cb.call(c, 0, num.Signed(int64(p.PID)), glua.LString(p.Path))
		return
	case event.ProcessFork:
		cb.call(c, 0, num.Signed(int64(p.PID)), num.Signed(int64(p.Parent)))
		return
	}
	cb.call(c, 0, num.Signed(int64(p.PID)), num.Signed(int64(p.Status)))
}
