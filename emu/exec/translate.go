package exec

import (
	"fmt"

	"panda/emu/guest"
	"panda/emu/opt"
	"panda/emu/probe"
	"panda/emu/vcpu"
)

// translate makes the block at the pc of at most max instructions and, if asked,
// keeps it.
func (e *Engine) translate(c *vcpu.CPU, max int, keep bool) (*vcpu.TB, *guest.MemFault) {
	e.translating = true
	defer func() { e.translating = false }()
	pc := c.PC()
	at := e.codeAt(pc)
	e.fireTranslate(pc)
	n, fault := c.Space.Fetch(at, e.code[:shortBytes])
	if n == 0 {
		return nil, fault
	}
	share := keep && e.memo.on && !e.generic[pc] && !e.cache.changing(at)
	longer := e.extend(keep)
	if longer {
		max *= 4
	}
	var known *memory
	if share && !longer {
		known = e.memo.byPC.find(pc)
	}
	if n == shortBytes && (longer || known.longest()+beyond > n) {
		n, _ = c.Space.Fetch(at, e.code)
	}
	if known != nil {
		if tb := e.share(c, known, e.code[:n]); tb != nil {
			return tb, nil
		}
	}
	e.b.PerAccess = probe.PerAccess(e.bus)
	e.b.Reset(uint64(pc), e.cpu.Machine.Arch.TempBase)
	size, _ := e.guest.Translate(&e.b, e.code[:n], pc, e.mode, max)
	if n == shortBytes && size+beyond > n {
		n, _ = c.Space.Fetch(at, e.code)
		e.b.Reset(uint64(pc), e.cpu.Machine.Arch.TempBase)
		size, _ = e.guest.Translate(&e.b, e.code[:n], pc, e.mode, max)
	}
	if size == 0 { // the first instruction reaches into what cannot be fetched
		if fault == nil {
			fault = &guest.MemFault{Addr: at + guest.Addr(n), Access: guest.Exec}
		}
		return nil, fault
	}
	checked := e.cache.checked(at, size)
	if checked {
		size, e.sides = e.translateChanging(e.code[:n], pc, size, max), 0
	}
	tb := e.tbs.one()
	*tb = vcpu.TB{PC: pc, Code: at, Size: size, ASID: c.Space.ASID, Mode: e.mode, Marks: e.marks.copy(e.b.Marks), Limit: c.Limit, Exact: e.exact, Checked: checked, Soft: c.Space.Soft != nil, Generic: e.generic[pc], Step: e.b.Step}
	tb.Last = guest.Addr(tb.Marks[len(tb.Marks)-1].PC)
	if e.sides > 0 {
		tb.Side = make([]vcpu.Side, e.sides)
	}
	tb.Renewed, e.renewed = e.renewed && e.renew == pc, false
	if longer {
		tb.Heat = hotAfter
	}
	tb.Once = !keep
	e.finish(tb, e.code[:n])
	e.Stats.Blocks++
	e.Stats.Insns += uint64(len(tb.Marks))
	if keep {
		e.made.all++
		e.cache.add(tb)
	}
	if share {
		e.memo.add(tb, e.code[:n])
	}
	e.fireTranslated(tb)
	return tb, nil
}

// finish instruments, optimises and compiles the block in e.b.
func (e *Engine) finish(tb *vcpu.TB, code []byte) {
	e.show(tb, "translated")
	if probe.Watched(e.bus) {
		probe.Instrument(e.bus, &e.b.Block, tb, e.source(code))
		e.show(tb, "instrumented")
	}
	opt.Run(&e.b.Block, e.cpu.Machine.Arch.TempBase)
	e.show(tb, "optimised")
	tb.Unchained = tb.Unchained || e.noChain || tb.Once || tb.Step
	var err error
	if tb.Once {
		err = e.once.Compile(&e.b.Block, tb)
	} else {
		err = e.backend.Compile(&e.b.Block, tb)
	}
	if err != nil {
		panic(fmt.Sprintf("BUG: block at %#x: %v", uint64(tb.PC), err))
	}
	e.show(tb, "compiled")
}

func (e *Engine) show(tb *vcpu.TB, stage string) {
	if e.OnTranslate != nil {
		e.OnTranslate(tb, &e.b.Block, stage)
	}
}

// source is what filters look at.
func (e *Engine) source(code []byte) *probe.Source {
	return &probe.Source{
		CPU: e.cpu, Code: code, NoMemory: e.noMemory, Mnemonic: func(code []byte) string { return e.guest.Mnemonic(code, e.mode) },
	}
}

// Pretranslate translates the block at pc without running it and says how many
// bytes and instructions it has; 0 bytes when there is no code.
func (e *Engine) Pretranslate(pc guest.Addr) (size, insns int) {
	at := &e.cpu.W[e.cpu.Machine.Arch.PC]
	defer func(old uint64) { *at = old }(*at)
	*at = uint64(pc)
	tb, fault := e.translate(e.cpu, maxInsns, true)
	if fault != nil {
		return 0, 0
	}
	return tb.Size, len(tb.Marks)
}
