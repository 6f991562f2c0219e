package x86

import (
	"slices"

	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// formFuncs write the arithmetic flags of a form of operands of type t: the same
// as regs.ArithFlags, as operations.
var formFuncs = [regs.NumCC >> 2]func(b *ir.Builder, t ir.Type) ir.Ref{
	regs.CCFlags >> 2: func(*ir.Builder, ir.Type) ir.Ref { return regs.CCSrc },
	regs.CCAdd >> 2: func(b *ir.Builder, t ir.Type) ir.Ref {
		x := b.Op2(ir.Sub, ir.I64, regs.CCDst, ir.W(regs.CCSrc))
		return b.Flags(ir.FlagsAdd, t, x, ir.W(regs.CCSrc), ir.None)
	},
	regs.CCAdc >> 2: func(b *ir.Builder, t ir.Type) ir.Ref {
		x := b.Op2(ir.Sub, ir.I64, regs.CCDst, ir.W(regs.CCSrc))
		b.Op2To(x, ir.Sub, ir.I64, x, ir.W(regs.CCSrc2))
		return b.Flags(ir.FlagsAdd, t, x, ir.W(regs.CCSrc), regs.CCSrc2)
	},
	regs.CCSub >> 2: func(b *ir.Builder, t ir.Type) ir.Ref {
		return b.Flags(ir.FlagsSub, t, regs.CCDst, ir.W(regs.CCSrc), ir.None)
	},
	regs.CCSbb >> 2: func(b *ir.Builder, t ir.Type) ir.Ref {
		return b.Flags(ir.FlagsSub, t, regs.CCDst, ir.W(regs.CCSrc), regs.CCSrc2)
	},
	regs.CCLogic >> 2: resultFlags,
	regs.CCInc >> 2: func(b *ir.Builder, t ir.Type) ir.Ref {
		return stepFlags(b, t, ir.Sub, ir.FlagsAdd)
	},
	regs.CCDec >> 2: func(b *ir.Builder, t ir.Type) ir.Ref {
		return stepFlags(b, t, ir.Add, ir.FlagsSub)
	},
	regs.CCShl >> 2: func(b *ir.Builder, t ir.Type) ir.Ref {
		return shiftFlags(b, t, uint8(8*t.Bytes()-1))
	},
	regs.CCShr >> 2: func(b *ir.Builder, t ir.Type) ir.Ref { return shiftFlags(b, t, 0) },
	regs.CCMul >> 2: func(b *ir.Builder, t ir.Type) ir.Ref {
		return orOverflow(b, resultFlags(b, t), b.SetCond(ir.Ne, ir.I64, regs.CCSrc, ir.K(0)))
	},
	regs.CCImul >> 2: func(b *ir.Builder, t ir.Type) ir.Ref {
		low, whole, fits := product(b, t)
		f := b.Flags(ir.FlagsAnd, t, low, ir.W(low), ir.None)
		return orOverflow(b, f, b.SetCond(ir.Ne, ir.I64, whole, ir.W(fits)))
	},
	regs.CCCarry >> 2: func(b *ir.Builder, t ir.Type) ir.Ref { return orFlags(b, resultFlags(b, t), regs.CCSrc) },
}

// product multiplies the signed operands of CCImul again. whole and fits are
// the same word unless it has overflowed.
func product(b *ir.Builder, t ir.Type) (low, whole, fits ir.Ref) {
	if t == ir.I64 {
		low = b.Op2(ir.Mul, t, regs.CCDst, ir.W(regs.CCSrc))
		return low, b.Op2(ir.MulHS, t, regs.CCDst, ir.W(regs.CCSrc)), b.Op2(ir.Sar, t, low, ir.K(63))
	}
	low = b.Op2(ir.Mul, ir.I64, b.Ext(ir.SExt, ir.I64, t, regs.CCDst), ir.W(b.Ext(ir.SExt, ir.I64, t, regs.CCSrc)))
	return low, low, b.Ext(ir.SExt, ir.I64, t, low)
}

// orOverflow adds CF and OF if over is 1.
func orOverflow(b *ir.Builder, f, over ir.Ref) ir.Ref {
	return orFlags(b, f, b.Op2(ir.Mul, ir.I64, over, ir.K(regs.CF|regs.OF)))
}

func resultFlags(b *ir.Builder, t ir.Type) ir.Ref {
	return b.Flags(ir.FlagsAnd, t, regs.CCDst, ir.W(regs.CCDst), ir.None)
}

func orFlags(b *ir.Builder, f, more ir.Ref) ir.Ref {
	b.Op2To(f, ir.Or, ir.I64, f, ir.W(more))
	return f
}

// stepFlags are those of INC and DEC without CF: back is the step back from the
// result.
func stepFlags(b *ir.Builder, t ir.Type, back ir.Op, op ir.FlagOp) ir.Ref {
	f := b.Flags(op, t, b.Op2(back, ir.I64, regs.CCDst, ir.K(1)), ir.K(1), ir.None)
	b.Op2To(f, ir.And, ir.I64, f, ir.K(regs.Arith&^regs.CF))
	return f
}

// shiftFlags are those of a shift: CF is bit out of what was there one step
// before the end.
func shiftFlags(b *ir.Builder, t ir.Type, out uint8) ir.Ref {
	f := resultFlags(b, t)
	cf := b.Temp()
	b.ExtractTo(cf, regs.CCSrc, out, 1)
	orFlags(b, f, cf)
	of := b.Op2(ir.Xor, ir.I64, regs.CCDst, ir.W(regs.CCSrc))
	b.ExtractTo(of, of, uint8(8*t.Bytes()-1), 1)
	b.Op2To(of, ir.Shl, ir.I64, of, ir.K(11))
	return orFlags(b, f, of)
}

// formFlags writes the flags of a form known at translation.
func formFlags(b *ir.Builder, cc regs.CC) ir.Ref {
	f := formFuncs[cc.Form()>>2](b, ir.IntType(cc.Bytes()))
	if cc&regs.OwnCF != 0 {
		f = withOwnCF(b, f)
	}
	return f
}

func withOwnCF(b *ir.Builder, f ir.Ref) ir.Ref {
	r := b.Op2(ir.And, ir.I64, f, ir.K(regs.Arith&^regs.CF))
	return orFlags(b, r, b.Op2(ir.And, ir.I64, regs.CCCF, ir.K(regs.CF)))
}

// hFlags computes the arithmetic flags from whatever form they have.
var hFlags = &ir.Helper{
	Name: "flags", Reads: []ir.Ref{regs.CCOp, regs.CCDst, regs.CCSrc, regs.CCSrc2, regs.CCCF},
	Fn: func(c *vcpu.CPU, _, _, _ uint64) uint64 {
		return regs.ArithFlags(regs.CC(c.W[regs.CCOp]), &c.W)
	},
	Body: anyFlags,
}

// hCarry is CF of whatever form the flags have: in a loop mostly that of the
// round before.
var hCarry = &ir.Helper{
	Name: "carry", Reads: hFlags.Reads,
	Fn: func(c *vcpu.CPU, _, _, _ uint64) uint64 {
		if cc := regs.CC(c.W[regs.CCOp]); cc&regs.OwnCF == 0 {
			return regs.ArithFlags(cc, &c.W) & regs.CF
		}
		return c.W[regs.CCCF] & regs.CF
	},
	Body: func(b *ir.Builder) ir.Ref {
		r, own := b.Temp(), b.Label()
		b.MovTo(r, ir.I64, ir.W(regs.CCCF))
		b.BrCond(own, ir.TestNe, ir.I64, regs.CCOp, ir.K(uint64(regs.OwnCF)))
		b.MovTo(r, ir.I64, ir.W(anyFlags(b)))
		b.Place(own)
		b.Op2To(r, ir.And, ir.I64, r, ir.K(regs.CF))
		return r
	},
}

// subroutines are the helpers that engines had better make code of.
var subroutines = []*ir.Helper{hFlags, hCarry, hZeroUpper}

// likelyForms are those that blocks find most often at their start.
var likelyForms = []regs.CC{regs.CCSub | 2, regs.CCSub | 3, regs.CCLogic | 2, regs.CCSub, regs.CCLogic | 3, regs.CCLogic, regs.CCFlags}

// anyFlags tries the likely forms in turn and searches for the others.
func anyFlags(b *ir.Builder) ir.Ref {
	s := formSearch{b: b, form: b.Op2(ir.And, ir.I64, regs.CCOp, ir.K(uint64(^regs.OwnCF))), f: b.Temp(), found: b.Label()}
	for _, cc := range likelyForms {
		other := b.Label()
		b.BrCond(other, ir.Ne, ir.I64, s.form, ir.K(uint64(cc)))
		s.leaf(cc)
		b.Place(other)
	}
	var rest []regs.CC
	for cc := regs.CCAdd; cc < regs.NumCC; cc++ {
		if !slices.Contains(likelyForms, cc) {
			rest = append(rest, cc)
		}
	}
	s.search(rest)
	b.Place(s.found)
	b.Temps += 16 // for the temporaries of the leaves
	end := b.Label()
	b.BrCond(end, ir.TestEq, ir.I64, regs.CCOp, ir.K(uint64(regs.OwnCF)))
	b.MovTo(s.f, ir.I64, ir.W(withOwnCF(b, s.f)))
	b.Place(end)
	return s.f
}

type formSearch struct {
	b       *ir.Builder
	form, f ir.Ref
	found   int
}

// search halves a sorted list of forms.
func (s *formSearch) search(forms []regs.CC) {
	n := len(forms) / 2
	if n == 0 {
		s.leaf(forms[0])
		return
	}
	upper := s.b.Label()
	s.b.BrCond(upper, ir.GeU, ir.I64, s.form, ir.K(uint64(forms[n])))
	s.search(forms[:n])
	s.b.Place(upper)
	s.search(forms[n:])
}

// leaf computes the flags of a form. Leaves share their temporaries.
func (s *formSearch) leaf(cc regs.CC) {
	temps := s.b.Temps
	s.b.MovTo(s.f, ir.I64, ir.W(formFlags(s.b, cc)))
	s.b.Br(s.found)
	s.b.Temps = temps
}
