package backend

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFiles: a Memory and a file of the host do the same.
func TestFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	h, err := CreateFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	m := &Memory{}
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		at, n := r.Int64N(300000), r.Int64N(100000)
		b := bytes.Repeat([]byte{byte(r.Uint32())}, int(n))
		for _, f := range []File{h, m} {
			switch r := at % 4; {
			case r == 0:
				if err := f.Punch(at, n); errors.Is(err, errors.ErrUnsupported) {
					t.Skip("the file system has no holes")
				}
			case at%31 == 1:
				err = f.Truncate(at)
			default:
				_, err = f.WriteAt(b, at)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		sameFiles(t, h, m, at, n)
	}
}

func sameFiles(t *testing.T, a, b File, at, n int64) {
	t.Helper()
	x, y := make([]byte, n), make([]byte, n)
	k, err := a.ReadAt(x, at)
	l, err2 := b.ReadAt(y, at)
	s, _ := a.Size()
	s2, _ := b.Size()
	if k != l || errors.Is(err, io.EOF) != errors.Is(err2, io.EOF) || s != s2 || !bytes.Equal(x[:k], y[:l]) {
		t.Fatalf("%d bytes at %d: %d %v, %d %v; sizes %d, %d", n, at, k, err, l, err2, s, s2)
	}
}

// TestOpen: what cannot be opened is said.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := os.WriteFile(path, nil, 0o444); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, says string }{
		{filepath.Join(dir, "none"), "there is no image"},
		{dir, "a folder"},
		{os.DevNull, "neither of the two"},
	} {
		if _, err := OpenFile(c.path, false); err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), c.path) {
			t.Errorf("%s: %v", c.path, err)
		}
	}
	if os.Getuid() != 0 {
		if _, err := OpenFile(path, false); err == nil || !strings.Contains(err.Error(), "permission") {
			t.Error(err)
		}
	}
	if _, err := CreateFile(path); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Error(err)
	}
	if _, err := TemporaryFile(filepath.Join(dir, "none")); err == nil || !strings.Contains(err.Error(), "TMPDIR") {
		t.Error(err)
	}
}
