package main

import (
	"bytes"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestForeignWrite: a recorder says what it may lack, and verify does not send who asks to
// look for an instruction where that explains why a replay goes another way.
func TestForeignWrite(t *testing.T) {
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, dir, "shared", "a")
	cmd := exec.Command(binary, "record", "-o", "run", buildC(t, "foreign"), "shared")
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	io.ReadFull(out, make([]byte, 1)) // the program waits
	write(t, dir, "shared", "b")
	in.Write([]byte("\n"))
	if got, err := io.ReadAll(out); err != nil || string(got) != "b" {
		t.Errorf("%q %v", got, err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if want := "; if others wrote to what the program mapped to be written (" + filepath.Join(dir, "shared") + "), that is missing\n"; !strings.HasSuffix(stderr.String(), want) {
		t.Errorf("%q, want %q", stderr.String(), want)
	}
	r := panda(t, dir, "verify", "run")
	if r.status != 1 || !strings.Contains(r.stderr, "is missing\nThat may be why. If it is not, panda verify -bisect run.rr says whether the engines differ here\n") {
		t.Errorf("%+v", r)
	}
}
