package main

import (
	"runtime"
	"strings"
	"testing"
)

// TestMemory runs what testdata/c/memory.c does behind a program's back, natively
// and on each engine, with a look at the windows after each change.
func TestMemory(t *testing.T) {
	prog := buildC(t, "memory", "-O2")
	for _, name := range strings.Fields(execute(t, "", "", prog).stdout) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := execute(t, "", "", prog, name)
			if want.status != 0 || want.stdout == "" {
				t.Skipf("natively: %s\n%s", want.ended, want.stderr)
			}
			runs := [][]string{{"-accel", "interp"}, {"-accel", "jit"}, {"-mmu", "soft"}, {"-sandbox"}}
			if name != "many" {
				runs = append(runs, []string{"-d", "windows"})
			}
			for _, args := range runs {
				if runtime.GOARCH != "amd64" && args[len(args)-1] == "jit" {
					continue
				}
				got := panda(t, "", append(append(args, prog), name)...)
				if got.ended != want.ended {
					t.Errorf("%s: %s\n%s", args, got.ended, got.stderr)
				}
				firstDifference(t, strings.Join(args, " "), got.stdout, want.stdout)
			}
		})
	}
}
