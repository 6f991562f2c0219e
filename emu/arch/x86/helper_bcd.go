package x86

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// The decimal adjustments get AX in a and the flags in b. They return AX, with
// the new flags in CCSrc2 (SDM vol. 2A, AAA to DAS).
var (
	hDaa = bcdHelper("daa", func(ax, f uint64) (uint64, uint64) { return decimalAdjust(ax, f, 1) })
	hDas = bcdHelper("das", func(ax, f uint64) (uint64, uint64) { return decimalAdjust(ax, f, ^uint64(0)) })
	hAaa = bcdHelper("aaa", func(ax, f uint64) (uint64, uint64) { return asciiAdjust(ax, f, 0x106) })
	hAas = bcdHelper("aas", func(ax, f uint64) (uint64, uint64) { return asciiAdjust(ax, f, ^uint64(0x105)) })
)

func bcdHelper(name string, do func(ax, f uint64) (uint64, uint64)) *ir.Helper {
	return &ir.Helper{Name: name, Writes: []ir.Ref{regs.CCSrc2}, Fn: func(c *vcpu.CPU, ax, f, _ uint64) uint64 {
		ax, c.W[regs.CCSrc2] = do(ax, f)
		return ax
	}}
}

// resultBits are SF ZF PF of a byte.
func resultBits(al uint64) uint64 { return ir.FlagsAnd.Of(8, al, al, 0) }

func decimalAdjust(ax, f, sign uint64) (uint64, uint64) {
	al, old := ax&0xff, ax&0xff
	var nf uint64
	if al&15 > 9 || f&regs.AF != 0 {
		if sign != 1 && al < 6 {
			nf |= regs.CF
		}
		al += 6 * sign
		nf |= regs.AF
	}
	if old > 0x99 || f&regs.CF != 0 {
		al += 0x60 * sign
		nf |= regs.CF
	} else if sign == 1 {
		nf &^= regs.CF
	}
	al &= 0xff
	return ax&^0xff | al, nf | resultBits(al)
}

func asciiAdjust(ax, f, by uint64) (uint64, uint64) {
	var nf uint64
	if ax&15 > 9 || f&regs.AF != 0 {
		ax = ax&^0xffff | (ax+by)&0xffff
		nf = regs.AF | regs.CF
	}
	ax &^= 0xf0
	return ax, nf | resultBits(ax&0xff)
}

func decimal(h *ir.Helper) trFunc {
	return func(t *translator) {
		f := t.flags()
		r := t.b.Call(h, regs.RAX, f)
		nf := t.b.Temp()
		t.b.MovTo(nf, ir.I64, ir.W(regs.CCSrc2))
		t.putReg(uint8(regs.RAX), 2, r)
		t.setFlags(nf)
	}
}

func trAam(t *translator) {
	base := uint64(t.arg(0).Imm) & 0xff
	if base == 0 {
		t.raise(guest.Exception{Vector: regs.VecDE})
		return
	}
	al := t.extended(ir.ZExt, 1, ir.W(regs.RAX)).R
	r := t.b.Call(hAam, al, t.b.Word(ir.K(base)))
	t.putReg(uint8(regs.RAX), 2, r)
	t.setResult(regs.CCLogic, 1, r)
}

var hAam = &ir.Helper{Name: "aam", Pure: true, Fn: func(_ *vcpu.CPU, al, base, _ uint64) uint64 {
	return al/base<<8 | al%base
}}

func trAad(t *translator) {
	ah := t.b.Temp()
	t.b.ExtractTo(ah, regs.RAX, 8, 8)
	r := t.b.Op2(ir.Mul, ir.I32, ah, ir.K(uint64(t.arg(0).Imm)&0xff))
	t.b.Op2To(r, ir.Add, ir.I32, r, ir.W(regs.RAX))
	t.b.ExtTo(r, ir.ZExt, ir.I32, ir.I8, r)
	t.putReg(uint8(regs.RAX), 2, r)
	t.setResult(regs.CCLogic, 1, r)
}
