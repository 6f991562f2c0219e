package host

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestFeatures holds the answers against the kernel's list.
func TestFeatures(t *testing.T) {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		t.Skip(err)
	}
	_, rest, ok := strings.Cut(string(info), "\nflags")
	if !ok {
		t.Skip("the kernel lists no flags")
	}
	line, _, _ := strings.Cut(rest, "\n")
	flags := strings.Fields(line)
	f := CPU()
	for name, got := range map[string]bool{
		"pni": f.SSE3, "ssse3": f.SSSE3, "sse4_1": f.SSE41, "sse4_2": f.SSE42,
		"avx": f.AVX, "avx2": f.AVX2, "fma": f.FMA, "f16c": f.F16C,
		"bmi1": f.BMI1, "bmi2": f.BMI2, "abm": f.LZCNT, "popcnt": f.POPCNT,
		"movbe": f.MOVBE, "aes": f.AES, "pclmulqdq": f.PCLMULQDQ, "sha_ni": f.SHA,
	} {
		if want := slices.Contains(flags, name); got != want {
			t.Errorf("%s is %v, the kernel says %v", name, got, want)
		}
	}
}
