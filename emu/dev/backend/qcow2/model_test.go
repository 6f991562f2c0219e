package qcow2

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"panda/emu/dev/backend"
)

// model is what a disk should have.
type model struct {
	data      []byte
	snapshots map[string][]byte // the disk's contents
	states    map[string][]byte // the machine's
}

func newModel(size int64, below []byte) *model {
	m := &model{data: make([]byte, size), snapshots: map[string][]byte{}, states: map[string][]byte{}}
	copy(m.data, below)
	return m
}

// options are images to be tried.
var options = map[string]CreateOptions{
	"512":       {ClusterSize: 512},
	"4K":        {ClusterSize: 4096},
	"64K":       {},
	"2M":        {ClusterSize: 2 << 20},
	"v2":        {ClusterSize: 1024, Version: 2},
	"lazy":      {ClusterSize: 512, LazyRefcounts: true},
	"refcount4": {ClusterSize: 512, RefcountBits: 4},
	"refcount8": {ClusterSize: 512, RefcountBits: 8},
	"32":        {ClusterSize: 512, RefcountBits: 32},
	"64":        {ClusterSize: 512, RefcountBits: 64},
}

func check(t *testing.T, q *Image, leaks bool) {
	t.Helper()
	r, err := q.Check()
	if err != nil {
		t.Fatal(err)
	}
	if r.Corruptions > 0 || !leaks && (r.Leaks > 0 || r.Flags > 0) {
		t.Fatalf("%d corruptions, %d leaks, %d flags: %q", r.Corruptions, r.Leaks, r.Flags, r.Problems)
	}
}

// qemuImg runs qemu-img.
func qemuImg(t testing.TB, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("qemu-img")
	if err != nil {
		t.Skip("qemu-img is not installed: the image is compared with nobody else's")
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("qemu-img %q: %v\n%s", args, err, out)
	}
	return string(out)
}

// sectors is a random piece of a disk.
func sectors(r *rand.Rand, size int64) (off, n int64) {
	most := []int64{8, 8, 128, 4096}[r.IntN(4)]
	off = r.Int64N(size/512) * 512
	n = min(size-off, (1+r.Int64N(most))*512)
	if r.IntN(16) == 0 {
		n = size - off
	}
	return off, n
}

func noise(r *rand.Rand, n int64) []byte {
	b := make([]byte, n)
	if r.IntN(8) == 0 {
		return b
	}
	for i := 0; i < len(b); i += 8 {
		copy(b[i:], binary.LittleEndian.AppendUint64(nil, r.Uint64()))
	}
	return b
}

// write is one random change of the disk, in the model too when it succeeds. It returns what
// was to be changed.
func (m *model) write(r *rand.Rand, d backend.Disk) (off, n int64, err error) {
	off, n = sectors(r, d.Size())
	switch r.IntN(6) {
	case 0:
		if err = d.Discard(off, n); err == nil {
			// What it reads as now stays so.
			err = d.Read(off, m.data[off:off+n])
		}
	case 1:
		if err = backend.WriteZeroes(d, off, n); err == nil {
			clear(m.data[off : off+n])
		}
	default:
		b := noise(r, n)
		if err = d.Write(off, b); err == nil {
			copy(m.data[off:], b)
		}
	}
	return off, n, err
}

// same compares all of the disk.
func (m *model) same(t *testing.T, d backend.Disk) {
	t.Helper()
	got := make([]byte, len(m.data))
	if err := d.Read(0, got); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, m.data) {
		for i := range got {
			if got[i] != m.data[i] {
				t.Fatalf("the disk differs at %#x: %d, and should be %d", i, got[i], m.data[i])
			}
		}
	}
}

// snapshot is one random operation on snapshots.
func (m *model) snapshot(t *testing.T, r *rand.Rand, q *Image) {
	t.Helper()
	name := fmt.Sprint("s", r.IntN(4))
	var err error
	switch _, there := m.snapshots[name]; {
	case !there || r.IntN(3) == 0:
		state := noise(r, r.Int64N(100000))
		if err = q.SaveState(Snapshot{Name: name, Icount: NoIcount}, bytes.NewReader(state)); err == nil {
			m.snapshots[name], m.states[name] = bytes.Clone(m.data), state
		}
	case r.IntN(2) == 0:
		if err = q.ApplySnapshot(name); err == nil {
			copy(m.data, m.snapshots[name])
		}
	default:
		if err = q.DeleteSnapshot(name); err == nil {
			delete(m.snapshots, name)
			delete(m.states, name)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (m *model) sameStates(t *testing.T, q *Image) {
	t.Helper()
	if len(q.Snapshots()) != len(m.snapshots) {
		t.Fatalf("%d snapshots, and there should be %d", len(q.Snapshots()), len(m.snapshots))
	}
	for name, want := range m.states {
		if len(want) == 0 {
			continue
		}
		state, err := q.LoadState(name)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if _, err := got.ReadFrom(state); err != nil || !bytes.Equal(got.Bytes(), want) {
			t.Fatalf("the state %s of %d bytes differs, which should have %d: %v", name, got.Len(), len(want), err)
		}
	}
}

// TestRandom: random operations give what a plain array gives, however often the image is
// opened again, and the image stays consistent, to our eyes and to QEMU's.
func TestRandom(t *testing.T) {
	for name, o := range options {
		for _, backed := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " backed=", backed), func(t *testing.T) {
				t.Parallel()
				random(t, o, backed)
			})
		}
	}
}

// kept is a file in memory that is there after it was closed.
type kept struct{ backend.Memory }

func (*kept) Close() error { return nil }

func random(t *testing.T, o CreateOptions, backed bool) {
	const size = 1<<20 + 1536
	r := rand.New(rand.NewPCG(1, 2))
	var below []byte
	if backed {
		o.Backing, o.BackingFormat = "below.raw", "raw"
		below = noise(r, size/1024*512)
	}
	f := &kept{}
	if err := Format(f, "image", size, o); err != nil {
		t.Fatal(err)
	}
	m := newModel(size, below)
	for round := range 8 {
		q := openTest(t, f, below)
		for range 20 {
			if _, _, err := m.write(r, q); err != nil {
				t.Fatal(err)
			}
			if r.IntN(8) == 0 {
				m.snapshot(t, r, q)
			}
			if r.IntN(8) == 0 {
				check(t, q, false)
			}
		}
		m.same(t, q)
		m.sameStates(t, q)
		check(t, q, false)
		if err := q.Close(); err != nil {
			t.Fatal(err)
		}
		if round == 7 {
			m.sameForQEMU(t, f, below)
		}
	}
}

// sameForQEMU asks qemu-img, if there is one, whether it finds the image consistent, and the
// disk and the snapshots in it what they should be.
func (m *model) sameForQEMU(t *testing.T, f backend.File, below []byte) {
	t.Helper()
	if _, err := exec.LookPath("qemu-img"); err != nil {
		t.Log("qemu-img is not installed: the image is compared with nobody else's")
		return
	}
	dir := t.TempDir()
	path, copied := filepath.Join(dir, "image"), filepath.Join(dir, "copy")
	save(t, f, path)
	write(t, filepath.Join(dir, "below.raw"), below)
	qemuImg(t, "check", "-f", "qcow2", path)
	for name, want := range m.snapshots {
		qemuImg(t, "convert", "-f", "qcow2", "-O", "raw", "-l", name, path, copied)
		equal(t, copied, want)
	}
	qemuImg(t, "convert", "-f", "qcow2", "-O", "raw", path, copied)
	equal(t, copied, m.data)
}

func save(t testing.TB, f backend.File, path string) {
	t.Helper()
	size, _ := f.Size()
	b := make([]byte, size)
	if err := backend.ReadPadded(f, b, 0); err != nil {
		t.Fatal(err)
	}
	write(t, path, b)
}

func write(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
}

func equal(t *testing.T, path string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("what qemu-img finds in the image differs from what was written: %v", err)
	}
}

// openTest opens an image whose backing file, if it has one, is in memory.
func openTest(t testing.TB, f backend.File, below []byte) *Image {
	t.Helper()
	q, err := Open(f, "image", Options{Backing: func(string, string) (backend.Disk, error) { return bytesDisk(below), nil }})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// bytesDisk is a disk that can only be read.
type bytesDisk []byte

func (d bytesDisk) Size() int64    { return int64(len(d)) }
func (d bytesDisk) ReadOnly() bool { return true }
func (d bytesDisk) Read(off int64, b []byte) error {
	if err := backend.CheckRange(d, off, int64(len(b))); err != nil {
		return err
	}
	copy(b, d[off:])
	return nil
}
func (d bytesDisk) Write(int64, []byte) error  { return backend.ErrReadOnly }
func (d bytesDisk) Discard(int64, int64) error { return backend.ErrReadOnly }
func (d bytesDisk) Flush() error               { return nil }
func (d bytesDisk) Close() error               { return nil }
