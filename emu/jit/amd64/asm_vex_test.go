package amd64

import (
	"strings"
	"testing"
)

// vexRow is the encoding of an instruction in VEX encoding. From its text follow the
// length, the kinds of the operands and whether there is an immediate byte; the
// operands are registers number 1, 2 and 3 from reg to vvvv to rm, or [rax].
type vexRow struct {
	text, bytes string
	op          vop
}

// vexRows has a row for each instruction of asm_vex.go.
var vexRows = []vexRow{
	{"shlx ecx, ebx, edx", "c4 e2 69 f7 cb", opShlx},
	{"sarx ecx, ebx, edx", "c4 e2 6a f7 cb", opSarx},
	{"shrx ecx, ebx, edx", "c4 e2 6b f7 cb", opShrx},
	{"andn ecx, edx, ebx", "c4 e2 68 f2 cb", opAndn},
	{"mulx ecx, edx, ebx", "c4 e2 6b f6 cb", opMulx},
	{"rorx ecx, ebx, 0x40", "c4 e3 7b f0 cb 40", opRorx},
	{"vmovdqu xmm1, xmmword ptr [rax]", "c5 fa 6f 08", opVmovdquLd},
	{"vmovdqu xmmword ptr [rax], xmm1", "c5 fa 7f 08", opVmovdquSt},
	{"vmovdqa xmm1, xmm3", "c5 f9 6f cb", opVmovdqa},
	{"vmovq xmm1, xmm3", "c5 fa 7e cb", opVmovqLd},
	{"vmovq xmm3, xmm1", "c5 f9 d6 cb", opVmovqSt},
	{"vmovd xmm1, ebx", "c5 f9 6e cb", opVmovdLd},
	{"vmovd ebx, xmm1", "c5 f9 7e cb", opVmovdSt},
	{"vmovsd xmm1, xmm2, xmm3", "c5 eb 10 cb", opVmovsd},
	{"vmovss xmm1, xmm2, xmm3", "c5 ea 10 cb", opVmovss},
	{"vmovlps xmm1, xmm2, qword ptr [rax]", "c5 e8 12 08", opVmovlps},
	{"vmovhps xmm1, xmm2, qword ptr [rax]", "c5 e8 16 08", opVmovhps},
	{"vmovhps qword ptr [rax], xmm1", "c5 f8 17 08", opVmovhpsSt},
	{"vunpcklpd xmm1, xmm2, xmm3", "c5 e9 14 cb", opVunpcklpd},
	{"vunpckhpd xmm1, xmm2, xmm3", "c5 e9 15 cb", opVunpckhpd},
	{"vpextrq rbx, xmm1, 0x40", "c4 e3 f9 16 cb 40", opVpextrq},
	{"vcvtsi2ss xmm1, xmm2, ebx", "c5 ea 2a cb", opVcvtsi2ss},
	{"vcvtsi2sd xmm1, xmm2, ebx", "c5 eb 2a cb", opVcvtsi2sd},
	{"vcvtss2si ecx, xmm3", "c5 fa 2d cb", opVcvtss2si},
	{"vcvtsd2si ecx, xmm3", "c5 fb 2d cb", opVcvtsd2si},
	{"vpaddb xmm1, xmm2, xmm3", "c5 e9 fc cb", opVpaddb},
	{"vpaddw xmm1, xmm2, xmm3", "c5 e9 fd cb", opVpaddw},
	{"vpaddd xmm1, xmm2, xmm3", "c5 e9 fe cb", opVpaddd},
	{"vpaddq xmm1, xmm2, xmm3", "c5 e9 d4 cb", opVpaddq},
	{"vpsubb xmm1, xmm2, xmm3", "c5 e9 f8 cb", opVpsubb},
	{"vpsubw xmm1, xmm2, xmm3", "c5 e9 f9 cb", opVpsubw},
	{"vpsubd xmm1, xmm2, xmm3", "c5 e9 fa cb", opVpsubd},
	{"vpsubq xmm1, xmm2, xmm3", "c5 e9 fb cb", opVpsubq},
	{"vpaddsb xmm1, xmm2, xmm3", "c5 e9 ec cb", opVpaddsb},
	{"vpaddsw xmm1, xmm2, xmm3", "c5 e9 ed cb", opVpaddsw},
	{"vpaddusb xmm1, xmm2, xmm3", "c5 e9 dc cb", opVpaddusb},
	{"vpaddusw xmm1, xmm2, xmm3", "c5 e9 dd cb", opVpaddusw},
	{"vpsubsb xmm1, xmm2, xmm3", "c5 e9 e8 cb", opVpsubsb},
	{"vpsubsw xmm1, xmm2, xmm3", "c5 e9 e9 cb", opVpsubsw},
	{"vpsubusb xmm1, xmm2, xmm3", "c5 e9 d8 cb", opVpsubusb},
	{"vpsubusw xmm1, xmm2, xmm3", "c5 e9 d9 cb", opVpsubusw},
	{"vpminsb xmm1, xmm2, xmm3", "c4 e2 69 38 cb", opVpminsb},
	{"vpminsw xmm1, xmm2, xmm3", "c5 e9 ea cb", opVpminsw},
	{"vpminsd xmm1, xmm2, xmm3", "c4 e2 69 39 cb", opVpminsd},
	{"vpminub xmm1, xmm2, xmm3", "c5 e9 da cb", opVpminub},
	{"vpminuw xmm1, xmm2, xmm3", "c4 e2 69 3a cb", opVpminuw},
	{"vpminud xmm1, xmm2, xmm3", "c4 e2 69 3b cb", opVpminud},
	{"vpmaxsb xmm1, xmm2, xmm3", "c4 e2 69 3c cb", opVpmaxsb},
	{"vpmaxsw xmm1, xmm2, xmm3", "c5 e9 ee cb", opVpmaxsw},
	{"vpmaxsd xmm1, xmm2, xmm3", "c4 e2 69 3d cb", opVpmaxsd},
	{"vpmaxub xmm1, xmm2, xmm3", "c5 e9 de cb", opVpmaxub},
	{"vpmaxuw xmm1, xmm2, xmm3", "c4 e2 69 3e cb", opVpmaxuw},
	{"vpmaxud xmm1, xmm2, xmm3", "c4 e2 69 3f cb", opVpmaxud},
	{"vpavgb xmm1, xmm2, xmm3", "c5 e9 e0 cb", opVpavgb},
	{"vpavgw xmm1, xmm2, xmm3", "c5 e9 e3 cb", opVpavgw},
	{"vpabsb xmm1, xmm3", "c4 e2 79 1c cb", opVpabsb},
	{"vpabsw xmm1, xmm3", "c4 e2 79 1d cb", opVpabsw},
	{"vpabsd xmm1, xmm3", "c4 e2 79 1e cb", opVpabsd},
	{"vpsignb xmm1, xmm2, xmm3", "c4 e2 69 08 cb", opVpsignb},
	{"vpsignw xmm1, xmm2, xmm3", "c4 e2 69 09 cb", opVpsignw},
	{"vpsignd xmm1, xmm2, xmm3", "c4 e2 69 0a cb", opVpsignd},
	{"vpand xmm1, xmm2, xmm3", "c5 e9 db cb", opVpand},
	{"vpandn xmm1, xmm2, xmm3", "c5 e9 df cb", opVpandn},
	{"vpor xmm1, xmm2, xmm3", "c5 e9 eb cb", opVpor},
	{"vpxor xmm1, xmm2, xmm3", "c5 e9 ef cb", opVpxor},
	{"vpcmpeqb xmm1, xmm2, xmm3", "c5 e9 74 cb", opVpcmpeqb},
	{"vpcmpeqw xmm1, xmm2, xmm3", "c5 e9 75 cb", opVpcmpeqw},
	{"vpcmpeqd xmm1, xmm2, xmm3", "c5 e9 76 cb", opVpcmpeqd},
	{"vpcmpeqq xmm1, xmm2, xmm3", "c4 e2 69 29 cb", opVpcmpeqq},
	{"vpcmpgtb xmm1, xmm2, xmm3", "c5 e9 64 cb", opVpcmpgtb},
	{"vpcmpgtw xmm1, xmm2, xmm3", "c5 e9 65 cb", opVpcmpgtw},
	{"vpcmpgtd xmm1, xmm2, xmm3", "c5 e9 66 cb", opVpcmpgtd},
	{"vpcmpgtq xmm1, xmm2, xmm3", "c4 e2 69 37 cb", opVpcmpgtq},
	{"vpmullw xmm1, xmm2, xmm3", "c5 e9 d5 cb", opVpmullw},
	{"vpmulld xmm1, xmm2, xmm3", "c4 e2 69 40 cb", opVpmulld},
	{"vpmulhw xmm1, xmm2, xmm3", "c5 e9 e5 cb", opVpmulhw},
	{"vpmulhuw xmm1, xmm2, xmm3", "c5 e9 e4 cb", opVpmulhuw},
	{"vpmulhrsw xmm1, xmm2, xmm3", "c4 e2 69 0b cb", opVpmulhrsw},
	{"vpmuldq xmm1, xmm2, xmm3", "c4 e2 69 28 cb", opVpmuldq},
	{"vpmuludq xmm1, xmm2, xmm3", "c5 e9 f4 cb", opVpmuludq},
	{"vpmaddwd xmm1, xmm2, xmm3", "c5 e9 f5 cb", opVpmaddwd},
	{"vpmaddubsw xmm1, xmm2, xmm3", "c4 e2 69 04 cb", opVpmaddubsw},
	{"vpsadbw xmm1, xmm2, xmm3", "c5 e9 f6 cb", opVpsadbw},
	{"vphaddw xmm1, xmm2, xmm3", "c4 e2 69 01 cb", opVphaddw},
	{"vphaddd xmm1, xmm2, xmm3", "c4 e2 69 02 cb", opVphaddd},
	{"vphaddsw xmm1, xmm2, xmm3", "c4 e2 69 03 cb", opVphaddsw},
	{"vphsubw xmm1, xmm2, xmm3", "c4 e2 69 05 cb", opVphsubw},
	{"vphsubd xmm1, xmm2, xmm3", "c4 e2 69 06 cb", opVphsubd},
	{"vphsubsw xmm1, xmm2, xmm3", "c4 e2 69 07 cb", opVphsubsw},
	{"vpsllw xmm1, xmm2, xmm3", "c5 e9 f1 cb", opVpsllw},
	{"vpslld xmm1, xmm2, xmm3", "c5 e9 f2 cb", opVpslld},
	{"vpsllq xmm1, xmm2, xmm3", "c5 e9 f3 cb", opVpsllq},
	{"vpsrlw xmm1, xmm2, xmm3", "c5 e9 d1 cb", opVpsrlw},
	{"vpsrld xmm1, xmm2, xmm3", "c5 e9 d2 cb", opVpsrld},
	{"vpsrlq xmm1, xmm2, xmm3", "c5 e9 d3 cb", opVpsrlq},
	{"vpsraw xmm1, xmm2, xmm3", "c5 e9 e1 cb", opVpsraw},
	{"vpsrad xmm1, xmm2, xmm3", "c5 e9 e2 cb", opVpsrad},
	{"vpsllvd xmm1, xmm2, xmm3", "c4 e2 69 47 cb", opVpsllvd},
	{"vpsllvq xmm1, xmm2, xmm3", "c4 e2 e9 47 cb", opVpsllvq},
	{"vpsrlvd xmm1, xmm2, xmm3", "c4 e2 69 45 cb", opVpsrlvd},
	{"vpsrlvq xmm1, xmm2, xmm3", "c4 e2 e9 45 cb", opVpsrlvq},
	{"vpsravd xmm1, xmm2, xmm3", "c4 e2 69 46 cb", opVpsravd},
	{"vpalignr xmm1, xmm2, xmm3, 0x40", "c4 e3 69 0f cb 40", opVpalignr},
	{"vpacksswb xmm1, xmm2, xmm3", "c5 e9 63 cb", opVpacksswb},
	{"vpackssdw xmm1, xmm2, xmm3", "c5 e9 6b cb", opVpackssdw},
	{"vpackuswb xmm1, xmm2, xmm3", "c5 e9 67 cb", opVpackuswb},
	{"vpackusdw xmm1, xmm2, xmm3", "c4 e2 69 2b cb", opVpackusdw},
	{"vpunpcklbw xmm1, xmm2, xmm3", "c5 e9 60 cb", opVpunpcklbw},
	{"vpunpcklwd xmm1, xmm2, xmm3", "c5 e9 61 cb", opVpunpcklwd},
	{"vpunpckldq xmm1, xmm2, xmm3", "c5 e9 62 cb", opVpunpckldq},
	{"vpunpcklqdq xmm1, xmm2, xmm3", "c5 e9 6c cb", opVpunpcklqdq},
	{"vpunpckhbw xmm1, xmm2, xmm3", "c5 e9 68 cb", opVpunpckhbw},
	{"vpunpckhwd xmm1, xmm2, xmm3", "c5 e9 69 cb", opVpunpckhwd},
	{"vpunpckhdq xmm1, xmm2, xmm3", "c5 e9 6a cb", opVpunpckhdq},
	{"vpunpckhqdq xmm1, xmm2, xmm3", "c5 e9 6d cb", opVpunpckhqdq},
	{"vpmovsxbw xmm1, xmm3", "c4 e2 79 20 cb", opVpmovsxbw},
	{"vpmovzxbw xmm1, xmm3", "c4 e2 79 30 cb", opVpmovzxbw},
	{"vpshuflw xmm1, xmm3, 0x40", "c5 fb 70 cb 40", opVpshuflw},
	{"vpshufhw xmm1, xmm3, 0x40", "c5 fa 70 cb 40", opVpshufhw},
	{"vpshufd xmm1, xmm3, 0x40", "c5 f9 70 cb 40", opVpshufd},
	{"vshufps xmm1, xmm2, xmm3, 0x40", "c5 e8 c6 cb 40", opVshufps},
	{"vshufpd xmm1, xmm2, xmm3, 0x40", "c5 e9 c6 cb 40", opVshufpd},
	{"vpshufb xmm1, xmm2, xmm3", "c4 e2 69 00 cb", opVpshufb},
	{"vpermilps xmm1, xmm2, xmm3", "c4 e2 69 0c cb", opVpermilps},
	{"vpermilpd xmm1, xmm2, xmm3", "c4 e2 69 0d cb", opVpermilpd},
	{"vpermd ymm1, ymm2, ymm3", "c4 e2 6d 36 cb", opVpermd},
	{"vpermq ymm1, ymm3, 0x40", "c4 e3 fd 00 cb 40", opVpermq},
	{"vpbroadcastb xmm1, xmm3", "c4 e2 79 78 cb", opVpbroadcastb},
	{"vpbroadcastw xmm1, xmm3", "c4 e2 79 79 cb", opVpbroadcastw},
	{"vpbroadcastd xmm1, xmm3", "c4 e2 79 58 cb", opVpbroadcastd},
	{"vpbroadcastq xmm1, xmm3", "c4 e2 79 59 cb", opVpbroadcastq},
	{"vpblendw xmm1, xmm2, xmm3, 0x40", "c4 e3 69 0e cb 40", opVpblendw},
	{"vblendps xmm1, xmm2, xmm3, 0x40", "c4 e3 69 0c cb 40", opVblendps},
	{"vblendpd xmm1, xmm2, xmm3, 0x40", "c4 e3 69 0d cb 40", opVblendpd},
	{"vpblendvb xmm1, xmm2, xmm3, xmm4", "c4 e3 69 4c cb 40", opVpblendvb},
	{"vblendvps xmm1, xmm2, xmm3, xmm4", "c4 e3 69 4a cb 40", opVblendvps},
	{"vblendvpd xmm1, xmm2, xmm3, xmm4", "c4 e3 69 4b cb 40", opVblendvpd},
	{"vpmovmskb ecx, xmm3", "c5 f9 d7 cb", opVpmovmskb},
	{"vmovmskps ecx, xmm3", "c5 f8 50 cb", opVmovmskps},
	{"vmovmskpd ecx, xmm3", "c5 f9 50 cb", opVmovmskpd},
	{"vptest xmm1, xmm3", "c4 e2 79 17 cb", opVptest},
	{"vtestps xmm1, xmm3", "c4 e2 79 0e cb", opVtestps},
	{"vtestpd xmm1, xmm3", "c4 e2 79 0f cb", opVtestpd},
	{"vaesenc xmm1, xmm2, xmm3", "c4 e2 69 dc cb", opVaesenc},
	{"vaesenclast xmm1, xmm2, xmm3", "c4 e2 69 dd cb", opVaesenclast},
	{"vaesdec xmm1, xmm2, xmm3", "c4 e2 69 de cb", opVaesdec},
	{"vaesdeclast xmm1, xmm2, xmm3", "c4 e2 69 df cb", opVaesdeclast},
	{"vaesimc xmm1, xmm3", "c4 e2 79 db cb", opVaesimc},
	{"vaeskeygenassist xmm1, xmm3, 0x40", "c4 e3 79 df cb 40", opVaeskeygenassist},
	{"vpclmulqdq xmm1, xmm2, xmm3, 0x40", "c4 e3 69 44 cb 40", opVpclmulqdq},
	{"vaddsubps xmm1, xmm2, xmm3", "c5 eb d0 cb", opVaddsubps},
	{"vaddsubpd xmm1, xmm2, xmm3", "c5 e9 d0 cb", opVaddsubpd},
	{"vucomiss xmm1, xmm3", "c5 f8 2e cb", opVucomiss},
	{"vucomisd xmm1, xmm3", "c5 f9 2e cb", opVucomisd},
	{"vroundps xmm1, xmm3, 0x40", "c4 e3 79 08 cb 40", opVroundps},
	{"vroundpd xmm1, xmm3, 0x40", "c4 e3 79 09 cb 40", opVroundpd},
	{"vcvtdq2ps xmm1, xmm3", "c5 f8 5b cb", opVcvtdq2ps},
	{"vcvtdq2pd xmm1, xmm3", "c5 fa e6 cb", opVcvtdq2pd},
	{"vcvtps2dq xmm1, xmm3", "c5 f9 5b cb", opVcvtps2dq},
	{"vcvttpd2dq xmm1, xmm3", "c5 f9 e6 cb", opVcvttpd2dq},
	{"vcvtps2pd xmm1, xmm3", "c5 f8 5a cb", opVcvtps2pd},
	{"vcvtpd2ps xmm1, xmm3", "c5 f9 5a cb", opVcvtpd2ps},
	{"vfmadd132ps xmm1, xmm2, xmm3", "c4 e2 69 98 cb", opVfmadd132ps},
	{"vfmadd132pd xmm1, xmm2, xmm3", "c4 e2 e9 98 cb", opVfmadd132pd},
	{"vaddps xmm1, xmm2, xmm3", "c5 e8 58 cb", fp(fpAdd)[2]},
	{"vmulpd xmm1, xmm2, xmm3", "c5 e9 59 cb", fp(fpMul)[3]},
	{"vsubss xmm1, xmm2, xmm3", "c5 ea 5c cb", fp(fpSub)[2].prefixed(prefixF3)},
	{"vdivsd xmm1, xmm2, xmm3", "c5 eb 5e cb", fp(fpDiv)[3].prefixed(prefixF2)},
	{"vminps xmm1, xmm2, xmm3", "c5 e8 5d cb", fp(fpMin)[2]},
	{"vmaxpd xmm1, xmm2, xmm3", "c5 e9 5f cb", fp(fpMax)[3]},
	{"vsqrtpd xmm1, xmm3", "c5 f9 51 cb", fp(fpSqrt)[3]},
	{"vcmpps xmm1, xmm2, xmm3, 0x40", "c5 e8 c2 cb 40", fp(fpCmp)[2]},
	{"vfmadd213sd xmm1, xmm2, xmm3", "c4 e2 e9 a9 cb", opVfmadd132pd.fma(fmaAdd, 1) + 1},
	{"vfmsub231ps xmm1, xmm2, xmm3", "c4 e2 69 ba cb", opVfmadd132ps.fma(fmaSub, 2)},
	{"vfnmadd132pd xmm1, xmm2, xmm3", "c4 e2 e9 9c cb", opVfmadd132pd.fma(fmaNegAdd, 0)},
	{"vfnmsub213ss xmm1, xmm2, xmm3", "c4 e2 69 af cb", opVfmadd132ps.fma(fmaNegSub, 1) + 1},
	{"vfmaddsub132ps xmm1, xmm2, xmm3", "c4 e2 69 96 cb", opVfmadd132ps.fma(fmaAddSub, 0)},
	{"vfmsubadd231pd xmm1, xmm2, xmm3", "c4 e2 e9 b7 cb", opVfmadd132pd.fma(fmaSubAdd, 2)},
	{"vcvttss2si rcx, xmm3", "c4 e1 fa 2c cb", (opVcvtss2si - 1).sized(8)},
	{"vcomisd xmm1, xmm3", "c5 f9 2f cb", opVucomisd + 1},
	{"vroundsd xmm1, xmm2, xmm3, 0x40", "c4 e3 69 0b cb 40", opVroundpd + 2},
	{"vcvttps2dq xmm1, xmm3", "c5 fa 5b cb", opVcvtps2dq.prefixed(prefixF3)},
	{"vcvtpd2dq xmm1, xmm3", "c5 fb e6 cb", opVcvttpd2dq.prefixed(prefixF2)},
	{"vpmovsxbq xmm1, xmm3", "c4 e2 79 22 cb", opVpmovsxbw + 2},
	{"vpmovzxdq xmm1, xmm3", "c4 e2 79 35 cb", opVpmovzxbw + 5},
}

// vexImm is the immediate byte of those that have one. As a fourth register it is
// number 4.
const vexImm = 0x40

func (r *vexRow) emit(a *asm) {
	text, imm := strings.CutSuffix(strings.TrimSuffix(r.text, ", xmm4"), ", 0x40")
	imm = imm || strings.HasSuffix(r.text, "xmm4")
	wide, v := strings.Contains(text, "ymm"), Reg(2)
	if strings.Count(text, ",") < 2 {
		v = 0
	}
	if strings.Contains(text, "[rax]") {
		a.vrm(r.op, wide, 1, v, at(RAX, 0))
	} else {
		a.vrr(r.op, wide, 1, v, 3)
	}
	if imm {
		a.byte(vexImm)
	}
}

// TestVex holds the instructions in VEX encoding against their rows.
func TestVex(t *testing.T) {
	for _, r := range vexRows {
		var a asm
		r.emit(&a)
		checkInsn(t, a.code, r.text, r.bytes)
	}
	for _, r := range []struct {
		text, bytes string
		lane        vop
		n           Reg
	}{
		{"vpsllw ymm9, ymm12, 0x5", "c4 c1 35 71 f4 05", 1, shiftLeft},
		{"vpsrld ymm9, ymm12, 0x5", "c4 c1 35 72 d4 05", 2, shiftRight},
		{"vpsrad ymm9, ymm12, 0x5", "c4 c1 35 72 e4 05", 2, shiftArith},
		{"vpslldq ymm9, ymm12, 0x5", "c4 c1 35 73 fc 05", 3, shiftBytesLeft},
		{"vpsrldq ymm9, ymm12, 0x5", "c4 c1 35 73 dc 05", 3, shiftBytesRight},
	} {
		var a asm
		a.vrrI(opVpshiftImm+r.lane, true, r.n, 9, 12, 5)
		checkInsn(t, a.code, r.text, r.bytes)
	}
	everyNameHasRow(t, "asm_vex.go", `(?m)^\t(op\w+|fp\w+|fma\w+|shift\w+) +(?:Reg )? *=`, "asm_vex_test.go")
}
