package x86

import "testing"

// TestTranslators: a name is in one table, since the first would be found.
func TestTranslators(t *testing.T) {
	seen := map[string]bool{}
	for _, table := range &translators {
		for name := range table {
			if seen[name] {
				t.Errorf("there are two translators for %s", name)
			}
			seen[name] = true
		}
	}
	if len(seen) < 700 {
		t.Errorf("%d names", len(seen))
	}
}
