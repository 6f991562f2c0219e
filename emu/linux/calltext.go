package linux

import (
	"fmt"
	"strings"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/linux/abi/text"
	"panda/emu/mmu"
)

// guestMemory is an address space for the formatter of calls.
type guestMemory struct{ s *mmu.Space }

func (m guestMemory) Read(a uint64, b []byte) error { return m.s.Read(guest.Addr(a), b) }

func (t *Thread) memory() guestMemory { return guestMemory{t.p.mm.Space} }

// newEvent describes the call in progress.
func (t *Thread) newEvent() *event.Syscall {
	c := &t.call
	ev := &event.Syscall{Name: fmt.Sprintf("syscall_%#x", uint32(c.Number)), Number: c.Number, NArgs: len(c.regs), Args: c.regs}
	if c.info == nil {
		ev.Text = func() string { return text.FormatUnknown(ev.Number, ev.Args, ev.Ret) }
		return ev
	}
	ev.Name, ev.NArgs = c.info.Name, len(c.info.Args)
	info, lay := c.info, c.abi.Layout
	if info.Name == "execve" || info.Name == "execveat" {
		ev.Text = t.execText(ev)
		return ev
	}
	ev.Text = func() string {
		switch {
		case t.p.mm == nil:
			return info.Name
		case c.active:
			return closed(text.FormatEnter(t.memory(), info, ev.Args, lay))
		}
		return text.FormatCall(t.memory(), info, ev.Args, ev.Ret, lay)
	}
	return ev
}

// execText is the text of a call that replaces the memory in which its arguments
// are: they are read now.
func (t *Thread) execText(ev *event.Syscall) func() string {
	c := &t.call
	trace, m := text.Begin(t.memory(), c.info, ev.Args, c.abi.Layout), t.memory()
	end := ""
	return func() string {
		if c.active {
			return closed(trace.Enter())
		}
		if end == "" {
			end = trace.Exit(m, ev.Ret)
		}
		return trace.Enter() + end
	}
}

// closed ends the text of a call that has not been made: what only the result
// tells is left out.
func closed(line string) string {
	if known, cut := strings.CutSuffix(line, ", "); cut {
		return known + ", ...)"
	}
	return line + ")"
}

// TraceID is what lines of strace say of a thread.
func (t *Thread) TraceID() (id int, others bool) { return t.tid, len(t.k.tasks.threads) > 1 }

// traceEnter notes a call in the trace.
func (t *Thread) traceEnter() {
	if c := &t.call; t.k.tracer != nil && c.info != nil {
		t.k.tracer.Enter(t, text.Begin(t.memory(), c.info, c.regs, c.abi.Layout))
	}
}

// traceLeave prints the end of a call.
func (t *Thread) traceLeave(ev *event.Syscall) {
	if t.k.tracer != nil {
		t.k.tracer.Leave(t, ev, t.memory())
	}
}
