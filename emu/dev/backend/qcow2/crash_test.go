package qcow2

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"hash/maphash"
	"io"
	"math/rand/v2"
	"testing"

	"panda/emu/dev/backend"
)

var long = flag.Bool("long", false, "kill and fail the writer of images much more often")

// change is something that was done to a file.
type change struct {
	at   int64
	data []byte // nil: a hole of n bytes
	n    int64
	sync bool
}

// journal is a file that notes what is done to it, and may fail.
type journal struct {
	kept
	changes []change
	fail    func(j *journal, at, n int64) error
	reads   int // a read fails when it comes down to 0
}

func (j *journal) ReadAt(b []byte, at int64) (int, error) {
	if j.reads > 0 {
		if j.reads--; j.reads == 0 {
			return 0, errHost
		}
	}
	return j.kept.ReadAt(b, at)
}

func (j *journal) note(c change) error {
	j.changes = append(j.changes, c)
	if j.fail == nil {
		return nil
	}
	return j.fail(j, c.at, int64(len(c.data)))
}

func (j *journal) WriteAt(b []byte, at int64) (int, error) {
	if err := j.note(change{at: at, data: bytes.Clone(b)}); err != nil {
		// Some of its sectors may be there.
		n, _ := j.kept.WriteAt(b[:max(0, (at+int64(len(b)/2))&^511-at)], at)
		return n, err
	}
	return j.kept.WriteAt(b, at)
}

func (j *journal) Punch(at, n int64) error {
	if err := j.note(change{at: at, n: n}); err != nil {
		return err
	}
	return j.kept.Punch(at, n)
}

func (j *journal) Sync() error { return j.note(change{sync: true}) }

func (c change) do(f backend.File) error {
	switch {
	case c.sync:
		return nil
	case c.data == nil:
		return f.Punch(c.at, c.n)
	}
	_, err := f.WriteAt(c.data, c.at)
	return err
}

// tear does some of the sectors of a change.
func (c change) tear(r *rand.Rand, f backend.File) error {
	if c.data == nil {
		return c.do(f)
	}
	for at, b := c.at, c.data; len(b) > 0; {
		n := min(len(b), int(512-at%512))
		if r.IntN(3) > 0 {
			if _, err := f.WriteAt(b[:n], at); err != nil {
				return err
			}
		}
		at, b = at+int64(n), b[n:]
	}
	return nil
}

func clone(t *testing.T, f backend.File) *kept {
	t.Helper()
	size, _ := f.Size()
	b := make([]byte, size)
	k := &kept{}
	if err := backend.ReadPadded(f, b, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := k.WriteAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return k
}

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
		got := make([]byte, q.Size())
		for off := int64(0); off < q.Size(); {
			x, err := q.extentAt(l1, off, q.Size()-off)
			if err == nil {
				err = q.readExtent(x, off, got[off:off+x.n])
			}
			if err != nil {
				t.Fatal(err)
			}
			off += x.n
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
	for off := int64(0); off < q.Size(); {
		x, err := q.extentAt(l1, off, q.Size()-off)
		b := make([]byte, x.n)
		if err == nil {
			err = q.readExtent(x, off, b)
		}
		if err != nil {
			return false
		}
		h.maybe(off, b)
		off += x.n
	}
	return true
}

// crashOptions are images whose writers are killed.
var crashOptions = map[string]CreateOptions{
	"v3":   {ClusterSize: 512},
	"v2":   {ClusterSize: 512, Version: 2},
	"lazy": {ClusterSize: 512, LazyRefcounts: true},
	"1K":   {ClusterSize: 1024, RefcountBits: 64},
}

const crashSize = 96 << 10

// afterwards opens what is left after a crash, and looks at it.
func (h *history) afterwards(t *testing.T, f *kept, below []byte, changes int) {
	t.Helper()
	q, err := Open(f, "image", Options{ReadOnly: true, Backing: memoryBacking(below)})
	if err != nil {
		t.Fatalf("after %d changes: %v", changes, err)
	}
	r, err := q.Check()
	if err != nil || !q.dirty && r.Corruptions > 0 {
		t.Fatalf("after %d changes: %v, %d corruptions: %q", changes, err, r.Corruptions, r.Problems)
	}
	h.possible(t, q, changes)
	if q, err = Open(f, "image", Options{Backing: memoryBacking(below)}); err != nil {
		t.Fatalf("after %d changes: %v", changes, err)
	}
	check(t, q, true)
	h.possible(t, q, changes)
	h.snapshotsPossible(t, q)
	// It can be used further.
	if err := q.Write(0, make([]byte, 4096)); err != nil {
		t.Fatal(err)
	}
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	check(t, q, true)
}

func memoryBacking(below []byte) func(string, string) (backend.Disk, error) {
	return func(string, string) (backend.Disk, error) { return bytesDisk(below), nil }
}

// TestCrash: whatever was the last thing that was done to the file, the image is consistent
// and has what was flushed; also if the host crashed, and of what it was given since the last
// Sync some sectors are there and some are not.
func TestCrash(t *testing.T) {
	for name, o := range crashOptions {
		for _, power := range []bool{false, true} {
			for seed := range uint64(rounds(2, 40)) {
				t.Run(fmt.Sprint(name, " host=", power, " ", seed), func(t *testing.T) {
					t.Parallel()
					crash(t, o, power, seed)
				})
			}
		}
	}
}

func rounds(few, many int) int {
	if *long {
		return many
	}
	return few
}

func crash(t *testing.T, o CreateOptions, power bool, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 3))
	var below []byte
	if seed%2 == 0 {
		o.Backing, below = "below", noise(r, crashSize/2)
	}
	j := &journal{}
	if err := Format(j, "image", crashSize, o); err != nil {
		t.Fatal(err)
	}
	start := clone(t, j)
	h := newHistory(crashSize, below)
	j.changes = nil
	q := openTest(t, j, below)
	h.run(r, q, j, 150)
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	check(t, q, false)
	durable := start
	var pending []change
	step := 1 + len(j.changes)/rounds(300, 3000)
	for i, c := range j.changes {
		pending = append(pending, c)
		if c.sync || !power {
			for _, p := range pending {
				if err := p.do(durable); err != nil {
					t.Fatal(err)
				}
			}
			pending = nil
		}
		if r.IntN(step) > 0 {
			continue
		}
		left := clone(t, durable)
		for _, p := range pending {
			if err := p.tear(r, left); err != nil {
				t.Fatal(err)
			}
		}
		h.afterwards(t, left, below, i+1)
	}
}

var errHost = errors.New("the host fails")

// TestFail: whichever write or flush fails, once or from then on, what is in the file is
// consistent and has what was flushed, and so does the image that is still open.
func TestFail(t *testing.T) {
	for name, o := range crashOptions {
		for _, once := range []bool{true, false} {
			t.Run(fmt.Sprint(name, " once=", once), func(t *testing.T) {
				t.Parallel()
				step := rounds(13, 1)
				for n := 1; ; n += step {
					if !failAt(t, o, n, once) {
						return
					}
				}
			})
		}
	}
}

// failAt reports whether there was a change of that number.
func failAt(t *testing.T, o CreateOptions, n int, once bool) bool {
	j := &journal{}
	if err := Format(j, "image", crashSize, o); err != nil {
		t.Fatal(err)
	}
	h := newHistory(crashSize, nil)
	j.changes = nil
	q := openTest(t, j, nil)
	j.fail = func(j *journal, _, _ int64) error {
		if len(j.changes) == n || !once && len(j.changes) > n {
			return errHost
		}
		return nil
	}
	h.run(rand.New(rand.NewPCG(5, 6)), q, j, 120)
	h.possible(t, q, len(j.changes))
	_ = q.Close()
	failed := len(j.changes) >= n
	changes := len(j.changes)
	j.fail = nil
	h.afterwards(t, &j.kept, nil, changes)
	return failed
}

// TestReadFail: a read of the host that fails is an error of the operation that needed it, and
// does no harm.
func TestReadFail(t *testing.T) {
	for name, o := range crashOptions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n := range uint64(rounds(10, 400)) {
				j := &journal{}
				if err := Format(j, "image", crashSize, o); err != nil {
					t.Fatal(err)
				}
				h := newHistory(crashSize, nil)
				j.changes = nil
				r := rand.New(rand.NewPCG(n, 6))
				for range 12 {
					q := openTest(t, j, nil)
					j.reads = 1 + r.IntN(30)
					h.run(r, q, j, 10)
					j.reads = 0
					if err := q.Close(); err != nil {
						t.Fatal(err)
					}
				}
				h.afterwards(t, &j.kept, nil, len(j.changes))
			}
		})
	}
}

// TestFull: a disk of the host that is full is an error of what needs more of it, and no
// more than that. When there is room again all goes on.
func TestFull(t *testing.T) {
	for name, o := range crashOptions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := &journal{}
			if err := Format(j, "image", crashSize, o); err != nil {
				t.Fatal(err)
			}
			h := newHistory(crashSize, nil)
			q := openTest(t, j, nil)
			for _, room := range []int64{20 << 10, 60 << 10, 61 << 10, 100 << 10, 1 << 30} {
				j.fail = func(j *journal, at, n int64) error {
					if at+n > room {
						return errHost
					}
					return nil
				}
				h.run(rand.New(rand.NewPCG(uint64(room), 6)), q, j, 80)
				if r, err := q.Check(); err == nil && r.Corruptions > 0 {
					t.Fatal(r.Problems)
				}
				h.same(t, q)
			}
			if err := q.Flush(); err != nil || q.broken != nil {
				t.Fatal(err, q.broken)
			}
			if err := q.Close(); err != nil {
				t.Fatal(err)
			}
			h.afterwards(t, &j.kept, nil, len(j.changes))
		})
	}
}
