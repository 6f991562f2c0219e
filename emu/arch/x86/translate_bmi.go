package x86

import (
	"math/bits"

	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// The tables of BMI1, BMI2 and ADX. Their operands have 4 or 8 bytes, and those
// in VEX form a destination of its own. lzcnt and tzcnt are in bitTable.
var (
	bmi1Table = map[string]trFunc{
		"andn": trAndn, "bextr": trBextr,
		"blsr":   lowestBit(ir.And, false, ir.Eq),
		"blsmsk": lowestBit(ir.Xor, false, ir.Eq),
		"blsi":   lowestBit(ir.And, true, ir.Ne),
	}
	bmi2Table = map[string]trFunc{
		"bzhi": trBzhi, "pext": bitHelper(hPext), "pdep": bitHelper(hPdep), "mulx": trMulx,
		"shlx": shiftX(ir.Shl), "shrx": shiftX(ir.Shr), "sarx": shiftX(ir.Sar), "rorx": shiftX(ir.Rotr),
	}
	adxTable = map[string]trFunc{"adcx": addCarry(0), "adox": addCarry(11)}
)

func trAndn(t *translator) {
	d := t.arg(0)
	v := t.word(t.arg(2))
	r := t.b.Op2(ir.AndNot, opType(d.Size), v, t.get(t.arg(1)))
	t.put(d, r)
	t.setResult(regs.CCLogic, d.Size, r)
}

// lowestBit combines x with x - 1, or with -x; CF is x compared so with 0.
func lowestBit(op ir.Op, negate bool, cf ir.Cond) trFunc {
	return func(t *translator) {
		d := t.arg(0)
		typ := opType(d.Size)
		x := t.word(t.arg(1))
		var y ir.Ref
		if negate {
			y = t.b.Op1(ir.Neg, typ, x)
		} else {
			y = t.b.Op2(ir.Sub, typ, x, ir.K(1))
		}
		c := t.b.SetCond(cf, typ, x, ir.K(0))
		r := t.b.Op2(op, typ, x, ir.W(y))
		t.put(d, r)
		t.setCC(regs.CCCarry, d.Size, ir.W(r), ir.W(c))
	}
}

// trBextr takes the number of bits that byte 1 of the last operand says, from
// the place that byte 0 says.
func trBextr(t *translator) {
	d, by := t.arg(0), ir.Ref(t.arg(2).Reg)
	v := t.b.Word(t.extended(ir.ZExt, d.Size, t.get(t.arg(1))))
	start, n := t.b.Temp(), t.b.Temp()
	t.b.ExtractTo(start, by, 0, 8)
	t.b.ExtractTo(n, by, 8, 8)
	x := t.b.Op2(ir.Shr, ir.I64, v, ir.W(start))
	in := t.b.SetCond(ir.LtU, ir.I64, start, ir.K(64))
	t.b.SelectTo(x, ir.I64, in, x, t.b.Word(ir.K(0)))
	r := t.lowBits(x, n, t.b.SetCond(ir.GtU, ir.I64, n, ir.K(63)))
	t.put(d, r)
	t.setResult(regs.CCLogic, d.Size, r)
}

// lowBits are the low n bits of v, or v if all is not 0.
func (t *translator) lowBits(v, n, all ir.Ref) ir.Ref {
	r := t.b.Op2(ir.Shl, ir.I64, t.b.Word(ir.K(^uint64(0))), ir.W(n))
	t.b.Op2To(r, ir.AndNot, ir.I64, v, ir.W(r))
	t.b.SelectTo(r, ir.I64, all, v, r)
	return r
}

// trBzhi clears the bits from the place on that the last operand's low byte says.
func trBzhi(t *translator) {
	d := t.arg(0)
	v := t.word(t.arg(1))
	n := t.b.Ext(ir.ZExt, ir.I64, ir.I8, ir.Ref(t.arg(2).Reg))
	c := t.b.SetCond(ir.GtU, ir.I64, n, ir.K(8*uint64(d.Size)-1))
	r := t.lowBits(v, n, c)
	t.put(d, r)
	t.setCC(regs.CCCarry, d.Size, ir.W(r), ir.W(c))
}

// bitHelper computes d from the second source and the mask that is the third
// operand.
func bitHelper(h *ir.Helper) trFunc {
	return func(t *translator) {
		d := t.arg(0)
		mask := t.b.Word(t.extended(ir.ZExt, d.Size, t.get(t.arg(2))))
		r := t.b.Call(h, ir.Ref(t.arg(1).Reg), mask)
		t.put(d, r)
	}
}

var hPext = &ir.Helper{
	Name: "pext", Pure: true,
	Fn: func(_ *vcpu.CPU, v, mask, _ uint64) (r uint64) {
		for n := 0; mask != 0; n++ {
			r |= v >> bits.TrailingZeros64(mask) & 1 << n
			mask &= mask - 1
		}
		return r
	},
}

var hPdep = &ir.Helper{
	Name: "pdep", Pure: true,
	Fn: func(_ *vcpu.CPU, v, mask, _ uint64) (r uint64) {
		for ; mask != 0; v >>= 1 {
			r |= mask & -mask & -(v & 1)
			mask &= mask - 1
		}
		return r
	},
}

// trMulx leaves the flags. The high half wins if both go to one register.
func trMulx(t *translator) {
	hi, lo := t.arg(0), t.arg(1)
	v := t.word(t.arg(2))
	h, l := t.b.Temp(), t.b.Temp()
	if hi.Size == 8 {
		t.b.Op2To(h, ir.MulHU, ir.I64, regs.RDX, ir.W(v))
		t.b.Op2To(l, ir.Mul, ir.I64, regs.RDX, ir.W(v))
	} else {
		x := t.extended(ir.ZExt, 4, ir.W(regs.RDX))
		t.b.Op2To(l, ir.Mul, ir.I64, x.R, t.extended(ir.ZExt, 4, ir.W(v)))
		t.b.Op2To(h, ir.Shr, ir.I64, l, ir.K(32))
	}
	t.put(lo, l)
	t.put(hi, h)
}

// shiftX shifts and leaves the flags; the count is taken modulo the width.
func shiftX(op ir.Op) trFunc {
	return func(t *translator) {
		d := t.arg(0)
		v := t.word(t.arg(1))
		n := t.get(t.arg(2))
		n.K &= countMask(d.Size)
		t.b.Op2To(ir.Ref(d.Reg), op, opType(d.Size), v, n)
	}
}

// addCarry adds with the flag at a bit of RFLAGS as carry, and changes only that.
func addCarry(bit uint8) trFunc {
	return func(t *translator) {
		d, s := t.arg(0), t.arg(1)
		typ := opType(d.Size)
		f := t.editFlags()
		v := t.word(s)
		c := t.b.Temp()
		t.b.ExtractTo(c, f, bit, 1)
		sum := t.b.Op2(ir.Add, typ, ir.Ref(d.Reg), ir.W(v))
		out := t.b.SetCond(ir.LtU, typ, sum, ir.W(v))
		r := t.b.Op2(ir.Add, typ, sum, ir.W(c))
		again := t.b.SetCond(ir.LtU, typ, r, ir.W(sum))
		t.b.Op2To(out, ir.Or, ir.I64, out, ir.W(again))
		t.put(d, r)
		t.b.DepositTo(f, f, ir.W(out), bit, 1)
		t.setFlags(f)
	}
}
