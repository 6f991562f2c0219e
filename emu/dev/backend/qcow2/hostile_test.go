package qcow2

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"panda/emu/dev/backend"
)

// small is an image that has a bit of everything, in few bytes.
func small(t testing.TB, o CreateOptions) []byte {
	t.Helper()
	f := &kept{}
	if err := Format(f, "image", 64<<10, o); err != nil {
		t.Fatal(err)
	}
	q := openTest(t, f, make([]byte, 8192))
	r := rand.New(rand.NewPCG(3, 4))
	for i := range int64(4) {
		if err := q.Write(i*4096, noise(r, 1024)); err != nil {
			t.Fatal(err)
		}
		if i == 1 {
			if err := q.SaveState(Snapshot{Name: "s"}, strings.NewReader("a state")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := q.WriteZeroes(0, 2048); err != nil {
		t.Fatal(err)
	}
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	size, _ := f.Size()
	b := make([]byte, size)
	if err := backend.ReadPadded(f, b, 0); err != nil {
		t.Fatal(err)
	}
	return b
}

// use does with an image of unknown origin all that can be done with one.
func use(image []byte, ops []byte) {
	f := &kept{}
	if _, err := f.WriteAt(image, 0); err != nil {
		panic(err)
	}
	for _, readOnly := range []bool{true, false} {
		q, err := Open(f, "image", Options{ReadOnly: readOnly, Backing: memoryBacking(make([]byte, 8192))})
		if err != nil {
			continue
		}
		_, _ = q.Check()
		for i, op := range ops {
			q.hostileOp(op, i)
		}
		_, _ = q.Check()
		_ = q.Close()
	}
}

// hostileOp does one operation, whatever comes of it.
func (q *Image) hostileOp(op byte, i int) {
	sectors := q.Size() / 512
	if sectors == 0 {
		return
	}
	off := int64(op>>3) * 1031 * int64(i+1) % sectors * 512
	n := min(q.Size()-off, 8192)
	switch b := make([]byte, n); op & 7 {
	case 0, 1:
		_ = q.Read(off, b)
	case 2, 3:
		_ = q.Write(off, bytes.Repeat([]byte{op}, int(n)))
	case 4:
		_ = q.Discard(off, min(q.Size()-off, 1<<20))
	case 5:
		_ = q.WriteZeroes(off, min(q.Size()-off, 1<<20))
	case 6:
		_ = q.Flush()
	default:
		q.hostileSnapshot(i)
	}
}

func (q *Image) hostileSnapshot(i int) {
	name := "s"
	if list := q.Snapshots(); len(list) > 0 {
		name = list[i%len(list)].Name
	}
	if r, err := q.LoadState(name); err == nil {
		_, _ = io.CopyN(io.Discard, r, 1<<16)
	}
	_ = q.CreateSnapshot(Snapshot{Name: "new"})
	_ = q.ApplySnapshot(name)
	_ = q.DeleteSnapshot(name)
}

// spots are where headers and tables of a small image are: what is changed there matters.
func spots(b []byte) (at []int) {
	for i := range min(len(b), 112) {
		at = append(at, i)
	}
	for i := 512; i+8 <= len(b); i += 8 {
		if e := binary.BigEndian.Uint64(b[i:]); e != 0 && e&^(flagCopied|offsetMask) == 0 && int(e&offsetMask) < len(b) {
			at = append(at, i, i+5, i+6)
		}
	}
	return at
}

// TestHostile: images with a few bytes changed are refused, or used, without a panic.
func TestHostile(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for _, o := range []CreateOptions{{ClusterSize: 512}, {ClusterSize: 1024, Version: 2}, {ClusterSize: 512, RefcountBits: 8, LazyRefcounts: true, Backing: "b"}} {
		image := small(t, o)
		where := spots(image)
		for range rounds(3000, 200000) {
			b := bytes.Clone(image)
			for range 1 + r.IntN(3) {
				at := where[r.IntN(len(where))]
				if r.IntN(4) == 0 {
					at = r.IntN(len(b))
				}
				b[at] = []byte{0, 1, 0x80, 0xff, byte(r.Uint32()), b[at] ^ 1<<r.IntN(8)}[r.IntN(6)]
			}
			if r.IntN(8) == 0 {
				b = b[:r.IntN(len(b))]
			}
			use(b, noise(r, 12))
		}
	}
}

func FuzzImage(f *testing.F) {
	for _, o := range []CreateOptions{{ClusterSize: 512}, {ClusterSize: 1024, Version: 2}, {ClusterSize: 512, LazyRefcounts: true, Backing: "b"}} {
		f.Add(small(f, o), []byte("\x02\x07\x0c\x15\x1f\x27"))
	}
	for method := range byte(2) {
		packed := packedImage(f, method, CreateOptions{ClusterSize: 512}, repetitive(rand.New(rand.NewPCG(1, 1)), 16<<10))
		size, _ := packed.Size()
		b := make([]byte, size)
		must(f, backend.ReadPadded(packed, b, 0))
		f.Add(b, []byte("\x00\x09\x11\x02"))
	}
	f.Fuzz(func(_ *testing.T, image, ops []byte) {
		if len(image) > 1<<18 || len(ops) > 32 {
			return
		}
		use(image, ops)
	})
}

// put32 and put64 change a field of an image.
func put32(b []byte, at int, v uint32) { binary.BigEndian.PutUint32(b[at:], v) }
func put64(b []byte, at int, v uint64) { binary.BigEndian.PutUint64(b[at:], v) }

// TestRefused: what an image cannot have is said.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		says string
		edit func(b []byte)
	}{
		{"does not begin as one", func(b []byte) { b[0] = 0 }},
		{"version 4", func(b []byte) { put32(b, 4, 4) }},
		{"clusters of 2^8 bytes", func(b []byte) { put32(b, 20, 8) }},
		{"clusters of 2^22 bytes", func(b []byte) { put32(b, 20, 22) }},
		{"encrypted", func(b []byte) { put32(b, 32, 2) }},
		{"a disk of 513 bytes", func(b []byte) { put64(b, 24, 513) }},
		{"L1 table of 4194305 entries", func(b []byte) { put32(b, 36, mostL1+1) }},
		{"L1 table of 1 entries, too few", func(b []byte) { put32(b, 36, 1) }},
		{"L1 table, 4000000 entries at", func(b []byte) { put32(b, 36, 4000000) }},
		{"L1 table is at 0x201", func(b []byte) { put64(b, 40, 0x201) }},
		{"L1 table, 2 entries at 0x40000000", func(b []byte) { put64(b, 40, 1<<30) }},
		{"refcount table of 16385 clusters", func(b []byte) { put32(b, 56, 16385) }},
		{"no refcount table", func(b []byte) { put32(b, 56, 0) }},
		{"65537 snapshots", func(b []byte) { put32(b, 60, 65537) }},
		{"snapshot table lies beyond", func(b []byte) { put32(b, 60, 65536) }},
		{"a header of 96 bytes", func(b []byte) { put32(b, 100, 96) }},
		{"refcounts of 2^7 bits", func(b []byte) { put32(b, 96, 7) }},
		{"name of its backing file, 1024 bytes", func(b []byte) { put64(b, 8, 200); put32(b, 16, 1024) }},
		{"backing file 1", func(b []byte) { put64(b, 8, 496); put32(b, 16, 1); b[496] = '1' }},
		{"bit 17", func(b []byte) { put64(b, 72, 1<<17) }},
		{"external data", func(b []byte) { put64(b, 72, incompatibleDataFile); _ = b }},
		{"method 7", func(b []byte) { put64(b, 72, incompatibleCompression); b[compression] = 7 }},
		{"method 0", func(b []byte) { put64(b, 72, incompatibleCompression) }},
		{"corrupt", func(b []byte) { put64(b, 72, incompatibleCorrupt) }},
		{`"teleportation" (bit 9)`, func(b []byte) {
			put64(b, 72, 1<<9)
			put32(b, 112, extFeatureNames)
			put32(b, 116, featureNameSize)
			copy(b[120:], "\x00\x09teleportation\x00")
		}},
		{"header extension 0x7 has 4096 bytes", func(b []byte) { put32(b, 112, 7); put32(b, 116, 4096) }},
	} {
		b := small(t, CreateOptions{ClusterSize: 512})
		c.edit(b)
		f := &kept{}
		if _, err := f.WriteAt(b, 0); err != nil {
			t.Fatal(err)
		}
		_, err := Open(f, "the-image", Options{})
		if c.says == "external data" {
			c.says = "its data is in a file of its own"
		}
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "the-image") {
			t.Errorf("%q: %v", c.says, err)
		}
	}
}

// TestCorruptStops: once an image has contradicted itself nothing is written to it any more.
func TestCorruptStops(t *testing.T) {
	b := small(t, CreateOptions{ClusterSize: 512})
	f := &kept{}
	if _, err := f.WriteAt(b, 0); err != nil {
		t.Fatal(err)
	}
	q := openTest(t, f, nil)
	q.l1[1] = 1 << 50
	if err := q.Read(40960, make([]byte, 512)); err == nil || !strings.Contains(err.Error(), "is corrupt") {
		t.Error(err)
	}
	if err := q.Write(0, make([]byte, 512)); err == nil || !strings.Contains(err.Error(), "nothing is written any more") {
		t.Error(err)
	}
	if err := q.Read(0, make([]byte, 512)); err != nil {
		t.Error(err)
	}
}
