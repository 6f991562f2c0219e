package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestUpToDate: what is generated stands in the interpreter as it would be made
// today, and nothing else is there under such a name.
func TestUpToDate(t *testing.T) {
	files, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	there, err := filepath.Glob("../zz_*.go")
	if err != nil || len(there) != len(files) {
		t.Errorf("%d files for %d that are generated, %v", len(there), len(files), err)
	}
	for name, want := range files {
		if got, err := os.ReadFile(filepath.Join("..", name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not up to date (%v): go generate ./emu/interp", name, err)
		}
	}
}
