package emutest

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// vectorDir is where the whole vector files lie, if anywhere: they are not part
// of the project, of which testdata holds a sample.
func vectorDir() string {
	if d := os.Getenv("PANDA_X86VEC"); d != "" {
		return d
	}
	return filepath.Join("..", "..", "..", "shared", "x86vec")
}

func TestX86Vectors(t *testing.T) {
	for _, class := range []string{"x64-int", "x64-seq", "x64-sse"} {
		t.Run(class, func(t *testing.T) {
			vs, err := ReadVectors(filepath.Join(vectorDir(), class+".jsonl.gz"))
			if err != nil {
				t.Skip(err)
			}
			runVectors(t, vs)
		})
	}
}

func runVectors(t *testing.T, vs []*Vector) {
	m := NewVectorMachine(t, 64, "max")
	failed, shown := 0, map[string]int{}
	for _, v := range vs {
		if v.Cls == "sse" && !slices.Contains(v.ISA, "sse1") && !slices.Contains(v.ISA, "sse2") {
			continue
		}
		ds := m.Run(v)
		if len(ds) == 0 {
			continue
		}
		failed++
		if name := mnemonic(v.Asm); shown[name] < 2 && len(shown) < 60 {
			shown[name]++
			t.Logf("%s %s [%s]: %v", v.ID, v.Asm, v.Code, ds)
		}
	}
	if failed > 0 {
		t.Errorf("%d of %d vectors differ", failed, len(vs))
	}
}

func mnemonic(asm string) string {
	for i, c := range asm {
		if c == ' ' {
			return asm[:i]
		}
	}
	return asm
}
