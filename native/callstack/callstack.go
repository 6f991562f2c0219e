// Package callstack follows calls and returns and knows the stack of return
// addresses of each thread, also of code without frame pointers.
//
// Arguments: none.
// Events: after_insn_exec of calls, insn_exec of returns, thread_exit.
// Exports: stack, a func(c *vcpu.CPU) []guest.Addr: the return addresses of
// the running thread, innermost first; depth, a func(c *vcpu.CPU) int.
// Its events: call with the function's address, ret with the address that is
// returned to.
// Example: panda -panda 'callstack;stringsearch:str=secret' ./program
package callstack

import (
	"slices"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/plugin"
	"panda/emu/vcpu"
)

func init() {
	plugin.Register("callstack", "follows calls and returns of each thread", func() plugin.Plugin { return new(tracker) })
}

// frame is a call in progress: where it returns to, and where that address lies.
type frame struct{ ret, sp guest.Addr }

type tracker struct {
	stacks    map[int][]frame // by thread
	call, ret *plugin.Event
}

// maxDepth bounds a stack; what is deeper is forgotten at the outer end.
const maxDepth = 1 << 16

// Init subscribes.
func (t *tracker) Init(h *plugin.Host) error {
	if err := h.Args().Check(); err != nil {
		return err
	}
	t.stacks = map[int][]frame{}
	t.call = h.Event("call", "a function was called", "pc")
	t.ret = h.Event("ret", "a function returns", "to")
	h.AfterInsnExec(event.Class(vcpu.ClassCall), t.called)
	h.InsnExec(event.Class(vcpu.ClassReturn), t.returns)
	h.Subscribe(event.ThreadExit, nil, event.ThreadFunc(func(_ *vcpu.CPU, gone *event.Thread) { delete(t.stacks, gone.TID) }))
	h.Export("stack", t.stack)
	h.Export("depth", func(c *vcpu.CPU) int { return len(t.unwound(c)) })
	return nil
}

// called notes a call, after its instruction.
func (t *tracker) called(c *vcpu.CPU, _ guest.Addr) {
	f := frame{sp: c.SP(), ret: caller(c)}
	s := t.unwound(c)
	if len(s) >= maxDepth {
		s = slices.Delete(s, 0, maxDepth/2)
	}
	t.stacks[c.Machine.Thread] = append(s, f)
	if t.call.Heard() {
		t.call.Fire(uint64(c.PC()))
	}
}

func (t *tracker) returns(c *vcpu.CPU, _ guest.Addr) {
	s := t.unwound(c)
	if n := len(s); n > 0 && s[n-1].sp == c.SP() {
		s = s[:n-1]
	}
	t.stacks[c.Machine.Thread] = s
	if t.ret.Heard() {
		t.ret.Fire(uint64(caller(c)))
	}
}

// unwound is the thread's stack without the frames that longjmp or an
// exception left: those below the stack pointer.
func (t *tracker) unwound(c *vcpu.CPU) []frame {
	s := t.stacks[c.Machine.Thread]
	for len(s) > 0 && s[len(s)-1].sp < c.SP() {
		s = s[:len(s)-1]
	}
	return s
}

func (t *tracker) stack(c *vcpu.CPU) []guest.Addr {
	var out []guest.Addr
	for _, f := range slices.Backward(t.unwound(c)) {
		out = append(out, f.ret)
	}
	return out
}

// caller is where the function returns to; 0 where that cannot be read.
func caller(c *vcpu.CPU) guest.Addr {
	v, _ := c.Caller()
	return v
}

// Close has nothing to free.
func (*tracker) Close() error { return nil }
