package qcow2

import (
	"errors"
	"fmt"
	"io"
)

// The state of the machine is kept like contents of the disk beyond its end: from the first
// entry of the snapshot's L1 table on that maps nothing of the disk (spec, "Snapshots"). It
// is written to clusters of its own, and never becomes part of the active L1 table.

// stateLeaf is that entry.
func (q *Image) stateLeaf(size int64) int64 {
	leaf := int64(1) << (q.l2Bits + q.h.ClusterBits)
	return (size + leaf - 1) / leaf
}

// stateWriter writes the state of a machine.
type stateWriter struct {
	q     *Image
	first int64    // stateLeaf
	l1    []uint64 // the entries from there on
	size  int64
}

// copy writes all of a state. After an error l1 has what was written.
func (w *stateWriter) copy(state io.Reader) error {
	b := make([]byte, w.q.cluster)
	for {
		n, err := io.ReadFull(state, b)
		clear(b[n:])
		if n > 0 {
			if err := w.add(b); err != nil {
				return err
			}
			w.size += int64(n)
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return fmt.Errorf("the state: %w", err)
		}
	}
}

// add writes a cluster.
func (w *stateWriter) add(b []byte) error {
	q := w.q
	c := w.size >> q.h.ClusterBits
	if c>>q.l2Bits == int64(len(w.l1)) {
		if w.first+int64(len(w.l1)) >= mostL1 {
			return errors.New("the state is too large for an image of clusters of this size")
		}
		at, err := q.allocate()
		if err != nil {
			return err
		}
		if _, err := q.l2.create(at); err != nil {
			q.uncount(at, 1)
			return err
		}
		w.l1 = append(w.l1, uint64(at)|flagCopied)
	}
	e, err := w.put(b)
	if err != nil {
		return err
	}
	t, err := q.l2.get(int64(w.l1[len(w.l1)-1] & offsetMask))
	if err != nil {
		return err
	}
	t.setEntry(c&(1<<q.l2Bits-1), e)
	return nil
}

// put writes a cluster of the state to the file, unless it is zeros and there is an entry
// that says so.
func (w *stateWriter) put(b []byte) (uint64, error) {
	if w.q.h.Version >= 3 && allZero(b) {
		return flagZero, nil
	}
	at, err := w.q.allocate()
	if err != nil {
		return 0, err
	}
	if err := w.q.writeHost(b, at); err != nil {
		w.q.uncount(at, 1)
		return 0, err
	}
	return uint64(at) | flagCopied, nil
}

func allZero(b []byte) bool {
	for len(b) > 0 {
		n := min(len(b), len(zeros))
		if string(b[:n]) != string(zeros[:n]) {
			return false
		}
		b = b[n:]
	}
	return true
}

// LoadState reads the state of the machine of a snapshot. The reader is valid until the
// image is changed.
func (q *Image) LoadState(name string) (io.Reader, error) {
	s, err := q.named(name)
	if err != nil {
		return nil, err
	}
	if s.StateSize == 0 {
		return nil, fmt.Errorf("the snapshot %q of the qcow2 image %s is of the disk alone: it has no state of a machine", name, q.name)
	}
	l1, err := q.readL1(s)
	if err != nil {
		return nil, err
	}
	bits := q.l2Bits + q.h.ClusterBits
	first := q.stateLeaf(s.DiskSize)
	if first > int64(len(l1)) || s.StateSize > (int64(len(l1))-first)<<bits {
		return nil, q.corrupt("the snapshot %q has no room for a state of %d bytes", name, s.StateSize)
	}
	return &stateReader{q: q, l1: l1, at: first << bits, left: s.StateSize}, nil
}

type stateReader struct {
	q    *Image
	l1   []uint64
	at   int64
	left int64
}

// Read is io.Reader.
func (r *stateReader) Read(b []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	b = b[:min(int64(len(b)), r.left)]
	if len(b) == 0 {
		return 0, nil
	}
	x, err := r.q.extentAt(r.l1, r.at, int64(len(b)))
	if err != nil {
		return 0, err
	}
	if x.kind == missing {
		return 0, r.q.corrupt("a part of the state of a machine is missing")
	}
	if err := r.q.readExtent(x, r.at, b[:x.n]); err != nil {
		return 0, err
	}
	r.at, r.left = r.at+x.n, r.left-x.n
	return int(x.n), nil
}
