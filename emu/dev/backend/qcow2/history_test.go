package qcow2

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"math/rand/v2"
	"testing"

	"panda/emu/dev/backend"
)

var seed = maphash.MakeSeed()

// version is what a sector had from some operation on.
type version struct {
	op  int
	sum uint64
}

// history is what may be on a disk after a crash: of each sector what it had at the last
// flush, or anything later.
type history struct {
	model
	sectors  [][]version
	op       int
	flushes  [][2]int // changes of the file, operation
	contents map[string][]uint64
}

func newHistory(size int64, below []byte) *history {
	h := &history{model: *newModel(size, below), sectors: make([][]version, size/512), contents: map[string][]uint64{}}
	h.note(0, size)
	return h
}

// note notes what sectors have now.
func (h *history) note(off, n int64) {
	for s := off / 512; s < (off+n)/512; s++ {
		h.sectors[s] = append(h.sectors[s], version{h.op, maphash.Bytes(seed, h.data[s*512:][:512])})
	}
}

// maybe notes what sectors may have instead.
func (h *history) maybe(off int64, b []byte) {
	for k := range int64(len(b)) / 512 {
		s := off/512 + k
		h.sectors[s] = append(h.sectors[s], version{h.op, maphash.Bytes(seed, b[k*512:][:512])})
	}
}

// possible compares a disk with what it may have after so many changes of the file.
func (h *history) possible(t *testing.T, d backend.Disk, changes int) {
	t.Helper()
	since := 0
	for _, f := range h.flushes {
		if f[0] <= changes {
			since = f[1]
		}
	}
	got := make([]byte, len(h.data))
	if err := d.Read(0, got); err != nil {
		t.Fatal(err)
	}
	for s, versions := range h.sectors {
		sum := maphash.Bytes(seed, got[s*512:][:512])
		found := false
		for i, v := range versions {
			if i+1 < len(versions) && versions[i+1].op <= since && versions[i+1].op > v.op {
				continue
			}
			found = found || v.sum == sum
		}
		if !found {
			t.Fatalf("after %d changes sector %#x has nothing that it had since operation %d", changes, s*512, since)
		}
	}
}

// snapshotsPossible compares snapshots with all that there have been.
func (h *history) snapshotsPossible(t *testing.T, q *Image) {
	t.Helper()
	for _, s := range q.snapshots {
		l1, err := q.readL1(s)
		if err != nil {
			t.Fatal(err)
		}
		got, err := q.mapped(l1)
		if err != nil {
			t.Fatal(err)
		}
		if s.StateSize > 0 {
			state, err := q.LoadState(s.Name)
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(state)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, b...)
		}
		sum, found := maphash.Bytes(seed, got), false
		for _, c := range h.contents[s.Name] {
			found = found || c == sum
		}
		if !found {
			t.Fatalf("the snapshot %s is one that never was", s.Name)
		}
	}
}

// run does random operations on an image. After errors it goes on; what the disk may have
// then is more.
func (h *history) run(r *rand.Rand, q *Image, j *journal, ops int) {
	for range ops {
		h.op++
		switch k := r.IntN(10); {
		case k == 0:
			if q.Flush() == nil {
				h.flushes = append(h.flushes, [2]int{len(j.changes), h.op})
			}
		case k == 1:
			h.snapshotOp(r, q)
		default:
			h.change(r, q)
		}
	}
}

// change writes, zeroes or discards.
func (h *history) change(r *rand.Rand, q *Image) {
	off, n := sectors(r, q.Size())
	b := noise(r, n)
	var err error
	switch r.IntN(5) {
	case 0:
		clear(b)
		err = q.WriteZeroes(off, n)
	case 1:
		clear(b)
		h.maybe(off, b)
		err = q.Discard(off, n)
		b = h.data[off : off+n]
		h.read(q, off, b)
	default:
		err = q.Write(off, b)
	}
	if err == nil {
		copy(h.data[off:], b)
		h.note(off, n)
		return
	}
	// Each part of it may be there, or not, now and later.
	h.maybe(off, b)
	h.maybe(off, h.data[off:off+n])
	h.read(q, off, h.data[off:off+n])
	h.note(off, n)
}

// read reads once more if the host failed to.
func (h *history) read(q *Image, off int64, b []byte) {
	for range 2 {
		if err := q.Read(off, b); err == nil {
			return
		} else if !errors.Is(err, errHost) {
			panic(err)
		}
	}
}

func (h *history) snapshotOp(r *rand.Rand, q *Image) {
	name := fmt.Sprint("s", r.IntN(3))
	before := bytes.Clone(h.data)
	switch r.IntN(3) {
	case 0:
		state := noise(r, 1+r.Int64N(9000))
		h.contents[name] = append(h.contents[name], maphash.Bytes(seed, append(before, state...)))
		_ = q.SaveState(Snapshot{Name: name}, bytes.NewReader(state))
	case 1:
		_ = q.DeleteSnapshot(name)
	default:
		if s, err := q.named(name); err == nil {
			if h.couldApply(q, s) {
				_ = q.ApplySnapshot(name)
			}
			h.read(q, 0, h.data)
			h.note(0, q.Size())
		}
	}
}

// couldApply notes that the disk may have what a snapshot has, if that can be read.
func (h *history) couldApply(q *Image, s *snapshot) bool {
	l1, err := q.readL1(s)
	if err != nil {
		return false
	}
	b, err := q.mapped(l1)
	if err == nil {
		h.maybe(0, b)
	}
	return err == nil
}

// mapped is the disk that an L1 table maps.
func (q *Image) mapped(l1 []uint64) ([]byte, error) {
	b := make([]byte, q.Size())
	for off := int64(0); off < q.Size(); {
		x, err := q.extentAt(l1, off, q.Size()-off)
		if err == nil {
			err = q.readExtent(x, off, b[off:off+x.n])
		}
		if err != nil {
			return nil, err
		}
		off += x.n
	}
	return b, nil
}
