package strace

import (
	"strings"
	"testing"

	"panda/emu/event"
	"panda/emu/linux/abi"
	"panda/emu/linux/abi/text"
)

type noMemory struct{}

func (noMemory) Read(uint64, []byte) error { return abi.EFAULT }

type thread struct {
	id     int
	others *bool
}

func (t *thread) TraceID() (int, bool) { return t.id, *t.others }

// enter begins close(fd), leave ends it.
func enter(p *Printer, t Thread, fd uint64) {
	p.Enter(t, text.Begin(noMemory{}, abi.LookupName(abi.X86_64, "close"), [6]uint64{fd}, abi.Layout64))
}

func leave(p *Printer, t Thread) { p.Leave(t, &event.Syscall{Name: "close"}, noMemory{}) }

// TestThreads: lines of threads whose calls wait, end, and are cut off.
func TestThreads(t *testing.T) {
	var b strings.Builder
	p, others := New(&b), false
	one, two := &thread{1, &others}, &thread{2, &others}
	enter(p, one, 3)
	leave(p, one)
	others = true
	enter(p, one, 4)
	p.Waits(one)
	p.Waits(one)
	enter(p, two, 5)
	leave(p, two)
	leave(p, one)
	others = false
	enter(p, one, 6)
	p.Waits(one)
	p.Line(one, "--- SIGHUP ---")
	p.Ended(one, 0)
	want := `close(3)                                = 0
[pid     1] close(4 <unfinished ...>
[pid     2] close(5)                    = 0
[pid     1] <... close resumed>)        = 0
[pid     1] close(6 <unfinished ...>
[pid     1] --- SIGHUP ---
[pid     1] +++ exited with 0 +++
`
	if got := b.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestNil: a nil printer takes what comes without a look at the thread.
func TestNil(*testing.T) {
	p := New(nil)
	p.Enter(nil, nil)
	p.Waits(nil)
	p.Leave(nil, nil, nil)
	p.Line(nil, "")
	p.Ended(nil, 0)
}
