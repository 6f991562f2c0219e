package amd64

// Instructions in VEX encoding by their names (SDM vol. 2).

// prefix is a mandatory prefix as VEX has it.
type prefix uint32

const (
	noPrefix prefix = iota
	prefix66
	prefixF3
	prefixF2
)

// The opcode maps.
const (
	map0F = iota + 1
	map0F38
	map0F3A
)

// vop is an instruction in VEX encoding: opcode, map, mandatory prefix and the W
// bit.
type vop uint32

func vexOp(pp prefix, m, w, op uint32) vop { return vop(op | m<<8 | uint32(pp)<<16 | w<<20) }

// prefixed is the instruction with the same opcode and another prefix.
func (v vop) prefixed(pp prefix) vop { return v&^(3<<16) | vop(pp)<<16 }

// sized is the instruction for general registers of 4 or 8 bytes.
func (v vop) sized(n uint8) vop {
	if n == 8 {
		return v | 1<<20
	}
	return v
}

// Floating-point instructions that have four forms: packed and scalar, single and
// double.
const (
	fpSqrt = 0x51
	fpAdd  = 0x58
	fpMul  = 0x59
	fpSub  = 0x5c
	fpMin  = 0x5d
	fpDiv  = 0x5e
	fpMax  = 0x5f
	fpCmp  = 0xc2
)

// fp are the two packed forms; the scalar ones differ in the prefix.
func fp(op uint32) [4]vop {
	return [4]vop{2: vexOp(noPrefix, map0F, 0, op), 3: vexOp(prefix66, map0F, 0, op)}
}

// The kinds of fused multiplication in the form 132, by their opcodes. One more is
// the scalar instruction, but for those that add and subtract.
const (
	fmaAddSub = 0x96
	fmaSubAdd = 0x97
	fmaAdd    = 0x98
	fmaSub    = 0x9a
	fmaNegAdd = 0x9c
	fmaNegSub = 0x9e
)

// fma is the instruction of a kind and a form: 0 for 132, 1 for 213, 2 for 231.
func (v vop) fma(kind, form byte) vop { return v&^0xff | vop(kind+form<<4) }

// Shifts of lanes by a constant: the number in the register field. The opcode is
// opVpshiftImm and log2 of the lane's bytes.
const (
	shiftRight      Reg = 2
	shiftBytesRight Reg = 3
	shiftArith      Reg = 4
	shiftLeft       Reg = 6
	shiftBytesLeft  Reg = 7
)

// The BMI instructions on general registers.
var (
	opShlx = vexOp(prefix66, map0F38, 0, 0xf7)
	opSarx = vexOp(prefixF3, map0F38, 0, 0xf7)
	opShrx = vexOp(prefixF2, map0F38, 0, 0xf7)
	opAndn = vexOp(noPrefix, map0F38, 0, 0xf2)
	opMulx = vexOp(prefixF2, map0F38, 0, 0xf6)
	opRorx = vexOp(prefixF2, map0F3A, 0, 0xf0)
)

// Moves between vector registers, memory and general registers.
var (
	opVmovdquLd = vexOp(prefixF3, map0F, 0, 0x6f)
	opVmovdquSt = vexOp(prefixF3, map0F, 0, 0x7f)
	opVmovdqa   = vexOp(prefix66, map0F, 0, 0x6f)
	opVmovqLd   = vexOp(prefixF3, map0F, 0, 0x7e)
	opVmovqSt   = vexOp(prefix66, map0F, 0, 0xd6)
	opVmovdLd   = vexOp(prefix66, map0F, 0, 0x6e) // from a general register or memory
	opVmovdSt   = vexOp(prefix66, map0F, 0, 0x7e)
	opVmovsd    = vexOp(prefixF2, map0F, 0, 0x10)
	opVmovss    = vexOp(prefixF3, map0F, 0, 0x10)
	opVmovlps   = vexOp(noPrefix, map0F, 0, 0x12)
	opVmovhps   = vexOp(noPrefix, map0F, 0, 0x16)
	opVmovhpsSt = vexOp(noPrefix, map0F, 0, 0x17)
	opVunpcklpd = vexOp(prefix66, map0F, 0, 0x14)
	opVunpckhpd = vexOp(prefix66, map0F, 0, 0x15)
	opVpextrq   = vexOp(prefix66, map0F3A, 1, 0x16)
)

// Conversions with general registers. Of those to integers, one opcode less
// truncates.
var (
	opVcvtsi2ss = vexOp(prefixF3, map0F, 0, 0x2a)
	opVcvtsi2sd = vexOp(prefixF2, map0F, 0, 0x2a)
	opVcvtss2si = vexOp(prefixF3, map0F, 0, 0x2d)
	opVcvtsd2si = vexOp(prefixF2, map0F, 0, 0x2d)
)

// Integers, bits and lanes.
var (
	opVpaddb           = vexOp(prefix66, map0F, 0, 0xfc)
	opVpaddw           = vexOp(prefix66, map0F, 0, 0xfd)
	opVpaddd           = vexOp(prefix66, map0F, 0, 0xfe)
	opVpaddq           = vexOp(prefix66, map0F, 0, 0xd4)
	opVpsubb           = vexOp(prefix66, map0F, 0, 0xf8)
	opVpsubw           = vexOp(prefix66, map0F, 0, 0xf9)
	opVpsubd           = vexOp(prefix66, map0F, 0, 0xfa)
	opVpsubq           = vexOp(prefix66, map0F, 0, 0xfb)
	opVpaddsb          = vexOp(prefix66, map0F, 0, 0xec)
	opVpaddsw          = vexOp(prefix66, map0F, 0, 0xed)
	opVpaddusb         = vexOp(prefix66, map0F, 0, 0xdc)
	opVpaddusw         = vexOp(prefix66, map0F, 0, 0xdd)
	opVpsubsb          = vexOp(prefix66, map0F, 0, 0xe8)
	opVpsubsw          = vexOp(prefix66, map0F, 0, 0xe9)
	opVpsubusb         = vexOp(prefix66, map0F, 0, 0xd8)
	opVpsubusw         = vexOp(prefix66, map0F, 0, 0xd9)
	opVpminsb          = vexOp(prefix66, map0F38, 0, 0x38)
	opVpminsw          = vexOp(prefix66, map0F, 0, 0xea)
	opVpminsd          = vexOp(prefix66, map0F38, 0, 0x39)
	opVpminub          = vexOp(prefix66, map0F, 0, 0xda)
	opVpminuw          = vexOp(prefix66, map0F38, 0, 0x3a)
	opVpminud          = vexOp(prefix66, map0F38, 0, 0x3b)
	opVpmaxsb          = vexOp(prefix66, map0F38, 0, 0x3c)
	opVpmaxsw          = vexOp(prefix66, map0F, 0, 0xee)
	opVpmaxsd          = vexOp(prefix66, map0F38, 0, 0x3d)
	opVpmaxub          = vexOp(prefix66, map0F, 0, 0xde)
	opVpmaxuw          = vexOp(prefix66, map0F38, 0, 0x3e)
	opVpmaxud          = vexOp(prefix66, map0F38, 0, 0x3f)
	opVpavgb           = vexOp(prefix66, map0F, 0, 0xe0)
	opVpavgw           = vexOp(prefix66, map0F, 0, 0xe3)
	opVpabsb           = vexOp(prefix66, map0F38, 0, 0x1c)
	opVpabsw           = vexOp(prefix66, map0F38, 0, 0x1d)
	opVpabsd           = vexOp(prefix66, map0F38, 0, 0x1e)
	opVpsignb          = vexOp(prefix66, map0F38, 0, 0x08)
	opVpsignw          = vexOp(prefix66, map0F38, 0, 0x09)
	opVpsignd          = vexOp(prefix66, map0F38, 0, 0x0a)
	opVpand            = vexOp(prefix66, map0F, 0, 0xdb)
	opVpandn           = vexOp(prefix66, map0F, 0, 0xdf)
	opVpor             = vexOp(prefix66, map0F, 0, 0xeb)
	opVpxor            = vexOp(prefix66, map0F, 0, 0xef)
	opVpcmpeqb         = vexOp(prefix66, map0F, 0, 0x74)
	opVpcmpeqw         = vexOp(prefix66, map0F, 0, 0x75)
	opVpcmpeqd         = vexOp(prefix66, map0F, 0, 0x76)
	opVpcmpeqq         = vexOp(prefix66, map0F38, 0, 0x29)
	opVpcmpgtb         = vexOp(prefix66, map0F, 0, 0x64)
	opVpcmpgtw         = vexOp(prefix66, map0F, 0, 0x65)
	opVpcmpgtd         = vexOp(prefix66, map0F, 0, 0x66)
	opVpcmpgtq         = vexOp(prefix66, map0F38, 0, 0x37)
	opVpmullw          = vexOp(prefix66, map0F, 0, 0xd5)
	opVpmulld          = vexOp(prefix66, map0F38, 0, 0x40)
	opVpmulhw          = vexOp(prefix66, map0F, 0, 0xe5)
	opVpmulhuw         = vexOp(prefix66, map0F, 0, 0xe4)
	opVpmulhrsw        = vexOp(prefix66, map0F38, 0, 0x0b)
	opVpmuldq          = vexOp(prefix66, map0F38, 0, 0x28)
	opVpmuludq         = vexOp(prefix66, map0F, 0, 0xf4)
	opVpmaddwd         = vexOp(prefix66, map0F, 0, 0xf5)
	opVpmaddubsw       = vexOp(prefix66, map0F38, 0, 0x04)
	opVpsadbw          = vexOp(prefix66, map0F, 0, 0xf6)
	opVphaddw          = vexOp(prefix66, map0F38, 0, 0x01)
	opVphaddd          = vexOp(prefix66, map0F38, 0, 0x02)
	opVphaddsw         = vexOp(prefix66, map0F38, 0, 0x03)
	opVphsubw          = vexOp(prefix66, map0F38, 0, 0x05)
	opVphsubd          = vexOp(prefix66, map0F38, 0, 0x06)
	opVphsubsw         = vexOp(prefix66, map0F38, 0, 0x07)
	opVpsllw           = vexOp(prefix66, map0F, 0, 0xf1)
	opVpslld           = vexOp(prefix66, map0F, 0, 0xf2)
	opVpsllq           = vexOp(prefix66, map0F, 0, 0xf3)
	opVpsrlw           = vexOp(prefix66, map0F, 0, 0xd1)
	opVpsrld           = vexOp(prefix66, map0F, 0, 0xd2)
	opVpsrlq           = vexOp(prefix66, map0F, 0, 0xd3)
	opVpsraw           = vexOp(prefix66, map0F, 0, 0xe1)
	opVpsrad           = vexOp(prefix66, map0F, 0, 0xe2)
	opVpsllvd          = vexOp(prefix66, map0F38, 0, 0x47)
	opVpsllvq          = vexOp(prefix66, map0F38, 1, 0x47)
	opVpsrlvd          = vexOp(prefix66, map0F38, 0, 0x45)
	opVpsrlvq          = vexOp(prefix66, map0F38, 1, 0x45)
	opVpsravd          = vexOp(prefix66, map0F38, 0, 0x46)
	opVpalignr         = vexOp(prefix66, map0F3A, 0, 0x0f)
	opVpacksswb        = vexOp(prefix66, map0F, 0, 0x63)
	opVpackssdw        = vexOp(prefix66, map0F, 0, 0x6b)
	opVpackuswb        = vexOp(prefix66, map0F, 0, 0x67)
	opVpackusdw        = vexOp(prefix66, map0F38, 0, 0x2b)
	opVpunpcklbw       = vexOp(prefix66, map0F, 0, 0x60)
	opVpunpcklwd       = vexOp(prefix66, map0F, 0, 0x61)
	opVpunpckldq       = vexOp(prefix66, map0F, 0, 0x62)
	opVpunpcklqdq      = vexOp(prefix66, map0F, 0, 0x6c)
	opVpunpckhbw       = vexOp(prefix66, map0F, 0, 0x68)
	opVpunpckhwd       = vexOp(prefix66, map0F, 0, 0x69)
	opVpunpckhdq       = vexOp(prefix66, map0F, 0, 0x6a)
	opVpunpckhqdq      = vexOp(prefix66, map0F, 0, 0x6d)
	opVpmovsxbw        = vexOp(prefix66, map0F38, 0, 0x20)
	opVpmovzxbw        = vexOp(prefix66, map0F38, 0, 0x30)
	opVpshuflw         = vexOp(prefixF2, map0F, 0, 0x70)
	opVpshufhw         = vexOp(prefixF3, map0F, 0, 0x70)
	opVpshufd          = vexOp(prefix66, map0F, 0, 0x70)
	opVshufps          = vexOp(noPrefix, map0F, 0, 0xc6)
	opVshufpd          = vexOp(prefix66, map0F, 0, 0xc6)
	opVpshufb          = vexOp(prefix66, map0F38, 0, 0x00)
	opVpermilps        = vexOp(prefix66, map0F38, 0, 0x0c)
	opVpermilpd        = vexOp(prefix66, map0F38, 0, 0x0d)
	opVpermd           = vexOp(prefix66, map0F38, 0, 0x36)
	opVpermq           = vexOp(prefix66, map0F3A, 1, 0x00)
	opVpbroadcastb     = vexOp(prefix66, map0F38, 0, 0x78)
	opVpbroadcastw     = vexOp(prefix66, map0F38, 0, 0x79)
	opVpbroadcastd     = vexOp(prefix66, map0F38, 0, 0x58)
	opVpbroadcastq     = vexOp(prefix66, map0F38, 0, 0x59)
	opVpblendw         = vexOp(prefix66, map0F3A, 0, 0x0e)
	opVblendps         = vexOp(prefix66, map0F3A, 0, 0x0c)
	opVblendpd         = vexOp(prefix66, map0F3A, 0, 0x0d)
	opVpblendvb        = vexOp(prefix66, map0F3A, 0, 0x4c)
	opVblendvps        = vexOp(prefix66, map0F3A, 0, 0x4a)
	opVblendvpd        = vexOp(prefix66, map0F3A, 0, 0x4b)
	opVpmovmskb        = vexOp(prefix66, map0F, 0, 0xd7)
	opVmovmskps        = vexOp(noPrefix, map0F, 0, 0x50)
	opVmovmskpd        = vexOp(prefix66, map0F, 0, 0x50)
	opVptest           = vexOp(prefix66, map0F38, 0, 0x17)
	opVtestps          = vexOp(prefix66, map0F38, 0, 0x0e)
	opVtestpd          = vexOp(prefix66, map0F38, 0, 0x0f)
	opVaesenc          = vexOp(prefix66, map0F38, 0, 0xdc)
	opVaesenclast      = vexOp(prefix66, map0F38, 0, 0xdd)
	opVaesdec          = vexOp(prefix66, map0F38, 0, 0xde)
	opVaesdeclast      = vexOp(prefix66, map0F38, 0, 0xdf)
	opVaesimc          = vexOp(prefix66, map0F38, 0, 0xdb)
	opVaeskeygenassist = vexOp(prefix66, map0F3A, 0, 0xdf)
	opVpclmulqdq       = vexOp(prefix66, map0F3A, 0, 0x44)
	opVpshiftImm       = vexOp(prefix66, map0F, 0, 0x70)
)

// Floating point. VUCOMIS and one more is VCOMIS, VROUNDP and two more VROUNDS.
var (
	opVaddsubps   = vexOp(prefixF2, map0F, 0, 0xd0)
	opVaddsubpd   = vexOp(prefix66, map0F, 0, 0xd0)
	opVucomiss    = vexOp(noPrefix, map0F, 0, 0x2e)
	opVucomisd    = vexOp(prefix66, map0F, 0, 0x2e)
	opVroundps    = vexOp(prefix66, map0F3A, 0, 0x08)
	opVroundpd    = vexOp(prefix66, map0F3A, 0, 0x09)
	opVcvtdq2ps   = vexOp(noPrefix, map0F, 0, 0x5b)
	opVcvtdq2pd   = vexOp(prefixF3, map0F, 0, 0xe6)
	opVcvtps2dq   = vexOp(prefix66, map0F, 0, 0x5b)
	opVcvttpd2dq  = vexOp(prefix66, map0F, 0, 0xe6)
	opVcvtps2pd   = vexOp(noPrefix, map0F, 0, 0x5a)
	opVcvtpd2ps   = vexOp(prefix66, map0F, 0, 0x5a)
	opVfmadd132ps = vexOp(prefix66, map0F38, 0, fmaAdd)
	opVfmadd132pd = vexOp(prefix66, map0F38, 1, fmaAdd)
)
