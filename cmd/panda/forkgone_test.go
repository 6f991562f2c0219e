package main

import "testing"

// TestForkOfPagesThatAreGone: a fork takes what was written and not what a file no
// longer has, in a sandbox too, where the emulator itself sees no /proc.
func TestForkOfPagesThatAreGone(t *testing.T) {
	prog := buildC(t, "forkgone")
	if _, err := builtBinary(); err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, flags := range [][]string{{}, {"-sandbox"}, {"-sandbox", "-accel", "interp"}} {
		if r := panda(t, "", append(flags, prog)...); r.stdout != "1 3\n" || r.status != 0 {
			t.Errorf("%v: %+v", flags, r)
		}
	}
}
