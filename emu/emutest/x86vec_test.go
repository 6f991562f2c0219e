package emutest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"panda/emu/vcpu"
)

// vectorDir is where the whole vector files lie, if anywhere: they are not part
// of the project, of which testdata holds a sample.
func vectorDir() string {
	if d := os.Getenv("PANDA_X86VEC"); d != "" {
		return d
	}
	return filepath.Join("..", "..", "..", "shared", "x86vec")
}

// vectorClasses are the classes that the emulator must get right.
var vectorClasses = []struct {
	name string
	bits int
	runs func(v *Vector) bool // nil: all of them
}{
	{"x64-int", 64, nil},
	{"x64-seq", 64, nil},
	{"x64-sse", 64, nil},
	{"x64-mmx", 64, nil},
	{"x64-x87", 64, nil},
	{"x64-avx", 64, nil},
	{"x64-bmi", 64, nil},
	{"x64-approx", 64, nil},
	{"i386-int", 32, nil},
	{"i386-seq", 32, nil},
	{"i386-sse", 32, nil},
	{"i386-mmx", 32, nil},
	{"i386-x87", 32, nil},
	{"i386-avx", 32, nil},
	{"i386-bmi", 32, nil},
	{"i386-approx", 32, nil},
}

func TestX86Vectors(t *testing.T) {
	for _, class := range vectorClasses {
		t.Run(class.name, func(t *testing.T) {
			vs, err := ReadVectors(filepath.Join(vectorDir(), class.name+".jsonl.gz"))
			if errors.Is(err, fs.ErrNotExist) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			if class.runs != nil {
				vs = slices.DeleteFunc(vs, func(v *Vector) bool { return !class.runs(v) })
			}
			runVectors(t, class.bits, vs)
		})
	}
}

func runVectors(t *testing.T, bits int, vs []*Vector) {
	m := NewVectorMachine(t, bits, "max")
	failed, shown := 0, map[string]int{}
	for _, v := range vs {
		ds := m.Run(v)
		if len(ds) == 0 || vendorsDiffer(v, m.CPU) {
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

// vendorsDiffer reports whether a vector states what only the recorded CPU, one
// of AMD's, does: its SHA instructions take unaligned memory. The guest's CPU is
// one of Intel's, which raise #GP (SDM vol. 2A table 2-21).
func vendorsDiffer(v *Vector, c *vcpu.CPU) bool {
	const vecGP = 13
	return slices.Contains(v.ISA, "sha") && v.Exc == nil && c.Exc.Vector == vecGP
}

func mnemonic(asm string) string {
	for i, c := range asm {
		if c == ' ' {
			return asm[:i]
		}
	}
	return asm
}
