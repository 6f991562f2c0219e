package emu

import (
	"errors"
	"fmt"
	"slices"

	"panda/emu/digest"
	"panda/emu/guest"
	"panda/emu/rr"
)

// Bisect looks for the first instructions after which the engines, replaying one
// recording, have different states. They have the same at icount Good, as far as is
// known, and one of them has a wrong one at Bad.
//
// It runs both again and again from the start, and compares them at a few places between
// the two each time. A stop ends a block, and a fault may be one of a whole block that
// goes when it is cut: then the instructions of that are what is found.
type Bisect struct {
	Config    Config // with the recording: see ReplayConfig
	Recording *rr.Recording
	Engines   [2]string
	Good, Bad uint64
	// Progress is told what is left; it may be nil.
	Progress func(good, bad uint64)
}

// Culprit is the instructions that engines disagree on.
type Culprit struct {
	From, To uint64 // icounts before and after them
	PC       guest.Addr
	Where    string // symbol
	Insn     string // the first
	Thread   int
	Differ   []string // what is different after them
}

func (c *Culprit) String() string {
	text := fmt.Sprintf("thread %d at %#x%s: %s", c.Thread, uint64(c.PC), c.Where, c.Insn)
	if n := c.To - c.From; n > 1 {
		text += fmt.Sprintf(", or the %d instructions after it", n-1)
	}
	for _, d := range c.Differ {
		text += "\n  " + d
	}
	return text
}

// samples is at how many places two runs are compared.
const samples = 16

// Run finds the culprit; nil if the engines do the same all along.
func (b *Bisect) Run() (*Culprit, error) {
	for narrowed := false; b.Bad-b.Good > 1; narrowed = true {
		if b.Progress != nil {
			b.Progress(b.Good, b.Bad)
		}
		places := spread(b.Good, b.Bad)
		var got [2][]place
		for i, engine := range b.Engines {
			var err error
			if got[i], err = b.visit(engine, places, false); err != nil {
				return nil, err
			}
		}
		i := 0
		for i < len(places) && got[0][i].same(&got[1][i]) {
			i++
		}
		if i == len(places) && narrowed {
			break
		} else if i == len(places) {
			return nil, nil
		}
		if i > 0 {
			b.Good = places[i-1]
		}
		b.Bad = places[i]
	}
	return b.culprit()
}

// spread are places in (good, bad], the last of which is bad.
func spread(good, bad uint64) (places []uint64) {
	step := max((bad-good)/samples, 1)
	for at := good + step; at < bad; at += step {
		places = append(places, at)
	}
	return append(places, bad)
}

// place is what was found at a count of instructions.
type place struct {
	parts  []digest.Part
	regs   []uint64
	names  []string
	thread int
	pc     guest.Addr
	where  string
	insn   string
	gone   bool // the run has not come there
}

func (p *place) same(q *place) bool {
	return p.gone == q.gone && slices.EqualFunc(p.parts, q.parts, samePart)
}

func samePart(p, q digest.Part) bool { return p.Name == q.Name && p.Sum == q.Sum }

// visit replays with an engine up to the last of some places and looks about at each.
func (b *Bisect) visit(engine string, places []uint64, detail bool) ([]place, error) {
	cfg := b.Config
	cfg.Accel, cfg.unwatched = engine, true
	m, err := New(cfg)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	from, err := ability[Summed](m, "sums of its state")
	if err != nil {
		return nil, err
	}
	got := make([]place, len(places))
	for i, at := range places {
		m.At(at, m.Stop)
		var diverged *rr.Divergence
		_, done, err := m.Run()
		if done || errors.As(err, &diverged) {
			for ; i < len(places); i++ {
				got[i].gone = true
			}
			return got, nil
		} else if err != nil {
			return nil, err
		}
		got[i] = m.place(from, detail)
	}
	return got, nil
}

// place looks about where the machine has stopped.
func (m *Machine) place(from Summed, detail bool) (p place) {
	p.parts = from.Sums(true)
	if !detail {
		for i := range p.parts {
			p.parts[i].Pieces = nil // there may be many places
		}
		return p
	}
	c, a := m.cpu, m.cpu.Machine.Arch
	p.thread, p.pc, p.names = c.Machine.Thread, c.PC(), a.Names
	for _, n := range a.Names {
		v, _ := c.Reg(n)
		p.regs = append(p.regs, v)
	}
	if name, off, ok := c.Machine.Symbol(p.pc); ok {
		p.where = fmt.Sprintf(" <%s+%#x>", name, off)
	}
	code := make([]byte, a.Longest)
	for c.Read(p.pc, code) != nil && len(code) > 1 {
		code = code[:len(code)-1]
	}
	p.insn, _ = a.Disasm(c, code, p.pc, func(at uint64) (string, uint64, bool) { return c.Machine.Symbol(guest.Addr(at)) })
	return p
}

// culprit describes the instructions between good and bad. What they leave is looked at
// in runs that stop there alone.
func (b *Bisect) culprit() (*Culprit, error) {
	before, err := b.visit(b.Engines[0], []uint64{b.Good}, true)
	if err != nil {
		return nil, err
	}
	var after [2][]place
	for i, engine := range b.Engines {
		if after[i], err = b.visit(engine, []uint64{b.Bad}, true); err != nil {
			return nil, err
		}
	}
	at := &before[0]
	c := &Culprit{From: b.Good, To: b.Bad, PC: at.pc, Where: at.where, Insn: at.insn, Thread: at.thread}
	x, y := &after[0][0], &after[1][0]
	for i, n := range x.names {
		if i < len(y.regs) && x.regs[i] != y.regs[i] {
			c.Differ = append(c.Differ, fmt.Sprintf("%s: %s has %#x, %s %#x", n, b.Engines[0], x.regs[i], b.Engines[1], y.regs[i]))
		}
	}
	for i := range x.parts {
		switch part := &x.parts[i]; {
		case i >= len(y.parts):
			c.Differ = append(c.Differ, part.Name)
		case !samePart(*part, y.parts[i]):
			c.Differ = append(c.Differ, part.Describe(y.parts[i].Pieces))
		}
	}
	for i, p := range [...]*place{x, y} {
		if p.gone {
			c.Differ = append(c.Differ, b.Engines[i]+" goes another way from there")
		}
	}
	return c, nil
}
