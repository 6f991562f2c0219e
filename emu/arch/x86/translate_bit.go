package x86

import (
	"math/bits"

	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
)

// bitTable holds bit tests and scans.
var bitTable = map[string]trFunc{
	"bt":  bitOp(func(*translator, ir.Ref, ir.Ref) ir.Ref { return ir.None }),
	"bts": bitOp(func(t *translator, v, m ir.Ref) ir.Ref { return t.b.Op2(ir.Or, ir.I64, v, ir.W(m)) }),
	"btr": bitOp(func(t *translator, v, m ir.Ref) ir.Ref { return t.b.Op2(ir.AndNot, ir.I64, v, ir.W(m)) }),
	"btc": bitOp(func(t *translator, v, m ir.Ref) ir.Ref { return t.b.Op2(ir.Xor, ir.I64, v, ir.W(m)) }),
	"bsf": scan(ir.Ctz), "bsr": scan(ir.Clz),
	"tzcnt": countZeros(ir.Ctz, features{f7b: f7bBMI1}), "lzcnt": countZeros(ir.Clz, features{f8c: f8cLZCNT}),
	"popcnt": trPopcnt,
}

// bitOp copies the bit to CF and lets change make the new value from the old
// and the bit's mask. With a register as index, a memory operand is a string of
// bits: the index is signed and reaches beyond the operand.
func bitOp(change func(t *translator, v, mask ir.Ref) ir.Ref) trFunc {
	return func(t *translator) {
		d, s := t.arg(0), t.arg(1)
		idx := t.get(s)
		width := 8 * uint64(d.Size)
		var at ir.Address
		var v ir.Ref
		if d.Kind == dec.MemArg {
			if at = t.memory(d); !idx.IsConst() {
				at = t.bitAddress(d.Size, idx)
			}
			v = t.b.Ld(ir.IntType(int(d.Size)), at)
		} else {
			v = t.word(d)
		}
		pos := t.b.Op2(ir.And, ir.I64, t.b.Word(idx), ir.K(width-1))
		bit := t.b.Op2(ir.Shr, ir.I64, v, ir.W(pos))
		mask := t.b.Op2(ir.Shl, ir.I64, t.b.Word(ir.K(1)), ir.W(pos))
		if r := change(t, v, mask); r != ir.None {
			if d.Kind == dec.MemArg {
				t.b.St(ir.IntType(int(d.Size)), at, r)
			} else {
				t.put(d, r)
			}
		}
		t.setCF(ir.W(bit))
	}
}

// bitAddress is where the operand of size bytes that holds bit idx lies.
func (t *translator) bitAddress(size uint8, idx ir.Val) ir.Address {
	i := t.extended(ir.SExt, size, idx)
	log := uint64(bits.TrailingZeros8(size))
	n := t.b.Op2(ir.Sar, ir.I64, i.R, ir.K(log+3))
	t.b.Op2To(n, ir.Shl, ir.I64, n, ir.K(log))
	r := t.b.Temp()
	t.b.LeaTo(r, ir.I64, t.effective(&t.in.Mem))
	t.b.Op2To(r, ir.Add, opType(t.in.AddrSize), r, ir.W(n))
	return t.segmented(ir.Ref(t.in.Mem.Seg), t.truncated(ir.Address{Base: r, Index: ir.None}))
}

// scan leaves the destination as it is for a source of 0 and sets ZF by it.
func scan(op ir.Op) trFunc {
	return func(t *translator) {
		d := t.arg(0)
		v := t.b.Word(t.extended(ir.ZExt, d.Size, t.get(t.arg(1))))
		r := t.b.Op1(op, ir.I64, v)
		if op == ir.Clz {
			t.b.Op2To(r, ir.Xor, ir.I64, r, ir.K(63))
		}
		sel := t.b.Temp()
		t.b.SelectTo(sel, ir.I64, v, r, ir.Ref(d.Reg))
		t.b.MovTo(regs.CCDst, ir.I64, ir.W(v))
		t.cc = regs.CCLogic.Sized(8)
		if d.Size < 4 {
			t.put(d, sel)
			return
		}
		t.b.MovTo(ir.Ref(d.Reg), ir.I64, ir.W(sel))
	}
}

// countZeros: CF says the source was 0, ZF that the result is. A CPU without it
// ignores the prefix that tells it from a scan.
func countZeros(op ir.Op, need features) trFunc {
	older := scan(op)
	return func(t *translator) {
		if !t.g.model.includes(&need) {
			older(t)
			return
		}
		d := t.arg(0)
		n := 8 * uint64(d.Size)
		v := t.b.Word(t.extended(ir.ZExt, d.Size, t.get(t.arg(1))))
		x := v
		if op == ir.Ctz && n < 64 { // a bit above the operand stops the count
			x = t.b.Op2(ir.Or, ir.I64, v, ir.K(1<<n))
		}
		r := t.b.Op1(op, ir.I64, x)
		if op == ir.Clz {
			t.b.Op2To(r, ir.Sub, ir.I64, r, ir.K(64-n))
		}
		t.setCC(regs.CCCarry, 8, ir.W(r), ir.W(t.b.SetCond(ir.Eq, ir.I64, v, ir.K(0))))
		t.put(d, r)
	}
}

func trPopcnt(t *translator) {
	d := t.arg(0)
	v := t.b.Word(t.extended(ir.ZExt, d.Size, t.get(t.arg(1))))
	f := t.b.SetCond(ir.Eq, ir.I64, v, ir.K(0))
	t.b.Op2To(f, ir.Shl, ir.I64, f, ir.K(6))
	r := t.b.Op1(ir.Popcnt, ir.I64, v)
	t.put(d, r)
	t.setFlags(f)
}
