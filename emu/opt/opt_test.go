package opt

import (
	"flag"
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
	{Name: "slots", Reads: []ir.Ref{ir.AllSlots}, Writes: []ir.Ref{ir.AllSlots}, Fn: func(*vcpu.CPU, uint64, uint64, uint64) uint64 { return 0 }},
	{Name: "reads", Reads: []ir.Ref{5}, Fn: func(*vcpu.CPU, uint64, uint64, uint64) uint64 { return 0 }},
	{Name: "writes", Writes: []ir.Ref{5}, Fn: func(*vcpu.CPU, uint64, uint64, uint64) uint64 { return 0 }},
}

var update = flag.Bool("update", false, "take what the passes make")

// TestPasses runs each pass on the blocks of testdata/NAME.ir: a block, a line
// "---", and what the pass makes of it without the nops. -update renews that.
func TestPasses(t *testing.T) {
	files, err := filepath.Glob("testdata/*.ir")
	if err != nil || len(files) != len(Passes) {
		t.Fatalf("%d files for %d passes, %v", len(files), len(Passes), err)
	}
	for _, p := range Passes {
		t.Run(p.Name, func(t *testing.T) {
			path := filepath.Join("testdata", p.Name+".ir")
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var renewed []string
			for n, c := range strings.Split(string(text), "===\n") {
				in, want, _ := strings.Cut(c, "---\n")
				got := runPass(t, p, n, in)
				if got != want && !*update {
					t.Errorf("case %d: got\n%swant\n%s", n, got, want)
				}
				renewed = append(renewed, in+"---\n"+got)
			}
			if *update {
				if err := os.WriteFile(path, []byte(strings.Join(renewed, "===\n")), 0o666); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestRun: Run is all passes in their order.
func TestRun(t *testing.T) {
	text, err := os.ReadFile("testdata/dead.ir")
	if err != nil {
		t.Fatal(err)
	}
	for n, c := range strings.Split(string(text), "===\n") {
		in, _, _ := strings.Cut(c, "---\n")
		b := parse(t, n, in)
		for _, p := range Passes {
			p.Run(b, base)
		}
		all := parse(t, n, in)
		Run(all, base)
		if got, want := ir.Print(all, nil), ir.Print(b, nil); got != want {
			t.Errorf("case %d: got\n%swant\n%s", n, got, want)
		}
	}
}

func parse(t *testing.T, n int, in string) *ir.Block {
	t.Helper()
	b, err := ir.Parse(in, nil, helpers)
	if err != nil {
		t.Fatalf("case %d: %v", n, err)
	}
	if err := ir.Verify(b, base); err != nil {
		t.Fatalf("case %d: %v", n, err)
	}
	return b
}

func runPass(t *testing.T, p Pass, n int, in string) string {
	b := parse(t, n, in)
	p.Run(b, base)
	var got strings.Builder
	for _, line := range strings.SplitAfter(ir.Print(b, nil), "\n")[1:] {
		if strings.TrimSpace(line) != "nop" {
			got.WriteString(strings.TrimLeft(line, "\t"))
		}
	}
	return got.String()
}
