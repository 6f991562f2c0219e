package emutest

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"panda/emu"
	"panda/emu/exec"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/mmu"
	"panda/emu/opt"
	"panda/emu/vcpu"
)

// The architecture of blocks that are written as text: sixteen slots of which
// most are pinned to registers of the host, and temporaries above them. t14 is
// where memory begins, t15 the pc.
const (
	irBase = 16
	irEnv  = 13 // the host's floating-point environment, if an operation has it so
	irMem  = 14
	irPC   = 15

	irData = guest.Addr(0x20000)
	irSize = 2 * mmu.PageSize
)

// irHelpers are those that blocks may call.
var irHelpers = []*ir.Helper{
	{Name: "pure", Pure: true, Fn: func(_ *vcpu.CPU, a, b, d uint64) uint64 { return a*3 + b ^ d }},
	{Name: "faulting", MayFault: true, Reads: []ir.Ref{3}, Writes: []ir.Ref{5}, Fn: func(c *vcpu.CPU, a, b, d uint64) uint64 {
		if c.W[3]&7 == 0 {
			c.Raise(guest.Exception{Vector: 6})
		}
		c.W[5] += a
		return c.W[5] - b
	}},
	{Name: "slots", Reads: []ir.Ref{ir.AllSlots}, Writes: []ir.Ref{ir.AllSlots}, Fn: func(c *vcpu.CPU, a, _, _ uint64) uint64 {
		for w := range irMem {
			c.W[w] += a
		}
		return c.W[7]
	}},
	{Name: "reads", Reads: []ir.Ref{5}, Fn: func(c *vcpu.CPU, a, _, _ uint64) uint64 { return c.W[5] + a }},
	{Name: "writes", Writes: []ir.Ref{5}, Fn: func(c *vcpu.CPU, a, _, _ uint64) uint64 {
		c.W[5] = a
		return a + 1
	}},
}

// irCPU is an engine with a CPU for blocks.
type irCPU struct {
	name    string
	backend exec.Backend
	cpu     *vcpu.CPU
	data    []byte
}

func newIRCPU(t *testing.T, name string) *irCPU {
	t.Helper()
	a := &vcpu.Arch{PC: irPC, Static: irMem, TempBase: irBase, Vec: irBase, FPEnv: irEnv, FPException: guest.Exception{Vector: 19}}
	for w := range ir.Ref(10) {
		a.Hot = append(a.Hot, w)
	}
	b, _, err := emu.NewBackend(name, a)
	if err != nil {
		return nil // not on this host
	}
	if c, ok := b.(io.Closer); ok {
		t.Cleanup(func() { c.Close() })
	}
	s := mmu.NewSpace(1 << 32)
	t.Cleanup(func() { s.Close() })
	if err := s.Map(irData, irSize, guest.Read|guest.Write, mmu.Anonymous("")); err != nil {
		t.Fatal(err)
	}
	data, fault := s.Slice(irData, irSize, guest.Write)
	if fault != nil {
		t.Fatal(fault)
	}
	c := &vcpu.CPU{Machine: &vcpu.Machine{Arch: a}, Jump: vcpu.NewJumpCache()}
	c.SetSpace(s)
	return &irCPU{name, b, c, data}
}

// run runs a block once and tells all that can be seen of it. An engine that asks
// for a second try gets a block that is Exact, as from the run loop.
func (m *irCPU) run(t *testing.T, b *ir.Block, seed uint64) string {
	t.Helper()
	text, fault := m.try(t, b, seed, false)
	if _, redo := fault.(*vcpu.Redo); redo {
		text, _ = m.try(t, b, seed, true)
	}
	return text
}

func (m *irCPU) try(t *testing.T, b *ir.Block, seed uint64, exact bool) (string, any) {
	t.Helper()
	if m.backend.Full() {
		m.backend.Reset()
	}
	tb := &vcpu.TB{PC: guest.Addr(b.PC), Size: 1, Marks: b.Marks}
	tb.Form, tb.Side, tb.Counters = vcpu.Form{Limit: m.cpu.Limit, Exact: exact, Unchained: true}, make([]vcpu.Side, 4), []*uint64{new(uint64)}
	if err := m.backend.Compile(b, tb); err != nil {
		t.Fatal(err)
	}
	c, r := m.cpu, rand.New(rand.NewPCG(seed, 3))
	for i := range m.data {
		m.data[i] = byte(r.Uint32())
	}
	clear(c.W[:])
	for w := range irBase {
		c.W[w] = irValue(r)
	}
	c.W[irMem], c.W[irPC] = uint64(irData), b.PC
	fault := m.enter(tb)
	var s strings.Builder
	for w, v := range c.W[:irBase] {
		fmt.Fprintf(&s, "t%d=%x ", w, v)
	}
	fmt.Fprintf(&s, "left %d memory %x leave %v", c.Left, sum(m.data), c.Leave.Why)
	if fault != nil {
		fmt.Fprintf(&s, " fault %s at %d", irFault(c, fault), c.Index())
	}
	return s.String(), fault
}

// enter runs a compiled block once.
func (m *irCPU) enter(tb *vcpu.TB) (fault any) {
	c := m.cpu
	c.Left, c.Deadline, c.TB, c.Insn, c.Leave = 1000, 1000, nil, 0, vcpu.Leave{}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	return m.backend.Enter(c, tb)
}

func sum(b []byte) (h uint64) {
	for _, v := range b {
		h = (h ^ uint64(v)) * 1099511628211
	}
	return h
}

// irFault names a fault by what the run loop would take from it. Engines find an
// address outside the window in their own ways, the run loop by a second try.
func irFault(c *vcpu.CPU, fault any) string {
	switch f := fault.(type) {
	case *guest.Exception:
		return f.String()
	case *guest.MemFault:
		if uint64(f.Addr) < c.Limit {
			return fmt.Sprintf("at %#x", f.Addr)
		}
	case interface{ Addr() uintptr }:
		if off, _ := c.Offset(f.Addr()); uint64(off) < c.Limit {
			return fmt.Sprintf("at %#x", off)
		}
	}
	return "outside"
}

// irValue is a word as tests like them: small, at the edges, or anything.
func irValue(r *rand.Rand) uint64 {
	switch r.IntN(6) {
	case 0:
		return r.Uint64N(70)
	case 1:
		return -r.Uint64N(70)
	case 2:
		return 1<<r.IntN(64) - r.Uint64N(2)
	case 3:
		return uint64(int64(int32(r.Uint32())))
	}
	return r.Uint64()
}

// irCPUs are the engines of this host; the interpreter is first.
func irCPUs(t *testing.T) (ms []*irCPU) {
	for _, name := range []string{"interp", "jit"} {
		if m := newIRCPU(t, name); m != nil {
			ms = append(ms, m)
		}
	}
	return ms
}

// sameIR runs a block on all engines, as it is and after the passes.
func sameIR(ms []*irCPU, t *testing.T, text string, seed uint64) (ran string) {
	t.Helper()
	for _, m := range ms {
		for _, passes := range []bool{false, true} {
			b, err := ir.Parse(text, nil, irHelpers)
			if err == nil {
				err = ir.Verify(b, irBase)
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			b.Temps = max(b.Temps, irBase)
			if passes {
				opt.Run(b, irBase)
			}
			got := m.run(t, b, seed)
			if ran == "" {
				ran = got
			} else if got != ran {
				t.Fatalf("%s, passes %v:\ngot  %s\nwant %s\nseed %d\n%s", m.name, passes, got, ran, seed, text)
			}
		}
	}
	return ran
}

// TestIRFiles runs each block that stands as text somewhere below emu on every
// engine: those that the passes' test begins with and makes, and those of
// testdata/ir.
func TestIRFiles(t *testing.T) {
	ms := irCPUs(t)
	blocks := 0
	err := filepath.WalkDir("..", func(path string, _ os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".ir" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, c := range strings.Split(string(text), "===\n") {
			for _, b := range strings.Split(c, "---\n") {
				blocks++
				for seed := range uint64(8) {
					sameIR(ms, t, b, seed)
				}
			}
		}
		return nil
	})
	if err != nil || blocks < 14 {
		t.Errorf("%d blocks, %v", blocks, err)
	}
}

// TestIRRandom runs random blocks on every engine.
func TestIRRandom(t *testing.T) {
	ms, faults := irCPUs(t), 0
	for seed := range uint64(600) {
		g := &irGen{r: rand.New(rand.NewPCG(seed, 1))}
		if strings.Contains(sameIR(ms, t, g.block(), seed), "fault") {
			faults++
		}
	}
	if faults == 0 || faults > 400 {
		t.Errorf("%d blocks fault", faults)
	}
}
