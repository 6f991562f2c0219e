package text

import (
	"strings"

	"panda/emu/linux/abi"
)

// Problem: a line of a trace is written in two halves. What the guest passes in
// must be read before the call (execve replaces the memory, another thread may
// change it), what the kernel fills in can be read only after it.
//
// Idea: the arguments are printed in order; the first one that the kernel fills
// in (kind.out) ends the first half, and everything from there on belongs to the
// second. In-out arguments keep in printer.saved what they held before.

// Trace is one system call on its way through the kernel.
type Trace struct {
	p    printer
	args []int // positions still to be printed, in the order of printing
	head string
	// Column is where " = result" starts at the earliest, counted from the
	// beginning of the line. A caller that prints a prefix of its own subtracts
	// its width.
	Column int
}

// resultColumn is strace's default.
const resultColumn = 40

// Begin reads the arguments of a call that is about to be made.
func Begin(m abi.Memory, c *abi.Call, args [6]uint64, l *abi.Layout) *Trace {
	c, args = abi.Resolve(m, c, args, l.Word)
	t := &Trace{Column: resultColumn}
	t.p = printer{mem: m, l: l, call: c, regs: args}
	for i := range c.Args {
		if before := kinds[c.Args[i].Type.Kind()].before; before != nil {
			before(&t.p, t.p.operand(i))
		}
		t.args = append(t.args, i)
	}
	if order := printOrders[c.Name]; order != nil {
		t.args = t.p.positions(order)
	}
	t.head = c.Name + "(" + t.print(false)
	return t
}

// Enter returns the first half of the line: openat(AT_FDCWD, "/etc/passwd", O_RDONLY
func (t *Trace) Enter() string { return t.head }

// Exit returns the second half, with the result: ) = 3
func (t *Trace) Exit(m abi.Memory, ret int64) string { return t.exit(m, ret, len(t.head)) }

// Resumed returns the line that ends a call whose first half stands on another.
func (t *Trace) Resumed(m abi.Memory, ret int64) string {
	head := "<... " + t.p.call.Name + " resumed>"
	return head + t.exit(m, ret, len(head))
}

// exit returns the second half for a line on which used characters are printed.
func (t *Trace) exit(m abi.Memory, ret int64, used int) string {
	t.p.mem, t.p.ret = m, ret
	_, t.p.failed = abi.IsError(ret)
	rest := t.print(true)
	pad := strings.Repeat(" ", max(0, t.Column-used-len(rest)-2))
	return rest + ") " + pad + "= " + t.p.result()
}

// print prints arguments until it meets one that has to wait for the end of the
// call. The comma before that one belongs to the first half.
func (t *Trace) print(leaving bool) string {
	var b strings.Builder
	for len(t.args) > 0 {
		i := t.args[0]
		k := &kinds[t.p.call.Args[i].Type.Kind()]
		if !leaving && t.p.fills(k, t.p.operand(i)) {
			if t.p.printed > 0 {
				b.WriteString(", ")
				t.p.printed = 0
			}
			break
		}
		t.args = t.args[1:]
		text := t.p.show(i)
		if text == "" {
			continue
		}
		if t.p.printed > 0 {
			b.WriteString(", ")
		}
		t.p.printed++
		b.WriteString(text)
	}
	return b.String()
}

// FormatEnter returns what can be said of a call before it is made, without a
// closing parenthesis.
func FormatEnter(m abi.Memory, c *abi.Call, args [6]uint64, l *abi.Layout) string {
	return Begin(m, c, args, l).Enter()
}

// FormatCall returns the whole line for a call whose result is known and whose
// arguments are still in memory.
func FormatCall(m abi.Memory, c *abi.Call, args [6]uint64, ret int64, l *abi.Layout) string {
	t := Begin(m, c, args, l)
	return t.Enter() + t.Exit(m, ret)
}

// FormatUnknown returns the line of a number that the table does not have.
func FormatUnknown(number int, args [6]uint64, ret int64) string {
	words := make([]string, len(args))
	for i, v := range args {
		words[i] = hex(v)
	}
	p := printer{call: &abi.Call{}, ret: ret}
	_, p.failed = abi.IsError(ret)
	return "syscall_" + hex(uint64(number)) + "(" + strings.Join(words, ", ") + ") = " + p.result()
}

// FormatSignal returns the line that announces a signal.
func FormatSignal(s *abi.Siginfo) string {
	p := printer{l: abi.Layout64}
	return "--- " + abi.SignalName(int(s.Signo)) + " " + showSiginfo(&p, s) + " ---"
}

// FormatEnd returns the line that ends the trace of a process, from the status
// that its parent's wait would see.
func FormatEnd(status uint32) string {
	sig := int(status & 0x7f)
	switch {
	case sig == 0:
		return "+++ exited with " + udec(uint64(status>>8&0xff)) + " +++"
	case status&0x80 != 0:
		return "+++ killed by " + abi.SignalName(sig) + " (core dumped) +++"
	}
	return "+++ killed by " + abi.SignalName(sig) + " +++"
}
