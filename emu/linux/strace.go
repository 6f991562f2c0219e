package linux

import (
	"fmt"
	"io"
	"strings"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/linux/abi"
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
		ev.Text = func() string { return abi.FormatUnknown(ev.Number, ev.Args, ev.Ret) }
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
			return closed(abi.FormatEnter(t.memory(), info, ev.Args, lay))
		}
		return abi.FormatCall(t.memory(), info, ev.Args, ev.Ret, lay)
	}
	return ev
}

// execText is the text of a call that replaces the memory in which its arguments
// are: they are read now.
func (t *Thread) execText(ev *event.Syscall) func() string {
	c := &t.call
	trace, m := abi.Begin(t.memory(), c.info, ev.Args, c.abi.Layout), t.memory()
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
func closed(text string) string {
	if known, cut := strings.CutSuffix(text, ", "); cut {
		return known + ", ...)"
	}
	return text + ")"
}

// tracer prints calls as strace -f does: a line whose call waits stays open, and
// is cut off when another thread has something to say.
type tracer struct {
	w      io.Writer
	open   *Thread // whose line has no end yet
	traces map[*Thread]*trace
	many   bool // there was more than one thread: lines name theirs
}

// trace is the line of a call in progress.
type trace struct {
	*abi.Trace
	cut bool // its first half is on a line of its own
}

func newTracer(w io.Writer) *tracer {
	if w == nil {
		return nil
	}
	return &tracer{w: w, traces: map[*Thread]*trace{}}
}

// enter notes a call. It is printed when it waits or ends.
func (tr *tracer) enter(t *Thread) {
	if tr == nil || t.call.info == nil {
		return
	}
	tr.traces[t] = &trace{Trace: abi.Begin(t.memory(), t.call.info, t.call.regs, t.call.abi.Layout)}
}

func (tr *tracer) prefix(t *Thread) string {
	tr.many = tr.many || len(t.k.tasks.threads) > 1
	if !tr.many {
		return ""
	}
	return fmt.Sprintf("[pid %5d] ", t.tid)
}

// begin starts a line of a thread.
func (tr *tracer) begin(t *Thread) {
	if o := tr.open; o != nil && o != t {
		io.WriteString(tr.w, " <unfinished ...>\n")
		if x := tr.traces[o]; x != nil {
			x.cut = true
		}
		tr.open = nil
	}
}

// waits prints the first half of a call that waits.
func (tr *tracer) waits(t *Thread) {
	if tr == nil || tr.open == t {
		return
	}
	x := tr.traces[t]
	if x == nil || x.cut {
		return
	}
	tr.begin(t)
	io.WriteString(tr.w, tr.prefix(t)+x.Enter())
	tr.open = t
}

// leave prints the end of a call.
func (tr *tracer) leave(t *Thread, ev *event.Syscall) {
	if tr == nil {
		return
	}
	x := tr.traces[t]
	delete(tr.traces, t)
	tr.begin(t)
	if x == nil {
		io.WriteString(tr.w, tr.prefix(t)+ev.Text()+"\n")
		return
	}
	line := tr.prefix(t)
	x.Column -= len(line) // the result stands in one column, whatever is before it
	switch {
	case tr.open == t:
		line = ""
	case x.cut:
		resumed := "<... " + ev.Name + " resumed>"
		x.Column += len(x.Enter()) - len(resumed)
		line += resumed
	default:
		line += x.Enter()
	}
	io.WriteString(tr.w, line+x.Exit(t.memory(), ev.Ret))
	tr.open = nil
	io.WriteString(tr.w, "\n")
}

// line prints a line about a thread: a signal, its end.
func (tr *tracer) line(t *Thread, text string) {
	if tr == nil {
		return
	}
	tr.begin(t)
	if tr.open == t {
		io.WriteString(tr.w, " <unfinished ...>\n")
		tr.open = nil
	}
	io.WriteString(tr.w, tr.prefix(t)+text+"\n")
}

// ended prints how a thread ended and forgets it.
func (tr *tracer) ended(t *Thread, status int) {
	if tr != nil {
		delete(tr.traces, t)
		tr.line(t, abi.FormatEnd(uint32(status)))
	}
}
