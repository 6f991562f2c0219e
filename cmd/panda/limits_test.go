package main

import (
	"path/filepath"
	"testing"
)

// TestLimits: limits of sizes and descriptors bind as on Linux. That of the CPU's
// time goes by the count of instructions.
func TestLimits(t *testing.T) {
	prog := buildC(t, "limits")
	compareC(t, prog, "times")
	if r := panda(t, "", prog, "times"); r.stdout != "killed by 24\nkilled by 9\n" {
		t.Errorf("%+v", r)
	}
}

// TestExhausted: a guest that opens all it can leaves the emulator descriptors to
// go on with, under each kind of door.
func TestExhausted(t *testing.T) {
	prog := buildC(t, "limits")
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	const few = `ulimit -n 256; exec "$@"`
	want := execute(t, t.TempDir(), "", "sh", "-c", few, "sh", prog, "exhaust")
	for _, options := range [][]string{nil, {"-panda", "syscalls"}, {"-sandbox", "-allow", filepath.Dir(prog)}} {
		args := append([]string{"sh", "-c", few, "sh", binary}, options...)
		if got := execute(t, t.TempDir(), "", append(args, prog, "exhaust")...); got.stdout != want.stdout || got.ended != want.ended {
			t.Errorf("%q\ngot  %q %s %s\nwant %q %s", options, got.stdout, got.ended, got.stderr, want.stdout, want.ended)
		}
	}
}
