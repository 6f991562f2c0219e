package emu

import (
	"fmt"
	"hash/fnv"
	"slices"
	"testing"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
)

// account is what a run of a program showed.
type account struct {
	*testMachine
	t     *testing.T
	lines []string
	sums  map[string]uint64 // of what would be too many lines
	n     map[string]*uint64
}

// note adds values to a sum that depends on their order.
func (a *account) note(what string, vs ...uint64) {
	h := fnv.New64a()
	fmt.Fprint(h, a.sums[what], vs)
	a.sums[what] = h.Sum64()
}

// state notes what a callback can see.
func (a *account) state(what string, c *vcpu.CPU, vs ...uint64) {
	vs = append(vs, uint64(c.PC()), c.Icount())
	for _, r := range []string{"rax", "rcx", "rdx", "rsi", "rdi", "r12", "r15", "rsp", "eflags"} {
		v, _ := c.Reg(r)
		vs = append(vs, v)
	}
	a.note(what, vs...)
}

func (a *account) filter(k event.Kind, opts ...event.Option) *event.Filter {
	f, err := event.NewFilter(opts...)
	if err == nil {
		err = f.Bind(k, a.CPU().Machine.Arch.Lookup)
	}
	if err != nil {
		a.t.Fatal(err)
	}
	return f
}

// count counts events; the counter is part of the account.
func (a *account) count(name string, k event.Kind, opts ...event.Option) *uint64 {
	n := new(uint64)
	a.n[name] = n
	a.host.Counter(k, a.filter(k, opts...), n)
	return n
}

func (a *account) on(k event.Kind, hit func(e *event.Env), opts ...event.Option) *event.Sub {
	return a.host.Subscribe(k, a.filter(k, opts...), k.Each(hit))
}

// batch notes the records of a batch.
func (a *account) batch(k event.Kind, n int, fields vcpu.Fields, opts ...event.Option) {
	b := a.Bus().Collect(&event.Owner{Name: "batch"}, k, a.filter(k, opts...), fields, n, func(rs []vcpu.Record) {
		for _, r := range rs {
			vs := []uint64{uint64(r.PC), uint64(r.Addr), r.Value, r.Icount, uint64(r.Thread), uint64(r.Size)}
			for i, f := range []vcpu.Fields{vcpu.FieldPC, vcpu.FieldAddr, vcpu.FieldValue, vcpu.FieldIcount, vcpu.FieldThread, vcpu.FieldSize} {
				if fields&f == 0 {
					vs[i] = 0
				}
			}
			if k.Class() == "insn" {
				vs[5] = 0
			}
			a.note("batch "+k.String(), vs...)
		}
	})
	a.n["hits "+k.String()] = &b.Sub.Hits
}

// accesses are the kinds of accesses.
var accesses = []event.Kind{event.VirtMemBeforeRead, event.VirtMemAfterRead, event.VirtMemBeforeWrite, event.VirtMemAfterWrite}

// symbolData is where the variables of the program are.
func (a *account) symbolData() guest.Addr {
	v, ok := a.host.Core().Lookup("var")
	if !ok {
		a.t.Fatal("no var")
	}
	return v
}

// run runs the program to its end and is the account.
func (a *account) run() []string {
	stops := 0
	for {
		status, done, err := a.Run()
		if err != nil {
			a.t.Fatal(err)
		}
		if done {
			a.Bus().FlushBatches()
			a.lines = append(a.lines, fmt.Sprintf("status %d after %d insns, %d stops, %q", status, a.CPU().Icount(), stops, a.told))
			break
		}
		stops++
		a.state("stop", a.CPU())
	}
	for name, n := range a.n {
		a.lines = append(a.lines, fmt.Sprintf("%s: %d", name, *n))
	}
	for name, n := range a.sums {
		a.lines = append(a.lines, fmt.Sprintf("%s: %x", name, n))
	}
	slices.Sort(a.lines[1:])
	return a.lines
}
