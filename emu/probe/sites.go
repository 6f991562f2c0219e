package probe

import (
	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// site adds a probe operation for a site.
func (p *pass) site(s vcpu.Site) {
	p.out = append(p.out, ir.Insn{Op: ir.Probe, Imm: uint64(len(p.tb.Sites))})
	if s.Call != nil {
		of := s
		s.Call.Of = &of
	}
	p.tb.Sites = append(p.tb.Sites, s)
}

// callOf is how machine code calls the function of a subscription.
func callOf[F vcpu.Funcs](bus *event.Bus, s *event.Sub, fn F) *vcpu.Call {
	return vcpu.CallOf(event.Follow(bus, s, fn), &s.Served, func(r any) bool { return bus.Contain(s, r) })
}

// count puts counters. They stand after the site of their rank, so that what
// leaves there, and comes back, is counted once.
func (p *pass) count(rank vcpu.SiteRank, subs []*event.Sub, in *event.Insn) {
	if p.fired(rank) {
		return
	}
	for _, s := range subs {
		n := s.Counter
		if n == nil {
			n = s.CounterAt(in)
		}
		p.counter(rank, n)
	}
}

func (p *pass) counter(rank vcpu.SiteRank, n *uint64) {
	i := ir.Insn{Op: ir.Count, Imm: uint64(len(p.tb.Counters)), C: 1}
	if rank == vcpu.RankBlock {
		i.Aux = ir.OfBlock
	}
	p.out = append(p.out, i)
	p.tb.Counters = append(p.tb.Counters, n)
}

// fired reports whether the block runs once, for an instruction whose events of a
// rank have been told: its store met translated code.
func (p *pass) fired(rank vcpu.SiteRank) bool {
	c := p.src.CPU
	return p.tb.Once && p.insn == 0 && c.Skip.On && c.Skip.Counts && c.Skip.Icount == c.Icount() && rank <= c.Skip.Rank
}

// blockSites puts what fires before the block.
func (p *pass) blockSites() {
	if p.quiet(event.BeforeBlockExecInvalidateOpt, event.AfterBlockExec) {
		return
	}
	in := p.describe()
	var subs, counters []*event.Sub
	for _, k := range []event.Kind{event.BeforeBlockExecInvalidateOpt, event.BeforeBlockExec} {
		p.list = p.bus.At(p.list[:0], k, in)
		for _, s := range p.list {
			s.Matches++
			if s.Counts() {
				counters = append(counters, s)
			} else {
				subs = append(subs, s)
			}
		}
	}
	defer p.count(vcpu.RankBlock, counters, in)
	p.put(subs, p.b.PC, func(subs []*event.Sub) vcpu.Site {
		return vcpu.Site{Rank: vcpu.RankBlock, Fire: fireBlock(p.bus, subs, p.tb), Call: p.callBlock(subs)}
	})
	if left := p.bus.At(nil, event.AfterBlockExec, in); len(left) > 0 {
		p.tb.Unchained = true
		p.tb.Left = fireLeft(p.bus, left, p.tb)
	}
}

// put puts a site for some subscriptions. What needs no function stands after it,
// one by one.
func (p *pass) put(subs []*event.Sub, pc uint64, site func(subs []*event.Sub) vcpu.Site) {
	x := about{pc, ir.None, 0}
	var rest, plain []*event.Sub
	for _, s := range subs {
		if p.plain(s, x) {
			plain = append(plain, s)
		} else {
			rest = append(rest, s)
		}
	}
	switch len(rest) {
	case 0:
	case 1:
		g := p.enter(rest[0], x)
		p.site(site(rest))
		p.leave(g)
	default:
		p.site(site(rest))
	}
	for _, s := range plain {
		of := site([]*event.Sub{s})
		if p.fired(of.Rank) {
			continue
		}
		g := p.enter(s, x)
		if s.Counted != nil {
			p.counter(of.Rank, s.Counted)
		} else {
			of.Ring = s.Batch.Ring(g.whole)
			p.site(of)
		}
		p.leave(g)
	}
}

// callBlock is how machine code calls the function before the block, if there
// is one only.
func (p *pass) callBlock(subs []*event.Sub) *vcpu.Call {
	if fn, ok := subs[0].Fn.(event.BlockFunc); ok && len(subs) == 1 {
		return callOf(p.bus, subs[0], fn).Block(p.tb)
	}
	return nil
}

// quiet reports whether no subscription of the kinds from first to last can
// concern the current instruction, without looking at it.
func (p *pass) quiet(first, last event.Kind) bool {
	pc := guest.Addr(p.b.Marks[p.insn].PC)
	for k := first; k <= last; k++ {
		if p.bus.May(k, pc) {
			return false
		}
	}
	return true
}

// fireLeft makes what fires when a block was left.
func fireLeft(bus *event.Bus, subs []*event.Sub, tb *vcpu.TB) func(c *vcpu.CPU, next *vcpu.TB) {
	for _, s := range subs {
		s.Matches++
	}
	e := &event.Env{PC: tb.PC, TB: tb}
	return func(c *vcpu.CPU, next *vcpu.TB) {
		e.CPU, e.Next = c, next
		for _, s := range subs {
			switch {
			case !s.Active():
			case s.Counter != nil:
				*s.Counter++
			default:
				bus.Tell(s, e)
			}
		}
	}
}

// begin notes what leaves compares with.
func begin(c *vcpu.CPU) guest.Addr {
	c.Moved = false
	return c.PC()
}

// leaves reports whether callbacks sent the guest elsewhere or want to stop it.
func leaves(c *vcpu.CPU, pc guest.Addr) bool { return c.Moved || c.PC() != pc || c.StopAsked() }

func fireBlock(bus *event.Bus, subs []*event.Sub, tb *vcpu.TB) func(c *vcpu.CPU) bool {
	return func(c *vcpu.CPU) bool {
		pc := begin(c)
		for _, s := range subs {
			if !s.Active() {
				continue
			}
			if fn, ok := s.Fn.(event.BlockFunc); ok {
				bus.CallBlock(s, fn, c, tb)
			} else if bus.Tell(s, &event.Env{CPU: c, PC: tb.PC, TB: tb}) && !tb.Renewed {
				tb.Dead = true
			}
		}
		return leaves(c, pc) || tb.Dead
	}
}

// insnSites puts what fires before the current instruction and notes what
// fires after it and at its accesses.
func (p *pass) insnSites() {
	p.after, p.afterCounters, p.mem, p.called = nil, nil, false, false
	if p.quiet(event.InsnTranslate, event.VirtMemAfterWrite) {
		return
	}
	in := p.describe()
	asked := p.ask(in)
	before, counters := p.choose(event.InsnExec, in, asked)
	for _, s := range before {
		if s.Awaits != nil && p.insn == 0 {
			p.tb.Awaits = append(p.tb.Awaits, s.Awaits)
		}
	}
	p.put(before, uint64(in.PC), func(subs []*event.Sub) vcpu.Site {
		return vcpu.Site{Rank: vcpu.RankInsn, Insn: p.insn, Fire: p.firePC(subs, in.PC), Call: p.callPC(subs, in.PC)}
	})
	p.count(vcpu.RankInsn, counters, in)
	p.after, p.afterCounters = p.choose(event.AfterInsnExec, in, asked)
	p.in = in
	if p.src.NoMemory {
		return
	}
	for n := range p.memory {
		p.memory[n] = p.bus.At(p.memory[n][:0:0], event.VirtMemBeforeRead+event.Kind(n), in)
		p.mem = p.mem || len(p.memory[n]) > 0
	}
}

// callPC is how machine code calls the function of an instruction, if there is one
// only.
func (p *pass) callPC(subs []*event.Sub, pc guest.Addr) *vcpu.Call {
	if len(subs) != 1 {
		return nil
	}
	l := callOf(p.bus, subs[0], subs[0].Fn.(event.PCFunc))
	l.Arg = uintptr(pc)
	return l
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
			yes = p.bus.Tell(s, &event.Env{CPU: p.src.CPU, PC: in.PC})
		}
		if yes {
			s.Matches++
		}
		asked[s.Owner] = asked[s.Owner] || yes
	}
	return asked
}

// choose lists the callbacks and the counters of a kind for an instruction. A
// subscription without a filter follows the answer of its
// owner's insn_translate, if the owner has one.
func (p *pass) choose(k event.Kind, in *event.Insn, asked map[*event.Owner]bool) (subs, counters []*event.Sub) {
	p.list = p.bus.At(p.list[:0], k, in)
	for _, s := range p.list {
		if answer, has := asked[s.Owner]; has && !answer && !s.Filter.ChoosesInsn() {
			continue
		}
		s.Matches++
		if s.Counts() {
			counters = append(counters, s)
			continue
		}
		subs = append(subs, s)
	}
	return subs, counters
}

// firePC makes a site's Fire. Most sites have one callback, which gets a
// function of its own.
func (p *pass) firePC(subs []*event.Sub, pc guest.Addr) func(c *vcpu.CPU) bool {
	bus, reg := p.bus, p.src.CPU.Machine.Arch.PC%ir.FrameWords // a constant of the block
	if len(subs) == 1 {
		sub, fn := subs[0], subs[0].Fn.(event.PCFunc)
		return func(c *vcpu.CPU) bool {
			before := c.W[reg]
			c.Moved = false
			if sub.Active() {
				bus.CallPC(sub, fn, c, pc)
			}
			return c.Moved || c.W[reg] != before || c.StopAsked()
		}
	}
	return func(c *vcpu.CPU) bool {
		before := begin(c)
		for _, s := range subs {
			if s.Active() {
				bus.CallPC(s, s.Fn.(event.PCFunc), c, pc)
			}
		}
		return leaves(c, before)
	}
}

// flushAfter puts what fires after the instruction that ends here. A memory
// callback that asked to stop, or to leave the block, is served here, since the
// instruction could not be left half done.
func (p *pass) flushAfter(next int) {
	switch {
	case len(p.after) > 0:
		p.site(vcpu.Site{Rank: vcpu.RankAfter, Insn: next, Fire: p.firePC(p.after, p.in.PC), Call: p.callPC(p.after, p.in.PC)})
	case p.called:
		p.site(vcpu.Site{Rank: vcpu.RankAfter, Insn: next, Fire: (*vcpu.CPU).StopAsked, Stop: true})
	}
	if len(p.afterCounters) > 0 {
		p.count(vcpu.RankAfter, p.afterCounters, p.in)
	}
	p.after, p.afterCounters, p.called = nil, nil, false
}

// leaveSites puts what fires after the last instruction on one of the ways out
// of the block. Ways out that did not complete the instruction have none.
func (p *pass) leaveSites(i *ir.Insn) {
	if len(p.after)+len(p.afterCounters) == 0 {
		return
	}
	pc := p.src.CPU.Machine.Arch.PC
	to := ir.Insn{Op: ir.Mov, Type: ir.I64, D: pc, A: ir.None, B: ir.Const, C: ir.None, Imm: i.Imm}
	switch {
	case i.Op == ir.GotoPtr:
		to.B = i.A
	case i.Op == ir.ExitTB && (ir.Exit(i.Aux) == ir.ExitUndefined || ir.Exit(i.Aux) == ir.ExitRaise):
		return
	case i.Op == ir.ExitTB && ir.Exit(i.Aux) == ir.ExitEnd && i.Imm == p.b.Marks[p.insn].PC:
		return // a string instruction that goes on: branches have a chain slot, or a pointer
	}
	p.count(vcpu.RankAfter, p.afterCounters, p.in)
	if len(p.after) == 0 {
		return
	}
	p.out = append(p.out, to)
	s := vcpu.Site{Rank: vcpu.RankAfter, Insn: len(p.b.Marks), Fire: p.firePC(p.after, p.in.PC)}
	if i.Op == ir.ExitTB && ir.Exit(i.Aux) != ir.ExitEnd {
		s.Ends, s.Fire = true, moves(s.Fire, pc)
	}
	p.site(s)
}

// moves has a site leave the block only where a callback sent the guest elsewhere: pc is
// the register.
func moves(fire func(c *vcpu.CPU) bool, pc ir.Ref) func(c *vcpu.CPU) bool {
	return func(c *vcpu.CPU) bool {
		before := c.W[pc%ir.FrameWords]
		fire(c)
		return c.Moved || c.W[pc%ir.FrameWords] != before
	}
}
