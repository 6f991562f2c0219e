package linux

import (
	"errors"
	"fmt"

	"panda/emu/guest"
	"panda/emu/linux/mm"
	"panda/emu/vcpu"
)

// Problem: what a function of the guest answers is to be known, and nothing of the
// guest may change: not its memory, not its count of instructions, nor who runs next.
// Idea: a copy of the process, as fork makes it, has registers and memory of its own.
// Whoever has it runs it on an engine of its own, without system calls, and drops it.
// Invariant: the copy is no process. It has no number, and no thread waits for it.

// Aside is a copy of the current thread.
type Aside struct {
	CPU   *vcpu.CPU
	k     *Kernel
	mm    *mm.MM
	stack guest.Addr
}

// asideStack is how much stack a copy has.
const asideStack = 64 << 10

// Aside copies the current thread, for functions whose effects nobody shall see.
func (k *Kernel) Aside() (*Aside, error) {
	t := k.sched.cur
	if k.end.exited || t == nil || t.p.mm == nil || t.state == dead || k.cpu.Space != t.p.mm.Space {
		return nil, errors.New("no thread is there to be copied")
	}
	m, err := t.p.mm.Clone(k.cpu.ASID())
	if err != nil {
		return nil, fmt.Errorf("copy the guest's memory: %w", err)
	}
	a := &Aside{k: k, mm: m}
	for _, r := range m.Space.Regions() { // a store into it would be seen
		if r.Shared && r.Prot&guest.Write != 0 && err == nil {
			err = m.Space.Protect(r.Start, uint64(r.End-r.Start), r.Prot&^guest.Write)
		}
	}
	if err != nil {
		a.Close()
		return nil, fmt.Errorf("copy the guest's memory: %w", err)
	}
	stack, e := m.Anonymous(asideStack, "")
	if e != 0 {
		a.Close()
		return nil, fmt.Errorf("a stack for the function: %w", e)
	}
	a.stack = stack
	machine := *k.cpu.Machine
	machine.Hypercall = nil
	a.CPU = &vcpu.CPU{Machine: &machine, Deadline: k.cpu.Icount()}
	a.CPU.SetSpace(m.Space)
	return a, nil
}

// Enter makes a function begin in the state of the thread. It returns to Return.
func (a *Aside) Enter(fn guest.Addr) error {
	k, c := a.k, a.CPU
	copy(c.W[:len(k.reset)], k.cpu.W[:])
	return k.guest.enter(c, fn, a.Return(), a.stack+asideStack, nil)
}

// Return is where a function returns to: nothing can be executed there.
func (a *Aside) Return() guest.Addr { return a.stack }

// Close drops the copy.
func (a *Aside) Close() { a.mm.Space.Close() }
