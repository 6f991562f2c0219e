package emu

import (
	"bytes"
	"flag"
	"fmt"
	"hash/maphash"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/linux/hostsys"
	"panda/emu/mmu"
	"panda/emu/plugin"
	"panda/emu/vcpu"
	_ "panda/native/all"
)

var long = flag.Bool("long", false, "run programs in each way on each engine and MMU, and step a million instructions")

// steadyWay is a way to run a program that changes nothing of what it does.
type steadyWay struct {
	name   string
	set    func(c *Config)
	before func(t *testing.T) // until the run ends
	// drive is called before the guest runs; it may run it. insns is how many
	// instructions the program has in all.
	drive func(t *testing.T, m *Machine, insns uint64)
}

var steadyWays = []steadyWay{
	{name: "interpreter", set: func(c *Config) { c.Accel = "interp" }},
	{name: "soft MMU", set: func(c *Config) { c.MMU = Soft }},
	{name: "chaining off", drive: func(_ *testing.T, m *Machine, _ uint64) { m.engine.SetChaining(false) }},
	{name: "plugins", drive: watchedByPlugins},
	{name: "steps", drive: steppedOften},
	{name: "stops", drive: stopped},
	{name: "taps", drive: tapped},
	{name: "beside 16 processes", before: crowd},
}

// steppedOften steps one by one from the first instruction on, and from the middle on.
func steppedOften(_ *testing.T, m *Machine, insns uint64) {
	n := 30_000
	if *long {
		n = 1_000_000
	}
	for range n {
		m.Step(1)
	}
	if middle := insns / 2; middle > m.cpu.Icount() {
		m.At(middle, m.Stop)
		for m.Run(); n > 0; n-- {
			m.Step(1)
		}
	}
}

// tapped has another goroutine call on the machine whenever it can.
func tapped(t *testing.T, m *Machine, _ uint64) { t.Cleanup(tappedBeside(m)) }

// stopped stops a thousand times.
func stopped(_ *testing.T, m *Machine, insns uint64) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		m.At(r.Uint64N(insns), m.Stop)
	}
}

// crowd has as many address spaces as 16 other processes, so that others are smaller.
func crowd(t *testing.T) {
	for range 16 {
		s := mmu.NewSpace(0)
		t.Cleanup(func() { s.Close() })
	}
}

// watchedByPlugins loads five plugins and makes five subscriptions, of which one comes
// and goes.
func watchedByPlugins(t *testing.T, m *Machine, _ uint64) {
	for _, name := range []string{"insncount", "hotblocks", "syscalls", "coverage", "callstack"} {
		args := []plugin.Arg{{Key: "file", Value: filepath.Join(t.TempDir(), name)}}
		if name == "callstack" {
			args = nil
		}
		if _, err := m.plugins.Load(name, args); err != nil {
			t.Fatal(err)
		}
	}
	_, err := m.plugins.Start("test", "", &testPlugin{init: func(h *plugin.Host) error {
		h.HookCalls(event.Symbol("*mem*", "str*", "runtime.*"), func(*vcpu.CPU, *event.Call) {}, func(*vcpu.CPU, *event.Call) {})
		h.MemWrite(event.Bytes("48 89"), func(*vcpu.CPU, *vcpu.MemAccess) {})
		h.MemRead(event.Addresses(0, 1<<32), func(*vcpu.CPU, *vcpu.MemAccess) {})
		h.AfterInsnExec(event.Bytes("0f"), func(*vcpu.CPU, guest.Addr) {})
		var late *event.Sub
		h.Every(999_983, func() {
			if late != nil {
				late.Remove()
				late = nil
				return
			}
			late = h.InsnExec(event.Symbol("*len*"), func(*vcpu.CPU, guest.Addr) {})
		})
		return nil
	}}, nil)
	if err != nil {
		t.Fatal(err)
	}
}

// steadyRun is what a run must have in common with others: the switches of threads,
// and what each process leaves. Ids count from that of the first process.
type steadyRun struct {
	switches []change
	ends     []processEnd
	insns    uint64
}

// processEnd is a process when it ends.
type processEnd struct {
	icount      uint64
	pid, status int
	regs        map[string]uint64
	memory      []regionSum
}

type regionSum struct {
	start, end guest.Addr
	prot       guest.Access
	name       string
	sum        uint64
}

// runSteadily runs a program in one way.
func runSteadily(t *testing.T, path string, args []string, way steadyWay, insns uint64) *steadyRun {
	t.Helper()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	var w *world
	var trace bytes.Buffer
	fd := int(null.Fd())
	cfg := Config{
		Program: &Program{
			Path: path, Args: append([]string{path}, args...), Env: []string{"LC_ALL=C", "PATH=/usr/bin:/bin"}, Dir: "/", Stdin: fd, Stdout: fd, Stderr: fd,
			World: func(d hostsys.Door) hostsys.Door { w = newWorld(d); return w },
		},
		Dump: Dump{Out: &trace, Switches: true},
	}
	if way.set != nil {
		way.set(&cfg)
	}
	m, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if w != nil {
		w.icount = m.cpu.Icount
	}
	run := new(steadyRun)
	m.bus.Subscribe(m.owner(), event.ProcessExit, nil, event.ProcessFunc(func(c *vcpu.CPU, p *event.Process) {
		run.ends = append(run.ends, processEnd{c.Icount(), p.PID - os.Getpid(), p.Status, regsOf(c), memoryOf(c.Space.(*mmu.Space))})
	}))
	if way.drive != nil {
		way.drive(t, m, insns)
	}
	for done := false; !done; {
		var status int
		if status, done, err = m.Run(); err != nil || done && status != 0 {
			t.Fatalf("%s: status %d %v", way.name, status, err)
		}
	}
	run.insns = m.cpu.Icount()
	for line := range bytes.Lines(trace.Bytes()) {
		var c change
		if _, err := fmt.Sscanf(string(line), "SWITCH: icount %d process %d thread %d\n", &c.icount, &c.pid, &c.tid); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		c.pid, c.tid = c.pid-os.Getpid(), c.tid-os.Getpid()
		run.switches = append(run.switches, c)
	}
	return run
}

var memorySeed = maphash.MakeSeed()

// memoryOf sums up what is mapped.
func memoryOf(s *mmu.Space) (sums []regionSum) {
	buf := make([]byte, 1<<20)
	for _, r := range s.Regions() {
		var h maphash.Hash
		h.SetSeed(memorySeed)
		for a := r.Start; a < r.End && r.Prot != 0; {
			b := buf[:min(uint64(len(buf)), uint64(r.End-a))]
			if err := s.Read(a, b); err == nil {
				h.Write(b)
				a += guest.Addr(len(b))
				continue
			}
			for range len(b) / mmu.PageSize { // the file may end before the map does
				page := b[:mmu.PageSize]
				if err := s.Read(a, page); err != nil {
					page = nil
				}
				maphash.WriteComparable(&h, len(page))
				h.Write(page)
				a += mmu.PageSize
			}
		}
		sums = append(sums, regionSum{r.Start, r.End, r.Prot, r.Name, h.Sum64()})
	}
	return sums
}

// difference is the first in which two runs differ, "" when they are the same.
func (r *steadyRun) difference(want *steadyRun) string {
	if i, ok := firstDifference(r.switches, want.switches, func(a, b change) bool { return a == b }); ok {
		return fmt.Sprintf("%d switches, want %d; from number %d on:\ngot  %v\nwant %v", len(r.switches), len(want.switches), i, around(r.switches, i), around(want.switches, i))
	}
	i, ok := firstDifference(r.ends, want.ends, func(a, b processEnd) bool {
		return a.icount == b.icount && a.pid == b.pid && a.status == b.status && maps.Equal(a.regs, b.regs) && slices.Equal(a.memory, b.memory)
	})
	switch {
	case ok && i < min(len(r.ends), len(want.ends)):
		return fmt.Sprintf("end %d: %s", i, r.ends[i].difference(&want.ends[i]))
	case ok || r.insns != want.insns:
		return fmt.Sprintf("%d ends of processes after %d instructions, want %d after %d", len(r.ends), r.insns, len(want.ends), want.insns)
	}
	return ""
}

func (e *processEnd) difference(want *processEnd) string {
	text := fmt.Sprintf("process %d, status %#x at icount %d; want %d, %#x at %d", e.pid, e.status, e.icount, want.pid, want.status, want.icount)
	for _, n := range slices.Sorted(maps.Keys(want.regs)) {
		if e.regs[n] != want.regs[n] {
			text += fmt.Sprintf("\n%s is %#x, want %#x", n, e.regs[n], want.regs[n])
		}
	}
	if i, ok := firstDifference(e.memory, want.memory, func(a, b regionSum) bool { return a == b }); ok {
		show := func(rs []regionSum) (lines []string) {
			for _, r := range around(rs, i) {
				lines = append(lines, fmt.Sprintf("%#x-%#x %v %s %x", r.start, r.end, r.prot, r.name, r.sum))
			}
			return lines
		}
		text += fmt.Sprintf("\nmemory differs, got\n%s\nwant\n%s", strings.Join(show(e.memory), "\n"), strings.Join(show(want.memory), "\n"))
	}
	return text
}

func firstDifference[T any](a, b []T, same func(a, b T) bool) (int, bool) {
	i := 0
	for i < min(len(a), len(b)) && same(a[i], b[i]) {
		i++
	}
	return i, i < len(a) || i < len(b)
}

func around[T any](list []T, i int) []T { return list[min(i, len(list)):min(i+3, len(list))] }

// allWays are those of a test.
func allWays() []steadyWay {
	if !*long {
		return steadyWays
	}
	var all []steadyWay
	for _, accel := range Accels {
		for _, soft := range []MMU{Window, Soft} {
			for _, way := range steadyWays {
				set := way.set
				way.name = fmt.Sprintf("%s, %s, %v", way.name, accel, soft)
				way.set = func(c *Config) {
					if c.Accel, c.MMU = accel, soft; set != nil {
						set(c)
					}
				}
				all = append(all, way)
			}
		}
	}
	return all
}

// TestDeterminism: a program does the same, instruction by instruction, on each
// engine and whoever stops it or looks on.
func TestDeterminism(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("there is one engine")
	}
	for _, p := range steadyPrograms {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			path, args := p.make(t)
			first := steadyWay{name: "again"}
			want := runSteadily(t, path, args, first, 0)
			if len(want.switches) < 10 || len(want.ends) == 0 {
				t.Fatalf("%d switches, %d ends", len(want.switches), len(want.ends))
			}
			other := runSteadily(t, path, args, steadyWay{name: "other turns", set: func(c *Config) { c.Program.SchedSeed = 1 }}, 0)
			if other.difference(want) == "" {
				t.Error("other turns make no difference")
			}
			for _, way := range append([]steadyWay{first}, allWays()...) {
				t.Run(way.name, func(t *testing.T) {
					if way.before != nil {
						way.before(t)
					}
					if d := runSteadily(t, path, args, way, want.insns).difference(want); d != "" {
						t.Error(d)
					}
				})
			}
		})
	}
}
