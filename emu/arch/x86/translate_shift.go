package x86

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
)

// shiftTable holds shifts and rotates.
var shiftTable = map[string]trFunc{
	"shl": shift(ir.Shl), "shr": shift(ir.Shr), "sar": shift(ir.Sar),
	"rol": rotate(ir.Rotl), "ror": rotate(ir.Rotr),
	"rcl": rotateCarry(hRcl), "rcr": rotateCarry(hRcr),
	"shld": doubleShift(true), "shrd": doubleShift(false),
}

// countMask is the number of count bits the CPU looks at.
func countMask(size uint8) uint64 {
	if size == 8 {
		return 63
	}
	return 31
}

// count is the masked count in operand i.
func (t *translator) count(i int, size uint8) ir.Val {
	c := t.get(t.arg(i))
	if c.IsConst() {
		return ir.K(c.K & countMask(size))
	}
	return ir.W(t.b.Op2(ir.And, ir.I32, c.R, ir.K(countMask(size))))
}

// countedFlags sets the flags to a form with a result and the value one step
// before it, unless the count is 0. The form after it is known only if the count
// is.
func (t *translator) countedFlags(form regs.CC, c ir.Val, r, before ir.Ref) {
	if c.IsConst() {
		if c.K != 0 {
			t.b.MovTo(regs.CCSrc, ir.I64, ir.W(before))
			t.b.MovTo(regs.CCDst, ir.I64, ir.W(r))
			t.cc = form
		}
		return
	}
	t.sync()
	t.b.SelectTo(regs.CCOp, ir.I64, c.R, t.b.Word(ir.K(uint64(form))), regs.CCOp)
	t.b.SelectTo(regs.CCDst, ir.I64, c.R, r, regs.CCDst)
	t.b.SelectTo(regs.CCSrc, ir.I64, c.R, before, regs.CCSrc)
	t.loseForm()
}

// less1 is count - 1.
func (t *translator) less1(c ir.Val) ir.Val {
	if c.IsConst() {
		return ir.K(c.K - 1)
	}
	return ir.W(t.b.Op2(ir.Sub, ir.I32, c.R, ir.K(1)))
}

func shift(op ir.Op) trFunc {
	form, ext := regs.CCShr, ir.ZExt
	switch op {
	case ir.Shl:
		form = regs.CCShl
	case ir.Sar:
		ext = ir.SExt
	}
	return func(t *translator) {
		d := t.arg(0)
		typ := ir.I64
		v := t.get(d)
		if d.Size < 4 {
			v = t.extended(ext, d.Size, v)
		} else {
			typ = opType(d.Size)
		}
		c := t.count(1, d.Size)
		before := t.b.Op2(op, typ, v.R, t.less1(c))
		r := t.b.Temp()
		if c.IsConst() {
			r = t.dst(d)
		}
		t.b.Op2To(r, op, typ, v.R, c)
		t.put(d, r)
		t.countedFlags(form.Sized(int(d.Size)), c, r, before)
	}
}

// replicated fills a word of 32 bits with copies of a short value, so that a
// 32-bit rotation rotates each.
func (t *translator) replicated(size uint8, v ir.Val) ir.Ref {
	v = t.extended(ir.ZExt, size, v)
	factor := uint64(0x01010101)
	if size == 2 {
		factor = 0x00010001
	}
	return t.b.Op2(ir.Mul, ir.I32, t.b.Word(v), ir.K(factor))
}

func rotate(op ir.Op) trFunc {
	return func(t *translator) {
		d := t.arg(0)
		var v ir.Ref
		if d.Size < 4 {
			v = t.replicated(d.Size, t.get(d))
		} else {
			v = t.word(d)
		}
		c := t.count(1, d.Size)
		r := t.b.Op2(op, opType(d.Size), v, c)
		t.put(d, r)
		t.rotateFlags(op, c, r, 8*d.Size)
	}
}

// rotateFlags changes CF and OF by the result of a rotation of n bits, unless
// the count is 0.
func (t *translator) rotateFlags(op ir.Op, c ir.Val, r ir.Ref, n uint8) {
	if c.IsConst() && c.K == 0 {
		return
	}
	f := t.flags()
	cf, x := t.b.Temp(), t.b.Temp()
	if op == ir.Rotl {
		t.b.ExtractTo(cf, r, 0, 1)
		t.b.ExtractTo(x, r, n-1, 1)
	} else {
		t.b.ExtractTo(cf, r, n-1, 1)
		t.b.ExtractTo(x, r, n-2, 1)
	}
	t.b.Op2To(x, ir.Xor, ir.I64, x, ir.W(cf))
	t.b.Op2To(x, ir.Shl, ir.I64, x, ir.K(11))
	t.b.Op2To(x, ir.Or, ir.I64, x, ir.W(cf))
	nf := t.b.Op2(ir.And, ir.I64, f, ir.K(regs.Arith&^(regs.CF|regs.OF)))
	t.b.Op2To(nf, ir.Or, ir.I64, nf, ir.W(x))
	if !c.IsConst() {
		t.b.SelectTo(nf, ir.I64, c.R, nf, f)
	}
	t.setFlags(nf)
}

// rotateCarry leaves the rotation through CF to a helper: it gets value, count
// with size, and flags, and leaves the new flags in a scratch word.
func rotateCarry(h *ir.Helper) trFunc {
	return func(t *translator) {
		d := t.arg(0)
		v := t.extended(ir.ZExt, d.Size, t.get(d))
		c := t.b.Word(t.count(1, d.Size))
		how := t.b.Op2(ir.Or, ir.I64, c, ir.K(uint64(d.Size)<<8))
		f := t.flags()
		nf, old := t.b.Temp(), t.b.Temp()
		t.b.MovTo(old, ir.I64, ir.W(regs.CCSrc2))
		r := t.b.Call(h, t.b.Word(v), how, f)
		t.b.MovTo(nf, ir.I64, ir.W(regs.CCSrc2))
		t.b.MovTo(regs.CCSrc2, ir.I64, ir.W(old)) // put may fault: the flags are still those of before
		t.put(d, r)
		t.setFlags(nf)
	}
}

// doubleShift shifts a pair of operands and keeps one.
func doubleShift(left bool) trFunc {
	return func(t *translator) {
		d := t.arg(0)
		v := t.keep(t.get(d), ir.Ref(d.Reg)).R
		s := t.keep(t.get(t.arg(1)), ir.Ref(d.Reg)).R
		c := t.count(2, d.Size)
		var r ir.Ref
		if d.Size == 8 {
			r = t.double64(left, v, s, c)
		} else {
			r = t.doubleShort(left, d.Size, v, s, c)
		}
		t.put(d, r)
		op, form := ir.Shr, regs.CCShr
		if left {
			op, form = ir.Shl, regs.CCShl
		}
		before := t.b.Op2(op, ir.I64, t.b.Word(t.extended(ir.ZExt, d.Size, ir.W(v))), t.less1(c))
		t.countedFlags(form.Sized(int(d.Size)), c, r, before)
	}
}

// double64 shifts v by c and brings in bits of s. The other count is 64-c, done
// as 1 and 63-c so that a count of 0 brings in nothing.
func (t *translator) double64(left bool, v, s ir.Ref, c ir.Val) ir.Ref {
	op, in := ir.Shr, ir.Shl
	if left {
		op, in = ir.Shl, ir.Shr
	}
	other := t.b.Op2(ir.Xor, ir.I64, t.b.Word(c), ir.K(63))
	x := t.b.Op2(in, ir.I64, s, ir.K(1))
	t.b.Op2To(x, in, ir.I64, x, ir.W(other))
	r := t.b.Op2(op, ir.I64, v, c)
	t.b.Op2To(r, ir.Or, ir.I64, r, ir.W(x))
	return r
}

// doubleShort shifts 2 or 4 bytes within a word that holds both operands. For
// 16 bits and counts above 16, which the manual leaves undefined, the
// destination comes in again after the source.
func (t *translator) doubleShort(left bool, size uint8, v, s ir.Ref, c ir.Val) ir.Ref {
	n := 8 * size
	x := t.b.Temp()
	t.b.MovTo(x, ir.I64, ir.K(0))
	if left {
		at := 64 - n
		t.b.DepositTo(x, x, ir.W(v), at, n)
		t.b.DepositTo(x, x, ir.W(s), at-n, n)
		if size == 2 {
			t.b.DepositTo(x, x, ir.W(v), at-2*n, n)
		}
		t.b.Op2To(x, ir.Shl, ir.I64, x, c)
		t.b.ExtractTo(x, x, at, n)
		return x
	}
	t.b.DepositTo(x, x, ir.W(v), 0, n)
	t.b.DepositTo(x, x, ir.W(s), n, n)
	if size == 2 {
		t.b.DepositTo(x, x, ir.W(v), 2*n, n)
	}
	t.b.Op2To(x, ir.Shr, ir.I64, x, c)
	t.b.ExtractTo(x, x, 0, n)
	return x
}
