package event

import (
	"encoding/binary"

	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// Calls hooks the calls of functions: their first instruction and, for leave, the
// places that they return to. Those stay watched, since calls come from the same
// places again and again, so that a return costs a callback and no translation.
// Calls that longjmp or an exception unwound are forgotten.
type Calls struct {
	Sub     *Sub // of the first instructions
	bus     *Bus
	enter   func(c *vcpu.CPU, call *Call)
	leave   func(c *vcpu.CPU, call *Call)
	returns map[guest.Addr]*Sub
	pending map[int][]*Call // by thread, the innermost last
}

// Call is a call of a function that is hooked.
type Call struct {
	Func   guest.Addr
	Return guest.Addr // where it returns to
	SP     guest.Addr // of the entry: where the return address lies
	Data   any        // of enter, for leave
	asid   guest.ASID
	taken  bool
}

// HookCalls calls enter at the first instruction of each function that the filter
// chooses, and leave, if it is not nil, behind the call. Either may be nil.
func (b *Bus) HookCalls(o *Owner, f *Filter, enter, leave func(c *vcpu.CPU, call *Call)) *Calls {
	h := &Calls{bus: b, enter: enter, leave: leave, returns: map[guest.Addr]*Sub{}, pending: map[int][]*Call{}}
	h.Sub = b.Subscribe(o, InsnExec, f, PCFunc(h.entered))
	h.Sub.gone = func() {
		for _, s := range h.returns { // the order is not seen
			s.Remove()
		}
	}
	return h
}

// Remove ends the hook.
func (h *Calls) Remove() { h.Sub.Remove() }

func (h *Calls) entered(c *vcpu.CPU, pc guest.Addr) {
	ret, ok := Word(c, c.SP())
	if !ok {
		return // no call: nothing can be returned to
	}
	call := &Call{Func: pc, Return: ret, SP: c.SP(), asid: c.ASID()}
	if h.enter != nil {
		h.enter(c, call)
	}
	if h.leave == nil || call.taken {
		return
	}
	t := c.Machine.Thread
	h.pending[t] = append(unwound(h.pending[t], call.SP), call)
	if h.returns[ret] == nil {
		h.returns[ret] = h.bus.Subscribe(h.Sub.Owner, InsnExec, &Filter{PC: []Range{{ret, ret + 1}}}, PCFunc(h.returned))
	}
}

// unwound drops calls whose frames are gone: the stack pointer is above them.
func unwound(calls []*Call, sp guest.Addr) []*Call {
	for len(calls) > 0 && calls[len(calls)-1].SP < sp {
		calls = calls[:len(calls)-1]
	}
	return calls
}

// returned serves a place that calls return to. A function that ended in a jump
// to another returns with it, so several calls may end here.
func (h *Calls) returned(c *vcpu.CPU, pc guest.Addr) {
	defer h.failed()
	t := c.Machine.Thread
	for {
		calls := h.pending[t]
		last := len(calls) - 1
		if last < 0 || calls[last].SP >= c.SP() {
			return
		}
		call := calls[last]
		if h.pending[t] = calls[:last]; last == 0 {
			delete(h.pending, t)
		}
		if call.Return == pc && call.asid == c.ASID() && h.Sub.Active() {
			h.leave(c, call)
		}
	}
}

// failed ends the whole hook when leave panics: the Bus knows of one place only.
func (h *Calls) failed() {
	if r := recover(); r != nil {
		h.Sub.Disable()
		panic(r)
	}
}

// Arg is argument i of the call, as the calling convention passes integers. It
// holds at the function's first instruction.
func (l *Call) Arg(c *vcpu.CPU, i int) uint64 {
	arch := c.Machine.Arch
	if r := arch.Arg(i); r != ir.None {
		return c.W[r]
	}
	above := 1 // words of the stack: the return address comes first
	for n := range i {
		if arch.Arg(n) == ir.None {
			above++
		}
	}
	v, _ := Word(c, l.SP+guest.Addr(above*arch.Bits/8))
	return uint64(v)
}

// Result is what the function returned, in leave.
func (l *Call) Result(c *vcpu.CPU) uint64 { return c.W[c.Machine.Arch.Ret] }

// SetResult replaces what the function returned, in leave.
func (l *Call) SetResult(c *vcpu.CPU, v uint64) { c.W[c.Machine.Arch.Ret] = v }

// Skip returns from the function at once, in enter: it is not run, and leave is
// not called.
func (l *Call) Skip(c *vcpu.CPU, result uint64) {
	l.taken = true
	arch := c.Machine.Arch
	c.W[arch.Ret] = result
	c.W[arch.SP] = uint64(l.SP) + uint64(arch.Bits/8)
	c.SetPC(l.Return)
}

// Word reads a word of the guest's size.
func Word(c *vcpu.CPU, a guest.Addr) (v guest.Addr, ok bool) {
	var b [8]byte
	err := c.Read(a, b[:c.Machine.Arch.Bits/8])
	return guest.Addr(binary.LittleEndian.Uint64(b[:])), err == nil
}
