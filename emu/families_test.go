package emu

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFamiliesUnnamed: a family of helpers is an affair of the translators that use it
// and of the targets that know it. The rooms between do not name one.
func TestFamiliesUnnamed(t *testing.T) {
	families := []string{"x87"}
	for _, room := range []string{"ir", "opt", "interp", "exec", "mmu", "vcpu", "probe", "event", "lockstep", "jit", "jit/export"} {
		files, err := filepath.Glob(filepath.Join(room, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(room, files, err)
		}
		for _, path := range files {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range families {
				if !strings.HasSuffix(path, "_test.go") && strings.Contains(strings.ToLower(string(text)), f) {
					t.Errorf("%s names the family %s", path, f)
				}
			}
		}
	}
	for _, f := range families {
		if _, err := os.Stat(f); err != nil {
			t.Errorf("the family %s has no room: %v", f, err)
		}
	}
}
