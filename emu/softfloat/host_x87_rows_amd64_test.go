package softfloat

import (
	"encoding/binary"
	"testing"

	"panda/emu/softfloat/hostfp"
)

func st0(v F80) x87Result { return x87Result{st: [2]F80{v}} }

func regRow(name string, op Op80, host hostfp.X87) x87Row {
	return x87Row{name: name, host: host, st: 1, soft: func(e *Env, c *x87Case) x87Result {
		return st0(e.Arith80(op, c.a, c.b))
	}}
}

func m32Row(name string, op Op80, host hostfp.X87) x87Row {
	return x87Row{name: name, host: host, st: 1, format: &binary32, soft: func(e *Env, c *x87Case) x87Result {
		return st0(e.ArithF32(op, c.a, c.m32()))
	}}
}

func m64Row(name string, op Op80, host hostfp.X87) x87Row {
	return x87Row{name: name, host: host, st: 1, format: &binary64, soft: func(e *Env, c *x87Case) x87Result {
		return st0(e.ArithF64(op, c.a, c.m64()))
	}}
}

var x87Arithmetic = []x87Row{
	regRow("fadd", OpAdd, hostfp.Fadd), regRow("fmul", OpMul, hostfp.Fmul),
	regRow("fsub", OpSub, hostfp.Fsub), regRow("fsubr", OpSubR, hostfp.Fsubr),
	regRow("fdiv", OpDiv, hostfp.Fdiv), regRow("fdivr", OpDivR, hostfp.Fdivr),
	m32Row("fadd m32", OpAdd, hostfp.Faddm32), m32Row("fmul m32", OpMul, hostfp.Fmulm32),
	m32Row("fsub m32", OpSub, hostfp.Fsubm32), m32Row("fsubr m32", OpSubR, hostfp.Fsubrm32),
	m32Row("fdiv m32", OpDiv, hostfp.Fdivm32), m32Row("fdivr m32", OpDivR, hostfp.Fdivrm32),
	m64Row("fadd m64", OpAdd, hostfp.Faddm64), m64Row("fmul m64", OpMul, hostfp.Fmulm64),
	m64Row("fsub m64", OpSub, hostfp.Fsubm64), m64Row("fsubr m64", OpSubR, hostfp.Fsubrm64),
	m64Row("fdiv m64", OpDiv, hostfp.Fdivm64), m64Row("fdivr m64", OpDivR, hostfp.Fdivrm64),
	{name: "fsqrt", host: hostfp.Fsqrt, st: 1, soft: func(e *Env, c *x87Case) x87Result { return st0(e.Sqrt80(c.a)) }},
}

func TestHostX87Arithmetic(t *testing.T) { runX87Rows(t, x87Arithmetic) }

// ccOf gives C3, C2, C0 of a compare (SDM vol. 2 "FCOM").
func ccOf(r Relation) x87Result {
	return x87Result{cc: [...]uint16{Less: c0, Equal: c3, Greater: 0, Unordered: c0 | c2 | c3}[r]}
}

// fxam gives C3, C2, C0 by class, and C1 the sign (SDM vol. 2 "FXAM").
func fxam(v F80) x87Result {
	cc := [...]uint16{
		Unsupported80: 0, NaN80: c0, Normal80: c2, Infinity80: c2 | c0,
		Zero80: c3, Denormal80: c3 | c2,
	}[v.Class()]
	if v.Negative() {
		cc |= c1
	}
	return x87Result{cc: cc}
}

const ccCompare = c0 | c2 | c3

var x87Compares = []x87Row{
	{name: "fcom", host: hostfp.Fcom, cc: ccCompare, soft: func(e *Env, c *x87Case) x87Result { return ccOf(e.Cmp80(c.a, c.b, true)) }},
	{name: "fucom", host: hostfp.Fucom, cc: ccCompare, soft: func(e *Env, c *x87Case) x87Result { return ccOf(e.Cmp80(c.a, c.b, false)) }},
	{name: "ftst", host: hostfp.Ftst, cc: ccCompare, soft: func(e *Env, c *x87Case) x87Result { return ccOf(e.Cmp80(c.a, F80{}, true)) }},
	{name: "fcom m32", host: hostfp.Fcomm32, cc: ccCompare, format: &binary32, soft: func(e *Env, c *x87Case) x87Result { return ccOf(e.CmpF32(c.a, c.m32())) }},
	{name: "fcom m64", host: hostfp.Fcomm64, cc: ccCompare, format: &binary64, soft: func(e *Env, c *x87Case) x87Result { return ccOf(e.CmpF64(c.a, c.m64())) }},
	{name: "fxam", host: hostfp.Fxam, cc: ccCompare | c1, soft: func(_ *Env, c *x87Case) x87Result { return fxam(c.a) }},
}

func TestHostX87Compares(t *testing.T) { runX87Rows(t, x87Compares) }

// mem16, mem32 and mem64 are stores of two, four and eight bytes.

func mem16(v uint16) (r x87Result) { binary.LittleEndian.PutUint16(r.mem[:], v); return r }
func mem32(v uint32) (r x87Result) { binary.LittleEndian.PutUint32(r.mem[:], v); return r }
func mem64(v uint64) (r x87Result) { binary.LittleEndian.PutUint64(r.mem[:], v); return r }

var x87Conversions = []x87Row{
	{name: "fld m32", host: hostfp.Fldm32, st: 1, format: &binary32, soft: func(e *Env, c *x87Case) x87Result { return st0(e.F32ToF80(c.m32())) }},
	{name: "fld m64", host: hostfp.Fldm64, st: 1, format: &binary64, soft: func(e *Env, c *x87Case) x87Result { return st0(e.F64ToF80(c.m64())) }},
	{name: "fild m16", host: hostfp.Fildm16, st: 1, soft: func(e *Env, c *x87Case) x87Result { return st0(e.I64ToF80(int64(int16(c.m32())))) }},
	{name: "fild m32", host: hostfp.Fildm32, st: 1, soft: func(e *Env, c *x87Case) x87Result { return st0(e.I64ToF80(int64(int32(c.m32())))) }},
	{name: "fild m64", host: hostfp.Fildm64, st: 1, soft: func(e *Env, c *x87Case) x87Result { return st0(e.I64ToF80(int64(c.m64()))) }},
	{name: "fbld", host: hostfp.Fbld, st: 1, soft: func(e *Env, c *x87Case) x87Result { return st0(e.BCDToF80(c.mem)) }},
	{name: "fst m32", host: hostfp.Fstpm32, mem: 4, soft: func(e *Env, c *x87Case) x87Result { return mem32(e.F80ToF32(c.a)) }},
	{name: "fst m64", host: hostfp.Fstpm64, mem: 8, soft: func(e *Env, c *x87Case) x87Result { return mem64(e.F80ToF64(c.a)) }},
	{name: "fist m16", host: hostfp.Fistpm16, mem: 2, soft: func(e *Env, c *x87Case) x87Result { return mem16(uint16(e.F80ToI16(c.a))) }},
	{name: "fist m32", host: hostfp.Fistpm32, mem: 4, soft: func(e *Env, c *x87Case) x87Result { return mem32(uint32(e.F80ToI32(c.a))) }},
	{name: "fist m64", host: hostfp.Fistpm64, mem: 8, soft: func(e *Env, c *x87Case) x87Result { return mem64(uint64(e.F80ToI64(c.a))) }},
	{name: "fisttp m16", host: hostfp.Fisttpm16, mem: 2, soft: func(e *Env, c *x87Case) x87Result { return mem16(uint16(e.F80ToI16Trunc(c.a))) }},
	{name: "fisttp m32", host: hostfp.Fisttpm32, mem: 4, soft: func(e *Env, c *x87Case) x87Result { return mem32(uint32(e.F80ToI32Trunc(c.a))) }},
	{name: "fisttp m64", host: hostfp.Fisttpm64, mem: 8, soft: func(e *Env, c *x87Case) x87Result { return mem64(uint64(e.F80ToI64Trunc(c.a))) }},
	{name: "fbstp", host: hostfp.Fbstp, mem: 10, soft: func(e *Env, c *x87Case) x87Result { return x87Result{mem: e.F80ToBCD(c.a)} }},
}

func TestHostX87Conversions(t *testing.T) { runX87Rows(t, x87Conversions) }

// ccOfRemainder puts the quotient bits where FPREM does.
func ccOfRemainder(r Remainder) x87Result {
	q := uint16(r.Quotient)
	out := x87Result{st: [2]F80{r.Value}, cc: q >> 2 & 1 * c0}
	out.cc = q>>2&1*c0 | q>>1&1*c3 | q&1*c1
	if r.Partial {
		out.cc |= c2
	}
	return out
}

func constRow(name string, k Const80, host hostfp.X87) x87Row {
	return x87Row{name: name, host: host, st: 1, soft: func(e *Env, _ *x87Case) x87Result { return st0(e.Load80(k)) }}
}

var x87Parts = []x87Row{
	{name: "frndint", host: hostfp.Frndint, st: 1, soft: func(e *Env, c *x87Case) x87Result { return st0(e.RoundInt80(c.a)) }},
	{name: "fscale", host: hostfp.Fscale, st: 1, soft: func(e *Env, c *x87Case) x87Result { return st0(e.Scale80(c.a, c.b)) }},
	{name: "fxtract", host: hostfp.Fxtract, st: 2, soft: func(e *Env, c *x87Case) x87Result {
		exp, sig := e.Extract80(c.a)
		return x87Result{st: [2]F80{sig, exp}}
	}},
	{name: "fprem", host: hostfp.Fprem, st: 1, cc: c0 | c1 | c2 | c3, soft: func(e *Env, c *x87Case) x87Result { return ccOfRemainder(e.Rem80(c.a, c.b)) }},
	{name: "fprem1", host: hostfp.Fprem1, st: 1, cc: c0 | c1 | c2 | c3, soft: func(e *Env, c *x87Case) x87Result { return ccOfRemainder(e.Rem1of80(c.a, c.b)) }},
	constRow("fld1", ConstOne, hostfp.Fld1), constRow("fldl2t", ConstLog2Of10, hostfp.Fldl2t),
	constRow("fldl2e", ConstLog2OfE, hostfp.Fldl2e), constRow("fldpi", ConstPi, hostfp.Fldpi),
	constRow("fldlg2", ConstLog10Of2, hostfp.Fldlg2), constRow("fldln2", ConstLnOf2, hostfp.Fldln2),
	constRow("fldz", ConstZero, hostfp.Fldz),
}

func TestHostX87Parts(t *testing.T) { runX87Rows(t, x87Parts) }
