package image

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"panda/emu/dev/backend"
	"panda/emu/dev/backend/overlay"
	"panda/emu/dev/backend/qcow2"
)

// TestSentences: what cannot be opened is named, with what to do.
func TestSentences(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	file(t, at("odd"), make([]byte, 1000))
	file(t, at("short"), []byte("QFI\xfb\x00\x00\x00\x03"))
	for name, o := range map[string]qcow2.CreateOptions{
		"a":    {Backing: "b", BackingFormat: "qcow2"},
		"b":    {Backing: "a", BackingFormat: "qcow2"},
		"lost": {Backing: "nowhere"},
		"nbd":  {Backing: "nbd:host:1"},
		"odds": {Backing: "odd", BackingFormat: "vmdk"},
	} {
		if err := qcow2.Create(at(name), 1<<20, o); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		o    Options
		says string
	}{
		{"none", Options{}, "there is no image"},
		{".", Options{}, "a folder"},
		{"odd", Options{}, "no multiple of 512"},
		{"odd", Options{Format: "vmdk"}, `the format "vmdk"`},
		{"odd", Options{Format: "qcow2"}, "does not begin as one"},
		{"short", Options{}, "ends within its header"},
		{"a", Options{}, "a backing file of itself"},
		{"lost", Options{}, "nowhere"},
		{"nbd", Options{}, "nbd:host:1"},
		{"odds", Options{}, `the format "vmdk"`},
	} {
		path := at(c.name)
		_, err := Open(path, c.o)
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), filepath.Base(path)) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestDeep: a chain of backing files has an end.
func TestDeep(t *testing.T) {
	dir := t.TempDir()
	name := func(i int) string { return "image" + strings.Repeat("x", i) }
	for i := range mostDeep + 1 {
		o := qcow2.CreateOptions{ClusterSize: 512}
		if i > 0 {
			o.Backing, o.BackingFormat = name(i-1), "qcow2"
		}
		if err := qcow2.Create(filepath.Join(dir, name(i)), 1<<20, o); err != nil {
			t.Fatal(err)
		}
	}
	closed(t, open1(t, filepath.Join(dir, name(mostDeep-1)), Options{}))
	if _, err := Open(filepath.Join(dir, name(mostDeep)), Options{}); err == nil || !strings.Contains(err.Error(), "64 backing files") {
		t.Error(err)
	}
}

// TestWriters: an image has one writer, or many readers.
func TestWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "image")
	file(t, path, make([]byte, 4096))
	d := open1(t, path, Options{})
	for _, readOnly := range []bool{false, true} {
		if _, err := Open(path, Options{ReadOnly: readOnly}); err == nil || !strings.Contains(err.Error(), "another emulator") {
			t.Error(readOnly, err)
		}
	}
	closed(t, d)
	a, b := open1(t, path, Options{ReadOnly: true}), open1(t, path, Options{Snapshot: true})
	if _, err := Open(path, Options{}); err == nil {
		t.Error("a writer beside readers")
	}
	if err := a.Write(0, make([]byte, 512)); !errors.Is(err, backend.ErrReadOnly) {
		t.Error(err)
	}
	closed(t, a)
	closed(t, b)
}

// TestPadded: a file that ends within a sector can be read, and its user is told.
func TestPadded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "image")
	file(t, path, bytes.Repeat([]byte{1}, 1000))
	said := ""
	d := open1(t, path, Options{ReadOnly: true, Warn: func(s string) { said = s }})
	defer closed(t, d)
	if b := all(t, d); len(b) != 1024 || b[999] != 1 || b[1000] != 0 || !strings.Contains(said, path) {
		t.Error(len(b), said)
	}
}

// TestGuard: the guest of a raw image cannot make a qcow2 image of it, unless its user said
// that it is a raw one.
func TestGuard(t *testing.T) {
	path := filepath.Join(t.TempDir(), "image")
	file(t, path, make([]byte, 4096))
	evil := make([]byte, 512)
	copy(evil, "QFI\xfb")
	d := open1(t, path, Options{})
	if err := d.Write(0, evil); !errors.Is(err, errMagic) {
		t.Error(err)
	}
	if err := d.Write(512, evil); err != nil {
		t.Error(err)
	}
	closed(t, d)
	d = open1(t, path, Options{Format: "raw"})
	defer closed(t, d)
	if err := d.Write(0, evil); err != nil {
		t.Error(err)
	}
}

// TestSnapshot: writes over an image stay away from it until they are committed.
func TestSnapshot(t *testing.T) {
	for _, memory := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "image")
		if err := Create(path, 1<<20, qcow2.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		d := open1(t, path, Options{Snapshot: true, Memory: memory})
		want := make([]byte, 1<<20)
		copy(want[5120:], "something")
		if err := d.Write(5120, want[5120:5632]); err != nil {
			t.Fatal(err)
		}
		after, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(before, after) || !bytes.Equal(all(t, d), want) {
			t.Fatal("the image was written", err)
		}
		if err := d.(*overlay.Disk).Commit(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(all(t, d), want) {
			t.Fatal("it reads otherwise after the commit")
		}
		closed(t, d)
		d = open1(t, path, Options{ReadOnly: true})
		if !bytes.Equal(all(t, d), want) {
			t.Fatal("it was not committed")
		}
		closed(t, d)
	}
}

// TestCommitRefused: a commit that cannot be leaves the disk as it is.
func TestCommitRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "image")
	file(t, path, make([]byte, 4096))
	d := open1(t, path, Options{Snapshot: true})
	defer closed(t, d)
	other := open1(t, path, Options{ReadOnly: true})
	defer closed(t, other)
	b := bytes.Repeat([]byte{5}, 512)
	if err := d.Write(0, b); err != nil {
		t.Fatal(err)
	}
	if err := d.(*overlay.Disk).Commit(); err == nil || !strings.Contains(err.Error(), "another emulator") {
		t.Error(err)
	}
	if got := all(t, d); !bytes.Equal(got[:512], b) || got[512] != 0 {
		t.Error("it reads otherwise")
	}
}
