package raw

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"panda/emu/dev/backend"
)

func TestRaw(t *testing.T) {
	path := filepath.Join(t.TempDir(), "image")
	want := bytes.Repeat([]byte{1, 2, 3, 4}, 1<<18)
	if err := os.WriteFile(path, want, 0o666); err != nil {
		t.Fatal(err)
	}
	d, err := Open(path, false)
	if err != nil {
		t.Fatal(err)
	}
	copy(want[4096:], bytes.Repeat([]byte{9}, 512))
	clear(want[1<<16 : 1<<17])
	for _, err := range []error{
		d.Write(4096, want[4096:4608]),
		backend.WriteZeroes(d, 1<<16, 1<<16),
		d.Flush(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	got := make([]byte, d.Size())
	if err := d.Read(0, got); err != nil || !bytes.Equal(got, want) {
		t.Fatal("it reads as something else", err)
	}
	if err := d.Discard(1<<17, 1<<17); err != nil {
		t.Fatal(err)
	}
	for _, r := range [][2]int64{{-512, 512}, {0, 2 << 20}, {1, 512}, {0, 100}, {1 << 62, 512}} {
		if d.Discard(r[0], r[1]) == nil {
			t.Error(r)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestHole: what is discarded, or is zeros, is given back to the host where it has holes.
func TestHole(t *testing.T) {
	f := &backend.Memory{}
	if _, err := f.WriteAt(bytes.Repeat([]byte{1}, 1<<20), 0); err != nil {
		t.Fatal(err)
	}
	for _, holes := range []bool{true, false} {
		d, err := New(holeless{f, holes}, "image", false)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Discard(0, 512); err != nil {
			t.Error(err)
		}
		if err := d.WriteZeroes(512, 1<<19); err != nil {
			t.Error(err)
		}
		b := make([]byte, 1<<20)
		if err := d.Read(0, b); err != nil || b[512] != 0 || b[1<<19+511] != 0 || b[1<<19+512] != 1 {
			t.Error(holes, err)
		}
	}
}

type holeless struct {
	backend.File
	holes bool
}

func (h holeless) Punch(at, n int64) error {
	if h.holes {
		return h.File.Punch(at, n)
	}
	return errors.ErrUnsupported
}

// TestShrunk: a file that has become smaller is an error of what is gone, not zeros.
func TestShrunk(t *testing.T) {
	f := &backend.Memory{}
	if err := f.Truncate(4096); err != nil {
		t.Fatal(err)
	}
	d, err := New(f, "image", false)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(1024); err != nil {
		t.Fatal(err)
	}
	if err := d.Read(512, make([]byte, 2048)); !errors.Is(err, io.EOF) || !strings.Contains(err.Error(), "image") {
		t.Error(err)
	}
}
