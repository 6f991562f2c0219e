// Package emutest is what tests of several rooms share: a bare x86 machine
// without an operating system, instruction vectors of a real CPU, and
// instruction lines.
package emutest

import (
	"testing"

	"panda/emu/arch/x86"
	"panda/emu/event"
	"panda/emu/exec"
	"panda/emu/guest"
	"panda/emu/interp"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

// Bare is a vCPU with memory and nothing else.
type Bare struct {
	CPU    *vcpu.CPU
	Space  *mmu.Space
	Engine *exec.Engine
	Guest  *x86.Guest
	Bus    *event.Bus
	Bits   int
}

// NewBare makes a machine for 64- or 32-bit code and the CPU model.
func NewBare(t testing.TB, bits int, model string) *Bare {
	t.Helper()
	m, err := x86.FindModel(model)
	if err != nil {
		t.Fatal(err)
	}
	g := x86.New(m)
	s, err := mmu.NewSpace(1 << 40)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	c := &vcpu.CPU{Machine: &vcpu.Machine{
		Symbol: func(guest.Addr) (string, uint64, bool) { return "", 0, false },
		Module: func(guest.Addr) (string, guest.Addr, bool) { return "", 0, false },
	}}
	g.Reset(c, bits)
	c.SetSpace(s)
	bus := event.NewBus()
	return &Bare{c, s, exec.New(g, new(interp.Engine), bus, c), g, bus, bits}
}

// Map maps anonymous memory.
func (b *Bare) Map(t testing.TB, a guest.Addr, size uint64, prot guest.Access) {
	t.Helper()
	if err := b.Space.Map(a, size, prot, mmu.Anonymous("")); err != nil {
		t.Fatal(err)
	}
}

// Write puts bytes into memory.
func (b *Bare) Write(t testing.TB, a guest.Addr, data []byte) {
	t.Helper()
	if err := b.Space.Write(a, data); err != nil {
		t.Fatal(err)
	}
}
