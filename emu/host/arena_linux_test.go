//go:build linux && (amd64 || arm64)

package host

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"testing"
)

func arena(t *testing.T, size int) *Arena {
	t.Helper()
	a, err := NewArena(size)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// rights reads the rights of the page at an address from the host's own table.
func rights(t *testing.T, at uintptr) string {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Skip(err)
	}
	for line := range strings.Lines(string(maps)) {
		f := strings.Fields(line)
		from, to, _ := strings.Cut(f[0], "-")
		lo, _ := strconv.ParseUint(from, 16, 64)
		hi, _ := strconv.ParseUint(to, 16, 64)
		if uint64(at) >= lo && uint64(at) < hi {
			return f[1][:3]
		}
	}
	return "none"
}

func TestArenaRange(t *testing.T) {
	page := os.Getpagesize()
	lo, hi := CodeRange()
	for _, size := range []int{1, page, page + 1, 256 << 20} {
		a := arena(t, size)
		end := a.Base + uintptr(len(a.Buf))
		if a.Base < lo || end >= hi {
			t.Errorf("arena of %d at %#x..%#x is not in %#x..%#x", size, a.Base, end, lo, hi)
		}
		if len(a.Buf) < size || len(a.Buf)%page != 0 {
			t.Errorf("arena of %d has %d bytes", size, len(a.Buf))
		}
		if got := rights(t, a.Base); got != "r-x" {
			t.Errorf("arena of %d: code is %s", size, got)
		}
		if got := rights(t, bufAt(a)); got != "rw-" {
			t.Errorf("arena of %d: buffer is %s", size, got)
		}
		if got := rights(t, end); got != "---" {
			t.Errorf("arena of %d: after the code is %s", size, got)
		}
	}
}

func TestArenaViews(t *testing.T) {
	a, b := arena(t, 8192), arena(t, 4096)
	copy(a.Buf[5000:], "first")
	copy(b.Buf, "second")
	copy(a.Buf[5000:], "third")
	if got := code(a, 5000, 5); !bytes.Equal(got, []byte("third")) {
		t.Errorf("first arena runs %q", got)
	}
	if got := code(b, 0, 6); !bytes.Equal(got, []byte("second")) {
		t.Errorf("second arena runs %q", got)
	}
}

func TestArenaClose(t *testing.T) {
	a, b, c := arena(t, 4096), arena(t, 3*4096), arena(t, 4096)
	gone, hole := b.Base, b.Base
	for range 2 {
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got := rights(t, gone); got != "---" {
		t.Errorf("a closed arena is %s", got)
	}
	for i, size := range []int{4096, 1} {
		if d := arena(t, size); d.Base != hole {
			t.Errorf("arena %d is at %#x, the hole is at %#x", i, d.Base, hole)
		}
		hole += 2 * 4096
	}
	if d := arena(t, 4*4096); d.Base < c.Base || d.Base == a.Base {
		t.Errorf("an arena that does not fit the hole is at %#x", d.Base)
	}
}

func TestArenaRefused(t *testing.T) {
	for _, size := range []int{0, -1, maxArena + 1} {
		if _, err := NewArena(size); err == nil {
			t.Errorf("an arena of %d bytes was made", size)
		}
	}
	lo, hi := CodeRange()
	c := codeRange{size: hi - lo}
	if _, err := c.take(hi-lo, 4096); err == nil {
		t.Error("a full range has a gap")
	}
}

func TestArenaOneMapping(t *testing.T) {
	a := arena(t, 4096)
	if err := unmapCode(codeAt(a), bufPointer(a), len(a.Buf), a.dual); err != nil {
		t.Fatal(err)
	}
	a.dual = false
	if err := mapRWX(codeAt(a), len(a.Buf)); err != nil {
		t.Skip(err)
	}
	a.Buf = code(a, 0, 4096)
	copy(a.Buf, "code")
	if got := rights(t, a.Base); got != "rwx" {
		t.Errorf("one mapping is %s", got)
	}
}
