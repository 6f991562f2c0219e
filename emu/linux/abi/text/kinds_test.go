package text

import (
	"testing"

	"panda/emu/linux/abi"
)

// TestKinds: every argument of every call has a formatter.
func TestKinds(t *testing.T) {
	for name, table := range map[string][]abi.Call{"x86_64": abi.X86_64, "i386": abi.I386} {
		for i := range table {
			for _, a := range table[i].Args {
				if k := kinds[a.Type.Kind()]; k.show == nil {
					t.Errorf("%s: %s: the type of %s has no formatter", name, table[i].Name, a.Name)
				}
			}
		}
	}
}
