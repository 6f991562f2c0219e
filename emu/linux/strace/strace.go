package strace

import (
	"fmt"
	"io"

	"panda/emu/event"
	"panda/emu/linux/abi"
	"panda/emu/linux/abi/text"
)

// Thread is a guest thread, as lines name it.
type Thread interface {
	// TraceID is its id, and whether other threads are there.
	TraceID() (id int, others bool)
}

// Printer prints calls: a line whose call waits stays open, and is cut off when
// another thread has something to say. A nil one prints nothing.
type Printer struct {
	w      io.Writer
	open   Thread // whose line has no end yet
	traces map[Thread]*trace
	many   bool // there was more than one thread: lines name theirs
}

// trace is the line of a call in progress.
type trace struct {
	*text.Trace
	cut bool // its first half is on a line of its own
}

// New makes a printer, nil where w is nil.
func New(w io.Writer) *Printer {
	if w == nil {
		return nil
	}
	return &Printer{w: w, traces: map[Thread]*trace{}}
}

// Enter notes a call. It is printed when it waits or ends.
func (tr *Printer) Enter(t Thread, call *text.Trace) {
	if tr != nil {
		tr.traces[t] = &trace{Trace: call}
	}
}

func (tr *Printer) prefix(t Thread) string {
	id, others := t.TraceID()
	tr.many = tr.many || others
	if !tr.many {
		return ""
	}
	return fmt.Sprintf("[pid %5d] ", id)
}

// begin starts a line of a thread.
func (tr *Printer) begin(t Thread) {
	if o := tr.open; o != nil && o != t {
		io.WriteString(tr.w, " <unfinished ...>\n")
		if x := tr.traces[o]; x != nil {
			x.cut = true
		}
		tr.open = nil
	}
}

// Waits prints the first half of a call that waits.
func (tr *Printer) Waits(t Thread) {
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

// Leave prints the end of a call.
func (tr *Printer) Leave(t Thread, ev *event.Syscall, m abi.Memory) {
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
		line = x.Exit(m, ev.Ret)
	case x.cut:
		line += x.Resumed(m, ev.Ret)
	default:
		line += x.Enter() + x.Exit(m, ev.Ret)
	}
	io.WriteString(tr.w, line)
	tr.open = nil
	io.WriteString(tr.w, "\n")
}

// Line prints a line about a thread: a signal, its end.
func (tr *Printer) Line(t Thread, text string) {
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

// Ended prints how a thread ended and forgets it.
func (tr *Printer) Ended(t Thread, status int) {
	if tr != nil {
		delete(tr.traces, t)
		tr.Line(t, text.FormatEnd(uint32(status)))
	}
}
