package qcow2

import (
	"bytes"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"panda/emu/dev/backend"
)

// made is a new image in memory.
func made(t testing.TB, size int64, o CreateOptions) (*kept, *Image) {
	t.Helper()
	f := &kept{}
	if err := Format(f, "image", size, o); err != nil {
		t.Fatal(err)
	}
	return f, openTest(t, f, nil)
}

// qemuCheck asks qemu-img, if there is one, whether an image is consistent.
func qemuCheck(t *testing.T, f backend.File) {
	t.Helper()
	if _, err := exec.LookPath("qemu-img"); err != nil {
		t.Log("qemu-img is not installed: nobody else looks at the image")
		return
	}
	path := filepath.Join(t.TempDir(), "image")
	save(t, f, path)
	qemuImg(t, "check", "-f", "qcow2", path)
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// TestGrow: the refcount table moves as the file becomes larger.
func TestGrow(t *testing.T) {
	for _, bits := range []int{1, 16, 64} {
		f, q := made(t, 1<<30, CreateOptions{ClusterSize: 512, RefcountBits: bits})
		before := q.h.TableOffset
		for i := range int64(24) {
			must(t, q.Write(i*40<<20, bytes.Repeat([]byte{byte(i + 1)}, 300<<10)))
		}
		if bits == 64 && q.h.TableOffset == before {
			t.Error("the refcount table has not moved")
		}
		check(t, q, false)
		must(t, q.Close())
		q = openTest(t, f, nil)
		for i := range int64(24) {
			b := make([]byte, 300<<10)
			must(t, q.Read(i*40<<20, b))
			if !bytes.Equal(b, bytes.Repeat([]byte{byte(i + 1)}, 300<<10)) {
				t.Fatal(bits, i)
			}
		}
		must(t, q.Close())
		qemuCheck(t, f)
	}
}

// TestLargest: the largest disks that there can be.
func TestLargest(t *testing.T) {
	for _, c := range []struct{ cluster, size int64 }{
		{512, mostL1 << 15}, {4096, mostL1 << 21}, {2 << 20, mostL1 << 39},
	} {
		f, q := made(t, c.size, CreateOptions{ClusterSize: c.cluster})
		b := bytes.Repeat([]byte{7}, 4096)
		must(t, q.Write(c.size-4096, b), q.Flush())
		check(t, q, false)
		must(t, q.Close())
		q = openTest(t, f, nil)
		got := make([]byte, 4096)
		must(t, q.Read(c.size-4096, got))
		if !bytes.Equal(got, b) {
			t.Error(c)
		}
		must(t, q.Discard(0, c.size), q.Close())
		if err := Format(&kept{}, "image", c.size+512, CreateOptions{ClusterSize: c.cluster}); err == nil {
			t.Error("a larger one")
		}
	}
}

// TestCreateRefused: what there cannot be is said.
func TestCreateRefused(t *testing.T) {
	for _, c := range []struct {
		size int64
		o    CreateOptions
		says string
	}{
		{513, CreateOptions{}, "multiple of 512"},
		{-512, CreateOptions{}, "multiple of 512"},
		{512, CreateOptions{ClusterSize: 256}, "clusters of 256 bytes"},
		{512, CreateOptions{ClusterSize: 4 << 20}, "clusters of 4194304 bytes"},
		{512, CreateOptions{ClusterSize: 1000}, "clusters of 1000 bytes"},
		{512, CreateOptions{Version: 4}, "version 4"},
		{512, CreateOptions{RefcountBits: 3}, "refcounts of 3 bits"},
		{512, CreateOptions{Version: 2, LazyRefcounts: true}, "version 2"},
		{512, CreateOptions{Backing: strings.Repeat("x", 1024)}, "1024 bytes"},
		{512, CreateOptions{Backing: strings.Repeat("x", 500), ClusterSize: 512}, "too long for clusters of 512"},
	} {
		path := filepath.Join(t.TempDir(), "image")
		if err := Create(path, c.size, c.o); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: %v", c.o, err)
		}
		if _, err := backend.OpenFile(path, true); err == nil {
			t.Errorf("%v: there is a file", c.o)
		}
	}
}

// TestSnapshotTable: what is said of a snapshot is kept.
func TestSnapshotTable(t *testing.T) {
	f, q := made(t, 1<<20, CreateOptions{ClusterSize: 4096})
	want := Snapshot{Name: "before", Date: time.Unix(1700000000, 123456789), Clock: 5 * time.Second, Icount: 42}
	must(t, q.SaveState(want, strings.NewReader("the state")), q.CreateSnapshot(Snapshot{Name: "after", Icount: NoIcount}), q.Close())
	q = openTest(t, f, nil)
	list := q.Snapshots()
	want.ID, want.StateSize, want.DiskSize = "1", 9, 1<<20
	if len(list) != 2 || list[0] != want || list[1].Name != "after" || list[1].ID != "2" || list[1].Icount != NoIcount {
		t.Fatalf("%+v", list)
	}
	state, err := q.LoadState("before")
	must(t, err)
	if b, err := io.ReadAll(state); err != nil || string(b) != "the state" {
		t.Fatalf("%q %v", b, err)
	}
	for _, c := range []struct {
		err  error
		says string
	}{
		{func() error { _, err := q.LoadState("after"); return err }(), "of the disk alone"},
		{q.ApplySnapshot("never"), `no snapshot "never"`},
		{q.DeleteSnapshot("never"), `no snapshot "never"`},
		{q.CreateSnapshot(Snapshot{}), "name"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.says) {
			t.Errorf("%q: %v", c.says, c.err)
		}
	}
	must(t, q.DeleteSnapshot("1"), q.DeleteSnapshot("after"))
	check(t, q, false)
	must(t, q.Close())
}

// TestFewRefcountBits: a refcount that can be no larger refuses a snapshot, and all is as it
// was before.
func TestFewRefcountBits(t *testing.T) {
	f, q := made(t, 1<<20, CreateOptions{ClusterSize: 4096, RefcountBits: 2})
	b := bytes.Repeat([]byte{1}, 1<<16)
	must(t, q.Write(0, b), q.CreateSnapshot(Snapshot{Name: "a"}), q.CreateSnapshot(Snapshot{Name: "b"}))
	err := q.SaveState(Snapshot{Name: "c"}, strings.NewReader("state"))
	if err == nil || !strings.Contains(err.Error(), "refcounts of 2 bits") {
		t.Fatal(err)
	}
	check(t, q, false)
	if q.dirty || len(q.Snapshots()) != 2 {
		t.Error("it is not as before")
	}
	must(t, q.Close())
	qemuCheck(t, f)
}

// TestStateFails: a state that cannot be read to its end is no snapshot.
func TestStateFails(t *testing.T) {
	_, q := made(t, 1<<20, CreateOptions{})
	must(t, q.SaveState(Snapshot{Name: "s"}, strings.NewReader("old")))
	err := q.SaveState(Snapshot{Name: "s"}, io.MultiReader(bytes.NewReader(make([]byte, 1<<20)), strings.NewReader("x"), failingReader{}))
	if !errors.Is(err, errHost) {
		t.Fatal(err)
	}
	state, err := q.LoadState("s")
	must(t, err)
	if b, _ := io.ReadAll(state); string(b) != "old" {
		t.Errorf("%q", b)
	}
	check(t, q, false)
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errHost }

// TestDirty: an image with lazy refcounts that was not closed is repaired, and its user told.
func TestDirty(t *testing.T) {
	f, q := made(t, 1<<20, CreateOptions{ClusterSize: 512, LazyRefcounts: true})
	b := bytes.Repeat([]byte{3}, 500<<10)
	must(t, q.Write(0, b), q.Flush())
	readOnly, err := Open(f, "image", Options{ReadOnly: true})
	must(t, err)
	if r, err := readOnly.Check(); err != nil || r.Corruptions == 0 {
		t.Error("the refcounts are not lazy", err)
	}
	said := ""
	q, err = Open(f, "image", Options{Warn: func(s string) { said = s }})
	must(t, err)
	if !strings.Contains(said, "refcounts were repaired") || q.dirty {
		t.Error(said)
	}
	check(t, q, false)
	got := make([]byte, len(b))
	must(t, q.Read(0, got), q.Close())
	if !bytes.Equal(got, b) {
		t.Error("it reads as something else")
	}
	qemuCheck(t, f)
}

// TestDiscard: what is discarded is free, and is given back to the host.
func TestDiscard(t *testing.T) {
	f, q := made(t, 8<<20, CreateOptions{})
	must(t, q.Write(0, bytes.Repeat([]byte{1}, 8<<20)), q.Flush())
	pages := len(f.pagesInUse())
	must(t, q.Discard(1<<20, 6<<20), q.Flush())
	if n := len(f.pagesInUse()); n > pages-90 {
		t.Errorf("%d pieces of the file of %d are in use", n, pages)
	}
	size, _ := f.Size()
	must(t, q.Write(2<<20, bytes.Repeat([]byte{2}, 4<<20)), q.Flush())
	if s, _ := f.Size(); s > size {
		t.Error("what is free is not used again")
	}
	check(t, q, false)
	must(t, q.Close())
}

// pagesInUse are pieces of a file that are not zeros.
func (k *kept) pagesInUse() (at []int64) {
	size, _ := k.Size()
	b := make([]byte, 1<<16)
	for off := int64(0); off < size; off += int64(len(b)) {
		if backend.ReadPadded(k, b, off) == nil && !allZero(b) {
			at = append(at, off)
		}
	}
	return at
}
