package x86

import (
	"panda/emu/arch/x86/regs"
	"panda/emu/softfloat"
	"panda/emu/vcpu"
	"panda/emu/x87"
)

var (
	hFarith = fpHelper("farith", helpFarith, x87.Arith)
	hFcom   = fpHelper("fcom", helpFcom, x87.Com)
	hFxam   = fpHelper("fxam", helpFxam, x87.None)
	hFcomi  = fpHelper("fcomi", helpFcomi, x87.Comi)
)

// helpFarith is dst = dst op src, where a source in memory has the value m; an
// integer is sign-extended.
func helpFarith(c *vcpu.CPU, how, m, _ uint64) uint64 {
	var f fpu
	f.open(c, how)
	v := softfloat.Indefinite80
	if f.need(f.how.Dst()) && f.need(f.how.Src()) {
		v = f.arith(m)
	}
	if f.done() {
		f.set(f.how.Dst(), v)
		f.pop()
	}
	return 0
}

func (f *fpu) arith(m uint64) softfloat.F80 {
	op, a := softfloat.Op80(f.how.Op()), f.st(f.how.Dst())
	switch f.how.Kind() {
	case x87.Reg:
		return f.Arith80(op, a, f.st(f.how.Src()))
	case x87.F32:
		return f.ArithF32(op, a, uint32(m))
	case x87.F64:
		return f.ArithF64(op, a, m)
	}
	return f.Arith80(op, a, f.I64ToF80(int64(m)))
}

// compare relates st(0) to the source.
func (f *fpu) compare(m uint64) softfloat.Relation {
	if !f.need(0) || !f.need(f.how.Src()) {
		return softfloat.Unordered
	}
	a := f.st(0)
	switch f.how.Kind() {
	case x87.Reg:
		return f.Cmp80(a, f.st(f.how.Src()), f.how.Op() == x87.Signal)
	case x87.F32:
		return f.CmpF32(a, uint32(m))
	case x87.F64:
		return f.CmpF64(a, m)
	}
	return f.Cmp80(a, f.I64ToF80(int64(m)), true)
}

// Results of a comparison in FSW (SDM vol. 2 "FCOM") and in RFLAGS ("FCOMI").
var (
	comCodes = [4]uint16{softfloat.Less: fswC0, softfloat.Equal: fswC3, softfloat.Unordered: fswC0 | fswC2 | fswC3}
	comFlags = [4]uint64{softfloat.Less: regs.CF, softfloat.Equal: regs.ZF, softfloat.Unordered: regs.ZF | regs.PF | regs.CF}
)

func helpFcom(c *vcpu.CPU, how, m, _ uint64) uint64 {
	var f fpu
	f.open(c, how)
	r := f.compare(m)
	f.setCodes(fswC0|fswC2|fswC3, comCodes[r])
	if f.done() {
		f.pop()
	}
	return 0
}

// helpFcomi returns the six flags. They are set even if an unmasked exception
// keeps the pop back.
func helpFcomi(c *vcpu.CPU, how, _, _ uint64) uint64 {
	var f fpu
	f.open(c, how)
	r := f.compare(0)
	f.keepC1()
	if f.done() {
		f.pop()
	}
	return comFlags[r]
}

// xamCodes are C3, C2 and C0 of a class (SDM vol. 2 "FXAM").
var xamCodes = [...]uint16{
	softfloat.Unsupported80: 0, softfloat.NaN80: fswC0, softfloat.Normal80: fswC2, softfloat.Infinity80: fswC2 | fswC0,
	softfloat.Zero80: fswC3, softfloat.Denormal80: fswC3 | fswC2,
}

const xamEmpty = fswC3 | fswC0

// helpFxam tells what st(0) is; C1 is the sign even of an empty register.
func helpFxam(c *vcpu.CPU, how, _, _ uint64) uint64 {
	var f fpu
	f.open(c, how)
	v := f.st(0)
	codes := uint16(xamEmpty)
	if f.full(0) {
		codes = xamCodes[v.Class()]
	}
	f.C1 = v.Negative()
	f.setCodes(fswC0|fswC2|fswC3, codes)
	f.done()
	return 0
}
