package image

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"panda/emu/dev/backend"
	"panda/emu/dev/backend/qcow2"
)

const benchSize = 256 << 20

// medium is an image to be measured. full says whether all of it has been written before.
type medium struct {
	name string
	open func(b *testing.B, dir string, full bool) backend.Disk
}

var media = []medium{
	{"raw", func(b *testing.B, dir string, full bool) backend.Disk {
		file(b, filepath.Join(dir, "raw"), nil)
		if err := os.Truncate(filepath.Join(dir, "raw"), benchSize); err != nil {
			b.Fatal(err)
		}
		if full {
			file(b, filepath.Join(dir, "raw"), make([]byte, benchSize))
		}
		return open1(b, filepath.Join(dir, "raw"), Options{Format: "raw"})
	}},
	{"qcow2", func(b *testing.B, dir string, full bool) backend.Disk { return benchQcow2(b, dir, full, Options{}) }},
	{"overlay", func(b *testing.B, dir string, full bool) backend.Disk {
		d := benchQcow2(b, dir, full, Options{})
		closed(b, d)
		return open1(b, filepath.Join(dir, "image"), Options{Snapshot: true, Dir: dir})
	}},
}

func benchQcow2(b *testing.B, dir string, full bool, o Options) backend.Disk {
	path := filepath.Join(dir, "image")
	if err := qcow2.Create(path, benchSize, qcow2.CreateOptions{}); err != nil {
		b.Fatal(err)
	}
	d := open1(b, path, o)
	if full {
		piece := make([]byte, 1<<20)
		for off := int64(0); off < benchSize; off += int64(len(piece)) {
			if err := d.Write(off, piece); err != nil {
				b.Fatal(err)
			}
		}
	}
	return d
}

// BenchmarkImages is 4 KiB at a time, in order or not, from and to the host's page cache;
// new is writes to what was never written.
func BenchmarkImages(b *testing.B) {
	for _, m := range media {
		for _, kind := range []string{"read", "write", "new"} {
			for _, random := range []bool{false, true} {
				b.Run(fmt.Sprintf("%s/%s/random=%v", m.name, kind, random), func(b *testing.B) {
					d := m.open(b, b.TempDir(), kind != "new")
					defer closed(b, d)
					measure(b, d, kind == "read", random)
				})
			}
		}
	}
}

func measure(b *testing.B, d backend.Disk, read, random bool) {
	const n = 4096
	r := rand.New(rand.NewPCG(1, 2))
	buf := make([]byte, n)
	do := d.Write
	if read {
		do = d.Read
	}
	b.SetBytes(n)
	b.ResetTimer()
	for i := range int64(b.N) {
		at := i
		if random {
			at = r.Int64()
		}
		if err := do(at%(benchSize/n)*n, buf); err != nil {
			b.Fatal(err)
		}
	}
	if err := d.Flush(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkPacked is reads of 4 KiB, in order, from compressed clusters of 64 KiB.
func BenchmarkPacked(b *testing.B) {
	for _, kind := range []string{"zlib", "zstd"} {
		b.Run(kind, func(b *testing.B) {
			dir := b.TempDir()
			plain, path := filepath.Join(dir, "plain"), filepath.Join(dir, "image")
			file(b, plain, contents(16<<20))
			qemu(b, "qemu-img", "convert", "-c", "-f", "raw", "-O", "qcow2", "-o", "compression_type="+kind, plain, path)
			d := open1(b, path, Options{ReadOnly: true})
			defer closed(b, d)
			buf := make([]byte, 4096)
			b.SetBytes(4096)
			b.ReportAllocs()
			for i := range int64(b.N) {
				if err := d.Read(i%(16<<20/4096)*4096, buf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
