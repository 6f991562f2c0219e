// Package probe rewrites blocks so that events reach the Bus: it puts probe,
// memory-probe and counter operations where subscriptions want them, and
// nothing where nobody watches. Filters that are known at translation are
// decided here, once.
package probe

import (
	"slices"

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

// Free reports whether blocks may be as long as they like: nobody watches where
// they begin and end.
func Free(bus *event.Bus) bool {
	for _, k := range bounds {
		if bus.Watched(k) {
			return false
		}
	}
	return true
}

// bounds are the kinds that tell of blocks, or stand at their ends.
var bounds = []event.Kind{
	event.BeforeBlockExecInvalidateOpt, event.BeforeBlockExec, event.AfterBlockExec, event.BeforeBlockTranslate, event.AfterBlockTranslate,
	event.InsnTranslate, event.AfterInsnExec, event.CPURestoreState,
}

// Wants reports whether any subscription concerns the code of a block that is
// known already.
func Wants(bus *event.Bus, src *Source, tb *vcpu.TB) bool {
	if !Watched(bus) {
		return false
	}
	var list []*event.Sub
	for i := range tb.Marks {
		m := &tb.Marks[i]
		if !slices.ContainsFunc(translated, func(k event.Kind) bool { return bus.May(k, guest.Addr(m.PC)) }) {
			continue
		}
		in := src.view(guest.Addr(m.PC), src.Code[m.PC-uint64(tb.Marks[0].PC):][:m.Len])
		for _, k := range translated {
			if list = bus.At(list[:0], k, in); len(list) > 0 {
				return true
			}
		}
	}
	return false
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
	bus   *event.Bus
	b     *ir.Block
	tb    *vcpu.TB
	src   *Source
	out   []ir.Insn
	insn  int          // index of the current instruction, -1 before the first
	after []*event.Sub // after_insn_exec subscriptions of the current instruction
	list  []*event.Sub // scratch
	in    *event.Insn  // the current instruction, if it may be watched
	// after_insn_exec counters of the current instruction
	afterCounters []*event.Sub
	memory        [4][]*event.Sub
	mem           bool // any memory subscription matches the current instruction
	called        bool // one of its accesses calls somebody, who may ask to stop
}

// Instrument rewrites a block for the present subscriptions.
func Instrument(bus *event.Bus, b *ir.Block, tb *vcpu.TB, src *Source) {
	p := &pass{bus: bus, b: b, tb: tb, src: src, insn: -1}
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
	case ir.Nop:
		if p.mem && i.Aux == ir.IfWatched {
			p.out = append(p.out, ir.Insn{Op: ir.Br, Imm: i.Imm})
			return
		}
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
	return p.src.view(guest.Addr(m.PC), code)
}

// view is an instruction as filters see it.
func (s *Source) view(pc guest.Addr, code []byte) *event.Insn {
	in := event.InsnAt(s.CPU.Machine, pc)
	in.Code, in.Mnemonic = code, func() string { return s.Mnemonic(code) }
	in.Class = func() vcpu.Class {
		class, _ := s.CPU.Machine.Arch.Classify(code)
		return class
	}
	return in
}
