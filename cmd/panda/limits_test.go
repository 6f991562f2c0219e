package main

import "testing"

// TestLimits: limits of sizes and descriptors bind as on Linux. That of the CPU's
// time goes by the count of instructions.
func TestLimits(t *testing.T) {
	prog := buildC(t, "limits")
	compareC(t, prog, "times")
	if r := panda(t, "", prog, "times"); r.stdout != "killed by 24\nkilled by 9\n" {
		t.Errorf("%+v", r)
	}
}
