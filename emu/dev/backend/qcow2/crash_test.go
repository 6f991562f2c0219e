package qcow2

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
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
	h.afterEach(t, r, j.changes, start, below, power)
}

// afterEach looks at what is left after each of some changes of a file.
func (h *history) afterEach(t *testing.T, r *rand.Rand, changes []change, durable *kept, below []byte, power bool) {
	t.Helper()
	var pending []change
	step := 1 + len(changes)/rounds(120, 3000)
	for i, c := range changes {
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
				step := rounds(29, 1)
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
