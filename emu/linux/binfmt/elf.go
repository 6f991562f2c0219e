package binfmt

import (
	"fmt"

	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/hostfile"
	"panda/emu/linux/mm"
	"panda/emu/linux/vdso"
	"panda/emu/load"
	"panda/emu/mmu"
)

// Program is an opened program, on its way to be executed.
type Program struct {
	Src    *hostfile.Source
	Head   *load.Program
	Name   string // as the guest names the file
	Real   string // without links
	ExecFn string // as the caller named it
	Args   []string
	Env    []string
	Interp *Program
}

// Close closes its files.
func (p *Program) Close() {
	p.Src.Close()
	if p.Interp != nil {
		p.Interp.Close()
	}
}

// LostError is what goes wrong when the old program is given up already: the
// process cannot return to it.
type LostError struct{ error }

func (e *LostError) Unwrap() error { return e.error }

// ParseInterp reads the headers of a program's interpreter. What is wrong with it
// has an error of its own, but for a type that nothing can be said of before it is
// mapped.
func ParseInterp(src *hostfile.Source, of *load.Program, machines load.Machines) (*load.Program, error) {
	if n, _ := src.ReadAt(make([]byte, of.HeaderSize), 0); n < of.HeaderSize {
		return nil, fmt.Errorf("%w: %w", load.ErrRead, load.ErrNotELF)
	}
	head, err := load.ParseInterp(src, machines)
	switch {
	case err == nil && head.Arch != of.Arch:
		return nil, fmt.Errorf("%w: it is for %v, the program for %v: %w", load.ErrForeign, head.Arch, of.Arch, abi.ELIBBAD)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", err, abi.ELIBBAD)
	}
	return head, nil
}

// Entry is where a loaded program begins.
type Entry struct{ PC, SP guest.Addr }

// Load maps a program and its interpreter and builds the stack.
func (p *Program) Load(m *mm.MM, sys *System) (Entry, error) {
	img, err := p.mapImage(m, sys, bias(p.Head, m.Layout.ProgramBase))
	if err != nil {
		return Entry{}, err
	}
	e := Entry{PC: img.Entry}
	var base guest.Addr
	if p.Interp != nil {
		linker, err := p.Interp.mapInterp(m, sys)
		if err != nil {
			return Entry{}, err
		}
		e.PC, base = linker.Entry, linker.Start
	}
	m.Exe = p.Real
	m.BrkStart = guest.Addr(mm.RoundUp(uint64(img.End)))
	m.Brk = m.BrkStart
	if err := mapVdso(m, sys.Vdso); err != nil {
		return Entry{}, err
	}
	noteSegments(m, img)
	e.SP, err = p.buildStack(m, sys, img, base)
	m.StartStack = e.SP
	return e, err
}

// mapVdso maps the kernel's object, if there is one.
func mapVdso(m *mm.MM, img *vdso.Image) error {
	if img == nil {
		return nil
	}
	size := mm.RoundUp(uint64(len(img.Bytes)))
	at, ok := m.Space.FindFree(size, 0x10000, m.Layout.MapTop, true)
	if !ok {
		return nil // programs can do without
	}
	if err := m.Space.Map(at, size, guest.Read|guest.Exec, mmu.Anonymous("[vdso]")); err != nil {
		return err
	}
	m.Vdso = at
	return m.Space.Write(at, img.Bytes)
}

// noteSegments notes where code and data of a program are, as far as its file
// goes.
func noteSegments(m *mm.MM, img *load.Image) {
	for _, s := range img.Segments {
		start := guest.Addr(s.Addr) + img.Bias
		end := start + guest.Addr(s.File)
		if s.Prot&guest.Exec != 0 {
			if m.StartCode == 0 || start < m.StartCode {
				m.StartCode = start
			}
			m.EndCode = max(m.EndCode, end)
		}
		m.StartData, m.EndData = max(m.StartData, start), max(m.EndData, end)
	}
}

// mapImage maps a file. When it fails, the old program is gone.
func (p *Program) mapImage(m *mm.MM, sys *System, bias guest.Addr) (*load.Image, error) {
	img, err := load.Map(m.Space, p.Head, p.Src.FD, p.Real, bias)
	if err == nil && sys.EUID != 0 && p.Head.Below(mm.MinAddr, uint64(bias)) {
		err = fmt.Errorf("map %s: only root may map addresses below %#x", p.Real, mm.MinAddr)
	}
	if err != nil {
		err = &LostError{err}
	}
	return img, err
}

func (p *Program) mapInterp(m *mm.MM, sys *System) (*load.Image, error) {
	start, end := p.Head.Range()
	if p.Head.Executable && !p.Head.Dynamic {
		return p.mapImage(m, sys, 0)
	}
	if !p.Head.Executable || start == end {
		return nil, &LostError{fmt.Errorf("program interpreter %s: nothing to load", p.Real)}
	}
	at, ok := m.Space.FindFree(end-start, 0x10000, m.Layout.MapTop, true)
	if !ok {
		return nil, fmt.Errorf("program interpreter %s: %w", p.Real, abi.ENOMEM)
	}
	return p.mapImage(m, sys, at-guest.Addr(start))
}

// bias is where a program is moved to: one that is not position-independent
// stays.
func bias(p *load.Program, base guest.Addr) guest.Addr {
	if !p.Dynamic {
		return 0
	}
	start, _ := p.Range()
	return base&^guest.Addr(p.Align()-1) - guest.Addr(start)
}
