package asm

// Instructions in VEX encoding by their names (SDM vol. 2).

// Prefix is a mandatory prefix as VEX has it.
type Prefix uint32

// The prefixes.
const (
	NoPrefix Prefix = iota
	Prefix66
	PrefixF3
	PrefixF2
)

// The opcode maps.
const (
	map0F = iota + 1
	map0F38
	map0F3A
)

// VOp is an instruction in VEX encoding: opcode, map, mandatory prefix and the W
// bit.
type VOp uint32

func vexOp(pp Prefix, m, w, op uint32) VOp { return VOp(op | m<<8 | uint32(pp)<<16 | w<<20) }

// Prefixed is the instruction with the same opcode and another prefix.
func (v VOp) Prefixed(pp Prefix) VOp { return v&^(3<<16) | VOp(pp)<<16 }

// Sized is the instruction for general registers of 4 or 8 bytes.
func (v VOp) Sized(n uint8) VOp {
	if n == 8 {
		return v | 1<<20
	}
	return v
}

// Floating-point instructions that have four forms: packed and scalar, single and
// double.
const (
	FPSqrt = 0x51
	FPAdd  = 0x58
	FPMul  = 0x59
	FPSub  = 0x5c
	FPMin  = 0x5d
	FPDiv  = 0x5e
	FPMax  = 0x5f
	FPCmp  = 0xc2
)

// FP are the two packed forms; the scalar ones differ in the prefix.
func FP(op uint32) [4]VOp {
	return [4]VOp{2: vexOp(NoPrefix, map0F, 0, op), 3: vexOp(Prefix66, map0F, 0, op)}
}

// The kinds of fused multiplication in the form 132, by their opcodes.
const (
	FMAAddSub = 0x96
	FMASubAdd = 0x97
	FMAAdd    = 0x98
	FMASub    = 0x9a
	FMANegAdd = 0x9c
	FMANegSub = 0x9e
)

// FMA is the instruction of a kind and a form: 0 for 132, 1 for 213, 2 for 231.
func (v VOp) FMA(kind, form byte) VOp { return v&^0xff | VOp(kind+form<<4) }

// FMAScalar is a fused multiplication on one lane. Those that both add and subtract have
// none.
func (v VOp) FMAScalar() VOp { return v + 1 }

// Truncating is Vcvtss2si or Vcvtsd2si with rounding toward zero.
func (v VOp) Truncating() VOp { return v - 1 }

// Signaling is Vucomiss or Vucomisd where quiet NaNs are invalid too: VCOMIS.
func (v VOp) Signaling() VOp { return v + 1 }

// RoundScalar is Vroundps or Vroundpd on one lane: VROUNDS.
func (v VOp) RoundScalar() VOp { return v + 2 }

// Widening is Vpmovsxbw or Vpmovzxbw from lanes of 1<<from bytes to those of 1<<to.
func (v VOp) Widening(from, to uint8) VOp {
	return v + [3]VOp{0, 3, 5}[from] + VOp(to-from-1)
}

// ShiftLanes is the shift of lanes of 1<<lane bytes by a constant.
func ShiftLanes(lane uint8) VOp { return vpshiftImm + VOp(lane) }

// The kinds of these shifts, by their numbers in the register field. Those by bytes
// shift each half of a register of 256 bits; their lane has 8 bytes here.
const (
	ShiftRight      Reg = 2
	ShiftBytesRight Reg = 3
	ShiftArith      Reg = 4
	ShiftLeft       Reg = 6
	ShiftBytesLeft  Reg = 7
)

// The BMI instructions on general registers.
var (
	Shlx = vexOp(Prefix66, map0F38, 0, 0xf7)
	Sarx = vexOp(PrefixF3, map0F38, 0, 0xf7)
	Shrx = vexOp(PrefixF2, map0F38, 0, 0xf7)
	Andn = vexOp(NoPrefix, map0F38, 0, 0xf2)
	Mulx = vexOp(PrefixF2, map0F38, 0, 0xf6)
	Rorx = vexOp(PrefixF2, map0F3A, 0, 0xf0)
)

// Moves between vector registers, memory and general registers.
var (
	VmovdquLd = vexOp(PrefixF3, map0F, 0, 0x6f)
	VmovdquSt = vexOp(PrefixF3, map0F, 0, 0x7f)
	Vmovdqa   = vexOp(Prefix66, map0F, 0, 0x6f)
	VmovqLd   = vexOp(PrefixF3, map0F, 0, 0x7e)
	VmovqSt   = vexOp(Prefix66, map0F, 0, 0xd6)
	VmovdLd   = vexOp(Prefix66, map0F, 0, 0x6e) // from a general register or memory
	VmovdSt   = vexOp(Prefix66, map0F, 0, 0x7e)
	Vmovsd    = vexOp(PrefixF2, map0F, 0, 0x10)
	Vmovss    = vexOp(PrefixF3, map0F, 0, 0x10)
	Vmovlps   = vexOp(NoPrefix, map0F, 0, 0x12)
	Vmovhps   = vexOp(NoPrefix, map0F, 0, 0x16)
	VmovhpsSt = vexOp(NoPrefix, map0F, 0, 0x17)
	Vunpcklpd = vexOp(Prefix66, map0F, 0, 0x14)
	Vunpckhpd = vexOp(Prefix66, map0F, 0, 0x15)
	Vpextrq   = vexOp(Prefix66, map0F3A, 1, 0x16)
)

// Conversions with general registers.
var (
	Vcvtsi2ss = vexOp(PrefixF3, map0F, 0, 0x2a)
	Vcvtsi2sd = vexOp(PrefixF2, map0F, 0, 0x2a)
	Vcvtss2si = vexOp(PrefixF3, map0F, 0, 0x2d)
	Vcvtsd2si = vexOp(PrefixF2, map0F, 0, 0x2d)
)

// Integers, bits and lanes.
var (
	Vpaddb           = vexOp(Prefix66, map0F, 0, 0xfc)
	Vpaddw           = vexOp(Prefix66, map0F, 0, 0xfd)
	Vpaddd           = vexOp(Prefix66, map0F, 0, 0xfe)
	Vpaddq           = vexOp(Prefix66, map0F, 0, 0xd4)
	Vpsubb           = vexOp(Prefix66, map0F, 0, 0xf8)
	Vpsubw           = vexOp(Prefix66, map0F, 0, 0xf9)
	Vpsubd           = vexOp(Prefix66, map0F, 0, 0xfa)
	Vpsubq           = vexOp(Prefix66, map0F, 0, 0xfb)
	Vpaddsb          = vexOp(Prefix66, map0F, 0, 0xec)
	Vpaddsw          = vexOp(Prefix66, map0F, 0, 0xed)
	Vpaddusb         = vexOp(Prefix66, map0F, 0, 0xdc)
	Vpaddusw         = vexOp(Prefix66, map0F, 0, 0xdd)
	Vpsubsb          = vexOp(Prefix66, map0F, 0, 0xe8)
	Vpsubsw          = vexOp(Prefix66, map0F, 0, 0xe9)
	Vpsubusb         = vexOp(Prefix66, map0F, 0, 0xd8)
	Vpsubusw         = vexOp(Prefix66, map0F, 0, 0xd9)
	Vpminsb          = vexOp(Prefix66, map0F38, 0, 0x38)
	Vpminsw          = vexOp(Prefix66, map0F, 0, 0xea)
	Vpminsd          = vexOp(Prefix66, map0F38, 0, 0x39)
	Vpminub          = vexOp(Prefix66, map0F, 0, 0xda)
	Vpminuw          = vexOp(Prefix66, map0F38, 0, 0x3a)
	Vpminud          = vexOp(Prefix66, map0F38, 0, 0x3b)
	Vpmaxsb          = vexOp(Prefix66, map0F38, 0, 0x3c)
	Vpmaxsw          = vexOp(Prefix66, map0F, 0, 0xee)
	Vpmaxsd          = vexOp(Prefix66, map0F38, 0, 0x3d)
	Vpmaxub          = vexOp(Prefix66, map0F, 0, 0xde)
	Vpmaxuw          = vexOp(Prefix66, map0F38, 0, 0x3e)
	Vpmaxud          = vexOp(Prefix66, map0F38, 0, 0x3f)
	Vpavgb           = vexOp(Prefix66, map0F, 0, 0xe0)
	Vpavgw           = vexOp(Prefix66, map0F, 0, 0xe3)
	Vpabsb           = vexOp(Prefix66, map0F38, 0, 0x1c)
	Vpabsw           = vexOp(Prefix66, map0F38, 0, 0x1d)
	Vpabsd           = vexOp(Prefix66, map0F38, 0, 0x1e)
	Vpsignb          = vexOp(Prefix66, map0F38, 0, 0x08)
	Vpsignw          = vexOp(Prefix66, map0F38, 0, 0x09)
	Vpsignd          = vexOp(Prefix66, map0F38, 0, 0x0a)
	Vpand            = vexOp(Prefix66, map0F, 0, 0xdb)
	Vpandn           = vexOp(Prefix66, map0F, 0, 0xdf)
	Vpor             = vexOp(Prefix66, map0F, 0, 0xeb)
	Vpxor            = vexOp(Prefix66, map0F, 0, 0xef)
	Vpcmpeqb         = vexOp(Prefix66, map0F, 0, 0x74)
	Vpcmpeqw         = vexOp(Prefix66, map0F, 0, 0x75)
	Vpcmpeqd         = vexOp(Prefix66, map0F, 0, 0x76)
	Vpcmpeqq         = vexOp(Prefix66, map0F38, 0, 0x29)
	Vpcmpgtb         = vexOp(Prefix66, map0F, 0, 0x64)
	Vpcmpgtw         = vexOp(Prefix66, map0F, 0, 0x65)
	Vpcmpgtd         = vexOp(Prefix66, map0F, 0, 0x66)
	Vpcmpgtq         = vexOp(Prefix66, map0F38, 0, 0x37)
	Vpmullw          = vexOp(Prefix66, map0F, 0, 0xd5)
	Vpmulld          = vexOp(Prefix66, map0F38, 0, 0x40)
	Vpmulhw          = vexOp(Prefix66, map0F, 0, 0xe5)
	Vpmulhuw         = vexOp(Prefix66, map0F, 0, 0xe4)
	Vpmulhrsw        = vexOp(Prefix66, map0F38, 0, 0x0b)
	Vpmuldq          = vexOp(Prefix66, map0F38, 0, 0x28)
	Vpmuludq         = vexOp(Prefix66, map0F, 0, 0xf4)
	Vpmaddwd         = vexOp(Prefix66, map0F, 0, 0xf5)
	Vpmaddubsw       = vexOp(Prefix66, map0F38, 0, 0x04)
	Vpsadbw          = vexOp(Prefix66, map0F, 0, 0xf6)
	Vphaddw          = vexOp(Prefix66, map0F38, 0, 0x01)
	Vphaddd          = vexOp(Prefix66, map0F38, 0, 0x02)
	Vphaddsw         = vexOp(Prefix66, map0F38, 0, 0x03)
	Vphsubw          = vexOp(Prefix66, map0F38, 0, 0x05)
	Vphsubd          = vexOp(Prefix66, map0F38, 0, 0x06)
	Vphsubsw         = vexOp(Prefix66, map0F38, 0, 0x07)
	Vpsllw           = vexOp(Prefix66, map0F, 0, 0xf1)
	Vpslld           = vexOp(Prefix66, map0F, 0, 0xf2)
	Vpsllq           = vexOp(Prefix66, map0F, 0, 0xf3)
	Vpsrlw           = vexOp(Prefix66, map0F, 0, 0xd1)
	Vpsrld           = vexOp(Prefix66, map0F, 0, 0xd2)
	Vpsrlq           = vexOp(Prefix66, map0F, 0, 0xd3)
	Vpsraw           = vexOp(Prefix66, map0F, 0, 0xe1)
	Vpsrad           = vexOp(Prefix66, map0F, 0, 0xe2)
	Vpsllvd          = vexOp(Prefix66, map0F38, 0, 0x47)
	Vpsllvq          = vexOp(Prefix66, map0F38, 1, 0x47)
	Vpsrlvd          = vexOp(Prefix66, map0F38, 0, 0x45)
	Vpsrlvq          = vexOp(Prefix66, map0F38, 1, 0x45)
	Vpsravd          = vexOp(Prefix66, map0F38, 0, 0x46)
	Vpalignr         = vexOp(Prefix66, map0F3A, 0, 0x0f)
	Vpacksswb        = vexOp(Prefix66, map0F, 0, 0x63)
	Vpackssdw        = vexOp(Prefix66, map0F, 0, 0x6b)
	Vpackuswb        = vexOp(Prefix66, map0F, 0, 0x67)
	Vpackusdw        = vexOp(Prefix66, map0F38, 0, 0x2b)
	Vpunpcklbw       = vexOp(Prefix66, map0F, 0, 0x60)
	Vpunpcklwd       = vexOp(Prefix66, map0F, 0, 0x61)
	Vpunpckldq       = vexOp(Prefix66, map0F, 0, 0x62)
	Vpunpcklqdq      = vexOp(Prefix66, map0F, 0, 0x6c)
	Vpunpckhbw       = vexOp(Prefix66, map0F, 0, 0x68)
	Vpunpckhwd       = vexOp(Prefix66, map0F, 0, 0x69)
	Vpunpckhdq       = vexOp(Prefix66, map0F, 0, 0x6a)
	Vpunpckhqdq      = vexOp(Prefix66, map0F, 0, 0x6d)
	Vpmovsxbw        = vexOp(Prefix66, map0F38, 0, 0x20)
	Vpmovzxbw        = vexOp(Prefix66, map0F38, 0, 0x30)
	Vpshuflw         = vexOp(PrefixF2, map0F, 0, 0x70)
	Vpshufhw         = vexOp(PrefixF3, map0F, 0, 0x70)
	Vpshufd          = vexOp(Prefix66, map0F, 0, 0x70)
	Vshufps          = vexOp(NoPrefix, map0F, 0, 0xc6)
	Vshufpd          = vexOp(Prefix66, map0F, 0, 0xc6)
	Vpshufb          = vexOp(Prefix66, map0F38, 0, 0x00)
	Vpermilps        = vexOp(Prefix66, map0F38, 0, 0x0c)
	Vpermilpd        = vexOp(Prefix66, map0F38, 0, 0x0d)
	Vpermd           = vexOp(Prefix66, map0F38, 0, 0x36)
	Vpermq           = vexOp(Prefix66, map0F3A, 1, 0x00)
	Vpbroadcastb     = vexOp(Prefix66, map0F38, 0, 0x78)
	Vpbroadcastw     = vexOp(Prefix66, map0F38, 0, 0x79)
	Vpbroadcastd     = vexOp(Prefix66, map0F38, 0, 0x58)
	Vpbroadcastq     = vexOp(Prefix66, map0F38, 0, 0x59)
	Vpblendw         = vexOp(Prefix66, map0F3A, 0, 0x0e)
	Vblendps         = vexOp(Prefix66, map0F3A, 0, 0x0c)
	Vblendpd         = vexOp(Prefix66, map0F3A, 0, 0x0d)
	Vpblendvb        = vexOp(Prefix66, map0F3A, 0, 0x4c)
	Vblendvps        = vexOp(Prefix66, map0F3A, 0, 0x4a)
	Vblendvpd        = vexOp(Prefix66, map0F3A, 0, 0x4b)
	Vpmovmskb        = vexOp(Prefix66, map0F, 0, 0xd7)
	Vmovmskps        = vexOp(NoPrefix, map0F, 0, 0x50)
	Vmovmskpd        = vexOp(Prefix66, map0F, 0, 0x50)
	Vptest           = vexOp(Prefix66, map0F38, 0, 0x17)
	Vtestps          = vexOp(Prefix66, map0F38, 0, 0x0e)
	Vtestpd          = vexOp(Prefix66, map0F38, 0, 0x0f)
	Vaesenc          = vexOp(Prefix66, map0F38, 0, 0xdc)
	Vaesenclast      = vexOp(Prefix66, map0F38, 0, 0xdd)
	Vaesdec          = vexOp(Prefix66, map0F38, 0, 0xde)
	Vaesdeclast      = vexOp(Prefix66, map0F38, 0, 0xdf)
	Vaesimc          = vexOp(Prefix66, map0F38, 0, 0xdb)
	Vaeskeygenassist = vexOp(Prefix66, map0F3A, 0, 0xdf)
	Vpclmulqdq       = vexOp(Prefix66, map0F3A, 0, 0x44)
	vpshiftImm       = vexOp(Prefix66, map0F, 0, 0x70)
)

// Floating point.
var (
	Vaddsubps   = vexOp(PrefixF2, map0F, 0, 0xd0)
	Vaddsubpd   = vexOp(Prefix66, map0F, 0, 0xd0)
	Vucomiss    = vexOp(NoPrefix, map0F, 0, 0x2e)
	Vucomisd    = vexOp(Prefix66, map0F, 0, 0x2e)
	Vroundps    = vexOp(Prefix66, map0F3A, 0, 0x08)
	Vroundpd    = vexOp(Prefix66, map0F3A, 0, 0x09)
	Vcvtdq2ps   = vexOp(NoPrefix, map0F, 0, 0x5b)
	Vcvtdq2pd   = vexOp(PrefixF3, map0F, 0, 0xe6)
	Vcvtps2dq   = vexOp(Prefix66, map0F, 0, 0x5b)
	Vcvttpd2dq  = vexOp(Prefix66, map0F, 0, 0xe6)
	Vcvtps2pd   = vexOp(NoPrefix, map0F, 0, 0x5a)
	Vcvtpd2ps   = vexOp(Prefix66, map0F, 0, 0x5a)
	Vfmadd132ps = vexOp(Prefix66, map0F38, 0, FMAAdd)
	Vfmadd132pd = vexOp(Prefix66, map0F38, 1, FMAAdd)
)
