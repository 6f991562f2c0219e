package emutest

import (
	"fmt"

	"panda/emu/arch/x86/dec"
	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/oracle"
	"panda/emu/vcpu"
)

// witness watches a sequence run again in one piece and holds the state that
// each callback sees against the one that single steps have shown: registers,
// pc, flags and icount must be exact whenever a callback runs.
type witness struct {
	r      *Random
	k      int // instructions begun
	icount uint64
	got    oracle.State
	diffs  []string
}

var watchOwner = &event.Owner{Name: "witness"}

// watch subscribes to what concerns instructions and memory. The result ends
// that.
func (w *witness) watch() (stop func()) {
	bus := w.r.m.Bus
	w.icount = w.r.m.CPU.Icount()
	bus.Subscribe(watchOwner, event.InsnExec, nil, event.PCFunc(w.before))
	if w.r.e.oneIn(2) {
		bus.Subscribe(watchOwner, event.AfterInsnExec, nil, event.PCFunc(w.after))
	}
	if w.r.e.oneIn(2) {
		bus.Subscribe(watchOwner, event.VirtMemBeforeRead, nil, event.MemFunc(w.access))
		bus.Subscribe(watchOwner, event.VirtMemBeforeWrite, nil, event.MemFunc(w.access))
	}
	if w.r.e.oneIn(4) {
		bus.Subscribe(watchOwner, event.VirtMemAfterRead, nil, event.MemFunc(w.accessed))
		bus.Subscribe(watchOwner, event.VirtMemAfterWrite, nil, event.MemFunc(w.accessed))
	}
	return func() { bus.RemoveOwner(watchOwner) }
}

func (w *witness) before(c *vcpu.CPU, pc guest.Addr) {
	w.k++
	w.compare("insn_exec", c, pc, w.k-1)
}

func (w *witness) after(c *vcpu.CPU, pc guest.Addr) { w.compare("after_insn_exec", c, pc, w.k) }

// access is a callback before an access: state is that before the instruction,
// which changes registers only after its last access. But string instructions
// change them between two, and see forgive.
func (w *witness) access(c *vcpu.CPU, m *vcpu.MemAccess) {
	if w.k == 0 || w.k > len(w.r.log) {
		return
	}
	in := &w.r.log[w.k-1].in
	if in.Prefix&(dec.RepE|dec.RepNE) != 0 || usesMMX(in) || in.Row.Name == "vcvtps2ph" {
		w.accessed(c, m)
		return
	}
	w.compare("a memory callback", c, m.PC, w.k-1)
}

// accessed is a callback after an access, by when the instruction may have
// loaded its register.
func (w *witness) accessed(c *vcpu.CPU, m *vcpu.MemAccess) {
	if n := c.Icount() - w.icount; n != uint64(w.k-1) || m.PC != c.PC() || uint64(m.PC) != w.r.log[w.k-1].pc {
		w.diffs = append(w.diffs, fmt.Sprintf("a memory callback of instruction %d: icount %d, pc %x", w.k-1, n, uint64(m.PC)))
	}
}

// compare holds the CPU's state against that before instruction k.
func (w *witness) compare(what string, c *vcpu.CPU, pc guest.Addr, k int) {
	if len(w.diffs) > 0 {
		return
	}
	r := w.r
	want, mask, at := &r.cur, r.taint, "the end"
	if k < len(r.log) {
		s := &r.log[k]
		want, mask, at = &s.before, s.taint, dec.Text(&s.in, s.pc, nil)
	}
	takeState(&c.W, &w.got)
	w.got.Bits = r.m.Bits
	ds := StateDiff(&w.got, want, mask)
	if what != "after_insn_exec" && uint64(pc) != want.RIP {
		ds = append(ds, fmt.Sprintf("pc argument %x", uint64(pc)))
	}
	if n := c.Icount() - w.icount; n != uint64(k) {
		ds = append(ds, fmt.Sprintf("icount got %d want %d", n, k))
	}
	for _, d := range ds {
		w.diffs = append(w.diffs, fmt.Sprintf("%s at %s: %s", what, at, d))
	}
}
