package probe

import (
	"slices"

	"panda/emu/event"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// access puts a load or store and what fires around it. The address is computed
// first, so that the probes see the one that the access uses.
func (p *pass) access(i *ir.Insn) {
	write := i.Op == ir.St
	before, after := p.memory[0], p.memory[1]
	if write {
		before, after = p.memory[2], p.memory[3]
	}
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
		if len(after) > 0 && i.D < p.src.CPU.Machine.Arch.TempBase {
			value = p.temps(i) // callbacks see the register as it is before the instruction
			acc.D = value
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
		p.move(i.D, acc.D, i)
	}
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

func (p *pass) memSite(subs []*event.Sub, a, value ir.Ref, i *ir.Insn, before, write bool) {
	size := i.Type.Bytes()
	var fs []memFn
	for _, s := range subs {
		if s.Filter.Size != 0 && s.Filter.Size != size {
			continue
		}
		s.Matches++
		f := memFn{sub: s}
		if s.Counter == nil {
			f.fn = s.Fn.(event.MemFunc)
		}
		fs = append(fs, f)
	}
	if len(fs) == 0 {
		return
	}
	var ring *vcpu.Ring
	if len(fs) == 1 {
		ring = fs[0].sub.Batch.Ring()
	}
	p.called = p.called || ring == nil && slices.ContainsFunc(fs, func(f memFn) bool { return f.fn != nil })
	p.out = append(p.out, ir.Insn{Op: ir.ProbeMem, A: a, B: value, C: ir.None, D: ir.None, Imm: uint64(len(p.tb.MemSites))})
	p.tb.MemSites = append(p.tb.MemSites, vcpu.MemSite{
		Insn: p.insn, Size: size, Before: before, Write: write, Fire: fireMem(p.bus, fs), Ring: ring, Call: p.callMem(fs),
	})
}

// callMem is how machine code calls the only function of an access.
func (p *pass) callMem(fs []memFn) *vcpu.Call {
	if s := fs[0].sub; len(fs) == 1 && fs[0].fn != nil && s.Filter.Addr == nil {
		return callOf(p.bus, s, fs[0].fn).Access(p.src.CPU)
	}
	return nil
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
