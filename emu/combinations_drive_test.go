package emu

import (
	"path/filepath"
	"runtime"
	"testing"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/plugin"
	"panda/emu/vcpu"
)

// drive watches, stops, steps and calls on a machine before it runs to its end, and
// perhaps meanwhile.
func (c *combination) drive(t *testing.T, m *Machine) (end func()) {
	if c.one(3) {
		c.note("unchained")
		m.engine.SetChaining(false)
	}
	c.watch(t, m)
	for range c.IntN(40) {
		m.At(c.Uint64N(c.insns), m.Stop)
	}
	for range c.IntN(40) {
		m.At(c.Uint64N(c.insns), func() { m.Do(func() { m.engine.SetChaining(!c.one(2)) }) })
	}
	end = func() {}
	if c.one(4) {
		c.note("tapped")
		end = tappedBeside(m)
	}
	for range c.IntN(4) {
		m.At(c.Uint64N(c.insns), m.Stop)
		_, done, err := m.Run()
		for n := c.IntN(3000); n > 0 && !done && err == nil; n-- {
			_, done, err = m.Step(1 + c.Int64N(20))
		}
		if done || err != nil { // who runs it next finds out
			break
		}
	}
	return end
}

// tappedBeside has another goroutine call on the machine whenever it can.
func tappedBeside(m *Machine) (end func()) {
	stop, ended := make(chan bool), make(chan bool)
	go func() {
		defer close(ended)
		for {
			done := make(chan bool)
			m.Do(func() { close(done) })
			select {
			case <-done:
				runtime.Gosched()
			case <-stop:
				return
			}
		}
	}()
	return func() { close(stop); <-ended }
}

// watchers are what a combination may watch with.
var watchers = []struct {
	name string
	on   func(c *combination, t *testing.T, h *plugin.Host)
}{
	{"blocks", func(_ *combination, _ *testing.T, h *plugin.Host) {
		h.BeforeBlockExec(nil, func(*vcpu.CPU, *vcpu.TB) {})
	}},
	{"after blocks", func(_ *combination, _ *testing.T, h *plugin.Host) {
		h.AfterBlockExec(nil, func(_ *vcpu.CPU, _, _ *vcpu.TB) {})
	}},
	{"insns", func(c *combination, _ *testing.T, h *plugin.Host) {
		h.InsnExec(event.Bytes([]string{"48 89", "0f", "e8", "c3"}[c.IntN(4)]), func(*vcpu.CPU, guest.Addr) {})
	}},
	{"after insns", func(_ *combination, _ *testing.T, h *plugin.Host) {
		h.AfterInsnExec(event.Bytes("0f"), func(*vcpu.CPU, guest.Addr) {})
	}},
	{"all insns", func(_ *combination, _ *testing.T, h *plugin.Host) {
		n := new(uint64)
		h.Counter(event.InsnExec, nil, n)
	}},
	{"reads", func(_ *combination, _ *testing.T, h *plugin.Host) {
		h.MemRead(nil, func(*vcpu.CPU, *vcpu.MemAccess) {})
	}},
	{"writes", func(_ *combination, _ *testing.T, h *plugin.Host) {
		h.MemWrite(nil, func(*vcpu.CPU, *vcpu.MemAccess) {})
	}},
	{"some reads", func(c *combination, _ *testing.T, h *plugin.Host) {
		from := guest.Addr(c.Uint64N(1 << 38))
		h.MemRead(event.Addresses(from, from+1<<36), func(*vcpu.CPU, *vcpu.MemAccess) {})
	}},
	{"some writes", func(_ *combination, _ *testing.T, h *plugin.Host) {
		h.MemWrite(event.Bytes("48 89"), func(*vcpu.CPU, *vcpu.MemAccess) {})
	}},
	{"copies", func(_ *combination, _ *testing.T, h *plugin.Host) {
		h.HookCalls(event.Symbol("memcpy", "strlen"), func(*vcpu.CPU, *event.Call) {}, func(*vcpu.CPU, *event.Call) {})
	}},
	{"strings", func(_ *combination, _ *testing.T, h *plugin.Host) {
		h.HookCalls(event.Symbol("mem*", "str*"), func(*vcpu.CPU, *event.Call) {}, nil)
	}},
	{"functions", func(_ *combination, _ *testing.T, h *plugin.Host) {
		h.HookCalls(event.Symbol("malloc", "free", "pthread_*", "main", "runtime.*"), nil, func(*vcpu.CPU, *event.Call) {})
	}},
	{"calls", func(_ *combination, _ *testing.T, h *plugin.Host) {
		h.SyscallEnter(nil, func(*vcpu.CPU, *event.Syscall) bool { return false })
		h.SyscallLeave(nil, func(*vcpu.CPU, *event.Syscall) {})
	}},
	{"timer", func(c *combination, _ *testing.T, h *plugin.Host) { h.Every(1000+c.Uint64N(200_000), func() {}) }},
	{"looks", func(c *combination, _ *testing.T, h *plugin.Host) {
		h.Every(50_000+c.Uint64N(200_000), func() { h.Threads(); h.VirtualMemoryRead(guest.Addr(h.CPU().PC()), make([]byte, 64)) })
	}},
	{"flushes", func(c *combination, _ *testing.T, h *plugin.Host) { h.Every(100_000+c.Uint64N(300_000), h.DoFlushTB) }},
	{"comes and goes", func(c *combination, _ *testing.T, h *plugin.Host) {
		var late *event.Sub
		h.Every(30_000+c.Uint64N(100_000), func() {
			if late != nil {
				late.Remove()
				late = nil
				return
			}
			late = h.InsnExec(event.Symbol("*len*", "mem*"), func(*vcpu.CPU, guest.Addr) {})
		})
	}},
	{"batch", func(_ *combination, t *testing.T, h *plugin.Host) {
		if _, err := h.Batch(event.VirtMemBeforeWrite, nil, vcpu.AllFields, 100, func([]vcpu.Record) {}); err != nil {
			t.Fatal(err)
		}
	}},
	{"faults", func(_ *combination, _ *testing.T, h *plugin.Host) {
		h.BeforeException(func(*vcpu.CPU, *guest.Exception) {})
	}},
}

// watchingPlugins are plugins that write what they see into files.
var watchingPlugins = []string{"insncount", "hotblocks", "syscalls", "coverage", "callstack"}

// watch makes up to 20 subscriptions and loads plugins.
func (c *combination) watch(t *testing.T, m *Machine) {
	var chosen []string
	_, err := m.plugins.Start("test", "", &testPlugin{init: func(h *plugin.Host) error {
		for n := c.IntN(20) * c.IntN(2); n > 0; n-- {
			w := watchers[c.IntN(len(watchers))]
			chosen = append(chosen, w.name)
			w.on(c, t, h)
		}
		return nil
	}}, nil)
	for _, name := range watchingPlugins {
		if err != nil || !c.one(5) {
			continue
		}
		args := []plugin.Arg{{Key: "file", Value: filepath.Join(t.TempDir(), name)}}
		if name == "callstack" {
			args = nil
		}
		chosen = append(chosen, "plugin "+name)
		_, err = m.plugins.Load(name, args)
	}
	if c.note("%q", chosen); err != nil {
		t.Fatal(err)
	}
}
