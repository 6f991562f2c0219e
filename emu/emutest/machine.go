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
	Space  vcpu.Space
	Engine *exec.Engine
	Guest  *x86.Guest
	Bus    *event.Bus
	Bits   int
}

// NewBare makes a machine for 64- or 32-bit code and the CPU model.
func NewBare(t testing.TB, bits int, model string) *Bare {
	t.Helper()
	return newBare(t, bits, model, newSpace(t))
}

// NewPaged makes a machine with page tables, for 64-bit code. More spaces may have the
// same memory.
func NewPaged(t testing.TB) (*Bare, *Tables) {
	t.Helper()
	s := newPaged(t)
	return newBare(t, 64, "max", s), s.Tables
}

func newBare(t testing.TB, bits int, model string, s vcpu.Space) *Bare {
	t.Helper()
	m, err := x86.FindModel(model)
	if err != nil {
		t.Fatal(err)
	}
	g := x86.New(m)
	c := &vcpu.CPU{Machine: &vcpu.Machine{
		Symbol: func(guest.Addr) (string, uint64, bool) { return "", 0, false },
		Module: func(guest.Addr) (string, guest.Addr, bool) { return "", 0, false },
	}}
	g.Reset(c, bits)
	c.SetSpace(s)
	bus := event.NewBus()
	return &Bare{c, s, exec.New(g, backend(t, g.View(uint64(bits))), bus, c), g, bus, bits}
}

// newSpace is memory of the kind that -memory asks for.
func newSpace(t testing.TB) vcpu.Space {
	t.Helper()
	if *memory == pagedMemory {
		return newPaged(t)
	}
	if *memory != windowMemory && *memory != softMemory {
		t.Fatalf("-memory=%s: there is no such kind", *memory)
	}
	group := mmu.NewGroup()
	group.Paged = *memory == softMemory
	s := group.NewSpace(1 << 40)
	t.Cleanup(func() { s.Close() })
	return s
}

func newPaged(t testing.TB) *PagedSpace {
	t.Helper()
	m, err := mmu.NewPhysical(bareRAM)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return NewTables(m).Space()
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

// The kinds of memory: a program's in a window or behind a TLB, or a machine's with
// page tables.
const (
	windowMemory = "window"
	softMemory   = "soft"
	pagedMemory  = "paged"
)

var memory = flag.String("memory", windowMemory, "kind of memory: window, soft or paged")

// bareRAM is how many bytes a machine with page tables has.
const bareRAM = 64 << 20

// eachEngine runs a test on the engine that -accel asks for, or on every one that
// works on this host, and there also with the other kinds of memory.
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
			if *memory == windowMemory {
				defer func() { *memory = windowMemory }()
				for _, *memory = range []string{softMemory, pagedMemory} {
					t.Run(*memory, test)
				}
			}
		})
	}
}

// Map maps memory that is 0.
func (b *Bare) Map(t testing.TB, a guest.Addr, size uint64, prot guest.Access) {
	t.Helper()
	if err := b.mapZero(a, size, prot); err != nil {
		t.Fatal(err)
	}
}

func (b *Bare) mapZero(a guest.Addr, size uint64, prot guest.Access) error {
	if s, ok := b.Space.(*mmu.Space); ok {
		return s.Map(a, size, prot, mmu.Anonymous(""))
	}
	b.Space.(*PagedSpace).Tables.MapNew(a, size, prot)
	return nil
}

// Bytes is mapped memory itself.
func (b *Bare) Bytes(a guest.Addr, n int) []byte {
	if s, ok := b.Space.(*mmu.Space); ok {
		mem, fault := s.Slice(a, n, guest.Read)
		if fault != nil {
			panic("BUG: " + fault.Error())
		}
		return mem
	}
	mem, err := b.Space.(*PagedSpace).Tables.Bytes(a, n)
	must(err)
	return mem
}

// Write puts bytes into memory.
func (b *Bare) Write(t testing.TB, a guest.Addr, data []byte) {
	t.Helper()
	if err := b.Space.Write(a, data); err != nil {
		t.Fatal(err)
	}
}
