package lockstep

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

// way is how a block was left, and with what state.
type way struct {
	fault  any
	kind   string
	addr   guest.Addr
	w      []uint64
	icount uint64
	insn   int // of a fault
	why    ir.Exit
	slot   int
	pc     uint64
	memory []byte // what the entries of the journal were stored to
}

// take notes the state of the CPU after a run that ended with a fault or nil.
func (w *way) take(c *vcpu.CPU, fault any, log *journal) {
	w.fault, w.insn = fault, 0
	w.kind, w.addr = access(c, fault)
	w.w = append(w.w[:0], c.W[:c.Machine.Arch.TempBase]...)
	w.icount = c.Icount()
	w.why, w.slot, w.pc = c.Leave.Why, c.Leave.Slot, c.W[c.Machine.Arch.PC]
	if w.fault != nil { // the pc is known by the instruction
		w.insn, w.why, w.slot, w.pc = c.Insn, 0, 0, 0
		w.w[c.Machine.Arch.PC] = 0
	}
	if w.why == ir.ExitNone || w.why == ir.ExitEnd {
		w.why, w.slot = ir.ExitEnd, 0
	}
	w.memory = append(w.memory[:0], log.old...)
	for _, e := range log.entries {
		c.Read(guest.Addr(e.at), w.memory[e.off:][:e.n]) // it could be read before
	}
}

// repeats reports whether the block leads to itself.
func (w *way) repeats(tb *vcpu.TB) bool { return w.why == ir.ExitEnd && w.pc == uint64(tb.PC) }

// journal notes what stores overwrite.
type journal struct {
	entries []entry
	old     []byte
}

// entry is a store of n bytes, which overwrites those at off in journal.old.
type entry struct {
	at     uint64
	off, n int
}

func (j *journal) reset() { j.entries, j.old = j.entries[:0], j.old[:0] }

// note keeps n bytes. A store that is not allowed will fault by itself.
func (j *journal) note(c *vcpu.CPU, a uint64, n int) {
	off := len(j.old)
	j.old = append(j.old, make([]byte, n)...)
	if c.Read(guest.Addr(a), j.old[off:]) == nil {
		j.entries = append(j.entries, entry{a, off, n})
		return
	}
	j.old = j.old[:off]
	if end := (a + uint64(n)) &^ 0xfff; end-a < uint64(n) && end > a { // into a page that is not there
		j.note(c, a, int(end-a))
	}
}

// undo takes the stores back, without telling anybody: translations hold, since
// the code is as it was. A span within a page is the memory itself.
func (j *journal) undo(c *vcpu.CPU) {
	for i := len(j.entries) - 1; i >= 0; i-- {
		e := &j.entries[i]
		for at, old := e.at, j.old[e.off:][:e.n]; len(old) != 0; {
			n := min(len(old), int(mmu.PageSize-at%mmu.PageSize))
			if now := c.Span(at, n, guest.Read); !bytes.Equal(now, old[:n]) {
				copy(now, old[:n])
			}
			at, old = at+uint64(n), old[n:]
		}
	}
}

// compare looks for the way that the engine under test went, and panics if it is
// none of the interpreter's.
func (k *Backend) compare(c *vcpu.CPU, tb *vcpu.TB, s *shadow, ways []way, fault any) {
	if _, redo := fault.(*vcpu.Redo); redo {
		return // it asks for a block that is exact
	}
	got := &k.got
	got.take(c, fault, &k.log)
	want := &ways[len(ways)-1]
	for i := range ways {
		if w := &ways[i]; w.icount == got.icount && w.kind == got.kind {
			want = w
			break
		}
	}
	if ds := k.differences(got, want); ds != nil {
		panic(&Report{k.report(tb, s, ds)})
	}
}

// differences lists what the engines disagree about.
func (k *Backend) differences(got, want *way) (ds []string) {
	add := func(what string, g, w any) { ds = append(ds, fmt.Sprintf("%s: %#x, interpreter %#x", what, g, w)) }
	if got.kind != want.kind || got.addr != want.addr {
		ds = append(ds, fmt.Sprintf("fault: %q at %#x, interpreter %q at %#x", got.kind, uint64(got.addr), want.kind, uint64(want.addr)))
	}
	if got.icount != want.icount {
		ds = append(ds, fmt.Sprintf("icount: %d, interpreter %d", got.icount, want.icount))
	}
	if got.insn != want.insn {
		add("instruction of the fault", got.insn, want.insn)
	}
	if got.why != want.why || got.slot != want.slot {
		ds = append(ds, fmt.Sprintf("left by %s %d, interpreter %s %d", got.why, got.slot, want.why, want.slot))
	}
	for i := range want.w {
		if got.w[i] != want.w[i] && want.w[i] != unset {
			name := k.Names[ir.Ref(i)]
			if name == "" {
				name = fmt.Sprintf("word %d", i)
			}
			add(name, got.w[i], want.w[i])
		}
	}
	for _, e := range k.log.entries {
		if e.off >= len(want.memory) { // of a later time round
			break
		}
		if g, w := got.memory[e.off:][:e.n], want.memory[e.off:][:e.n]; !bytes.Equal(g, w) {
			ds = append(ds, fmt.Sprintf("memory at %#x: % x, interpreter % x", e.at, g, w))
		}
	}
	return ds
}

// report is the text about a difference.
func (k *Backend) report(tb *vcpu.TB, s *shadow, ds []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "lockstep: block %#x with %d instructions, the %dth that ran:\n", uint64(tb.PC), len(tb.Marks), k.Blocks)
	for _, d := range ds {
		b.WriteString("\t" + d + "\n")
	}
	if k.Show != nil {
		k.Show(&b, tb)
	}
	io.WriteString(&b, ir.Print(&s.block, k.Names))
	return b.String()
}
