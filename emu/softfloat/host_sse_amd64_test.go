package softfloat

import (
	"testing"

	"panda/emu/softfloat/hostfp"
)

var arithmeticRows = []row{
	bin32("addss", (*Env).Add32, hostfp.Addss),
	bin32("subss", (*Env).Sub32, hostfp.Subss),
	bin32("mulss", (*Env).Mul32, hostfp.Mulss),
	bin32("divss", (*Env).Div32, hostfp.Divss),
	bin32("minss", (*Env).Min32, hostfp.Minss),
	bin32("maxss", (*Env).Max32, hostfp.Maxss),
	bin64("addsd", (*Env).Add64, hostfp.Addsd),
	bin64("subsd", (*Env).Sub64, hostfp.Subsd),
	bin64("mulsd", (*Env).Mul64, hostfp.Mulsd),
	bin64("divsd", (*Env).Div64, hostfp.Divsd),
	bin64("minsd", (*Env).Min64, hostfp.Minsd),
	bin64("maxsd", (*Env).Max64, hostfp.Maxsd),
	un32("sqrtss", low32, (*Env).Sqrt32, hostfp.Sqrtss),
	un64("sqrtsd", all64, (*Env).Sqrt64, hostfp.Sqrtsd),
	cmp32("comiss", true, hostfp.Comiss),
	cmp32("ucomiss", false, hostfp.Ucomiss),
	cmp64("comisd", true, hostfp.Comisd),
	cmp64("ucomisd", false, hostfp.Ucomisd),
}

func TestHostArithmetic(t *testing.T) { runRows(t, arithmeticRows) }

var conversionRows = []row{
	un32("cvtss2sd", all64, (*Env).F32ToF64, hostfp.Cvtss2sd),
	un64("cvtsd2ss", low32, (*Env).F64ToF32, hostfp.Cvtsd2ss),
	un32("cvtss2sil", low32, (*Env).F32ToI32, hostfp.Cvtss2sil),
	un32("cvtss2siq", all64, (*Env).F32ToI64, hostfp.Cvtss2siq),
	un64("cvtsd2sil", low32, (*Env).F64ToI32, hostfp.Cvtsd2sil),
	un64("cvtsd2siq", all64, (*Env).F64ToI64, hostfp.Cvtsd2siq),
	un32("cvttss2sil", low32, (*Env).F32ToI32Trunc, hostfp.Cvttss2sil),
	un32("cvttss2siq", all64, (*Env).F32ToI64Trunc, hostfp.Cvttss2siq),
	un64("cvttsd2sil", low32, (*Env).F64ToI32Trunc, hostfp.Cvttsd2sil),
	un64("cvttsd2siq", all64, (*Env).F64ToI64Trunc, hostfp.Cvttsd2siq),
	fromInts("cvtsil2ss", low32, (*Env).I32ToF32, hostfp.Cvtsil2ss),
	fromInts("cvtsiq2ss", low32, (*Env).I64ToF32, hostfp.Cvtsiq2ss),
	fromInts("cvtsil2sd", all64, (*Env).I32ToF64, hostfp.Cvtsil2sd),
	fromInts("cvtsiq2sd", all64, (*Env).I64ToF64, hostfp.Cvtsiq2sd),
	un32("roundss0", low32, round32(0), hostfp.Roundss0),
	un32("roundss1", low32, round32(1), hostfp.Roundss1),
	un32("roundss2", low32, round32(2), hostfp.Roundss2),
	un32("roundss3", low32, round32(3), hostfp.Roundss3),
	un32("roundss12", low32, func(e *Env, a uint32) uint32 { return e.RoundInt32(a, e.Round, true) }, hostfp.Roundss12),
	un64("roundsd0", all64, round64(0), hostfp.Roundsd0),
	un64("roundsd1", all64, round64(1), hostfp.Roundsd1),
	un64("roundsd2", all64, round64(2), hostfp.Roundsd2),
	un64("roundsd3", all64, round64(3), hostfp.Roundsd3),
	un64("roundsd12", all64, func(e *Env, a uint64) uint64 { return e.RoundInt64(a, e.Round, true) }, hostfp.Roundsd12),
}

func round32(m Rounding) func(*Env, uint32) uint32 {
	return func(e *Env, a uint32) uint32 { return e.RoundInt32(a, m, false) }
}

func round64(m Rounding) func(*Env, uint64) uint64 {
	return func(e *Env, a uint64) uint64 { return e.RoundInt64(a, m, false) }
}

func TestHostConversions(t *testing.T) { runRows(t, conversionRows) }

var fmaRows = []row{
	{"vfmaddss", 3, &binary32, low32, func(e *Env, v [3]uint64) uint64 {
		return uint64(e.MulAdd32(uint32(v[0]), uint32(v[1]), uint32(v[2])))
	}, host3(hostfp.Fmass)},
	{"vfmaddsd", 3, &binary64, all64, mulAdd64, host3(hostfp.Fmasd)},
	{"vfmadd132sd", 3, &binary64, all64, mulAdd64, host3(hostfp.Fma132sd)},
	{"vfmadd231sd", 3, &binary64, all64, mulAdd64, host3(hostfp.Fma231sd)},
}

func mulAdd64(e *Env, v [3]uint64) uint64 { return e.MulAdd64(v[0], v[1], v[2]) }

func TestHostFMA(t *testing.T) {
	if !hostfp.HasFMA() {
		t.Skip("host has no FMA3")
	}
	runRows(t, fmaRows)
}

var halfRows = []row{
	{"vcvtph2ps", 1, &binary16, low32, func(e *Env, v [3]uint64) uint64 {
		return uint64(e.F16ToF32(uint16(v[0])))
	}, host1(hostfp.Cvtph2ps)},
	un32("vcvtps2ph0", low16, half(0), hostfp.Cvtps2ph0),
	un32("vcvtps2ph1", low16, half(1), hostfp.Cvtps2ph1),
	un32("vcvtps2ph2", low16, half(2), hostfp.Cvtps2ph2),
	un32("vcvtps2ph3", low16, half(3), hostfp.Cvtps2ph3),
	un32("vcvtps2ph4", low16, func(e *Env, a uint32) uint16 { return e.F32ToF16(a, e.Round) }, hostfp.Cvtps2ph4),
}

func half(m Rounding) func(*Env, uint32) uint16 {
	return func(e *Env, a uint32) uint16 { return e.F32ToF16(a, m) }
}

func TestHostHalf(t *testing.T) {
	if !hostfp.HasF16C() {
		t.Skip("host has no F16C")
	}
	runRows(t, halfRows)
}

var unsignedRows = []row{
	un32("vcvtss2usil", low32, (*Env).F32ToU32, hostfp.Cvtss2usil),
	un32("vcvtss2usiq", all64, (*Env).F32ToU64, hostfp.Cvtss2usiq),
	un64("vcvtsd2usil", low32, (*Env).F64ToU32, hostfp.Cvtsd2usil),
	un64("vcvtsd2usiq", all64, (*Env).F64ToU64, hostfp.Cvtsd2usiq),
	un32("vcvttss2usil", low32, (*Env).F32ToU32Trunc, hostfp.Cvttss2usil),
	un32("vcvttss2usiq", all64, (*Env).F32ToU64Trunc, hostfp.Cvttss2usiq),
	un64("vcvttsd2usil", low32, (*Env).F64ToU32Trunc, hostfp.Cvttsd2usil),
	un64("vcvttsd2usiq", all64, (*Env).F64ToU64Trunc, hostfp.Cvttsd2usiq),
	fromInts("vcvtusil2ss", low32, (*Env).U32ToF32, hostfp.Cvtusil2ss),
	fromInts("vcvtusiq2ss", low32, (*Env).U64ToF32, hostfp.Cvtusiq2ss),
	fromInts("vcvtusil2sd", all64, (*Env).U32ToF64, hostfp.Cvtusil2sd),
	fromInts("vcvtusiq2sd", all64, (*Env).U64ToF64, hostfp.Cvtusiq2sd),
}

func TestHostUnsigned(t *testing.T) {
	if !hostfp.HasAVX512F() {
		t.Skip("host has no AVX-512F")
	}
	runRows(t, unsignedRows)
}
