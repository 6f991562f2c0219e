package main

import (
	"fmt"
	"strings"
	"testing"
)

// forks starts processes that run the code of others, at the same time and one
// after the other.
const forks = `for i in 1 2 3; do (echo $i | tr 1-3 a-c); x=$(echo $i); [ "$x" ] && /bin/true; done; (x=1; (x=2; echo $x); echo $x); exec /bin/sh -c 'echo end; exit 3'`

// TestSharedTranslations: processes do what they do alone, on both engines after
// the same number of instructions, and use each other's translations.
func TestSharedTranslations(t *testing.T) {
	want := execute(t, t.TempDir(), "", "/bin/sh", "-c", forks)
	before := 0
	for _, accel := range []string{"jit", "interp"} {
		r := panda(t, t.TempDir(), "-accel", accel, "-v", "/bin/sh", "-c", forks)
		if r.stdout != want.stdout || r.status != want.status {
			t.Errorf("%s: got %+v, want %+v", accel, r, want)
		}
		var insns, blocks, in, copied, taken int
		first, _, _ := strings.Cut(r.stderr, "\n")
		_, err := fmt.Sscanf(first, "panda: %d instructions; %d blocks of %d instructions translated, %d copied, %d taken over", &insns, &blocks, &in, &copied, &taken)
		if err != nil || copied == 0 || taken < blocks {
			t.Errorf("%s: %v: %s", accel, err, first)
		}
		if before != 0 && before != insns {
			t.Errorf("%s: %d instructions, the other engine has %d", accel, insns, before)
		}
		before = insns
	}
	r := panda(t, t.TempDir(), "-lockstep", "/bin/sh", "-c", forks)
	if r.stdout != want.stdout || r.stderr != "" {
		t.Errorf("lockstep: %+v", r)
	}
}
