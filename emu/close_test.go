package emu

import (
	"os"
	"runtime"
	"testing"
	"weak"
)

// TestClosedIsGone: nothing keeps a machine that is closed, as a goroutine that waits for
// signals would.
func TestClosedIsGone(t *testing.T) {
	path := exactProgram(t)
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	fd := int(null.Fd())
	gone := func() weak.Pointer[Machine] {
		m, err := New(Config{Program: &Program{Path: path, Args: []string{path}, Dir: "/", Stdin: fd, Stdout: fd, Stderr: fd}})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if _, done, err := m.Run(); !done || err != nil {
			t.Fatal(done, err)
		}
		return weak.Make(m)
	}()
	for range 20 {
		if runtime.GC(); gone.Value() == nil {
			return
		}
	}
	t.Error("a closed machine is still there")
}
