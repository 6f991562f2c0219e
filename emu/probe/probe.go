// Package probe rewrites blocks so that events reach the Bus: it puts probe,
// memory-probe and counter operations where subscriptions want them, and
// nothing where nobody watches. Filters that are known at translation are
// decided here, once.
package probe

import (
	"path/filepath"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// Source tells of the guest code that is translated.
type Source struct {
	CPU      *vcpu.CPU
	Code     []byte // of the whole block
	Mnemonic func(code []byte) string
	NoMemory bool // memory callbacks are switched off
}

// Watched reports whether any kind that changes translations has a
// subscription, so that the caller can skip Instrument.
func Watched(bus *event.Bus) bool {
	for _, k := range translated {
		if bus.Watched(k) {
			return true
		}
	}
	return false
}

// translated are the kinds that live in translated code.
var translated = []event.Kind{
	event.BeforeBlockExecInvalidateOpt, event.BeforeBlockExec, event.AfterBlockExec, event.InsnTranslate, event.InsnExec,
	event.AfterInsnExec, event.VirtMemBeforeRead, event.VirtMemAfterRead, event.VirtMemBeforeWrite, event.VirtMemAfterWrite,
}

// Affects reports whether subscriptions of a kind are part of translations.
func Affects(k event.Kind) bool {
	for _, t := range translated {
		if t == k {
			return true
		}
	}
	return false
}

// pass is the rewriting of one block.
type pass struct {
	bus    *event.Bus
	b      *ir.Block
	tb     *vcpu.TB
	src    Source
	out    []ir.Insn
	insn   int      // index of the current instruction, -1 before the first
	after  []chosen // after_insn_exec subscriptions of the current instruction
	memory [4][]*event.Sub
	mem    bool // any memory subscription matches the current instruction
}

// chosen is a subscription that wants an instruction.
type chosen struct {
	sub *event.Sub
	fn  event.PCFunc
	pc  guest.Addr
}

// Instrument rewrites a block for the present subscriptions.
func Instrument(bus *event.Bus, b *ir.Block, tb *vcpu.TB, src Source) {
	p := &pass{bus: bus, b: b, tb: tb, src: src, insn: -1}
	tb.Unchained = bus.Watched(event.AfterBlockExec)
	for i := range b.Insns {
		p.step(&b.Insns[i])
	}
	b.Insns = p.out
}

func (p *pass) step(i *ir.Insn) {
	switch i.Op {
	case ir.InsnMark:
		p.flushAfter(p.insn + 1)
		p.out = append(p.out, *i)
		p.insn++
		if p.insn == 0 {
			p.blockSites()
		}
		p.insnSites()
		return
	case ir.GotoTB, ir.GotoPtr, ir.ExitTB:
		p.leaveSites(i)
	case ir.Ld, ir.St:
		if p.mem {
			p.access(i)
			return
		}
	}
	p.out = append(p.out, *i)
}

// describe makes the filter's view of the current instruction.
func (p *pass) describe() *event.Insn {
	m := &p.b.Marks[p.insn]
	code := p.src.Code[min(int(m.PC-p.b.PC), len(p.src.Code)):]
	code = code[:min(int(m.Len), len(code))]
	return p.view(guest.Addr(m.PC), code)
}

func (p *pass) view(pc guest.Addr, code []byte) *event.Insn {
	machine := p.src.CPU.Machine
	return &event.Insn{
		PC: pc, Code: code, Mnemonic: func() string { return p.src.Mnemonic(code) },
		Symbol: func() string {
			if name, off, ok := machine.Symbol(pc); ok && off == 0 {
				return name
			}
			return ""
		},
		Module: func() string {
			if file, _, ok := machine.Module(pc); ok {
				return filepath.Base(file)
			}
			return ""
		},
	}
}

// site adds a probe operation for a site.
func (p *pass) site(rank vcpu.SiteRank, insn int, fire func(c *vcpu.CPU) bool) {
	p.out = append(p.out, ir.Insn{Op: ir.Probe, Imm: uint64(len(p.tb.Sites))})
	p.tb.Sites = append(p.tb.Sites, vcpu.Site{Rank: rank, Insn: insn, Fire: fire})
}

// count adds a counter operation.
func (p *pass) count(n *uint64, by int) {
	p.out = append(p.out, ir.Insn{Op: ir.Count, Imm: uint64(len(p.tb.Counters)), C: ir.Ref(by)})
	p.tb.Counters = append(p.tb.Counters, n)
}

// counted puts a counter for a subscription that only counts.
func (p *pass) counted(s *event.Sub, in *event.Insn) bool {
	n := s.Counter
	if n == nil && s.CounterAt != nil {
		n = s.CounterAt(in)
	}
	if n != nil {
		p.count(n, 1)
	}
	return n != nil
}

// blockSites puts what fires before the block.
func (p *pass) blockSites() {
	in := p.describe()
	var subs []*event.Sub
	for _, k := range []event.Kind{event.BeforeBlockExecInvalidateOpt, event.BeforeBlockExec} {
		for _, s := range p.bus.Active(k) {
			if !s.Filter.MatchInsn(in) {
				continue
			}
			s.Matches++
			if !p.counted(s, in) {
				subs = append(subs, s)
			}
		}
	}
	if len(subs) > 0 {
		p.site(vcpu.RankBlock, 0, fireBlock(p.bus, subs, p.tb))
	}
}

func fireBlock(bus *event.Bus, subs []*event.Sub, tb *vcpu.TB) func(c *vcpu.CPU) bool {
	return func(c *vcpu.CPU) bool {
		pc := c.PC()
		for _, s := range subs {
			if !s.Active() {
				continue
			}
			switch fn := s.Fn.(type) {
			case event.BlockFunc:
				bus.CallBlock(s, fn, c, tb)
			case event.BlockBoolFunc:
				bus.Call(s, func() { tb.Dead = fn(c, tb) && !tb.Renewed || tb.Dead })
			}
		}
		return c.PC() != pc || c.StopAsked() || tb.Dead
	}
}

// insnSites puts what fires before the current instruction and notes what
// fires after it and at its accesses.
func (p *pass) insnSites() {
	in := p.describe()
	asked := p.ask(in)
	before := p.choose(event.InsnExec, in, asked)
	if len(before) > 0 {
		p.site(vcpu.RankInsn, p.insn, firePC(p.bus, before))
	}
	p.after = p.choose(event.AfterInsnExec, in, asked)
	p.mem = false
	if p.src.NoMemory {
		return
	}
	for n := range p.memory {
		p.memory[n] = p.memory[n][:0:0]
		for _, s := range p.bus.Active(event.VirtMemBeforeRead + event.Kind(n)) {
			if s.Filter.MatchInsn(in) {
				p.memory[n] = append(p.memory[n], s)
				p.mem = true
			}
		}
	}
}

// ask calls the insn_translate callbacks and returns each owner's answer.
func (p *pass) ask(in *event.Insn) map[*event.Owner]bool {
	subs := p.bus.Active(event.InsnTranslate)
	if len(subs) == 0 {
		return nil
	}
	asked := map[*event.Owner]bool{}
	for _, s := range subs {
		yes := false
		if s.Filter.MatchInsn(in) {
			if fn, ok := s.Fn.(event.PCBoolFunc); ok {
				p.bus.Call(s, func() { yes = fn(p.src.CPU, in.PC) })
			} else {
				yes = true
			}
		}
		if yes {
			s.Matches++
		}
		asked[s.Owner] = asked[s.Owner] || yes
	}
	return asked
}

// choose lists the callbacks of a kind for an instruction, and counts at once
// for counters. A subscription without a filter follows the answer of its
// owner's insn_translate, if the owner has one.
func (p *pass) choose(k event.Kind, in *event.Insn, asked map[*event.Owner]bool) []chosen {
	var cs []chosen
	for _, s := range p.bus.Active(k) {
		if answer, has := asked[s.Owner]; has && !answer && !s.Filter.ChoosesInsn() {
			continue
		}
		if !s.Filter.MatchInsn(in) {
			continue
		}
		s.Matches++
		if p.counted(s, in) {
			continue
		}
		cs = append(cs, chosen{s, s.Fn.(event.PCFunc), in.PC})
	}
	return cs
}

// firePC makes a site's Fire. Most sites have one callback, which gets a
// function of its own.
func firePC(bus *event.Bus, cs []chosen) func(c *vcpu.CPU) bool {
	if len(cs) == 1 {
		sub, fn, pc := cs[0].sub, cs[0].fn, cs[0].pc
		return func(c *vcpu.CPU) bool {
			before := c.PC()
			if sub.Active() {
				bus.CallPC(sub, fn, c, pc)
			}
			return c.PC() != before || c.StopAsked()
		}
	}
	return func(c *vcpu.CPU) bool {
		before := c.PC()
		for i := range cs {
			if ch := &cs[i]; ch.sub.Active() {
				bus.CallPC(ch.sub, ch.fn, c, ch.pc)
			}
		}
		return c.PC() != before || c.StopAsked()
	}
}

// flushAfter puts what fires after the instruction that ends here.
func (p *pass) flushAfter(next int) {
	if len(p.after) > 0 {
		p.site(vcpu.RankAfter, next, firePC(p.bus, p.after))
	}
	p.after = nil
}

// leaveSites puts what fires after the last instruction on one of the ways out
// of the block. Ways out that did not complete the instruction have none.
func (p *pass) leaveSites(i *ir.Insn) {
	if len(p.after) == 0 {
		return
	}
	pc := p.src.CPU.Machine.Arch.PC
	to := ir.Insn{Op: ir.Mov, Type: ir.I64, D: pc, A: ir.None, B: ir.Const, C: ir.None, Imm: i.Imm}
	switch {
	case i.Op == ir.GotoPtr:
		to.B = i.A
	case i.Op == ir.ExitTB && (ir.Exit(i.Aux) == ir.ExitUndefined || ir.Exit(i.Aux) == ir.ExitRaise):
		return
	case i.Op == ir.GotoTB && i.Imm == p.b.Marks[p.insn].PC && p.loops():
		return // a string instruction that goes on
	}
	p.out = append(p.out, to)
	p.site(vcpu.RankAfter, len(p.b.Marks), firePC(p.bus, p.after))
}

// loops reports whether the current instruction is not a jump to itself but an
// instruction that repeats: jumps are the last mark of a block.
func (p *pass) loops() bool {
	m := &p.b.Marks[p.insn]
	off := int(m.PC - p.b.PC)
	name := p.src.Mnemonic(p.src.Code[off:])
	return len(name) > 4 || name == "" || name[0] != 'j'
}
