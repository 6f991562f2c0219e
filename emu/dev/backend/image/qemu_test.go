package image

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"panda/emu/dev/backend"
	"panda/emu/dev/backend/qcow2"
)

// qemu runs a tool of QEMU.
func qemu(t testing.TB, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(args[0])
	if err != nil {
		t.Skipf("%s is not installed: its images are not read", args[0])
	}
	out, err := exec.Command(path, args[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v\n%s", args, err, out)
	}
	return string(out)
}

// contents is a disk of which some is random, some repeats itself and some is zeros.
func contents(size int64) []byte {
	r := rand.New(rand.NewPCG(7, 8))
	b := make([]byte, size)
	for off := int64(0); off < size; off += 1 << 14 {
		piece := b[off:min(size, off+1<<14)]
		switch r.IntN(3) {
		case 0:
			for i := range piece {
				piece[i] = byte(r.Uint32())
			}
		case 1:
			copy(piece, bytes.Repeat([]byte("all work and no play "), len(piece)/21))
		}
	}
	return b
}

func file(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
}

func open1(t testing.TB, path string, o Options) backend.Disk {
	t.Helper()
	d, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func all(t testing.TB, d backend.Disk) []byte {
	t.Helper()
	b := make([]byte, d.Size())
	if err := d.Read(0, b); err != nil {
		t.Fatal(err)
	}
	return b
}

func closed(t testing.TB, d backend.Disk) {
	t.Helper()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

// consistent is what our own check says of an image.
func consistent(t *testing.T, d backend.Disk) {
	t.Helper()
	r, err := d.(*qcow2.Image).Check()
	if err != nil || r.Corruptions+r.Leaks+r.Flags > 0 {
		t.Fatal(err, r)
	}
}

// qemuOptions are the options of qemu-img convert whose images are read and written.
var qemuOptions = []string{
	"-o compat=v2", "-o compat=v3", "-o cluster_size=512", "-o cluster_size=4k", "-o cluster_size=2M",
	"-o refcount_bits=1", "-o refcount_bits=2", "-o refcount_bits=4", "-o refcount_bits=8", "-o refcount_bits=32", "-o refcount_bits=64",
	"-o lazy_refcounts=on", "-o preallocation=metadata", "-o preallocation=falloc", "-o preallocation=full",
	"-c", "-c -o compression_type=zstd", "-c -o cluster_size=512", "-c -o cluster_size=2M,compression_type=zstd", "-c -o compat=v2",
	"-S 0", "-S 4k -o cluster_size=1k,lazy_refcounts=on,refcount_bits=8",
}

// TestQEMUImages: images of qemu-img read equal, are consistent, and can be written.
func TestQEMUImages(t *testing.T) {
	dir := t.TempDir()
	want := contents(3<<20 + 512)
	plain := filepath.Join(dir, "plain")
	file(t, plain, want)
	for i, o := range qemuOptions {
		t.Run(o, func(t *testing.T) {
			path := filepath.Join(dir, fmt.Sprint(i))
			qemu(t, append(append([]string{"qemu-img", "convert", "-f", "raw", "-O", "qcow2"}, strings.Fields(o)...), plain, path)...)
			rewrite(t, path, bytes.Clone(want))
		})
	}
}

// rewrite reads an image and changes it here and there.
func rewrite(t *testing.T, path string, want []byte) {
	t.Helper()
	d := open1(t, path, Options{ReadOnly: true})
	if !bytes.Equal(all(t, d), want) {
		t.Fatal("it reads as something else")
	}
	consistent(t, d)
	closed(t, d)
	d = open1(t, path, Options{})
	r := rand.New(rand.NewPCG(1, 1))
	for range 40 {
		off, n := r.Int64N(d.Size()/512)*512, (1+r.Int64N(64))*512
		b := bytes.Repeat([]byte{byte(r.Uint32())}, int(min(n, d.Size()-off)))
		copy(want[off:], b)
		if err := d.Write(off, b); err != nil {
			t.Fatal(err)
		}
	}
	consistent(t, d)
	closed(t, d)
	qemu(t, "qemu-img", "check", path)
	qemu(t, "qemu-img", "convert", "-O", "raw", path, path+".raw")
	got, err := os.ReadFile(path + ".raw")
	if err != nil || !bytes.Equal(got, want) {
		t.Fatal("qemu-img reads something else", err)
	}
}

// TestQEMUEmpty: images of nothing, of all sizes of clusters and many of disks.
func TestQEMUEmpty(t *testing.T) {
	dir := t.TempDir()
	for _, cluster := range []string{"512", "64k", "2M"} {
		for _, size := range []string{"0", "1000k", "100G"} {
			path := filepath.Join(dir, cluster+size)
			qemu(t, "qemu-img", "create", "-q", "-f", "qcow2", "-o", "cluster_size="+cluster, path, size)
			d := open1(t, path, Options{})
			consistent(t, d)
			if n := d.Size(); n > 0 {
				if err := d.Write(n-512, make([]byte, 512)); err != nil {
					t.Fatal(err)
				}
			}
			consistent(t, d)
			closed(t, d)
			qemu(t, "qemu-img", "check", path)
		}
	}
}

// TestQEMUBacking: chains of images that qemu-img made.
func TestQEMUBacking(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	want := contents(1 << 20)
	file(t, at("base"), want)
	qemu(t, "qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", "base", at("middle"), "2M")
	qemu(t, "qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", "middle", "-o", "cluster_size=4k", at("top"))
	qemu(t, "qemu-io", "-c", "write -P 7 64k 100k", "-c", "write -z 256k 64k", "-c", "discard 384k 64k", at("middle"))
	qemu(t, "qemu-io", "-c", "write -P 9 70k 8k", "-c", "write -c -P 3 512k 4k", at("top"))
	qemu(t, "qemu-img", "convert", "-O", "raw", at("top"), at("raw"))
	want, err := os.ReadFile(at("raw"))
	if err != nil {
		t.Fatal(err)
	}
	rewrite(t, at("top"), want)
}

// TestQEMUSnapshots: snapshots of qemu-img are those that are found, and ours are found by
// qemu-img.
func TestQEMUSnapshots(t *testing.T) {
	path := filepath.Join(t.TempDir(), "image")
	qemu(t, "qemu-img", "create", "-q", "-f", "qcow2", path, "4M")
	qemu(t, "qemu-io", "-c", "write -P 1 0 1M", path)
	qemu(t, "qemu-img", "snapshot", "-c", "one", path)
	qemu(t, "qemu-io", "-c", "write -P 2 512k 1M", path)
	q := open1(t, path, Options{}).(*qcow2.Image)
	two := all(t, q)
	state := contents(3 << 20)
	if err := q.SaveState(qcow2.Snapshot{Name: "two", Icount: 5}, bytes.NewReader(state)); err != nil {
		t.Fatal(err)
	}
	if err := q.ApplySnapshot("one"); err != nil {
		t.Fatal(err)
	}
	if b := all(t, q); b[0] != 1 || b[1<<20-1] != 1 || b[1<<20] != 0 {
		t.Fatal("the snapshot of qemu-img has something else")
	}
	if err := q.DeleteSnapshot("1"); err != nil {
		t.Fatal(err)
	}
	consistent(t, q)
	closed(t, q)
	if list := qemu(t, "qemu-img", "snapshot", "-l", path); !strings.Contains(list, "two") || strings.Contains(list, "one") || !strings.Contains(list, "3 MiB") {
		t.Fatal(list)
	}
	qemu(t, "qemu-img", "check", path)
	qemu(t, "qemu-img", "snapshot", "-a", "two", path)
	q = open1(t, path, Options{}).(*qcow2.Image)
	defer closed(t, q)
	consistent(t, q)
	if !bytes.Equal(all(t, q), two) {
		t.Fatal("the snapshot that qemu-img went back to has something else")
	}
}

// TestQEMUBitmaps: bitmaps of QEMU are no leaks, and are out of date after a write.
func TestQEMUBitmaps(t *testing.T) {
	path := filepath.Join(t.TempDir(), "image")
	qemu(t, "qemu-img", "create", "-q", "-f", "qcow2", path, "4M")
	qemu(t, "qemu-img", "bitmap", "--add", path, "b")
	d := open1(t, path, Options{})
	consistent(t, d)
	if err := d.Write(0, make([]byte, 512)); err != nil {
		t.Fatal(err)
	}
	closed(t, d)
	if info := qemu(t, "qemu-img", "info", path); !strings.Contains(info, "corrupt: false") {
		t.Fatal(info)
	}
}

// TestQEMURefused: what is not supported is refused in a sentence.
func TestQEMURefused(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ args, says string }{
		{"-f qcow2 -o extended_l2=on", "extended_l2=off"},
		{"-f qcow2 -o data_file=" + filepath.Join(dir, "data"), "data is in a file of its own"},
		{"-f vmdk", "VMDK"},
		{"-f vdi", "VDI"},
		{"-f vhdx", "VHDX"},
		{"-f vpc", "VHD"},
		{"-f qed", "QED"},
	} {
		path := filepath.Join(dir, "image")
		qemu(t, append(append([]string{"qemu-img", "create", "-q"}, strings.Fields(c.args)...), path, "1M")...)
		_, err := Open(path, Options{})
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", c.args, err)
		}
		os.Remove(path)
	}
}

// TestQEMULocks: QEMU and we keep one another out.
func TestQEMULocks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "image")
	if err := Create(path, 1<<20, qcow2.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	qemu(t, "qemu-img", "check", path)
	d := open1(t, path, Options{})
	defer closed(t, d)
	if out, err := exec.Command("qemu-img", "check", path).CombinedOutput(); err == nil || !strings.Contains(string(out), "lock") {
		t.Fatalf("%v: %s", err, out)
	}
}

// TestQEMUState: the state of a machine that QEMU saved is read, and QEMU loads it again from
// an image that has been changed here since.
func TestQEMUState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "image")
	if err := Create(path, 64<<20, qcow2.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	monitor(t, path, "savevm one", "savevm two")
	q := open1(t, path, Options{}).(*qcow2.Image)
	state, err := q.LoadState("two")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(state); err != nil || !bytes.HasPrefix(b, []byte("QEVM")) || int64(len(b)) != q.Snapshots()[1].StateSize {
		t.Fatal(len(b), err)
	}
	for _, err := range []error{q.Write(0, contents(1<<20)), q.ApplySnapshot("one"), q.DeleteSnapshot("one"), q.Write(4096, contents(1<<20))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	consistent(t, q)
	closed(t, q)
	if said := monitor(t, path, "loadvm two"); strings.Contains(said, "Error") {
		t.Fatal(said)
	}
	qemu(t, "qemu-img", "check", path)
}

// monitor gives commands to a QEMU with an image.
func monitor(t *testing.T, path string, commands ...string) string {
	t.Helper()
	program, err := exec.LookPath("qemu-system-x86_64")
	if err != nil {
		t.Skip("qemu-system-x86_64 is not installed: no state of it is read")
	}
	c := exec.Command(program, "-m", "32", "-S", "-display", "none", "-monitor", "stdio", "-drive", "format=qcow2,file="+path)
	c.Stdin = strings.NewReader(strings.Join(commands, "\n") + "\nquit\n")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}
