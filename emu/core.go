package emu

import (
	"strings"

	"panda/emu/guest"
	"panda/emu/mmu"
	"panda/emu/plugin"
	"panda/emu/vcpu"
)

// core is the machine as plugins may steer it.
type core Machine

func (m *core) CPU() *vcpu.CPU          { return m.cpu }
func (m *core) FlushTB()                { m.engine.FlushTB() }
func (m *core) SetChaining(on bool)     { m.engine.SetChaining(on) }
func (m *core) Stop()                   { m.env.Stop() }
func (m *core) SetPrecisePC(on bool)    { m.precise = on } // pc is exact in every callback as it is
func (m *core) SetMemCallbacks(on bool) { m.engine.SetMemCallbacks(on) }

// Lookup finds a symbol. Of an indirect function (STT_GNU_IFUNC) it is the
// implementation, if the resolver can be asked.
func (m *core) Lookup(symbol string) (guest.Addr, bool) {
	_, name, found := strings.Cut(symbol, "!")
	if !found {
		name = symbol
	}
	(*Machine)(m).resolve(func(n string) bool { return n == name })
	s, err := ability[Symbols]((*Machine)(m), "symbols")
	if err != nil {
		return 0, false
	}
	return s.FindSymbol(symbol)
}

func (m *core) Symbols(prefix string) []string {
	if s, err := ability[Symbols]((*Machine)(m), "symbols"); err == nil {
		return s.Symbols(prefix)
	}
	return nil
}

func (m *core) Threads() []plugin.Thread {
	of, err := ability[Threads]((*Machine)(m), "threads")
	if err != nil {
		return nil
	}
	var ts []plugin.Thread
	for _, t := range of.Threads() {
		ts = append(ts, plugin.Thread(t))
	}
	return ts
}

// Exit ends the guest.
func (m *core) Exit(status int) {
	if m.cpu.Editing != nil {
		m.cpu.Editing(&vcpu.Edit{Op: vcpu.EditExit, Value: uint64(status)})
	}
	m.env.Exit(status)
}

// Call runs a function of the guest.
func (m *core) Call(fn guest.Addr, args []uint64, limit uint64) (uint64, error) {
	if m.cpu.Editing != nil {
		m.cpu.Editing(&vcpu.Edit{Op: vcpu.EditCall, Addr: fn, Args: args, Value: limit})
	}
	return m.call(fn, args, limit)
}

func (m *core) call(fn guest.Addr, args []uint64, limit uint64) (uint64, error) {
	of, err := ability[Threads]((*Machine)(m), "threads that could run a function")
	if err != nil {
		return 0, err
	}
	return of.Call(fn, args, limit)
}

func (m *core) Switches() plugin.Switches {
	chaining, memcb := m.engine.Switches()
	return plugin.Switches{Chaining: chaining, MemCallbacks: memcb, PrecisePC: m.precise}
}

func (m *core) Recording() *plugin.Recording {
	if m.recorder == nil {
		return nil
	}
	return &plugin.Recording{File: m.recordFile, Inputs: m.recorder.Inputs(), Instructions: m.cpu.Icount(), Bytes: m.recorder.Size()}
}

func (m *core) Replay() *plugin.Recording {
	if m.player == nil {
		return nil
	}
	of := m.cfg.Replay
	r := &plugin.Recording{File: of.Name, Inputs: m.player.Inputs(), Bytes: of.Size}
	if of.Summary != nil {
		r.Instructions = of.Summary.Instructions
	}
	return r
}

func (m *core) Regions() []plugin.Region {
	var rs []plugin.Region
	s, ok := m.cpu.Space.(interface{ Regions() []mmu.Region })
	if !ok { // page tables say what is mapped where
		return nil
	}
	for _, r := range s.Regions() {
		rs = append(rs, plugin.Region{Start: r.Start, End: r.End, Prot: r.Prot, File: r.Name, Offset: r.Offset})
	}
	return rs
}
