package x86

import (
	"panda/emu/softfloat"
	"panda/emu/vcpu"
	"panda/emu/x87"
)

var (
	hFunary  = fpHelper("funary", helpFunary, x87.Unary)
	hFbinary = fpHelper("fbinary", helpFbinary, x87.None)
	hFpair   = fpHelper("fpair", helpFpair, x87.None)
)

// Functions of st(0) that replace it, after those of package x87.
const (
	fn2xm1 uint8 = iota + x87.Rndint + 1
	fnSin
	fnCos
)

func helpFunary(c *vcpu.CPU, how, _, _ uint64) uint64 {
	var f fpu
	f.open(c, how)
	v := softfloat.Indefinite80
	if f.how.Op() >= fnSin {
		f.setCodes(fswC2, 0)
	}
	if f.need(0) {
		v = f.unary(f.st(0))
	}
	if f.done() {
		f.set(0, v)
	}
	return 0
}

func (f *fpu) unary(a softfloat.F80) softfloat.F80 {
	switch f.how.Op() {
	case x87.Chs:
		return a.Neg()
	case x87.Abs:
		return a.Abs()
	case x87.Sqrt:
		return f.Sqrt80(a)
	case x87.Rndint:
		return f.RoundInt80(a)
	case fn2xm1:
		return f.Exp2M1(a)
	case fnSin:
		return f.inRange(f.Sin80(a))
	}
	return f.inRange(f.Cos80(a))
}

// inRange sets C2 for an argument that a trigonometric function refuses.
func (f *fpu) inRange(v softfloat.F80, ok bool) softfloat.F80 {
	if !ok {
		f.codes = fswC2
	}
	return v
}

// Functions of st(0) and st(1).
const (
	fnScale uint8 = iota
	fnPrem
	fnPrem1
	fnPatan
	fnYl2x
	fnYl2xp1
)

// helpFbinary puts the result into dst, which after a pop is st(0).
func helpFbinary(c *vcpu.CPU, how, _, _ uint64) uint64 {
	var f fpu
	f.open(c, how)
	v := softfloat.Indefinite80
	if op := f.how.Op(); op == fnPrem || op == fnPrem1 {
		f.setCodes(fswC2, 0)
	}
	if f.need(0) && f.need(1) {
		v = f.binary(f.st(0), f.st(1))
	}
	if f.done() {
		f.set(f.how.Dst(), v)
		f.pop()
	}
	return 0
}

func (f *fpu) binary(a, b softfloat.F80) softfloat.F80 {
	switch f.how.Op() {
	case fnScale:
		return f.Scale80(a, b)
	case fnPrem:
		return f.remainder(f.Rem80(a, b))
	case fnPrem1:
		return f.remainder(f.Rem1of80(a, b))
	case fnPatan:
		return f.Atan80(a, b)
	case fnYl2x:
		return f.YLog2X(a, b)
	}
	return f.YLog2XP1(a, b)
}

// remainder puts the low bits of the quotient into the condition codes. Without
// a remainder C0 and C3 stay.
func (f *fpu) remainder(r softfloat.Remainder) softfloat.F80 {
	if f.Flags&^f.Masks&fpBefore != 0 || r.Value.Class() == softfloat.NaN80 {
		return r.Value
	}
	q := uint16(r.Quotient)
	codes := q>>2&1*fswC0 | q>>1&1*fswC3
	if r.Partial {
		codes = fswC2
	}
	f.setCodes(fswC0|fswC2|fswC3, codes)
	f.C1 = q&1 != 0
	return r.Value
}

// Functions of st(0) with two results.
const (
	fnPtan uint8 = iota
	fnSincos
	fnXtract
)

// helpFpair puts one result into st(0) and pushes the other.
func helpFpair(c *vcpu.CPU, how, _, _ uint64) uint64 {
	var f fpu
	f.open(c, how)
	v, pushed, ok := softfloat.Indefinite80, softfloat.Indefinite80, true
	if f.how.Op() != fnXtract {
		f.setCodes(fswC2, 0)
	}
	if f.need(0) && f.room() {
		v, pushed, ok = f.pair(f.st(0))
	}
	if f.done() && ok {
		f.set(0, v)
		f.push(pushed)
	}
	return 0
}

var one80 = softfloat.F80{Man: 1 << 63, SE: 0x3fff}

func (f *fpu) pair(a softfloat.F80) (v, pushed softfloat.F80, ok bool) {
	switch f.how.Op() {
	case fnXtract:
		v, pushed = f.Extract80(a)
		return v, pushed, true
	case fnSincos:
		v, pushed, ok = f.SinCos80(a)
	default:
		v, ok = f.Tan80(a)
		if pushed = one80; v.Class() == softfloat.NaN80 {
			pushed = v
		}
	}
	f.inRange(v, ok)
	return v, pushed, ok
}
