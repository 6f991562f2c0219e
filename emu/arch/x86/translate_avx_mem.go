package x86

import (
	"math/bits"

	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

// Moves that touch only the elements whose mask has its top bit set. The others
// must not fault, so each element is an access of its own.

// laneType is the type of a lane as a memory operand.
func laneType(lane uint8) ir.Type { return ir.IntType(1 << lane) }

// laneAt is the word of a vector that holds lane n, and the lane's first bit.
func laneAt(x ir.Ref, lane uint8, n int) (ir.Ref, uint8) {
	bit := n << (3 + lane)
	return x + ir.Ref(bit/64), uint8(bit % 64)
}

// skipUnmasked starts what is done only if lane n of the mask is set; its end is
// the label.
func (t *translator) skipUnmasked(mask ir.Ref, lane uint8, n int) (end int) {
	end = t.b.Label()
	w, bit := laneAt(mask, lane, n)
	t.b.BrCond(end, ir.TestEq, ir.I64, w, ir.K(1<<(bit+8<<lane-1)))
	return end
}

// putLane replaces a lane.
func (t *translator) putLane(x ir.Ref, lane uint8, n int, v ir.Val) {
	w, bit := laneAt(x, lane, n)
	if lane == lane64 {
		t.b.MovTo(w, ir.I64, v)
		return
	}
	t.b.DepositTo(w, w, v, bit, 8<<lane)
}

// maskMove loads lanes, or zeros, into a register, or stores lanes.
func maskMove(lane uint8) trFunc {
	return unaligned(func(t *translator) {
		a, at := t.b.Temp(), t.address(&t.in.Mem)
		t.b.LeaTo(a, ir.I64, at)
		if t.arg(0).Kind == dec.MemArg {
			t.checkLanes(at, lane)
			t.maskStore(a, lane)
		} else {
			t.maskLoad(a, lane)
		}
	})
}

// checkLanes checks the segment of a store for all its lanes.
func (t *translator) checkLanes(at ir.Address, lane uint8) {
	v := t.viaOf(at.Base)
	if v == nil {
		return
	}
	for n := range vecType(t.arg(2)).Bytes() >> lane {
		end := t.skipUnmasked(vecReg(t.arg(1)), lane, n)
		t.checkSegment(v, at.Disp+uint64(n<<lane), 1<<lane, true)
		t.b.Place(end)
	}
}

// maskLoad sets the register when all is loaded.
func (t *translator) maskLoad(a ir.Ref, lane uint8) {
	d, mask := t.arg(0), vecReg(t.arg(1))
	typ := vecType(d)
	r := t.b.TempWords(typ.Words())
	t.b.VecTo(r, ir.VZero, typ, 0, ir.None, ir.None, ir.None, 0)
	for n := range typ.Bytes() >> lane {
		end := t.skipUnmasked(mask, lane, n)
		v := t.b.Ld(laneType(lane), ir.Address{Base: a, Index: ir.None, Disp: uint64(n << lane)})
		t.putLane(r, lane, n, ir.W(v))
		t.b.Place(end)
	}
	t.vmov(typ, vecReg(d), r)
	t.wrote(d)
}

// maskStore tries all elements first: a fault must find none of them stored.
func (t *translator) maskStore(a ir.Ref, lane uint8) {
	mask, s := vecReg(t.arg(1)), t.arg(2)
	typ := vecType(s)
	set := t.b.Temp()
	t.b.VecTo(set, ir.VMoveMask, typ, lane, mask, ir.None, ir.None, 0)
	t.b.CallTo(ir.None, hTryLanes, a, set, t.b.Word(ir.K(1<<lane)))
	for n := range typ.Bytes() >> lane {
		end := t.skipUnmasked(mask, lane, n)
		w, bit := laneAt(vecReg(s), lane, n)
		v := t.b.Temp()
		t.b.ExtractTo(v, w, bit, 8<<lane)
		t.b.St(laneType(lane), ir.Address{Base: a, Index: ir.None, Disp: uint64(n << lane)}, v)
		t.b.Place(end)
	}
}

// hTryLanes faults if an element of n bytes from a on whose bit is set cannot be
// written. CPUs name the first byte that they would write or, when it is the
// second of two pages that forbids it, the last.
var hTryLanes = &ir.Helper{
	Name: "try_lanes", MayFault: true, Reads: all,
	Fn: func(c *vcpu.CPU, a, set, n uint64) uint64 {
		if set == 0 {
			return 0
		}
		first, last := a+n*uint64(bits.TrailingZeros64(set)), a+n*uint64(bits.Len64(set))-1
		c.Touch(first, 1)
		if first/mmu.PageSize != last/mmu.PageSize {
			c.Touch(last, 1)
		}
		return 0
	},
}

// gather loads elements from addresses with a vector as index. First each mask
// becomes ones or zeros; an element that is loaded clears its mask, so that an
// instruction that faulted goes on where it stopped (SDM vol. 2C "VPGATHERDD").
func gather(indexLane, lane uint8) trFunc {
	return func(t *translator) {
		d, mask := vecReg(t.arg(0)), vecReg(t.arg(2))
		count := 16 << t.in.VexL >> max(indexLane, lane)
		t.b.VecTo(mask, ir.VSar, ir.VecType(16<<t.in.VexL), lane, mask, ir.None, ir.None, 8<<lane-1)
		if t.in.VexL == 0 {
			t.zeroUpper(t.arg(2).Reg)
		}
		for n := range count {
			end := t.skipUnmasked(mask, lane, n)
			v := t.b.Ld(laneType(lane), t.indexed(indexLane, n))
			t.putLane(d, lane, n, ir.W(v))
			t.putLane(mask, lane, n, ir.K(0))
			t.b.Place(end)
		}
		for w := ir.Ref(count << lane / 8); w < 4; w++ {
			t.b.MovTo(d+w, ir.I64, ir.K(0))
		}
		t.b.VecTo(mask, ir.VZero, ir.V256, 0, ir.None, ir.None, ir.None, 0)
	}
}

// indexed is the address with lane n of the vector index.
func (t *translator) indexed(lane uint8, n int) ir.Address {
	m := &t.in.Mem
	i, bit := laneAt(regs.XMM(uint8(m.Index)), lane, n)
	if lane == lane32 {
		w := i
		i = t.b.Temp()
		t.b.ExtractTo(i, w, bit, 32)
		t.b.ExtTo(i, ir.SExt, ir.I64, ir.I32, i)
	}
	a := ir.Address{Base: ir.None, Index: i, Scale: m.Scale, Disp: uint64(m.Disp)}
	if m.Base != dec.RegNone {
		a.Base = ir.Ref(m.Base)
	}
	return t.segmented(ir.Ref(m.Seg), t.truncated(a))
}
