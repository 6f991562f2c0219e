package x86

import (
	"panda/emu/arch/x86/dec"
	"panda/emu/ir"
)

// vecMovTable holds what moves whole registers, halves and single lanes.
var vecMovTable = map[string]trFunc{
	"movaps": vecMov(true), "movapd": vecMov(true), "movdqa": vecMov(true),
	"movups": vecMov(false), "movupd": vecMov(false), "movdqu": vecMov(false),
	"movntps": vecMov(true), "movntpd": vecMov(true), "movntdq": vecMov(true), "movntq": mmx(trMovq),
	"movss": trMovss, "movsd": trMovsd, "movd": mmx(trMovd), "movq": mmx(trMovq),
	"movlps": trMovlps, "movlpd": trMovlps, "movhps": trMovhps, "movhpd": trMovhps,
	"movhlps": trMovhlps, "movlhps": trMovlhps,
	"movq2dq": mmx(trMovq), "movdq2q": mmx(trMovq),
	"movmskps": moveMask(lane32), "movmskpd": moveMask(lane64), "pmovmskb": moveMask(lane8),
	"pextrw": mmx(trPextr), "pinsrw": mmx(trPinsr),
	"maskmovq": mmx(trMaskmov), "maskmovdqu": trMaskmov,
}

// vecMov moves a whole register.
func vecMov(aligned bool) trFunc {
	return func(t *translator) {
		d, s := t.arg(0), t.arg(1)
		switch {
		case d.Kind == dec.MemArg:
			m := t.memory(d)
			if aligned {
				t.alignedVec(m, d)
			}
			t.b.St(vecType(s), m, vecReg(s))
		case s.Kind == dec.MemArg:
			m := t.memory(s)
			if aligned {
				t.alignedVec(m, s)
			}
			t.b.LdTo(vecReg(d), vecType(d), m, 0)
			t.wrote(d)
		default:
			t.b.VecTo(vecReg(d), ir.VMov, vecType(d), 0, vecReg(s), ir.None, ir.None, 0)
			t.wrote(d)
		}
	}
}

// trMovss keeps the other lanes of a register that it moves to from a register,
// and clears them when it loads.
func trMovss(t *translator) {
	d, s := t.arg(0), t.arg(1)
	switch {
	case d.Kind == dec.MemArg:
		t.b.St(ir.I32, t.memory(d), vecReg(s))
	case s.Kind == dec.MemArg:
		t.b.LdTo(vecReg(d), ir.I32, t.memory(s), 0)
		t.wroteLow(d)
	default:
		d, a, b, _ := t.sources()
		t.wroteLowest(d, a, lane32, vecReg(b))
	}
}

func trMovsd(t *translator) {
	if t.arg(0).Kind == dec.MemArg || t.arg(1).Kind == dec.MemArg {
		trMovq(t)
		return
	}
	d, a, b, _ := t.sources()
	t.copyWord(d, b, 0)
	t.copyWord(d, a, 1)
	t.wrote(d)
}

// trMovq moves the low word and clears the other. Either operand may be memory,
// or one of them an MMX or general register.
func trMovq(t *translator) {
	d, s := t.arg(0), t.arg(1)
	switch d.Kind {
	case dec.MemArg:
		t.b.St(ir.I64, t.memory(d), t.vecOrGPR(s))
	case dec.GPR:
		t.b.MovTo(ir.Ref(d.Reg), ir.I64, ir.W(vecReg(s)))
	default:
		if s.Kind == dec.MemArg {
			t.b.LdTo(vecReg(d), ir.I64, t.memory(s), 0)
		} else {
			t.b.MovTo(vecReg(d), ir.I64, ir.W(t.vecOrGPR(s)))
		}
		t.wroteLow(d)
	}
}

// trMovd is movq for 32 bits.
func trMovd(t *translator) {
	d, s := t.arg(0), t.arg(1)
	switch d.Kind {
	case dec.MemArg:
		t.b.St(ir.I32, t.memory(d), vecReg(s))
	case dec.GPR:
		t.b.MovTo(ir.Ref(d.Reg), ir.I32, ir.W(vecReg(s)))
	default:
		if s.Kind == dec.MemArg {
			t.b.LdTo(vecReg(d), ir.I32, t.memory(s), 0)
		} else {
			t.b.MovTo(vecReg(d), ir.I32, ir.W(ir.Ref(s.Reg)))
		}
		t.wroteLow(d)
	}
}

func (t *translator) vecOrGPR(a *dec.Arg) ir.Ref {
	if a.Kind == dec.GPR {
		return ir.Ref(a.Reg)
	}
	return vecReg(a)
}

// wroteLow ends an instruction that wrote the low word of a register.
func (t *translator) wroteLow(d *dec.Arg) {
	if d.Kind == dec.XMM {
		t.zeroFrom(d, 1)
	}
	t.wrote(d)
}

func trMovlps(t *translator) { t.movHalf(0) }

func trMovhps(t *translator) { t.movHalf(1) }

// movHalf moves word n of a register to or from memory.
func (t *translator) movHalf(n ir.Ref) {
	if d := t.arg(0); d.Kind == dec.MemArg {
		t.b.St(ir.I64, t.memory(d), vecReg(t.arg(1))+n)
		return
	}
	d, a, s, _ := t.sources()
	t.b.LdTo(vecReg(d)+n, ir.I64, t.memory(s), 0)
	t.copyWord(d, a, 1-n)
	t.wrote(d)
}

func trMovhlps(t *translator) { t.moveAcross(0) }

func trMovlhps(t *translator) { t.moveAcross(1) }

// moveAcross makes word n of the destination the other word of the second source.
func (t *translator) moveAcross(n ir.Ref) {
	d, a, b, _ := t.sources()
	t.b.MovTo(vecReg(d)+n, ir.I64, ir.W(vecReg(b)+1-n))
	t.copyWord(d, a, 1-n)
	t.wrote(d)
}

func moveMask(lane uint8) trFunc {
	return mmx(func(t *translator) {
		d, s := t.arg(0), t.arg(1)
		t.b.VecTo(ir.Ref(d.Reg), ir.VMoveMask, vecType(s), lane, vecReg(s), ir.None, ir.None, 0)
	})
}

// place is the word and first bit of lane n of a register, as the instruction's
// immediate numbers them.
func place(reg *dec.Arg, lane uint8, n uint64) (ir.Ref, uint8) {
	n &= uint64(vecType(reg).Bytes())>>lane - 1
	bit := uint8(n << (3 + lane))
	return vecReg(reg) + ir.Ref(bit/64), bit % 64
}

// trPextr takes a lane out of a register; pextrw here and the SSE4.1 forms.
func trPextr(t *translator) {
	d, s := t.arg(0), t.arg(1)
	lane := extractLanes[t.legacyName()]
	w, bit := place(s, lane, uint64(t.arg(2).Imm))
	r := t.b.Temp()
	t.b.ExtractTo(r, w, bit, 8<<lane)
	if d.Kind == dec.MemArg {
		t.b.St(ir.IntType(1<<lane), t.memory(d), r)
		return
	}
	t.b.MovTo(ir.Ref(d.Reg), ir.I64, ir.W(r))
}

// extractLanes are the lanes that move between vector and general registers.
var extractLanes = map[string]uint8{
	"pextrb": lane8, "pextrw": lane16, "pextrd": lane32, "pextrq": lane64, "extractps": lane32,
	"pinsrb": lane8, "pinsrw": lane16, "pinsrd": lane32, "pinsrq": lane64,
}

// trPinsr replaces a lane.
func trPinsr(t *translator) {
	d, a, s, by := t.sources()
	lane := extractLanes[t.legacyName()]
	v := t.word(s)
	t.copyLow(d, a)
	w, bit := place(d, lane, uint64(by.Imm))
	t.b.DepositTo(w, w, ir.W(v), bit, 8<<lane)
	t.wrote(d)
}

// trMaskmov stores the bytes whose mask byte has its top bit set. Others are
// not touched, so each byte is a store of its own, after a helper has seen that
// all can be done, in the order in which CPUs look.
func trMaskmov(t *translator) {
	v, mask := t.arg(0), t.arg(1)
	if v.Kind == dec.MMReg {
		t.enterMMX()
	}
	a, at := t.b.Temp(), t.address(&t.in.Mem)
	n := uint64(vecType(v).Bytes())
	t.checkArea(at, n, 8, true) // whatever the mask
	t.b.LeaTo(a, ir.I64, at)
	for w := ir.Ref(vecType(v).Words()); w > 0; {
		w--
		at := t.b.Op2(ir.Add, ir.I64, a, ir.K(uint64(8*w)))
		t.b.CallTo(ir.None, hTryMasked, at, vecReg(mask)+w)
	}
	for n := range vecType(v).Bytes() {
		skip := t.b.Label()
		w, bit := ir.Ref(n/8), uint8(n%8*8)
		t.b.BrCond(skip, ir.TestEq, ir.I64, vecReg(mask)+w, ir.K(0x80<<bit))
		b := t.b.Temp()
		t.b.ExtractTo(b, vecReg(v)+w, bit, 8)
		t.b.St(ir.I8, ir.Address{Base: a, Index: ir.None, Disp: uint64(n)}, b)
		t.b.Place(skip)
	}
}
