package x86

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
)

// mulTable holds multiplication and division.
var mulTable = map[string]trFunc{"mul": trMul, "imul": trImul, "div": divide(hDiv, divideU), "idiv": divide(hIdiv, divideS)}

func trMul(t *translator) { t.widening(ir.ZExt, ir.MulHU) }

func trImul(t *translator) {
	if t.in.N == 1 {
		t.widening(ir.SExt, ir.MulHS)
		return
	}
	d := t.arg(0)
	x, y := t.get(d), t.get(t.arg(1))
	if t.in.N == 3 {
		x, y = y, t.get(t.arg(2))
	}
	t.setCC(regs.CCImul, d.Size, x, y)
	r := t.dst(d)
	t.b.Op2To(r, ir.Mul, opType(d.Size), t.b.Word(x), y)
	t.put(d, r)
}

// mulFlags sets CF and OF if the high half is not 0, of an unsigned product; the
// other flags are undefined and follow the low half.
func (t *translator) mulFlags(ext ir.Op, size uint8, lo, hi ir.Ref) {
	if ext == ir.ZExt {
		t.setCC(regs.CCMul, size, ir.W(lo), ir.W(hi))
	}
}

// widening multiplies rAX by the operand into rDX:rAX.
func (t *translator) widening(ext, high ir.Op) {
	a := t.arg(0)
	v := t.get(a)
	if ext == ir.SExt {
		t.setCC(regs.CCImul, a.Size, ir.W(regs.RAX), v)
	}
	if a.Size == 8 {
		hi := t.b.Op2(high, ir.I64, regs.RAX, v)
		t.b.Op2To(regs.RAX, ir.Mul, ir.I64, regs.RAX, v)
		t.b.MovTo(regs.RDX, ir.I64, ir.W(hi))
		t.mulFlags(ext, 8, regs.RAX, regs.RDX)
		return
	}
	x := t.extended(ext, a.Size, ir.W(regs.RAX))
	p := t.b.Op2(ir.Mul, ir.I64, x.R, t.extended(ext, a.Size, v))
	hi := t.b.Op2(ir.Shr, ir.I64, p, ir.K(8*uint64(a.Size)))
	if a.Size == 1 {
		t.putReg(uint8(regs.RAX), 2, p)
	} else {
		t.putReg(uint8(regs.RAX), a.Size, p)
		t.putReg(uint8(regs.RDX), a.Size, hi)
	}
	t.mulFlags(ext, a.Size, p, hi)
}

// divide leaves short divisions to a helper that writes rAX and rDX or raises
// #DE. The flags are undefined: CPUs leave or change them; ours stay.
func divide(h *ir.Helper, do func(t *translator, typ ir.Type, v ir.Ref, unusual func())) trFunc {
	return func(t *translator) {
		a := t.arg(0)
		v := t.word(a)
		call := func() { t.b.CallTo(ir.None, h, v, t.b.Word(ir.K(uint64(a.Size)))) }
		if a.Size < 4 {
			call()
			return
		}
		do(t, opType(a.Size), v, call)
	}
}

// divideU divides rDX:rAX. The quotient fits if rDX is below the divisor.
func divideU(t *translator, typ ir.Type, v ir.Ref, overflow func()) {
	fits := t.b.Label()
	t.b.BrCond(fits, ir.LtU, typ, regs.RDX, ir.W(v))
	overflow() // raises #DE
	t.b.Place(fits)
	t.quotient(ir.DivU, ir.RemU, typ, regs.RDX, v)
}

// divideS divides rAX where rDX is no more than its sign, and the divisor is not
// 0 or -1, with which the quotient may not fit.
func divideS(t *translator, typ ir.Type, v ir.Ref, unusual func()) {
	call, done := t.b.Label(), t.b.Label()
	t.b.BrCond(call, ir.LtU, typ, t.b.Op2(ir.Add, typ, v, ir.K(1)), ir.K(2))
	sign := t.b.Op2(ir.Sar, typ, regs.RAX, ir.K(uint64(8*typ.Bytes()-1)))
	t.b.BrCond(call, ir.Ne, typ, sign, ir.W(regs.RDX))
	t.quotient(ir.DivS, ir.RemS, typ, ir.None, v)
	t.b.Br(done)
	t.b.Place(call)
	unusual()
	t.b.Place(done)
}

// quotient puts quotient and remainder where the instructions leave them.
func (t *translator) quotient(div, rem ir.Op, typ ir.Type, hi, v ir.Ref) {
	q, r := t.b.Temp(), t.b.Temp()
	t.b.DivTo(q, div, typ, hi, regs.RAX, v)
	t.b.DivTo(r, rem, typ, hi, regs.RAX, v)
	t.b.MovTo(regs.RAX, ir.I64, ir.W(q))
	t.b.MovTo(regs.RDX, ir.I64, ir.W(r))
}
