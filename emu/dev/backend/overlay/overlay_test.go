package overlay

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"

	"panda/emu/dev/backend"
	"panda/emu/dev/backend/raw"
)

// disk is a raw disk in memory.
func disk(t testing.TB, b []byte, readOnly bool) *raw.Disk {
	t.Helper()
	f := &backend.Memory{}
	if _, err := f.WriteAt(b, 0); err != nil {
		t.Fatal(err)
	}
	d, err := raw.New(f, "disk", readOnly)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func noise(r *rand.Rand, n int64) []byte {
	b := make([]byte, n)
	for i := 0; i < len(b); i += 8 {
		copy(b[i:], binary.LittleEndian.AppendUint64(nil, r.Uint64()))
	}
	return b
}

func contents(t testing.TB, d backend.Disk) []byte {
	t.Helper()
	b := make([]byte, d.Size())
	if err := d.Read(0, b); err != nil {
		t.Fatal(err)
	}
	return b
}

// TestRandom: random operations give what a plain array gives, and leave the disk below as
// it is until they are committed.
func TestRandom(t *testing.T) {
	const size = 9<<20 + 1536
	r := rand.New(rand.NewPCG(1, 2))
	for _, memory := range []bool{true, false} {
		before := noise(r, size)
		base := disk(t, before, false)
		d, err := New(base, Options{Memory: memory, Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		want := bytes.Clone(before)
		for range 4 {
			for range 60 {
				change(t, r, d, want)
			}
			if !bytes.Equal(contents(t, d), want) {
				t.Fatal("it reads as something else")
			}
			if !bytes.Equal(contents(t, base), before) {
				t.Fatal("the disk below was written")
			}
		}
		if err := d.Commit(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(contents(t, base), want) || !bytes.Equal(contents(t, d), want) {
			t.Fatal("something else was committed")
		}
		change(t, r, d, want)
		if !bytes.Equal(contents(t, d), want) {
			t.Fatal("it reads as something else after a commit")
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func change(t *testing.T, r *rand.Rand, d *Disk, want []byte) {
	t.Helper()
	off := r.Int64N(d.Size()/512) * 512
	n := min(d.Size()-off, (1+r.Int64N([]int64{8, 64, 4000}[r.IntN(3)]))*512)
	b := noise(r, n)
	var err error
	switch r.IntN(6) {
	case 0:
		if err = d.Discard(off, n); err == nil {
			err = d.Read(off, b)
		}
	case 1:
		clear(b)
		err = d.WriteZeroes(off, n)
	default:
		err = d.Write(off, b)
	}
	if err != nil {
		t.Fatal(err)
	}
	copy(want[off:], b)
}

// TestFull: a temporary file that has no room is an error of the write, and all that was
// written before it stays. A commit that fails can be tried again.
func TestFull(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	want := noise(r, 1<<20)
	base := &failing{Disk: disk(t, want, false)}
	store := &full{room: 100 << 10}
	d := over(base, store, nil)
	for range 200 {
		off := r.Int64N(2000) * 512
		b := noise(r, min(d.Size()-off, 5120))
		if err := d.Write(off, b); err == nil {
			copy(want[off:], b)
		} else if err := d.Read(off, want[off:off+int64(len(b))]); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(contents(t, d), want) {
		t.Fatal("it reads as something else")
	}
	base.fails = 3
	if err := d.Commit(); !errors.Is(err, errFull) || !bytes.Equal(contents(t, d), want) {
		t.Fatal(err)
	}
	if err := d.Commit(); err != nil || !bytes.Equal(contents(t, base), want) {
		t.Fatal(err)
	}
}

// TestReadOnly: there is no commit to a disk that cannot be written.
func TestReadOnly(t *testing.T) {
	d, err := New(disk(t, make([]byte, 4096), true), Options{Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Write(0, make([]byte, 512)); err != nil {
		t.Error(err)
	}
	if err := d.Commit(); !errors.Is(err, backend.ErrReadOnly) {
		t.Error(err)
	}
}

// TestLarge: zeros on a large disk take no room.
func TestLarge(t *testing.T) {
	f := &backend.Memory{}
	if err := f.Truncate(1 << 41); err != nil {
		t.Fatal(err)
	}
	base, err := raw.New(f, "disk", true)
	if err != nil {
		t.Fatal(err)
	}
	d := over(base, &backend.Memory{}, nil)
	if err := d.WriteZeroes(512, 1<<38); err != nil {
		t.Fatal(err)
	}
	if err := d.Discard(0, d.Size()); err != nil {
		t.Fatal(err)
	}
	if got := len(d.slots); got != 1<<16+1 {
		t.Error(got)
	}
}

var errFull = errors.New("full")

// full is a file that can grow no further.
type full struct {
	backend.Memory
	room int64
}

func (f *full) WriteAt(b []byte, at int64) (int, error) {
	if at+int64(len(b)) > f.room {
		return 0, errFull
	}
	return f.Memory.WriteAt(b, at)
}

// failing is a disk whose writes fail when fails has come down to 0, once.
type failing struct {
	*raw.Disk
	fails int
}

func (f *failing) Write(off int64, b []byte) error {
	if f.fails--; f.fails == 0 {
		return errFull
	}
	return f.Disk.Write(off, b)
}
