package emutest

import (
	"os"
	"path/filepath"
	"testing"
)

// vectorFile is the file of a class: the whole of it where PANDA_X86VEC or the
// folder beside the project has it, else the sample of testdata, every
// sixteenth line.
func vectorFile(class string) string {
	name := class + ".jsonl.gz"
	for _, dir := range []string{os.Getenv("PANDA_X86VEC"), filepath.Join("..", "..", "..", "shared", "x86vec")} {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); dir != "" && err == nil {
			return path
		}
	}
	return filepath.Join("testdata", "x86vec", name)
}

// vectorClasses are the classes that the emulator must get right.
var vectorClasses = []struct {
	name string
	bits int
}{
	{"x64-int", 64},
	{"x64-seq", 64},
	{"x64-sse", 64},
	{"x64-mmx", 64},
	{"x64-x87", 64},
	{"x64-avx", 64},
	{"x64-bmi", 64},
	{"x64-approx", 64},
	{"i386-int", 32},
	{"i386-seq", 32},
	{"i386-sse", 32},
	{"i386-mmx", 32},
	{"i386-x87", 32},
	{"i386-avx", 32},
	{"i386-bmi", 32},
	{"i386-approx", 32},
}

func TestX86Vectors(t *testing.T) { eachEngine(t, runClasses) }

func runClasses(t *testing.T) {
	for _, class := range vectorClasses {
		t.Run(class.name, func(t *testing.T) {
			vs, err := ReadVectors(vectorFile(class.name))
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d vectors", len(vs))
			runVectors(t, class.bits, vs)
		})
	}
}

func runVectors(t *testing.T, bits int, vs []*Vector) {
	m := NewVectorMachine(t, bits, "max")
	failed, shown := 0, map[string]int{}
	for _, v := range vs {
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
