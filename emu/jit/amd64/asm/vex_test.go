package asm

import (
	"strings"
	"testing"
)

// vexRow is the encoding of an instruction in VEX encoding. From its text follow the
// length, the kinds of the operands and whether there is an immediate byte; the
// operands are registers number 1, 2 and 3 from reg to vvvv to rm, or [rax].
type vexRow struct {
	text, bytes string
	op          VOp
}

// vexRows has a row for each instruction of vex.go.
var vexRows = []vexRow{
	{"shlx ecx, ebx, edx", "c4 e2 69 f7 cb", Shlx},
	{"sarx ecx, ebx, edx", "c4 e2 6a f7 cb", Sarx},
	{"shrx ecx, ebx, edx", "c4 e2 6b f7 cb", Shrx},
	{"andn ecx, edx, ebx", "c4 e2 68 f2 cb", Andn},
	{"mulx ecx, edx, ebx", "c4 e2 6b f6 cb", Mulx},
	{"rorx ecx, ebx, 0x40", "c4 e3 7b f0 cb 40", Rorx},
	{"vmovdqu xmm1, xmmword ptr [rax]", "c5 fa 6f 08", VmovdquLd},
	{"vmovdqu xmmword ptr [rax], xmm1", "c5 fa 7f 08", VmovdquSt},
	{"vmovdqa xmm1, xmm3", "c5 f9 6f cb", Vmovdqa},
	{"vmovq xmm1, xmm3", "c5 fa 7e cb", VmovqLd},
	{"vmovq xmm3, xmm1", "c5 f9 d6 cb", VmovqSt},
	{"vmovd xmm1, ebx", "c5 f9 6e cb", VmovdLd},
	{"vmovd ebx, xmm1", "c5 f9 7e cb", VmovdSt},
	{"vmovsd xmm1, xmm2, xmm3", "c5 eb 10 cb", Vmovsd},
	{"vmovss xmm1, xmm2, xmm3", "c5 ea 10 cb", Vmovss},
	{"vmovlps xmm1, xmm2, qword ptr [rax]", "c5 e8 12 08", Vmovlps},
	{"vmovhps xmm1, xmm2, qword ptr [rax]", "c5 e8 16 08", Vmovhps},
	{"vmovhps qword ptr [rax], xmm1", "c5 f8 17 08", VmovhpsSt},
	{"vunpcklpd xmm1, xmm2, xmm3", "c5 e9 14 cb", Vunpcklpd},
	{"vunpckhpd xmm1, xmm2, xmm3", "c5 e9 15 cb", Vunpckhpd},
	{"vpextrq rbx, xmm1, 0x40", "c4 e3 f9 16 cb 40", Vpextrq},
	{"vcvtsi2ss xmm1, xmm2, ebx", "c5 ea 2a cb", Vcvtsi2ss},
	{"vcvtsi2sd xmm1, xmm2, ebx", "c5 eb 2a cb", Vcvtsi2sd},
	{"vcvtss2si ecx, xmm3", "c5 fa 2d cb", Vcvtss2si},
	{"vcvtsd2si ecx, xmm3", "c5 fb 2d cb", Vcvtsd2si},
	{"vpaddb xmm1, xmm2, xmm3", "c5 e9 fc cb", Vpaddb},
	{"vpaddw xmm1, xmm2, xmm3", "c5 e9 fd cb", Vpaddw},
	{"vpaddd xmm1, xmm2, xmm3", "c5 e9 fe cb", Vpaddd},
	{"vpaddq xmm1, xmm2, xmm3", "c5 e9 d4 cb", Vpaddq},
	{"vpsubb xmm1, xmm2, xmm3", "c5 e9 f8 cb", Vpsubb},
	{"vpsubw xmm1, xmm2, xmm3", "c5 e9 f9 cb", Vpsubw},
	{"vpsubd xmm1, xmm2, xmm3", "c5 e9 fa cb", Vpsubd},
	{"vpsubq xmm1, xmm2, xmm3", "c5 e9 fb cb", Vpsubq},
	{"vpaddsb xmm1, xmm2, xmm3", "c5 e9 ec cb", Vpaddsb},
	{"vpaddsw xmm1, xmm2, xmm3", "c5 e9 ed cb", Vpaddsw},
	{"vpaddusb xmm1, xmm2, xmm3", "c5 e9 dc cb", Vpaddusb},
	{"vpaddusw xmm1, xmm2, xmm3", "c5 e9 dd cb", Vpaddusw},
	{"vpsubsb xmm1, xmm2, xmm3", "c5 e9 e8 cb", Vpsubsb},
	{"vpsubsw xmm1, xmm2, xmm3", "c5 e9 e9 cb", Vpsubsw},
	{"vpsubusb xmm1, xmm2, xmm3", "c5 e9 d8 cb", Vpsubusb},
	{"vpsubusw xmm1, xmm2, xmm3", "c5 e9 d9 cb", Vpsubusw},
	{"vpminsb xmm1, xmm2, xmm3", "c4 e2 69 38 cb", Vpminsb},
	{"vpminsw xmm1, xmm2, xmm3", "c5 e9 ea cb", Vpminsw},
	{"vpminsd xmm1, xmm2, xmm3", "c4 e2 69 39 cb", Vpminsd},
	{"vpminub xmm1, xmm2, xmm3", "c5 e9 da cb", Vpminub},
	{"vpminuw xmm1, xmm2, xmm3", "c4 e2 69 3a cb", Vpminuw},
	{"vpminud xmm1, xmm2, xmm3", "c4 e2 69 3b cb", Vpminud},
	{"vpmaxsb xmm1, xmm2, xmm3", "c4 e2 69 3c cb", Vpmaxsb},
	{"vpmaxsw xmm1, xmm2, xmm3", "c5 e9 ee cb", Vpmaxsw},
	{"vpmaxsd xmm1, xmm2, xmm3", "c4 e2 69 3d cb", Vpmaxsd},
	{"vpmaxub xmm1, xmm2, xmm3", "c5 e9 de cb", Vpmaxub},
	{"vpmaxuw xmm1, xmm2, xmm3", "c4 e2 69 3e cb", Vpmaxuw},
	{"vpmaxud xmm1, xmm2, xmm3", "c4 e2 69 3f cb", Vpmaxud},
	{"vpavgb xmm1, xmm2, xmm3", "c5 e9 e0 cb", Vpavgb},
	{"vpavgw xmm1, xmm2, xmm3", "c5 e9 e3 cb", Vpavgw},
	{"vpabsb xmm1, xmm3", "c4 e2 79 1c cb", Vpabsb},
	{"vpabsw xmm1, xmm3", "c4 e2 79 1d cb", Vpabsw},
	{"vpabsd xmm1, xmm3", "c4 e2 79 1e cb", Vpabsd},
	{"vpsignb xmm1, xmm2, xmm3", "c4 e2 69 08 cb", Vpsignb},
	{"vpsignw xmm1, xmm2, xmm3", "c4 e2 69 09 cb", Vpsignw},
	{"vpsignd xmm1, xmm2, xmm3", "c4 e2 69 0a cb", Vpsignd},
	{"vpand xmm1, xmm2, xmm3", "c5 e9 db cb", Vpand},
	{"vpandn xmm1, xmm2, xmm3", "c5 e9 df cb", Vpandn},
	{"vpor xmm1, xmm2, xmm3", "c5 e9 eb cb", Vpor},
	{"vpxor xmm1, xmm2, xmm3", "c5 e9 ef cb", Vpxor},
	{"vpcmpeqb xmm1, xmm2, xmm3", "c5 e9 74 cb", Vpcmpeqb},
	{"vpcmpeqw xmm1, xmm2, xmm3", "c5 e9 75 cb", Vpcmpeqw},
	{"vpcmpeqd xmm1, xmm2, xmm3", "c5 e9 76 cb", Vpcmpeqd},
	{"vpcmpeqq xmm1, xmm2, xmm3", "c4 e2 69 29 cb", Vpcmpeqq},
	{"vpcmpgtb xmm1, xmm2, xmm3", "c5 e9 64 cb", Vpcmpgtb},
	{"vpcmpgtw xmm1, xmm2, xmm3", "c5 e9 65 cb", Vpcmpgtw},
	{"vpcmpgtd xmm1, xmm2, xmm3", "c5 e9 66 cb", Vpcmpgtd},
	{"vpcmpgtq xmm1, xmm2, xmm3", "c4 e2 69 37 cb", Vpcmpgtq},
	{"vpmullw xmm1, xmm2, xmm3", "c5 e9 d5 cb", Vpmullw},
	{"vpmulld xmm1, xmm2, xmm3", "c4 e2 69 40 cb", Vpmulld},
	{"vpmulhw xmm1, xmm2, xmm3", "c5 e9 e5 cb", Vpmulhw},
	{"vpmulhuw xmm1, xmm2, xmm3", "c5 e9 e4 cb", Vpmulhuw},
	{"vpmulhrsw xmm1, xmm2, xmm3", "c4 e2 69 0b cb", Vpmulhrsw},
	{"vpmuldq xmm1, xmm2, xmm3", "c4 e2 69 28 cb", Vpmuldq},
	{"vpmuludq xmm1, xmm2, xmm3", "c5 e9 f4 cb", Vpmuludq},
	{"vpmaddwd xmm1, xmm2, xmm3", "c5 e9 f5 cb", Vpmaddwd},
	{"vpmaddubsw xmm1, xmm2, xmm3", "c4 e2 69 04 cb", Vpmaddubsw},
	{"vpsadbw xmm1, xmm2, xmm3", "c5 e9 f6 cb", Vpsadbw},
	{"vphaddw xmm1, xmm2, xmm3", "c4 e2 69 01 cb", Vphaddw},
	{"vphaddd xmm1, xmm2, xmm3", "c4 e2 69 02 cb", Vphaddd},
	{"vphaddsw xmm1, xmm2, xmm3", "c4 e2 69 03 cb", Vphaddsw},
	{"vphsubw xmm1, xmm2, xmm3", "c4 e2 69 05 cb", Vphsubw},
	{"vphsubd xmm1, xmm2, xmm3", "c4 e2 69 06 cb", Vphsubd},
	{"vphsubsw xmm1, xmm2, xmm3", "c4 e2 69 07 cb", Vphsubsw},
	{"vpsllw xmm1, xmm2, xmm3", "c5 e9 f1 cb", Vpsllw},
	{"vpslld xmm1, xmm2, xmm3", "c5 e9 f2 cb", Vpslld},
	{"vpsllq xmm1, xmm2, xmm3", "c5 e9 f3 cb", Vpsllq},
	{"vpsrlw xmm1, xmm2, xmm3", "c5 e9 d1 cb", Vpsrlw},
	{"vpsrld xmm1, xmm2, xmm3", "c5 e9 d2 cb", Vpsrld},
	{"vpsrlq xmm1, xmm2, xmm3", "c5 e9 d3 cb", Vpsrlq},
	{"vpsraw xmm1, xmm2, xmm3", "c5 e9 e1 cb", Vpsraw},
	{"vpsrad xmm1, xmm2, xmm3", "c5 e9 e2 cb", Vpsrad},
	{"vpsllvd xmm1, xmm2, xmm3", "c4 e2 69 47 cb", Vpsllvd},
	{"vpsllvq xmm1, xmm2, xmm3", "c4 e2 e9 47 cb", Vpsllvq},
	{"vpsrlvd xmm1, xmm2, xmm3", "c4 e2 69 45 cb", Vpsrlvd},
	{"vpsrlvq xmm1, xmm2, xmm3", "c4 e2 e9 45 cb", Vpsrlvq},
	{"vpsravd xmm1, xmm2, xmm3", "c4 e2 69 46 cb", Vpsravd},
	{"vpalignr xmm1, xmm2, xmm3, 0x40", "c4 e3 69 0f cb 40", Vpalignr},
	{"vpacksswb xmm1, xmm2, xmm3", "c5 e9 63 cb", Vpacksswb},
	{"vpackssdw xmm1, xmm2, xmm3", "c5 e9 6b cb", Vpackssdw},
	{"vpackuswb xmm1, xmm2, xmm3", "c5 e9 67 cb", Vpackuswb},
	{"vpackusdw xmm1, xmm2, xmm3", "c4 e2 69 2b cb", Vpackusdw},
	{"vpunpcklbw xmm1, xmm2, xmm3", "c5 e9 60 cb", Vpunpcklbw},
	{"vpunpcklwd xmm1, xmm2, xmm3", "c5 e9 61 cb", Vpunpcklwd},
	{"vpunpckldq xmm1, xmm2, xmm3", "c5 e9 62 cb", Vpunpckldq},
	{"vpunpcklqdq xmm1, xmm2, xmm3", "c5 e9 6c cb", Vpunpcklqdq},
	{"vpunpckhbw xmm1, xmm2, xmm3", "c5 e9 68 cb", Vpunpckhbw},
	{"vpunpckhwd xmm1, xmm2, xmm3", "c5 e9 69 cb", Vpunpckhwd},
	{"vpunpckhdq xmm1, xmm2, xmm3", "c5 e9 6a cb", Vpunpckhdq},
	{"vpunpckhqdq xmm1, xmm2, xmm3", "c5 e9 6d cb", Vpunpckhqdq},
	{"vpmovsxbw xmm1, xmm3", "c4 e2 79 20 cb", Vpmovsxbw},
	{"vpmovzxbw xmm1, xmm3", "c4 e2 79 30 cb", Vpmovzxbw},
	{"vpshuflw xmm1, xmm3, 0x40", "c5 fb 70 cb 40", Vpshuflw},
	{"vpshufhw xmm1, xmm3, 0x40", "c5 fa 70 cb 40", Vpshufhw},
	{"vpshufd xmm1, xmm3, 0x40", "c5 f9 70 cb 40", Vpshufd},
	{"vshufps xmm1, xmm2, xmm3, 0x40", "c5 e8 c6 cb 40", Vshufps},
	{"vshufpd xmm1, xmm2, xmm3, 0x40", "c5 e9 c6 cb 40", Vshufpd},
	{"vpshufb xmm1, xmm2, xmm3", "c4 e2 69 00 cb", Vpshufb},
	{"vpermilps xmm1, xmm2, xmm3", "c4 e2 69 0c cb", Vpermilps},
	{"vpermilpd xmm1, xmm2, xmm3", "c4 e2 69 0d cb", Vpermilpd},
	{"vpermd ymm1, ymm2, ymm3", "c4 e2 6d 36 cb", Vpermd},
	{"vpermq ymm1, ymm3, 0x40", "c4 e3 fd 00 cb 40", Vpermq},
	{"vpbroadcastb xmm1, xmm3", "c4 e2 79 78 cb", Vpbroadcastb},
	{"vpbroadcastw xmm1, xmm3", "c4 e2 79 79 cb", Vpbroadcastw},
	{"vpbroadcastd xmm1, xmm3", "c4 e2 79 58 cb", Vpbroadcastd},
	{"vpbroadcastq xmm1, xmm3", "c4 e2 79 59 cb", Vpbroadcastq},
	{"vpblendw xmm1, xmm2, xmm3, 0x40", "c4 e3 69 0e cb 40", Vpblendw},
	{"vblendps xmm1, xmm2, xmm3, 0x40", "c4 e3 69 0c cb 40", Vblendps},
	{"vblendpd xmm1, xmm2, xmm3, 0x40", "c4 e3 69 0d cb 40", Vblendpd},
	{"vpblendvb xmm1, xmm2, xmm3, xmm4", "c4 e3 69 4c cb 40", Vpblendvb},
	{"vblendvps xmm1, xmm2, xmm3, xmm4", "c4 e3 69 4a cb 40", Vblendvps},
	{"vblendvpd xmm1, xmm2, xmm3, xmm4", "c4 e3 69 4b cb 40", Vblendvpd},
	{"vpmovmskb ecx, xmm3", "c5 f9 d7 cb", Vpmovmskb},
	{"vmovmskps ecx, xmm3", "c5 f8 50 cb", Vmovmskps},
	{"vmovmskpd ecx, xmm3", "c5 f9 50 cb", Vmovmskpd},
	{"vptest xmm1, xmm3", "c4 e2 79 17 cb", Vptest},
	{"vtestps xmm1, xmm3", "c4 e2 79 0e cb", Vtestps},
	{"vtestpd xmm1, xmm3", "c4 e2 79 0f cb", Vtestpd},
	{"vaesenc xmm1, xmm2, xmm3", "c4 e2 69 dc cb", Vaesenc},
	{"vaesenclast xmm1, xmm2, xmm3", "c4 e2 69 dd cb", Vaesenclast},
	{"vaesdec xmm1, xmm2, xmm3", "c4 e2 69 de cb", Vaesdec},
	{"vaesdeclast xmm1, xmm2, xmm3", "c4 e2 69 df cb", Vaesdeclast},
	{"vaesimc xmm1, xmm3", "c4 e2 79 db cb", Vaesimc},
	{"vaeskeygenassist xmm1, xmm3, 0x40", "c4 e3 79 df cb 40", Vaeskeygenassist},
	{"vpclmulqdq xmm1, xmm2, xmm3, 0x40", "c4 e3 69 44 cb 40", Vpclmulqdq},
	{"vaddsubps xmm1, xmm2, xmm3", "c5 eb d0 cb", Vaddsubps},
	{"vaddsubpd xmm1, xmm2, xmm3", "c5 e9 d0 cb", Vaddsubpd},
	{"vucomiss xmm1, xmm3", "c5 f8 2e cb", Vucomiss},
	{"vucomisd xmm1, xmm3", "c5 f9 2e cb", Vucomisd},
	{"vroundps xmm1, xmm3, 0x40", "c4 e3 79 08 cb 40", Vroundps},
	{"vroundpd xmm1, xmm3, 0x40", "c4 e3 79 09 cb 40", Vroundpd},
	{"vcvtdq2ps xmm1, xmm3", "c5 f8 5b cb", Vcvtdq2ps},
	{"vcvtdq2pd xmm1, xmm3", "c5 fa e6 cb", Vcvtdq2pd},
	{"vcvtps2dq xmm1, xmm3", "c5 f9 5b cb", Vcvtps2dq},
	{"vcvttpd2dq xmm1, xmm3", "c5 f9 e6 cb", Vcvttpd2dq},
	{"vcvtps2pd xmm1, xmm3", "c5 f8 5a cb", Vcvtps2pd},
	{"vcvtpd2ps xmm1, xmm3", "c5 f9 5a cb", Vcvtpd2ps},
	{"vfmadd132ps xmm1, xmm2, xmm3", "c4 e2 69 98 cb", Vfmadd132ps},
	{"vfmadd132pd xmm1, xmm2, xmm3", "c4 e2 e9 98 cb", Vfmadd132pd},
	{"vaddps xmm1, xmm2, xmm3", "c5 e8 58 cb", FP(FPAdd)[2]},
	{"vmulpd xmm1, xmm2, xmm3", "c5 e9 59 cb", FP(FPMul)[3]},
	{"vsubss xmm1, xmm2, xmm3", "c5 ea 5c cb", FP(FPSub)[2].Prefixed(PrefixF3)},
	{"vdivsd xmm1, xmm2, xmm3", "c5 eb 5e cb", FP(FPDiv)[3].Prefixed(PrefixF2)},
	{"vminps xmm1, xmm2, xmm3", "c5 e8 5d cb", FP(FPMin)[2]},
	{"vmaxpd xmm1, xmm2, xmm3", "c5 e9 5f cb", FP(FPMax)[3]},
	{"vsqrtpd xmm1, xmm3", "c5 f9 51 cb", FP(FPSqrt)[3]},
	{"vcmpps xmm1, xmm2, xmm3, 0x40", "c5 e8 c2 cb 40", FP(FPCmp)[2]},
	{"vfmadd213sd xmm1, xmm2, xmm3", "c4 e2 e9 a9 cb", Vfmadd132pd.FMA(FMAAdd, 1).FMAScalar()},
	{"vfmsub231ps xmm1, xmm2, xmm3", "c4 e2 69 ba cb", Vfmadd132ps.FMA(FMASub, 2)},
	{"vfnmadd132pd xmm1, xmm2, xmm3", "c4 e2 e9 9c cb", Vfmadd132pd.FMA(FMANegAdd, 0)},
	{"vfnmsub213ss xmm1, xmm2, xmm3", "c4 e2 69 af cb", Vfmadd132ps.FMA(FMANegSub, 1).FMAScalar()},
	{"vfmaddsub132ps xmm1, xmm2, xmm3", "c4 e2 69 96 cb", Vfmadd132ps.FMA(FMAAddSub, 0)},
	{"vfmsubadd231pd xmm1, xmm2, xmm3", "c4 e2 e9 b7 cb", Vfmadd132pd.FMA(FMASubAdd, 2)},
	{"vcvttss2si rcx, xmm3", "c4 e1 fa 2c cb", Vcvtss2si.Truncating().Sized(8)},
	{"vcomisd xmm1, xmm3", "c5 f9 2f cb", Vucomisd.Signaling()},
	{"vroundsd xmm1, xmm2, xmm3, 0x40", "c4 e3 69 0b cb 40", Vroundpd.RoundScalar()},
	{"vcvttps2dq xmm1, xmm3", "c5 fa 5b cb", Vcvtps2dq.Prefixed(PrefixF3)},
	{"vcvtpd2dq xmm1, xmm3", "c5 fb e6 cb", Vcvttpd2dq.Prefixed(PrefixF2)},
	{"vpmovsxbq xmm1, xmm3", "c4 e2 79 22 cb", Vpmovsxbw.Widening(0, 3)},
	{"vpmovzxwd xmm1, xmm3", "c4 e2 79 33 cb", Vpmovzxbw.Widening(1, 2)},
	{"vpmovzxdq xmm1, xmm3", "c4 e2 79 35 cb", Vpmovzxbw.Widening(2, 3)},
}

// vexImm is the immediate byte of those that have one. As a fourth register it is
// number 4.
const vexImm = 0x40

func (r *vexRow) emit(a *Writer) {
	text, imm := strings.CutSuffix(strings.TrimSuffix(r.text, ", xmm4"), ", 0x40")
	imm = imm || strings.HasSuffix(r.text, "xmm4")
	wide, v := strings.Contains(text, "ymm"), Reg(2)
	if strings.Count(text, ",") < 2 {
		v = 0
	}
	if strings.Contains(text, "[rax]") {
		a.VRM(r.op, wide, 1, v, At(RAX, 0))
	} else {
		a.VRR(r.op, wide, 1, v, 3)
	}
	if imm {
		a.byte(vexImm)
	}
}

// TestVex holds the instructions in VEX encoding against their rows.
func TestVex(t *testing.T) {
	for _, r := range vexRows {
		var a Writer
		r.emit(&a)
		checkInsn(t, a.Buf, r.text, r.bytes)
	}
	for _, r := range []struct {
		text, bytes string
		lane        uint8
		n           Reg
	}{
		{"vpsllw ymm9, ymm12, 0x5", "c4 c1 35 71 f4 05", 1, ShiftLeft},
		{"vpsrld ymm9, ymm12, 0x5", "c4 c1 35 72 d4 05", 2, ShiftRight},
		{"vpsrad ymm9, ymm12, 0x5", "c4 c1 35 72 e4 05", 2, ShiftArith},
		{"vpslldq ymm9, ymm12, 0x5", "c4 c1 35 73 fc 05", 3, ShiftBytesLeft},
		{"vpsrldq ymm9, ymm12, 0x5", "c4 c1 35 73 dc 05", 3, ShiftBytesRight},
	} {
		var a Writer
		a.VRRI(ShiftLanes(r.lane), true, r.n, 9, 12, 5)
		checkInsn(t, a.Buf, r.text, r.bytes)
	}
	everyNameHasRow(t, "vex.go", `func (?:\(v VOp\) )?([A-Z]\w+)`, "vex_test.go")
	everyNameHasRow(t, "vex.go", `(?m)^\t([A-Z]\w+) +(?:Reg )? *= `, "vex_test.go")
}
