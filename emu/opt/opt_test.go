package opt

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"panda/emu/ir"
	"panda/emu/vcpu"
)

// base is the first temporary of the test blocks; words below are slots.
const base = 16

// helpers are those that test blocks may call.
var helpers = []*ir.Helper{
	{Name: "pure", Pure: true, Fn: func(*vcpu.CPU, uint64, uint64, uint64) uint64 { return 0 }},
	{Name: "faulting", MayFault: true, Fn: func(*vcpu.CPU, uint64, uint64, uint64) uint64 { return 0 }},
}

// TestPasses runs the text files of testdata: a block, a line "---", and what
// the passes make of it without the nops.
func TestPasses(t *testing.T) {
	files, err := filepath.Glob("testdata/*.ir")
	if err != nil || len(files) == 0 {
		t.Fatal("no test files", err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for n, c := range strings.Split(string(text), "===\n") {
				in, want, _ := strings.Cut(c, "---\n")
				checkPass(t, n, in, want)
			}
		})
	}
}

func checkPass(t *testing.T, n int, in, want string) {
	b, err := ir.Parse(in, nil, helpers)
	if err != nil {
		t.Fatalf("case %d: %v", n, err)
	}
	if err := ir.Verify(b, base); err != nil {
		t.Fatalf("case %d: %v", n, err)
	}
	Run(b, base)
	var got strings.Builder
	for _, line := range strings.SplitAfter(ir.Print(b, nil), "\n")[1:] {
		if strings.TrimSpace(line) != "nop" {
			got.WriteString(strings.TrimLeft(line, "\t"))
		}
	}
	if got.String() != want {
		t.Errorf("case %d: got\n%swant\n%s", n, got.String(), want)
	}
}
