package probe

import (
	"panda/emu/event"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// PerAccess is how many words of the frame accesses may need: for the address and
// a value.
func PerAccess(bus *event.Bus) int {
	for k := event.VirtMemBeforeRead; k <= event.VirtMemAfterWrite; k++ {
		if bus.Watched(k) {
			return 8
		}
	}
	return 0
}

// access puts a load or store and what fires around it. The address is computed
// first, so that the probes see the one that the access uses.
func (p *pass) access(i *ir.Insn) {
	write := i.Op == ir.St
	kind := 0
	if write {
		kind = 2
	}
	before, counters := p.atSize(kind, i)
	after, counted := p.atSize(kind+1, i)
	p.in.Size = i.Type.Bytes()
	p.count(vcpu.RankInsn+1, counters, p.in)
	defer p.count(vcpu.RankInsn+1, counted, p.in)
	if len(before)+len(after) == 0 {
		p.out = append(p.out, *i)
		return
	}
	a := p.b.Temps
	p.b.Temps++
	p.out = append(p.out, ir.Insn{Op: ir.Lea, Type: ir.I64, Aux: i.Aux & ir.ScaleMask, D: a, A: i.A, B: i.B, C: ir.None, Imm: i.Imm})
	acc := *i
	acc.A, acc.B, acc.Imm = a, ir.None, 0
	acc.Aux &^= ir.ScaleMask
	value := i.C
	if write && len(before) > 0 {
		value = p.copyValue(i)
		acc.C = value
	}
	if !write {
		value = i.D
		if extends := i.Aux&ir.SignExt != 0; len(after) > 0 && (extends || i.D < p.src.CPU.Machine.Arch.TempBase) {
			value = p.temps(i) // callbacks see the register as it is before the instruction
			acc.D = value
			acc.Aux &^= ir.SignExt | ir.SignExt64 // what they make of the value has a sign of its own
		}
	}
	if len(before) > 0 {
		shown := value
		if !write {
			shown = ir.None
		}
		p.memSite(before, a, shown, i, true, write)
	}
	p.out = append(p.out, acc)
	if len(after) > 0 {
		p.memSite(after, a, value, i, false, write)
	}
	if acc.D != i.D {
		p.arrive(i, acc.D)
	}
}

// arrive puts the value of a load where it belongs.
func (p *pass) arrive(i *ir.Insn, value ir.Ref) {
	if i.Aux&ir.SignExt == 0 {
		p.move(i.D, value, i)
		return
	}
	typ := ir.I32
	if i.Aux&ir.SignExt64 != 0 {
		typ = ir.I64
	}
	p.out = append(p.out, ir.Insn{Op: ir.SExt, Type: typ, Aux: uint8(i.Type), D: i.D, A: value, B: ir.None, C: ir.None})
}

// atSize lists the callbacks and the counters of a kind, by its place in memory,
// that take an access.
func (p *pass) atSize(kind int, i *ir.Insn) (subs, counters []*event.Sub) {
	for _, s := range p.memory[kind] {
		switch {
		case s.Filter.Size != 0 && s.Filter.Size != i.Type.Bytes():
		case s.Counts() && s.Filter.Addr == nil:
			s.Matches++
			counters = append(counters, s)
		default:
			subs = append(subs, s)
		}
	}
	return subs, counters
}

// temps takes new words for the value of an access.
func (p *pass) temps(i *ir.Insn) ir.Ref {
	v := p.b.Temps
	p.b.Temps += ir.Ref(i.Type.Words())
	return v
}

// move copies the value of an access.
func (p *pass) move(to, from ir.Ref, i *ir.Insn) {
	for w := range ir.Ref(i.Type.Words()) {
		p.out = append(p.out, ir.Insn{Op: ir.Mov, Type: ir.I64, D: to + w, A: ir.None, B: from + w, C: ir.None})
	}
}

// copyValue copies the value to be stored, so that a callback that replaces it
// changes memory and not the register.
func (p *pass) copyValue(i *ir.Insn) ir.Ref {
	v := p.temps(i)
	p.move(v, i.C, i)
	return v
}

// memSite puts the site of an access for some subscriptions, after what needs no
// function.
func (p *pass) memSite(subs []*event.Sub, a, value ir.Ref, i *ir.Insn, before, write bool) {
	site := vcpu.MemSite{Insn: p.insn, Size: i.Type.Bytes(), Before: before, Write: write}
	x := about{p.b.Marks[p.insn].PC, a, site.Size}
	var fs []memFn
	for _, s := range subs {
		s.Matches++
		if p.plain(s, x) {
			p.plainMem(s, site, x, value)
			continue
		}
		f := memFn{sub: s}
		if s.Counter == nil {
			f.fn = s.Fn.(event.MemFunc)
		}
		fs = append(fs, f)
	}
	if len(fs) == 0 {
		return
	}
	site.Fire = fireMem(p.bus, fs)
	if len(fs) > 1 {
		p.putMem(site, a, value)
		return
	}
	s := fs[0].sub
	g := p.enter(s, x)
	if fs[0].fn != nil && (s.Filter.Addr == nil || g.addr) {
		site.Call = callOf(p.bus, s, fs[0].fn).Access(p.src.CPU)
	}
	p.putMem(site, a, value)
	p.leave(g)
}

// plainMem puts what a subscription does at an access without a function.
func (p *pass) plainMem(s *event.Sub, site vcpu.MemSite, x about, value ir.Ref) {
	g := p.enter(s, x)
	n := s.Counter
	if n == nil {
		n = s.Counted
	}
	if n != nil {
		p.counter(vcpu.RankInsn, n)
	} else {
		site.Ring, site.Checked = s.Batch.Ring(true), true
		site.Fire = fireMem(p.bus, []memFn{{s, s.Fn.(event.MemFunc)}})
		p.putMem(site, x.addr, value)
	}
	p.leave(g)
}

func (p *pass) putMem(site vcpu.MemSite, a, value ir.Ref) {
	p.called = p.called || site.Ring == nil
	p.out = append(p.out, ir.Insn{Op: ir.ProbeMem, A: a, B: value, C: ir.None, D: ir.None, Imm: uint64(len(p.tb.MemSites))})
	p.tb.MemSites = append(p.tb.MemSites, site)
}

type memFn struct {
	sub *event.Sub
	fn  event.MemFunc
}

func fireMem(bus *event.Bus, fs []memFn) func(c *vcpu.CPU, m *vcpu.MemAccess) bool {
	return func(c *vcpu.CPU, m *vcpu.MemAccess) bool {
		pc := begin(c)
		for i := range fs {
			f := &fs[i]
			switch {
			case !f.sub.Active() || f.sub.Filter.Addr != nil && !f.sub.Filter.MatchMem(m.Addr, m.Size):
			case f.fn == nil:
				*f.sub.Counter++
			default:
				bus.CallMem(f.sub, f.fn, c, m)
			}
		}
		return c.Moved || c.PC() != pc // a stop waits until the instruction is done
	}
}
