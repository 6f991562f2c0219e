package exec

import (
	"fmt"

	"panda/emu/arch"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/opt"
	"panda/emu/probe"
	"panda/emu/vcpu"
)

// maxInsns is the longest block, maxBytes what is fetched for one. Few need more
// than shortBytes, so that more is only fetched for those.
const (
	maxInsns   = 64
	maxBytes   = maxInsns * arch.LongestInsn
	shortBytes = 128
)

// order says which block is to be made at the pc.
type order struct {
	max   int  // instructions
	keep  bool // it is entered in the cache, else it runs once
	exact bool // see vcpu.Form
}

// translation is a block in the making.
type translation struct {
	order
	pc, at guest.Addr // and where its code is
	places [2]guest.PhysAddr
	share  bool // blocks of other address spaces may be made from it, and it from theirs
	longer bool // it is a hot block, which continues after branches to the addresses in way
	way    []guest.Addr
	sides  int    // after how many it does
	code   []byte // what has been fetched
	size   int    // bytes of code that the block has
	check  bool   // it compares them with the memory
}

// workshop is what translations are made with. One is under way at a time.
type workshop struct {
	b     ir.Builder
	code  [maxBytes]byte
	tbs   slab[vcpu.TB]
	marks slab[ir.Mark]
	now   translation
	busy  bool
}

// translate makes the block at the pc that is ordered.
func (e *Engine) translate(c *vcpu.CPU, o order) (*vcpu.TB, *guest.MemFault) {
	e.work.busy = true
	defer func() { e.work.busy = false }()
	pc := c.PC()
	e.fireTranslate(pc)
	t := &e.work.now
	*t = translation{order: o, pc: pc, at: e.codeAt(pc)}
	fault := e.fetch(t, shortBytes)
	if fault != nil {
		return nil, fault
	}
	t.share = t.keep && e.memo.on && !e.generic[pc] && !e.far[pc] && !e.cache.changing(guest.PhysAddr(t.at)) // places are addresses, where memo is on
	e.takeHot(t)
	if tb := e.remembered(t); tb != nil {
		return tb, nil
	}
	if fault := e.write(t); fault != nil {
		return nil, fault
	}
	return e.complete(t), nil
}

// fetch gets up to n bytes of code. A fault says that there is none.
func (e *Engine) fetch(t *translation, n int) (fault *guest.MemFault) {
	if t.code != nil && len(t.code) < shortBytes { // there is no more
		return nil
	}
	n, fault = e.cpu.Space.Fetch(t.at, e.work.code[:n])
	t.code = e.work.code[:n]
	if n == 0 {
		return fault
	}
	return nil
}

// remembered is a block made from what is known of the same code, or nil.
func (e *Engine) remembered(t *translation) *vcpu.TB {
	if !t.share || t.longer {
		return nil
	}
	known := e.memo.byPC.find(t.pc)
	if known == nil {
		return nil
	}
	if known.longest()+beyond > len(t.code) {
		e.fetch(t, maxBytes)
	}
	return e.share(known, t.code)
}

// write has the guest architecture write the block into the builder.
func (e *Engine) write(t *translation) *guest.MemFault {
	if t.longer {
		t.max *= 4
		e.fetch(t, maxBytes)
	}
	e.ask(t)
	if len(t.code) == shortBytes && t.size+beyond > shortBytes {
		e.fetch(t, maxBytes)
		e.ask(t)
	}
	if t.size == 0 { // the first instruction reaches into what cannot be fetched
		end := t.at + guest.Addr(len(t.code))
		if _, fault := e.cpu.Space.Fetch(end, make([]byte, 1)); fault != nil {
			return fault
		}
		return &guest.MemFault{Addr: end, Access: guest.Exec}
	}
	var fault *guest.MemFault
	if t.places, fault = placesOf(e.cpu.Space, t.at, t.size); fault != nil {
		return fault
	}
	if e.cache.checked(t.places) {
		if e.cpu.Space.Check(t.at, uint64(t.size), guest.Read) == nil {
			e.writeChanging(t)
		} else { // as SMAP has it for a user's code: a block cannot compare itself
			t.keep, t.exact, t.share, t.max, t.way = false, true, false, 1, nil
			e.ask(t)
		}
		t.places, fault = placesOf(e.cpu.Space, t.at, t.size)
	}
	return fault
}

// ask asks the architecture for the block.
func (e *Engine) ask(t *translation) {
	b := &e.work.b
	b.PerAccess = probe.PerAccess(e.bus)
	b.Extend, t.sides = nil, 0
	if t.longer {
		b.Extend = t.extend
	}
	b.Reset(uint64(t.pc), e.cpu.Machine.Arch.TempBase)
	t.size, _ = e.guest.Translate(b, t.code, t.pc, e.mode, t.max)
}

// complete makes the block of what the builder holds.
func (e *Engine) complete(t *translation) *vcpu.TB {
	tb := e.work.tbs.one()
	e.describe(t, tb)
	e.finish(tb, t.code)
	e.Stats.Blocks++
	e.Stats.Insns += uint64(len(tb.Marks))
	if t.keep {
		e.made.all++
		e.cache.add(tb)
	}
	if t.share {
		e.memo.add(tb, t.code)
	}
	e.fireTranslated(tb)
	return tb
}

// describe fills in the record of the block that the builder holds, which is 0.
func (e *Engine) describe(t *translation, tb *vcpu.TB) {
	c, b := e.cpu, &e.work.b
	tb.PC, tb.Code, tb.Places, tb.Size = t.pc, t.at, t.places, t.size
	tb.ASID, tb.Mode, tb.Marks, tb.Step = c.ASID(), e.mode, e.work.marks.copy(b.Marks), b.Step
	tb.Form = vcpu.Form{Limit: c.Limit, Soft: c.Soft != nil, Exact: t.exact, Generic: e.generic[t.pc], Far: e.far[t.pc], Once: !t.keep}
	tb.Checked, tb.Renewed = t.check, e.renew.take(t.pc)
	tb.Last = guest.Addr(tb.Marks[len(tb.Marks)-1].PC)
	if t.sides > 0 {
		tb.Side = make([]vcpu.Side, t.sides)
	}
	if t.longer {
		tb.Heat = hotAfter
	}
}

// finish instruments, optimises and compiles the block in the builder.
func (e *Engine) finish(tb *vcpu.TB, code []byte) {
	b := &e.work.b.Block
	e.show(tb, "translated")
	if probe.Watched(e.bus) {
		probe.Instrument(e.bus, b, tb, e.source(code))
		e.show(tb, "instrumented")
	}
	opt.Run(b, e.cpu.Machine.Arch.TempBase)
	e.show(tb, "optimised")
	tb.Unchained = tb.Unchained || e.switches.noChain || tb.Once || tb.Step
	compile := e.backend.Compile
	if tb.Once {
		compile = e.once.Compile
	}
	if err := compile(b, tb); err != nil {
		panic(fmt.Sprintf("BUG: block at %#x: %v", uint64(tb.PC), err))
	}
	e.show(tb, "compiled")
}

func (e *Engine) show(tb *vcpu.TB, stage string) {
	if e.OnTranslate != nil {
		e.OnTranslate(tb, &e.work.b.Block, stage)
	}
}

// source is what filters look at.
func (e *Engine) source(code []byte) *probe.Source {
	return &probe.Source{
		CPU: e.cpu, Code: code, NoMemory: e.switches.noMemory, Mnemonic: func(code []byte) string { return e.guest.Mnemonic(code, e.mode) },
	}
}

// Pretranslate translates the block at pc without running it and says how many
// bytes and instructions it has; 0 bytes when there is no code.
func (e *Engine) Pretranslate(pc guest.Addr) (size, insns int) {
	at := &e.cpu.W[e.cpu.Machine.Arch.PC]
	defer func(old uint64) { *at = old }(*at)
	*at = uint64(pc)
	tb, fault := e.translate(e.cpu, order{max: maxInsns, keep: true})
	if fault != nil {
		return 0, 0
	}
	return tb.Size, len(tb.Marks)
}

// Busy reports whether a translation is under way, within which nothing can run.
func (e *Engine) Busy() bool { return e.work.busy }
