package x86

import (
	"math/bits"

	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/arch/x86/system"
	"panda/emu/ir"
)

// portTranslators are those of I/O ports. They end the block, so that chips are asked at an
// exact time, and an interrupt that they raise is taken.
func portTranslators(s *system.CPU) map[string]trFunc {
	in := systemHelper("in", func(port, size, _ uint64) uint64 { return s.In(uint16(port), int(size)) })
	out := systemHelper("out", func(port, size, v uint64) uint64 { s.Out(uint16(port), int(size), v); return 0 })
	may := systemHelper("may_access", func(port, size, _ uint64) uint64 { s.MayAccess(uint16(port), int(size)); return 0 })
	port := func(t *translator, a *dec.Arg) ir.Ref {
		v := t.get(a)
		if v.IsConst() {
			return t.b.Word(ir.K(v.K & 0xff))
		}
		return t.b.Ext(ir.ZExt, ir.I64, ir.I16, v.R)
	}
	size := func(t *translator, n uint8) ir.Ref { return t.b.Word(ir.K(uint64(n))) }
	return map[string]trFunc{
		"in": func(t *translator) {
			d := t.arg(0)
			t.put(d, t.b.Call(in, port(t, t.arg(1)), size(t, d.Size)))
			t.last = true
		},
		"out": func(t *translator) {
			v := t.arg(1)
			t.b.CallTo(ir.None, out, port(t, t.arg(0)), size(t, v.Size), t.word(v))
			t.last = true
		},
		"ins": overPort(func(e *element) {
			t := e.t
			p, n := t.b.Ext(ir.ZExt, ir.I64, ir.I16, regs.RDX), size(t, e.size)
			t.b.CallTo(ir.None, may, p, n)
			a := e.destination()
			at := t.b.Temp()
			t.b.LeaTo(at, ir.I64, a)
			t.checkArea(a, uint64(e.size), uint64(e.size), true)
			t.b.CallTo(ir.None, hTouch, at, n)
			e.store(t.b.Call(in, p, n))
			e.step(regs.RDI)
		}),
		"outs": overPort(func(e *element) {
			t := e.t
			p, n := t.b.Ext(ir.ZExt, ir.I64, ir.I16, regs.RDX), size(t, e.size)
			t.b.CallTo(ir.None, may, p, n)
			t.b.CallTo(ir.None, out, p, n, e.load(e.source()))
			e.step(regs.RSI)
		}),
	}
}

// overPort is a string instruction with a port. Each element of a repetition is an
// instruction of its own, after which the block is entered again.
func overPort(do func(e *element)) trFunc {
	return func(t *translator) {
		e := &element{t: t, size: t.in.ElemSize()}
		e.move = t.b.Op2(ir.Shl, ir.I64, regs.DF, ir.K(uint64(bits.TrailingZeros8(e.size))))
		if t.in.Prefix&(dec.RepE|dec.RepNE) == 0 {
			do(e)
			t.last = true
			return
		}
		t.sync()
		end := t.b.Label()
		t.b.BrCond(end, ir.Eq, ir.I64, t.counter(), ir.K(0))
		do(e)
		t.advance(regs.RCX, ir.K(^uint64(0)))
		t.b.Place(end)
		t.branch(test{ir.Ne, ir.I64, t.counter(), ir.K(0)}, t.pc)
	}
}
