package x86_test

import (
	"encoding/hex"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"panda/emu/arch/x86"
	"panda/emu/arch/x86/dec"
	"panda/emu/emutest"
)

var update = flag.Bool("update", false, "write the list of instructions by feature")

// TestFeatureNames: what a model's CPUID says is in the table of this test.
func TestFeatureNames(t *testing.T) {
	for _, m := range x86.Models() {
		if n := m.Unnamed(); n != 0 {
			t.Errorf("%s: %d words of CPUID have bits without a name", m.Name, n)
		}
	}
}

// TestFeatureWords: the functions that go through the words of CPUID leave none out.
func TestFeatureWords(t *testing.T) {
	for _, text := range x86.ForgottenWords() {
		t.Error(text)
	}
}

// sample is an instruction of each row, and of each vector length.
type sample struct {
	name string
	code []byte
	bits int
}

func samples(t *testing.T) (ss []sample) {
	paths, err := filepath.Glob(filepath.Join("..", "..", "emutest", "testdata", "lines", "*.txt"))
	if err != nil || len(paths) == 0 {
		t.Fatal("no lines: ", err)
	}
	seen := map[[2]uint16]bool{}
	for _, p := range paths {
		ls, err := emutest.ReadLines(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range ls {
			in, err := l.Decode()
			key := [2]uint16{in.Row.ID, uint16(in.VexL)}
			if err != nil || seen[key] {
				continue
			}
			seen[key] = true
			ss = append(ss, sample{in.Row.Name + []string{"", ".256"}[in.VexL&1], l.Code, l.Bits})
		}
	}
	for name, text := range unlined {
		code, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		ss = append(ss, sample{name, code, 64})
	}
	return ss
}

// unlined are instructions that differ by machine or time, so that there are no
// lines of them.
var unlined = map[string]string{
	"rdtsc": "0f31", "rdtscp": "0f01f9", "rdpid": "f30fc7f8", "rdrand": "0fc7f0", "rdseed": "0fc7f8",
	"syscall": "0f05", "sysenter": "0f34", "xgetbv": "0f01d0",
	"xsave": "0fae27", "xsaveopt": "0fae37", "xsavec": "0fc727", "xrstor": "0fae2f",
}

// TestFeatures takes each feature from the largest model and lists the
// instructions that go with it. The list is held against a file, which is for
// reading beside the manual.
func TestFeatures(t *testing.T) {
	ss := samples(t)
	most, err := x86.FindModel("max")
	if err != nil {
		t.Fatal(err)
	}
	ss = slices.DeleteFunc(ss, func(s sample) bool { return most.Undefined(s.code, s.bits) })
	var b strings.Builder
	for _, f := range x86.FeatureBits {
		less, gone := f.Without(), map[string]bool{}
		for _, s := range ss {
			if less.Undefined(s.code, s.bits) {
				gone[s.name] = true
			}
		}
		if len(gone) == 0 && f.Effect == "" {
			t.Errorf("%s: no instruction needs it", f.Name)
		}
		fmt.Fprintf(&b, "%s: %s\n", f.Name, strings.Join(append([]string{f.Effect}, slices.Sorted(maps.Keys(gone))...), " "))
	}
	path := filepath.Join("testdata", "features.txt")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("%s differs; -update writes it", path)
	}
}

// TestUntranslated: what nothing translates, and what the model lacks, are told apart.
func TestUntranslated(t *testing.T) {
	pentium, err := x86.FindModel("pentium")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code           []byte
		why, text, max string
	}{
		{[]byte{0x66, 0x48, 0x0f, 0x6e, 0xce}, "CPU model pentium lacks", "movq xmm1, rsi", ""},
		{[]byte{0x0f, 0x01, 0xc8}, "no translator for", "monitor", "no translator for"},
		{[]byte{0x90}, "", "", ""},
		{[]byte{0x0f, 0x0b}, "", "", ""},
	} {
		if why, text := x86.New(pentium).Untranslated(c.code, 0, 64); why != c.why || text != c.text {
			t.Errorf("% x: %q, %q", c.code, why, text)
		}
		most, _ := x86.FindModel("max")
		if why, _ := x86.New(most).Untranslated(c.code, 0, 64); why != c.max {
			t.Errorf("% x: max: %q", c.code, why)
		}
	}
}

// vectorFeatures are the features by their names in the recorded vectors.
var vectorFeatures = map[string]string{
	"mmx": "MMX SSE SSE2", "sse1": "SSE", "sse2": "SSE2 CLFSH", "sse3": "SSE3", "ssse3": "SSSE3", "sse41": "SSE4_1", "sse42": "SSE4_2",
	"avx": "AVX", "avx2": "AVX2", "fma": "FMA", "fc16": "F16C", "bmi": "BMI1", "bmi2": "BMI2", "aes": "AES", "pclmul": "PCLMULQDQ",
	"sha": "SHA", "adx": "ADX",
}

// TestVectorFeatures: an instruction is gone with the feature that another
// disassembler says it needs. TZCNT is not, but another instruction. Prefetches
// are hints. That disassembler takes 67 before REX for 66.
func TestVectorFeatures(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("..", "..", "emutest", "testdata", "x86vec", "*.jsonl.gz"))
	if err != nil || len(paths) == 0 {
		t.Fatal("no vectors: ", err)
	}
	less := map[string]*x86.Model{}
	for _, f := range x86.FeatureBits {
		less[f.Name] = f.Without()
	}
	for _, p := range paths {
		vs, err := emutest.ReadVectors(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range vs {
			code, err := hex.DecodeString(v.Code)
			if err != nil {
				t.Fatal(err)
			}
			bits := 64
			if v.Mode == 32 {
				bits = 32
			}
			var in dec.Inst
			if v.Cls == "seq" || strings.HasPrefix(v.Code, "6748") || strings.HasPrefix(v.Asm, "tzcnt") || strings.HasPrefix(v.Asm, "prefetch") || dec.Decode(&in, code, dec.Mode(bits)) != nil {
				continue
			}
			for _, isa := range v.ISA {
				needs := func(name string) bool { return less[name].Undefined(code, bits) }
				if names := vectorFeatures[isa]; names != "" && !slices.ContainsFunc(strings.Fields(names), needs) {
					t.Errorf("%s [%s] does not need %s", v.Asm, v.Code, names)
				}
			}
		}
	}
}
