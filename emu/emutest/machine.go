// Package emutest is what tests of several rooms share: a bare x86 machine
// without an operating system, instruction vectors of a real CPU, and
// instruction lines.
package emutest

import (
	"flag"
	"io"
	"testing"

	"panda/emu"
	"panda/emu/arch/x86"
	"panda/emu/event"
	"panda/emu/exec"
	"panda/emu/guest"
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
	group := mmu.NewGroup()
	group.Paged = *softMMU
	s := group.NewSpace(1 << 40)
	t.Cleanup(func() { s.Close() })
	c := &vcpu.CPU{Machine: &vcpu.Machine{
		Symbol: func(guest.Addr) (string, uint64, bool) { return "", 0, false },
		Module: func(guest.Addr) (string, guest.Addr, bool) { return "", 0, false },
	}}
	g.Reset(c, bits)
	c.SetSpace(s)
	bus := event.NewBus()
	return &Bare{c, s, exec.New(g, backend(t, g.View(uint64(bits))), bus, c), g, bus, bits}
}

// backend is the engine that -accel asks for.
func backend(t testing.TB, a *vcpu.Arch) exec.Backend {
	t.Helper()
	b, _, err := emu.NewBackend(*accel, a)
	if err != nil {
		t.Fatal(err)
	}
	if c, ok := b.(io.Closer); ok {
		t.Cleanup(func() { c.Close() })
	}
	return b
}

var accel = flag.String("accel", "", "engine to test; without it, each by itself where a test says so, else the fastest")

var softMMU = flag.Bool("softmmu", false, "memory behind a TLB")

// eachEngine runs a test on the engine that -accel asks for, or on every one that
// works on this host, and there also with memory behind a TLB.
func eachEngine(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	if *accel != "" {
		test(t)
		return
	}
	defer func() { *accel = "" }()
	for _, name := range emu.Accels {
		t.Run(name, func(t *testing.T) {
			*accel = name
			if b, _, err := emu.NewBackend(name, x86.New(nil).View(64)); err != nil {
				t.Skip(err)
			} else if c, ok := b.(io.Closer); ok {
				c.Close()
			}
			test(t)
			if !*softMMU {
				*softMMU = true
				defer func() { *softMMU = false }()
				t.Run("softmmu", test)
			}
		})
	}
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
