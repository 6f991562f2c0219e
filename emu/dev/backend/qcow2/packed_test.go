package qcow2

import (
	"bytes"
	"compress/flate"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/zstd"

	"panda/emu/dev/backend"
)

// packers compress clusters, by the header's compression_type.
var packers = []func(t testing.TB, b []byte) []byte{packDeflate, packZstd}

func packDeflate(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, 9)
	must(t, err)
	_, err = w.Write(b)
	must(t, err, w.Close())
	return out.Bytes()
}

func packZstd(t testing.TB, b []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	must(t, err)
	return w.EncodeAll(b, nil)
}

// packedImage is an image whose clusters are compressed, one behind the other without regard
// to where clusters of the file begin.
func packedImage(t testing.TB, method byte, o CreateOptions, want []byte) *kept {
	t.Helper()
	f := &kept{}
	must(t, Format(f, "image", int64(len(want)), o))
	if method != 0 {
		_, err := f.WriteAt([]byte{incompatibleCompression}, atIncompatible+7)
		must(t, err)
		_, err = f.WriteAt([]byte{method}, compression)
		must(t, err)
	}
	q := openTest(t, f, nil)
	first := int64(0)
	at := int64(0)
	for off := int64(0); off < q.Size(); off += q.cluster {
		b := packers[method](t, want[off:off+q.cluster])
		n := int64(len(b))
		if at == 0 || at+n > first+8*q.cluster {
			var err error
			first, err = q.allocateRun(8)
			must(t, err)
			at = first
		}
		must(t, q.writeHost(b, at))
		q.enterPacked(t, off, at, n)
		at += n
	}
	must(t, q.Flush())
	// What was allocated and not used is freed.
	c, err := q.countAll()
	must(t, err)
	_, err = c.correct()
	must(t, err, q.Close())
	return f
}

// enterPacked makes an L2 table refer to a compressed cluster.
func (q *Image) enterPacked(t testing.TB, off, at, n int64) {
	t.Helper()
	x := 62 - (q.h.ClusterBits - 8)
	sectors := (at+n-1)/512 - at/512
	must(t, q.setEntry(off, flagPacked|uint64(sectors)<<x|uint64(at)))
}

// repetitive is contents that become smaller.
func repetitive(r *rand.Rand, n int64) []byte {
	b := make([]byte, 0, n)
	for int64(len(b)) < n {
		b = append(b, bytes.Repeat([]byte{byte(r.Uint32())}, 64)...)
	}
	return b
}

// TestPacked: compressed clusters can be read, and are written and discarded like others; and
// clusters of the file that several of them share are free when the last one is gone.
func TestPacked(t *testing.T) {
	for method := range byte(2) {
		for _, cluster := range []int64{512, 4096, 1 << 16} {
			t.Run(fmt.Sprint(method, " ", cluster), func(t *testing.T) {
				r := rand.New(rand.NewPCG(1, 2))
				m := newModel(cluster*64, repetitive(r, cluster*64))
				f := packedImage(t, method, CreateOptions{ClusterSize: cluster}, m.data)
				for range 4 {
					q := openTest(t, f, nil)
					check(t, q, false)
					m.same(t, q)
					for range 10 {
						_, _, err := m.write(r, q)
						must(t, err)
					}
					m.snapshot(t, r, q)
					must(t, q.Close())
				}
				q := openTest(t, f, nil)
				m.same(t, q)
				check(t, q, false)
				must(t, backend.WriteZeroes(q, 0, q.Size()), q.Close())
				m.data = make([]byte, q.Size())
				m.sameForQEMU(t, f, nil)
			})
		}
	}
}

// TestPackedHostile: compressed clusters that are none are errors.
func TestPackedHostile(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 2))
	for method := range byte(2) {
		f := packedImage(t, method, CreateOptions{ClusterSize: 512}, repetitive(r, 16<<10))
		size, _ := f.Size()
		image := make([]byte, size)
		must(t, backend.ReadPadded(f, image, 0))
		for range rounds(2000, 100000) {
			b := bytes.Clone(image)
			for range 1 + r.IntN(4) {
				b[r.IntN(len(b))] = byte(r.Uint32())
			}
			use(b, noise(r, 8))
		}
	}
}
