package emu

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"panda/emu/exec"
	"panda/emu/guest"
	"panda/emu/jit"
	"panda/emu/jit/amd64"
	"panda/emu/jit/export"
	"panda/emu/vcpu"
)

// Export is a way to tell a tool of the host what machine code is there.
type Export struct {
	Name, Doc string
	open      func() (export.Sink, error)
}

// Exports are the ways, by the names of options.
var Exports = []Export{
	{"perfmap", "write /tmp/perf-PID.map, from which perf report knows the guest's symbols in machine code", func() (export.Sink, error) { return export.PerfMap("/tmp") }},
	{"jitdump", "write jit-PID.dump with machine code and guest symbols, for perf record -k mono and perf inject -j", func() (export.Sink, error) { return export.JITDump(".") }},
	{"gdbjit", "show gdb, attached to panda itself, the guest's symbols in machine code", func() (export.Sink, error) { return export.GDB(amd64.ReturnSlot()) }},
}

// export tells the tools of Config.Export of all code that the engine makes.
func (m *Machine) export(b exec.Backend) error {
	if len(m.cfg.Export) == 0 {
		return nil
	}
	e, ok := b.(*jit.Engine)
	if !ok {
		return &OptionError{m.cfg.Export[0], errors.New("the interpreter makes no machine code")}
	}
	var sinks []export.Sink
	for _, x := range Exports {
		if !slices.Contains(m.cfg.Export, x.Name) {
			continue
		}
		s, err := x.open()
		if err != nil {
			return &OptionError{x.Name, err}
		}
		sinks = append(sinks, s)
	}
	add := func(c export.Code) {
		for _, s := range sinks {
			if err := s.Add(c); err != nil {
				m.cfg.Warn("machine code is not exported any more: %v", err)
				e.OnCode = nil
			}
		}
	}
	common := func() {
		at, code := e.Common()
		add(export.Code{Name: "panda.enter", Addr: at, Bytes: code})
	}
	common()
	e.OnCode = func(tb *vcpu.TB, at uint64, code []byte) {
		add(export.Code{Name: m.codeName(tb.PC), Addr: at, Bytes: code})
	}
	e.OnReset = func() {
		for _, s := range sinks {
			s.Reset()
		}
		common()
	}
	return nil
}

// codeName names guest code: symbol+offset, else file+offset, else the address.
func (m *Machine) codeName(pc guest.Addr) string {
	name, off, ok := m.cpu.Machine.Symbol(pc)
	if !ok {
		var file string
		var base guest.Addr
		if file, base, ok = m.cpu.Machine.Module(pc); !ok {
			return fmt.Sprintf("%#x", uint64(pc))
		}
		name, off = filepath.Base(file), uint64(pc-base)
	}
	if off == 0 {
		return name
	}
	return fmt.Sprintf("%s+%#x", name, off)
}
