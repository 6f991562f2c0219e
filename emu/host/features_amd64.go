package host

import "golang.org/x/sys/cpu"

// sha is bit 29 of EBX of leaf 7 (SDM vol. 2A, CPUID), the one that
// golang.org/x/sys/cpu does not report.
const (
	leafExtended = 7
	sha          = 1 << 29
)

// CPU tells what this CPU can do.
func CPU() Features {
	x := &cpu.X86
	return Features{
		SSE3: x.HasSSE3, SSSE3: x.HasSSSE3, SSE41: x.HasSSE41, SSE42: x.HasSSE42,
		AVX: x.HasAVX, AVX2: x.HasAVX && x.HasAVX2, FMA: x.HasAVX && x.HasFMA, F16C: x.HasAVX && x.HasF16C,
		BMI1: x.HasBMI1, BMI2: x.HasBMI2, LZCNT: x.HasLZCNT, POPCNT: x.HasPOPCNT,
		MOVBE: x.HasMOVBE,
		AES:   x.HasAES, PCLMULQDQ: x.HasPCLMULQDQ, SHA: hasSHA(),
	}
}

func hasSHA() bool {
	if last, _, _, _ := cpuid(0, 0); last < leafExtended {
		return false
	}
	_, ebx, _, _ := cpuid(leafExtended, 0)
	return ebx&sha != 0
}

// cpuid is the instruction.
func cpuid(leaf, sub uint32) (a, b, c, d uint32)
