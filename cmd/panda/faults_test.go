package main

import (
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// instructions is what -v says of the length of a run.
var instructions = regexp.MustCompile(`panda: (\d+) instructions`)

// TestFaults runs machine code that goes wrong, in loops that are hot and not:
// jumps into nowhere, accesses to what is not there, handlers that repair it,
// code that changes itself, or unmaps it. Every engine shows what the CPU shows,
// after the same number of instructions.
func TestFaults(t *testing.T) {
	prog := buildC(t, "faults", "-O2")
	counted := func(name string) bool { return name != "threads" && name != "wakes" } // those wait for time to pass
	for _, name := range strings.Fields(execute(t, "", "", prog).stdout) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := asCPU(t, prog, name)
			if want.status != 0 || want.stdout == "" {
				t.Skipf("%s\n%s", want.ended, want.stderr)
			}
			var lengths []string
			for _, accel := range []string{"interp", "jit"} {
				if accel == "jit" && runtime.GOARCH != "amd64" {
					continue
				}
				got := panda(t, "", "-v", "-accel", accel, prog, name)
				if got.ended != want.ended {
					t.Errorf("-accel %s: %s\n%s", accel, got.ended, got.stderr)
				}
				firstDifference(t, "-accel "+accel, got.stdout, want.stdout)
				lengths = append(lengths, instructions.FindString(got.stderr))
			}
			if counted(name) && (lengths[0] == "" || lengths[0] != lengths[len(lengths)-1]) {
				t.Errorf("lengths %q", lengths)
			}
		})
	}
}

// firstDifference shows the first line that differs, with what was printed before.
func firstDifference(t *testing.T, what, got, want string) {
	t.Helper()
	gs, ws := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(gs), len(ws)) {
		if gs[i] != ws[i] {
			t.Errorf("%s, line %d: after %q\ngot  %s\nwant %s", what, i+1, ws[max(0, i-3):i], gs[i], ws[i])
			return
		}
	}
	if len(gs) != len(ws) {
		t.Errorf("%s: %d lines, want %d", what, len(gs), len(ws))
	}
}
