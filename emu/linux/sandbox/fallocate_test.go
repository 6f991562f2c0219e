package sandbox

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/linux/abi"
)

// TestFallocate zeroes ranges, takes them out and puts them in, in files with and
// without holes, and holds the content against a copy.
func TestFallocate(t *testing.T) {
	b := newBox(t)
	fd := b.open("file", unix.O_RDWR|unix.O_CREAT)
	const collapse, insert, zero, keep = unix.FALLOC_FL_COLLAPSE_RANGE, unix.FALLOC_FL_INSERT_RANGE, unix.FALLOC_FL_ZERO_RANGE, unix.FALLOC_FL_KEEP_SIZE
	r := rand.New(rand.NewPCG(1, 1))
	var want []byte
	for range 300 {
		if len(want) < 20*blockSize {
			data := bytes.Repeat([]byte{byte(1 + r.IntN(255))}, 1+r.IntN(9000))
			at := len(want) + r.IntN(2)*3*blockSize
			if _, e := b.Pwritev2(fd, [][]byte{data}, int64(at), 0); e != 0 {
				t.Fatal(e)
			}
			want = append(append(want, make([]byte, at-len(want))...), data...)
		}
		off, n := r.IntN(12)*blockSize, (1+r.IntN(4))*blockSize
		mode := []int{collapse, insert, zero, zero | keep}[r.IntN(4)]
		end := off + n
		bad := abi.Errno(0)
		switch {
		case mode == collapse && end < len(want):
			want = slices.Delete(want, off, end)
		case mode == insert && off < len(want):
			want = slices.Insert(want, off, make([]byte, n)...)
		case mode&zero != 0:
			if end > len(want) && mode&keep == 0 {
				want = append(want, make([]byte, end-len(want))...)
			}
			clear(want[min(off, len(want)):min(end, len(want))])
		default:
			bad = abi.EINVAL
		}
		b.want("fallocate", b.Fallocate(fd, mode, int64(off), int64(n)), bad)
		got := make([]byte, len(want)+1)
		if n, e := b.Preadv2(fd, [][]byte{got}, 0, 0); e != 0 || !bytes.Equal(got[:n], want) {
			t.Fatalf("mode %#x at %d, %d bytes: the content differs (%v, %d bytes of %d)", mode, off, n, e, n, len(want))
		}
	}
	for _, mode := range []int{collapse, insert} {
		b.want("odd offset", b.Fallocate(fd, mode, 100, blockSize), abi.EINVAL)
		b.want("odd length", b.Fallocate(fd, mode, 0, 100), abi.EINVAL)
		b.want("with another", b.Fallocate(fd, mode|keep, 0, blockSize), abi.EOPNOTSUPP)
	}
	b.want("a large hole", b.Ftruncate(fd, 1<<40), 0)
	b.want("collapse it", b.Fallocate(fd, collapse, 1<<30, 1<<39), 0)
	b.want("insert one", b.Fallocate(fd, insert, 0, 1<<30), 0)
	if st, e := b.Fstat(fd); e != 0 || st.Size != 1<<40-1<<39+1<<30 || st.Blocks*512 > 1<<20 {
		t.Errorf("%d bytes in %d blocks, %v", st.Size, st.Blocks, e)
	}
}
